//! What holds wherever the product runs: the same cases for the local run (`it`) and for the stack in an emulator of
//! AWS (`cloud`).

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod daylight;
pub mod everywhere;
pub mod extraction;
mod issuer;
mod stage;

pub use daylight::Callee;
pub use issuer::Issuer;
pub use stage::{Queue, Stack, Stage, Tenant};
