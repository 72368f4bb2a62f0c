//! Fires the timers that are due, and sends jobs that were left in the outbox.
//!
//! - Trigger: the schedule, every minute.
//! - Jobs out: those of the timers, through the outbox; those that the relay has not sent.
//! - On failure the next tick does what is left; the invocation fails, so that the alarm sees it.

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use operations::Platform;
use queues::Queues;
use store::Timer;
use tracing::{info, warn};

/// How far ahead timers are fired: until the next tick. The queue holds their jobs back to the second.
const AHEAD: SignedDuration = SignedDuration::from_mins(1);
/// How long the relay has for a message before the tick sends it.
const LEFT_AFTER: SignedDuration = SignedDuration::from_mins(2);
/// How many timers or messages are read at a time, from each of 16 partitions.
const PAGE: usize = 25;
/// How often a page is read in one tick; what is left waits for the next.
const ROUNDS: usize = 40;
/// How many timers are fired at the same time.
const CONCURRENCY: usize = 8;

/// One tick.
pub async fn handle(platform: Platform, queues: Queues) -> Result<(), store::Error> {
    let now = platform.store.clock().now();
    let fired = fire_timers(&platform, now + AHEAD).await;
    let sent = send_leftovers(&platform, &queues, now - LEFT_AFTER).await;
    let (fired, sent) = (fired?, sent?);
    info!(fired, sent, "ticked");
    Ok(())
}

/// Turns the timers that are due by `until` into jobs, at most as many as one tick can; answers how many.
///
/// A timer that cannot be fired stays, and holds up no other one; the last such error is answered when
/// the others are done.
pub async fn fire_timers(platform: &Platform, until: Timestamp) -> Result<usize, store::Error> {
    let (mut fired, mut failure) = (0, None);
    for _ in 0..ROUNDS {
        let timers = platform.store.timers(until, PAGE).await?;
        let (found, round) = (timers.len(), fire(platform, timers).await);
        fired += round.fired;
        failure = round.failure;
        // Fewer than a page in all: no partition has more. None of them fired: nor would they now.
        if found < PAGE || round.fired == 0 {
            break;
        }
    }
    failure.map_or(Ok(fired), Err)
}

struct Round {
    fired: usize,
    failure: Option<store::Error>,
}

async fn fire(platform: &Platform, timers: Vec<Timer>) -> Round {
    let mut results = stream::iter(timers)
        .map(|timer| async move { platform.store.fire(&timer, &platform.ids).await })
        .buffer_unordered(CONCURRENCY);
    let mut round = Round { fired: 0, failure: None };
    while let Some(result) = results.next().await {
        match result {
            Ok(()) => round.fired += 1,
            Err(failure) => {
                warn!("a timer could not be fired: {failure}");
                round.failure = Some(failure);
            }
        }
    }
    round
}

/// Sends messages that should have gone by `until`; answers how many went. What no queue takes waits for the
/// next tick.
async fn send_leftovers(
    platform: &Platform,
    queues: &Queues,
    until: Timestamp,
) -> Result<usize, store::Error> {
    let mut sent = 0;
    for _ in 0..ROUNDS {
        let messages = platform.store.messages(until, PAGE).await?;
        let accepted = queues.relay(&platform.store, &messages).await;
        let gone = accepted.iter().filter(|accepted| **accepted).count();
        sent += gone;
        if messages.len() < PAGE || gone < messages.len() {
            break;
        }
    }
    if sent > 0 {
        warn!(sent, "messages were left in the outbox");
    }
    Ok(sent)
}
