//! From rows of a real table to a stand-in of SQS.
#![expect(clippy::unwrap_used, reason = "this is test code")]

use contracts::Job;
use domain::id::PrefixedId;
use domain::{AgentId, Ids};
use jiff::{SignedDuration, Timestamp};
use queues::{Connection, Queues};
use standins::{Sqs, Table, credentials, http_client};
use std::collections::{BTreeMap, BTreeSet};
use store::{Message, Store, Transaction};

fn queues(sqs: &Sqs, kinds: &[&str]) -> Queues {
    let urls: BTreeMap<_, _> = kinds.iter().map(|kind| ((*kind).to_owned(), sqs.url(kind))).collect();
    let connection = Connection {
        region: "eu-west-1".to_owned(),
        endpoint: Some(sqs.endpoint()),
        credentials: credentials(),
        http: http_client(),
    };
    Queues::new(urls, connection)
}

/// Stores a job of this tenant, due at that instant, as if it were an hour ago.
async fn enqueue(store: &Store, tenant: &str, job: Job, at: Timestamp) {
    let then = store.clock().now() - SignedDuration::from_hours(1);
    let mut step = Transaction::new(tenant.parse().unwrap(), "req_1", &Ids::default(), then);
    step.enqueue_at(job, at);
    store.commit(step).await.unwrap();
}

fn sync_agent(store: &Store) -> Job {
    Job::SyncAgent { agent: AgentId::from_ulid(Ids::default().ulid(store.clock().now())) }
}

async fn waiting(store: &Store) -> Vec<Message> {
    store.messages(Timestamp::MAX, 100).await.unwrap()
}

fn ids(messages: &[Message]) -> BTreeSet<String> {
    messages.iter().map(|message| message.envelope.id.to_string()).collect()
}

#[tokio::test]
async fn what_was_sent_is_whole_and_its_row_gone() {
    let (table, sqs) = (Table::start().await, Sqs::start().await);
    let (store, now) = (&table.store, table.store.clock().now());
    enqueue(store, "acme", Job::PlanCalls, now).await;
    let messages = waiting(store).await;

    let accepted = queues(&sqs, &["PlanCalls"]).relay(store, &messages).await;

    assert_eq!(accepted, [true]);
    assert!(waiting(store).await.is_empty());
    let [sent] = &sqs.sent()[..] else { panic!("{:?}", sqs.sent()) };
    assert_eq!(sent.queue, sqs.url("PlanCalls"));
    assert_eq!(serde_json::from_str::<contracts::Envelope>(&sent.body).unwrap(), messages[0].envelope);
    assert_eq!((sent.group.as_str(), sent.delay_seconds), ("acme", 0));
    assert_eq!(sent.attributes["correlation"], "req_1");
}

#[tokio::test]
async fn a_message_waits_in_the_queue_until_its_instant() {
    let (table, sqs) = (Table::start().await, Sqs::start().await);
    let (store, now) = (&table.store, table.store.clock().now());
    // Milliseconds to wait, and the seconds that the queue is told.
    let cases = [(-120_000, 0), (0, 0), (1, 1), (44_001, 45), (45_000, 45), (900_000, 900), (7_200_000, 900)];
    for (index, (wait, _)) in cases.iter().enumerate() {
        let at = now + SignedDuration::from_millis(*wait);
        enqueue(store, &format!("t{index}"), Job::PlanCalls, at).await;
    }
    let messages = waiting(store).await;

    queues(&sqs, &["PlanCalls"]).send(now, &messages).await;

    let delays: BTreeMap<_, _> =
        sqs.sent().into_iter().map(|sent| (sent.group, sent.delay_seconds)).collect();
    for (index, (wait, delay)) in cases.iter().enumerate() {
        assert_eq!(delays[&format!("t{index}")], *delay, "{wait}");
    }
}

#[tokio::test]
async fn messages_go_in_batches_of_ten_to_their_own_queues() {
    let (table, sqs) = (Table::start().await, Sqs::start().await);
    let (store, now) = (&table.store, table.store.clock().now());
    for index in 0..23 {
        let job = if index % 8 == 0 { Job::PlanCalls } else { sync_agent(store) };
        enqueue(store, "acme", job, now).await;
    }
    let messages = waiting(store).await;

    let accepted = queues(&sqs, &["PlanCalls", "SyncAgent"]).relay(store, &messages).await;

    assert_eq!(accepted, [true; 23]);
    assert!(waiting(store).await.is_empty());
    assert_eq!(sqs.batch_sizes(), [3, 10, 10]);
    for sent in sqs.sent() {
        let kind = if sent.body.contains("PlanCalls") { "PlanCalls" } else { "SyncAgent" };
        assert_eq!(sent.queue, sqs.url(kind));
    }
}

