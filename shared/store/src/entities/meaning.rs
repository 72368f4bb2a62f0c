//! What earlier conversations mean, for finding those that are alike.

use crate::Store;
use crate::entity::Entity;
use crate::error::Result;
use crate::key::{Key, inverted, partition};
use crate::read::Stretch;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::context::{HistoryEntry, Meaning};
use domain::{AttemptId, ContactId, TenantId};
use serde::{Deserialize, Serialize};

/// How many of a contact's conversations are compared: the latest.
const COMPARED: usize = 100;

/// What was talked about in one attempt of a call, with its meaning beside: 2 KB at most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Flat", try_from = "Flat")]
pub struct MeaningRecord {
    /// The contact.
    pub contact: ContactId,
    /// The attempt.
    pub attempt: AttemptId,
    /// When, what, and what came of it.
    pub entry: HistoryEntry,
    /// What it means.
    pub meaning: Meaning,
}

/// The form in the table: the numbers as bytes in base64.
#[derive(Serialize, Deserialize)]
struct Flat {
    contact: ContactId,
    attempt: AttemptId,
    #[serde(flatten)]
    entry: HistoryEntry,
    model: String,
    vector: String,
}

impl From<MeaningRecord> for Flat {
    fn from(record: MeaningRecord) -> Self {
        let MeaningRecord { contact, attempt, entry, meaning } = record;
        let bytes: Vec<u8> = meaning.numbers.iter().map(|number| number.cast_unsigned()).collect();
        Self { contact, attempt, entry, model: meaning.model, vector: STANDARD.encode(bytes) }
    }
}

impl TryFrom<Flat> for MeaningRecord {
    type Error = String;

    fn try_from(flat: Flat) -> std::result::Result<Self, String> {
        let Flat { contact, attempt, entry, model, vector } = flat;
        let bytes = STANDARD.decode(vector).map_err(|_| "the vector is damaged")?;
        let numbers = bytes.into_iter().map(u8::cast_signed).collect();
        Ok(Self { contact, attempt, entry, meaning: Meaning { model, numbers } })
    }
}

impl Entity for MeaningRecord {
    const KIND: &'static str = "meaning";
    type Id = Self;

    fn key_of(tenant: &TenantId, it: &Self) -> Key {
        let place = format!("5#{}#{}", inverted(it.entry.at), it.attempt);
        Key::of(tenant, format_args!("CON#{}", it.contact), place)
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, self)
    }
}

impl Store {
    /// What a contact's latest conversations mean, at most 100, newest first; one query.
    pub async fn meanings(
        &self,
        tenant: &TenantId,
        contact: ContactId,
    ) -> Result<Vec<(HistoryEntry, Meaning)>> {
        let mut stretch = Stretch::of(partition(tenant, format_args!("CON#{contact}")), COMPARED);
        "5#".clone_into(&mut stretch.prefix);
        let records = self.records::<MeaningRecord>(&stretch).await?;
        Ok(records.into_iter().map(|record| (record.value.entry, record.value.meaning)).collect())
    }
}
