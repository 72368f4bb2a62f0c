//! Problem details (RFC 9457): what every answer from 400 up is.

use axum::response::{IntoResponse, Response};
use domain::{ContactId, Invalid};
use http::{HeaderValue, StatusCode, Uri, header};
use operations::Error;
use provider::ProviderError;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that went wrong, told so that a program can act on it and a person can read it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// What kind of problem, as a stable URI: `urn:frontdesk:problem:` and a word.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in a few words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time, fit for a user.
    pub detail: String,
    /// Which fields are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Of a duplicate: the record that exists; of one that went into another: that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing_id: Option<String>,
    /// Of a refusal for haste: how many seconds to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Of a record that went into another: where it is looked for.
    #[serde(skip)]
    pub(crate) moved: Option<Moved>,
}

/// Which record went into which other: a path that names the one leads to the same path of the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moved {
    from: ContactId,
    to: ContactId,
}

impl Moved {
    /// The same place for the other record; none where the request's path does not name the one.
    pub(crate) fn location(self, asked: &Uri) -> Option<HeaderValue> {
        let (path, from) = (asked.path(), self.from.to_string());
        let path: Vec<_> = path
            .split('/')
            .map(|part| if part == from { self.to.to_string() } else { part.to_owned() })
            .collect();
        let path = path.join("/");
        let query = asked.query().map_or_else(String::new, |query| format!("?{query}"));
        (path != asked.path()).then(|| HeaderValue::try_from(format!("{path}{query}")).ok())?
    }
}

/// One wrong field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer to the field of the body, or `?` and the name of the query's parameter.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(status: StatusCode, kind: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:frontdesk:problem:{kind}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            existing_id: None,
            retry_after: None,
            moved: None,
        }
    }

    /// The request is not what HTTP or JSON allows.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", "The request is malformed", detail)
    }

    /// A field is wrong.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let (pointer, detail) = (pointer.into(), detail.into());
        let sentence = if pointer.is_empty() {
            format!("The document {detail}.")
        } else {
            format!("{pointer} {detail}.")
        };
        let problem =
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "A value is not accepted", sentence);
        Self { errors: vec![FieldError { pointer, detail }], ..problem }
    }

    /// Nobody is known by these credentials.
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "The caller is not known", detail)
    }

    /// A page from elsewhere asks.
    pub(crate) fn origin_not_allowed() -> Self {
        let detail = "Pages from this origin may not ask; `allowed_origins` in /crm/settings says which may.";
        Self::new(StatusCode::FORBIDDEN, "origin_not_allowed", "The page's origin is not allowed", detail)
    }

    /// The body is larger than the route takes.
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("The body may have at most {limit} bytes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large", detail)
    }

    /// The same problem with one more sentence.
    pub(crate) fn with_hint(mut self, hint: &str) -> Self {
        if !hint.is_empty() {
            self.detail = format!("{} {hint}", self.detail);
        }
        self
    }

    /// The caller asks too often.
    pub fn too_many(seconds: u32) -> Self {
        let detail = format!("The credential was used too often; wait {seconds} s.");
        let problem =
            Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Too many requests", detail);
        Self { retry_after: Some(seconds.into()), ..problem }
    }

    fn not_found(noun: &str) -> Self {
        let detail = format!("There is no such {noun}.");
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing", detail)
    }

    fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "The record is not in a state for this", detail)
    }

    fn unavailable() -> Self {
        let detail = "Nothing was changed. Please try again in a moment.";
        let problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "The service is busy or unavailable",
            detail,
        );
        Self { retry_after: Some(1), ..problem }
    }

    fn internal() -> Self {
        let detail = "Something went wrong on our side.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The service failed", detail)
    }

    fn of_provider(service: &str, error: &ProviderError) -> Self {
        let title = "A provider did not do what was asked";
        let (status, kind, detail) = match error {
            ProviderError::Rejected { code, .. } => (
                StatusCode::BAD_GATEWAY,
                "provider_rejected",
                format!("{service} refused the request ({code})."),
            ),
            ProviderError::RateLimited { .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "provider_busy",
                format!("{service} is busy; try again later."),
            ),
            ProviderError::Timeout => (
                StatusCode::GATEWAY_TIMEOUT,
                "provider_timeout",
                format!("{service} did not answer in time."),
            ),
            _ => (
                StatusCode::BAD_GATEWAY,
                "provider_failed",
                format!("{service} could not be reached or failed."),
            ),
        };
        let retry_after = match error {
            ProviderError::RateLimited { after } => after.map(|after| after.as_secs().max(1)),
            _ => None,
        };
        Self { retry_after, ..Self::new(status, kind, title, detail) }
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(invalid.pointer, invalid.message)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(noun) => Self::not_found(noun),
            // A merge can be taken back, so that nobody is to remember where it led.
            Error::Moved { from, to } => {
                let detail = format!("{from} was merged into {to}.");
                let problem = Self::new(
                    StatusCode::TEMPORARY_REDIRECT,
                    "merged",
                    "The record went into another",
                    detail,
                );
                Self { existing_id: Some(to.to_string()), moved: Some(Moved { from, to }), ..problem }
            }
            Error::Invalid(invalid) => invalid.into(),
            Error::Duplicate { noun, field, existing_id } => {
                let detail = format!("A {noun} with this {field} exists.");
                let problem = Self::new(StatusCode::CONFLICT, "duplicate", "The record exists", detail);
                Self { existing_id: Some(existing_id), ..problem }
            }
            Error::Conflict(detail) => Self::conflict(detail),
            Error::Withheld { reason, detail } => {
                Self::new(StatusCode::CONFLICT, reason, "A rule does not permit it", detail)
            }
            Error::Answered => Self::conflict("The same request is being answered; ask again."),
            Error::Stale => {
                let detail = "The record was changed since you read it; read it again.";
                Self::new(
                    StatusCode::PRECONDITION_FAILED,
                    "stale",
                    "The record was changed meanwhile",
                    detail,
                )
            }
            Error::Forbidden { needed } => {
                let detail = format!("This needs the role {needed}.");
                Self::new(StatusCode::FORBIDDEN, "forbidden", "The caller may not do this", detail)
            }
            Error::NotConfigured(what) => {
                let detail = format!("{what} is not set up; see PUT /admin/integrations/{{provider}}.");
                Self::new(StatusCode::CONFLICT, "not_configured", "A provider is not set up", detail)
            }
            Error::Provider { service, error } => {
                tracing::warn!(service, %error, "a provider did not do what was asked");
                Self::of_provider(service, &error)
            }
            Error::Store(error) if error.is_retryable() => {
                tracing::error!(%error, "the table did not answer");
                Self::unavailable()
            }
            error @ (Error::Model(_) | Error::Store(_) | Error::Vault(_) | Error::Internal(_)) => {
                tracing::error!(%error, "the request failed");
                Self::internal()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        if let Some(moved) = self.moved {
            response.extensions_mut().insert(moved);
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
