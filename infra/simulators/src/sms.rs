//! The stand-in for AWS End User Messaging SMS (`pinpoint-sms-voice-v2`): sending a text.

use crate::lies::Lie;
use crate::outbox::{Channel, Sent};
use crate::{Error, Inner, Shared, Simulators, aws};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use serde_json::{Value, json};

/// Where the service stands on the simulators' server.
pub(crate) const PREFIX: &str = "/sms";

const TARGET: &str = "PinpointSMSVoiceV2.SendTextMessage";
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// What the names of errors are prefixed with.
const NAMESPACE: &str = "com.amazonaws.pinpointsmsvoicev2";

pub(crate) fn router() -> Router<Shared> {
    Router::new().route("/sms/", post(send_text_message)).route("/sms", post(send_text_message))
}

impl Simulators {
    /// What to give a client of AWS End User Messaging SMS as its endpoint: `http://127.0.0.1:<port>/sms`.
    pub fn sms_base_url(&self) -> String {
        format!("http://{}{PREFIX}", self.inner.address)
    }
}

/// An answer that is not a success, in the shape of `awsJson1.0`.
#[derive(Debug)]
struct Failure {
    status: StatusCode,
    name: &'static str,
    message: String,
    /// `Reason` and, where one is to blame, the field.
    reason: Option<(&'static str, Option<&'static str>)>,
}

impl Failure {
    fn new(status: StatusCode, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, name, message: message.into(), reason: None }
    }

    fn bad(name: &'static str, message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, name, message)
    }

    fn validation(reason: &'static str, field: &'static str, message: &str) -> Self {
        Self { reason: Some((reason, Some(field))), ..Self::bad("ValidationException", message) }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        tracing::error!(%error, "the simulator cannot answer");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerException", "Internal server error")
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut body = json!({ "__type": format!("{NAMESPACE}#{}", self.name), "Message": self.message });
        if let Some((reason, field)) = self.reason {
            body["Reason"] = json!(reason);
            if let Some(field) = field {
                body["Fields"] = json!([{ "Name": field, "Message": self.message }]);
            }
        }
        answer(self.status, &body)
    }
}

/// What the service says of a path that it does not have.
pub(crate) fn unknown_path() -> Response {
    Failure::new(StatusCode::NOT_FOUND, "UnknownOperationException", "There is no such path.").into_response()
}

async fn send_text_message(State(state): State<Shared>, headers: HeaderMap, bytes: Bytes) -> Response {
    match send(&state, &headers, &bytes) {
        Err(failure) => failure.into_response(),
        Ok((message_id, lie)) => {
            let honest = answer(StatusCode::OK, &json!({ "MessageId": message_id }));
            let failed = Failure::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerException",
                "Internal server error",
            );
            state.answer(lie, honest, failed.into_response()).await
        }
    }
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE.as_str(), CONTENT_TYPE), ("x-amzn-requestid", &aws::uuid())];
    (status, headers, body.to_string()).into_response()
}

/// Sends the text, and says which lie is told about it.
fn send(state: &Inner, headers: &HeaderMap, bytes: &[u8]) -> Result<(String, Option<Lie>), Failure> {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|given| given == value);
    if !is("x-amz-target", TARGET) {
        return Err(Failure::bad("UnknownOperationException", "X-Amz-Target names no operation."));
    }
    if !is("content-type", CONTENT_TYPE) {
        return Err(Failure::bad("SerializationException", "Content-Type is not that of JSON 1.0."));
    }
    aws::check_signature(headers, "sms-voice")
        .map_err(|(name, message)| Failure::new(StatusCode::FORBIDDEN, name, message))?;
    let Ok(body @ Value::Object(_)) = serde_json::from_slice(bytes) else {
        return Err(Failure::bad("SerializationException", "The body is not a JSON object."));
    };
    let (to, text) = check(&body)?;
    let lie = state.message_liar().dial();
    match lie {
        Some(Lie::RateLimit429) => {
            // The real service throttles with 400; AWS's clients go by the name.
            return Err(Failure::bad("ThrottlingException", "Rate exceeded"));
        }
        Some(Lie::ServerError5xx) => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            return Err(Failure::new(status, "ServiceUnavailableException", "Service unavailable"));
        }
        _ => {}
    }
    let id = aws::uuid();
    if body["DryRun"] != true {
        state.storage.put_message(&Sent {
            channel: Channel::Sms,
            account: body["OriginationIdentity"].as_str().unwrap_or_default().to_owned(),
            to,
            text,
            id: id.clone(),
            at: state.clock.now(),
            body,
        })?;
    }
    Ok((id, lie))
}

/// The recipient in E.164, and the text.
fn check(body: &Value) -> Result<(String, String), Failure> {
    let field = |name: &'static str| match &body[name] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.as_str())),
        _ => Err(Failure::bad("SerializationException", &format!("{name} must be a string."))),
    };
    let needed = |name| {
        let message = format!("{name} is required.");
        field(name)?.ok_or_else(|| Failure::validation("MISSING_PARAMETER", name, &message))
    };
    let wrong = |name, message| Err(Failure::validation("FIELD_VALIDATION_FAILED", name, message));

    let to = needed("DestinationPhoneNumber")?;
    let number = to.strip_prefix('+').unwrap_or(to);
    let is_number = (2..=19).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && !number.starts_with('0');
    if !is_number {
        return wrong("DestinationPhoneNumber", "DestinationPhoneNumber is not in the E.164 format.");
    }
    let text = needed("MessageBody")?;
    if !(1..=1600).contains(&text.chars().count()) || text.trim().is_empty() {
        return wrong("MessageBody", "MessageBody must have 1 to 1600 characters and not be blank.");
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_:/+-".contains(&byte);
    if field("OriginationIdentity")?
        .is_some_and(|identity| !(1..=256).contains(&identity.len()) || !identity.bytes().all(allowed))
    {
        return wrong("OriginationIdentity", "OriginationIdentity has not the shape of an identity.");
    }
    if field("MessageType")?.is_some_and(|kind| !["TRANSACTIONAL", "PROMOTIONAL"].contains(&kind)) {
        return wrong("MessageType", "MessageType must be TRANSACTIONAL or PROMOTIONAL.");
    }
    let ttl = &body["TimeToLive"];
    if !ttl.is_null() && !ttl.as_i64().is_some_and(|secs| (5..=259_200).contains(&secs)) {
        return wrong("TimeToLive", "TimeToLive must be from 5 to 259200.");
    }
    let context = &body["Context"];
    if !context.is_null() && context.as_object().is_none_or(|pairs| pairs.len() > 5) {
        return wrong("Context", "Context must have at most 5 pairs.");
    }
    // India's carriers deliver what is registered with them, and nothing else.
    let country = &body["DestinationCountryParameters"];
    let told = |name: &str| country[name].as_str().is_some_and(|value| !value.is_empty());
    if number.starts_with("91") && !(told("IN_ENTITY_ID") && told("IN_TEMPLATE_ID")) {
        let message = "DestinationCountryParameters needs IN_ENTITY_ID and IN_TEMPLATE_ID for India.";
        return Err(Failure::validation("MISSING_PARAMETER", "DestinationCountryParameters", message));
    }
    Ok((format!("+{number}"), text.to_owned()))
}
