//! How a business wants its conversations in writing.

use crate::{Country, Invalid, Phone, text};
use serde::{Deserialize, Serialize};

/// A tenant's wishes for its chats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ChatSettings {
    /// Whether the bot answers. If not, what comes in waits for people.
    pub enabled: bool,
    /// Who the bot is; the business's `persona` if empty.
    pub persona: String,
    /// What the bot may say of prices, services and terms, a sentence each. What is neither here nor in the person's
    /// own record is not said.
    pub facts: Vec<String>,
    /// Fields of a person that the bot is never told: built-in ones such as `notes` and `email`, or the business's own.
    pub private_fields: Vec<String>,
    /// Words that, alone in a message, end all messages, besides those that each language has.
    pub stop_words: Vec<String>,
    /// Words that, alone in a message, permit messages again.
    pub start_words: Vec<String>,
    /// The business's own numbers, from which nobody is a customer; kept in E.164.
    pub own_numbers: Vec<String>,
    /// In which language to answer where the person's own cannot be told, ISO 639-1.
    pub language: String,
}

impl Default for ChatSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            persona: String::new(),
            facts: Vec::new(),
            private_fields: Vec::new(),
            stop_words: Vec::new(),
            start_words: Vec::new(),
            own_numbers: Vec::new(),
            language: "en".to_owned(),
        }
    }
}

impl ChatSettings {
    /// Checks lengths and numbers of entries, and brings the business's own numbers, which are at `home` there, into
    /// their one form.
    pub fn check(&mut self, home: Option<Country>) -> Result<(), Invalid> {
        text::prose(&self.persona, 10_000).map_err(|e| e.within("/persona"))?;
        let lists = [
            ("/facts", &self.facts, 200, 500),
            ("/private_fields", &self.private_fields, 100, 60),
            ("/stop_words", &self.stop_words, 100, 60),
            ("/start_words", &self.start_words, 100, 60),
        ];
        for (pointer, list, entries, length) in lists {
            if list.len() > entries {
                return Err(Invalid::at(pointer, format!("must have at most {entries} entries")));
            }
            for (n, entry) in list.iter().enumerate() {
                text::line(entry, length).map_err(|e| e.within(&format!("{pointer}/{n}")))?;
            }
        }
        if self.own_numbers.len() > 100 {
            return Err(Invalid::at("/own_numbers", "must have at most 100 entries"));
        }
        for (n, number) in self.own_numbers.iter_mut().enumerate() {
            let phone = Phone::parse(number, home).map_err(|e| e.within(&format!("/own_numbers/{n}")))?;
            *number = phone.into();
        }
        let is_code = (2..=3).contains(&self.language.len())
            && self.language.bytes().all(|byte| byte.is_ascii_lowercase());
        if is_code {
            Ok(())
        } else {
            Err(Invalid::at("/language", "must be a language code such as en or hi"))
        }
    }

    /// Whether this is one of the business's own numbers.
    pub fn is_own_number(&self, phone: &Phone) -> bool {
        self.own_numbers.iter().any(|own| own == phone.as_str())
    }

    /// Whether the bot is never told this field.
    pub fn is_private(&self, field: &str) -> bool {
        self.private_fields.iter().any(|private| private.eq_ignore_ascii_case(field))
    }
}
