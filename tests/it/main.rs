//! The product as a whole, in memory, with simulated providers: one binary.

#![expect(clippy::unwrap_used, reason = "tests")]

mod access;
mod agents;
mod analysis;
mod analytics;
mod budget;
mod campaigns;
mod chat;
mod clients;
mod context;
mod crash;
mod crm;
mod deals;
mod endings;
mod events;
mod everywhere;
mod finding;
mod imports;
mod inputs;
mod interactions;
mod logs;
mod memory;
mod merging;
mod openapi;
mod practices;
mod privacy;
mod renewals;
mod saving;
mod seeds;
mod story;
mod suppression;
mod tasks;
mod template;
mod voice;
mod waiting;
