//! Text messages, sent with AWS End User Messaging.
//!
//! The only place that knows the JSON of the service. A [`TextMessage`] goes to one number; [`Client`] sends it.

mod client;
mod convert;
mod message;
mod wire;

pub use client::Client;
pub use message::{Kind, LimitError, TextMessage};
