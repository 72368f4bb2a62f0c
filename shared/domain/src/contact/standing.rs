//! Where a person stands as a lead and as a client, and how they came there.

use super::{Contact, LeadStatus};
use crate::provenance::{Author, Provenance};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a person stands as a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClientStatus {
    /// They may become one.
    #[default]
    Prospect,
    /// They are one.
    Active,
    /// They were one.
    Inactive,
}

impl ClientStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Prospect, Self::Active, Self::Inactive];

    /// The status as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prospect => "prospect",
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }

    /// Where somebody stands of whom two records say this and that: whoever is a client is one, and whoever was one was.
    pub(super) fn merged_with(self, other: Self) -> Self {
        if self == Self::Active || other == Self::Active { Self::Active } else { self.max(other) }
    }
}

/// A move of a person from one standing to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Which.
    #[serde(flatten)]
    pub standing: Standing,
    /// Who made it.
    pub by: Author,
    /// When.
    pub at: Timestamp,
}

/// From where to where a person moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Standing {
    /// As a lead.
    Lead { from: LeadStatus, to: LeadStatus },
    /// As a client.
    Client { from: ClientStatus, to: ClientStatus },
}

impl Standing {
    /// From where to where, as the API spells them.
    pub fn ends(self) -> (&'static str, &'static str) {
        match self {
            Self::Lead { from, to } => (from.as_str(), to.as_str()),
            Self::Client { from, to } => (from.as_str(), to.as_str()),
        }
    }
}

/// How many moves of a person are kept.
pub const MOVES_KEPT: usize = 30;

impl Contact {
    /// Sets where they stand as a client, on somebody's word.
    pub fn set_client_status(&mut self, status: ClientStatus, provenance: Provenance) {
        if self.client_status != status {
            self.note_move(Standing::Client { from: self.client_status, to: status }, &provenance);
            self.client_status = status;
            self.updated_at = provenance.at;
            self.provenance.insert("client_status".to_owned(), provenance);
        }
    }

    /// A status that a record begins with is no move.
    pub(super) fn note_move(&mut self, standing: Standing, provenance: &Provenance) {
        if provenance.at > self.created_at {
            self.moves.push(Move { standing, by: provenance.by, at: provenance.at });
            self.moves.drain(..self.moves.len().saturating_sub(MOVES_KEPT));
        }
    }
}

/// A whole name as given and family name: its last word is the family name, where it has several.
pub fn split_name(full: &str) -> (String, String) {
    let words: Vec<&str> = full.split_whitespace().collect();
    match words.split_last() {
        Some((last, first)) if !first.is_empty() => (first.join(" "), (*last).to_owned()),
        _ => (words.concat(), String::new()),
    }
}
