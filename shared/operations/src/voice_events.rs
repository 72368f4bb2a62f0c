//! Voice events as they arrive: verified, stored, answered; looked at later.

use crate::context::Platform;
use crate::error::Result;
use crate::{integrations, raw_events};
use bytes::Bytes;
use contracts::Job;
use domain::TenantId;
use elevenlabs::signature::{self, SignatureError};
use elevenlabs::webhook::Event;
use provider::sha256_hex;

/// The provider as raw events name it.
pub(crate) const ELEVENLABS: &str = "elevenlabs";

/// Verifies an event over its raw bytes and stores it with the job that takes it in, in one step. A repetition
/// changes nothing. A tenant without a secret has no genuine events.
pub async fn accept(
    platform: &Platform,
    tenant: &TenantId,
    signature: Option<&str>,
    body: Bytes,
    correlation: &str,
) -> Result<std::result::Result<(), SignatureError>> {
    let now = platform.now();
    let Some(secret) = integrations::webhook_secret(platform, tenant).await? else {
        return Ok(Err(SignatureError::Mismatch));
    };
    let verified = match signature::verify(&secret, signature, body, now) {
        Ok(verified) => verified,
        Err(error) => return Ok(Err(error)),
    };
    // What is genuine is kept even where we cannot read it.
    let dedupe = Event::parse(&verified)
        .map_or_else(|_| format!("unknown:{}", sha256_hex(verified.as_ref())), |event| event.dedupe_key());
    let job = Job::IngestConversation { event: dedupe.clone() };
    raw_events::keep(platform, tenant, ELEVENLABS, &dedupe, &verified, job, correlation).await.map(Ok)
}
