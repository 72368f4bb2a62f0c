//! The product in a test: the real thing in memory, with simulated providers, a clock that the test moves,
//! and faults that the embedded engine never has.
//!
//! What goes wrong in a helper fails the test, so helpers panic.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers fail the test")]

mod app;
mod database;
mod faults;

pub use app::{Answer, Client, TestApp};
pub use database::Database;
pub use faults::{Fault, Faults};
