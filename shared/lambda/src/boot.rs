//! What every function does before its first event.

use crate::env::{Environment, EnvironmentError};
use crate::telemetry::{self, Level};
use std::future::Future;
use tokio::runtime::Builder;

/// Why a function does not run, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The environment is not usable.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// The process cannot do input and output.
    #[error("the async runtime does not start")]
    Start(#[from] std::io::Error),
    /// The Lambda service cannot be reached, or refused an answer.
    #[error("the Lambda runtime ended: {0}")]
    Lambda(lambda_runtime::Error),
}

/// Reads the environment, starts the logs and runs `serve` to its end. One thread does it all: a function
/// serves one event at a time and spends it waiting.
pub(crate) fn run<F, R>(sends: bool, serve: F) -> Result<(), Error>
where
    F: FnOnce(Environment) -> R,
    R: Future<Output = Result<(), lambda_runtime::Error>>,
{
    let environment = match Environment::of_process(sends) {
        Ok(environment) => environment,
        Err(error) => {
            telemetry::init("frontdesk", Level::INFO);
            tracing::error!("{error}");
            return Err(error.into());
        }
    };
    telemetry::init(&environment.service, environment.level);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(environment)).map_err(Error::Lambda)
}
