//! Outbound calls over Twilio, SIP trunk and Exotel: the request, the answer, and the call's course.

use super::agents::{self, Agent};
use super::conversations::{Conversation, Notice, Stage, Status};
use super::document::{AGENT_NUMBER, document, initiation_failure};
use super::phrases::Language;
use super::script::{Play, Scene, Script, play};
use super::variables::{Variables, effective, forbidden_override};
use super::{Account, Body, Refusal, verdict};
use crate::lies::{Lie, SplitMix64};
use crate::{Shared, random_hex};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Who carries the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    Twilio,
    SipTrunk,
    Exotel,
}

pub(crate) async fn call_over_twilio(state: State<Shared>, account: Account, body: Bytes) -> Response {
    call(Carrier::Twilio, state, account, body).await
}

pub(crate) async fn call_over_sip_trunk(state: State<Shared>, account: Account, body: Bytes) -> Response {
    call(Carrier::SipTrunk, state, account, body).await
}

pub(crate) async fn call_over_exotel(state: State<Shared>, account: Account, body: Bytes) -> Response {
    call(Carrier::Exotel, state, account, body).await
}

async fn call(carrier: Carrier, State(state): State<Shared>, account: Account, bytes: Bytes) -> Response {
    match place(carrier, &state, account, &bytes) {
        Err(refusal) => refusal.into_response(),
        Ok((answer, lie)) => {
            let failed = Refusal::server_error(StatusCode::INTERNAL_SERVER_ERROR);
            state.answer(lie, Json(answer).into_response(), failed.into_response()).await
        }
    }
}

/// Places the call, and says what the honest answer would be and which lie is told instead.
fn place(
    carrier: Carrier,
    state: &Shared,
    account: Account,
    bytes: &[u8],
) -> Result<(Value, Option<Lie>), Refusal> {
    let mut body = Body::parse(bytes)?;
    let config = "telephony_call_config";
    body.check(&["agent_id"], true, "string", Value::is_string);
    body.check(&["agent_phone_number_id"], true, "string", Value::is_string);
    body.check(&["to_number"], true, "string", Value::is_string);
    body.check(&["conversation_initiation_client_data"], false, "dictionary", Value::is_object);
    body.check(&["conversation_initiation_client_data", "user_id"], false, "string", Value::is_string);
    body.check(
        &["conversation_initiation_client_data", "dynamic_variables"],
        false,
        "dictionary",
        Value::is_object,
    );
    body.check(&[config], false, "dictionary", Value::is_object);
    body.check(&[config, "ringing_timeout_secs"], false, "integer from 1 to 999", |value| {
        value.as_i64().is_some_and(|secs| (1..=999).contains(&secs))
    });
    body.finish()?;

    let agent_id = body.text("agent_id");
    let agent = state.storage.agent(&account.0, &agent_id)?.ok_or_else(|| agents::unknown(&agent_id))?;
    let to_number = body.text("to_number");
    if !is_e164(&to_number) {
        let message = format!("The phone number {to_number} is not a valid E.164 number.");
        return Ok((answer(carrier, false, &message, &Value::Null, &Value::Null), None));
    }
    let lie = state.liar().dial();
    match lie {
        Some(Lie::RateLimit429) => return Err(Refusal::RateLimited),
        Some(Lie::ServerError5xx) => return Err(Refusal::server_error(StatusCode::SERVICE_UNAVAILABLE)),
        _ => {}
    }
    let webhook_id = state.storage.account(&account.0)?.map(|webhook| webhook.webhook_id);
    let order = Order {
        webhook_id: webhook_id.unwrap_or_default(),
        carrier,
        agent,
        account: account.0,
        body: body.value(),
        now: state.clock.now(),
    };
    let call = state.storage.place(&to_number, |script| {
        compose(&order, &to_number, script.unwrap_or_else(|| Script::of_number(&to_number)))
    })?;
    let sid = &call.document["metadata"]["phone_call"]["call_sid"];
    Ok((answer(carrier, true, "Success", &json!(call.conversation_id), sid), lie))
}

fn answer(carrier: Carrier, success: bool, message: &str, conversation_id: &Value, sid: &Value) -> Value {
    let sid_name = if carrier == Carrier::SipTrunk { "sip_call_id" } else { "callSid" };
    json!({ "success": success, "message": message, "conversation_id": conversation_id, sid_name: sid })
}

fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

/// A call that is asked for.
pub(crate) struct Order {
    pub(crate) carrier: Carrier,
    pub(crate) agent: Agent,
    pub(crate) account: String,
    /// The workspace's webhook.
    pub(crate) webhook_id: String,
    pub(crate) body: Value,
    pub(crate) now: Timestamp,
}

impl Order {
    pub(crate) fn client_data(&self) -> &Value {
        &self.body["conversation_initiation_client_data"]
    }

    pub(crate) fn source(&self) -> &'static str {
        match self.carrier {
            Carrier::Twilio => "twilio",
            Carrier::SipTrunk => "sip_trunk",
            Carrier::Exotel => "exotel",
        }
    }
}

/// How the call goes, before it is written down.
pub(crate) struct Course {
    pub(crate) stages: Vec<Stage>,
    pub(crate) accepted_ms: Option<i64>,
    pub(crate) play: Option<Play>,
    /// Code and reason, where the call fails.
    pub(crate) error: Option<(i64, String)>,
    pub(crate) analysis: Value,
}

