//! ElevenLabs' error bodies.

use provider::{Answer, ProviderError};
use serde_json::Value;

/// The error behind an answer without success. There are four shapes of body under `detail`: an object with
/// `code` and `type`, the older one with `status`, a list of invalid fields, and a bare text.
pub(crate) fn read(answer: &Answer) -> ProviderError {
    let body: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
    let detail = &body["detail"];
    match detail {
        Value::Object(_) => {
            let code = ["code", "status", "type"].iter().find_map(|key| detail[*key].as_str());
            answer.error(code, detail["message"].as_str().unwrap_or_default())
        }
        Value::Array(fields) => {
            let message = fields.iter().map(invalid_field).collect::<Vec<_>>().join("; ");
            answer.error(detail[0]["type"].as_str().or(Some("invalid")), message)
        }
        _ => answer.error(None, detail.as_str().unwrap_or_default()),
    }
}

/// `body.to_number: Field required`
fn invalid_field(field: &Value) -> String {
    let segment = |segment: &Value| segment.as_str().map_or_else(|| segment.to_string(), str::to_owned);
    let location = field["loc"].as_array().map(|path| path.iter().map(segment).collect::<Vec<_>>().join("."));
    format!("{}: {}", location.unwrap_or_default(), field["msg"].as_str().unwrap_or_default())
}
