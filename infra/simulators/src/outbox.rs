//! What was sent to people, over every channel.

use crate::{Lie, Lies, Simulators};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Over what a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Meta's WhatsApp Business Cloud API.
    WhatsApp,
    /// Amazon SES.
    Email,
    /// AWS End User Messaging SMS.
    Sms,
}

impl Channel {
    /// As it is written in JSON: `whatsapp`, `email` or `sms`.
    pub fn name(self) -> &'static str {
        match self {
            Self::WhatsApp => "whatsapp",
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }
}

/// A message that a provider accepted, whatever the client was told about it. WhatsApp may still have failed to
/// deliver it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// Over what it went.
    pub channel: Channel,
    /// Who sent it: the phone number id, the bare address of the sender, or the origination identity (empty
    /// where the service chose one).
    pub account: String,
    /// To whom: digits or a business-scoped user id on WhatsApp, bare addresses with ", " between them, or a
    /// number in E.164.
    pub to: String,
    /// The request's body.
    pub body: Value,
    /// What the reader sees: the text, the template's name with its parameters, or the subject, an empty line
    /// and the text.
    pub text: String,
    /// The provider's id of the message.
    pub id: String,
    /// When it was accepted.
    pub at: Timestamp,
}

impl Simulators {
    /// Sets how often the messaging providers lie, and starts their generator anew; calls have their own
    /// ([`Simulators::set_lies`]). Webhooks are WhatsApp's; answers to sending are those of all three. Not kept
    /// over a restart.
    pub fn set_message_lies(&self, lies: Lies) {
        self.inner.message_liar().replace(lies);
    }

    /// Has the next message, or WhatsApp's next webhook, whichever the lie is about, suffer exactly this lie.
    /// Several wait in line. Not kept over a restart.
    pub fn force_next_message_lie(&self, lie: Lie) {
        self.inner.message_liar().force(lie);
    }

    /// Every message ever accepted, oldest first; those refused, even by a lie, are not in.
    pub fn sent(&self) -> Vec<Sent> {
        self.inner.storage.messages().unwrap_or_else(|error| {
            tracing::error!(%error, "the simulators cannot tell what was sent");
            Vec::new()
        })
    }
}
