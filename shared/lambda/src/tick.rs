//! The function behind the schedule.

use crate::aws::Aws;
use crate::boot::{self, Error};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use operations::Platform;
use queues::Queues;
use serde::de::IgnoredAny;
use std::future::Future;
use tracing::{Instrument, error, info_span};

/// The whole `main` of the function behind the schedule. The event says nothing that the clock does not. An
/// error fails the invocation, so that the schedule's retry and alarm see it.
pub fn serve_tick<F, R, E>(handle: F) -> Result<(), Error>
where
    F: Fn(Platform, Queues) -> R,
    R: Future<Output = Result<(), E>>,
    E: std::error::Error + 'static,
{
    boot::run(true, |environment| async move {
        let aws = Aws::new(&environment);
        let (platform, queues) = (aws.platform(), aws.queues());
        aws.open_table().await;
        lambda_runtime::run(service_fn(|event: LambdaEvent<IgnoredAny>| {
            let span = info_span!("tick", request_id = event.context.request_id);
            let ticked = handle(platform.clone(), queues.clone());
            async {
                ticked.await.map_err(|failure| {
                    error!(error = &failure as &(dyn std::error::Error + 'static), "the tick failed");
                    Diagnostic { error_type: "TickFailed".to_owned(), error_message: failure.to_string() }
                })
            }
            .instrument(span)
        }))
        .await
    })
}
