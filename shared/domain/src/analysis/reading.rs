//! What a model answers when it is asked about a conversation.

use super::collected::{self, Collected};
use super::said::Said;
use crate::agent::DataPoint;
use crate::answer::{lenient, lenient_list, lenient_option, object};
use crate::text;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a model answers to [`Reading::schema`]. Reading it is lenient: a word that is not in an enum is its
/// neutral member and an entry of another form is left out, so that a model's slip costs a detail and not the
/// analysis.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Reading {
    /// The conversation in a few sentences.
    #[serde(deserialize_with = "lenient")]
    pub summary: String,
    /// What came of it.
    #[serde(deserialize_with = "lenient")]
    pub outcome: Outcome,
    /// The lead's mood.
    #[serde(deserialize_with = "lenient")]
    pub sentiment: Sentiment,
    /// How much more (or less) promising the lead seems to the model now, -30 to 30.
    #[serde(deserialize_with = "points")]
    pub score_change: i32,
    /// Why.
    #[serde(deserialize_with = "lenient_list")]
    pub reasons: Vec<String>,
    /// What the lead asked for.
    #[serde(deserialize_with = "lenient_list")]
    pub wishes: Vec<Wish>,
    /// What the lead has against it.
    #[serde(deserialize_with = "lenient_list")]
    pub objections: Vec<Remark>,
    /// What the lead is interested in.
    #[serde(deserialize_with = "lenient_list")]
    pub interests: Vec<Remark>,
    /// What one side promised the other to do.
    #[serde(deserialize_with = "lenient_list")]
    pub promised_actions: Vec<Promise>,
    /// The answers to what the agent was to find out.
    #[serde(deserialize_with = "lenient_list")]
    pub collected: Vec<Collected>,
    /// The language that the lead spoke, ISO 639-1; empty if it is not known.
    #[serde(deserialize_with = "lenient")]
    pub language: String,
    /// Verbatim quotes of the lead that carry the above; a quote that was not said is not kept.
    #[serde(deserialize_with = "lenient_list")]
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

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 8] = [
        Self::Interested,
        Self::CallbackRequested,
        Self::AppointmentRequested,
        Self::NotInterested,
        Self::DoNotCall,
        Self::WrongNumber,
        Self::Voicemail,
        Self::None,
    ];

    /// The outcome as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interested => "interested",
            Self::CallbackRequested => "callback_requested",
            Self::AppointmentRequested => "appointment_requested",
            Self::NotInterested => "not_interested",
            Self::DoNotCall => "do_not_call",
            Self::WrongNumber => "wrong_number",
            Self::Voicemail => "voicemail",
            Self::None => "none",
        }
    }
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

impl Sentiment {
    /// The mood as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Neutral => "neutral",
            Self::Negative => "negative",
        }
    }
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
    #[serde(deserialize_with = "lenient_option")]
    pub at: Option<String>,
    /// The same as an instant: by the lead's zone as it was known when the call was read.
    #[serde(deserialize_with = "lenient_option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub instant: Option<Timestamp>,
    /// In the lead's words.
    #[serde(deserialize_with = "lenient")]
    pub detail: String,
}

/// What a lead may ask for, and either side may promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
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
    /// Nothing; of a promise, something else.
    #[default]
    None,
}

/// Something that the lead said about the matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Remark {
    /// What, in a line, in English.
    #[serde(deserialize_with = "lenient")]
    pub text: String,
    /// In the lead's own words.
    #[serde(deserialize_with = "lenient")]
    pub quote: String,
}

/// Something that one side promised to do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Promise {
    /// What kind of thing; `none` if no other word fits.
    #[serde(deserialize_with = "lenient")]
    pub kind: WishKind,
    /// Who promised it.
    #[serde(deserialize_with = "lenient")]
    pub by: Party,
    /// What, in a line, in English.
    #[serde(deserialize_with = "lenient")]
    pub text: String,
    /// By when, by the lead's own clock: `YYYY-MM-DDTHH:MM`.
    #[serde(deserialize_with = "lenient_option")]
    pub at: Option<String>,
    /// The same as an instant.
    #[serde(deserialize_with = "lenient_option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub instant: Option<Timestamp>,
    /// In the words of who promised it.
    #[serde(deserialize_with = "lenient")]
    pub quote: String,
}

/// A side of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The business's voice agent.
    #[default]
    Agent,
    /// The lead.
    #[serde(alias = "user")]
    Lead,
}

/// Whole points, whatever number stands there; none where there is no number.
fn points<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    let number = Value::deserialize(deserializer)?.as_f64().filter(|number| number.is_finite());
    #[expect(clippy::cast_possible_truncation, reason = "held to a small range before")]
    Ok(number.unwrap_or_default().clamp(-30.0, 30.0).round() as i32)
}

impl Reading {
    /// A model's answer, if it is one: an object with a summary. Anything else is no analysis.
    pub fn of(answer: Value) -> Option<Self> {
        answer.get("summary")?.as_str().filter(|summary| !summary.trim().is_empty())?;
        serde_json::from_value(answer).ok()
    }

