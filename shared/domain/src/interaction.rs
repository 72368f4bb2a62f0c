//! Interactions: what was said between a client and the business, as people note it down.

use crate::analysis::Sentiment;
use crate::{ContactId, Email, InteractionId, PracticeId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One talk, message, meeting or note.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interaction {
    /// The record's id.
    pub id: InteractionId,
    /// With whom.
    pub contact_id: ContactId,
    /// About which practice, if about one.
    pub practice_id: Option<PracticeId>,
    /// The conversation that it notes, if one: each is noted once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// What it was.
    pub kind: InteractionType,
    /// How it came about.
    pub channel: Option<InteractionChannel>,
    /// What it was about, in a line.
    pub subject: String,
    /// What was said, in short.
    pub summary: String,
    /// In which mood they were.
    pub sentiment: Option<Sentiment>,
    /// What somebody has to do now, a line each.
    pub action_items: Vec<String>,
    /// Who of the business took part: a member's address, or anybody's.
    pub team_member: Option<Email>,
    /// How long it took.
    pub duration_minutes: Option<u16>,
    /// When it was.
    pub at: Timestamp,
    /// Who made the record, as the audit names them.
    pub created_by: String,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Interaction {
    /// A record made now, of something that happened now and of which nothing else is known.
    pub fn new(
        id: InteractionId,
        contact_id: ContactId,
        kind: InteractionType,
        created_by: String,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            contact_id,
            practice_id: None,
            conversation: None,
            kind,
            channel: None,
            subject: String::new(),
            summary: String::new(),
            sentiment: None,
            action_items: Vec::new(),
            team_member: None,
            duration_minutes: None,
            at: now,
            created_by,
            created_at: now,
            updated_at: now,
        }
    }
}

/// What an interaction was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum InteractionType {
    /// They spoke on the telephone.
    Call,
    /// They wrote to each other on a page of the business's.
    Chat,
    /// They wrote letters.
    Email,
    /// They wrote to each other on WhatsApp.
    Whatsapp,
    /// They met.
    Meeting,
    /// Nobody spoke; somebody noted something.
    Note,
}

impl InteractionType {
    /// Every type.
    pub const ALL: [Self; 6] =
        [Self::Call, Self::Chat, Self::Email, Self::Whatsapp, Self::Meeting, Self::Note];

    /// The type as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Chat => "chat",
            Self::Email => "email",
            Self::Whatsapp => "whatsapp",
            Self::Meeting => "meeting",
            Self::Note => "note",
        }
    }

    /// How it comes about unless somebody says otherwise.
    pub fn channel(self) -> Option<InteractionChannel> {
        match self {
            Self::Call => Some(InteractionChannel::Phone),
            Self::Chat => Some(InteractionChannel::Web),
            Self::Email => Some(InteractionChannel::Email),
            Self::Whatsapp => Some(InteractionChannel::Whatsapp),
            Self::Meeting => Some(InteractionChannel::InPerson),
            Self::Note => None,
        }
    }

    /// Whether business and client had to do with each other.
    pub fn is_contact(self) -> bool {
        self != Self::Note
    }
}

/// How an interaction came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum InteractionChannel {
    /// By telephone.
    Phone,
    /// On WhatsApp.
    Whatsapp,
    /// By e-mail.
    Email,
    /// On a page of the business's.
    Web,
    /// In one place.
    InPerson,
}

impl InteractionChannel {
    /// Every channel.
    pub const ALL: [Self; 5] = [Self::Phone, Self::Whatsapp, Self::Email, Self::Web, Self::InPerson];

    /// The channel as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Whatsapp => "whatsapp",
            Self::Email => "email",
            Self::Web => "web",
            Self::InPerson => "in_person",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_spelt_as_they_are_read() {
        for kind in InteractionType::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(kind.channel().is_some(), kind.is_contact());
        }
        for channel in InteractionChannel::ALL {
            assert_eq!(serde_json::to_value(channel).unwrap(), channel.as_str());
        }
    }
}
