//! What people decided about a lead.

use super::{Contact, LeadStatus, Standing};
use crate::provenance::{Author, Provenance};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What people and rules of ours decided about a lead. A model's reading adds to it and never replaces it, so it is
/// kept when score and status move on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Judgement {
    /// The score that was set last.
    pub score: Option<Judged<u8>>,
    /// The status that was set last.
    pub status: Option<Judged<LeadStatus>>,
}

impl Judgement {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One such decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged<T> {
    /// What was decided.
    pub value: T,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Author,
}

impl Contact {
    /// Sets the status on somebody's word.
    pub fn set_status(&mut self, status: LeadStatus, provenance: Provenance) {
        if self.status != status {
            self.judged.status = self.judged_status();
            self.updated_at = provenance.at;
            self.note_move(Standing::Lead { from: self.status, to: status }, &provenance);
            let provenance = provenance.instead_of(Some(self.status.as_str().into()));
            self.status = status;
            self.converted_by = self.last_talk.filter(|talk| self.is_bought_after(talk.at, provenance.at));
            self.converted_by_chat =
                self.last_chat.filter(|chat| self.is_bought_after(chat.at, provenance.at));
            self.provenance.insert("status".to_owned(), provenance);
            self.judged.status = self.judged_status();
        }
    }

    /// Sets the score on somebody's word.
    pub fn set_score(&mut self, score: u8, provenance: Provenance) {
        if self.score != score {
            self.judged.score = self.judged_score();
            self.updated_at = provenance.at;
            let provenance = provenance.instead_of(Some(self.score.into()));
            self.score = score;
            self.provenance.insert("score".to_owned(), provenance);
            self.judged.score = self.judged_score();
        }
    }

    /// The score on which evidence from calls builds, if somebody but a model ever set one.
    pub fn judged_score(&self) -> Option<Judged<u8>> {
        self.judged_now("score", self.score).or(self.judged.score)
    }

    /// The status on which evidence from calls builds, if somebody but a model ever set one.
    pub fn judged_status(&self) -> Option<Judged<LeadStatus>> {
        self.judged_now("status", self.status).or(self.judged.status)
    }

    /// The present value of a field, if no model wrote it.
    fn judged_now<T>(&self, field: &str, value: T) -> Option<Judged<T>> {
        let written = self.provenance.get(field).filter(|written| written.by != Author::Ai)?;
        Some(Judged { value, at: written.at, by: written.by })
    }

    /// Whether a model's reading of a call may move the status to `status`: see [`LeadStatus::may_become`].
    pub fn may_advance_to(&self, status: LeadStatus) -> bool {
        let by_person = self.provenance.get("status").is_some_and(|written| written.by == Author::Human);
        self.status.may_become(status, by_person)
    }
}
