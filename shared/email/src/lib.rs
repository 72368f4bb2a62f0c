//! E-mail, sent with Amazon SES.
//!
//! The only place that knows the JSON of SES. A [`Mail`] is plain text to one person; [`Client`] sends it.

mod client;
mod convert;
mod mail;
mod wire;

pub use client::Client;
pub use mail::{LimitError, Mail};
