//! Conversations that another system led and saves here, so that the record fills itself.

use crate::extraction::{Extraction, ReadClient, ReadPractice};
use crate::{ContactId, Email, InteractionId, PracticeId, ReviewId, SavedConversationId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A saved conversation. What was written lies beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedConversation {
    /// The record's id.
    pub id: SavedConversationId,
    /// Whose it is: who wrote to the business.
    pub user_email: Email,
    /// What its own system calls it; each save with it is of the same conversation.
    pub session_id: Option<String>,
    /// Who of the business led it.
    pub team_member: Option<Email>,
    /// What its own system says of it.
    pub metadata: BTreeMap<String, Value>,
    /// How many messages it has.
    pub messages: u32,
    /// Hash of them.
    pub digest: String,
    /// In how many parts they lie.
    pub parts: u32,
    /// Counts the saves that brought something new, from 1.
    pub generation: u32,
    /// The last generation that was read, or given up; 0 before the first.
    pub read: u32,
    /// How often a model failed to read the present generation.
    pub failures: u32,
    /// What was read last.
    pub extraction: Option<Extraction>,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// Why the last generation could not be read, if it could not.
    pub failure: Option<String>,
    /// What reading it cost so far, by month and model.
    pub spent: Vec<Spent>,
    /// When it was saved first.
    pub created_at: Timestamp,
    /// When it was saved last.
    pub updated_at: Timestamp,
}

/// One message, as it was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedMessage {
    /// Who wrote it: `user` is the client.
    pub role: String,
    /// What they wrote.
    pub content: String,
}

/// What came of reading a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whose record it is.
    pub client_id: Option<ContactId>,
    /// Whether that record was made of this conversation.
    pub client_created: bool,
    /// The practice that it is about.
    pub practice_id: Option<PracticeId>,
    /// Whether that practice was made of this conversation.
    pub practice_created: bool,
    /// What was noted of it.
    pub interaction_id: Option<InteractionId>,
    /// When that was written: what a person changed since stays.
    pub interaction_at: Option<Timestamp>,
    /// What a person is asked.
    pub reviews: Vec<ReviewId>,
}

/// What models were asked in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// The month, `YYYY-MM`, of the business's own calendar.
    pub month: String,
    /// Which model, as its maker names it.
    pub model: String,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

impl SavedConversation {
    /// By which a later save is known to be of the same conversation: what its own system calls it, else what was written.
    pub fn key_of_session(session_id: Option<&str>, digest: &str) -> String {
        session_id.map_or_else(|| format!("#{digest}"), str::to_owned)
    }

    /// Whether there is something that was not read.
    pub fn is_unread(&self) -> bool {
        self.read < self.generation
    }

    /// Adds what a model was asked.
    pub fn spend(&mut self, month: String, model: &str, input_tokens: u64, output_tokens: u64) {
        match self.spent.iter_mut().find(|spent| spent.month == month && spent.model == model) {
            Some(spent) => {
                spent.input_tokens += input_tokens;
                spent.output_tokens += output_tokens;
            }
            None => self.spent.push(Spent { month, model: model.to_owned(), input_tokens, output_tokens }),
        }
    }
}

/// Something that a model read and a person is asked about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewEntry {
    /// The record's id.
    pub id: ReviewId,
    /// What about.
    pub about: Doubt,
    /// Where it was read.
    pub conversation: SavedConversationId,
    /// Whose conversation it is.
    pub user_email: Email,
    /// Whose record it is, if there is one.
    pub contact_id: Option<ContactId>,
    /// What was read, as the API shows it.
    pub proposal: Value,
    /// How sure the model is, 0 to 1.
    pub confidence: f64,
    /// What a person said to it.
    pub status: ReviewStatus,
    /// Who, as the audit names them.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl ReviewEntry {
    /// Whether a person said no to it.
    pub fn is_refused(&self) -> bool {
        self.status == ReviewStatus::Rejected
    }

    /// Takes out of what was read what a person said no to: a later reading of the same is not written either, however sure
    /// a model is.
    pub fn withhold(&self, read: &mut Extraction) {
        if !self.is_refused() {
            return;
        }
        match self.about {
            Doubt::Client => {
                if let Ok(refused) = ReadClient::deserialize(&self.proposal) {
                    read.client.remove(&refused);
                }
            }
            Doubt::Practice => {
                if let Ok(refused) = ReadPractice::deserialize(&self.proposal) {
                    read.practice.take_if(|wanted| wanted.practice_type_code == refused.practice_type_code);
                }
            }
        }
    }
}

/// What a person is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// Whether it is a client who wrote.
    Client,
    /// Whether they want this service.
    Practice,
}

impl Doubt {
    /// The word as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Practice => "practice",
        }
    }
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReviewStatus {
    /// Nobody has said anything.
    #[default]
    Open,
    /// It is so.
    Accepted,
    /// It is not.
    Rejected,
    /// What was read later answered it.
    Superseded,
}

impl ReviewStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Open, Self::Accepted, Self::Rejected, Self::Superseded];

    /// The status as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Superseded => "superseded",
        }
    }
}
