use super::*;
use crate::contact::{Consent, Details};
use crate::id::PrefixedId;
use crate::provenance::Author;
use crate::{ContactId, Phone};
use proptest::prelude::*;
use serde_json::json;
use ulid::Ulid;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn contact(phone: &str) -> Contact {
    let details = Details { phone: Some(Phone::parse(phone, None).unwrap()), ..Details::default() };
    let mut contact = Contact::new(
        ContactId::from_ulid(Ulid::from_parts(1, 8)),
        details,
        Author::Human,
        Timestamp::UNIX_EPOCH,
    );
    let yes = Consent { granted: true, basis: "opt_in".to_owned(), source: String::new(), at: None };
    contact.consent.insert(Channel::Voice, yes);
    contact
}

fn call() -> Call {
    crate::call::tests::queued(Timestamp::UNIX_EPOCH)
}

fn decision(contact: &Contact, config: &BusinessConfig, now: &str) -> Decision {
    decide(&judge(&call(), Some(contact), config, at(now)))
}

#[test]
fn the_window_is_by_the_callees_clock() {
    let (india, config) = (contact("+919876543210"), BusinessConfig::default());
    assert_eq!(decision(&india, &config, "2026-11-21T03:30:00Z"), Decision::Go, "09:00 in Kolkata");
    assert_eq!(
        decision(&india, &config, "2026-11-21T03:29:59Z"),
        Decision::Wait { until: at("2026-11-21T03:30:00Z"), reason: Reason::OutsideWindow }
    );
    assert_eq!(
        decision(&india, &config, "2026-11-21T14:30:00Z"),
        Decision::Wait { until: at("2026-11-22T03:30:00Z"), reason: Reason::OutsideWindow },
        "20:00 is closed"
    );
}

#[test]
fn a_country_of_many_zones_has_their_common_hours() {
    let (us, config) = (contact("+12125550123"), BusinessConfig::default());
    // 09:00 in Hawaii (UTC-10) is 19:00 UTC; New York closes at 20:00 = 01:00 UTC. Adak is in the list too.
    assert_eq!(
        decision(&us, &config, "2026-11-21T12:00:00Z"),
        Decision::Wait { until: at("2026-11-21T19:00:00Z"), reason: Reason::OutsideWindow }
    );
    let mut config = config;
    config.calling.window = serde_json::from_value(json!({"open": "09:00", "close": "11:00"})).unwrap();
    assert_eq!(
        decision(&us, &config, "2026-11-21T12:00:00Z"),
        Decision::Refuse { reason: Reason::NoCommonWindow }
    );
    let mut hawaii = us;
    hawaii.details.timezone = Some("Pacific/Honolulu".parse().unwrap());
    assert_eq!(decision(&hawaii, &config, "2026-11-21T19:30:00Z"), Decision::Go);
}

#[test]
fn the_rules_fail_closed() {
    let config = BusinessConfig::default();
    let noon = "2026-11-21T06:30:00Z";
    let refused = |contact: &Contact| match decision(contact, &config, noon) {
        Decision::Refuse { reason } => reason,
        other => panic!("{other:?}"),
    };
    let mut lead = contact("+919876543210");
    lead.consent.clear();
    assert_eq!(refused(&lead), Reason::NoConsent);
    let mut lead = contact("+919876543210");
    lead.suppress(Channel::Voice, "asked", Author::Ai, at(noon));
    assert_eq!(refused(&lead), Reason::Suppressed);
    assert_eq!(
        refused(&contact("+88216 5550 0123")),
        Reason::UnknownZone,
        "a satellite telephone is in no country"
    );
    let mut lead = contact("+919876543210");
    lead.details.phone = None;
    assert_eq!(refused(&lead), Reason::NoPhone);
    assert_eq!(decide(&judge(&call(), None, &config, at(noon))), Decision::Refuse { reason: Reason::NoLead });
}

#[test]
fn an_explicit_no_counts_where_no_yes_is_asked_for() {
    let mut config = BusinessConfig::default();
    config.calling.consent_required = false;
    let mut lead = contact("+919876543210");
    lead.consent.clear();
    assert_eq!(decision(&lead, &config, "2026-11-21T06:30:00Z"), Decision::Go);
    let no = Consent { granted: false, basis: String::new(), source: String::new(), at: None };
    lead.consent.insert(Channel::Voice, no);
    assert_eq!(
        decision(&lead, &config, "2026-11-21T06:30:00Z"),
        Decision::Refuse { reason: Reason::NoConsent }
    );
}

#[test]
fn pressure_waits_until_the_oldest_contact_in_the_way_is_past() {
    let (mut lead, config) = (contact("+919876543210"), BusinessConfig::default());
    lead.touch(at("2026-11-20T05:00:00Z"));
    lead.touch(at("2026-11-20T09:00:00Z"));
    assert_eq!(
        decision(&lead, &config, "2026-11-21T04:00:00Z"),
        Decision::Wait { until: at("2026-11-21T05:00:00Z"), reason: Reason::ContactPressure }
    );
    assert_eq!(decision(&lead, &config, "2026-11-21T05:00:00Z"), Decision::Go);
}

#[test]
fn holidays_and_weekday_hours_close() {
    let config: BusinessConfig = serde_json::from_value(json!({
        "business_hours": {"mon": {"open": "10:00", "close": "12:00"}, "tuesday": {"open": "10:00", "close": "24:00"}},
        "holidays": [{"date": "2026-11-23", "name": "Founders' day"}]
    }))
    .unwrap();
    config.check().unwrap();
    // Saturday; Monday is a holiday, so Tuesday 10:00 in Kolkata.
    assert_eq!(
        decision(&contact("+919876543210"), &config, "2026-11-21T06:30:00Z"),
        Decision::Wait { until: at("2026-11-24T04:30:00Z"), reason: Reason::OutsideWindow }
    );
}

#[test]
fn daylight_saving_moves_the_window() {
    let (italy, config) = (contact("+390212345678"), BusinessConfig::default());
    assert_eq!(decision(&italy, &config, "2026-10-24T07:00:00Z"), Decision::Go, "09:00 in summer time");
    assert_eq!(
        decision(&italy, &config, "2026-10-25T07:00:00Z"),
        Decision::Wait { until: at("2026-10-25T08:00:00Z"), reason: Reason::OutsideWindow }
    );
}

#[test]
fn a_schedule_is_kept_and_pushed_into_the_window() {
    let mut call = call();
    call.scheduled_at = Some(at("2026-11-21T20:00:00Z"));
    let verdicts =
        judge(&call, Some(&contact("+919876543210")), &BusinessConfig::default(), at("2026-11-21T06:30:00Z"));
    assert_eq!(
        decide(&verdicts),
        Decision::Wait { until: at("2026-11-22T03:30:00Z"), reason: Reason::OutsideWindow }
    );
}

proptest! {
    #[test]
    fn what_is_waited_for_is_permitted_then(hour in 0i64..20_000, touches in prop::collection::vec(0i64..400, 0..6)) {
        let now = at("2026-01-01T00:00:00Z") + SignedDuration::from_mins(hour * 30);
        let mut lead = contact("+390212345678");
        lead.touches = touches.iter().map(|hours| now - SignedDuration::from_hours(*hours)).collect();
        lead.touches.sort();
        let config = BusinessConfig::default();
        if let Decision::Wait { until, .. } = decide(&judge(&call(), Some(&lead), &config, now)) {
            prop_assert!(until > now);
            prop_assert_eq!(decide(&judge(&call(), Some(&lead), &config, until)), Decision::Go);
        }
    }
}
