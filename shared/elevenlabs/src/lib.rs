//! ElevenLabs Agents: voice agents, outbound calls, conversations and post-call webhooks.
//!
//! The only place that knows ElevenLabs' JSON. [`Client`] speaks to the service; [`signature`], [`webhook`] and
//! [`initiation`] read what it sends to us.

mod agent;
mod client;
mod conversation;
mod convert;
mod drift;
mod error;
pub mod initiation;
mod lenient;
mod open_enum;
mod outbound;
pub mod signature;
pub mod webhook;
mod wire;

pub use agent::{AgentSpec, Criterion, DataKind, DataPoint, ManagedField, RemoteAgent};
pub use client::Client;
pub use conversation::{
    Analysis, CallError, Conversation, ConversationStatus, ConversationSummary, Direction, Evaluation,
    Metadata, PhoneCall, Role, Told, ToolCall, Turn, Verdict,
};
pub use outbound::{OutboundCall, PhoneProvider, Placed};
