//! The signature of ElevenLabs' webhooks: `ElevenLabs-Signature: t=<unix seconds>,v0=<hex>`, where the hex is
//! the HMAC-SHA256 of `<t>.<raw body>` under the webhook's secret.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use provider::{Secret, Verified, hmac_sha256_hex, verify_hmac_sha256_hex};

/// The header that carries the signature.
pub const HEADER: &str = "elevenlabs-signature";

/// ElevenLabs' own code refuses after 30 minutes, but its last retry comes 30 minutes after the first.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(35);
const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// Each entry costs a pass over the body, and whoever sends the header is still a stranger.
const MAX_ENTRIES: usize = 4;

/// Why a body is not taken for ElevenLabs'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature.
    #[error("the signature header is missing")]
    Missing,
    /// The header has no time or no `v0` entry, or more than one time.
    #[error("the signature header is malformed")]
    Malformed,
    /// Signed more than 35 minutes ago.
    #[error("the signature is too old")]
    TooOld,
    /// Signed more than 5 minutes ahead of our clock.
    #[error("the signature is from the future")]
    TooNew,
    /// Signed with another secret, or the body is not the one that was signed.
    #[error("the signature does not match")]
    Mismatch,
}

/// Checks the raw `body` against the value of the signature [`HEADER`]. Of several `v0` entries any of
/// the first four may match, as while a secret is being changed. Spaces around entries are allowed.
pub fn verify(
    secret: &Secret,
    header: Option<&str>,
    body: Bytes,
    now: Timestamp,
) -> Result<Verified<Bytes>, SignatureError> {
    let header = header.filter(|header| !header.trim().is_empty()).ok_or(SignatureError::Missing)?;
    let entries = || header.split(',').filter_map(|entry| entry.trim().split_once('='));
    let all = |key| entries().filter(move |(k, _)| *k == key).map(|(_, value)| value);

    let mut times = all("t");
    let (Some(time), None) = (times.next(), times.next()) else {
        return Err(SignatureError::Malformed);
    };
    let signed_at: i64 = time.parse().map_err(|_| SignatureError::Malformed)?;
    let signed_at = Timestamp::from_second(signed_at).map_err(|_| SignatureError::Malformed)?;
    if all("v0").next().is_none() {
        return Err(SignatureError::Malformed);
    }
    let age = now.duration_since(signed_at);
    if age > MAX_AGE {
        return Err(SignatureError::TooOld);
    }
    if age < -MAX_AHEAD {
        return Err(SignatureError::TooNew);
    }
    let signed = [time.as_bytes(), b".", &body];
    if !all("v0").take(MAX_ENTRIES).any(|hex| verify_hmac_sha256_hex(secret, &signed, hex)) {
        return Err(SignatureError::Mismatch);
    }
    Ok(Verified::assert_stored(body))
}

/// The value of the signature [`HEADER`] exactly as ElevenLabs makes it.
pub fn sign(secret: &Secret, body: &[u8], now: Timestamp) -> String {
    let time = now.as_second().to_string();
    let hex = hmac_sha256_hex(secret, &[time.as_bytes(), b".", body]);
    format!("t={time},v0={hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"type":"post_call_transcription"}"#;

    fn secret() -> Secret {
        Secret::new("wsec_1")
    }

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn check(header: &str, now: Timestamp) -> Result<Bytes, SignatureError> {
        verify(&secret(), Some(header), Bytes::from_static(BODY), now).map(Verified::into_inner)
    }

    /// Made with ElevenLabs' algorithm outside this code:
    /// `printf '1795255200.{"type":"post_call_transcription"}' | openssl dgst -sha256 -hmac wsec_1`.
    #[test]
    fn the_signature_is_theirs() {
        assert_eq!(
            sign(&secret(), BODY, now()),
            "t=1795255200,v0=46d7562aaa8b278d4db2b475c4f37813a92f3d033ccce292b145f20bcfdce97e"
        );
    }

    #[test]
    fn what_was_signed_is_accepted() {
        assert_eq!(check(&sign(&secret(), BODY, now()), now()), Ok(Bytes::from_static(BODY)));
    }

    #[test]
    fn any_of_several_entries_may_match_with_spaces_around() {
        let signed = sign(&secret(), BODY, now());
        let (time, entry) = signed.split_once(',').unwrap();
        let other = format!("v0={}", "0".repeat(64));
        for header in [
            format!("{time},{other},{entry}"),
            format!("{time},{entry},{other}"),
            format!(" {time} , v1=x, {other} ,{entry} "),
            format!("{entry},{time}"),
        ] {
            assert!(check(&header, now()).is_ok(), "{header}");
        }
        let many = [other.as_str(); MAX_ENTRIES].join(",");
        for header in [format!("{time},{other}"), format!("{time},{many},{entry}")] {
            assert_eq!(check(&header, now()), Err(SignatureError::Mismatch), "{header}");
        }
    }

    #[test]
    fn a_changed_body_or_secret_or_time_is_refused() {
        let header = sign(&secret(), BODY, now());
        let tampered = Bytes::from_static(br#"{"type":"post_call_transcription" }"#);
        assert_eq!(verify(&secret(), Some(&header), tampered, now()), Err(SignatureError::Mismatch));
        let other = sign(&Secret::new("wsec_2"), BODY, now());
        assert_eq!(check(&other, now()), Err(SignatureError::Mismatch));
        let moved = header.replacen("t=1795255200", "t=1795255201", 1);
        assert_eq!(check(&moved, now()), Err(SignatureError::Mismatch));
    }

    #[test]
    fn only_a_fresh_signature_counts() {
        let header = sign(&secret(), BODY, now());
        let at = |seconds| check(&header, now() + SignedDuration::from_secs(seconds)).err();
        assert_eq!(at(35 * 60), None);
        assert_eq!(at(35 * 60 + 1), Some(SignatureError::TooOld));
        assert_eq!(at(-5 * 60), None);
        assert_eq!(at(-5 * 60 - 1), Some(SignatureError::TooNew));
    }

    #[test]
    fn a_header_without_its_parts_is_refused() {
        assert_eq!(verify(&secret(), None, Bytes::from_static(BODY), now()), Err(SignatureError::Missing));
        assert_eq!(check(" ", now()), Err(SignatureError::Missing));
        let time = now().as_second();
        for header in [
            "x".to_owned(),
            format!("t={time}"),
            "v0=00".to_owned(),
            "t=soon,v0=00".to_owned(),
            format!("t={},v0=00", i64::MAX),
            format!("t={time},t={time},v0=00"),
        ] {
            assert_eq!(check(&header, now()), Err(SignatureError::Malformed), "{header}");
        }
        for hex in ["", "zz", "abc"] {
            assert_eq!(check(&format!("t={time},v0={hex}"), now()), Err(SignatureError::Mismatch), "{hex}");
        }
    }
}
