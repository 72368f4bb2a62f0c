//! Who wrote a field, and on what evidence.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
}
