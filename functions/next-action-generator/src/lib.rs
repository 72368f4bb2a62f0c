//! Job `PlanNextActions`: does what an analysed attempt asks for, or what follows from a last one without a talk, on the
//! lead's own record, once.

use contracts::{Envelope, Failure, Job};
use operations::{Context, Error, Platform, next_actions};

/// Runs one `PlanNextActions`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let Job::PlanNextActions { attempt } = message.job else {
        return Err(Failure::drop("not a PlanNextActions"));
    };
    let ctx = Context::of_job(platform, &message);
    next_actions::take(&ctx, attempt).await.map_err(Error::into_failure)
}
