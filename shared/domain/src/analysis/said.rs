//! The words that a reading is held to.

use crate::text;

/// What was said in a conversation, and by whom.
#[derive(Debug, Clone, Default)]
pub struct Said {
    lead: Vec<String>,
    agent: Vec<String>,
}

/// Longest quote that is kept, in characters; of a longer one the beginning.
const QUOTE_MAX: usize = 500;

impl Said {
    /// What was said, from pairs of role (`user`, `agent`) and words.
    pub fn of<'a>(turns: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut said = Self::default();
        for (role, words) in turns {
            let side = if role == "user" { &mut said.lead } else { &mut said.agent };
            side.push(text::comparable(words));
        }
        said
    }

    /// The quote, if the lead said it.
    pub(super) fn by_lead(&self, quote: &str) -> Option<String> {
        among(&self.lead, quote)
    }

    /// The quote, if the agent said it.
    pub(super) fn by_agent(&self, quote: &str) -> Option<String> {
        among(&self.agent, quote)
    }

    /// Whether the lead said a word at all; sounds and dots are none.
    pub fn lead_spoke(&self) -> bool {
        self.lead.iter().any(|line| line.chars().any(char::is_alphanumeric))
    }
}

fn among(lines: &[String], quote: &str) -> Option<String> {
    let quote: String = quote.trim().chars().take(QUOTE_MAX).collect();
    let wanted = text::comparable(&quote);
    let said = wanted.chars().any(char::is_alphanumeric) && lines.iter().any(|line| line.contains(&wanted));
    said.then(|| text::tidied(&quote, QUOTE_MAX))
}

/// Longest turn that a model is shown, in characters; of a longer one the beginning.
const TURN_MAX: usize = 5_000;

/// One turn as a model is shown it: a line, so that nobody can speak for somebody else by a line break.
pub fn spoken(role: &str, message: &str) -> String {
    format!("{role}: {}", text::tidied(message, TURN_MAX))
}
