//! Job `RunImport`: reads the rows of an import's file, or takes back what it did.
//!
//! A delivery works for about twenty seconds, stores how far it came and sets off the next. One that dies is delivered
//! again and goes on where the last step was stored; each row is done once. A file that cannot be read ends the
//! import as `failed`, with the reason in it.

use contracts::{Envelope, Failure, Job};
use operations::{Context, Error, Platform, imports};

/// Runs one `RunImport`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let Job::RunImport { import } = message.job else { return Err(Failure::drop("not a RunImport")) };
    let ctx = Context::of_job(platform, &message);
    imports::work(&ctx, import).await.map_err(Error::into_failure)
}
