//! What was read in a conversation, checked against the words that were said.

mod collected;
mod pieces;
mod reading;
mod said;

pub use collected::{Collected, Collector};
pub use pieces::{Pieces, split};
pub use reading::{Outcome, Party, Promise, Reading, Remark, Sentiment, Wish, WishKind};
pub use said::{Said, spoken};

use crate::call::ReadingSummary;
use crate::text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The analysis of one attempt's transcript.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// The attempt.
    pub attempt: u32,
    /// What was read.
    #[serde(flatten)]
    pub reading: Reading,
    /// The verdict of the voice provider's own model on each of the agent's criteria, by the criterion's id.
    #[serde(default)]
    pub evaluation: BTreeMap<String, Evaluation>,
    /// In how many pieces the transcript was read; none if nothing was said, so that no model was asked.
    #[serde(default = "one")]
    pub pieces: u32,
    /// How many turns in the middle of a very long transcript nobody read.
    #[serde(default)]
    pub turns_left_out: u32,
    /// The model that read it; `none` if no model was asked.
    pub model: String,
    /// What it cost: tokens read, over all pieces.
    pub input_tokens: u64,
    /// What it cost: tokens written, over all pieces.
    pub output_tokens: u64,
    /// When it was made.
    pub at: Timestamp,
}

fn one() -> u32 {
    1
}

impl Analysis {
    /// The analysis of a conversation in which the lead said nothing: there is nothing to ask a model about.
    pub fn of_silence(attempt: u32, at: Timestamp) -> Self {
        let summary = "The other side said nothing.".to_owned();
        Self {
            attempt,
            reading: Reading { summary, ..Reading::default() },
            evaluation: BTreeMap::new(),
            pieces: 0,
            turns_left_out: 0,
            model: "none".to_owned(),
            input_tokens: 0,
            output_tokens: 0,
            at,
        }
    }

    /// What the analysis came to, as its call keeps it.
    pub fn summed_up(&self) -> ReadingSummary {
        ReadingSummary {
            attempt: self.attempt,
            outcome: self.reading.outcome,
            sentiment: self.reading.sentiment,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            model: self.model.clone(),
        }
    }
}

/// Whether a call's conversation was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AnalysisStatus {
    /// Not yet.
    Pending,
    /// It was.
    Done,
    /// The model failed as often as it is asked; a person has to read it.
    Failed,
}

/// Whether a conversation met one criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Verdict {
    Success,
    Failure,
    #[default]
    Unknown,
}

/// The verdict on one criterion, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evaluation {
    /// Whether it was met.
    pub result: Verdict,
    /// Why, in the words of the provider's model.
    pub rationale: String,
}

/// What the voice provider's own model noted about a conversation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProviderNotes {
    /// What it drew from the conversation, by the data point's key: any scalar.
    pub collected: BTreeMap<String, Value>,
    /// Its verdict on each criterion, by the criterion's key.
    pub evaluation: BTreeMap<String, Evaluation>,
    /// The language that was spoken for the most part; empty if it was not told.
    pub language: String,
}

impl ProviderNotes {
    /// The notes within bounds: as many entries as an agent may ask for, of bounded length, and no nulls, lists
    /// or objects.
    #[must_use]
    pub fn bounded(self) -> Self {
        let key = |key: String| text::tidied(&key, 60);
        let scalar = |value: Value| match value {
            Value::String(said) => Some(Value::String(text::tidied(&said, 500))),
            Value::Bool(_) | Value::Number(_) => Some(value),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        let collected =
            self.collected.into_iter().filter_map(|(name, value)| Some((key(name), scalar(value)?)));
        let evaluation = self.evaluation.into_iter().map(|(id, verdict)| {
            let rationale = text::tidied(&verdict.rationale, 1_000);
            (key(id), Evaluation { rationale, ..verdict })
        });
        Self {
            collected: collected.take(40).collect(),
            evaluation: evaluation.take(30).collect(),
            language: reading::language_code(&self.language),
        }
    }
}

#[cfg(test)]
mod tests;
