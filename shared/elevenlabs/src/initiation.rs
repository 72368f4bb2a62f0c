//! What ElevenLabs asks while a caller's telephone rings, and what it is told.

use crate::{lenient, wire};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Somebody calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Ringing {
    /// The caller's number as the carrier shows it; a word such as `anonymous` if it is hidden.
    #[serde(deserialize_with = "lenient::value")]
    pub caller_id: String,
    /// ElevenLabs' id of the agent that answers.
    #[serde(deserialize_with = "lenient::value")]
    pub agent_id: String,
    /// The number that was called.
    #[serde(deserialize_with = "lenient::value")]
    pub called_number: String,
    /// The carrier's id of the call.
    #[serde(deserialize_with = "lenient::value")]
    pub call_sid: String,
}

impl Ringing {
    /// Reads a request; none if it is no JSON object. Fields that are missing or odd are empty.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        // A list would be read as the fields in their order.
        if body.is_object() { serde_json::from_value(body).ok() } else { None }
    }
}

/// What the agent is told about the caller.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Initiation {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    dynamic_variables: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_config_override: Option<Value>,
}

/// What the agent does otherwise in this one conversation; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The whole prompt.
    pub prompt: Option<String>,
    /// What it says first.
    pub first_message: Option<String>,
    /// ISO 639-1.
    pub language: Option<String>,
}

impl Initiation {
    /// An answer. `user_id` comes back with the conversation; every variable that the agent's prompt names must be
    /// among `dynamic_variables`.
    pub fn new(
        user_id: Option<String>,
        dynamic_variables: BTreeMap<String, Value>,
        overrides: Option<Overrides>,
    ) -> Self {
        let conversation_config_override = overrides.map(|overrides| overrides.in_their_words());
        let kind = "conversation_initiation_client_data";
        Self { kind, user_id, dynamic_variables, conversation_config_override }
    }
}

impl Overrides {
    fn in_their_words(&self) -> Value {
        let agent = wire::AgentOverride {
            first_message: self.first_message.as_deref(),
            language: self.language.as_deref(),
            prompt: self.prompt.as_deref().map(|prompt| wire::PromptOverride { prompt }),
        };
        // Texts are always JSON.
        serde_json::to_value(wire::ConfigOverride { agent }).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_ring_is_read_whatever_is_missing() {
        let full = br#"{"caller_id": "+919876543210", "agent_id": "agent_1", "called_number": "+15550100",
            "call_sid": "CA1", "conversation_id": "conv_1"}"#;
        let ringing = Ringing::parse(full).unwrap();
        assert_eq!((ringing.caller_id.as_str(), ringing.agent_id.as_str()), ("+919876543210", "agent_1"));
        assert_eq!(Ringing::parse(br#"{"caller_id": null, "agent_id": 5}"#).unwrap(), Ringing::default());
        assert_eq!([&b"[]"[..], b"[1]", b"null", b"", b"{"].map(Ringing::parse), [const { None }; 5]);
    }

    #[test]
    fn an_answer_is_in_their_words() {
        let variables = BTreeMap::from([("first_name".to_owned(), json!("Asha"))]);
        let overrides = Overrides {
            prompt: Some("P".to_owned()),
            language: Some("hi".to_owned()),
            ..Overrides::default()
        };
        let answer = Initiation::new(Some("con_1".to_owned()), variables.clone(), Some(overrides));
        assert_eq!(
            serde_json::to_value(answer).unwrap(),
            json!({
                "type": "conversation_initiation_client_data",
                "user_id": "con_1",
                "dynamic_variables": {"first_name": "Asha"},
                "conversation_config_override": {"agent": {"language": "hi", "prompt": {"prompt": "P"}}},
            })
        );
        assert_eq!(
            serde_json::to_value(Initiation::new(None, variables, None)).unwrap(),
            json!({"type": "conversation_initiation_client_data", "dynamic_variables": {"first_name": "Asha"}})
        );
    }
}
