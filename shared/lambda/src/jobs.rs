//! Functions that run jobs off a queue.

use crate::aws::Aws;
use crate::batch::Answer;
use crate::boot::{self, Error};
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use contracts::{Envelope, Failure};
use futures::{FutureExt, StreamExt, stream};
use lambda_runtime::{LambdaEvent, service_fn};
use operations::Platform;
use serde::Deserialize;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, Span, error, info, info_span, warn};

/// How many records of a batch run at the same time.
pub const CONCURRENCY: usize = 5;

/// The whole `main` of a function that runs the jobs of one queue.
///
/// Records succeed and fail apart: a body that is no job, a job of a version that this code does not know and a
/// panic fail their own record only. A record that failed comes again after the queue's visibility timeout, and
/// goes to the dead letters after its last delivery.
///
/// That holds for [`Failure::Drop`] too: a consumer cannot move a message to the dead letters by itself, and
/// deleting it would lose it. Its further deliveries fail alike and hold up nobody. The wait that a
/// [`Failure::Retry`] asks for is logged; in the cloud the visibility timeout stands in for it.
pub fn serve_sqs<F, R>(handle: F) -> Result<(), Error>
where
    F: Fn(Platform, Envelope) -> R,
    R: Future<Output = Result<(), Failure>>,
{
    boot::run(false, |environment| async move {
        let aws = Aws::new(&environment);
        let platform = aws.platform();
        aws.open_table().await;
        // Boxed: as a part of the future that runs a batch, its type would be too deep to be compiled.
        let run = |envelope| Box::pin(handle(platform.clone(), envelope));
        lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| {
            let span = info_span!("batch", request_id = event.context.request_id);
            run_batch(&run, event.payload).instrument(span)
        }))
        .await
    })
}

async fn run_batch<F, R>(run: &F, event: SqsEvent) -> Result<Answer, lambda_runtime::Error>
where
    F: Fn(Envelope) -> R,
    R: Future<Output = Result<(), Failure>>,
{
    let outcomes: Vec<_> = stream::iter(event.records)
        .map(|record| run_record(run, record))
        .buffered(CONCURRENCY)
        .collect()
        .await;
    Ok(Answer::of(outcomes.into_iter().filter_map(Result::err))?)
}

/// Runs one record; an error is the id of a record that is to come again.
async fn run_record<F, R>(run: &F, record: SqsMessage) -> Result<(), Option<String>>
where
    F: Fn(Envelope) -> R,
    R: Future<Output = Result<(), Failure>>,
{
    let deliveries = record.attributes.get("ApproximateReceiveCount");
    let span = info_span!(
        "job",
        message_id = record.message_id,
        deliveries,
        job = Empty,
        subject = Empty,
        tenant = Empty,
        correlation = Empty,
    );
    let done = async {
        let start = Instant::now();
        let (job, outcome) = match parse(record.body.as_deref().unwrap_or_default()) {
            Ok(envelope) => {
                let job = envelope.job.kind().name;
                name(&Span::current(), &envelope);
                (job, outcome(AssertUnwindSafe(async { run(envelope).await }).catch_unwind().await))
            }
            Err(problem) => {
                error!("the message is no job of ours: {problem}");
                ("unknown", "poison")
            }
        };
        let duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        info!(target: "metric", metric = "job", job, outcome, duration_ms, "job");
        outcome == "ok"
    };
    if done.instrument(span).await { Ok(()) } else { Err(record.message_id) }
}

/// Has all that is logged about the job say whose it is.
fn name(span: &Span, envelope: &Envelope) {
    span.record("job", envelope.job.kind().name);
    span.record("subject", envelope.job.subject());
    span.record("tenant", tracing::field::display(&envelope.tenant));
    span.record("correlation", &envelope.correlation);
}

/// What came of a job, in a word, its log line written. A panic's line is the panic hook's.
fn outcome(result: std::thread::Result<Result<(), Failure>>) -> &'static str {
    match result {
        Ok(Ok(())) => "ok",
        Ok(Err(Failure::Retry { reason, after })) => {
            warn!(
                retry_after_secs = after.map(|after| after.as_secs()),
                "the job is to come again: {reason}"
            );
            "retry"
        }
        Ok(Err(Failure::Drop { reason })) => {
            error!("the job will never go well: {reason}");
            "drop"
        }
        Err(_) => "panic",
    }
}

/// Why a body is no job of ours. It shows nothing of the body.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Poison {
    #[error("version {0} is not {expected}", expected = Envelope::VERSION)]
    Version(u64),
    #[error("{category} at line {line}, column {column}")]
    Form { category: &'static str, line: usize, column: usize },
}

impl From<serde_json::Error> for Poison {
    fn from(error: serde_json::Error) -> Self {
        let category = match error.classify() {
            serde_json::error::Category::Data => "another form",
            _ => "no JSON",
        };
        Self::Form { category, line: error.line(), column: error.column() }
    }
}

fn parse(body: &str) -> Result<Envelope, Poison> {
    /// All that every version has.
    #[derive(Deserialize)]
    struct Versioned {
        v: u64,
    }
    let Versioned { v } = serde_json::from_str(body)?;
    if v != u64::from(Envelope::VERSION) {
        return Err(Poison::Version(v));
    }
    Ok(serde_json::from_str(body)?)
}

#[cfg(test)]
mod tests;
