//! Job `AnalyzeCall`: has the tenant's model read an attempt's transcript, once.
//!
//! A long transcript is read in pieces, each of which is paid for once. A model that fails is asked again until the
//! message goes to the dead letters and a person gets the transcript; an analysis is never invented.
//! What it read goes on as `PlanNextActions`.

use contracts::{Envelope, Failure, Job};
use operations::{Context, Error, Platform, analysis};

/// Runs one `AnalyzeCall`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let Job::AnalyzeCall { attempt } = message.job else { return Err(Failure::drop("not a AnalyzeCall")) };
    let ctx = Context::of_job(platform, &message);
    analysis::analyze(&ctx, attempt).await.map_err(Error::into_failure)
}
