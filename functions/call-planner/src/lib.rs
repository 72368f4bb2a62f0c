//! Job `PlanCalls`: claims the tenant's ready calls for which there are slots and which the rules permit.
//!
//! Claimed calls go on as `DialCall`. Two planners at once do no harm: a call and a slot are claimed under
//! conditions, and who comes second leaves them alone.

use contracts::{Envelope, Failure, Job};
use operations::{Context, Error, Platform, planning};

/// Runs one `PlanCalls`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let Job::PlanCalls = message.job else { return Err(Failure::drop("not a PlanCalls")) };
    let ctx = Context::of_job(platform, &message);
    planning::plan_calls(&ctx).await.map_err(Error::into_failure)
}
