//! How fast one person may be written to.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// WhatsApp takes one message to one person in so many seconds, over time.
pub const PAIR_EVERY: SignedDuration = SignedDuration::from_secs(6);
/// How many it takes at once, to be made up for by silence.
pub const PAIR_BURST: i64 = 45;

/// How fast we have been writing to one person: until when they are taken up (the generic cell rate algorithm).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pace(Option<Timestamp>);

impl Pace {
    /// When the next message may go.
    pub fn next(self, now: Timestamp) -> Timestamp {
        let room = PAIR_EVERY * i32::try_from(PAIR_BURST - 1).unwrap_or(i32::MAX);
        self.0.map_or(now, |until| (until - room).max(now))
    }

    /// Counts a message that goes now.
    pub fn count(&mut self, now: Timestamp) {
        self.0 = Some(self.0.map_or(now, |until| until.max(now)) + PAIR_EVERY);
    }

    /// Notes that the provider asks for a pause until `until`.
    pub fn pause(&mut self, until: Timestamp) {
        let room = PAIR_EVERY * i32::try_from(PAIR_BURST - 1).unwrap_or(i32::MAX);
        self.0 = Some(self.0.map_or(until + room, |taken| taken.max(until + room)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_at_once_and_is_made_up_for() {
        let start: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
        let mut pace = Pace::default();
        for n in 0..PAIR_BURST {
            assert_eq!(pace.next(start), start, "message {n}");
            pace.count(start);
        }
        assert_eq!(pace.next(start), start + PAIR_EVERY);
        let later = start + PAIR_EVERY * 45;
        pace.count(later);
        assert_eq!(pace.next(later), later, "all is made up for");
        let mut paused = Pace::default();
        paused.pause(start + SignedDuration::from_secs(16));
        assert_eq!(paused.next(start), start + SignedDuration::from_secs(16));
    }
}
