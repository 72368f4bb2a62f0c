//! Where time and fresh ids come from.

use crate::id::PrefixedId;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use ulid::Ulid;

/// The only source of the present instant. It runs with the machine's clock at an offset, which the local
/// runner moves and the cloud leaves at zero. Clones share the offset.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_ms: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that runs `offset_ms` milliseconds ahead of the machine's.
    pub fn shifted(offset_ms: i64) -> Self {
        Self { offset_ms: Arc::new(AtomicI64::new(offset_ms)) }
    }

    /// The present instant, to the millisecond.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    pub fn now(&self) -> Timestamp {
        let ms = Timestamp::now().as_millisecond().saturating_add(self.offset_ms());
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
    }

    /// How far the clock runs ahead of the machine's, in milliseconds.
    pub fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Acquire)
    }

    /// Whether the clock has been moved.
    pub fn is_shifted(&self) -> bool {
        self.offset_ms() != 0
    }

    /// Moves the clock forward to `instant`; an instant already past changes nothing, so time never goes back.
    pub fn advance_to(&self, instant: Timestamp) {
        let ahead = instant.as_millisecond().saturating_sub(self.now().as_millisecond());
        if ahead > 0 {
            self.offset_ms.fetch_add(ahead, Ordering::AcqRel);
        }
    }
}

/// The only source of fresh ids and secrets. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Ids {
    random: SystemRandom,
    last: Arc<Mutex<Ulid>>,
}

impl Default for Ids {
    fn default() -> Self {
        Self { random: SystemRandom::new(), last: Arc::default() }
    }
}

impl Ids {
    /// A new id whose time part is `now`.
    pub fn next<T: PrefixedId>(&self, now: Timestamp) -> T {
        T::from_ulid(self.ulid(now))
    }

    /// A new ULID whose time part is `now`. Those that are drawn one after the other for one millisecond sort so, which
    /// keeps in order what one step writes.
    pub fn ulid(&self, now: Timestamp) -> Ulid {
        let ms = u64::try_from(now.as_millisecond()).unwrap_or_default();
        let drawn = Ulid::from_parts(ms, u128::from_be_bytes(self.bytes()));
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let follows = drawn > *last || last.timestamp_ms() != ms;
        *last = if follows { drawn } else { last.increment().unwrap_or(drawn) };
        *last
    }

    /// `N` bytes from the system's secure random source.
    ///
    /// A machine without one cannot make keys, and goes no further.
    #[expect(clippy::expect_used, reason = "without randomness no id and no secret is safe")]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes).expect("the system's random source answers");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ContactId;

    #[test]
    fn time_never_goes_back() {
        let clock = Clock::default();
        let start = clock.now();
        clock.advance_to(start + jiff::SignedDuration::from_hours(5));
        assert!(clock.now() >= start + jiff::SignedDuration::from_hours(5));
        clock.advance_to(start);
        assert!(clock.now() >= start + jiff::SignedDuration::from_hours(5));
    }

    #[test]
    fn ids_sort_by_their_instant() {
        let (ids, now) = (Ids::default(), Clock::default().now());
        let early: ContactId = ids.next(now);
        let late: ContactId = ids.next(now + jiff::SignedDuration::from_millis(1));
        assert!(early < late && early.to_string() < late.to_string());
        let drawn: Vec<Ulid> = (0..1_000).map(|_| ids.ulid(now)).collect();
        assert!(drawn.is_sorted_by(|one, next| one < next));
    }
}
