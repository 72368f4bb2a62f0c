//! ElevenLabs' JSON: what we send, and the envelopes of what it answers.

use crate::agent::DataPoint;
use crate::lenient;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Body of agent create and update.
#[derive(Serialize)]
pub(crate) struct Agent<'a> {
    pub(crate) name: &'a str,
    pub(crate) tags: &'a [String],
    pub(crate) conversation_config: ConversationConfig<'a>,
    pub(crate) platform_settings: PlatformSettings<'a>,
}

#[derive(Serialize)]
pub(crate) struct ConversationConfig<'a> {
    pub(crate) agent: AgentConfig<'a>,
    pub(crate) tts: Tts<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) conversation: Option<ConversationLimits>,
}

#[derive(Serialize)]
pub(crate) struct AgentConfig<'a> {
    pub(crate) first_message: &'a str,
    pub(crate) language: &'a str,
    pub(crate) dynamic_variables: DynamicVariables<'a>,
    pub(crate) prompt: PromptConfig<'a>,
}

#[derive(Serialize)]
pub(crate) struct DynamicVariables<'a> {
    pub(crate) dynamic_variable_placeholders: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
pub(crate) struct PromptConfig<'a> {
    pub(crate) prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) llm: Option<&'a str>,
    pub(crate) built_in_tools: Value,
}

#[derive(Serialize)]
pub(crate) struct Tts<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) voice_id: Option<&'a str>,
    pub(crate) model_id: &'static str,
}

#[derive(Serialize)]
pub(crate) struct ConversationLimits {
    pub(crate) max_duration_seconds: u32,
}

#[derive(Serialize)]
pub(crate) struct PlatformSettings<'a> {
    pub(crate) data_collection: &'a BTreeMap<String, DataPoint>,
    pub(crate) evaluation: Evaluation<'a>,
    pub(crate) overrides: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) workspace_overrides: Option<WorkspaceOverrides<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Evaluation<'a> {
    pub(crate) criteria: Vec<Criterion<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Criterion<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) conversation_goal_prompt: &'a str,
}

#[derive(Serialize)]
pub(crate) struct WorkspaceOverrides<'a> {
    pub(crate) webhooks: Webhooks<'a>,
}

#[derive(Serialize)]
pub(crate) struct Webhooks<'a> {
    pub(crate) post_call_webhook_id: &'a str,
    pub(crate) events: [&'static str; 2],
}

/// Body of the three outbound-call operations.
#[derive(Serialize)]
pub(crate) struct OutboundCall<'a> {
    pub(crate) agent_id: &'a str,
    pub(crate) agent_phone_number_id: &'a str,
    pub(crate) to_number: &'a str,
    pub(crate) conversation_initiation_client_data: ClientData<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) telephony_call_config: Option<TelephonyConfig>,
}

#[derive(Serialize)]
pub(crate) struct ClientData<'a> {
    pub(crate) user_id: &'a str,
    pub(crate) dynamic_variables: &'a BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) conversation_config_override: Option<ConfigOverride<'a>>,
}

#[derive(Serialize)]
pub(crate) struct ConfigOverride<'a> {
    pub(crate) agent: AgentOverride<'a>,
}

#[derive(Serialize)]
pub(crate) struct AgentOverride<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt: Option<PromptOverride<'a>>,
}

#[derive(Serialize)]
pub(crate) struct PromptOverride<'a> {
    pub(crate) prompt: &'a str,
}

#[derive(Serialize)]
pub(crate) struct TelephonyConfig {
    pub(crate) ringing_timeout_secs: u32,
}

/// Answer of agent create.
#[derive(Deserialize)]
pub(crate) struct Created {
    pub(crate) agent_id: String,
}

/// Answer of the three outbound-call operations. Without `success` it is not that answer.
#[derive(Deserialize)]
pub(crate) struct OutboundAnswer {
    pub(crate) success: bool,
    #[serde(default, deserialize_with = "lenient::value")]
    pub(crate) message: String,
    #[serde(default, deserialize_with = "lenient::value")]
    pub(crate) conversation_id: Option<String>,
    /// Twilio and Exotel, in camelCase.
    #[serde(default, rename = "callSid", deserialize_with = "lenient::value")]
    pub(crate) call_sid: Option<String>,
    /// SIP trunk.
    #[serde(default, deserialize_with = "lenient::value")]
    pub(crate) sip_call_id: Option<String>,
}

/// One page of a list. Its items are read strictly: an item that silently fell out would look like proof
/// that a call was never made.
#[derive(Deserialize)]
pub(crate) struct Page<T> {
    #[serde(rename = "agents", alias = "conversations")]
    pub(crate) items: Vec<T>,
    #[serde(default)]
    next_cursor: Option<String>,
    #[serde(default)]
    has_more: Option<bool>,
}

impl<T> Page<T> {
    /// The cursor of the next page, if there is one.
    pub(crate) fn next(self) -> Option<String> {
        self.next_cursor.filter(|cursor| self.has_more != Some(false) && !cursor.is_empty())
    }
}

/// An agent in a list.
#[derive(Deserialize)]
pub(crate) struct ListedAgent {
    pub(crate) agent_id: String,
    #[serde(default, deserialize_with = "lenient::list")]
    pub(crate) tags: Vec<String>,
}
