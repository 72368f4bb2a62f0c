//! Job `SyncAgent`, from a timer of every agent whose state at the voice provider is uncertain: settles it.

use contracts::{Envelope, Failure, Job};
use operations::{Context, Error, Platform, agents};

/// Runs one `SyncAgent`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let Job::SyncAgent { agent } = message.job else { return Err(Failure::drop("not a SyncAgent")) };
    let ctx = Context::of_job(platform, &message);
    agents::sync(&ctx, agent).await.map_err(Error::into_failure)
}
