//! Jobs between the step that set them off and the queue.
//!
//! In the cloud a message leaves through the table's stream and its row is removed; the tick looks for rows
//! that stayed. Locally the row itself is the queue's message.

use crate::Store;
use crate::entity::{Item, SYSTEM_SHARDS};
use crate::error::{Error, Result};
use crate::item::{WRITE, json_in, key_attributes, number, number_in, text, text_in};
use crate::key::{Key, System, instant};
use crate::read::Stretch;
use crate::transaction::outbox_shard;
use crate::wire;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use contracts::Envelope;
use futures::future::try_join_all;
use jiff::Timestamp;
use std::collections::HashMap;

/// A job that waits in the outbox.
#[derive(Debug, Clone)]
pub struct Message {
    key: Key,
    /// The job.
    pub envelope: Envelope,
    /// Not before this instant.
    pub not_before: Timestamp,
    /// How often it was delivered in vain.
    pub deliveries: u32,
}

/// A job that failed as often as its kind allows.
#[derive(Debug, Clone)]
pub struct Undelivered {
    /// The job.
    pub envelope: Envelope,
    /// What it failed of last.
    pub reason: String,
}

/// Sort keys of dead messages come after those of all instants.
const DEAD: &str = "~dead#";

/// The row of a message.
pub(crate) fn item(envelope: &Envelope, not_before: Timestamp, deliveries: u32, write: &str) -> Item {
    let key =
        System::Outbox.key(outbox_shard(envelope.id), format!("{}#{}", instant(not_before), envelope.id));
    let mut item = key_attributes(&key);
    item.insert("envelope".to_owned(), text(serde_json::to_string(envelope).unwrap_or_default()));
    item.insert("deliveries".to_owned(), number(deliveries));
    item.insert(WRITE.to_owned(), text(write));
    item
}

impl Message {
    /// The message in a row of the outbox, as a stream record shows it; `None` for any other item.
    pub fn from_item(item: &HashMap<String, AttributeValue>) -> Result<Option<Self>> {
        let (Some(pk), Some(sk)) = (text_in(item, "pk"), text_in(item, "sk")) else {
            return Ok(None);
        };
        if !pk.starts_with("sys#out#") || sk.starts_with(DEAD) {
            return Ok(None);
        }
        let not_before = sk
            .split('#')
            .next()
            .and_then(|at| at.parse().ok())
            .ok_or_else(|| Error::Malformed { kind: "message", detail: "not_before".to_owned() })?;
        Ok(Some(Self {
            envelope: json_in(item, "envelope", "message")?,
            deliveries: number_in(item, "deliveries").unwrap_or_default(),
            key: Key { pk: pk.to_owned(), sk: sk.to_owned() },
            not_before,
        }))
    }
}

impl Store {
    /// The messages that wait and may go by `until`, at most `limit` from each of the 16 partitions, in the
    /// order of their time.
    pub async fn messages(&self, until: Timestamp, limit: usize) -> Result<Vec<Message>> {
        let up_to = format!("{}~", instant(until));
        let shards = (0..SYSTEM_SHARDS).map(|shard| {
            let mut stretch = Stretch::of(System::Outbox.partition(shard), limit);
            stretch.up_to = Some(up_to.clone());
            async move { self.stretch(&stretch).await }
        });
        let mut messages = Vec::new();
        for item in try_join_all(shards).await?.into_iter().flatten() {
            // A row that this version cannot read must not hold up every other tenant's.
            match Message::from_item(&item) {
                Ok(message) => messages.extend(message),
                Err(error) => tracing::error!(%error, "a message is passed over"),
            }
        }
        messages.sort_by(|a, b| a.key.sk.cmp(&b.key.sk));
        Ok(messages)
    }

    /// When the next message may go.
    pub async fn next_message(&self) -> Result<Option<Timestamp>> {
        let firsts = (0..SYSTEM_SHARDS)
            .map(|shard| async move { self.stretch(&Stretch::of(System::Outbox.partition(shard), 1)).await });
        let mut next = None;
        for item in try_join_all(firsts).await?.into_iter().flatten() {
            let at = Message::from_item(&item).ok().flatten().map(|message| message.not_before);
            next = [next, at].into_iter().flatten().min();
        }
        Ok(next)
    }

    /// Removes a message that has gone.
    pub async fn remove_message(&self, message: &Message) -> Result<()> {
        self.patiently(|| {
            let request = self.client.delete_item().table_name(&*self.table);
            wire::delete(request.set_key(Some(key_attributes(&message.key))))
        })
        .await
        .map(drop)
    }

    /// Puts a message back for a later delivery.
    pub async fn defer_message(&self, message: &Message, not_before: Timestamp) -> Result<()> {
        let item = item(&message.envelope, not_before, message.deliveries + 1, "deferred");
        self.move_message(message, item).await
    }

    /// Puts a message aside that failed as often as its kind allows.
    pub async fn bury_message(&self, message: &Message, reason: &str) -> Result<()> {
        let mut item = item(&message.envelope, message.not_before, message.deliveries + 1, "buried");
        item.insert("sk".to_owned(), text(format!("{DEAD}{}", message.envelope.id)));
        item.insert("reason".to_owned(), text(reason));
        self.move_message(message, item).await
    }

    /// The messages that were put aside.
    pub async fn dead_messages(&self) -> Result<Vec<Undelivered>> {
        let shards = (0..SYSTEM_SHARDS).map(|shard| {
            let mut stretch = Stretch::of(System::Outbox.partition(shard), 100);
            DEAD.clone_into(&mut stretch.prefix);
            async move { self.stretch(&stretch).await }
        });
        let items = try_join_all(shards).await?.into_iter().flatten();
        items
            .map(|item| {
                let reason = text_in(&item, "reason").unwrap_or_default().to_owned();
                Ok(Undelivered { envelope: json_in(&item, "envelope", "message")?, reason })
            })
            .collect()
    }

    /// Replaces a message's row with another one. Only the local queue does so, and it delivers a message to
    /// one worker at a time, so the row is ours.
    async fn move_message(&self, message: &Message, item: Item) -> Result<()> {
        let same_place = text_in(&item, "sk") == Some(message.key.sk.as_str());
        let put = Put::builder().table_name(&*self.table).set_item(Some(item)).build().ok();
        let delete = Delete::builder()
            .table_name(&*self.table)
            .set_key(Some(key_attributes(&message.key)))
            .build()
            .ok();
        let mut writes = vec![TransactWriteItem::builder().set_put(put).build()];
        if !same_place {
            writes.push(TransactWriteItem::builder().set_delete(delete).build());
        }
        self.patiently(|| {
            wire::transact(self.client.transact_write_items().set_transact_items(Some(writes.clone())))
        })
        .await
        .map(drop)
    }
}
