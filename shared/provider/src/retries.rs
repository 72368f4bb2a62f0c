//! When to ask again.

use ring::rand::{SecureRandom, SystemRandom};
use std::time::Duration;
use tokio::time::Instant;

const FIRST_WAIT: Duration = Duration::from_millis(400);
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// The retries left for one request that is safe to repeat, within a budget of time that covers every
/// attempt and every wait. Never for a request with an effect.
///
/// ```text
/// let mut retries = Retries::new(2, BUDGET);
/// loop {
///     match self.attempt(retries.remaining()).await {
///         Err(error) if error.is_retryable() && retries.wait(error.retry_after()).await => {}
///         result => return result,
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Retries {
    left: u32,
    deadline: Instant,
    backoff: Duration,
}

impl Retries {
    /// At most `retries` attempts after the first, none of which begins later than `budget` from now.
    pub fn new(retries: u32, budget: Duration) -> Self {
        Self { left: retries, deadline: Instant::now() + budget, backoff: FIRST_WAIT }
    }

    /// What is left of the budget: the timeout of the next attempt.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Waits before the next attempt: as long as the provider asked for, or else a doubling time with
    /// jitter. `false`, at once, if there is no next attempt: none left, or the wait is longer than 8 s or
    /// than the budget.
    pub async fn wait(&mut self, asked: Option<Duration>) -> bool {
        let wait = asked.unwrap_or_else(|| jittered(self.backoff));
        if self.left == 0 || wait > LONGEST_WAIT || wait >= self.remaining() {
            return false;
        }
        self.left -= 1;
        self.backoff = (self.backoff * 2).min(LONGEST_WAIT);
        tokio::time::sleep(wait).await;
        true
    }
}

/// Between half of `wait` and all of it. A machine without randomness waits the whole time.
fn jittered(wait: Duration) -> Duration {
    let mut byte = [u8::MAX];
    if SystemRandom::new().fill(&mut byte).is_err() {
        return wait;
    }
    wait / 2 + wait / 2 * u32::from(byte[0]) / u32::from(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn waits_double_and_end() {
        let mut retries = Retries::new(2, MINUTE);
        for range in [200..=400, 400..=800] {
            let start = Instant::now();
            assert!(retries.wait(None).await);
            assert!(range.contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
        }
        assert!(!retries.wait(None).await);
    }

    #[tokio::test(start_paused = true)]
    async fn the_provider_may_name_a_short_wait() {
        let (start, mut retries) = (Instant::now(), Retries::new(5, MINUTE));
        assert!(retries.wait(Some(Duration::from_secs(3))).await);
        assert_eq!(start.elapsed().as_secs(), 3);
        assert!(!retries.wait(Some(Duration::from_secs(9))).await);
        assert_eq!(start.elapsed().as_secs(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_begins_after_the_budget() {
        let mut retries = Retries::new(5, Duration::from_secs(4));
        assert!(retries.wait(Some(Duration::from_secs(3))).await);
        assert_eq!(retries.remaining(), Duration::from_secs(1));
        assert!(!retries.wait(Some(Duration::from_secs(1))).await);
    }
}
