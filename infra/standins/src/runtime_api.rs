//! The Lambda Runtime API, as far as one process after another goes.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use crate::serve;
use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

/// What came of an invocation.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The function answered.
    Answer(Value),
    /// The function failed.
    Failure(Value),
}

/// A stand-in for the Runtime API.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    events: mpsc::UnboundedSender<Value>,
    outcomes: mpsc::UnboundedReceiver<Outcome>,
    serving: JoinHandle<()>,
}

#[derive(Clone)]
struct Api {
    events: Arc<Mutex<mpsc::UnboundedReceiver<Value>>>,
    outcomes: mpsc::UnboundedSender<Outcome>,
}

impl RuntimeApi {
    /// An API without events.
    pub async fn start() -> Self {
        let (events, next_events) = mpsc::unbounded_channel();
        let (tell, outcomes) = mpsc::unbounded_channel();
        let api = Api { events: Arc::new(Mutex::new(next_events)), outcomes: tell };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{outcome}", post(settle))
            .with_state(api);
        let (address, serving) = serve(router).await;
        Self { address, events, outcomes, serving }
    }

    /// Its address, as `AWS_LAMBDA_RUNTIME_API` has it.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Hands the event to the function that asks next, and waits for what comes of it. Panics after half a
    /// minute: a function that ended never answers.
    pub async fn invoke(&mut self, event: Value) -> Outcome {
        self.events.send(event).unwrap();
        timeout(PATIENCE, self.outcomes.recv()).await.unwrap().unwrap()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn next(State(api): State<Api>) -> Response {
    match api.events.lock().await.recv().await {
        Some(event) => {
            let headers = [
                ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
                ("lambda-runtime-deadline-ms", "4102444800000"),
                ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:1:function:f"),
            ];
            (headers, Json(event)).into_response()
        }
        None => StatusCode::GONE.into_response(),
    }
}

/// The runtime does not say that its bodies are JSON.
async fn settle(
    State(api): State<Api>,
    Path((_, outcome)): Path<(String, String)>,
    body: String,
) -> StatusCode {
    let body = serde_json::from_str(&body).unwrap();
    let outcome = match outcome.as_str() {
        "response" => Outcome::Answer(body),
        _ => Outcome::Failure(body),
    };
    api.outcomes.send(outcome).unwrap();
    StatusCode::ACCEPTED
}
