//! The cases that a deployed stack passes too (`tests/cloud`), on the local run.

use integration::{Callee, Stage, everywhere};
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

macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                everywhere::$case(&Stage::local().await).await;
            }
        )*
    };
}

cases!(
    a_call_is_made_at_its_time,
    a_campaign_calls_its_leads,
    a_tenant_without_credentials_is_told_so,
    an_end_counts_once,
    files_go_by_links,
    tenants_never_see_each_other,
    what_is_wrong_is_a_problem,
);
