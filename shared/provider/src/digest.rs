//! Digests and signatures, as webhooks and dedupe keys use them.

use crate::Secret;
use ring::{digest, hmac};

/// The SHA-256 of `bytes` in lower-case hex: a stable name for a body without an id.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

/// The HMAC-SHA256 of the parts in a row, keyed with the secret's UTF-8 bytes, in lower-case hex.
pub fn hmac_sha256_hex(secret: &Secret, parts: &[&[u8]]) -> String {
    hex::encode(tag(&key(secret), parts))
}

/// Whether `hex`, in either case, is the HMAC-SHA256 of the parts in a row. Takes the same time wherever the
/// two differ.
pub fn verify_hmac_sha256_hex(secret: &Secret, parts: &[&[u8]], hex: &str) -> bool {
    let Ok(claimed) = hex::decode(hex) else {
        return false;
    };
    let key = key(secret);
    // ring compares in constant time only what it signs itself, in one piece. Comparing the tags of both
    // tags says the same, and spares a copy of the body.
    let claimed = hmac::sign(&key, &claimed);
    hmac::verify(&key, tag(&key, parts).as_ref(), claimed.as_ref()).is_ok()
}

fn key(secret: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes())
}

fn tag(key: &hmac::Key, parts: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(part);
    }
    context.sign()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 4231, test case 2.
    const TAG: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    #[test]
    fn the_published_vector_holds() {
        let secret = Secret::new("Jefe");
        let parts: &[&[u8]] = &[b"what do ya want ", b"for nothing?"];
        assert_eq!(hmac_sha256_hex(&secret, parts), TAG);
        assert!(verify_hmac_sha256_hex(&secret, parts, TAG));
        assert!(verify_hmac_sha256_hex(&secret, parts, &TAG.to_uppercase()));
    }

    #[test]
    fn anything_else_is_refused() {
        let (secret, body) = (Secret::new("Jefe"), &b"what do ya want for nothing?"[..]);
        assert!(!verify_hmac_sha256_hex(&Secret::new("jefe"), &[body], TAG));
        assert!(!verify_hmac_sha256_hex(&secret, &[body, b"!"], TAG));
        for hex in ["", "zz", &TAG[..62], &TAG[2..], &format!("{TAG}00")] {
            assert!(!verify_hmac_sha256_hex(&secret, &[body], hex), "{hex}");
        }
    }

    #[test]
    fn a_body_has_one_name() {
        assert_eq!(sha256_hex(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
