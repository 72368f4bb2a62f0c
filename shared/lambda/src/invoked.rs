//! A function that somebody invokes by hand.

use crate::aws::Aws;
use crate::boot::{self, Error};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use operations::Platform;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use tracing::{Instrument, error, info_span};

/// The whole `main` of a function that is invoked by name, with a payload of its own. Who may invoke it, is for the
/// account's roles to say. An event that is not understood, and an error, fail the invocation with a text for a person.
pub fn serve_invoked<F, I, O, R, E>(handle: F) -> Result<(), Error>
where
    F: Fn(Platform, I) -> R,
    I: DeserializeOwned,
    O: Serialize,
    R: Future<Output = Result<O, E>>,
    E: std::error::Error + 'static,
{
    boot::run(false, |environment| async move {
        let platform = Aws::new(&environment).platform();
        lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
            let span = info_span!("invocation", request_id = event.context.request_id);
            let (platform, handle) = (platform.clone(), &handle);
            async move {
                let input = serde_path_to_error::deserialize(event.payload)
                    .map_err(|e| failed("InvalidEvent", &e))?;
                let handled: Pin<Box<dyn Future<Output = _>>> = Box::pin(handle(platform, input));
                handled.await.map_err(|e| failed("Failed", &e))
            }
            .instrument(span)
        }))
        .await
    })
}

fn failed(kind: &str, failure: &(dyn std::error::Error + 'static)) -> Diagnostic {
    error!(error = failure, "the invocation failed");
    Diagnostic { error_type: kind.to_owned(), error_message: failure.to_string() }
}
