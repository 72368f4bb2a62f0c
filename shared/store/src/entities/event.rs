//! Providers' events as they arrived.

use crate::entity::Entity;
use crate::key::Key;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::TenantId;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};

/// A verified event, raw, under the key by which a repetition is known.
///
/// A body whose compressed form does not fit one item (350 KB) is cut into parts that are stored with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RawEvent {
    /// Who sent it, such as `elevenlabs`.
    pub provider: String,
    /// By which a repetition is known.
    pub dedupe: String,
    /// Which part this is, from 0.
    pub part: u32,
    /// How many parts there are.
    pub parts: u32,
    /// The part's share of the compressed body, base64.
    pub body: String,
    /// When it arrived.
    pub received_at: Timestamp,
}

/// How long a raw event is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How many characters of a compressed body one item takes.
const PART: usize = 350_000;
/// How large a body may be once it is unpacked.
const UNPACKED_MAX: u64 = 32 * 1024 * 1024;

impl RawEvent {
    /// The items of one event.
    pub fn parts(provider: &str, dedupe: &str, body: &[u8], received_at: Timestamp) -> Vec<Self> {
        let packed = compress(body);
        let chunks: Vec<&str> =
            packed.as_bytes().chunks(PART).filter_map(|chunk| std::str::from_utf8(chunk).ok()).collect();
        let parts = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
        (0..parts)
            .zip(chunks)
            .map(|(part, chunk)| Self {
                provider: provider.to_owned(),
                dedupe: dedupe.to_owned(),
                part,
                parts,
                body: chunk.to_owned(),
                received_at,
            })
            .collect()
    }

    /// The body of an event from all its parts; none if it is damaged.
    pub fn join(parts: &[Self]) -> Option<Vec<u8>> {
        decompress(&parts.iter().map(|part| part.body.as_str()).collect::<String>())
    }
}

impl Entity for RawEvent {
    const KIND: &'static str = "event";
    type Id = (String, String, u32);

    fn key_of(tenant: &TenantId, (provider, dedupe, part): &(String, String, u32)) -> Key {
        Key::of(tenant, format_args!("EVT#{provider}#{dedupe}"), format!("{part:04}"))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &(self.provider.clone(), self.dedupe.clone(), self.part))
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.received_at + KEPT)
    }
}

/// Bytes as gzip in base64.
pub(crate) fn compress(bytes: &[u8]) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail.
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default();
    STANDARD.encode(packed)
}

/// What [`compress`] packed; none if it is damaged.
pub(crate) fn decompress(text: &str) -> Option<Vec<u8>> {
    let packed = STANDARD.decode(text).ok()?;
    let mut bytes = Vec::new();
    GzDecoder::new(packed.as_slice()).take(UNPACKED_MAX).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_any_size_reads_back() {
        // Noise does not compress, so that one item is not enough.
        let ids = domain::Ids::default();
        let body: Vec<u8> = (0..20_000).flat_map(|_| ids.bytes::<32>()).collect();
        let parts = RawEvent::parts("elevenlabs", "x", &body, Timestamp::UNIX_EPOCH);
        assert!(parts.len() > 1, "{} parts", parts.len());
        assert_eq!(RawEvent::join(&parts).unwrap(), body);
        assert_eq!(RawEvent::join(&parts[1..]), None);
    }
}
