//! Boot of the functions.
//!
//! A function's `main` is one call: [`serve_http`], [`serve_sqs`], [`serve_stream`], [`serve_tick`] or
//! [`serve_invoked`]. Each reads the environment, starts the logs, makes the [`operations::Platform`], opens the
//! connection to the table and serves the runtime's events one at a time. Nothing else is sent before the first
//! event, so that apart from that connection a cold start costs little more than that of an empty function. Functions
//! that do without the table are served by [`serve_http_without_table`].

pub mod env;
pub mod telemetry;

mod aws;
mod batch;
mod boot;
mod http;
mod invoked;
mod jobs;
mod stream;
mod tick;

pub use boot::Error;
pub use http::{serve_http, serve_http_without_table};
pub use invoked::serve_invoked;
pub use jobs::{CONCURRENCY, serve_sqs};
pub use stream::{Item, serve_stream};
pub use tick::serve_tick;

/// Held by tests that log from the same line of code: such a line that is reached first without a subscriber,
/// just while another test installs one, stays silent for it.
#[cfg(test)]
static TURNS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
