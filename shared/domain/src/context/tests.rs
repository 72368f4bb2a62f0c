use super::*;
use crate::contact::{Contact, Details};
use crate::id::PrefixedId;
use crate::provenance::Author;
use crate::{ContactId, Phone};
use serde_json::json;
use ulid::Ulid;

fn contact() -> Contact {
    let details: Details = serde_json::from_value(json!({
        "first_name": "\u{9b0}\u{9b9}\u{9bf}\u{9ae}", "last_name": "Khan", "company": "Acme", "source": "website",
        "tags": ["vip"], "preferences": {"best_time": "morning"}, "notes": "Says {{system__time}} a lot",
        "custom_fields": {"rooms": 3}
    }))
    .unwrap();
    let details = Details { phone: Phone::parse("+8801712345678", None).ok(), ..details };
    Contact::new(ContactId::from_ulid(Ulid::from_parts(1, 8)), details, Author::Human, Timestamp::UNIX_EPOCH)
}

fn config() -> BusinessConfig {
    serde_json::from_value(json!({"name": "Acme Homes", "customFields": [
        {"name": "budget_range", "type": "text", "required": true}, {"name": "rooms", "type": "number"}]}))
    .unwrap()
}

fn facts() -> CallFacts {
    CallFacts { objective: "Initial Qualification".to_owned(), previous_attempts: 1, ..CallFacts::default() }
}

#[test]
fn the_packet_has_the_printed_sections_in_order() {
    let entry = HistoryEntry {
        at: Timestamp::UNIX_EPOCH,
        summary: "Wanted a flat.".to_owned(),
        outcome: "interested".to_owned(),
    };
    let packet = build("You are Maya.", &contact(), &facts(), &[entry], &config());
    insta::assert_snapshot!(packet.prompt);
    let names: Vec<_> = packet.variables.keys().map(String::as_str).collect();
    let mut expected = VARIABLES.to_vec();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
fn the_oldest_history_is_cut_first() {
    let entry = |n: i64| HistoryEntry {
        at: Timestamp::from_second(n * 86_400).unwrap(),
        summary: "word ".repeat(120),
        outcome: "none".to_owned(),
    };
    let history: Vec<_> = (0..100).rev().map(entry).collect();
    let packet = build("Base.", &contact(), &facts(), &history, &config());
    assert!(packet.prompt.chars().count() < SECTIONS_MAX + 200);
    assert!(packet.prompt.contains("1970-04-10") && !packet.prompt.contains("1970-01-01"));
}
