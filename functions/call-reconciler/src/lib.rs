//! Job `ReconcileCall`, from a timer of every active call: asks the voice provider what became of an attempt
//! that nothing was heard of, and brings it to an end.

use contracts::{Envelope, Failure, Job};
use operations::{Context, Error, Platform, reconciling};

/// Runs one `ReconcileCall`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let Job::ReconcileCall { attempt } = message.job else {
        return Err(Failure::drop("not a ReconcileCall"));
    };
    let ctx = Context::of_job(platform, &message);
    reconciling::reconcile(&ctx, attempt).await.map_err(Error::into_failure)
}
