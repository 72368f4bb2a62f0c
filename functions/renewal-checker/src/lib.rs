//! Job `CheckRenewals`, from a timer of every practice that ends: makes the alert that is due, reminds the client over a
//! channel that they allowed (`SendMessage`), and gives whoever works on it a task. Without a practice, since the lead days
//! have changed, it notes anew when each is to be looked at, a page at a time (`CheckRenewals`).

use contracts::{Envelope, Failure, Job};
use operations::{Context, Error, Platform, renewals};

/// Runs one `CheckRenewals`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let ctx = Context::of_job(platform, &message);
    let done = match message.job {
        Job::CheckRenewals { practice: Some(practice), .. } => renewals::check(&ctx, practice).await,
        Job::CheckRenewals { practice: None, after } => renewals::arm_all(&ctx, &after).await,
        _ => return Err(Failure::drop("not a CheckRenewals")),
    };
    done.map_err(Error::into_failure)
}
