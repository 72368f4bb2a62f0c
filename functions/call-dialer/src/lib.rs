//! Job `DialCall`: one request to the voice provider for one claimed attempt, and never a second one.
//!
//! The intent is stored before the request leaves. A repeated job finds it and does nothing; what came of a
//! request that was not answered is the reconciler's to find out.

use contracts::{Envelope, Failure, Job};
use operations::{Context, Error, Platform, dialing};

/// Runs one `DialCall`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let Job::DialCall { attempt } = message.job else { return Err(Failure::drop("not a DialCall")) };
    let ctx = Context::of_job(platform, &message);
    dialing::dial(&ctx, attempt).await.map_err(Error::into_failure)
}
