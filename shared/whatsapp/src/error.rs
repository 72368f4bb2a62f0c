//! The Graph API's error bodies.

use crate::{Consequence, lenient};
use provider::{Answer, ProviderError};
use serde_json::Value;

/// The error behind an answer without success.
pub(crate) fn read(answer: &Answer) -> ProviderError {
    graph(answer).unwrap_or_else(|| answer.error(None, ""))
}

/// Codes by which the Graph API says that it does not know itself what went wrong.
const UNKNOWN_TO_THEM: [i64; 3] = [1, 2, 131_000];

/// The Graph API's error in an answer: `error.code`, whatever the status says. It means that nothing was done, also
/// under a 5xx, unless the service itself does not know; `None` if the body is none of the Graph API's.
///
/// What stands behind a 429 decides over it, where it asks for more than patience: a number that is blocked for spam
/// must not be tried again.
pub(crate) fn graph(answer: &Answer) -> Option<ProviderError> {
    let body: Value = serde_json::from_slice(&answer.bytes).ok()?;
    let error = &body["error"];
    let code = lenient::whole(&error["code"])?;
    let limited = match Consequence::of(code) {
        Consequence::BackOff => true,
        Consequence::Retry | Consequence::Unknown => answer.status.as_u16() == 429,
        _ => false,
    };
    if limited {
        return Some(ProviderError::RateLimited { after: answer.retry_after() });
    }
    // Whoever failed and does not know of what may have sent the message before.
    if answer.status.is_server_error() && UNKNOWN_TO_THEM.contains(&code) {
        let detail = format!("code {code}");
        return Some(ProviderError::Unexpected { status: Some(answer.status.as_u16()), detail });
    }
    let words = [&error["message"], &error["error_data"]["details"]];
    Some(ProviderError::Rejected {
        status: answer.status.as_u16(),
        // Not through `Answer::refusal`, which takes no number for a code: here it is known to be one.
        code: code.to_string(),
        message: words.into_iter().filter_map(Value::as_str).collect::<Vec<_>>().join(": "),
    })
}