#[tokio::test]
async fn a_refused_message_keeps_its_row() {
    let (table, sqs) = (Table::start().await, Sqs::start().await);
    let (store, now) = (&table.store, table.store.clock().now());
    for tenant in ["anna", "bert", "carl", "dora"] {
        enqueue(store, tenant, Job::PlanCalls, now).await;
    }
    sqs.refuse("bert");
    sqs.refuse("dora");
    let messages = waiting(store).await;

    let accepted = queues(&sqs, &["PlanCalls"]).relay(store, &messages).await;

    for (message, accepted) in messages.iter().zip(&accepted) {
        let tenant = message.envelope.tenant.to_string();
        assert_eq!(*accepted, ["anna", "carl"].contains(&tenant.as_str()), "{tenant}");
    }
    let left: Vec<_> = waiting(store).await;
    let left: BTreeSet<_> = left.iter().map(|message| message.envelope.tenant.to_string()).collect();
    assert_eq!(left, BTreeSet::from(["bert".to_owned(), "dora".to_owned()]));
}

#[tokio::test]
async fn a_kind_without_a_queue_is_a_failure_of_its_own_messages_only() {
    let (table, sqs) = (Table::start().await, Sqs::start().await);
    let (store, now) = (&table.store, table.store.clock().now());
    enqueue(store, "acme", Job::PlanCalls, now).await;
    enqueue(store, "acme", sync_agent(store), now).await;
    let messages = waiting(store).await;

    let accepted = queues(&sqs, &["PlanCalls"]).relay(store, &messages).await;

    let planned: Vec<_> = messages.iter().map(|message| message.envelope.job == Job::PlanCalls).collect();
    assert_eq!(accepted, planned);
    assert_eq!(waiting(store).await.len(), 1);
}

#[tokio::test]
async fn a_throttled_batch_is_tried_again_and_then_stays() {
    let (table, sqs) = (Table::start().await, Sqs::start().await);
    let (store, now) = (&table.store, table.store.clock().now());
    enqueue(store, "acme", Job::PlanCalls, now).await;
    let messages = waiting(store).await;
    let queues = queues(&sqs, &["PlanCalls"]);

    sqs.throttle(100);
    assert_eq!(queues.relay(store, &messages).await, [false]);
    assert_eq!(sqs.requests(), 3);
    assert_eq!(ids(&waiting(store).await), ids(&messages));

    sqs.throttle(1);
    assert_eq!(queues.relay(store, &messages).await, [true]);
    assert!(waiting(store).await.is_empty());
}

#[tokio::test]
async fn a_row_whose_deletion_was_missed_is_sent_again() {
    let (table, sqs) = (Table::start().await, Sqs::start().await);
    let (store, now) = (&table.store, table.store.clock().now());
    enqueue(store, "acme", Job::PlanCalls, now).await;
    let messages = waiting(store).await;
    let queues = queues(&sqs, &["PlanCalls"]);

    // The process ends between the send and the deletion.
    assert_eq!(queues.send(now, &messages).await, [true]);
    assert_eq!(ids(&waiting(store).await), ids(&messages));

    assert_eq!(queues.relay(store, &waiting(store).await).await, [true]);
    assert!(waiting(store).await.is_empty());
    assert_eq!(sqs.sent().len(), 2);
    // A stream record of a row that is gone does no harm.
    assert_eq!(queues.relay(store, &messages).await, [true]);
}

#[tokio::test]
async fn an_unreachable_queue_keeps_every_row() {
    let (table, sqs) = (Table::start().await, Sqs::start().await);
    let (store, now) = (&table.store, table.store.clock().now());
    enqueue(store, "acme", Job::PlanCalls, now).await;
    let messages = waiting(store).await;
    let queues = queues(&sqs, &["PlanCalls"]);
    sqs.stop().await;
    assert_eq!(queues.relay(store, &messages).await, [false]);
    assert_eq!(ids(&waiting(store).await), ids(&messages));
}
