//! Job `EraseContact`, from a request that erased a person: removes what hung on them, its files, what the audit kept of its
//! values, and the conversations at ElevenLabs. Where much is left, where a call is under way, and once where all is gone,
//! another one goes out (`EraseContact`).

use contracts::{Envelope, Failure, Job};
use operations::{Context, Error, Platform, erasing};

/// Runs one `EraseContact`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let Job::EraseContact { contact } = message.job else { return Err(Failure::drop("not an EraseContact")) };
    let ctx = Context::of_job(platform, &message);
    erasing::run(&ctx, contact).await.map_err(Error::into_failure)
}
