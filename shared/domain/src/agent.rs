//! AI agents: voices that call on the business's behalf.

use crate::{AgentId, Invalid, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub mod template;

/// An AI agent and its twin at the voice provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// The record's id.
    pub id: AgentId,
    /// How it speaks and what about.
    #[serde(flatten)]
    pub profile: Profile,
    /// Whether calls that name no agent are its calls.
    pub is_default: bool,
    /// Its id at ElevenLabs, once it is there.
    pub elevenlabs_agent_id: Option<String>,
    /// Counts from 1; a change of the profile makes the next.
    pub version: u32,
    /// Whether the provider has this version.
    pub sync: Sync,
    /// While the provider's state is uncertain: when to look.
    pub check_at: Option<Timestamp>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Whether the provider has what the record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Sync {
    /// The provider's agent is being made, changed or deleted, or nobody knows yet how that went.
    Pending,
    /// The provider has this version.
    InSync,
    /// The provider had lost its agent, and another is being made there.
    Recreating,
    /// The record is gone for its users; the provider's agent is still to be deleted.
    Deleting,
}

/// How an agent speaks and what about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Profile {
    /// What people here call it.
    pub name: String,
    /// What it is, wants and must not do; each call's context is appended.
    pub system_prompt: String,
    /// What it says first; `{{first_name}}` and the like are filled in.
    pub first_message: String,
    /// ISO 639-1, such as `en` or `hi`.
    pub language: String,
    /// The provider's voice; the provider's default if not given.
    pub voice_id: Option<String>,
    /// The provider's language model; the provider's default if not given.
    pub llm: Option<String>,
    /// What it should find out, by field.
    pub data_collection: BTreeMap<String, DataPoint>,
    /// What makes a call a good one.
    pub evaluation: Vec<Criterion>,
}

/// One thing an agent should find out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DataPoint {
    /// The type of the answer.
    #[serde(rename = "type")]
    pub kind: DataKind,
    /// What to find out, in a sentence.
    #[serde(default)]
    pub description: String,
    /// The possible answers, if they are few.
    #[serde(rename = "enum", default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}

/// The type of a collected answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are JSON Schema's")]
pub enum DataKind {
    Boolean,
    String,
    Integer,
    Number,
}

/// One thing that makes a call a good one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// A short key.
    pub id: String,
    /// What people call it; the key if not given.
    #[serde(default)]
    pub name: String,
    /// When it is met, in a sentence.
    #[serde(alias = "conversation_goal_prompt", alias = "description")]
    pub prompt: String,
}

impl Profile {
    /// Trims and checks a profile; the language defaults to English.
    pub fn checked(mut self) -> Result<Self, Invalid> {
        self.name = text::line(&self.name, 120).map_err(|e| e.within("/name"))?;
        self.system_prompt =
            text::prose(&self.system_prompt, 50_000).map_err(|e| e.within("/system_prompt"))?;
        if self.system_prompt.trim().is_empty() {
            return Err(Invalid::at("/system_prompt", "must not be empty"));
        }
        self.first_message =
            text::prose(&self.first_message, 2_000).map_err(|e| e.within("/first_message"))?;
        if self.language.is_empty() {
            "en".clone_into(&mut self.language);
        }
        let letters =
            |part: &str| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase());
        if !self.language.split('-').next().is_some_and(letters) || self.language.len() > 12 {
            return Err(Invalid::at("/language", "is not a language: a code such as en or hi is expected"));
        }
        for (pointer, value) in [("/voice_id", &mut self.voice_id), ("/llm", &mut self.llm)] {
            if let Some(text) = value {
                *text = text::line(text, 120).map_err(|e| e.within(pointer))?;
            }
        }
        if self.data_collection.len() > 40 {
            return Err(Invalid::at("/data_collection", "must have at most 40 entries"));
        }
        for (name, point) in &self.data_collection {
            let at = |e: Invalid| e.within(&format!("/data_collection/{name}"));
            text::line(name, 60).and_then(|_| text::prose(&point.description, 1_000)).map_err(at)?;
        }
        if self.evaluation.len() > 30 {
            return Err(Invalid::at("/evaluation", "must have at most 30 entries"));
        }
        for (n, criterion) in self.evaluation.iter_mut().enumerate() {
            criterion.check().map_err(|e| e.within(&format!("/evaluation/{n}")))?;
        }
        Ok(self)
    }
}

impl Criterion {
    fn check(&mut self) -> Result<(), Invalid> {
        self.id = text::line(&self.id, 60).map_err(|e| e.within("/id"))?;
        if self.name.is_empty() {
            self.name.clone_from(&self.id);
        }
        // ElevenLabs takes at most 2,000 characters of goal.
        self.prompt = text::line(&self.prompt, 2_000).map_err(|e| e.within("/prompt"))?;
        Ok(())
    }
}

/// One version of an agent's profile, as it came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentVersion {
    /// The agent.
    pub agent: AgentId,
    /// Counts from 1.
    pub version: u32,
    /// When it came to be.
    pub at: Timestamp,
    /// Who made it, as the audit names them.
    pub by: String,
    /// The whole profile of this version.
    pub profile: Profile,
}
