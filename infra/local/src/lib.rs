//! The whole product in one process: every function's routes behind one server, jobs pumped from the outbox,
//! the tick, an embedded DynamoDB, and a simulator for each provider that has no key.
//!
//! The functions do not know where they run. What is said here about timers, retries and dead letters is what
//! the cloud's queues do there.

mod control;
mod folder;
mod jobs;
mod links;
pub mod openapi;
mod pump;
mod runner;
pub mod settings;

pub use pump::{Pump, Settled, Stuck};
pub use runner::{Error, Runner, describe, routes};
pub use settings::Settings;
