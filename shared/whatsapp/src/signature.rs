//! The signature of Meta's webhooks: `X-Hub-Signature-256: sha256=<hex>`, where the hex is the HMAC-SHA256 of the raw
//! body under the app's secret.
//!
//! There is no time in it, so that an old event stays valid for ever: what was done once is told by the ids of the
//! messages. Meta escapes what is not ASCII, so that only the bytes as they came can be verified.

use bytes::Bytes;
use provider::{Secret, Verified, hmac_sha256_hex, verify_hmac_sha256_hex};

/// The header that carries the signature.
pub const HEADER: &str = "x-hub-signature-256";

const PREFIX: &str = "sha256=";

/// Why a body is not taken for Meta's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature.
    #[error("the signature header is missing")]
    Missing,
    /// The header does not begin with `sha256=`.
    #[error("the signature header is malformed")]
    Malformed,
    /// Signed with another secret, or the body is not the one that was signed.
    #[error("the signature does not match")]
    Mismatch,
}

/// Checks the raw `body` against the value of the signature [`HEADER`], whose hex may be in either case.
pub fn verify(
    app_secret: &Secret,
    header: Option<&str>,
    body: Bytes,
) -> Result<Verified<Bytes>, SignatureError> {
    let header = header.map(str::trim).filter(|header| !header.is_empty()).ok_or(SignatureError::Missing)?;
    let hex = header.strip_prefix(PREFIX).ok_or(SignatureError::Malformed)?;
    if !verify_hmac_sha256_hex(app_secret, &[&body], hex) {
        return Err(SignatureError::Mismatch);
    }
    Ok(Verified::assert_stored(body))
}

/// The value of the signature [`HEADER`] exactly as Meta makes it.
pub fn sign(app_secret: &Secret, body: &[u8]) -> String {
    format!("{PREFIX}{}", hmac_sha256_hex(app_secret, &[body]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;

    fn secret() -> Secret {
        Secret::new("app_1")
    }

    fn check(header: &str) -> Result<Bytes, SignatureError> {
        verify(&secret(), Some(header), Bytes::from_static(BODY)).map(Verified::into_inner)
    }

    /// Made outside this code:
    /// `printf '{"object":"whatsapp_business_account","entry":[]}' | openssl dgst -sha256 -hmac app_1`.
    #[test]
    fn the_signature_is_theirs() {
        assert_eq!(
            sign(&secret(), BODY),
            "sha256=62fc739317f61f270fa94b45eb9191145780b6af55e6825b5256940c603b1801"
        );
    }

    #[test]
    fn what_was_signed_is_accepted() {
        let header = sign(&secret(), BODY);
        let shouted = header.to_uppercase().replace("SHA256=", "sha256=");
        for header in [header.clone(), shouted, format!(" {header} ")] {
            assert_eq!(check(&header), Ok(Bytes::from_static(BODY)), "{header}");
        }
        let empty = verify(&secret(), Some(&sign(&secret(), b"")), Bytes::new());
        assert_eq!(empty.map(Verified::into_inner), Ok(Bytes::new()));
    }

    #[test]
    fn a_changed_body_or_secret_is_refused() {
        let header = sign(&secret(), BODY);
        for tampered in [
            &br#"{"object":"whatsapp_business_account","entry":[ ]}"#[..],
            br#"{"object":"whatsapp_business_account","entry":[]} "#,
            b"",
        ] {
            let verified = verify(&secret(), Some(&header), Bytes::copy_from_slice(tampered));
            assert_eq!(verified, Err(SignatureError::Mismatch));
        }
        assert_eq!(check(&sign(&Secret::new("app_2"), BODY)), Err(SignatureError::Mismatch));
        assert_eq!(check(&sign(&secret(), b"")), Err(SignatureError::Mismatch));
    }

    /// The body that is verified is the one with Meta's escapes; the same JSON without them is another body.
    #[test]
    fn only_the_bytes_as_they_came_are_verified() {
        let escaped = include_bytes!("../fixtures/text.json");
        let header = sign(&secret(), escaped);
        assert!(verify(&secret(), Some(&header), Bytes::from_static(escaped)).is_ok());
        let json: serde_json::Value = serde_json::from_slice(escaped).unwrap();
        let again = Bytes::from(json.to_string());
        assert_eq!(verify(&secret(), Some(&header), again), Err(SignatureError::Mismatch));
    }

    #[test]
    fn a_header_without_its_parts_is_refused() {
        let signed = sign(&secret(), BODY);
        let hex = signed.strip_prefix(PREFIX).unwrap();
        assert_eq!(verify(&secret(), None, Bytes::from_static(BODY)), Err(SignatureError::Missing));
        assert_eq!(check(" "), Err(SignatureError::Missing));
        for header in [hex.to_owned(), format!("sha1={hex}"), format!("sha256:{hex}"), "sha256".to_owned()] {
            assert_eq!(check(&header), Err(SignatureError::Malformed), "{header}");
        }
        for hex in ["", "zz", "abc", &hex[2..], &format!("{hex}00"), &format!("0x{hex}")] {
            assert_eq!(check(&format!("sha256={hex}")), Err(SignatureError::Mismatch), "{hex}");
        }
    }
}
