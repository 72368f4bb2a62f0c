//! What keeps things moving: due timers become jobs, jobs are run, the simulators do what is due.
//!
//! A job's row in the outbox is its queue message: it is removed after success, put back with a wait after a
//! failure that may pass, and put aside after as many deliveries as its kind allows.

use crate::jobs;
use contracts::{Envelope, Failure};
use domain::Clock;
use futures::StreamExt;
use futures::stream;
use jiff::{SignedDuration, Timestamp};
use operations::Platform;
use simulators::Simulators;
use std::sync::Arc;
use store::Message;
use tokio::sync::{Mutex, Notify};
use tracing::Instrument;

/// How many jobs run side by side.
const SIDE_BY_SIDE: usize = 8;
/// How many messages one round takes from each partition.
const ROUND: usize = 25;
/// How many rounds one settling may take; beyond that something feeds itself.
const ROUNDS: usize = 10_000;

/// The pump. Cheap to clone; clones take turns.
#[derive(Debug, Clone)]
pub struct Pump {
    platform: Platform,
    simulators: Option<Simulators>,
    turn: Arc<Mutex<()>>,
    nudge: Arc<Notify>,
}

/// What settling came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// How many jobs, timers and simulated steps ran.
    pub ran: usize,
    /// When something is due next.
    pub next_due_at: Option<Timestamp>,
    /// Jobs that were put aside.
    pub stuck: Vec<Stuck>,
}

/// A job that failed as often as its kind allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// The message.
    pub id: String,
    /// The tenant.
    pub tenant: String,
    /// The kind of job.
    pub job: &'static str,
    /// What it failed of last.
    pub reason: String,
}

impl Pump {
    /// A pump of this platform and its simulators.
    pub fn new(platform: Platform, simulators: Option<Simulators>) -> Self {
        Self { platform, simulators, turn: Arc::default(), nudge: Arc::default() }
    }

    fn clock(&self) -> &Clock {
        self.platform.store.clock()
    }

    /// Tells a pump that waits that there may be something to do.
    pub fn nudge(&self) {
        self.nudge.notify_one();
    }

    /// Runs everything that is due now, and what that sets off for now, without moving the clock.
    pub async fn settle(&self) -> Result<Settled, store::Error> {
        let _turn = self.turn.lock().await;
        let ran = self.run_all().await?;
        self.settled(ran).await
    }

    /// Moves the clock forward to `target`, stopping at every instant at which something is due.
    pub async fn advance_to(&self, target: Timestamp) -> Result<Settled, store::Error> {
        let _turn = self.turn.lock().await;
        let mut ran = self.run_all().await?;
        while let Some(next) = self.next_due().await?.filter(|next| *next <= target) {
            self.clock().advance_to(next);
            ran += self.run_all().await?;
        }
        self.clock().advance_to(target);
        ran += self.run_all().await?;
        self.settled(ran).await
    }

    /// Keeps things moving until the process ends.
    pub async fn keep_going(&self) {
        loop {
            if let Err(error) = self.settle().await {
                tracing::error!(%error, "the pump failed and goes on");
            }
            let now = self.clock().now();
            let next = self.next_due().await.ok().flatten();
            let wait = next.map_or(1_000, |next| next.as_millisecond().saturating_sub(now.as_millisecond()));
            let wait = u64::try_from(wait.clamp(5, 1_000)).unwrap_or(1_000);
            let _ = tokio::time::timeout(std::time::Duration::from_millis(wait), self.nudge.notified()).await;
        }
    }

    async fn settled(&self, ran: usize) -> Result<Settled, store::Error> {
        let dead = self.platform.store.dead_messages().await?;
        let stuck = dead.into_iter().map(|dead| Stuck {
            id: dead.envelope.id.to_string(),
            tenant: dead.envelope.tenant.to_string(),
            job: dead.envelope.job.kind().name,
            reason: dead.reason,
        });
        Ok(Settled { ran, next_due_at: self.next_due().await?, stuck: stuck.collect() })
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, store::Error> {
        let (timer, message) =
            tokio::try_join!(self.platform.store.next_timer(), self.platform.store.next_message())?;
        let simulated = self.simulators.as_ref().and_then(Simulators::next_due);
        Ok([timer, message, simulated].into_iter().flatten().min())
    }

    async fn run_all(&self) -> Result<usize, store::Error> {
        let mut ran = 0;
        for _ in 0..ROUNDS {
            let now = self.clock().now();
            let mut round = tick::fire_timers(&self.platform, now).await?;
            let messages = self.platform.store.messages(now, ROUND).await?;
            round += messages.len();
            stream::iter(messages).for_each_concurrent(SIDE_BY_SIDE, |message| self.deliver(message)).await;
            if let Some(simulators) = &self.simulators {
                round += simulators.run_due(now).await;
            }
            if round == 0 {
                return Ok(ran);
            }
            ran += round;
        }
        tracing::error!("work does not come to an end; going on later");
        Ok(ran)
    }

    /// Delivers a message once, and does with it what a queue would.
    async fn deliver(&self, message: Message) {
        let store = &self.platform.store;
        let kind = message.envelope.job.kind();
        let kept = match self.attempt(&message.envelope).await {
            Ok(()) => store.remove_message(&message).await,
            Err(Failure::Drop { reason }) => {
                tracing::error!(job = kind.name, reason, "the job cannot be done and is put aside");
                store.bury_message(&message, &reason).await
            }
            Err(Failure::Retry { reason, .. }) if message.deliveries + 1 >= kind.max_deliveries => {
                tracing::error!(job = kind.name, reason, "the job failed too often and is put aside");
                store.bury_message(&message, &reason).await
            }
            Err(Failure::Retry { reason, after }) => {
                tracing::warn!(job = kind.name, reason, "the job failed and comes again");
                let wait = after.and_then(|after| SignedDuration::try_from(after).ok());
                let wait = wait.unwrap_or_else(|| backoff(message.deliveries));
                store.defer_message(&message, self.clock().now() + wait).await
            }
        };
        if let Err(error) = kept {
            // The row is as it was, so the message comes again.
            tracing::error!(%error, "a message could not be settled");
        }
    }

    /// Runs the job in a task of its own, so that its panic is its own.
    async fn attempt(&self, message: &Envelope) -> Result<(), Failure> {
        let span = tracing::info_span!(
            "job",
            request_id = %message.id,
            job = message.job.kind().name,
            tenant = %message.tenant,
            correlation = message.correlation,
            attempt = message.job.subject(),
        );
        let job = jobs::run(self.platform.clone(), message.clone()).instrument(span);
        tokio::spawn(job).await.unwrap_or_else(|_| Err(Failure::retry("the job panicked")))
    }
}

/// The wait before another delivery: 1 s, doubling to at most five minutes.
fn backoff(deliveries: u32) -> SignedDuration {
    SignedDuration::from_secs((1_i64 << deliveries.min(9)).min(300))
}
