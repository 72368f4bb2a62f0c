//! Job `RunCampaign`: brings a campaign's leads and calls to where its status says.
//!
//! A campaign that runs has a call made for each lead of its audience (`PlanCalls` follows), one that was cancelled
//! has its calls taken back. What is too much for one delivery sets off the next.

use contracts::{Envelope, Failure, Job};
use operations::{Context, Error, Platform, campaigns};

/// Runs one `RunCampaign`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let Job::RunCampaign { campaign } = message.job else { return Err(Failure::drop("not a RunCampaign")) };
    let ctx = Context::of_job(platform, &message);
    campaigns::run(&ctx, campaign).await.map_err(Error::into_failure)
}
