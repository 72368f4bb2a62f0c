//! Timers: jobs for later, armed in the step of the record that wants them.

use crate::entity::{Item, SYSTEM_SHARDS};
use crate::error::{Error, Result};
use crate::item::{json_in, text_in};
use crate::key::{Key, System, instant};
use crate::read::Stretch;
use crate::{Store, Transaction};
use contracts::Job;
use domain::{Ids, TenantId};
use futures::future::try_join_all;
use jiff::Timestamp;

/// A timer that is due.
#[derive(Debug, Clone)]
pub struct Timer {
    key: Key,
    tenant: TenantId,
    correlation: String,
    job: Job,
    /// When it is due.
    pub at: Timestamp,
}

impl Store {
    /// The timers that are due by `until`, at most `limit` from each of the 16 partitions.
    pub async fn timers(&self, until: Timestamp, limit: usize) -> Result<Vec<Timer>> {
        // The last key of that instant: `~` is after the `#` that follows an instant.
        let up_to = format!("{}~", instant(until));
        let shards = (0..SYSTEM_SHARDS).map(|shard| {
            let mut stretch = Stretch::of(System::Due.partition(shard), limit);
            stretch.up_to = Some(up_to.clone());
            async move { self.stretch(&stretch).await }
        });
        let mut timers = Vec::new();
        for item in try_join_all(shards).await?.into_iter().flatten() {
            // A row that this version cannot read must not hold up every other tenant's.
            match read(&item) {
                Ok(timer) => timers.push(timer),
                Err(error) => tracing::error!(%error, "a timer is passed over"),
            }
        }
        timers.sort_by_key(|timer| timer.at);
        Ok(timers)
    }

    /// When the next timer is due.
    pub async fn next_timer(&self) -> Result<Option<Timestamp>> {
        let firsts = (0..SYSTEM_SHARDS)
            .map(|shard| async move { self.stretch(&Stretch::of(System::Due.partition(shard), 1)).await });
        let firsts = try_join_all(firsts).await?;
        let instants =
            firsts.iter().flatten().filter_map(|item| text_in(item, "sk")?.split('#').next()?.parse().ok());
        Ok(instants.min())
    }

    /// Turns a due timer into its job. Of several who try, one does it; the others do nothing.
    pub async fn fire(&self, timer: &Timer, ids: &Ids) -> Result<()> {
        let mut step = Transaction::new(timer.tenant.clone(), &timer.correlation, ids, self.clock.now());
        step.take_timer(&timer.key);
        step.enqueue_at(timer.job.clone(), timer.at);
        match self.commit(step).await {
            Err(Error::Stale { .. }) => Ok(()),
            other => other,
        }
    }
}

fn read(item: &Item) -> Result<Timer> {
    let key = Key {
        pk: text_in(item, "pk").unwrap_or_default().to_owned(),
        sk: text_in(item, "sk").unwrap_or_default().to_owned(),
    };
    let malformed = |detail: &str| Error::Malformed { kind: "timer", detail: detail.to_owned() };
    let at = key.sk.split('#').next().and_then(|at| at.parse().ok()).ok_or_else(|| malformed("at"))?;
    let tenant = text_in(item, "tenant").unwrap_or_default().parse().map_err(|_| malformed("tenant"))?;
    let correlation = text_in(item, "correlation").unwrap_or_default().to_owned();
    Ok(Timer { job: json_in(item, "job", "timer")?, key, tenant, correlation, at })
}
