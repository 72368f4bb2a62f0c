use super::*;
use crate::contact::Details;
use crate::id::PrefixedId;
use crate::provenance::Author;
use crate::{ContactId, Phone};
use serde_json::json;
use ulid::Ulid;

fn contact() -> Contact {
    let details = Details { phone: Phone::parse("+919876543210", None).ok(), ..Details::default() };
    Contact::new(ContactId::from_ulid(Ulid::from_parts(1, 8)), details, Author::Human, Timestamp::UNIX_EPOCH)
}

fn planned(reading: serde_json::Value, follow_ups: u32) -> Vec<What> {
    let now: Timestamp = "2026-11-21T06:30:00Z".parse().unwrap();
    let call = Call { follow_ups, ..crate::call::tests::queued(now) };
    let reading: Reading = serde_json::from_value(reading).unwrap();
    plan(&reading, &call, &contact(), &BusinessConfig::default(), now)
        .into_iter()
        .map(|step| step.what)
        .collect()
}

#[test]
fn a_callback_is_at_the_time_that_was_wished_for() {
    let steps = planned(
        json!({"outcome": "callback_requested", "score_change": 10,
               "wishes": [{"kind": "callback", "at": "2026-11-26T15:00", "detail": "Thursday at three"}]}),
        0,
    );
    assert_eq!(
        steps,
        [
            What::FollowUpCall {
                at: "2026-11-26T09:30:00Z".parse().unwrap(),
                objective: "Follow-up: Qualify".to_owned()
            },
            What::Score(10),
            What::Status(LeadStatus::Contacted),
        ]
    );
}

#[test]
fn a_stop_shuts_every_channel_and_calls_nobody() {
    let steps = planned(
        json!({"outcome": "interested", "wishes": [{"kind": "stop", "detail": "leave me alone"},
               {"kind": "callback", "at": "2026-11-26T15:00", "detail": ""}]}),
        0,
    );
    assert!(matches!(&steps[0], What::Suppress { channels, .. } if channels.len() == 4));
    assert!(!steps.iter().any(|step| matches!(step, What::FollowUpCall { .. })));
}

#[test]
fn calls_that_follow_one_another_end_with_a_person() {
    let reading = json!({"outcome": "interested"});
    assert!(planned(reading.clone(), 4).iter().any(|step| matches!(step, What::FollowUpCall { .. })));
    assert!(planned(reading, 5).iter().all(|step| !matches!(step, What::FollowUpCall { .. })));
}

#[test]
fn nothing_is_a_step_too() {
    assert_eq!(planned(json!({"outcome": "voicemail"}), 0), [What::Nothing]);
}
