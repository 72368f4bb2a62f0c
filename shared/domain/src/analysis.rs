//! What a model read in a conversation, checked against the words that were said.

use crate::call::ReadingSummary;
use crate::text;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

/// The analysis of one attempt's transcript.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// The attempt.
    pub attempt: u32,
    /// What the model read.
    #[serde(flatten)]
    pub reading: Reading,
    /// The model that read it.
    pub model: String,
    /// What it cost: tokens read.
    pub input_tokens: u64,
    /// What it cost: tokens written.
    pub output_tokens: u64,
    /// When it was made.
    pub at: Timestamp,
}

impl Analysis {
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

/// What a model answers to [`Reading::schema`]. Reading it is lenient: a word that is not in an enum is its
/// neutral member, so that a model's slip costs a detail and not the analysis.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Reading {
    /// The conversation in a few sentences.
    pub summary: String,
    /// What came of it.
    #[serde(deserialize_with = "lenient")]
    pub outcome: Outcome,
    /// The lead's mood.
    #[serde(deserialize_with = "lenient")]
    pub sentiment: Sentiment,
    /// How much more (or less) promising the lead is now, -30 to 30.
    pub score_change: i32,
    /// Why.
    pub reasons: Vec<String>,
    /// What the lead asked for.
    pub wishes: Vec<Wish>,
    /// Verbatim quotes that carry the above; a quote that was not said is not kept.
    pub evidence: Vec<String>,
}

/// What came of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The lead is interested.
    Interested,
    /// The lead wants to be called again.
    CallbackRequested,
    /// The lead wants to meet.
    AppointmentRequested,
    /// The lead is not interested.
    NotInterested,
    /// The lead does not want to be called again.
    DoNotCall,
    /// The number belongs to somebody else.
    WrongNumber,
    /// A machine spoke.
    Voicemail,
    /// Nothing that the others name.
    #[default]
    None,
}

/// The lead's mood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Sentiment {
    Positive,
    #[default]
    Neutral,
    Negative,
}

/// Something the lead asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Wish {
    /// What kind of thing.
    #[serde(deserialize_with = "lenient")]
    pub kind: WishKind,
    /// When, by the lead's own clock: `YYYY-MM-DDTHH:MM`.
    pub at: Option<String>,
    /// In the lead's words.
    pub detail: String,
}

/// What a lead may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WishKind {
    /// To be called again.
    Callback,
    /// To meet.
    Appointment,
    /// To be sent something.
    Information,
    /// To speak with a person.
    Human,
    /// To be left alone.
    Stop,
    /// Nothing.
    #[default]
    None,
}

/// A member by its name, or the neutral one.
fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + for<'a> Deserialize<'a>,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

impl Reading {
    /// The JSON schema that the model's answer must fit: the strict subset that OpenAI and Anthropic share
    /// (every property required, nothing else allowed, no bounds).
    pub fn schema() -> Value {
        let object = |properties: Value| {
            let required: Vec<_> =
                properties.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
            json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
        };
        let texts = json!({"type": "array", "items": {"type": "string"}});
        object(json!({
            "summary": {"type": "string"},
            "outcome": {"type": "string", "enum": ["interested", "callback_requested", "appointment_requested",
                "not_interested", "do_not_call", "wrong_number", "voicemail", "none"]},
            "sentiment": {"type": "string", "enum": ["positive", "neutral", "negative"]},
            "score_change": {"type": "integer"},
            "reasons": texts,
            "wishes": {"type": "array", "items": object(json!({
                "kind": {"type": "string", "enum": ["callback", "appointment", "information", "human", "stop", "none"]},
                "at": {"type": ["string", "null"]},
                "detail": {"type": "string"},
            }))},
            "evidence": texts,
        }))
    }

    /// Holds a reading to what was said: bounds every text and number, drops empty wishes, and keeps only
    /// quotes that occur in one of the `lines`.
    #[must_use]
    pub fn held_to<'a>(mut self, lines: impl Iterator<Item = &'a str>) -> Self {
        let said: Vec<String> = lines.map(text::comparable).collect();
        self.summary = text::shortened(self.summary.trim(), 2_000);
        self.score_change = self.score_change.clamp(-30, 30);
        self.reasons.truncate(10);
        for reason in &mut self.reasons {
            *reason = text::shortened(reason.trim(), 300);
        }
        self.wishes.retain(|wish| wish.kind != WishKind::None);
        self.wishes.truncate(10);
        for wish in &mut self.wishes {
            wish.detail = text::shortened(wish.detail.trim(), 500);
        }
        self.evidence.truncate(20);
        self.evidence.retain(|quote| {
            let quote = text::comparable(quote);
            !quote.is_empty() && said.iter().any(|line| line.contains(&quote))
        });
        self
    }

    /// Whether the lead asked to be left alone, in either place where a model may say so.
    pub fn asks_to_stop(&self) -> bool {
        self.outcome == Outcome::DoNotCall || self.wishes.iter().any(|wish| wish.kind == WishKind::Stop)
    }
}

impl Wish {
    /// The instant wished for, by the clock of `zone`; none if none was named, or none that exists.
    pub fn instant(&self, zone: &TimeZone) -> Option<Timestamp> {
        let text = self.at.as_deref()?.trim();
        text.parse::<Timestamp>()
            .ok()
            .or_else(|| Some(text.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok()?.timestamp()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_names_every_member_and_one_neutral() {
        let schema = Reading::schema();
        let members = |pointer: &str| -> Vec<String> {
            serde_json::from_value(schema.pointer(pointer).unwrap().clone()).unwrap()
        };
        for name in members("/properties/outcome/enum") {
            let outcome: Outcome = serde_json::from_value(json!(name)).unwrap();
            assert_eq!(serde_json::to_value(outcome).unwrap(), json!(name));
        }
        assert!(members("/properties/outcome/enum").contains(&"none".to_owned()));
        assert!(members("/properties/wishes/items/properties/kind/enum").contains(&"none".to_owned()));
    }

    #[test]
    fn a_slip_of_the_model_costs_a_detail() {
        let reading: Reading = serde_json::from_value(json!({
            "summary": "Talked.", "outcome": "ecstatic", "sentiment": null, "score_change": 900,
            "wishes": [{"kind": "holiday", "at": null, "detail": ""}, {"kind": "stop", "at": null, "detail": "no"}],
            "evidence": ["I  WANT that", "never said"], "reasons": []
        }))
        .unwrap();
        let reading = reading.held_to(["Well, I want that."].into_iter());
        assert_eq!(
            (reading.outcome, reading.sentiment, reading.score_change),
            (Outcome::None, Sentiment::Neutral, 30)
        );
        assert_eq!(reading.evidence, ["I  WANT that"]);
        assert_eq!(reading.wishes.len(), 1);
        assert!(reading.asks_to_stop());
    }

    #[test]
    fn a_wish_is_by_the_leads_own_clock() {
        let wish =
            Wish { kind: WishKind::Callback, at: Some("2026-11-26T15:00".to_owned()), detail: String::new() };
        let instant = wish.instant(&TimeZone::get("Asia/Kolkata").unwrap()).unwrap();
        assert_eq!(instant.to_string(), "2026-11-26T09:30:00Z");
        let wish = Wish { at: Some("soon".to_owned()), ..wish };
        assert_eq!(wish.instant(&TimeZone::UTC), None);
    }
}
