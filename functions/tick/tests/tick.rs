//! Ticks over a real table, with a stand-in for SQS.
#![expect(clippy::unwrap_used, reason = "this is test code")]

use contracts::Job;
use domain::Ids;
use files::{Files, Folder};
use jiff::{SignedDuration, Timestamp};
use operations::Platform;
use serde_json::{Value, json};
use standins::{Function, Outcome, RuntimeApi, Sqs, Table};
use store::{Planner, Store, Transaction};
use vault::Vault;

fn platform(table: &Table) -> Platform {
    let (vault, http, clock) = (Vault::local([7; 32]), provider::Http::new(), table.store.clock().clone());
    let files = Files::folder(Folder::new(None, "http://localhost", [7; 32], clock.clone()), clock);
    Platform::new(table.store.clone(), Ids::default(), vault, http, files)
}

/// Has the tenant's planner wake at that instant.
async fn wake_at(store: &Store, tenant: &str, at: Timestamp) {
    let mut step = Transaction::new(tenant.parse().unwrap(), "req_1", &Ids::default(), store.clock().now());
    step.create(&Planner { wake_at: Some(at), ..Planner::default() }).unwrap();
    store.commit(step).await.unwrap();
}

/// Stores a job as if it were that instant.
async fn enqueue(store: &Store, tenant: &str, at: Timestamp) {
    let mut step = Transaction::new(tenant.parse().unwrap(), "req_1", &Ids::default(), at);
    step.enqueue(Job::PlanCalls);
    store.commit(step).await.unwrap();
}

#[tokio::test]
async fn timers_that_are_due_become_jobs_not_before_their_instant() {
    let table = Table::start().await;
    let (store, now) = (&table.store, table.store.clock().now());
    for (tenant, seconds) in [("past", -60), ("soon", 59), ("later", 61)] {
        wake_at(store, tenant, now + SignedDuration::from_secs(seconds)).await;
    }

    let fired = tick::fire_timers(&platform(&table), now + SignedDuration::from_mins(1)).await;

    assert_eq!(fired.unwrap(), 2);
    let messages = store.messages(Timestamp::MAX, 10).await.unwrap();
    let due: Vec<_> = messages
        .iter()
        .map(|message| {
            (message.envelope.tenant.to_string(), message.not_before.duration_since(now).as_secs())
        })
        .collect();
    assert_eq!(due, [("past".to_owned(), 0), ("soon".to_owned(), 59)]);
    assert_eq!(messages[0].envelope.correlation, "req_1");
    assert_eq!(store.timers(Timestamp::MAX, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn more_timers_than_a_page_fire_in_one_tick() {
    let table = Table::start().await;
    let (store, now) = (&table.store, table.store.clock().now());
    // More than 25 in some of the 16 partitions.
    for index in 0..450 {
        wake_at(store, &format!("t{index}"), now).await;
    }
    assert_eq!(tick::fire_timers(&platform(&table), now).await.unwrap(), 450);
    assert_eq!(store.timers(Timestamp::MAX, 100).await.unwrap().len(), 0);
    assert_eq!(tick::fire_timers(&platform(&table), now).await.unwrap(), 0);
}

#[tokio::test]
async fn two_ticks_at_once_fire_a_timer_once() {
    let table = Table::start().await;
    let (store, now) = (&table.store, table.store.clock().now());
    for index in 0..20 {
        wake_at(store, &format!("t{index}"), now).await;
    }
    let platform = platform(&table);
    let (one, other) = tokio::join!(tick::fire_timers(&platform, now), tick::fire_timers(&platform, now));
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(store.messages(Timestamp::MAX, 100).await.unwrap().len(), 20);
}

/// The value of a metric or field in the first line that has it.
fn first<'a>(log: &'a [Value], field: &str) -> &'a Value {
    log.iter().find_map(|line| line.get(field)).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn a_tick_of_the_binary_fires_and_sends_what_was_left() {
    let (table, sqs) = (Table::start().await, Sqs::start().await);
    let (store, now) = (&table.store, table.store.clock().now());
    sqs.stand_before(&table);
    wake_at(store, "timer", now).await;
    enqueue(store, "old", now - SignedDuration::from_secs(125)).await;
    enqueue(store, "fresh", now - SignedDuration::from_secs(60)).await;
    let mut api = RuntimeApi::start().await;
    let urls = json!({"PlanCalls": sqs.url("PlanCalls")}).to_string();
    let more = [("QUEUE_URLS", urls), ("LOG_LEVEL", "info".to_owned())];
    let binary = env!("CARGO_BIN_EXE_tick");
    let function = Function::start(binary, "tick", &api, &sqs.endpoint(), &more);

    let event = json!({"version": "0", "source": "aws.scheduler", "detail": {}});
    assert_eq!(api.invoke(event.clone()).await, Outcome::Answer(Value::Null));

    // The timer's job and the fresh message are the relay's.
    let groups: Vec<_> = sqs.sent().into_iter().map(|sent| sent.group).collect();
    assert_eq!(groups, ["old"]);
    assert_eq!(store.messages(Timestamp::MAX, 10).await.unwrap().len(), 2);

    // A queue that takes nothing is no failure of the tick; a table that is gone is one.
    sqs.refuse("late");
    enqueue(store, "late", now - SignedDuration::from_secs(300)).await;
    assert_eq!(api.invoke(event.clone()).await, Outcome::Answer(Value::Null));
    drop(table);
    let Outcome::Failure(failure) = api.invoke(event).await else {
        panic!("the tick went well without a table")
    };
    assert_eq!(failure["errorType"], "TickFailed");

    let log = function.stop().await;
    assert_eq!((first(&log, "fired"), first(&log, "service")), (&json!(1), &json!("tick")));
    assert!(log.iter().any(|line| line["message"] == "the tick failed" && line["request_id"].is_string()));
}

#[tokio::test]
async fn a_binary_without_its_environment_says_what_is_missing() {
    let api = RuntimeApi::start().await;
    let more = [("TABLE_NAME", String::new()), ("LOG_LEVEL", "loud".to_owned())];
    let function = Function::start(env!("CARGO_BIN_EXE_tick"), "tick", &api, "http://127.0.0.1:9", &more);
    let log = function.log().await;
    let [line] = &log[..] else { panic!("{log:?}") };
    let message = line["message"].as_str().unwrap();
    for name in ["TABLE_NAME", "LOG_LEVEL", "QUEUE_URLS"] {
        assert!(message.contains(name), "{message}");
    }
}
