//! Waiting before a repetition.

use crate::error::Error;
use ring::rand::{SecureRandom, SystemRandom};
use std::time::Duration;

/// What a failed request means.
pub(crate) enum Fault {
    /// It may go well next time.
    Passing(Error),
    /// It will not.
    Final(Error),
}

/// Waits before try number `attempt`, which counts from 0: not at all before the first, then 40 ms doubling to
/// at most 1 s, of which up to a half is dropped at random so that those who clashed do not clash again.
pub(crate) async fn pause(attempt: u32) {
    if attempt == 0 {
        return;
    }
    let full = 20_u64.saturating_mul(1 << attempt.min(6)).min(1_000);
    let mut draw = [0_u8; 1];
    // Without randomness the full wait is as good.
    let _ = SystemRandom::new().fill(&mut draw);
    tokio::time::sleep(Duration::from_millis(full - full / 2 * u64::from(draw[0]) / 255)).await;
}
