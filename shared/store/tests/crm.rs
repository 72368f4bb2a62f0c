//! The stored form of members, settings, deleted and merged contacts, saved conversations, reviews and renewal alerts.

#![expect(clippy::unwrap_used, reason = "tests")]

use domain::contact::{Contact, Details};
use domain::crm::CrmSettings;
use domain::extraction::Extraction;
use domain::id::PrefixedId;
use domain::import::ImportPlace;
use domain::member::Member;
use domain::merging::{Merge, MergeStatus};
use domain::privacy::{Erasure, ErasureStatus};
use domain::renewal::{AlertStatus, Reminder, RenewalAlert};
use domain::saved::{Doubt, Outcome, ReviewEntry, ReviewStatus, SavedConversation, SavedMessage};
use domain::{Author, Ids, Phone, TenantId};
use jiff::Timestamp;
use jiff::civil::date;
use serde_json::json;
use store::{
    DeletedContact, EventTrace, MergeStep, MergedContact, Page, SavedPart, SealedField, SensitiveRead,
    Transaction,
};
use testkit::Database;
use ulid::Ulid;

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn erasure() -> Erasure {
    Erasure {
        contact_id: id(10),
        status: ErasureStatus::Done,
        removed: [("calls".to_owned(), 2)].into(),
        left_at_provider: vec!["conv_1".to_owned()],
        talks: vec!["conv_2".to_owned()],
        imported: Some(ImportPlace { import: id(11), row: 3 }),
        erased_by: "key_1".to_owned(),
        erased_at: NOW,
        done_at: Some(NOW),
    }
}

fn trace() -> EventTrace {
    EventTrace {
        contact: id(1),
        provider: "whatsapp".to_owned(),
        dedupe: "9f86".to_owned(),
        received_at: NOW,
    }
}

fn sealed() -> SealedField {
    SealedField {
        contact: id(1),
        name: "passport".to_owned(),
        id: Ulid::from_parts(1_800_000_000_000, 1),
        sealed: "c2VhbGVk".to_owned(),
        written_by: "key_1".to_owned(),
        written_at: NOW,
        is_aside: true,
    }
}

