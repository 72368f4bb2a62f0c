//! Agents: create, get, list, update, delete.

use super::{Account, Body, Page, Refusal};
use crate::storage::Storage;
use crate::{Error, Shared, random_hex};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An agent as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "as the API calls it")]
pub(crate) struct Agent {
    pub(crate) agent_id: String,
    pub(crate) account: String,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
    pub(crate) last_call_ms: Option<i64>,
    pub(crate) name: String,
    pub(crate) tags: Value,
    pub(crate) conversation_config: Value,
    pub(crate) platform_settings: Value,
    pub(crate) workflow: Value,
}

impl Agent {
    /// The main branch; every agent has one.
    pub(crate) fn branch_id(&self) -> String {
        self.agent_id.replacen("agent_", "agtbrch_", 1)
    }

    /// Names the agent's present content; every update gives another.
    pub(crate) fn version_id(&self) -> String {
        format!("{}{:x}", self.agent_id.replacen("agent_", "agtvrsn_", 1), self.updated_ms)
    }

    /// The value at a JSON pointer inside `conversation_config`, as text.
    pub(crate) fn config_text(&self, pointer: &str) -> &str {
        self.conversation_config.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether a built-in tool of this name is switched on.
    pub(crate) fn has_tool(&self, name: &str) -> bool {
        let tools = self.conversation_config.pointer("/agent/prompt/built_in_tools");
        tools.and_then(|tools| tools.get(name)).is_some_and(Value::is_object)
    }

    fn document(&self) -> Value {
        json!({
            "agent_id": self.agent_id,
            "name": self.name,
            "conversation_config": self.conversation_config,
            "metadata": {
                "created_at_unix_secs": self.created_ms / 1000,
                "updated_at_unix_secs": self.updated_ms / 1000,
            },
            "platform_settings": self.platform_settings,
            "phone_numbers": [],
            "whatsapp_accounts": [],
            "workflow": self.workflow,
            "access_info": access_info(),
            "tags": self.tags,
            "version_id": self.version_id(),
            "branch_id": self.branch_id(),
            "main_branch_id": self.branch_id(),
        })
    }

    fn is_archived(&self) -> bool {
        self.platform_settings.get("archived") == Some(&Value::Bool(true))
    }

    /// What the real service refuses in a whole agent.
    fn check(&self) -> Result<(), Refusal> {
        let model = self.config_text("/tts/model_id");
        let english = self.config_text("/agent/language").split('-').next() == Some("en");
        if !english && matches!(model, "eleven_flash_v2" | "eleven_turbo_v2") {
            return Err(Refusal::bad_input("Non-english Agents must use turbo or flash v2_5."));
        }
        let criteria = self.platform_settings.pointer("/evaluation/criteria").and_then(Value::as_array);
        for criterion in criteria.into_iter().flatten() {
            let told =
                |name| criterion.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
            if !["id", "name", "conversation_goal_prompt"].into_iter().all(told) {
                let message = "A criterion of evaluation needs id, name and conversation_goal_prompt.";
                return Err(Refusal::bad_input(message));
            }
        }
        let items = self.platform_settings.get("data_collection").and_then(Value::as_object);
        for (id, item) in items.into_iter().flatten() {
            let kind = item.get("type").and_then(Value::as_str).unwrap_or_default();
            if !["boolean", "string", "integer", "number"].contains(&kind) {
                return Err(Refusal::bad_input(format!(
                    "data_collection.{id}.type must be boolean, string, integer or number."
                )));
            }
        }
        Ok(())
    }
}

pub(crate) async fn create_agent(
    State(state): State<Shared>,
    account: Account,
    bytes: Bytes,
) -> Result<Json<Value>, Refusal> {
    let body = parse(&bytes, true)?;
    let now_ms = state.clock.now().as_millisecond();
    let mut agent = Agent {
        agent_id: format!("agent_{}", random_hex::<13>()),
        account: account.0,
        created_ms: now_ms,
        updated_ms: now_ms,
        last_call_ms: None,
        name: "New agent".to_owned(),
        tags: json!([]),
        conversation_config: default_config(),
        platform_settings: default_settings(),
        workflow: json!({ "edges": {}, "nodes": {}, "prevent_subagent_loops": false }),
    };
    apply(&mut agent, &body);
    agent.check()?;
    state.storage.create_agent(&agent)?;
    Ok(Json(json!({ "agent_id": agent.agent_id })))
}

pub(crate) async fn get_agent(
    State(state): State<Shared>,
    account: Account,
    Path(agent_id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let agent = state.storage.agent(&account.0, &agent_id)?;
    agent.map(|agent| Json(agent.document())).ok_or_else(|| unknown(&agent_id))
}

pub(crate) async fn update_agent(
    State(state): State<Shared>,
    account: Account,
    Path(agent_id): Path<String>,
    bytes: Bytes,
) -> Result<Json<Value>, Refusal> {
    let body = parse(&bytes, false)?;
    let now_ms = state.clock.now().as_millisecond();
    let changed = state.storage.change_agent::<Refusal>(&account.0, &agent_id, |agent| {
        apply(agent, &body);
        agent.updated_ms = now_ms.max(agent.updated_ms + 1);
        agent.check()
    })?;
    changed.map(|agent| Json(agent.document())).ok_or_else(|| unknown(&agent_id))
}

/// Changes an agent without a request; nothing is checked, because somebody else did it.
pub(crate) fn edit(
    storage: &Storage,
    account: &str,
    agent_id: &str,
    change: &Value,
    now: Timestamp,
) -> Result<bool, Error> {
    let changed = storage.change_agent::<Error>(account, agent_id, |agent| {
        apply(agent, change);
        agent.updated_ms = now.as_millisecond().max(agent.updated_ms + 1);
        Ok(())
    })?;
    Ok(changed.is_some())
}

pub(crate) async fn delete_agent(
    State(state): State<Shared>,
    account: Account,
    Path(agent_id): Path<String>,
) -> Result<StatusCode, Refusal> {
    if state.storage.delete_agent(&account.0, &agent_id)? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(unknown(&agent_id))
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct ListQuery {
    page_size: Option<String>,
    cursor: Option<String>,
    search: Option<String>,
    archived: Option<bool>,
}

pub(crate) async fn list_agents(
    State(state): State<Shared>,
    account: Account,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, Refusal> {
    let page = Page::read(query.page_size.as_deref(), query.cursor.as_deref())?;
    let search = query.search.unwrap_or_default().to_lowercase();
    let mut rows = state.storage.agents(&account.0, page.before)?;
    rows.retain(|(_, agent)| {
        agent.name.to_lowercase().contains(&search)
            && query.archived.is_none_or(|wanted| wanted == agent.is_archived())
    });
    let next_cursor = page.cut(&mut rows);
    let agents: Vec<Value> = rows.iter().map(|(_, agent)| summary(agent)).collect();
    Ok(Json(json!({ "agents": agents, "has_more": next_cursor.is_some(), "next_cursor": next_cursor })))
}

pub(crate) fn unknown(agent_id: &str) -> Refusal {
    Refusal::not_found("Agent", agent_id)
}

fn summary(agent: &Agent) -> Value {
    json!({
        "agent_id": agent.agent_id,
        "name": agent.name,
        "tags": agent.tags,
        "created_at_unix_secs": agent.created_ms / 1000,
        "last_call_time_unix_secs": agent.last_call_ms.map(|ms| ms / 1000),
        "archived": agent.is_archived(),
        "access_info": access_info(),
    })
}

fn access_info() -> Value {
    json!({ "is_creator": true, "creator_name": "Simulator", "creator_email": "simulator@example.com",
            "role": "admin" })
}

fn parse(bytes: &[u8], creating: bool) -> Result<Value, Refusal> {
    let mut body = Body::parse(bytes)?;
    body.check(&["conversation_config"], creating, "dictionary", Value::is_object);
    body.check(&["conversation_config", "agent"], false, "dictionary", Value::is_object);
    body.check(&["conversation_config", "agent", "first_message"], false, "string", Value::is_string);
    body.check(&["conversation_config", "agent", "language"], false, "string", Value::is_string);
    body.check(&["conversation_config", "agent", "prompt"], false, "dictionary", Value::is_object);
    body.check(&["conversation_config", "agent", "prompt", "prompt"], false, "string", Value::is_string);
    body.check(&["conversation_config", "tts"], false, "dictionary", Value::is_object);
    body.check(&["name"], false, "string", Value::is_string);
    body.check(&["tags"], false, "list", Value::is_array);
    body.check(&["platform_settings"], false, "dictionary", Value::is_object);
    body.check(&["platform_settings", "data_collection"], false, "dictionary", Value::is_object);
    body.check(&["platform_settings", "evaluation", "criteria"], false, "list", Value::is_array);
    body.check(&["workflow"], false, "dictionary", Value::is_object);
    body.finish()?;
    Ok(body.value())
}

fn apply(agent: &mut Agent, body: &Value) {
    if let Some(name) = body.get("name").and_then(Value::as_str) {
        name.clone_into(&mut agent.name);
    }
    let parts = [
        ("tags", &mut agent.tags),
        ("conversation_config", &mut agent.conversation_config),
        ("platform_settings", &mut agent.platform_settings),
        ("workflow", &mut agent.workflow),
    ];
    for (name, stored) in parts {
        if let Some(sent) = body.get(name).filter(|sent| !sent.is_null()) {
            merge(stored, sent);
        }
    }
}

/// Lays `sent` over `stored`: objects field by field, but maps whose keys are the user's as a whole, for
/// nothing could be removed from them otherwise.
fn merge(stored: &mut Value, sent: &Value) {
    const MAPS: [&str; 4] =
        ["data_collection", "dynamic_variable_placeholders", "language_presets", "built_in_tools"];
    match (stored, sent) {
        (Value::Object(stored), Value::Object(sent)) => {
            for (name, value) in sent {
                match stored.get_mut(name) {
                    Some(old) if !MAPS.contains(&name.as_str()) => merge(old, value),
                    _ => {
                        stored.insert(name.clone(), value.clone());
                    }
                }
            }
        }
        (stored, sent) => stored.clone_from(sent),
    }
}

fn default_config() -> Value {
    json!({
        "agent": {
            "first_message": "", "language": "en",
            "dynamic_variables": { "dynamic_variable_placeholders": {} },
            "prompt": {
                "prompt": "", "llm": "gemini-2.5-flash", "temperature": 0.0, "max_tokens": -1, "tool_ids": [],
                "built_in_tools": {}, "mcp_server_ids": [], "knowledge_base": [],
            },
        },
        "asr": { "quality": "high", "provider": "scribe_realtime", "keywords": [] },
        "turn": { "turn_timeout": 7.0, "silence_end_call_timeout": -1.0, "mode": "turn" },
        "tts": { "model_id": "eleven_flash_v2", "voice_id": "cjVigY5qzO86Huf0OWal", "stability": 0.5,
                 "similarity_boost": 0.8, "speed": 1.0 },
        "conversation": { "text_only": false, "max_duration_seconds": 600 },
        "language_presets": {},
    })
}

fn default_settings() -> Value {
    json!({
        "evaluation": { "criteria": [] },
        "data_collection": {},
        "overrides": {
            "conversation_config_override": {},
            "custom_llm_extra_body": false,
            "enable_conversation_initiation_client_data_from_webhook": false,
        },
        "workspace_overrides": { "webhooks": {} },
        "call_limits": { "agent_concurrency_limit": -1, "daily_limit": 100_000, "bursting_enabled": true },
        "privacy": { "record_voice": true, "retention_days": -1, "zero_retention_mode": false },
        "archived": false,
    })
}
