//! What AWS's services have in common: the signature's shape, and ids.

use crate::random_hex;
use axum::http::{HeaderMap, header};

/// Why a request's signature is not even looked at: the error's name and its message.
pub(crate) type Unsigned = (&'static str, String);

/// Checks that a request says it is signed with Signature Version 4 for `service`. The signature itself is not
/// checked: the simulators know no keys.
pub(crate) fn check_signature(headers: &HeaderMap, service: &str) -> Result<(), Unsigned> {
    let Some(header) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) else {
        return Err(("MissingAuthenticationTokenException", "Missing Authentication Token".to_owned()));
    };
    let incomplete = |message: &str| Err(("IncompleteSignatureException", message.to_owned()));
    let Some(parts) = header.strip_prefix("AWS4-HMAC-SHA256 ") else {
        return incomplete("The Authorization header must begin with AWS4-HMAC-SHA256.");
    };
    let part = |name: &str| {
        let mut parts = parts.split(',').filter_map(|part| part.trim().split_once('='));
        parts.find(|(known, _)| *known == name).map(|(_, value)| value)
    };
    let (Some(credential), Some(signed), Some(signature)) =
        (part("Credential"), part("SignedHeaders"), part("Signature"))
    else {
        return incomplete("The Authorization header needs Credential, SignedHeaders and Signature.");
    };
    let [key, date, region, scope, "aws4_request"] = credential.split('/').collect::<Vec<_>>()[..] else {
        return incomplete("Credential must be <key>/<date>/<region>/<service>/aws4_request.");
    };
    let is_date = date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit());
    let is_hex = signature.len() == 64 && signature.bytes().all(|byte| byte.is_ascii_hexdigit());
    if key.is_empty() || !is_date || region.is_empty() || signed.is_empty() || !is_hex {
        return incomplete("A part of the Authorization header has not the shape that it should have.");
    }
    if scope != service {
        let message = format!("Credential should be scoped to correct service: '{service}'.");
        return Err(("InvalidSignatureException", message));
    }
    Ok(())
}

/// A random id in the shape of a UUID.
pub(crate) fn uuid() -> String {
    let hex = random_hex::<16>();
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    parts.join("-")
}
