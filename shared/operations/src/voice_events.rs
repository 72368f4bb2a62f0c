//! Voice events as they arrive: verified, stored, answered; looked at later.

use crate::context::Platform;
use crate::error::{Error, Result};
use crate::integrations;
use bytes::Bytes;
use contracts::Job;
use domain::TenantId;
use elevenlabs::signature::{self, SignatureError};
use elevenlabs::webhook::Event;
use provider::sha256_hex;
use store::{RawEvent, Transaction};

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
    let mut step = Transaction::new(tenant.clone(), correlation, &platform.ids, now);
    for part in RawEvent::parts(ELEVENLABS, &dedupe, verified.as_ref(), now) {
        step.create(&part)?;
    }
    step.enqueue(Job::IngestConversation { event: dedupe });
    match platform.store.commit(step).await {
        Ok(()) | Err(store::Error::Stale { .. }) => Ok(Ok(())),
        Err(e) => Err(Error::from(e)),
    }
}
