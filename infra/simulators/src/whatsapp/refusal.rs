//! What goes wrong, in Meta's words: answers of the Graph API, and errors of failed messages.

use crate::{Error, random_hex};
use axum::Json;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

const GRAPH_DOCS: &str = "https://developers.facebook.com/docs/graph-api";
const ERROR_CODES: &str = "/documentation/business-messaging/whatsapp/support/error-codes";

/// An answer that is not a success.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    kind: &'static str,
    code: u32,
    subcode: Option<u32>,
    message: String,
    details: Option<String>,
}

impl Refusal {
    /// An error of the WhatsApp API, by its code.
    pub(crate) fn of(code: u32, details: impl Into<String>) -> Self {
        let status = match code {
            190 => StatusCode::UNAUTHORIZED,
            132_001 => StatusCode::NOT_FOUND,
            130_429 => StatusCode::TOO_MANY_REQUESTS,
            131_000 | 131_016 => StatusCode::INTERNAL_SERVER_ERROR,
            2 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self {
            status,
            kind: "OAuthException",
            code,
            subcode: None,
            message: format!("(#{code}) {}", title(code)),
            details: Some(details.into()),
        }
    }

    /// A code whose usual details say enough.
    pub(crate) fn usual(code: u32) -> Self {
        Self::of(code, usual_details(code))
    }

    /// The access token is not one that is known.
    pub(crate) fn unknown_token() -> Self {
        Self {
            message: "Invalid OAuth access token - Cannot parse access token".to_owned(),
            details: None,
            ..Self::usual(190)
        }
    }

    /// The access token was good once.
    pub(crate) fn expired_token() -> Self {
        Self {
            message: "Error validating access token: Session has expired.".to_owned(),
            subcode: Some(463),
            details: None,
            ..Self::usual(190)
        }
    }

    /// A parameter is absent at the top of the request.
    pub(crate) fn required(parameter: &str) -> Self {
        Self {
            message: format!("(#100) The parameter {parameter} is required."),
            details: None,
            ..Self::usual(100)
        }
    }

    /// The object that the path names is not there for this token.
    pub(crate) fn no_object(verb: &str, id: &str) -> Self {
        Self {
            kind: "GraphMethodException",
            subcode: Some(33),
            message: format!(
                "Unsupported {verb} request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
                 permissions, or does not support this operation. Please read the Graph API documentation at \
                 {GRAPH_DOCS}"
            ),
            details: None,
            ..Self::usual(100)
        }
    }

    fn unknown_path(path: &str) -> Self {
        Self { message: format!("Unknown path components: {path}"), details: None, ..Self::usual(2500) }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        tracing::error!(%error, "the simulator cannot answer");
        Self::usual(131_000)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut error = json!({
            "message": self.message, "type": self.kind, "code": self.code,
            "fbtrace_id": format!("A{}", random_hex::<11>()),
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        if let Some(details) = self.details {
            error["error_data"] = json!({ "messaging_product": "whatsapp", "details": details });
        }
        (self.status, Json(json!({ "error": error }))).into_response()
    }
}

/// What the Graph API says of a path or a method that it does not have.
pub(crate) fn unknown_path(method: &Method, uri: &Uri) -> Response {
    let path = uri.path().strip_prefix(super::PREFIX).unwrap_or_default();
    match path.split('/').nth(2) {
        // An object of a version, and something that cannot be asked of it.
        Some(id) if version(path.split('/').nth(1).unwrap_or_default()) => {
            Refusal::no_object(&method.as_str().to_lowercase(), id).into_response()
        }
        _ => Refusal::unknown_path(path).into_response(),
    }
}

/// Refuses a path whose first part is no version.
pub(crate) fn check_version(text: &str) -> Result<(), Refusal> {
    if version(text) { Ok(()) } else { Err(Refusal::unknown_path(&format!("/{text}"))) }
}

fn version(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = text.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    parts.is_some_and(|(major, minor)| number(major) && number(minor))
}

/// The error of a message that failed after it had been accepted.
pub(super) fn failure(code: u32) -> Value {
    json!({
        "code": code, "title": title(code), "message": title(code),
        "error_data": { "details": usual_details(code) }, "href": ERROR_CODES,
    })
}

fn title(code: u32) -> &'static str {
    match code {
        2 => "Service temporarily unavailable",
        100 => "Invalid parameter",
        130_429 => "Rate limit hit",
        131_008 => "Required parameter is missing",
        131_009 => "Parameter value is not valid",
        131_016 => "Service unavailable",
        131_021 => "Recipient cannot be sender",
        131_026 => "Message undeliverable",
        131_047 => "Re-engagement message",
        131_048 => "Spam rate limit hit",
        131_049 => "This message was not delivered to maintain healthy ecosystem engagement.",
        131_050 => {
            "Unable to deliver the message. This recipient has chosen to stop receiving marketing messages on \
             WhatsApp from your business"
        }
        131_056 => "(Business Account, Consumer Account) pair rate limit hit",
        131_062 => "Business-scoped User ID (BSUID) recipients are not supported for this message.",
        132_000 => "Number of parameters does not match the expected number of params",
        132_001 => "Template name does not exist in the translation",
        132_018 => "There's an issue with the parameters in your template",
        _ => "Something went wrong",
    }
}

fn usual_details(code: u32) -> &'static str {
    match code {
        2 | 131_016 => "The service is down or overloaded for the moment. Try again later.",
        130_429 => "Too many messages were sent from this phone number in a short time.",
        131_026 => "The message cannot be delivered to this recipient.",
        131_047 => "More than 24 hours have passed since the customer last replied to this number.",
        131_048 => "Too many earlier messages from this phone number were blocked or reported as spam.",
        131_049 => "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
        131_050 => "The recipient has stopped marketing messages from this business.",
        131_056 => "Too many messages were sent from this phone number to the same one in a short time.",
        131_062 => "Authentication messages can be sent to phone numbers only, not to user IDs.",
        _ => "The request failed for an unknown reason.",
    }
}
