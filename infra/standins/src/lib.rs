//! Stand-ins for AWS on loopback, for tests: the table, the queues and the Lambda Runtime API, and a function
//! that runs between them.
//!
//! Each speaks its service's own protocol, so that what is tested are the real clients. A stand-in that cannot
//! start panics: there is no test without it.
#![expect(clippy::unwrap_used, reason = "this is test code")]

mod function;
mod http;
mod runtime_api;
mod sqs;
mod table;

pub use function::Function;
pub use runtime_api::{Outcome, RuntimeApi};
pub use sqs::{Sent, Sqs};
pub use table::Table;

use aws_sdk_dynamodb::config::{Credentials, SharedHttpClient};
use axum::Router;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Credentials that no AWS account knows.
pub fn credentials() -> Credentials {
    Credentials::new("AKIDTEST", "secret", None, None, "test")
}

/// A client for AWS services that trusts no certificate, so that no test reaches the real ones.
pub fn http_client() -> SharedHttpClient {
    aws::Connections::to_standins().http_client()
}

/// Serves a router on a free port of loopback, on the caller's async runtime.
async fn serve(router: Router) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, serving)
}
