use super::*;
use crate::contact::{Consent, Details};
use crate::{Author, Ids, Phone};
use jiff::Timestamp;
use serde_json::json;

fn lead(channels: &[Channel]) -> Contact {
    let details = Details {
        first_name: "Asha".to_owned(),
        phone: Phone::parse("+919876543210", None).ok(),
        email: "asha@example.com".parse().ok(),
        ..Details::default()
    };
    let now = Timestamp::UNIX_EPOCH;
    let mut lead = Contact::new(Ids::default().next(now), details, Author::Human, now);
    for channel in channels {
        let yes = Consent { granted: true, basis: String::new(), source: String::new(), at: None };
        lead.consent.insert(*channel, yes);
    }
    lead
}

fn config() -> BusinessConfig {
    serde_json::from_value(json!({"name": "Acme Homes", "terminology": {"appointment": "showing"}})).unwrap()
}

#[test]
fn we_write_where_we_may() {
    let mut some = lead(&[Channel::Email, Channel::Sms, Channel::Voice]);
    assert_eq!(channels(&some, &config()), [Channel::Email, Channel::Sms]);
    some.suppress(Channel::Sms, "asked", Author::Human, Timestamp::UNIX_EPOCH);
    some.details.email = None;
    assert_eq!(channels(&some, &config()), []);
    let mut silent = lead(&[]);
    assert_eq!(channels(&silent, &config()), [], "no statement is no consent");
    let lax: BusinessConfig =
        serde_json::from_value(json!({"calling": {"consent_required": false}})).unwrap();
    assert_eq!(channels(&silent, &lax).len(), 3);
    let no = Consent { granted: false, basis: String::new(), source: String::new(), at: None };
    silent.consent.insert(Channel::Whatsapp, no);
    assert!(!channels(&silent, &lax).contains(&Channel::Whatsapp), "a no is a no");
}

#[test]
fn a_draft_is_written_from_records() {
    let all = lead(&Channel::ALL);
    let written = drafts(Occasion::Appointment, &all, &config(), "en");
    assert_eq!(written.len(), 3);
    let email = written.iter().find(|draft| draft.channel == Channel::Email).unwrap();
    assert_eq!(email.subject.as_deref(), Some("The showing you asked for"));
    assert!(
        email.text.starts_with("Hello Asha,\n\n") && email.text.ends_with("\n\nAcme Homes"),
        "{}",
        email.text
    );
    let sms = written.iter().find(|draft| draft.channel == Channel::Sms).unwrap();
    assert_eq!((sms.segments, sms.subject.as_ref()), (Some(1), None));
}

#[test]
fn every_language_has_every_occasion_and_no_blank_is_left() {
    let all = lead(&Channel::ALL);
    for wording in Wording::ALL {
        for occasion in
            [Occasion::Interest, Occasion::Information, Occasion::Appointment, Occasion::Unreached]
        {
            for draft in drafts(occasion, &all, &BusinessConfig::default(), wording.language) {
                let all = format!("{}{}", draft.subject.unwrap_or_default(), draft.text);
                assert!(!all.contains(['{', '}']) && all.contains("Asha"), "{all}");
                assert!(!all.chars().any(char::is_numeric), "no price and no time: {all}");
                assert!(draft.segments.is_none_or(|parts| parts <= 2), "{all}");
                assert_eq!(draft.language, wording.language);
            }
        }
    }
    assert_eq!(language(["de", "it-CH", "hi"]), "it");
    assert_eq!(language(["de", ""]), "en");
}

#[test]
fn parts_of_an_sms_are_counted_as_the_networks_do() {
    assert_eq!(segments(""), 1);
    assert_eq!(segments(&"a".repeat(160)), 1);
    assert_eq!(segments(&"a".repeat(161)), 2);
    assert_eq!(segments(&"\u{e8}".repeat(160)), 1, "in the GSM alphabet");
    assert_eq!(segments(&"\u{20ac}".repeat(81)), 2, "two places each");
    assert_eq!(segments(&"\u{915}".repeat(70)), 1);
    assert_eq!(segments(&"\u{915}".repeat(71)), 2);
    assert_eq!(segments(&"\u{1f600}".repeat(36)), 2, "two units each");
}
