//! A conversation as ElevenLabs tells it, over the API and in the post-call webhook alike.
//!
//! Reading never fails on a null, on a missing or unknown field or on a new enum value; only something that
//! is no object at all is refused.

use crate::lenient;
use crate::open_enum::open_enum;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

open_enum! {
    /// How far a conversation has come.
    ConversationStatus {
        /// The call is being set up.
        Initiated = "initiated",
        /// They are speaking.
        InProgress = "in-progress",
        /// The conversation is over and being analysed.
        Processing = "processing",
        /// Over and analysed.
        Done = "done",
        /// Over, and something went wrong.
        Failed = "failed",
    }
}

impl ConversationStatus {
    /// Whether nothing will change any more.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }
}

open_enum! {
    /// Who speaks.
    Role {
        /// The voice agent.
        Agent = "agent",
        /// The person on the line.
        User = "user",
    }
}

open_enum! {
    /// Whether a goal was reached.
    Verdict {
        /// Reached.
        Success = "success",
        /// Missed.
        Failure = "failure",
        /// Not to be told.
        Unknown = "unknown",
    }
}

open_enum! {
    /// Who called whom.
    Direction {
        /// They called us.
        Inbound = "inbound",
        /// We called them.
        Outbound = "outbound",
    }
}

/// A conversation with its transcript and what was made of it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Conversation {
    /// ElevenLabs' id of the agent.
    #[serde(deserialize_with = "lenient::value")]
    pub agent_id: String,
    /// ElevenLabs' id of the conversation; empty if it was not told.
    #[serde(deserialize_with = "lenient::value")]
    pub conversation_id: String,
    /// How far it has come.
    #[serde(deserialize_with = "lenient::value")]
    pub status: ConversationStatus,
    /// What the call was made with: our id of the attempt.
    #[serde(deserialize_with = "lenient::value")]
    pub user_id: Option<String>,
    /// What was said, in order.
    #[serde(deserialize_with = "lenient::list")]
    pub transcript: Vec<Turn>,
    /// When, how long, with whom.
    #[serde(deserialize_with = "lenient::value")]
    pub metadata: Metadata,
    /// What ElevenLabs' model made of it; `None` until it is done.
    #[serde(deserialize_with = "lenient::value")]
    pub analysis: Option<Analysis>,
    #[serde(rename = "conversation_initiation_client_data", deserialize_with = "lenient::value")]
    client_data: Value,
}

/// What an agent was told for one conversation, as far as the conversation says so.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    /// The prompt in place of its own; empty if it kept its own.
    pub prompt: String,
    /// The first message in place of its own; empty if it kept its own.
    pub first_message: String,
    /// The dynamic variables, ElevenLabs' own left out.
    pub variables: BTreeMap<String, Value>,
}

impl Conversation {
    /// What the agent was told for this conversation.
    pub fn told(&self) -> Told {
        let data = &self.client_data;
        let agent = &data["conversation_config_override"]["agent"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let variables = data["dynamic_variables"].as_object().into_iter().flatten();
        let own = variables.filter(|(name, _)| !name.starts_with("system__"));
        Told {
            prompt: text(&agent["prompt"]["prompt"]),
            first_message: text(&agent["first_message"]),
            variables: own.map(|(name, value)| (name.clone(), value.clone())).collect(),
        }
    }
}

/// One turn of a transcript.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Turn {
    /// Who speaks.
    #[serde(deserialize_with = "lenient::value")]
    pub role: Role,
    /// What was said; `None` where only a tool was called, or where the words were redacted.
    #[serde(deserialize_with = "lenient::value")]
    pub message: Option<String>,
    /// When, in seconds from the start of the call.
    #[serde(deserialize_with = "lenient::whole")]
    pub time_in_call_secs: Option<i64>,
    /// What the agent called in this turn.
    #[serde(deserialize_with = "lenient::list")]
    pub tool_calls: Vec<ToolCall>,
}

