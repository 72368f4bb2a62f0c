//! Job `RunExport`: writes leads into an export's file, part by part.
//!
//! A delivery works for about twenty seconds, stores how far it came and sets off the next. One that dies is delivered
//! again and writes what it was at once more, in a place of its own. What the files refuse ends the export as `failed`.

use contracts::{Envelope, Failure, Job};
use operations::{Context, Error, Platform, exports};

/// Runs one `RunExport`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let Job::RunExport { export } = message.job else { return Err(Failure::drop("not a RunExport")) };
    let ctx = Context::of_job(platform, &message);
    exports::work(&ctx, export, exports::BUDGET).await.map_err(Error::into_failure)
}
