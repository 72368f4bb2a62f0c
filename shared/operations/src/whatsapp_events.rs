//! WhatsApp's events as they arrive: verified, stored, answered; looked at later.

use crate::context::Platform;
use crate::error::Result;
use crate::{integrations, raw_events};
use bytes::Bytes;
use contracts::Job;
use domain::TenantId;
use provider::sha256_hex;
use whatsapp::signature::{self, SignatureError};

/// The provider as raw events name it.
pub(crate) const WHATSAPP: &str = "whatsapp";

/// Verifies an event over its raw bytes and stores it with the job that takes it in, in one step. The same bytes again
/// change nothing; the same messages in other bytes are known when they are taken in. A tenant without a secret has no
/// genuine events.
pub async fn accept(
    platform: &Platform,
    tenant: &TenantId,
    signature: Option<&str>,
    body: Bytes,
    correlation: &str,
) -> Result<std::result::Result<(), SignatureError>> {
    let settings = integrations::whatsapp_settings(platform, tenant).await?;
    let Some(secret) = settings.and_then(|settings| settings.app_secret) else {
        return Ok(Err(SignatureError::Mismatch));
    };
    let verified = match signature::verify(&secret, signature, body) {
        Ok(verified) => verified,
        Err(error) => return Ok(Err(error)),
    };
    let event = sha256_hex(verified.as_ref());
    let job = Job::IngestMessages { event: event.clone() };
    raw_events::keep(platform, tenant, WHATSAPP, &event, &verified, job, correlation).await.map(Ok)
}

/// The answer by which the webhook's address is confirmed, if the query has the tenant's word; none if it has not.
pub async fn challenge(platform: &Platform, tenant: &TenantId, query: &str) -> Result<Option<String>> {
    let settings = integrations::whatsapp_settings(platform, tenant).await?;
    let token = settings.and_then(|settings| settings.verify_token);
    Ok(token.and_then(|token| whatsapp::subscription::challenge(&token, query)))
}
