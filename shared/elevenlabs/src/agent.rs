//! A voice agent, as we want it and as ElevenLabs has it.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A voice agent as it should be at ElevenLabs. What is `None` is left to ElevenLabs' defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentSpec {
    /// Name in ElevenLabs' own console.
    pub name: String,
    /// What the agent is told; `{{name}}` stands for a dynamic variable.
    pub system_prompt: String,
    /// What the agent says first; empty: it waits for the other side.
    pub first_message: String,
    /// ISO 639-1 code, such as `en` or `hi`. Another language than English gets a multilingual voice model.
    pub language: String,
    /// ElevenLabs' id of the voice.
    pub voice_id: Option<String>,
    /// ElevenLabs' name of the language model.
    pub llm: Option<String>,
    /// Labels in ElevenLabs' console, by which [`crate::Client::find_agent_by_tag`] finds the agent.
    pub tags: Vec<String>,
    /// What is drawn from each conversation, by id.
    pub data_collection: BTreeMap<String, DataPoint>,
    /// What each conversation is judged by.
    pub evaluation: Vec<Criterion>,
    /// ElevenLabs' id of the webhook that gets this agent's transcripts and failed calls; `None`: the one of
    /// the workspace.
    pub post_call_webhook_id: Option<String>,
    /// Longest conversation, in seconds.
    pub max_duration_secs: Option<u32>,
    /// Values of dynamic variables for whoever calls without them. Each variable of the prompt needs one:
    /// ElevenLabs refuses a conversation with an unknown variable.
    pub placeholders: BTreeMap<String, String>,
}

/// One value that is drawn from a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DataPoint {
    /// Type of the value.
    #[serde(rename = "type")]
    pub kind: DataKind,
    /// What the value means, for the model that looks for it.
    pub description: String,
    /// The only allowed values of a string; empty: any.
    #[serde(rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub enum_values: Vec<String>,
}

/// Type of a value that is drawn from a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DataKind {
    /// Yes or no.
    Boolean,
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
}

/// One goal that a conversation is judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// Our id of the criterion; results come back under it.
    pub id: String,
    /// Name in ElevenLabs' console.
    pub name: String,
    /// The goal in words, at most 2000 characters.
    pub prompt: String,
}

/// A voice agent as it stands at ElevenLabs.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteAgent {
    /// ElevenLabs' id of the agent.
    pub agent_id: String,
    /// All that ElevenLabs tells of it.
    pub(crate) body: Value,
}

/// A part of an agent that we manage at ElevenLabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManagedField {
    /// Name in ElevenLabs' console.
    Name,
    /// What the agent is told.
    SystemPrompt,
    /// What the agent says first.
    FirstMessage,
    /// The language.
    Language,
    /// The voice.
    VoiceId,
    /// The language model.
    Llm,
    /// Labels by which the agent is found.
    Tags,
    /// What is drawn from each conversation.
    DataCollection,
    /// What each conversation is judged by.
    Evaluation,
    /// Where transcripts and failed calls are told.
    PostCallWebhook,
    /// Longest conversation.
    MaxDuration,
    /// Values of variables for whoever calls without them.
    Placeholders,
    /// What a single call may change.
    Overrides,
    /// Hanging up, and telling a voicemail from a person.
    Tools,
}

impl ManagedField {
    /// The field in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::SystemPrompt => "system_prompt",
            Self::FirstMessage => "first_message",
            Self::Language => "language",
            Self::VoiceId => "voice_id",
            Self::Llm => "llm",
            Self::Tags => "tags",
            Self::DataCollection => "data_collection",
            Self::Evaluation => "evaluation",
            Self::PostCallWebhook => "post_call_webhook",
            Self::MaxDuration => "max_duration",
            Self::Placeholders => "placeholders",
            Self::Overrides => "overrides",
            Self::Tools => "tools",
        }
    }
}
