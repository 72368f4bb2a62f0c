//! Counts that are kept, not made: read without reading what is counted.

use crate::Store;
use crate::entity::COUNTER_SHARDS;
use crate::error::Result;
use crate::item::{number_in, text_in};
use crate::key::partition;
use crate::read::Stretch;
use domain::TenantId;
use futures::future::try_join_all;
use std::collections::BTreeMap;

/// How many records there are, by dimension.
pub type Counts = BTreeMap<String, i64>;

/// How many dimensions one kind of count may have.
const DIMENSIONS: usize = 10_000;

impl Store {
    /// All counts of one kind, such as `lead`: eight queries side by side, one a shard.
    pub async fn counts(&self, tenant: &TenantId, stat: &str) -> Result<Counts> {
        self.counts_of(tenant, stat, "").await
    }

    /// The counts of one kind whose dimension begins with `prefix`.
    pub(crate) async fn counts_of(&self, tenant: &TenantId, stat: &str, prefix: &str) -> Result<Counts> {
        let shards = (0..COUNTER_SHARDS).map(|shard| async move {
            let partition = partition(tenant, format_args!("STAT#{stat}#{shard}"));
            let mut stretch = Stretch::of(partition, DIMENSIONS);
            prefix.clone_into(&mut stretch.prefix);
            self.stretch(&stretch).await
        });
        let mut counts = Counts::new();
        for item in try_join_all(shards).await?.into_iter().flatten() {
            if let Some(dimension) = text_in(&item, "sk") {
                *counts.entry(dimension.to_owned()).or_default() +=
                    number_in::<i64>(&item, "n").unwrap_or_default();
            }
        }
        counts.retain(|_, count| *count != 0);
        Ok(counts)
    }
}
