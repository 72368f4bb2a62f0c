use super::*;
use crate::Ids;

pub(crate) fn contact() -> Contact {
    let now = Timestamp::UNIX_EPOCH;
    let details = Details { first_name: "Asha".to_owned(), ..Details::default() };
    Contact::new(Ids::default().next(now), details, Author::Human, now)
}

#[test]
fn a_field_knows_its_author_and_an_untouched_one_keeps_it() {
    let mut contact = contact();
    let details = Details { company: "Acme".to_owned(), ..contact.details.clone() };
    contact.set_details(details, Author::Ai, Timestamp::UNIX_EPOCH);
    assert_eq!(contact.provenance["first_name"].by, Author::Human);
    assert_eq!(contact.provenance["company"].by, Author::Ai);
}

#[test]
fn a_model_moves_a_lead_forward_but_never_over_a_person() {
    let mut contact = contact();
    assert!(contact.may_advance_to(LeadStatus::Qualified));
    assert!(!contact.may_advance_to(LeadStatus::Customer));
    contact.set_status(LeadStatus::Qualified, Provenance::new(Author::Human, Timestamp::UNIX_EPOCH));
    assert!(!contact.may_advance_to(LeadStatus::Hot));
    contact.set_status(LeadStatus::Hot, Provenance::new(Author::Ai, Timestamp::UNIX_EPOCH));
    assert!(!contact.may_advance_to(LeadStatus::Contacted));
    assert!(contact.may_advance_to(LeadStatus::Lost));
}

#[test]
fn what_a_person_set_is_kept_beneath_what_a_model_adds() {
    let mut contact = contact();
    let by = |by, second| Provenance::new(by, Timestamp::from_second(second).unwrap());
    contact.set_score(40, by(Author::Human, 1));
    contact.set_score(70, by(Author::Ai, 2));
    contact.set_status(LeadStatus::Contacted, by(Author::System, 3));
    contact.set_status(LeadStatus::Hot, by(Author::Ai, 4));
    assert_eq!(contact.judged_score().map(|base| (base.value, base.at.as_second())), Some((40, 1)));
    let status = contact.judged_status().unwrap();
    assert_eq!((status.value, status.by), (LeadStatus::Contacted, Author::System));
    contact.set_score(10, by(Author::Human, 5));
    assert_eq!(contact.judged_score().map(|base| base.value), Some(10));
    // Written past the setter, as an older release did.
    contact.score = 20;
    assert_eq!(contact.judged_score().map(|base| base.value), Some(20));
}

#[test]
fn a_model_fills_what_is_empty_or_its_own() {
    let mut contact = contact();
    let now = Timestamp::UNIX_EPOCH;
    assert!(contact.fill_custom_field("budget", 5.into(), "five", now));
    assert!(contact.fill_custom_field("budget", 6.into(), "six", now), "its own");
    assert_eq!(contact.provenance["custom_fields.budget"].evidence.as_deref(), Some("six"));
    let mut details = contact.details.clone();
    details.custom_fields = [("rooms".to_owned(), Value::from(3))].into();
    contact.set_details(details, Author::Human, now);
    assert!(!contact.fill_custom_field("rooms", 4.into(), "four", now), "a person filled it");
    assert!(!contact.fill_custom_field("budget", 7.into(), "seven", now), "a person emptied it");
    assert_eq!(contact.details.custom_fields["rooms"], 3);
}

#[test]
fn touches_are_counted_by_period_and_forgotten_after_it() {
    let mut contact = contact();
    let day = |n: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * n);
    for n in [0, 1, 2, 9] {
        contact.touch(day(n));
    }
    assert_eq!(contact.touches.len(), 2, "what is older than eight days is gone");
    assert_eq!(contact.touches_within(24, day(9)), 1);
    assert_eq!(contact.touches_within(24 * 8, day(9)), 2);
}
