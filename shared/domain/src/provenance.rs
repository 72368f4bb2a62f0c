//! Who wrote a field, and on what evidence.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who wrote a value, from least to most trusted: a model's value never replaces a system's or a person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// A model, from what somebody said.
    Ai,
    /// A rule of ours.
    System,
    /// A person, or an integration that speaks for one.
    Human,
}

impl Author {
    /// The author as the API spells them.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ai => "ai",
            Self::System => "system",
            Self::Human => "human",
        }
    }
}

/// Where a field's present value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Provenance {
    /// Who wrote it.
    pub by: Author,
    /// When it was written.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub at: Timestamp,
    /// What it rests on: a verbatim sentence, or the id of the call it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// What stood there before a model wrote it, so that it can be reverted; none if nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub was: Option<Value>,
}

impl Provenance {
    /// That somebody wrote it.
    pub fn new(by: Author, at: Timestamp) -> Self {
        Self { by, at, evidence: None, was: None }
    }

    /// The same, resting on a sentence or a call.
    #[must_use]
    pub fn on(self, evidence: &str) -> Self {
        Self { evidence: Some(evidence.to_owned()), ..self }
    }

    /// The same, with what stood there before, where a model writes.
    #[must_use]
    pub(crate) fn instead_of(self, was: Option<Value>) -> Self {
        Self { was: was.filter(|_| self.by == Author::Ai), ..self }
    }
}
