//! The stand-in for Amazon SES v2: sending an e-mail.

mod content;
mod mime;

use crate::lies::Lie;
use crate::outbox::{Channel, Sent};
use crate::{Error, Inner, Shared, Simulators, aws, random_hex};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, http::HeaderName};
use bytes::Bytes;
use content::Content;
use serde_json::{Value, json};

/// Where the service stands on the simulators' server; `/v2` follows.
pub(crate) const PREFIX: &str = "/ses";

/// Recipients of one message.
const RECIPIENTS: usize = 50;

pub(crate) fn router() -> Router<Shared> {
    Router::new().route("/ses/v2/email/outbound-emails", post(send_email))
}

impl Simulators {
    /// What to give an SES v2 client as its endpoint: `http://127.0.0.1:<port>/ses`.
    pub fn ses_base_url(&self) -> String {
        format!("http://{}{PREFIX}", self.inner.address)
    }
}

/// An answer that is not a success, in the shape of `restJson1`.
#[derive(Debug)]
struct Failure {
    status: StatusCode,
    name: &'static str,
    message: String,
}

impl Failure {
    fn new(status: StatusCode, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, name, message: message.into() }
    }

    fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequestException", message)
    }

    fn internal() -> Self {
        let message = "The request failed because of an internal error.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", message)
    }

    fn throttled() -> Self {
        let message = "Too many requests have been made to the operation.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        tracing::error!(%error, "the simulator cannot answer");
        Self::internal()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let kind = [(HeaderName::from_static("x-amzn-errortype"), self.name)];
        (self.status, kind, request_id(), Json(json!({ "message": self.message }))).into_response()
    }
}

/// What the service says of a path that it does not have.
pub(crate) fn unknown_path() -> Response {
    Failure::new(StatusCode::NOT_FOUND, "UnknownOperationException", "There is no such path.").into_response()
}

fn request_id() -> [(HeaderName, String); 1] {
    [(HeaderName::from_static("x-amzn-requestid"), aws::uuid())]
}

async fn send_email(State(state): State<Shared>, headers: HeaderMap, bytes: Bytes) -> Response {
    match send(&state, &headers, &bytes) {
        Err(failure) => failure.into_response(),
        Ok((message_id, lie)) => {
            let honest = (request_id(), Json(json!({ "MessageId": message_id }))).into_response();
            state.answer(lie, honest, Failure::internal().into_response()).await
        }
    }
}

/// Sends the e-mail, and says which lie is told about it.
fn send(state: &Inner, headers: &HeaderMap, bytes: &[u8]) -> Result<(String, Option<Lie>), Failure> {
    aws::check_signature(headers, "ses")
        .map_err(|(name, message)| Failure::new(StatusCode::FORBIDDEN, name, message))?;
    let Ok(body @ Value::Object(_)) = serde_json::from_slice(bytes) else {
        let message = "The body is not a JSON object.";
        return Err(Failure::new(StatusCode::BAD_REQUEST, "SerializationException", message));
    };
    let content = content::read(&body["Content"])?;
    let from = sender(&body, &content)?;
    let to = recipients(&body, &content)?;
    let lie = state.message_liar().dial();
    match lie {
        Some(Lie::RateLimit429) => return Err(Failure::throttled()),
        Some(Lie::ServerError5xx) => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            return Err(Failure::new(status, "ServiceUnavailable", "The service is unavailable."));
        }
        _ => {}
    }
    let id = format!("0100{}-{}-000000", random_hex::<6>(), aws::uuid());
    state.storage.put_message(&Sent {
        channel: Channel::Email,
        account: from,
        to: to.join(", "),
        text: format!("{}\n\n{}", content.subject, content.text),
        id: id.clone(),
        at: state.clock.now(),
        body,
    })?;
    Ok((id, lie))
}

/// The bare address of the sender, whose domain must be verified: any but `unverified.…` is.
fn sender(body: &Value, content: &Content) -> Result<String, Failure> {
    let named = body["FromEmailAddress"].as_str().map(ToOwned::to_owned).or_else(|| content.from.clone());
    let Some(named) = named else { return Err(Failure::bad("FromEmailAddress is required.")) };
    let Some(address) = bare(&named) else { return Err(illegal(&named)) };
    if domain(address).starts_with("unverified.") {
        let message = format!("The domain of {address} is not verified.");
        return Err(Failure::new(StatusCode::BAD_REQUEST, "MailFromDomainNotVerifiedException", message));
    }
    Ok(address.to_owned())
}

/// The bare addresses of all recipients, and what the scripted ones among them want.
fn recipients(body: &Value, content: &Content) -> Result<Vec<String>, Failure> {
    let mut named = Vec::new();
    for list in ["ToAddresses", "CcAddresses", "BccAddresses"] {
        match &body["Destination"][list] {
            Value::Null => {}
            Value::Array(addresses) => {
                named.extend(addresses.iter().map(|address| address.as_str().unwrap_or_default().to_owned()));
            }
            _ => return Err(Failure::bad(format!("Destination.{list} must be a list."))),
        }
    }
    if named.is_empty() {
        // A raw message may say itself to whom it goes.
        named.clone_from(&content.to);
    }
    if named.is_empty() {
        return Err(Failure::bad("Destination needs at least one recipient."));
    }
    if named.len() > RECIPIENTS {
        return Err(Failure::bad(format!("There can be at most {RECIPIENTS} recipients.")));
    }
    let mut addresses = Vec::with_capacity(named.len());
    for name in &named {
        let Some(address) = bare(name) else { return Err(illegal(name)) };
        match address.split('@').next().unwrap_or_default() {
            "throttle" => return Err(Failure::throttled()),
            "rejected" => {
                let message = format!("The message to {address} was rejected.");
                return Err(Failure::new(StatusCode::BAD_REQUEST, "MessageRejected", message));
            }
            _ => addresses.push(address.to_owned()),
        }
    }
    Ok(addresses)
}

/// The address in `Name <address>` or on its own, if it is one.
fn bare(named: &str) -> Option<&str> {
    let address = match named.rsplit_once('<') {
        Some((_, rest)) => rest.trim().strip_suffix('>')?,
        None => named.trim(),
    };
    let (local, domain) = address.rsplit_once('@')?;
    let is_clean = !address.contains(|c: char| c.is_whitespace() || c.is_control() || c == ',');
    (is_clean && !local.is_empty() && domain.contains('.') && !domain.ends_with('.')).then_some(address)
}

fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

fn illegal(address: &str) -> Failure {
    Failure::bad(format!("Illegal address: {address}"))
}
