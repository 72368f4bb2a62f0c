//! Conversations: how a call stands, as the list and the single view show it.

use super::{Account, FieldError, Page, Refusal};
use crate::Shared;
use crate::storage::ConversationFilter;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where a call stands, in ElevenLabs' words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    Initiated,
    InProgress,
    Processing,
    Done,
    Failed,
}

/// A change of status that is still to come.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Stage {
    pub(crate) at_ms: i64,
    pub(crate) status: Status,
}

/// What is told to the account at the end of a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Notice {
    /// `post_call_transcription`: the conversation itself.
    Transcription,
    /// `call_initiation_failure` with this `data`.
    InitiationFailure(Value),
}

/// A call as it is stored: its whole course is decided when it is placed, the clock only uncovers it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "as the API calls it")]
pub(crate) struct Conversation {
    pub(crate) conversation_id: String,
    pub(crate) account: String,
    pub(crate) agent_id: String,
    pub(crate) user_id: Option<String>,
    pub(crate) to_number: String,
    pub(crate) started_ms: i64,
    pub(crate) status: Status,
    /// In the order of their instants; empty once the call has ended.
    pub(crate) stages: Vec<Stage>,
    /// The body of the request that placed it.
    pub(crate) request: Value,
    /// The conversation object as it is in the end.
    pub(crate) document: Value,
    /// `None` where the agent wants no webhook of this kind.
    pub(crate) notice: Option<Notice>,
}

impl Conversation {
    /// The conversation object as it is now: what is not known before the end is left out.
    pub(crate) fn view(&self) -> Value {
        let mut view = self.document.clone();
        view["status"] = json!(self.status);
        if matches!(self.status, Status::Done | Status::Failed) {
            return view;
        }
        view["analysis"] = Value::Null;
        for flag in ["has_audio", "has_user_audio", "has_response_audio"] {
            view[flag] = json!(false);
        }
        let metadata = &mut view["metadata"];
        metadata["cost"] = Value::Null;
        metadata["error"] = Value::Null;
        metadata["termination_reason"] = json!("");
        if self.status == Status::Initiated {
            metadata["accepted_time_unix_secs"] = Value::Null;
        }
        if self.status != Status::Processing {
            metadata["call_duration_secs"] = json!(0);
            view["transcript"] = json!([]);
        }
        view
    }

    fn summary(&self, with_text: bool) -> Value {
        let view = self.view();
        let text = |name: &str| {
            if with_text { view["analysis"][name].clone() } else { Value::Null }
        };
        let turns = view["transcript"].as_array().map_or(0, Vec::len);
        let successful = view["analysis"]["call_successful"].as_str().unwrap_or("unknown");
        json!({
            "agent_id": self.agent_id,
            "agent_name": view["agent_name"],
            "branch_id": view["branch_id"],
            "version_id": view["version_id"],
            "conversation_id": self.conversation_id,
            "start_time_unix_secs": view["metadata"]["start_time_unix_secs"],
            "call_duration_secs": view["metadata"]["call_duration_secs"],
            "message_count": turns,
            "status": self.status,
            "termination_reason": view["metadata"]["termination_reason"],
            "call_successful": successful,
            "transcript_summary": text("transcript_summary"),
            "call_summary_title": text("call_summary_title"),
            "main_language": view["metadata"]["main_language"],
            "conversation_initiation_source": view["metadata"]["conversation_initiation_source"],
            "direction": "outbound",
            "rating": null,
            "tool_names": tool_names(&view),
            "tag_ids": [],
        })
    }
}

fn tool_names(view: &Value) -> Vec<&str> {
    let turns = view["transcript"].as_array().into_iter().flatten();
    let calls = turns.filter_map(|turn| turn["tool_calls"].as_array()).flatten();
    calls.filter_map(|call| call["tool_name"].as_str()).collect()
}

#[derive(Debug, Deserialize)]
pub(crate) struct ListQuery {
    page_size: Option<String>,
    cursor: Option<String>,
    user_id: Option<String>,
    agent_id: Option<String>,
    call_start_after_unix: Option<String>,
    call_start_before_unix: Option<String>,
    summary_mode: Option<String>,
}

pub(crate) async fn list_conversations(
    State(state): State<Shared>,
    account: Account,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, Refusal> {
    let page = Page::read(query.page_size.as_deref(), query.cursor.as_deref())?;
    let filter = ConversationFilter {
        user_id: query.user_id,
        agent_id: query.agent_id,
        started_after_ms: unix_ms("call_start_after_unix", query.call_start_after_unix.as_deref())?,
        started_before_ms: unix_ms("call_start_before_unix", query.call_start_before_unix.as_deref())?,
    };
    state.settle(state.clock.now())?;
    let limit = i64::try_from(page.size).unwrap_or(i64::MAX - 1) + 1;
    let mut rows = state.storage.conversations(&account.0, &filter, page.before, limit)?;
    let next_cursor = page.cut(&mut rows);
    let with_text = query.summary_mode.as_deref() == Some("include");
    let conversations: Vec<Value> = rows.iter().map(|(_, call)| call.summary(with_text)).collect();
    Ok(Json(json!({
        "conversations": conversations, "has_more": next_cursor.is_some(), "next_cursor": next_cursor })))
}

pub(crate) async fn get_conversation(
    State(state): State<Shared>,
    account: Account,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    state.settle(state.clock.now())?;
    let call = state.storage.conversation(&account.0, &id)?;
    call.map(|call| Json(call.view())).ok_or_else(|| Refusal::not_found("Conversation", &id))
}

pub(crate) async fn delete_conversation(
    State(state): State<Shared>,
    account: Account,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    state.settle(state.clock.now())?;
    if state.storage.delete_conversation(&account.0, &id)? {
        Ok(Json(Value::Null))
    } else {
        Err(Refusal::not_found("Conversation", &id))
    }
}

pub(crate) async fn get_conversation_audio(
    State(state): State<Shared>,
    account: Account,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Refusal> {
    state.settle(state.clock.now())?;
    let call = state.storage.conversation(&account.0, &id)?;
    let has_audio = |view: &Value| view["has_audio"] == json!(true);
    if call.is_some_and(|call| has_audio(&call.view())) {
        let mp3 = (header::CONTENT_TYPE, HeaderValue::from_static("audio/mpeg"));
        Ok(([mp3], silent_mp3()))
    } else {
        Err(Refusal::not_found("Audio of conversation", &id))
    }
}

/// One second of silence: MPEG-1 layer III, 128 kbit/s, 44.1 kHz.
fn silent_mp3() -> Vec<u8> {
    let mut frame = vec![0xff, 0xfb, 0x90, 0x64];
    frame.resize(417, 0);
    frame.repeat(38)
}

fn unix_ms(name: &str, text: Option<&str>) -> Result<Option<i64>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let secs: i64 = text.parse().map_err(|_| {
        Refusal::Invalid(vec![FieldError::of_query(name, "Input should be a valid integer", text)])
    })?;
    Ok(Some(secs.saturating_mul(1000)))
}
