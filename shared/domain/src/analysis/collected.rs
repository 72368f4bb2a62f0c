//! What an agent was to find out, and what it found.

use super::{ProviderNotes, Reading, Said};
use crate::agent::{DataKind, DataPoint};
use crate::answer::{lenient, lenient_option};
use crate::text;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The answer to one of the questions that an agent was to find answers to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Collected {
    /// The data point's key in the agent's `data_collection`.
    #[serde(deserialize_with = "lenient")]
    pub name: String,
    /// The answer, of the type and among the choices that the data point names.
    pub value: Value,
    /// The lead's words that say so; absent where only the voice provider's model says it.
    #[serde(deserialize_with = "lenient_option")]
    pub quote: Option<String>,
    /// Who found it.
    #[serde(deserialize_with = "lenient")]
    pub by: Collector,
}

/// Whose model found an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Collector {
    /// The tenant's model, which read the transcript.
    #[default]
    Model,
    /// The voice provider's.
    VoiceProvider,
}

/// The answers that were asked for, fit their type, and rest on words that the lead said; of several to one
/// question the last.
pub(super) fn held(found: &[Collected], points: &BTreeMap<String, DataPoint>, said: &Said) -> Vec<Collected> {
    let answers = points.iter().filter_map(|(name, point)| {
        found.iter().rev().filter(|answer| answer.name == *name).find_map(|answer| {
            let (value, quote) = (point.typed(&answer.value)?, said.by_lead(answer.quote.as_deref()?)?);
            Some(Collected { name: name.clone(), value, quote: Some(quote), by: Collector::Model })
        })
    });
    answers.collect()
}

impl Reading {
    /// The reading with what the voice provider's model noted beside it: answers that the reading does not have,
    /// and the language if the reading names none.
    #[must_use]
    pub fn with_notes(mut self, notes: &ProviderNotes, points: &BTreeMap<String, DataPoint>) -> Self {
        for (name, point) in points {
            let is_known = self.collected.iter().any(|answer| answer.name == *name);
            let noted = notes.collected.get(name).filter(|_| !is_known).and_then(|value| point.typed(value));
            let by = Collector::VoiceProvider;
            self.collected.extend(noted.map(|value| Collected {
                name: name.clone(),
                value,
                quote: None,
                by,
            }));
        }
        self.collected.sort_by(|a, b| a.name.cmp(&b.name));
        if self.language.is_empty() {
            self.language.clone_from(&notes.language);
        }
        self
    }
}

impl DataPoint {
    /// A value as the data point wants it; none if it is not of its type or none of its choices. Models write
    /// numbers and truths as text too.
    pub fn typed(&self, value: &Value) -> Option<Value> {
        let said = match value {
            Value::String(said) => text::tidied(said, 500),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        let chosen = self.choices.iter().find(|choice| text::folded(choice) == text::folded(&said));
        if !self.choices.is_empty() && chosen.is_none() {
            return None;
        }
        let said = chosen.cloned().unwrap_or(said);
        match self.kind {
            DataKind::String => Some(said).filter(|said| !said.is_empty()).map(Value::String),
            DataKind::Boolean => match said.to_lowercase().as_str() {
                "true" | "yes" => Some(true.into()),
                "false" | "no" => Some(false.into()),
                _ => None,
            },
            DataKind::Integer => {
                let whole = said.strip_suffix(".0").unwrap_or(&said);
                whole.parse::<i64>().ok().map(Value::from)
            }
            DataKind::Number => {
                let number = said.parse::<f64>().ok().filter(|number| number.is_finite())?;
                // A whole number stays one.
                said.parse::<i64>().map(Value::from).ok().or_else(|| Some(Value::from(number)))
            }
        }
    }
}
