//! Providers' events as they arrive: kept raw under the key by which a repetition is known, with the job that takes
//! them in; looked at later.

use crate::context::{Context, Platform};
use crate::error::{Error, Result};
use bytes::Bytes;
use contracts::Job;
use domain::TenantId;
use jiff::Timestamp;
use provider::Verified;
use store::{RawEvent, Transaction};

/// An event as it was kept.
pub(crate) struct Raw {
    /// What the provider sent.
    pub(crate) body: Verified<Bytes>,
    /// When it arrived.
    pub(crate) received_at: Timestamp,
}

/// Keeps an event that was verified, and has it taken in; one step. A repetition changes nothing.
pub(crate) async fn keep(
    platform: &Platform,
    tenant: &TenantId,
    provider: &str,
    dedupe: &str,
    body: &Verified<Bytes>,
    job: Job,
    correlation: &str,
) -> Result<()> {
    let now = platform.now();
    let mut step = Transaction::new(tenant.clone(), correlation, &platform.ids, now);
    for part in RawEvent::parts(provider, dedupe, body.as_ref(), now) {
        step.create(&part)?;
    }
    step.enqueue(job);
    match platform.store.commit(step).await {
        Ok(()) | Err(store::Error::Stale { .. }) => Ok(()),
        Err(e) => Err(Error::from(e)),
    }
}

/// An event that was kept; none if it is gone or damaged.
pub(crate) async fn load(ctx: &Context, provider: &str, dedupe: &str) -> Result<Option<Raw>> {
    let id = |part| (provider.to_owned(), dedupe.to_owned(), part);
    let Some(first) = ctx.store().get::<RawEvent>(&ctx.tenant, &id(0)).await? else { return Ok(None) };
    let received_at = first.received_at;
    let ids: Vec<_> = (1..first.parts).map(id).collect();
    let mut parts = vec![first.value];
    parts.extend(
        ctx.store().get_many::<RawEvent>(&ctx.tenant, &ids).await?.into_iter().map(|part| part.value),
    );
    let body = RawEvent::join(&parts).map(|body| Verified::assert_stored(body.into()));
    Ok(body.map(|body| Raw { body, received_at }))
}
