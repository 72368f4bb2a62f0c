//! Job `IngestConversation`: takes in a stored voice event.
//!
//! It ends the attempt, gives its slot back, wakes the planner (`PlanCalls`) and has the transcript read
//! (`AnalyzeCall`), or, after the last attempt without a talk, has what follows planned (`PlanNextActions`). An event whose call is not known yet comes again.

use contracts::{Envelope, Failure, Job};
use operations::ingest::{Ingested, ingest};
use operations::{Context, Error, Platform};
use std::time::Duration;

/// How soon an event that came before its call was known is looked at again: with as many deliveries as the job
/// has, for longer than an event waits.
const AGAIN: Duration = Duration::from_secs(90);

/// Runs one `IngestConversation`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let Job::IngestConversation { event } = &message.job else {
        return Err(Failure::drop("not an IngestConversation"));
    };
    let ctx = Context::of_job(platform, &message);
    match ingest(&ctx, event).await.map_err(Error::into_failure)? {
        Ingested::News | Ingested::Nothing => Ok(()),
        Ingested::NotYetKnown => {
            let reason = "the event's call is not known yet".to_owned();
            Err(Failure::Retry { reason, after: Some(AGAIN) })
        }
    }
}
