//! WhatsApp Business Cloud API: messages, media and webhooks.
//!
//! The only place that knows Meta's JSON. [`Client`] speaks to the Graph API as one business number; [`signature`],
//! [`subscription`] and [`webhook`] read what Meta sends to us.

mod client;
mod consequence;
mod convert;
mod error;
mod lenient;
mod media;
mod open_enum;
mod outgoing;
pub mod signature;
pub mod subscription;
pub mod webhook;
mod wire;

pub use client::{Accepted, AcceptedStatus, Client};
pub use consequence::{Consequence, graph_code};
pub use media::{Media, MediaKind, MediaSource};
pub use outgoing::{
    Button, Content, LimitError, Outgoing, Parameter, Recipient, Row, Section, Template, TemplateButton,
};