fn read() -> SensitiveRead {
    SensitiveRead {
        contact: id(1),
        id: Ulid::from_parts(1_800_000_000_000, 1),
        at: NOW,
        by: "key_1".to_owned(),
        fields: vec!["passport".to_owned()],
    }
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn id<T: PrefixedId>(n: u128) -> T {
    T::from_ulid(Ulid::from_parts(1_800_000_000_000, n))
}

fn deleted() -> DeletedContact {
    let details = Details { phone: Phone::parse("+919876543210", None).ok(), ..Details::default() };
    let contact = Contact::new(id(1), details, Author::Human, NOW);
    DeletedContact { contact, last_version: 7, at: NOW, by: "key_1".to_owned() }
}

fn merge() -> Merge {
    let named = |first: &str, phone: &str| Details {
        first_name: first.to_owned(),
        last_name: "Rao".to_owned(),
        phone: Phone::parse(phone, None).ok(),
        ..Details::default()
    };
    let into = Contact::new(id(7), named("Asha", "+919812345678"), Author::Human, NOW);
    let other = Contact::new(id(8), named("A.", "+919823456789"), Author::System, NOW);
    Merge {
        id: id(9),
        status: MergeStatus::Done,
        merged: into.merged_with(&other, NOW),
        into,
        other,
        other_version: 3,
        moved: [("calls".to_owned(), 2)].into(),
        merged_by: "key_1".to_owned(),
        merged_at: NOW,
        undone_by: None,
        undone_at: None,
    }
}

fn member() -> Member {
    Member {
        id: id(2),
        name: "Antonello".to_owned(),
        email: "Antonello@balizero.com".parse().unwrap(),
        phone: None,
        role: "CEO".to_owned(),
        active: true,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn saved() -> SavedConversation {
    let mut saved = SavedConversation {
        id: id(3),
        user_email: "John@example.com".parse().unwrap(),
        session_id: Some("s1".to_owned()),
        team_member: "antonello@balizero.com".parse().ok(),
        metadata: [("channel".to_owned(), json!("web"))].into(),
        messages: 1,
        digest: "(digest)".to_owned(),
        parts: 1,
        generation: 2,
        read: 1,
        failures: 1,
        extraction: Some(Extraction::of_silence()),
        outcome: Some(Outcome { client_id: Some(id(1)), client_created: true, ..Outcome::default() }),
        failure: None,
        spent: Vec::new(),
        created_at: NOW,
        updated_at: NOW,
    };
    saved.spend("2027-01".to_owned(), "simulator", 100, 20);
    saved.spend("2027-01".to_owned(), "simulator", 10, 2);
    saved
}

fn review() -> ReviewEntry {
    ReviewEntry {
        id: id(4),
        about: Doubt::Practice,
        conversation: id(3),
        user_email: "John@example.com".parse().unwrap(),
        contact_id: Some(id(1)),
        proposal: json!({"practice_type_code": "KITAS"}),
        confidence: 0.6,
        status: ReviewStatus::Open,
        decided_by: None,
        decided_at: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn alert() -> RenewalAlert {
    RenewalAlert {
        id: id(5),
        practice_id: id(6),
        contact_id: id(1),
        type_code: "KITAS".parse().unwrap(),
        type_name: "KITAS".to_owned(),
        expiry_date: date(2027, 6, 30),
        lead_days: 30,
        assignee: "antonello@balizero.com".parse().ok(),
        status: AlertStatus::Open,
        reminder: Reminder { withheld: vec!["email: no_address".to_owned()], ..Reminder::default() },
        task_id: Some(id(7)),
        created_at: NOW,
        acknowledged_by: None,
        settled_at: None,
    }
}

#[tokio::test]
async fn every_record_is_stored_as_it_was() {
    let database = Database::start().await;
    let store = database.store();
    let mut step = Transaction::new(tenant(), "req_1", &Ids::default(), NOW);
    let messages = [SavedMessage { role: "user".to_owned(), content: "Ciao, বাংলা".to_owned() }];
    let mut settings = CrmSettings::default();
    settings.check().unwrap();
    step.create_at(&deleted(), 1).unwrap();
    step.create(&member()).unwrap();
    step.create(&settings).unwrap();
    step.create(&saved()).unwrap();
    for part in SavedPart::of(id(3), &messages) {
        step.put(&part).unwrap();
    }
    step.create(&review()).unwrap();
    step.create(&alert()).unwrap();
    let merged = MergedContact { contact: id(8), into: id(7), merge: id(9) };
    step.create(&merge().merged).unwrap();
    step.create(&merged).unwrap();
    step.create(&merge()).unwrap();
    step.create(&MergeStep::of(id(9), Ulid::from_parts(1_800_000_000_000, 1), &[], &tenant())).unwrap();
    step.create(&erasure()).unwrap();
    step.create(&trace()).unwrap();
    step.create(&sealed()).unwrap();
    step.create(&read()).unwrap();
    store.commit(step).await.unwrap();

    assert_eq!(store.get::<DeletedContact>(&tenant(), &id(1)).await.unwrap().unwrap().value, deleted());
    assert!(store.get::<Contact>(&tenant(), &id(1)).await.unwrap().is_none());
    assert_eq!(store.members(&tenant()).await.unwrap()[0].value, member());
    assert_eq!(store.get::<CrmSettings>(&tenant(), &()).await.unwrap().unwrap().value, settings);
    let (read, said) = store.saved_conversation(&tenant(), id(3)).await.unwrap().unwrap();
    assert_eq!((read.value, said), (saved(), messages.to_vec()));
    let user = "JOHN@example.com".parse().unwrap();
    assert_eq!(store.saved_session(&tenant(), &user, "s1").await.unwrap(), Some(id(3)));
    let open = store.reviews(&tenant(), ReviewStatus::Open, &Page::default()).await.unwrap();
    assert_eq!((open.items[0].value.clone(), store.open_reviews(&tenant()).await.unwrap()), (review(), 1));
    assert_eq!(store.renewal_alerts_of(&tenant(), id(6)).await.unwrap()[0].value, alert());

    assert_eq!(store.get::<MergedContact>(&tenant(), &id(8)).await.unwrap().unwrap().value, merged);
    assert_eq!(store.merges(&tenant(), &Page::default()).await.unwrap().items[0].value, merge());
    assert_eq!(store.merge_steps(&tenant(), id(9), 5).await.unwrap().len(), 1);
    let phone = Phone::parse("+919823456789", None).unwrap();
    assert_eq!(store.contact_with_phone(&tenant(), &phone).await.unwrap(), Some(id(7)));

    let mut items = database.engine.dump().unwrap();
    for item in &mut items {
        item["write"] = json!({"S": "(write)"});
    }
    items.sort_by_key(|item| format!("{} {}", item["pk"]["S"], item["sk"]["S"]));
    insta::assert_json_snapshot!(items);
}
