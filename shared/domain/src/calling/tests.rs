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
    decide(&judge(&call(), Some(contact), &Policy::of(config, None), at(now)))
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
    assert_eq!(
        decide(&judge(&call(), None, &Policy::of(&config, None), at(noon))),
        Decision::Refuse { reason: Reason::NoLead }
    );
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
    let mut config: BusinessConfig = serde_json::from_value(json!({
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
    let config = BusinessConfig::default();
    let policy = Policy::of(&config, None);
    let verdicts = judge(&call, Some(&contact("+919876543210")), &policy, at("2026-11-21T06:30:00Z"));
    assert_eq!(
        decide(&verdicts),
        Decision::Wait { until: at("2026-11-22T03:30:00Z"), reason: Reason::OutsideWindow }
    );
}

fn config(calling: serde_json::Value) -> BusinessConfig {
    serde_json::from_value(json!({ "calling": calling })).unwrap()
}

#[test]
fn the_law_of_the_callees_place_bounds_the_tenants_hours() {
    let wide = json!({"open": "06:00", "close": "23:00"});
    let mut new_york = contact("+12125550123");
    new_york.details.timezone = Some("America/New_York".parse().unwrap());
    let mut toronto = contact("+14165550123");
    toronto.details.timezone = Some("America/Toronto".parse().unwrap());
    let opens = |lead: &Contact, preset: &str, now: &str| {
        let config = config(json!({"window": wide, "preset": preset}));
        let policy = Policy::of(&config, None);
        next_open(&Place::of(lead, &policy), &policy, at(now)).unwrap().to_string()
    };
    // Saturday, 06:00 in New York and Toronto.
    let saturday = "2026-11-21T11:00:00Z";
    assert_eq!(opens(&new_york, "by_country", saturday), "2026-11-21T13:00:00Z", "from 08:00");
    assert_eq!(opens(&toronto, "by_country", saturday), "2026-11-21T15:00:00Z", "at weekends from 10:00");
    assert_eq!(opens(&toronto, "by_country", "2026-11-21T23:00:00Z"), "2026-11-22T15:00:00Z", "to 18:00");
    assert_eq!(
        opens(&toronto, "by_country", "2026-11-24T02:29:00Z"),
        "2026-11-24T02:29:00Z",
        "Monday to 21:30"
    );
    assert_eq!(opens(&toronto, "by_country", "2026-11-24T02:30:00Z"), "2026-11-24T14:00:00Z");
    assert_eq!(opens(&toronto, "neutral", saturday), saturday);
    assert_eq!(opens(&contact("+390212345678"), "casl", "2026-11-21T06:00:00Z"), "2026-11-21T09:00:00Z");
}

#[test]
fn the_law_of_the_callees_place_asks_for_consent_that_still_holds() {
    let noon = "2026-11-23T17:00:00Z";
    let config = config(json!({"consent_required": false}));
    let mut toronto = contact("+14165550123");
    toronto.details.timezone = Some("America/Toronto".parse().unwrap());
    let mut decided = |basis: Option<(&str, &str)>| {
        toronto.consent.clear();
        if let Some((basis, given)) = basis {
            let consent = json!({"granted": true, "basis": basis, "at": given});
            toronto.consent.insert(Channel::Voice, serde_json::from_value(consent).unwrap());
        }
        decision(&toronto, &config, noon)
    };
    let refused = |reason| Decision::Refuse { reason };
    assert_eq!(decided(None), refused(Reason::NoConsent), "though the tenant asks for none");
    assert_eq!(decided(Some(("inquiry", "2026-06-01T00:00:00Z"))), Decision::Go);
    assert_eq!(decided(Some(("inquiry", "2026-05-01T00:00:00Z"))), refused(Reason::ConsentLapsed));
    assert_eq!(decided(Some(("existing_customer", "2025-01-01T00:00:00Z"))), Decision::Go);
    assert_eq!(decided(Some(("opt_in", "2015-01-01T00:00:00Z"))), Decision::Go, "a yes does not lapse");
}

#[test]
fn a_holiday_is_kept_where_it_is_kept() {
    let config: BusinessConfig = serde_json::from_value(json!({
        "holidays": [{"date": "2026-12-25"}, {"date": "2026-11-26", "countries": ["US"]}]
    }))
    .unwrap();
    let (italy, india) = (contact("+390212345678"), contact("+919876543210"));
    assert_eq!(decision(&italy, &config, "2026-11-26T10:00:00Z"), Decision::Go);
    for lead in [italy, india] {
        let closed = decision(&lead, &config, "2026-12-25T10:00:00Z");
        assert!(matches!(closed, Decision::Wait { reason: Reason::OutsideWindow, .. }), "{closed:?}");
    }
    let us = decision(&contact("+12125550123"), &config, "2026-11-26T19:00:00Z");
    assert!(matches!(us, Decision::Wait { .. }), "{us:?}");
}

#[test]
fn a_campaigns_rules_hold_for_its_calls() {
    let config = BusinessConfig::default();
    let (mut india, noon) = (contact("+919876543210"), at("2026-11-21T06:30:00Z"));
    let mut campaign: Campaign = serde_json::from_value(json!({
        "id": "cmp_01JAAAAAAAAAAAAAAAAAAAAAAA", "name": "Spring", "status": "running", "started_at": null,
        "rules": {"window": {"open": "15:00", "close": "18:00"}},
        "created_at": "2026-11-01T00:00:00Z", "updated_at": "2026-11-01T00:00:00Z",
    }))
    .unwrap();
    let call = Call { campaign_id: Some(campaign.id), ..call() };
    india.details.campaign_id = Some(campaign.id);
    let mut decided = |status| {
        campaign.status = status;
        decide(&judge(&call, Some(&india), &Policy::of(&config, Some(&campaign)), noon))
    };
    let waits = Decision::Wait { until: at("2026-11-21T09:30:00Z"), reason: Reason::OutsideWindow };
    assert_eq!(decided(CampaignStatus::Running), waits);
    assert_eq!(decided(CampaignStatus::Paused), Decision::Hold);
    let cancelled = Decision::Refuse { reason: Reason::CampaignCancelled };
    assert_eq!(decided(CampaignStatus::Cancelled), cancelled);
    let gone = Policy::of(&config, None);
    assert_eq!(decide(&judge(&call, Some(&india), &gone, noon)), cancelled, "and so is one that was deleted");
    assert_eq!(gone.retry(&call).after(call.id, CallStatus::Busy, 1), None);
    campaign.status = CampaignStatus::Running;
    india.details.campaign_id = None;
    let left = decide(&judge(&call, Some(&india), &Policy::of(&config, Some(&campaign)), noon));
    assert_eq!(left, Decision::Refuse { reason: Reason::LeftCampaign });
}

proptest! {
    #[test]
    fn what_is_waited_for_is_permitted_then(hour in 0i64..20_000, touches in prop::collection::vec(0i64..400, 0..6)) {
        let now = at("2026-01-01T00:00:00Z") + SignedDuration::from_mins(hour * 30);
        let mut lead = contact("+390212345678");
        lead.touches = touches.iter().map(|hours| now - SignedDuration::from_hours(*hours)).collect();
        lead.touches.sort();
        let config = BusinessConfig::default();
        let policy = Policy::of(&config, None);
        if let Decision::Wait { until, .. } = decide(&judge(&call(), Some(&lead), &policy, now)) {
            prop_assert!(until > now);
            prop_assert_eq!(decide(&judge(&call(), Some(&lead), &policy, until)), Decision::Go);
        }
    }
}
