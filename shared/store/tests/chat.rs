//! The stored form of what chats are made of, and how it is read back.

#![expect(clippy::unwrap_used, reason = "tests")]

use domain::chat::{
    Content, Conversation, Delivery, Direction, Fault, FiguresOf, Happening, Message, MessageAuthor,
    MessageStatus, Place,
};
use domain::contact::Channel;
use domain::id::PrefixedId;
use domain::{Ids, MessageId, Phone, TenantId};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use store::{BotStatus, ConversationFilter, Feedback, Page, Stored, Transaction, WhatsappTemplate};
use testkit::Database;
use ulid::Ulid;

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn ulid(n: u128) -> Ulid {
    Ulid::from_parts(1_800_000_000_000, n)
}

fn step() -> Transaction {
    Transaction::new(tenant(), "req_1", &Ids::default(), NOW)
}

fn message(n: u128, direction: Direction, author: MessageAuthor, status: MessageStatus) -> Message {
    Message {
        id: MessageId { conversation: PrefixedId::from_ulid(ulid(1)), ulid: ulid(n) },
        contact_id: PrefixedId::from_ulid(ulid(2)),
        channel: Channel::Whatsapp,
        direction,
        author,
        content: Content::Text { text: "নমস্কার".to_owned() },
        at: NOW,
        day: date(2027, 1, 15),
        number: u64::from(direction == Direction::Inbound),
        provider_id: Some(format!("wamid.{n}")),
        reply_to: None,
        delivery: Delivery::begun(status, NOW),
        figures: FiguresOf::default(),
        created_at: NOW,
    }
}

fn reply() -> Message {
    let mut reply = message(4, Direction::Outbound, MessageAuthor::Bot, MessageStatus::Queued);
    reply.figures = FiguresOf { known: true, named: true, asked_at: Some(NOW), ..FiguresOf::default() };
    reply.delivery.advance(Place::at(MessageStatus::Sending, NOW)).unwrap();
    reply.delivery.wait(NOW + SignedDuration::from_mins(10));
    reply
}

fn conversation() -> Conversation {
    let (id, contact) = (PrefixedId::from_ulid(ulid(1)), PrefixedId::from_ulid(ulid(2)));
    let mut talk = Conversation::new(id, contact, Channel::Whatsapp, NOW);
    "Asha Rao".clone_into(&mut talk.name);
    talk.phone = Phone::parse("+919876543210", None).ok();
    talk.wa_id = Some("919876543210".to_owned());
    talk.user_id = Some("IN.1349".to_owned());
    talk.language = Some("bn".to_owned());
    talk.hear(&mut message(3, Direction::Inbound, MessageAuthor::Customer, MessageStatus::Received), NOW);
    talk.begin_answer(NOW);
    talk.pace.count(NOW);
    talk
}

#[tokio::test]
async fn every_record_is_stored_as_it_was() {
    let database = Database::start().await;
    let mut step = step();
    step.create(&conversation()).unwrap();
    step.create(&message(3, Direction::Inbound, MessageAuthor::Customer, MessageStatus::Received)).unwrap();
    step.create(&reply()).unwrap();
    let mut event = message(5, Direction::Outbound, MessageAuthor::System, MessageStatus::Noted);
    event.content = Content::Event { event: Happening::TakenOver, detail: "ravi@acme.test".to_owned() };
    event.provider_id = None;
    step.create(&event).unwrap();
    let feedback = Feedback {
        conversation: PrefixedId::from_ulid(ulid(1)),
        ulid: ulid(6),
        rating: 5,
        comment: "Gentilissimi".to_owned(),
        message_id: None,
        by: "key_1".to_owned(),
        day: date(2027, 1, 15),
        at: NOW,
    };
    step.create(&feedback).unwrap();
    let template = WhatsappTemplate {
        name: "visit_reminder".to_owned(),
        language: "hi".to_owned(),
        category: "utility".to_owned(),
        body: "नमस्ते {{1}}".to_owned(),
        parameters: 1,
        status: "approved".to_owned(),
        created_at: NOW,
        updated_at: NOW,
    };
    step.create(&template).unwrap();
    step.put(&BotStatus { last_error: "the model: refused".to_owned(), at: NOW }).unwrap();
    database.store().commit(step).await.unwrap();

    let mut items = database.engine.dump().unwrap();
    for item in &mut items {
        item["write"] = json!({"S": "(write)"});
    }
    items.sort_by_key(|item| format!("{} {}", item["pk"]["S"], item["sk"]["S"]));
    insta::assert_json_snapshot!(items);
}

#[tokio::test]
async fn conversations_messages_and_figures_are_found() {
    let database = Database::start().await;
    let store = database.store();
    let (talk, mut reply) = (conversation(), reply());
    let mut first = step();
    first.create(&talk).unwrap();
    first.create(&message(3, Direction::Inbound, MessageAuthor::Customer, MessageStatus::Received)).unwrap();
    first.create(&reply).unwrap();
    store.commit(first).await.unwrap();

    let with = store.conversation_with(&tenant(), talk.contact_id, Channel::Whatsapp).await.unwrap().unwrap();
    assert_eq!(with.value, talk);
    assert_eq!(store.conversation_with(&tenant(), talk.contact_id, Channel::Email).await.unwrap(), None);
    let known = store.messages_known_as(&tenant(), ["wamid.3", "wamid.4", "wamid.5"]).await.unwrap();
    assert_eq!((known.len(), known["wamid.4"]), (2, reply.id));
    let listed = store.messages_in(&tenant(), talk.id, &Page::default()).await.unwrap();
    assert_eq!(listed.items.iter().map(|message| message.id).collect::<Vec<_>>().len(), 2);
    let day = date(2027, 1, 15);
    let (figures, waiting) = store.chat_today(&tenant(), day).await.unwrap();
    assert_eq!((figures.received, figures.replies, figures.replies_named, waiting), (1, 1, 1, 1));
    assert_eq!(figures.waits, BTreeMap::new(), "it has not gone yet");

    let old = Stored { value: reply.clone(), version: 1 };
    reply.delivery.advance(Place::at(MessageStatus::Sent, NOW + SignedDuration::from_millis(2_600))).unwrap();
    let mut human = talk.clone();
    human.hand_over(Some("Ravi@Acme.test".to_owned()), NOW);
    let mut second = step();
    second.replace(&old, &reply).unwrap();
    second.replace(&with, &human).unwrap();
    store.commit(second).await.unwrap();
    let (figures, waiting) = store.chat_today(&tenant(), day).await.unwrap();
    assert_eq!((figures.waits, waiting), (BTreeMap::from([(3_000, 1)]), 0));
    let filter =
        ConversationFilter { assignee: Some("ravi@acme.test".to_owned()), ..ConversationFilter::default() };
    let listed = store.conversations(&tenant(), &filter, &Page::default()).await.unwrap();
    assert_eq!(listed.items.len(), 1);
    let fault = Some(Fault { code: "131026".to_owned(), detail: "Message undeliverable".to_owned() });
    let failed = Place { fault, ..Place::because(MessageStatus::Failed, NOW, "undeliverable") };
    let old = Stored { value: reply.clone(), version: 2 };
    reply.delivery.advance(failed).unwrap();
    let mut third = step();
    third.replace(&old, &reply).unwrap();
    store.commit(third).await.unwrap();
    let figures = store.chat_figures(&tenant(), day, day).await.unwrap();
    assert_eq!((figures.failed, figures.replies), (1, 1));
    assert_eq!(
        store.chat_figures(&tenant(), date(2027, 1, 16), date(2027, 1, 31)).await.unwrap(),
        store::ChatFigures::default()
    );
}
