//! The cases that a deployed stack passes too (`tests/cloud`), on the local run.

use integration::{Callee, Stage};
use jiff::Timestamp;

#[test]
fn it_is_always_day_somewhere() {
    for midnight in ["2026-11-21T00:00:00Z", "2027-07-01T00:00:00Z"] {
        let midnight: Timestamp = midnight.parse().unwrap();
        for minutes in (0..24 * 60).step_by(10) {
            let now = midnight + jiff::SignedDuration::from_mins(minutes);
            let there = now.in_tz(Callee::of_the_day(now).zone).unwrap();
            assert!((9..19).contains(&there.hour()), "{now}: {there}");
        }
    }
}

integration::tests_everywhere!(Stage::local());
