//! The error bodies of AWS's services.

use provider::{Answer, ProviderError};
use serde_json::Value;

/// Names of the refusal of too many requests: the services' own, and those of what stands before all of them.
const THROTTLED: [&str; 3] = ["ThrottlingException", "Throttling", "TooManyRequestsException"];
/// As much of a code as [`ProviderError::Rejected`] holds.
const CODE_MAX: usize = 64;

/// The error behind an answer without success. Its code is the exception's name, which stands in the body or in a
/// header alone, and behind a dot its reason if the body has one, cut at 64 characters.
pub fn refusal(answer: &Answer) -> ProviderError {
    let body: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
    let header = answer.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    let name = body["__type"].as_str().or(header).or_else(|| body["code"].as_str()).map(bare);
    if name.is_some_and(|name| THROTTLED.contains(&name)) {
        return ProviderError::RateLimited { after: answer.retry_after() };
    }
    let code = name.map(|name| match body["Reason"].as_str().filter(|reason| is_reason(reason)) {
        Some(reason) => format!("{name}.{reason}").chars().take(CODE_MAX).collect(),
        None => name.to_owned(),
    });
    let message = body["Message"].as_str().or_else(|| body["message"].as_str());
    answer.error(code.as_deref(), message.unwrap_or_default())
}

/// `MessageRejected` of `com.amazonaws.sesv2#MessageRejected:http://internal.amazon.com/…`.
fn bare(name: &str) -> &str {
    let name = name.split_once(':').map_or(name, |(name, _)| name);
    name.rsplit_once('#').map_or(name, |(_, name)| name)
}

/// Words there must not cost the name its place.
fn is_reason(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
