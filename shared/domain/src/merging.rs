//! Two records of one person that are made one, and can be made two again.

use crate::contact::Contact;
use crate::{ContactId, MergeId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How one record went into another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Merge {
    /// The record's id.
    pub id: MergeId,
    /// How far it is.
    pub status: MergeStatus,
    /// The record that stayed, as it was before.
    pub into: Contact,
    /// The record that went, as it was.
    pub other: Contact,
    /// In which version it went.
    pub other_version: u64,
    /// What the record that stayed became by it.
    pub merged: Contact,
    /// How many of each kind hung on the one that went and hang on the other now.
    pub moved: BTreeMap<String, u32>,
    /// Who asked for it, as the audit names them.
    pub merged_by: String,
    /// When.
    pub merged_at: Timestamp,
    /// Who took it back.
    pub undone_by: Option<String>,
    /// When.
    pub undone_at: Option<Timestamp>,
}

/// How far a merge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MergeStatus {
    /// The records are one; what hung on the other is being moved.
    Running,
    /// All is moved.
    Done,
    /// The records are two; what was moved is being moved back.
    Undoing,
    /// All is as it was.
    Undone,
}

impl MergeStatus {
    /// The status as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    /// Whether the records are one.
    pub fn is_merged(self) -> bool {
        matches!(self, Self::Running | Self::Done)
    }
}

impl Merge {
    /// The ids of the record that stays and of the one that goes.
    pub fn ids(&self) -> (ContactId, ContactId) {
        (self.into.id, self.other.id)
    }
}
