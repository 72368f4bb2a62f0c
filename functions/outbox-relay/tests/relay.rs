//! The binary, between stand-ins for the Runtime API, DynamoDB and SQS.
#![expect(clippy::unwrap_used, reason = "this is test code")]

use contracts::Job;
use domain::Ids;
use jiff::Timestamp;
use serde_json::{Value, json};
use standins::{Function, Outcome, RuntimeApi, Sqs, Table};
use store::{Store, Transaction};

/// The function, its table at `table` and its queues at `sqs`.
fn start(api: &RuntimeApi, table: &Table, sqs: &Sqs) -> Function {
    sqs.stand_before(table);
    let urls = json!({"PlanCalls": sqs.url("PlanCalls")}).to_string();
    let binary = env!("CARGO_BIN_EXE_outbox-relay");
    Function::start(binary, "outbox-relay", api, &sqs.endpoint(), &[("QUEUE_URLS", urls)])
}

async fn enqueue(store: &Store, tenant: &str) {
    let mut step = Transaction::new(tenant.parse().unwrap(), "req_1", &Ids::default(), store.clock().now());
    step.enqueue(Job::PlanCalls);
    store.commit(step).await.unwrap();
}

fn record(sequence: &str, image: &Value) -> Value {
    json!({
        "eventID": sequence, "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1", "eventSourceARN": "arn:aws:dynamodb:eu-west-1:1:table/frontdesk/stream/s",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_255_200.0, "NewImage": image, "SequenceNumber": sequence,
            "SizeBytes": 10, "StreamViewType": "NEW_IMAGE",
        },
    })
}

/// The stream's records of the rows that are in the outbox, by tenant.
async fn records(table: &Table) -> Vec<Value> {
    let mut rows = table.items("sys#out#").await;
    rows.sort_by_key(|row| {
        row["envelope"]["S"].as_str().unwrap().split("\"tenant\"").nth(1).unwrap().to_owned()
    });
    rows.iter().enumerate().map(|(index, row)| record(&(100 + index).to_string(), row)).collect()
}

#[tokio::test]
async fn stored_jobs_go_to_their_queue() {
    let (table, sqs) = (Table::start().await, Sqs::start().await);
    let mut api = RuntimeApi::start().await;
    for tenant in ["anna", "bert", "carl"] {
        enqueue(&table.store, tenant).await;
    }
    sqs.refuse("bert");
    let mut records = records(&table).await;
    // Neither another item nor one that cannot be read stands in the way.
    records.insert(0, record("98", &json!({"pk": {"S": "t#a#CON#1"}, "sk": {"S": "0"}})));
    records.insert(1, record("99", &json!({"pk": {"S": "sys#out#1"}, "sk": {"S": "nonsense"}})));
    let function = start(&api, &table, &sqs);

    let outcome = api.invoke(json!({"Records": records})).await;

    let failed = json!({"batchItemFailures": [{"itemIdentifier": "101"}]});
    assert_eq!(outcome, Outcome::Answer(failed));
    let groups: Vec<_> = sqs.sent().into_iter().map(|sent| sent.group).collect();
    assert_eq!(groups, ["anna", "carl"]);
    let left = table.store.messages(Timestamp::MAX, 10).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].envelope.tenant.to_string(), "bert");

    let log = function.stop().await;
    let unreadable = log.iter().find(|line| line["level"] == "ERROR").unwrap();
    assert_eq!(unreadable["service"], "outbox-relay");
    assert!(unreadable["message"].as_str().unwrap().contains("cannot be sent"), "{unreadable}");
    assert!(unreadable["request_id"].is_string(), "{unreadable}");
}

#[tokio::test]
async fn what_a_crash_left_half_done_is_done_when_the_stream_comes_again() {
    let (table, sqs) = (Table::start().await, Sqs::start().await);
    for tenant in ["anna", "bert", "carl"] {
        enqueue(&table.store, tenant).await;
    }
    let event = json!({"Records": records(&table).await});
    sqs.limit_deletions(Some(1));
    let mut api = RuntimeApi::start().await;
    let function = start(&api, &table, &sqs);
    let half_done = async {
        for _ in 0..500 {
            let left = table.store.messages(Timestamp::MAX, 10).await.unwrap().len();
            if (sqs.sent().len(), left) == (3, 2) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("it does not come to the deletions");
    };
    tokio::select! {
        () = half_done => {}
        outcome = api.invoke(event.clone()) => panic!("{outcome:?}"),
    }
    function.stop().await;
    sqs.limit_deletions(None);

    let mut api = RuntimeApi::start().await;
    let function = start(&api, &table, &sqs);
    assert_eq!(api.invoke(event).await, Outcome::Answer(json!({"batchItemFailures": []})));
    function.stop().await;

    assert!(table.store.messages(Timestamp::MAX, 10).await.unwrap().is_empty());
    // Sent twice, which every job bears, and none of them not at all.
    let groups: Vec<_> = sqs.sent().into_iter().map(|sent| sent.group).collect();
    assert_eq!(groups, ["anna", "bert", "carl", "anna", "bert", "carl"]);
}
