//! The stand-in for `OpenAI`: chat completions with structured output, and embeddings.

mod chat;
mod embeddings;
mod fill;
mod names;
mod strict;
mod when;

pub(crate) use when::{Wish, ascii_digits, fold, wished_time};

use crate::analysis::Facts;
use crate::{Shared, random_hex};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where the API stands on the simulators' server, version included.
pub(crate) const PREFIX: &str = "/openai/v1";

/// How the simulated model behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelBehaviour {
    /// Says what the transcript says, and quotes it word for word.
    #[default]
    Honest,
    /// Obeys the instructions that it finds in the transcript.
    Hostile,
    /// Quotes what nobody said, and knows names and addresses that nobody gave.
    Inventing,
    /// Stops in the middle of its JSON, with `finish_reason` `length`.
    BrokenJson,
    /// Refuses: `refusal` is set and `content` is null.
    Refusal,
    /// Answers honestly, after the time of `Simulators::set_slowness`.
    Slow,
    /// 500.
    #[serde(rename = "error_500")]
    Error500,
    /// 429 with `retry-after`.
    RateLimited,
}

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/openai/v1/chat/completions", post(create_chat_completion))
        .route("/openai/v1/embeddings", post(embeddings::create_embedding))
}

/// An answer that is not a success, in `OpenAI`'s shape.
#[derive(Debug)]
struct Failure {
    status: StatusCode,
    kind: &'static str,
    message: String,
    param: Option<String>,
    code: Option<&'static str>,
}

impl Failure {
    fn bad_request(param: &str, code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: "invalid_request_error",
            message: message.into(),
            param: Some(param.to_owned()).filter(|param| !param.is_empty()),
            code,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let error = json!({ "error": {
            "message": self.message, "type": self.kind, "param": self.param, "code": self.code } });
        let mut response = (self.status, Json(error)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            headers.insert("x-ratelimit-remaining-requests", HeaderValue::from_static("0"));
            headers.insert("x-ratelimit-reset-requests", HeaderValue::from_static("1s"));
        }
        with_request_id(response)
    }
}

/// What `OpenAI` says of a path that it does not have.
pub(crate) fn unknown_url(method: &Method, uri: &Uri) -> Response {
    let path = uri.path().strip_prefix("/openai").unwrap_or_default();
    let failure = Failure {
        status: StatusCode::NOT_FOUND,
        kind: "invalid_request_error",
        message: format!("Invalid URL ({method} {path})"),
        param: None,
        code: None,
    };
    failure.into_response()
}

async fn create_chat_completion(State(state): State<Shared>, headers: HeaderMap, bytes: Bytes) -> Response {
    let behaviour = state.behaviour();
    if behaviour == ModelBehaviour::Slow {
        state.be_slow().await;
    }
    match complete(&state, behaviour, &headers, &bytes) {
        Ok(completion) => with_request_id(Json(completion).into_response()),
        Err(failure) => failure.into_response(),
    }
}

fn complete(
    state: &Shared,
    behaviour: ModelBehaviour,
    headers: &HeaderMap,
    bytes: &[u8],
) -> Result<Value, Failure> {
    authenticate(headers)?;
    let request: Value = serde_json::from_slice(bytes)
        .map_err(|_| Failure::bad_request("", None, "We could not parse the JSON body of your request."))?;
    check(&request)?;
    fail(behaviour)?;
    let (system, user) = (texts(&request, &["developer", "system"]), texts(&request, &["user"]));
    let now = state.clock.now();
    let mut facts = Facts::of(&user, now);
    match behaviour {
        ModelBehaviour::Hostile => facts.obey(),
        ModelBehaviour::Inventing => facts.invent(),
        _ => {}
    }
    let content = match format_of(&request) {
        Format::Schema(_) if schema_name(&request) == Some(chat::SCHEMA) => {
            chat::reply(behaviour, &system, &user).to_string()
        }
        Format::Schema(schema) => fill::fill(schema, &facts).to_string(),
        Format::Json => facts.to_json().to_string(),
        Format::Text => facts.summary.clone(),
    };
    let (content, refusal, finish_reason) = match behaviour {
        ModelBehaviour::Refusal => (None, Some("I'm sorry, I can't assist with that request."), "stop"),
        ModelBehaviour::BrokenJson => (Some(first_half(&content)), None, "length"),
        _ => (Some(content), None, "stop"),
    };
    let prompt_tokens = tokens(&system) + tokens(&user);
    let completion_tokens = tokens(content.as_deref().unwrap_or_default());
    Ok(json!({
        "id": format!("chatcmpl-{}", random_hex::<15>()),
        "object": "chat.completion",
        "created": now.as_second(),
        // What the simulator invents says so.
        "model": "simulator",
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": content, "refusal": refusal, "annotations": [] },
            "logprobs": null,
            "finish_reason": finish_reason,
        }],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
            "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": 0, "audio_tokens": 0 },
        },
        "service_tier": "default",
        "system_fingerprint": "fp_simulator",
    }))
}

/// Fails as the behaviour wants it.
fn fail(behaviour: ModelBehaviour) -> Result<(), Failure> {
    match behaviour {
        ModelBehaviour::Error500 => Err(Failure {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            kind: "server_error",
            message: "The server had an error while processing your request. Sorry about that!".to_owned(),
            param: None,
            code: None,
        }),
        ModelBehaviour::RateLimited => Err(Failure {
            status: StatusCode::TOO_MANY_REQUESTS,
            kind: "requests",
            message: "Rate limit reached for requests. Please try again in 1s.".to_owned(),
            param: None,
            code: Some("rate_limit_exceeded"),
        }),
        _ => Ok(()),
    }
}

