//! Counts and sums that are kept, not made: read without reading what is counted.

use crate::Store;
use crate::entity::{COUNT, COUNTER_SHARDS, Item};
use crate::error::{Error, Result};
use crate::item::{number_in, text_in};
use crate::key::partition;
use crate::read::Stretch;
use domain::TenantId;
use futures::future::try_join_all;
use std::collections::BTreeMap;

/// How many records there are, by dimension.
pub type Counts = BTreeMap<String, i64>;

/// What is known of one dimension, by measure; a measure that is not there is 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<String, i64>);

/// Sums by dimension.
pub type Tallies = BTreeMap<String, Sums>;

/// How many dimensions one shard of one kind of count may answer. An item has some 150 bytes, so this is about 3 MB.
const DIMENSIONS: usize = 20_000;

impl Sums {
    /// How many records count in the dimension.
    pub fn count(&self) -> i64 {
        self.of(COUNT)
    }

    /// The sum of a measure.
    pub fn of(&self, measure: &str) -> i64 {
        self.0.get(measure).copied().unwrap_or_default()
    }

    fn add(&mut self, item: &Item) {
        let measures = item.keys().filter(|name| !["pk", "sk"].contains(&name.as_str()));
        for measure in measures {
            *self.0.entry(measure.clone()).or_default() +=
                number_in::<i64>(item, measure).unwrap_or_default();
        }
    }
}

impl Store {
    /// All counts of one kind, such as `lead`: eight queries side by side, one a shard.
    pub async fn counts(&self, tenant: &TenantId, stat: &str) -> Result<Counts> {
        Ok(counts(self.tallied(tenant, stat, None).await?))
    }

    /// The counts of one kind whose dimensions lie between these two: from the first, up to all that begin with the
    /// last. Eight queries side by side.
    pub async fn counts_between(
        &self,
        tenant: &TenantId,
        stat: &str,
        from: &str,
        to: &str,
    ) -> Result<Counts> {
        Ok(counts(self.tallies_between(tenant, stat, from, to).await?))
    }

    /// The counts of one kind whose dimension begins with `prefix`.
    pub(crate) async fn counts_of(&self, tenant: &TenantId, stat: &str, prefix: &str) -> Result<Counts> {
        self.counts_between(tenant, stat, prefix, prefix).await
    }

    /// The tallies of one kind whose dimensions lie between these two, with every measure.
    pub async fn tallies_between(
        &self,
        tenant: &TenantId,
        stat: &str,
        from: &str,
        to: &str,
    ) -> Result<Tallies> {
        self.tallied(tenant, stat, Some((from, to))).await
    }

    async fn tallied(&self, tenant: &TenantId, stat: &str, range: Option<(&str, &str)>) -> Result<Tallies> {
        let shards = (0..COUNTER_SHARDS).map(|shard| async move {
            let mut stretch =
                Stretch::of(partition(tenant, format_args!("STAT#{stat}#{shard}")), DIMENSIONS + 1);
            if let Some((from, to)) = range {
                from.clone_into(&mut stretch.prefix);
                stretch.up_to = Some(format!("{to}\u{10FFFF}"));
            }
            let items = self.stretch(&stretch).await?;
            // A figure that leaves something out is worse than none.
            if items.len() > DIMENSIONS { Err(Error::TooMuch) } else { Ok(items) }
        });
        let mut tallies = Tallies::new();
        for item in try_join_all(shards).await?.into_iter().flatten() {
            if let Some(dimension) = text_in(&item, "sk") {
                tallies.entry(dimension.to_owned()).or_default().add(&item);
            }
        }
        tallies.retain(|_, sums| sums.0.values().any(|sum| *sum != 0));
        Ok(tallies)
    }
}

fn counts(tallies: Tallies) -> Counts {
    let counts = tallies.into_iter().map(|(dimension, sums)| (dimension, sums.count()));
    counts.filter(|(_, count)| *count != 0).collect()
}
