//! What can be stored: an entity says where it lives and which rows go with it.

use crate::key::{Key, System, instant, inverted, shard};
use aws_sdk_dynamodb::types::AttributeValue;
use contracts::Job;
use domain::TenantId;
use domain::action::Card;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::ops::Deref;

/// An item of the table, by attribute.
pub type Item = HashMap<String, AttributeValue>;

/// A record of one tenant.
pub trait Entity: Serialize + DeserializeOwned + Send + Sync {
    /// What it is called in the feed of changes and in the stored item.
    const KIND: &'static str;
    /// The version of the stored format.
    const SCHEMA: u32 = 1;
    /// What names one.
    type Id: ?Sized;

    /// Where the record of this id lives.
    fn key_of(tenant: &TenantId, id: &Self::Id) -> Key;

    /// Where this record lives.
    fn key(&self, tenant: &TenantId) -> Key;

    /// The rows that this state of the record keeps beside it. The store writes the difference between the
    /// old state's and the new state's in the record's own transaction.
    fn rows(&self) -> Vec<Row> {
        Vec::new()
    }

    /// When the record is of no more use; expired counts as gone.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// A row that an entity keeps beside its record.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// The record stands in this list, at this place.
    Listed {
        /// The list's name, such as `lead#status#hot`.
        list: String,
        /// The place: lists are read in the order of this text.
        sort: String,
    },
    /// The record alone has this value among its kind and tenant.
    Claim {
        /// What is unique, such as `lead#phone`.
        name: &'static str,
        /// The value.
        value: String,
        /// Who has it: told to whoever wants it too.
        owner: String,
    },
    /// The record counts as one in this dimension.
    Counted {
        /// What is counted, such as `lead`.
        stat: &'static str,
        /// The dimension, such as `status#hot`.
        dimension: String,
    },
    /// The record brings this amount to the sum of a measure in this dimension. Sums of one dimension, and its
    /// count, are attributes of one item.
    Summed {
        /// What is summed up, such as `attempt`.
        stat: &'static str,
        /// The dimension, such as `2026-11-21#…`.
        dimension: String,
        /// What is measured, such as `secs`; not [`COUNT`].
        measure: &'static str,
        /// How much; may be less than zero.
        amount: i64,
    },
    /// This job is to run at this instant.
    Timer {
        /// When.
        at: Timestamp,
        /// What.
        job: Job,
    },
    /// The record shows in a contact's partition.
    AtContact {
        /// The contact.
        contact: domain::ContactId,
        /// The part of the partition, such as [`OPEN`].
        section: &'static str,
        /// The place in it, such as `CAL#cal_…`.
        sort: String,
        /// What is told of the record there, so that who reads the contact need not read it: 1.5 KB at
        /// most.
        card: Card,
    },
    /// The record holds one of a provider account's lines.
    Slot {
        /// Whose lines.
        account: &'static str,
        /// Counts from 0.
        number: u32,
        /// Who holds it.
        owner: String,
        /// Until when, should nobody give it back.
        until: Timestamp,
    },
}

/// The part of a contact's partition that holds what is not over yet.
pub(crate) const OPEN: &str = "1";

/// The measure of [`Row::Counted`].
pub(crate) const COUNT: &str = "n";
/// How many shards a counter has.
pub(crate) const COUNTER_SHARDS: u64 = 8;
/// How many partitions timers and outbox have.
pub(crate) const SYSTEM_SHARDS: u64 = 16;

impl Row {
    /// What the row adds to a counter: the measure, and by how much.
    pub(crate) fn adds(&self) -> Option<(&'static str, i64)> {
        match self {
            Self::Counted { .. } => Some((COUNT, 1)),
            Self::Summed { measure, amount, .. } => Some((measure, *amount)),
            _ => None,
        }
    }

    /// Where the row lives; `record` is the key of the record that keeps it.
    pub(crate) fn key(&self, tenant: &TenantId, record: &Key) -> Key {
        match self {
            Self::Listed { list, sort } => Key::of(tenant, format_args!("LIST#{list}"), sort),
            Self::Claim { name, value, .. } => Key::of(tenant, format_args!("U#{name}#{value}"), "0"),
            Self::Counted { stat, dimension } | Self::Summed { stat, dimension, .. } => {
                let shard = shard(&record.pk, COUNTER_SHARDS);
                Key::of(tenant, format_args!("STAT#{stat}#{shard}"), dimension)
            }
            Self::Timer { at, job } => {
                let subject = format!("{tenant}#{}#{}", job.kind().name, job.subject());
                System::Due.key(shard(&subject, SYSTEM_SHARDS), format!("{}#{subject}", instant(*at)))
            }
            Self::AtContact { contact, section, sort, .. } => {
                Key::of(tenant, format_args!("CON#{contact}"), format!("{section}#{sort}"))
            }
            Self::Slot { account, number, .. } => {
                Key::of(tenant, format_args!("SLOT#{account}"), format!("{number:04}"))
            }
        }
    }
}

/// A place in a list that puts the newest first.
pub fn newest_first(at: Timestamp, id: impl std::fmt::Display) -> String {
    format!("{}#{id}", inverted(at))
}

/// A place in a list that puts the oldest first.
pub fn oldest_first(at: Timestamp, id: impl std::fmt::Display) -> String {
    format!("{}#{id}", instant(at))
}

/// A record as it was read, with the version that a change of it must find.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored<E> {
    /// The record.
    pub value: E,
    /// Counts the writes of the record, from 1.
    pub version: u64,
}

impl<E> Deref for Stored<E> {
    type Target = E;
    fn deref(&self) -> &E {
        &self.value
    }
}