fn authenticate(headers: &HeaderMap) -> Result<(), Failure> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if bearer.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|key| !key.trim().is_empty()) {
        return Ok(());
    }
    Err(Failure {
        status: StatusCode::UNAUTHORIZED,
        kind: "invalid_request_error",
        message: "You didn't provide an API key.".to_owned(),
        param: None,
        code: None,
    })
}

/// What a request without a fault must satisfy.
fn check(request: &Value) -> Result<(), Failure> {
    let required = |name: &str| format!("Missing required parameter: '{name}'.");
    let Some(model) = request["model"].as_str().filter(|model| !model.is_empty()) else {
        return Err(Failure::bad_request("", None, "you must provide a model parameter"));
    };
    let Some(messages) = request["messages"].as_array() else {
        return Err(Failure::bad_request(
            "messages",
            Some("missing_required_parameter"),
            required("messages"),
        ));
    };
    if messages.is_empty() {
        let message = "Invalid 'messages': empty array. Expected an array with minimum length 1.";
        return Err(Failure::bad_request("messages", Some("empty_array"), message));
    }
    for (n, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        if !["developer", "system", "user", "assistant", "tool", "function"].contains(&role) {
            let param = format!("messages[{n}].role");
            let message = format!("Invalid value: '{role}' for '{param}'.");
            return Err(Failure::bad_request(&param, Some("invalid_value"), message));
        }
        let content = &message["content"];
        if !(content.is_string() || content.is_array() || (role == "assistant" && content.is_null())) {
            let param = format!("messages[{n}].content");
            let message = format!("Invalid type for '{param}': expected a string or an array of objects.");
            return Err(Failure::bad_request(&param, Some("invalid_type"), message));
        }
    }
    if model.starts_with("gpt-6") {
        check_gpt_6(request)?;
    }
    let format = &request["response_format"];
    match format["type"].as_str() {
        None if format.is_null() => Ok(()),
        Some("text" | "json_object") => Ok(()),
        Some("json_schema") => check_schema(&format["json_schema"]),
        _ => {
            let param = "response_format.type";
            Err(Failure::bad_request(param, Some("invalid_value"), format!("Invalid value for '{param}'.")))
        }
    }
}

/// What changed for clients of older models.
fn check_gpt_6(request: &Value) -> Result<(), Failure> {
    let unsupported =
        |param: &str, message: &str| Err(Failure::bad_request(param, Some("unsupported_parameter"), message));
    let present = |name: &str| request.get(name).is_some_and(|value| !value.is_null());
    if present("max_tokens") {
        let message = "Unsupported parameter: 'max_tokens' is not supported with this model. \
                       Use 'max_completion_tokens' instead.";
        return unsupported("max_tokens", message);
    }
    if request["reasoning_effort"] != "none" {
        for name in ["temperature", "top_p", "tools"] {
            if present(name) {
                let message = format!(
                    "Unsupported parameter: '{name}' needs 'reasoning_effort' to be 'none' with this model."
                );
                return unsupported(name, &message);
            }
        }
    }
    Ok(())
}

fn check_schema(format: &Value) -> Result<(), Failure> {
    let name = format["name"].as_str().unwrap_or_default();
    let fits = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if !fits {
        let param = "response_format.json_schema.name";
        let message = format!("Invalid '{param}': 1 to 64 of a-z, A-Z, 0-9, _ and - are expected.");
        return Err(Failure::bad_request(param, Some("invalid_value"), message));
    }
    if !format["schema"].is_object() {
        let param = "response_format.json_schema.schema";
        let message = format!("Missing required parameter: '{param}'.");
        return Err(Failure::bad_request(param, Some("missing_required_parameter"), message));
    }
    if format["strict"] == true {
        strict::check(&format["schema"]).map_err(|fault| {
            let message = format!("Invalid schema for response_format '{name}': {fault}");
            Failure::bad_request("response_format", None, message)
        })?;
    }
    Ok(())
}

enum Format<'a> {
    Schema(&'a Value),
    Json,
    Text,
}

fn format_of(request: &Value) -> Format<'_> {
    let format = &request["response_format"];
    match format["type"].as_str() {
        Some("json_schema") => Format::Schema(&format["json_schema"]["schema"]),
        Some("json_object") => Format::Json,
        _ => Format::Text,
    }
}

fn schema_name(request: &Value) -> Option<&str> {
    request["response_format"]["json_schema"]["name"].as_str()
}

/// The texts of the messages of these roles, one after the other.
fn texts(request: &Value, roles: &[&str]) -> String {
    let messages = request["messages"].as_array().into_iter().flatten();
    let chosen =
        messages.filter(|message| message["role"].as_str().is_some_and(|role| roles.contains(&role)));
    let mut all = Vec::new();
    for message in chosen {
        match &message["content"] {
            Value::String(text) => all.push(text.as_str()),
            Value::Array(parts) => all.extend(parts.iter().filter_map(|part| part["text"].as_str())),
            _ => {}
        }
    }
    all.join("\n")
}

fn tokens(text: &str) -> usize {
    text.len().div_ceil(4)
}

fn first_half(text: &str) -> String {
    text.chars().take(text.chars().count() / 2).collect()
}

fn with_request_id(mut response: Response) -> Response {
    if let Ok(id) = HeaderValue::from_str(&format!("req_{}", random_hex::<16>())) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}
