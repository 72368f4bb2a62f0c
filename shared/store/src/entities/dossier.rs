//! All that is stored of one person.

use super::{MeaningRecord, SavedPart, Transcript};
use crate::Store;
use crate::entity::{Entity, Item};
use crate::error::{Error, Result};
use crate::item::{decode, is_expired, text_in};
use crate::key::partition;
use crate::read::Stretch;
use domain::{ContactId, TenantId};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How many records of a kind, and how many items of one record, are told at most.
const OF_EACH: usize = 10_000;
/// How many records are read at a time.
const SIDE_BY_SIDE: usize = 8;
/// What has parts of its own: calls, conversations, practices, saved conversations.
const WITH_PARTS: [&str; 4] = ["CAL#", "CNV#", "PRC#", "SAV#"];

impl Store {
    /// All that is stored of a contact, by the kind of record: what lies with the contact, and every record that belongs to
    /// it with its parts. What a talk means to a machine is left out: those are numbers.
    pub async fn dossier(
        &self,
        tenant: &TenantId,
        contact: ContactId,
    ) -> Result<BTreeMap<String, Vec<Value>>> {
        let own = partition(tenant, format_args!("CON#{contact}"));
        let begins = partition(tenant, "");
        let has_parts = |pk: &str| {
            pk.strip_prefix(&begins).is_some_and(|rest| WITH_PARTS.iter().any(|kind| rest.starts_with(kind)))
        };
        let (whole, single): (Vec<_>, Vec<_>) = self
            .keys_of_relations(tenant, contact, OF_EACH)
            .await?
            .into_iter()
            .partition(|key| has_parts(&key.pk));
        let partitions: BTreeSet<String> = whole.into_iter().map(|key| key.pk).chain([own]).collect();
        let read =
            partitions.into_iter().map(|pk| async move { self.stretch(&Stretch::of(pk, OF_EACH)).await });
        let parts: Vec<Vec<Item>> = stream::iter(read).buffered(SIDE_BY_SIDE).try_collect().await?;
        let mut told: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let mut saved: BTreeMap<String, Vec<SavedPart>> = BTreeMap::new();
        for item in parts.into_iter().flatten().chain(self.batch(single).await?) {
            // Rows are told with the records that keep them.
            let Some(kind) = text_in(&item, "kind").map(str::to_owned) else { continue };
            if kind == SavedPart::KIND {
                if let Some(part) = decode::<SavedPart>(item, self.clock.now())? {
                    saved.entry(part.conversation.to_string()).or_default().push(part.value);
                }
            } else if let Some(data) = self.told(&kind, item)? {
                told.entry(kind).or_default().push(data);
            }
        }
        for (conversation, parts) in saved {
            let said = json!({"conversation": conversation, "messages": SavedPart::said(&parts)});
            told.entry("saved_messages".to_owned()).or_default().push(said);
        }
        Ok(told)
    }

    fn told(&self, kind: &str, mut item: Item) -> Result<Option<Value>> {
        let now = self.clock.now();
        if kind == MeaningRecord::KIND || is_expired(&item, now) {
            return Ok(None);
        }
        if kind == Transcript::KIND {
            let said = decode::<Transcript>(item, now)?.map(|stored| {
                let Transcript { attempt, turns, turns_left_out, notes } = stored.value;
                json!({"attempt": attempt, "turns": turns, "turns_left_out": turns_left_out, "notes": notes})
            });
            return Ok(said);
        }
        let Some(data) = item.remove("data") else { return Ok(None) };
        let value = serde_dynamo::from_attribute_value(data);
        value.map(Some).map_err(|error| Error::Malformed { kind: "dossier", detail: error.to_string() })
    }
}
