//! Takes jobs from the outbox to their queues.
//!
//! Every message has its tenant as message group: on a standard queue that is no order but fairness, so that
//! one tenant's thousand jobs do not stand before another's one.

use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_sdk_sqs::error::{DisplayErrorContext, SdkError};
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchError;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use store::{Message, Store};
use tracing::{error, warn};

/// How many messages one request may have, and how far in the future one may be delivered (SQS's own limits).
const MAX_BATCH: usize = 10;
const MAX_DELAY_SECS: i64 = 900;
/// How many rows are deleted at the same time.
const DELETES: usize = 8;

/// How to reach SQS.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The region, such as `eu-west-1`.
    pub region: String,
    /// Another address than the region's own.
    pub endpoint: Option<String>,
    /// Who asks.
    pub credentials: Credentials,
    /// The client that every AWS service of the process shares.
    pub http: SharedHttpClient,
}

/// The queues, one for each kind of job. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Queues {
    client: aws_sdk_sqs::Client,
    urls: Arc<BTreeMap<String, String>>,
}

impl Queues {
    /// The queues with these URLs, by the name of the kind of job. Nothing is sent yet.
    pub fn new(urls: BTreeMap<String, String>, connection: Connection) -> Self {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(5)).build();
        // A batch that was taken after all and is sent again makes jobs come twice, which they may.
        let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(50));
        let mut config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(connection.region))
            .credentials_provider(connection.credentials)
            .http_client(connection.http)
            .timeout_config(timeouts)
            .retry_config(retries);
        if let Some(endpoint) = connection.endpoint {
            config = config.endpoint_url(endpoint);
        }
        Self { client: aws_sdk_sqs::Client::from_conf(config.build()), urls: Arc::new(urls) }
    }

    /// Sends each message to the queue of its kind, to be delivered at its instant or in a quarter of an hour,
    /// whichever comes first. Tells of each, in their order, whether its queue has accepted it; a kind
    /// without a queue accepts nothing. Why not is logged.
    pub async fn send(&self, now: Timestamp, messages: &[Message]) -> Vec<bool> {
        let mut by_kind: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, message) in messages.iter().enumerate() {
            by_kind.entry(message.envelope.job.kind().name).or_default().push(index);
        }
        let mut accepted = vec![false; messages.len()];
        for (kind, indices) in by_kind {
            let Some(url) = self.urls.get(kind) else {
                error!(job = kind, messages = indices.len(), "there is no queue for this kind of job");
                continue;
            };
            for batch in indices.chunks(MAX_BATCH) {
                for index in self.send_batch(kind, url, now, messages, batch).await {
                    accepted[index] = true;
                }
            }
        }
        accepted
    }

    /// Sends the messages at these indices to one queue; answers the indices of those that it accepted.
    async fn send_batch(
        &self,
        kind: &str,
        url: &str,
        now: Timestamp,
        messages: &[Message],
        batch: &[usize],
    ) -> BTreeSet<usize> {
        let entries = batch.iter().filter_map(|index| entry(*index, now, &messages[*index]));
        let request = self.client.send_message_batch().queue_url(url);
        let sent = request.set_entries(Some(entries.collect())).send().await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(failure) => {
                let reason = reason(&failure);
                warn!(job = kind, messages = batch.len(), "the queue took none of a batch: {reason}");
                return BTreeSet::new();
            }
        };
        for refused in answer.failed() {
            let (code, sender_fault) = (refused.code(), refused.sender_fault());
            warn!(job = kind, code, sender_fault, "the queue refused a message");
        }
        let ids = answer.successful().iter().filter_map(|entry| entry.id().parse().ok());
        ids.filter(|index| batch.contains(index)).collect()
    }

    /// Sends messages of the outbox and removes the rows of those that were accepted, and of no others. Tells of
    /// each, in their order, whether it was accepted.
    ///
    /// A row that stays though its message has gone is sent again later; jobs may come twice.
    pub async fn relay(&self, store: &Store, messages: &[Message]) -> Vec<bool> {
        let accepted = self.send(store.clock().now(), messages).await;
        let gone =
            messages.iter().zip(&accepted).filter_map(|(message, accepted)| accepted.then_some(message));
        stream::iter(gone)
            .for_each_concurrent(DELETES, |message| async move {
                if let Err(failure) = store.remove_message(message).await {
                    let id = message.envelope.id;
                    warn!(%id, "the row of a message that has gone stays: {failure}");
                }
            })
            .await;
        accepted
    }
}

/// The message as one of a batch, where its index names it.
fn entry(index: usize, now: Timestamp, message: &Message) -> Option<SendMessageBatchRequestEntry> {
    let envelope = &message.envelope;
    // Rounded up: early is too early, a second late is not too late.
    let wait = message.not_before.duration_since(now);
    let seconds = wait.as_secs() + i64::from(wait.subsec_nanos() > 0);
    let delay = i32::try_from(seconds.clamp(0, MAX_DELAY_SECS)).unwrap_or_default();
    let mut entry = SendMessageBatchRequestEntry::builder()
        .id(index.to_string())
        .message_body(serde_json::to_string(envelope).ok()?)
        .message_group_id(envelope.tenant.to_string())
        .delay_seconds(delay);
    // SQS refuses an attribute without a value.
    if !envelope.correlation.is_empty() {
        let correlation =
            MessageAttributeValue::builder().data_type("String").string_value(&envelope.correlation);
        entry = entry.message_attributes("correlation", correlation.build().ok()?);
    }
    entry.build().ok()
}

fn reason(failure: &SdkError<SendMessageBatchError>) -> String {
    DisplayErrorContext(failure).to_string()
}
