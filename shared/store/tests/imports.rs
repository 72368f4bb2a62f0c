//! What an import asks of the store: who has which values, what a step has room for, what was done with which rows.

#![expect(clippy::unwrap_used, reason = "tests")]

use domain::contact::{Contact, Details};
use domain::id::PrefixedId;
use domain::{Author, Ids, Phone, TenantId};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use store::{ImportStep, Transaction};
use testkit::Database;
use ulid::Ulid;

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn id<T: PrefixedId>(n: u128) -> T {
    T::from_ulid(Ulid::from_parts(1_800_000_000_000, n))
}

fn contact(n: u128, phone: &str) -> Contact {
    let phone = Phone::parse(phone, None).ok();
    let details = Details { first_name: "Asha".to_owned(), phone, ..Details::default() };
    Contact::new(id(n), details, Author::Human, NOW)
}

fn step() -> Transaction {
    Transaction::new(tenant(), "req_1", &Ids::default(), NOW)
}

#[tokio::test]
async fn who_has_a_value_is_known_for_many_at_once() {
    let database = Database::start().await;
    let store = database.store();
    for n in 0..120_u128 {
        let mut one = step();
        one.create(&contact(n, &format!("+919876543{n:03}"))).unwrap();
        store.commit(one).await.unwrap();
    }
    let phone = |n: u32| Phone::parse(&format!("+919876543{n:03}"), None).unwrap();
    let asked: Vec<Phone> = (100..300).map(phone).collect();
    database.faults.take_requests();
    let owners = store.lead_owners(&tenant(), &asked, []).await.unwrap();
    assert_eq!(database.faults.take_requests(), ["BatchGetItem"; 2]);
    assert_eq!((owners.phones.len(), owners.emails.len()), (20, 0));
    assert_eq!(owners.phones[&phone(119)], id(119));
    let other = store.lead_owners(&"other".parse().unwrap(), &asked, []).await.unwrap();
    assert!(other.phones.is_empty());
}

#[test]
fn a_step_says_what_it_has_room_for() {
    let mut step = step();
    let mut leads = 0;
    while step.has_room_for(None, Some(&contact(leads, &format!("+919876543{leads:03}"))), 1) {
        step.create(&contact(leads, &format!("+919876543{leads:03}"))).unwrap();
        leads += 1;
    }
    assert!((10..25).contains(&leads), "{leads} leads");
    let last = contact(leads - 1, "+919876543999");
    assert!(step.has_room_for(Some(&last), Some(&last), 0), "a change without rows is one item");
}

#[tokio::test]
async fn an_imports_steps_are_read_by_rows_and_backwards() {
    let database = Database::start().await;
    let store = database.store();
    let until = store.clock().now() + SignedDuration::from_hours(1);
    for row in [1, 9, 17, 400, 401] {
        let mut one = step();
        let leads = Vec::new();
        one.create(&ImportStep { import: id(12), row, leads, campaigns: BTreeSet::new(), until }).unwrap();
        store.commit(one).await.unwrap();
    }
    let rows = async |first, last| {
        let steps = store.import_steps(&tenant(), id(12), first, last).await.unwrap();
        steps.into_iter().map(|step| step.row).collect::<Vec<_>>()
    };
    assert_eq!(rows(1, 400).await, [1, 9, 17, 400]);
    assert_eq!(rows(9, 16).await, [9]);
    assert_eq!(rows(10, 16).await, [0; 0]);
    let last = async |below, limit| {
        let steps = store.last_import_steps(&tenant(), id(12), below, limit).await.unwrap();
        steps.into_iter().map(|step| step.row).collect::<Vec<_>>()
    };
    assert_eq!(last(None, 2).await, [401, 400]);
    assert_eq!(last(Some(400), 9).await, [17, 9, 1]);
    assert_eq!(last(Some(1), 9).await, [0; 0]);
}
