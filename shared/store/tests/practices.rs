//! The stored form of practices, their documents and their types, and of what is said of them; how they are read back.

#![expect(clippy::unwrap_used, reason = "tests")]

use domain::analysis::Sentiment;
use domain::id::PrefixedId;
use domain::interaction::{Interaction, InteractionChannel, InteractionType};
use domain::practice::{
    Document, DocumentPlace, Practice, PracticeStatus, PracticeType, Price, WebLink, examples,
};
use domain::{Ids, TenantId};
use jiff::Timestamp;
use jiff::civil::date;
use serde_json::json;
use store::{InteractionFilter, Page, PracticeFilter, Transaction};
use testkit::Database;
use ulid::Ulid;

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn id<T: PrefixedId>(n: u128) -> T {
    T::from_ulid(Ulid::from_parts(1_800_000_000_000, n))
}

fn step() -> Transaction {
    Transaction::new(tenant(), "req_1", &Ids::default(), NOW)
}

fn kind() -> PracticeType {
    examples(NOW).swap_remove(0)
}

fn practice() -> Practice {
    let mut practice = Practice::new(id(1), id(2), &kind(), "key_1".to_owned(), NOW);
    let currency = "IDR".parse().unwrap();
    let price = Price { currency, quoted: Some(1_500_000_000), actual: None, paid: 500_000_000 };
    practice.set_price(price, "key_1", NOW);
    practice.assignee = "Antonello@BaliZero.com".parse().ok();
    practice.move_to(PracticeStatus::WaitingDocuments, Some(12), date(2027, 1, 15), "key_1", NOW);
    practice.renew(Some(date(2028, 1, 15)), None, date(2027, 1, 15), "key_1", NOW).unwrap();
    practice
}

fn interaction() -> Interaction {
    Interaction {
        conversation: Some("cnv_01JAAAAAAAAAAAAAAAAAAAAAAA".to_owned()),
        id: id(5),
        contact_id: id(2),
        practice_id: Some(id(1)),
        kind: InteractionType::Meeting,
        channel: Some(InteractionChannel::InPerson),
        subject: "KITAS".to_owned(),
        summary: "Ha chiesto quando arriva il visto.".to_owned(),
        sentiment: Some(Sentiment::Positive),
        action_items: vec!["Send the list".to_owned()],
        team_member: "Maria@BaliZero.com".parse().ok(),
        duration_minutes: Some(45),
        at: NOW,
        created_by: "key_1".to_owned(),
        created_at: NOW,
        updated_at: NOW,
    }
}

#[tokio::test]
async fn every_record_is_stored_as_it_was_and_read_back() {
    let database = Database::start().await;
    let store = database.store();
    let (practice, kind) = (practice(), kind());
    let link = WebLink::try_from("https://drive.google.com/file/d/1A".to_owned()).unwrap();
    let passport = Document {
        id: id(3),
        practice_id: practice.id,
        document_type: "Passport".to_owned(),
        name: "Passaporto di Città".to_owned(),
        place: DocumentPlace::Link(link),
        expiry_date: Some(date(2031, 5, 1)),
        notes: String::new(),
        created_by: "key_1".to_owned(),
        created_at: NOW,
    };
    let photo = Document { id: id(4), place: DocumentPlace::File { size: Some(3) }, ..passport.clone() };
    let mut step = step();
    step.create(&practice).unwrap();
    step.create(&kind).unwrap();
    step.create(&photo).unwrap();
    step.create(&passport).unwrap();
    step.create(&interaction()).unwrap();
    store.commit(step).await.unwrap();

    let (read, documents) = store.practice(&tenant(), practice.id).await.unwrap().unwrap();
    assert_eq!(read.value, practice);
    assert_eq!(documents.into_iter().map(|document| document.value).collect::<Vec<_>>(), [passport, photo]);
    assert_eq!(store.practice_types(&tenant()).await.unwrap()[0].value, kind);
    let expiring = |to| (date(2027, 1, 15), to);
    let none = PracticeFilter::default();
    for (to, found) in [(date(2028, 1, 14), 0), (date(2028, 1, 15), 1)] {
        let page = store.expiring_practices(&tenant(), expiring(to), &none, &Page::default()).await.unwrap();
        assert_eq!(page.items.len(), found);
        assert_eq!(
            store.count_expiring(&tenant(), expiring(to)).await.unwrap(),
            i64::try_from(found).unwrap()
        );
    }
    let about = InteractionFilter { practice: Some(practice.id), ..InteractionFilter::default() };
    let said = store.interactions(&tenant(), &about, &Page::default()).await.unwrap();
    assert_eq!(said.items[0].value, interaction());
    let figures = store.interaction_figures(&tenant()).await.unwrap();
    assert_eq!((figures.total, figures.by_member["maria@balizero.com"]), (1, 1));
    let figures = store.practice_figures(&tenant()).await.unwrap();
    assert_eq!((figures.total, figures.active_of["antonello@balizero.com"]), (1, 1));
    let money = figures.money[&practice.price.currency];
    assert_eq!((money.due, money.paid, money.outstanding), (1_500_000_000, 500_000_000, 1_000_000_000));

    let mut items = database.engine.dump().unwrap();
    for item in &mut items {
        item["write"] = json!({"S": "(write)"});
    }
    items.sort_by_key(|item| format!("{} {}", item["pk"]["S"], item["sk"]["S"]));
    insta::assert_json_snapshot!(items);
}
