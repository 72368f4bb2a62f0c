//! The stand-in for ElevenLabs' Agents Platform: agents, outbound calls, conversations, webhooks.

pub(crate) mod agents;
pub(crate) mod calls;
pub(crate) mod conversations;
mod document;
mod phrases;
pub(crate) mod script;
mod variables;
mod verdict;
pub(crate) mod webhooks;

use crate::{Error, Shared};
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Map, Value, json};

/// Where the ElevenLabs host stands on the simulators' server; `/v1` follows.
pub(crate) const PREFIX: &str = "/elevenlabs";

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/elevenlabs/v1/convai/agents", get(agents::list_agents))
        .route("/elevenlabs/v1/convai/agents/create", post(agents::create_agent))
        .route(
            "/elevenlabs/v1/convai/agents/{agent_id}",
            get(agents::get_agent).patch(agents::update_agent).delete(agents::delete_agent),
        )
        .route("/elevenlabs/v1/convai/twilio/outbound-call", post(calls::call_over_twilio))
        .route("/elevenlabs/v1/convai/sip-trunk/outbound-call", post(calls::call_over_sip_trunk))
        .route("/elevenlabs/v1/convai/exotel/outbound-call", post(calls::call_over_exotel))
        .route("/elevenlabs/v1/convai/conversations", get(conversations::list_conversations))
        .route(
            "/elevenlabs/v1/convai/conversations/{conversation_id}",
            get(conversations::get_conversation).delete(conversations::delete_conversation),
        )
        .route(
            "/elevenlabs/v1/convai/conversations/{conversation_id}/audio",
            get(conversations::get_conversation_audio),
        )
}

/// An answer that is not a success, in one of the shapes of the real service.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// `{"detail": {type, code, message, status, request_id}}`.
    Detail { status: StatusCode, kind: &'static str, code: &'static str, message: String },
    /// 422 in `FastAPI`'s shape.
    Invalid(Vec<FieldError>),
    /// 429 of a rate limit, with `retry-after`.
    RateLimited,
}

impl Refusal {
    pub(crate) fn not_found(kind: &str, id: &str) -> Self {
        Self::Detail {
            status: StatusCode::NOT_FOUND,
            kind: "not_found",
            code: "document_not_found",
            message: format!("{kind} with id {id} not found."),
        }
    }

    pub(crate) fn bad_input(message: impl Into<String>) -> Self {
        Self::Detail {
            status: StatusCode::BAD_REQUEST,
            kind: "invalid_request",
            code: "input_invalid",
            message: message.into(),
        }
    }

    pub(crate) fn server_error(status: StatusCode) -> Self {
        Self::Detail {
            status,
            kind: "internal_error",
            code: "system_busy",
            message: "The system is experiencing heavy traffic, please try again.".to_owned(),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        tracing::error!(%error, "the simulator cannot answer");
        Self::server_error(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Detail { status, kind, code, message } => {
                (status, axum::Json(detail(kind, code, &message))).into_response()
            }
            Self::Invalid(errors) => {
                let errors: Vec<Value> = errors.into_iter().map(FieldError::into_json).collect();
                (StatusCode::UNPROCESSABLE_ENTITY, axum::Json(json!({ "detail": errors }))).into_response()
            }
            Self::RateLimited => {
                let body = detail("rate_limit_error", "rate_limit_exceeded", "Too many requests, slow down.");
                let wait = (header::RETRY_AFTER, HeaderValue::from_static("1"));
                (StatusCode::TOO_MANY_REQUESTS, [wait], axum::Json(body)).into_response()
            }
        }
    }
}

fn detail(kind: &str, code: &str, message: &str) -> Value {
    let request_id = crate::random_hex::<16>();
    json!({ "detail": {
        "type": kind, "code": code, "message": message, "status": code, "request_id": request_id } })
}

/// What is wrong with one field of a request.
#[derive(Debug)]
pub(crate) struct FieldError {
    kind: &'static str,
    location: Vec<Value>,
    message: String,
    input: Value,
}

impl FieldError {
    fn into_json(self) -> Value {
        json!({ "type": self.kind, "loc": self.location, "msg": self.message, "input": self.input })
    }