/// Decides the whole course of a call.
fn compose(order: &Order, to_number: &str, script: Script) -> Conversation {
    let agent = &order.agent;
    let started_ms = order.now.as_millisecond();
    let conversation_id = format!("conv_{}", random_hex::<13>());
    let sid = match order.carrier {
        Carrier::Twilio => format!("CA{}", random_hex::<16>()),
        Carrier::SipTrunk => format!("SCL_{}", random_hex::<6>()),
        Carrier::Exotel => random_hex::<16>(),
    };
    let variables = Variables::gather(
        agent,
        order.client_data(),
        vec![
            ("agent_id", json!(agent.agent_id)),
            ("current_agent_id", json!(agent.agent_id)),
            ("caller_id", json!(AGENT_NUMBER)),
            ("called_number", json!(to_number)),
            ("call_duration_secs", json!(0)),
            ("time_utc", json!(order.now.to_string())),
            ("conversation_id", json!(conversation_id)),
            ("call_sid", json!(sid)),
        ],
    );
    let course = course(order, to_number, script, &variables);
    let wanted = |event: &str| wants(order, event);
    let notice = if script.is_answered() {
        wanted("transcript").then_some(Notice::Transcription)
    } else {
        let failure = initiation_failure(order, &conversation_id, to_number, &sid, script, &course);
        wanted("call_initiation_failure").then_some(Notice::InitiationFailure(failure))
    };
    let document = document(order, &conversation_id, to_number, &sid, &variables, &course);
    Conversation {
        account: order.account.clone(),
        agent_id: agent.agent_id.clone(),
        user_id: order.client_data()["user_id"].as_str().map(str::to_owned),
        to_number: to_number.to_owned(),
        started_ms,
        status: Status::Initiated,
        stages: course.stages,
        request: order.body.clone(),
        document,
        notice,
        conversation_id,
    }
}

fn course(order: &Order, to_number: &str, script: Script, variables: &Variables) -> Course {
    let agent = &order.agent;
    let started_ms = order.now.as_millisecond();
    let mut random = SplitMix64::of(&format!("{to_number} {started_ms}"));
    let timeout = order.body["telephony_call_config"]["ringing_timeout_secs"].as_i64().unwrap_or(60);
    let ring_ms = match script {
        Script::NoAnswer => timeout * 1000,
        Script::Busy | Script::Failed => 2000,
        _ => random.between(3, 8).min(timeout) * 1000,
    };
    let rung_ms = started_ms + ring_ms;
    let failed = |accepted_ms, code, reason: String| Course {
        stages: vec![Stage { at_ms: rung_ms, status: Status::Failed }],
        accepted_ms,
        play: None,
        error: Some((code, reason)),
        analysis: Value::Null,
    };
    if let Some((reason, sip_status)) = failure_reason(script) {
        return failed(None, sip_status, format!("Call initiation failure: {reason}"));
    }
    let first_message = effective(agent, order.client_data(), "/agent/first_message");
    let prompt = effective(agent, order.client_data(), "/agent/prompt/prompt");
    let complaint = forbidden_override(agent, order.client_data())
        .or_else(|| missing("first message", &variables.missing_in(&first_message)))
        .or_else(|| missing("prompt", &variables.missing_in(&prompt)));
    if let Some(reason) = complaint {
        return failed(Some(rung_ms), 1008, reason);
    }

    let voicemail = agent.has_tool("voicemail_detection").then(|| {
        let message =
            agent.config_text("/agent/prompt/built_in_tools/voicemail_detection/params/voicemail_message");
        variables.render(message)
    });
    let scene = Scene {
        greeting: variables.render(&first_message),
        first_name: variables.first_name(),
        to_number: to_number.to_owned(),
        language: Language::of_code(&effective(agent, order.client_data(), "/agent/language")),
        can_end_call: agent.has_tool("end_call"),
        voicemail,
    };
    let play = play(script, &scene, &mut random);
    let ended_ms = rung_ms + play.secs * 1000;
    Course {
        stages: vec![
            Stage { at_ms: rung_ms, status: Status::InProgress },
            Stage { at_ms: ended_ms, status: Status::Processing },
            Stage { at_ms: ended_ms + random.between(2, 5) * 1000, status: Status::Done },
        ],
        accepted_ms: Some(rung_ms),
        analysis: verdict::analysis(agent, script, &scene),
        play: Some(play),
        error: None,
    }
}

/// The webhook's reason and the SIP status of a call that nobody picks up.
pub(crate) fn failure_reason(script: Script) -> Option<(&'static str, i64)> {
    match script {
        Script::NoAnswer => Some(("no-answer", 480)),
        Script::Busy => Some(("busy", 486)),
        Script::Failed => Some(("unknown", 503)),
        _ => None,
    }
}

fn missing(place: &str, names: &[String]) -> Option<String> {
    let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    (!names.is_empty())
        .then(|| format!("Missing required dynamic variables in {place}: {{{}}}", names.join(", ")))
}

/// Whether the agent's own webhook settings let an event through to the workspace's webhook; by default all are.
fn wants(order: &Order, event: &str) -> bool {
    let own = order.agent.platform_settings.pointer("/workspace_overrides/webhooks").unwrap_or(&Value::Null);
    if own["post_call_webhook_id"].as_str().is_some_and(|id| id != order.webhook_id) {
        tracing::warn!("the agent names a webhook that its workspace does not have: nothing will be posted");
        return false;
    }
    own["events"].as_array().is_none_or(|events| events.contains(&json!(event)))
}
