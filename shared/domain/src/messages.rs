//! Texts to a lead that a person may send: drafted from records by fixed wording, in the lead's language.
//!
//! No word of a model and no word of the lead's gets into a draft: a reading chooses the occasion and the language, and
//! the rest is what the business and its people wrote. So a draft names no price and no time, and promises nothing.

mod sms;
mod wording;

pub use sms::segments;

use crate::business::BusinessConfig;
use crate::contact::{Channel, Contact};
use crate::text;
use serde::{Deserialize, Serialize};
use wording::Wording;

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// The lead was interested.
    Interest,
    /// The lead asked for information.
    Information,
    /// The lead asked to meet.
    Appointment,
    /// Nobody picked up, as often as it was tried.
    Unreached,
}

/// Whether a draft may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DraftStatus {
    /// It is written; a person reads it and sends it.
    Ready,
}

/// A text to a lead on one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Draft {
    /// On which channel: never `voice`.
    pub channel: Channel,
    /// What it is about.
    pub occasion: Occasion,
    /// In which language, ISO 639-1.
    pub language: String,
    /// Of an e-mail: its subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The text.
    pub text: String,
    /// Of an SMS: of how many parts it is made (160 characters of the GSM alphabet in one part, else 70).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments: Option<usize>,
    /// Whether it may be sent.
    pub status: DraftStatus,
}

/// The first of these languages that there is wording for; English if there is none.
pub fn language<'a>(wanted: impl IntoIterator<Item = &'a str>) -> &'static str {
    wanted.into_iter().find_map(Wording::of).unwrap_or(Wording::ENGLISH).language
}

/// The channels on which we may write to a lead of our own accord: there is an address, the lead did not say no, and
/// said yes where the business asks for a yes.
pub fn channels(contact: &Contact, config: &BusinessConfig) -> Vec<Channel> {
    let (phone, email) = (contact.details.phone.is_some(), contact.details.email.is_some());
    let reachable = [(Channel::Whatsapp, phone), (Channel::Email, email), (Channel::Sms, phone)];
    let open = reachable.into_iter().filter(|(channel, has_address)| {
        let consent = contact.consent.get(channel);
        let agreed = consent.map_or(!config.calling.consent_required, |consent| consent.granted);
        *has_address && agreed && !contact.suppression.contains_key(channel)
    });
    open.map(|(channel, _)| channel).collect()
}

/// A draft for each channel on which we may write; `language` is one that [`language()`] answered.
pub fn drafts(occasion: Occasion, contact: &Contact, config: &BusinessConfig, language: &str) -> Vec<Draft> {
    let wording = Wording::of(language).unwrap_or(Wording::ENGLISH);
    channels(contact, config)
        .into_iter()
        .map(|channel| wording.draft(channel, occasion, contact, config))
        .collect()
}

impl Wording {
    fn draft(
        &self,
        channel: Channel,
        occasion: Occasion,
        contact: &Contact,
        config: &BusinessConfig,
    ) -> Draft {
        let words = self.on(occasion);
        let name = text::tidied(&contact.details.first_name, 60);
        let greeting = if name.is_empty() {
            self.greeting_nameless.to_owned()
        } else {
            self.greeting.replace("{name}", &name)
        };
        let business = text::tidied(&config.name, 100);
        let appointment = config.terminology.get("appointment").map_or(self.appointment, String::as_str);
        let filled = |text: &str| text.replace("{appointment}", appointment);
        let signed = |text: String, mark: &str| {
            if business.is_empty() { text } else { format!("{text}{mark}{business}") }
        };
        let (subject, text) = match channel {
            Channel::Sms => (None, signed(format!("{greeting} {}", filled(words.short)), " - ")),
            Channel::Email => {
                let body = format!("{greeting}\n\n{}", filled(words.text));
                (Some(filled(words.subject)), signed(body, "\n\n"))
            }
            Channel::Whatsapp | Channel::Voice => {
                (None, signed(format!("{greeting} {}", filled(words.text)), "\n\n"))
            }
        };
        let segments = (channel == Channel::Sms).then(|| segments(&text));
        let language = self.language.to_owned();
        Draft { channel, occasion, language, subject, text, segments, status: DraftStatus::Ready }
    }
}

#[cfg(test)]
mod tests;