/// A tool that the agent called, such as `end_call` or `voicemail_detection`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ToolCall {
    /// Name of the tool.
    #[serde(deserialize_with = "lenient::value")]
    pub tool_name: String,
    /// What it was called with: a JSON document in a string, written by a model.
    #[serde(deserialize_with = "lenient::value")]
    pub params_as_json: String,
}

/// The circumstances of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// When it began, in seconds since 1970.
    #[serde(deserialize_with = "lenient::whole")]
    pub start_time_unix_secs: Option<i64>,
    /// How long it took, in seconds.
    #[serde(deserialize_with = "lenient::whole")]
    pub call_duration_secs: Option<i64>,
    /// What it cost, in ElevenLabs' credits.
    #[serde(deserialize_with = "lenient::value")]
    pub cost: Option<f64>,
    /// The language that was spoken for the most part, such as `en`.
    #[serde(deserialize_with = "lenient::value")]
    pub main_language: Option<String>,
    /// Why it ended, in ElevenLabs' words.
    #[serde(deserialize_with = "lenient::value")]
    pub termination_reason: Option<String>,
    /// What went wrong, if something did.
    #[serde(deserialize_with = "lenient::value")]
    pub error: Option<CallError>,
    /// The phone call; `None` for a conversation without a phone.
    #[serde(deserialize_with = "lenient::value")]
    pub phone_call: Option<PhoneCall>,
}

/// What went wrong in a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CallError {
    /// ElevenLabs' number of the error.
    #[serde(deserialize_with = "lenient::whole")]
    pub code: Option<i64>,
    /// ElevenLabs' words.
    #[serde(deserialize_with = "lenient::value")]
    pub reason: Option<String>,
}

/// The phone call behind a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PhoneCall {
    /// The other side's number, as the carrier writes it.
    #[serde(deserialize_with = "lenient::value")]
    pub external_number: Option<String>,
    /// The carrier's id of the call.
    #[serde(deserialize_with = "lenient::value")]
    pub call_sid: Option<String>,
    /// Who called whom.
    #[serde(deserialize_with = "lenient::value")]
    pub direction: Direction,
}

/// What ElevenLabs' model made of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Analysis {
    /// Whether the call as a whole reached its goal.
    #[serde(deserialize_with = "lenient::value")]
    pub call_successful: Verdict,
    /// The conversation in a few sentences.
    #[serde(deserialize_with = "lenient::value")]
    pub transcript_summary: Option<String>,
    /// The verdict on each criterion, by its id.
    #[serde(deserialize_with = "lenient::value")]
    pub evaluation_criteria_results: BTreeMap<String, Evaluation>,
    /// What was drawn from the conversation, by the data point's id: a scalar, or null if it did not come up.
    #[serde(deserialize_with = "values")]
    pub data_collection_results: BTreeMap<String, Value>,
}

/// The verdict on one criterion.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Evaluation {
    /// Whether the goal was reached.
    #[serde(deserialize_with = "lenient::value")]
    pub result: Verdict,
    /// Why, in the model's words.
    #[serde(deserialize_with = "lenient::value")]
    pub rationale: Option<String>,
}

/// A conversation in a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ConversationSummary {
    /// ElevenLabs' id of the conversation.
    pub conversation_id: String,
    /// How far it has come.
    #[serde(default, deserialize_with = "lenient::value")]
    pub status: ConversationStatus,
    /// When it began, in seconds since 1970.
    #[serde(default, deserialize_with = "lenient::whole")]
    pub start_time_unix_secs: Option<i64>,
}

/// `{id: {value, …}}` as `{id: value}`.
fn values<'de, D: Deserializer<'de>>(json: D) -> Result<BTreeMap<String, Value>, D::Error> {
    let Value::Object(results) = Value::deserialize(json)? else {
        return Ok(BTreeMap::new());
    };
    let value = |result: Value| result.get("value").cloned().unwrap_or_default();
    Ok(results.into_iter().map(|(id, result)| (id, value(result))).collect())
}