    /// The JSON schema that the model's answer must fit: the strict subset that OpenAI and Anthropic share
    /// (every property required, nothing else allowed, no bounds). `asked` is what the agent was to find out.
    pub fn schema(asked: &BTreeMap<String, DataPoint>) -> Value {
        let text = json!({"type": "string"});
        let texts = json!({"type": "array", "items": text});
        let when = json!({"type": ["string", "null"]});
        let kind = json!({"type": "string",
            "enum": ["callback", "appointment", "information", "human", "stop", "none"]});
        let list = |properties: Value| json!({"type": "array", "items": object(&properties)});
        let outcomes: Vec<_> = Outcome::ALL.into_iter().map(Outcome::as_str).collect();
        let mut properties = json!({
            "summary": text,
            "outcome": {"type": "string", "enum": outcomes},
            "sentiment": {"type": "string", "enum": ["positive", "neutral", "negative"]},
            "score_change": {"type": "integer"},
            "reasons": texts,
            "wishes": list(json!({"kind": kind, "at": when, "detail": text})),
            "objections": list(json!({"text": text, "quote": text})),
            "interests": list(json!({"text": text, "quote": text})),
            "promised_actions": list(json!({"kind": kind, "by": {"type": "string", "enum": ["agent", "lead"]},
                "text": text, "at": when, "quote": text})),
            "language": text,
            "evidence": texts,
        });
        if !asked.is_empty() {
            let names: Vec<_> = asked.keys().collect();
            properties["collected"] =
                list(json!({"name": {"type": "string", "enum": names}, "value": when, "quote": when}));
        }
        object(&properties)
    }

    /// Holds a reading to what was `said`: bounds every text and number, makes instants of times by the lead's
    /// `zone`, and keeps only quotes that were said, and what rests on one that was. Answers are kept to questions
    /// that were `asked`.
    #[must_use]
    pub fn held_to(mut self, said: &Said, zone: &TimeZone, asked: &BTreeMap<String, DataPoint>) -> Self {
        self.summary = text::tidied(&self.summary, 2_000);
        for reason in &mut self.reasons {
            *reason = text::tidied(reason, 300);
        }
        self.wishes.retain(|wish| wish.kind != WishKind::None);
        for wish in &mut self.wishes {
            wish.detail = text::tidied(&wish.detail, 500);
            (wish.at, wish.instant) = timed(wish.at.take(), zone);
        }
        for remarks in [&mut self.objections, &mut self.interests] {
            let kept = std::mem::take(remarks).into_iter().filter_map(|remark| {
                let quote = said.by_lead(&remark.quote)?;
                Some(Remark { text: text::tidied(&remark.text, 300), quote })
            });
            *remarks = kept.collect();
        }
        let promises = std::mem::take(&mut self.promised_actions).into_iter().filter_map(|promise| {
            let quote = match promise.by {
                Party::Agent => said.by_agent(&promise.quote)?,
                Party::Lead => said.by_lead(&promise.quote)?,
            };
            let (at, instant) = timed(promise.at, zone);
            Some(Promise { text: text::tidied(&promise.text, 300), at, instant, quote, ..promise })
        });
        self.promised_actions = promises.collect();
        self.collected = collected::held(&self.collected, asked, said);
        self.language = language_code(&self.language);
        self.evidence = self.evidence.iter().filter_map(|quote| said.by_lead(quote)).collect();
        self.bound();
        self
    }

    /// Bounds numbers and lists; of a list that is too long the end is kept.
    pub(super) fn bound(&mut self) {
        fn last<T>(list: &mut Vec<T>, max: usize) {
            list.drain(..list.len().saturating_sub(max));
        }
        self.summary = text::shortened(&self.summary, 2_000);
        self.score_change = self.score_change.clamp(-30, 30);
        self.reasons.retain(|reason| !reason.is_empty());
        last(&mut self.reasons, 10);
        last(&mut self.wishes, 10);
        last(&mut self.objections, 10);
        last(&mut self.interests, 10);
        last(&mut self.promised_actions, 10);
        last(&mut self.evidence, 20);
    }

    /// Whether the lead asked to be left alone, in either place where a model may say so.
    pub fn asks_to_stop(&self) -> bool {
        self.outcome == Outcome::DoNotCall || self.wish(WishKind::Stop).is_some()
    }

    /// The last wish of this kind.
    pub fn wish(&self, kind: WishKind) -> Option<&Wish> {
        self.wishes.iter().rev().find(|wish| wish.kind == kind)
    }

    /// When the lead wants to be called again, if they named a time.
    pub fn callback_at(&self) -> Option<Timestamp> {
        self.wish(WishKind::Callback)?.instant
    }
}

/// A time by the clock of `zone`, and the instant it is; nothing if it is no time, or none that exists.
fn timed(at: Option<String>, zone: &TimeZone) -> (Option<String>, Option<Timestamp>) {
    let Some(at) = at.map(|at| text::tidied(&at, 40)) else { return (None, None) };
    let instant = at.parse::<Timestamp>().ok().or_else(|| {
        let local = at.parse::<DateTime>().ok()?;
        Some(local.to_zoned(zone.clone()).ok()?.timestamp())
    });
    (instant.map(|_| at), instant)
}

/// The first part of a language's code in lower case; empty if it is none.
pub(super) fn language_code(text: &str) -> String {
    let code = text.trim().split(['-', '_']).next().unwrap_or_default().to_lowercase();
    let is_code = (2..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase());
    if is_code { code } else { String::new() }
}
