//! Job `MergeContacts`, from a request that made two records of one person one, or two again: moves what hangs on them where
//! the request ended, and what was being written meanwhile. Where much is left, another one goes out (`MergeContacts`).

use contracts::{Envelope, Failure, Job};
use operations::{Context, Error, Platform, merging};

/// Runs one `MergeContacts`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let Job::MergeContacts { merge } = message.job else { return Err(Failure::drop("not a MergeContacts")) };
    let ctx = Context::of_job(platform, &message);
    merging::run(&ctx, merge).await.map_err(Error::into_failure)
}