    /// A query parameter that does not fit.
    pub(crate) fn of_query(name: &str, message: &str, input: &str) -> Self {
        Self {
            kind: "value_error",
            location: vec![json!("query"), json!(name)],
            message: message.to_owned(),
            input: json!(input),
        }
    }
}

/// The account that a request's `xi-api-key` names.
#[derive(Debug)]
pub(crate) struct Account(pub(crate) String);

impl FromRequestParts<Shared> for Account {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Result<Self, Refusal> {
        let key = parts.headers.get("xi-api-key").and_then(|value| value.to_str().ok()).unwrap_or_default();
        match state.storage.account(key)? {
            Some(_) => Ok(Self(key.to_owned())),
            None => Err(Refusal::Detail {
                status: StatusCode::UNAUTHORIZED,
                kind: "authentication_error",
                code: "invalid_api_key",
                message: "Invalid API key".to_owned(),
            }),
        }
    }
}

/// A request body under examination: what is read from it, and all that was wrong on the way.
#[derive(Debug)]
pub(crate) struct Body {
    fields: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Body {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Self { fields, errors: Vec::new() }),
            Ok(other) => Err(Refusal::Invalid(vec![FieldError {
                kind: "model_attributes_type",
                location: vec![json!("body")],
                message: "Input should be a valid dictionary or object to extract fields from".to_owned(),
                input: other,
            }])),
            Err(_) => Err(Refusal::Invalid(vec![FieldError {
                kind: "json_invalid",
                location: vec![json!("body"), json!(0)],
                message: "JSON decode error".to_owned(),
                input: json!({}),
            }])),
        }
    }

    pub(crate) fn value(&self) -> Value {
        Value::Object(self.fields.clone())
    }

    /// Demands that the place at `path` holds a value that `fits`, or, if it may be absent, none or null.
    pub(crate) fn check(&mut self, path: &[&str], required: bool, type_name: &str, fits: fn(&Value) -> bool) {
        let Some((name, parents)) = path.split_last() else {
            return;
        };
        let mut place = Some(&self.fields);
        for parent in parents {
            place = place.and_then(|fields| fields.get(*parent)).and_then(Value::as_object);
        }
        let value = place.and_then(|fields| fields.get(*name));
        let error = match value {
            None if required => Some(("missing", "Field required".to_owned(), self.value())),
            None => None,
            Some(Value::Null) if !required => None,
            Some(value) if fits(value) => None,
            Some(value) => {
                Some(("type_error", format!("Input should be a valid {type_name}"), value.clone()))
            }
        };
        if let Some((kind, message, input)) = error {
            let location = std::iter::once("body").chain(path.iter().copied()).map(Value::from).collect();
            self.errors.push(FieldError { kind, location, message, input });
        }
    }

    /// The text of a field that [`Body::check`] has demanded.
    pub(crate) fn text(&self, name: &str) -> String {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Refuses the request if anything was wrong.
    pub(crate) fn finish(&mut self) -> Result<(), Refusal> {
        if self.errors.is_empty() { Ok(()) } else { Err(Refusal::Invalid(std::mem::take(&mut self.errors))) }
    }
}

/// The parameters of every list.
#[derive(Debug)]
pub(crate) struct Page {
    /// Rows older than this one.
    pub(crate) before: i64,
    pub(crate) size: usize,
}

impl Page {
    /// Reads `page_size` (1 to 100, 30 by default) and `cursor`.
    pub(crate) fn read(size: Option<&str>, cursor: Option<&str>) -> Result<Self, Refusal> {
        let wrong =
            |name, message, input: &str| Refusal::Invalid(vec![FieldError::of_query(name, message, input)]);
        let size = match size {
            None => 30,
            Some(text) => text
                .parse()
                .ok()
                .filter(|size| (1..=100).contains(size))
                .ok_or_else(|| wrong("page_size", "Input should be from 1 to 100", text))?,
        };
        let before = match cursor {
            None | Some("") => i64::MAX,
            Some(text) => i64::from_str_radix(text, 36)
                .map_err(|_| wrong("cursor", "Input should be a cursor that a page gave", text))?,
        };
        Ok(Self { before, size })
    }

    /// Cuts rows to the page, and says where the next page begins.
    pub(crate) fn cut<T>(&self, rows: &mut Vec<(i64, T)>) -> Option<String> {
        if rows.len() <= self.size {
            return None;
        }
        rows.truncate(self.size);
        rows.last().map(|(seq, _)| base36(*seq))
    }
}

fn base36(mut number: i64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut text = Vec::new();
    while number > 0 {
        text.push(char::from(DIGITS[usize::try_from(number % 36).unwrap_or_default()]));
        number /= 36;
    }
    text.iter().rev().collect()
}
