//! The one DynamoDB table. Only this crate knows how keys are built, what an item looks like, and what it
//! means when a write is refused.
//!
//! An [`Entity`] says where it lives and which [`Row`]s go with it: places in lists, claims on unique values,
//! counts, timers. A [`Transaction`] gathers all that one step changes, and [`Store::commit`] stores it whole.

mod commit;
mod counters;
mod entities;
mod entity;
mod error;
mod item;
mod key;
mod outbox;
mod pointers;
mod rate;
mod read;
mod retry;
mod table;
mod timers;
mod transaction;
mod wire;

pub use counters::{Counts, Sums, Tallies};
pub use entities::*;
pub use entity::{Entity, Item, Row, Stored, newest_first, oldest_first};
pub use error::{Error, Result};
pub use key::Key;
pub use outbox::{Message, Undelivered};
pub use pointers::{Credential, credential_hash};
pub use rate::Rate;
pub use read::{Listing, Page};
pub use table::Connection;
pub use timers::Timer;
pub use transaction::Transaction;

pub(crate) use entity::SYSTEM_SHARDS;

use domain::Clock;
use std::sync::Arc;

/// The table, and the clock by which things expire. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) client: aws_sdk_dynamodb::Client,
    pub(crate) table: Arc<str>,
    pub(crate) clock: Clock,
}

impl Store {
    /// The clock by which the store's records live.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}
