//! SQS's JSON protocol, as far as sending goes.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>

use crate::{Table, http, serve};
use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::JoinHandle;

/// A stand-in for SQS.
#[derive(Debug)]
pub struct Sqs {
    address: SocketAddr,
    state: Shared,
    serving: JoinHandle<()>,
}

/// A message that a queue has accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The URL of the queue.
    pub queue: String,
    /// The message.
    pub body: String,
    /// Its `MessageGroupId`; empty if it has none.
    pub group: String,
    /// Its `DelaySeconds`.
    pub delay_seconds: i64,
    /// The values of its attributes, by name.
    pub attributes: BTreeMap<String, String>,
}

type Shared = Arc<Mutex<Record>>;

#[derive(Debug, Default)]
struct Record {
    sent: Vec<Sent>,
    batch_sizes: Vec<usize>,
    refused_groups: BTreeSet<String>,
    throttles: usize,
    requests: usize,
    table: Option<SocketAddr>,
    /// How many deletions the table still answers, where that is limited.
    deletions: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch {
    queue_url: String,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    id: String,
    message_body: String,
    #[serde(default)]
    message_group_id: String,
    #[serde(default)]
    delay_seconds: i64,
    #[serde(default)]
    message_attributes: BTreeMap<String, Attribute>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    string_value: String,
}

impl Sqs {
    /// Queues that accept everything.
    pub async fn start() -> Self {
        let state = Shared::default();
        let router = Router::new().route("/", post(answer)).with_state(Arc::clone(&state));
        let (address, serving) = serve(router).await;
        Self { address, state, serving }
    }

    /// Its address, as `AWS_ENDPOINT_URL` has it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL of the queue of this name. Any name will do.
    pub fn url(&self, name: &str) -> String {
        format!("http://{}/000000000000/{name}", self.address)
    }

    /// Passes what is meant for DynamoDB on to this table: a function knows one address for all AWS services.
    pub fn stand_before(&self, table: &Table) {
        lock(&self.state).table = Some(table.address);
    }

    /// Has the table answer so many deletions more, and leave the others without an answer, or answer all again.
    pub fn limit_deletions(&self, deletions: Option<usize>) {
        lock(&self.state).deletions = deletions;
    }

    /// From now on refuses the messages of this group.
    pub fn refuse(&self, group: &str) {
        lock(&self.state).refused_groups.insert(group.to_owned());
    }

    /// Throttles the next requests, so many of them; the count of requests starts anew.
    pub fn throttle(&self, requests: usize) {
        let mut state = lock(&self.state);
        state.throttles = requests;
        state.requests = 0;
    }

    /// What was accepted so far.
    pub fn sent(&self) -> Vec<Sent> {
        lock(&self.state).sent.clone()
    }

    /// How many messages each request had.
    pub fn batch_sizes(&self) -> Vec<usize> {
        lock(&self.state).batch_sizes.clone()
    }

    /// How many requests came.
    pub fn requests(&self) -> usize {
        lock(&self.state).requests
    }

    /// Closes the port.
    pub async fn stop(self) {
        self.serving.abort();
        let _ = self.serving.await;
    }
}

impl Record {
    fn may_delete(&mut self) -> bool {
        let may = self.deletions != Some(0);
        self.deletions = self.deletions.map(|left| left.saturating_sub(1));
        may
    }
}

fn lock(state: &Shared) -> MutexGuard<'_, Record> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(State(state): State<Shared>, headers: HeaderMap, body: String) -> (StatusCode, Json<Value>) {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let table = lock(&state).table.filter(|_| target.starts_with("DynamoDB_"));
    if let Some(table) = table {
        if target.ends_with(".DeleteItem") && !lock(&state).may_delete() {
            pending::<()>().await;
        }
        let (status, answer) = http::post(table, target, &body).await;
        return (status, Json(answer));
    }
    let mut state = lock(&state);
    state.requests += 1;
    if target != "AmazonSQS.SendMessageBatch" {
        return refusal("com.amazonaws.sqs#UnsupportedOperation");
    }
    if state.throttles > 0 {
        state.throttles -= 1;
        return refusal("com.amazonaws.sqs#RequestThrottled");
    }
    let Ok(batch) = serde_json::from_str::<Batch>(&body) else {
        return refusal("com.amazonaws.sqs#InvalidAttributeValue");
    };
    if batch.entries.is_empty() {
        return refusal("com.amazonaws.sqs#EmptyBatchRequest");
    }
    if batch.entries.len() > 10 {
        return refusal("com.amazonaws.sqs#TooManyEntriesInBatchRequest");
    }
    let distinct: BTreeSet<_> = batch.entries.iter().map(|entry| &entry.id).collect();
    if distinct.len() < batch.entries.len() {
        return refusal("com.amazonaws.sqs#BatchEntryIdsNotDistinct");
    }
    state.batch_sizes.push(batch.entries.len());
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in batch.entries {
        let invalid = !(0..=900).contains(&entry.delay_seconds)
            || entry.message_attributes.values().any(|attribute| attribute.string_value.is_empty());
        if invalid {
            failed.push(json!({"Id": entry.id, "SenderFault": true, "Code": "InvalidParameterValue"}));
        } else if state.refused_groups.contains(&entry.message_group_id) {
            failed.push(json!({"Id": entry.id, "SenderFault": false, "Code": "InternalError"}));
        } else {
            let number = state.sent.len();
            successful.push(json!({
                "Id": entry.id, "MessageId": format!("message-{number}"), "MD5OfMessageBody": "",
            }));
            state.sent.push(Sent {
                queue: batch.queue_url.clone(),
                body: entry.message_body,
                group: entry.message_group_id,
                delay_seconds: entry.delay_seconds,
                attributes: entry
                    .message_attributes
                    .into_iter()
                    .map(|(name, attribute)| (name, attribute.string_value))
                    .collect(),
            });
        }
    }
    let answer = json!({"Successful": successful, "Failed": failed});
    (StatusCode::OK, Json(answer))
}

fn refusal(code: &str) -> (StatusCode, Json<Value>) {
    (StatusCode::BAD_REQUEST, Json(json!({"__type": code, "message": "refused"})))
}
