//! Trying an agent out without calling anybody.

use super::find;
use crate::call_context::{self, ContextInput, PacketView};
use crate::context::Context;
use crate::error::Result;
use domain::agent::{Agent, Sync};
use domain::call::Priority;
use domain::{AgentId, ContactId, Role, placeholder};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// From how many characters on a prompt is worth a warning.
const LONG_PROMPT: usize = 20_000;

/// Whom and what for to try an agent.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TestInput {
    /// Whom it would call; a made-up person if not given.
    pub lead_id: Option<ContactId>,
    /// What for.
    pub objective: String,
    /// What this one call should mind.
    pub instructions: String,
    /// How urgent it is.
    pub priority: Priority,
}

/// What an agent would be told and would say.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TestReport {
    /// The whole prompt with the context appended, filled in.
    pub prompt: String,
    /// How long that is.
    pub prompt_characters: usize,
    /// What the agent says first, filled in.
    pub first_message: String,
    /// The values of `{{first_name}}` and the like.
    #[schema(value_type = Object)]
    pub dynamic_variables: BTreeMap<String, Value>,
    /// Variables that nobody gives a value: the provider would fail the call.
    pub unknown_variables: Vec<UnknownVariable>,
    /// What is worth a look.
    pub warnings: Vec<Warning>,
}

/// A variable that has no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnknownVariable {
    /// Its name, without braces.
    pub name: String,
    /// Where it stands.
    pub used_in: UsedIn,
}

/// A text that may use variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsedIn {
    /// What the agent is told.
    SystemPrompt,
    /// What it says first.
    FirstMessage,
}

/// Something that is permitted and may not be meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Warning {
    /// What, as a stable code.
    pub code: WarningCode,
    /// What, as a sentence.
    pub detail: String,
}

/// What may not be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// The agent says nothing first.
    EmptyFirstMessage,
    /// A variable is empty for this lead.
    EmptyVariable,
    /// The language is not English, and no voice was chosen for it.
    VoiceForLanguage,
    /// The prompt is long.
    LongPrompt,
    /// The agent has nothing to find out.
    NothingToFindOut,
    /// ElevenLabs does not have this version.
    NotAtProvider,
}

/// Shows what an agent would be told and would say to a lead. Changes nothing and calls nobody.
pub async fn test(ctx: &Context, id: AgentId, input: TestInput) -> Result<TestReport> {
    ctx.require(Role::Viewer)?;
    let agent = find(ctx, id).await?;
    let TestInput { lead_id, objective, instructions, priority } = input;
    let of_lead = lead_id.is_some();
    let asked = ContextInput {
        lead_id,
        agent_id: Some(id),
        objective,
        priority,
        instructions,
        ..ContextInput::default()
    };
    let PacketView { prompt, first_message, dynamic_variables, .. } = if of_lead {
        call_context::preview(ctx, asked).await?
    } else {
        call_context::preview_of_nobody(ctx, &agent, &asked).await?
    };
    let unknown = |text: &str, used_in| {
        let names = placeholder::names(text).into_iter();
        let unknown = names.filter(|name| !dynamic_variables.contains_key(name));
        unknown.map(move |name| UnknownVariable { name, used_in }).collect::<Vec<_>>()
    };
    let mut unknown_variables = unknown(&prompt, UsedIn::SystemPrompt);
    unknown_variables.extend(unknown(&first_message, UsedIn::FirstMessage));
    // A first message comes filled in, and a prompt is filled in by the provider.
    let prompt = placeholder::filled(&prompt, |name| Some(spoken(dynamic_variables.get(name)?)));
    let prompt_characters = prompt.chars().count();
    let warnings = warnings(&agent, &first_message, &dynamic_variables, prompt_characters);
    Ok(TestReport {
        prompt,
        prompt_characters,
        first_message,
        dynamic_variables,
        unknown_variables,
        warnings,
    })
}

/// A value as the provider puts it into a text.
fn spoken(value: &Value) -> Cow<'_, str> {
    value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed)
}

fn warnings(
    agent: &Agent,
    first_message: &str,
    variables: &BTreeMap<String, Value>,
    prompt_characters: usize,
) -> Vec<Warning> {
    let profile = &agent.profile;
    let mut warnings = Vec::new();
    let mut warn = |code, detail: String| warnings.push(Warning { code, detail });
    if first_message.trim().is_empty() {
        let detail = "There is no first message: the agent waits for the other side to speak.";
        warn(WarningCode::EmptyFirstMessage, detail.to_owned());
    }
    let used: BTreeSet<String> = [&profile.system_prompt, &profile.first_message]
        .into_iter()
        .flat_map(|t| placeholder::names(t))
        .collect();
    for name in used {
        if variables.get(&name).is_some_and(|value| value.as_str() == Some("")) {
            let detail = format!("{{{{{name}}}}} is empty for this person.");
            warn(WarningCode::EmptyVariable, detail);
        }
    }
    let is_english = profile.language.split('-').next() == Some("en");
    if !is_english && profile.voice_id.is_none() {
        let detail = format!(
            "The language is {}, and no voice was chosen: the multilingual model speaks with the provider's default \
             voice, which may have an English accent.",
            profile.language
        );
        warn(WarningCode::VoiceForLanguage, detail);
    }
    if prompt_characters > LONG_PROMPT {
        let detail = format!("The prompt has {prompt_characters} characters: the agent answers more slowly.");
        warn(WarningCode::LongPrompt, detail);
    }
    if profile.data_collection.is_empty() {
        let detail = "The agent has nothing to find out: data_collection is empty.";
        warn(WarningCode::NothingToFindOut, detail.to_owned());
    }
    if agent.sync != Sync::InSync {
        let detail = "ElevenLabs does not have this version yet; see sync.";
        warn(WarningCode::NotAtProvider, detail.to_owned());
    }
    warnings
}
