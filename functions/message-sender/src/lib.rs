//! Job `SendMessage`: sends one message that waits, or looks after one of which nothing was heard.
//!
//! The rules are asked once more, the intent is stored, one request leaves. What the provider certainly took no notice
//! of is put off and comes again; what it may have taken is never repeated, but settled by its statuses or left to a
//! person.

use contracts::{Envelope, Failure, Job};
use operations::{Context, Error, Platform, messages};

/// Runs one `SendMessage`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let Job::SendMessage { message: id } = message.job else {
        return Err(Failure::drop("not a SendMessage"));
    };
    let ctx = Context::of_job(platform, &message);
    messages::send(&ctx, id).await.map_err(Error::into_failure)
}
