//! The error bodies of SES.

use provider::{Answer, ProviderError};
use serde_json::Value;

/// Names of the refusal of too many requests: the service's own, and those of what stands before all of AWS's services.
const THROTTLED: [&str; 3] = ["TooManyRequestsException", "ThrottlingException", "Throttling"];

/// The error behind an answer without success. The exception's name stands in a header; AWS's services also write it
/// into the body.
pub(crate) fn read(answer: &Answer) -> ProviderError {
    let body: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
    let header = answer.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    let name = header.or_else(|| body["code"].as_str()).or_else(|| body["__type"].as_str()).map(bare);
    if name.is_some_and(|name| THROTTLED.contains(&name)) {
        return ProviderError::RateLimited { after: answer.retry_after() };
    }
    let message = body["message"].as_str().or_else(|| body["Message"].as_str());
    answer.error(name, message.unwrap_or_default())
}

/// `MessageRejected` of `com.amazonaws.sesv2#MessageRejected:http://internal.amazon.com/…`.
fn bare(name: &str) -> &str {
    let name = name.split_once(':').map_or(name, |(name, _)| name);
    name.rsplit_once('#').map_or(name, |(_, name)| name)
}
