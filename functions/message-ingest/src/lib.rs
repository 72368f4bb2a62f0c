//! Job `IngestMessages`: takes in a stored event of WhatsApp's.
//!
//! Messages make the person's record where there is none and wake the bot (`AnswerMessages`); statuses settle what
//! became of ours. Each is stored in a step of its own and known by its id, so that an event which comes again, whole or
//! in part, changes nothing.

use contracts::{Envelope, Failure, Job};
use operations::{Context, Error, Platform, chat};

/// Runs one `IngestMessages`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let Job::IngestMessages { event } = &message.job else {
        return Err(Failure::drop("not a IngestMessages"));
    };
    let ctx = Context::of_job(platform, &message);
    chat::ingest::ingest(&ctx, event).await.map_err(Error::into_failure)
}
