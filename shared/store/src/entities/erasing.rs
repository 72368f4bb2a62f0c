//! What has to go with a person, and what stays of those who are gone.

use super::{AuditEntry, Feedback, ImportStep, Relation};
use crate::entity::{Entity, Item, Row, Stored, newest_first};
use crate::error::Result;
use crate::item::{decode, text_in};
use crate::key::{Key, inverted, partition};
use crate::read::{Listing, Page, Stretch};
use crate::{Store, Transaction};
use domain::chat::Message;
use domain::import::ImportPlace;
use domain::practice::Document;
use domain::privacy::Erasure;
use domain::{ContactId, TenantId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

const ERASURES: &str = "erasure";
/// The place of an [`Erasure`] in the contact's partition, where everything else goes.
const ERASED: &str = "erased";
/// How many items of a contact's own partition are looked at at a time.
const AT_A_TIME: usize = 50;
/// How many parts of an event there are at most, by the size of what a provider may send.
const EVENT_PARTS: usize = 100;

impl Entity for Erasure {
    const KIND: &'static str = "erasure";
    type Id = ContactId;

    fn key_of(tenant: &TenantId, id: &ContactId) -> Key {
        Key::of(tenant, format_args!("CON#{id}"), ERASED)
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.contact_id)
    }

    fn rows(&self) -> Vec<Row> {
        let sort = newest_first(self.erased_at, self.contact_id);
        vec![Row::Listed { list: ERASURES.to_owned(), sort }]
    }
}

/// That a provider's event, which is kept as it arrived, says something of a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTrace {
    /// The contact.
    pub contact: ContactId,
    /// Who sent the event.
    pub provider: String,
    /// By which a repetition of it is known.
    pub dedupe: String,
    /// When it arrived.
    pub received_at: Timestamp,
}

/// As long as the event itself, and a day for the clocks.
const KEPT: SignedDuration = SignedDuration::from_hours(31 * 24);

impl Entity for EventTrace {
    const KIND: &'static str = "event_trace";
    type Id = (ContactId, String, String);

    fn key_of(tenant: &TenantId, (contact, provider, dedupe): &(ContactId, String, String)) -> Key {
        Key::of(tenant, format_args!("CON#{contact}"), format!("8#{provider}#{dedupe}"))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &(self.contact, self.provider.clone(), self.dedupe.clone()))
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.received_at + KEPT)
    }
}

/// What lies with a record or a contact.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "a few are held at a time")]
pub enum Part {
    /// A message of a conversation.
    Message(Stored<Message>),
    /// What somebody thought of a conversation.
    Feedback(Stored<Feedback>),
    /// A document of a practice; its file lies elsewhere.
    Document(Stored<Document>),
    /// What keeps no rows.
    Other(Key),
}

impl Part {
    fn of(item: Item, now: Timestamp) -> Result<Option<Self>> {
        let (Some(pk), Some(sk)) = (text_in(&item, "pk"), text_in(&item, "sk")) else { return Ok(None) };
        let key = Key { pk: pk.to_owned(), sk: sk.to_owned() };
        let kind = text_in(&item, "kind").unwrap_or_default().to_owned();
        let part = match kind.as_str() {
            Message::KIND => decode(item, now)?.map(Self::Message),
            Feedback::KIND => decode(item, now)?.map(Self::Feedback),
            Document::KIND => decode(item, now)?.map(Self::Document),
            _ => None,
        };
        Ok(Some(part.unwrap_or(Self::Other(key))))
    }

    /// Makes its going part of the step, if there is room for it with `reserve` more items.
    pub fn leave_in(&self, step: &mut Transaction, reserve: usize) -> bool {
        match self {
            Self::Message(record) => step.delete_if_room(record, reserve),
            Self::Feedback(record) => step.delete_if_room(record, reserve),
            Self::Document(record) => step.delete_if_room(record, reserve),
            Self::Other(key) => step.discard_if_room(key, reserve),
        }
    }
}

impl Store {
    /// Who was erased, the last one first.
    pub async fn erasures(&self, tenant: &TenantId, page: &Page) -> Result<Listing<Stored<Erasure>>> {
        self.list(tenant, ERASURES, page).await
    }

    /// The first parts of a record that lie with it.
    pub async fn parts(&self, tenant: &TenantId, relation: &Relation, limit: usize) -> Result<Vec<Part>> {
        let record = relation.key(tenant);
        if record.sk != "0" {
            // It is itself a part of its contact.
            return Ok(Vec::new());
        }
        let stretch = Stretch { after: Some(record.sk), ..Stretch::of(record.pk, limit) };
        let now = self.clock.now();
        let items = self.stretch(&stretch).await?;
        items.into_iter().filter_map(|item| Part::of(item, now).transpose()).collect()
    }

    /// The first of what is left in a contact's own partition, but for the note that they were erased; before the trace
    /// of an event, the event.
    pub async fn leftovers(&self, tenant: &TenantId, contact: ContactId) -> Result<Vec<Part>> {
        let own = partition(tenant, format_args!("CON#{contact}"));
        let now = self.clock.now();
        let mut left = Vec::new();
        for item in self.stretch(&Stretch::of(own, AT_A_TIME)).await? {
            if text_in(&item, "sk") == Some(ERASED) {
                continue;
            }
            if text_in(&item, "kind") == Some(EventTrace::KIND)
                && let Some(Stored { value: trace, .. }) = decode::<EventTrace>(item.clone(), now)?
            {
                left.extend(self.raw_event(tenant, &trace.provider, &trace.dedupe).await?);
            }
            left.extend(Part::of(item, now)?);
        }
        Ok(left)
    }

    /// The parts of a provider's event, as it is kept.
    pub async fn raw_event(&self, tenant: &TenantId, provider: &str, dedupe: &str) -> Result<Vec<Part>> {
        let event = partition(tenant, format_args!("EVT#{provider}#{dedupe}"));
        let now = self.clock.now();
        let items = self.stretch(&Stretch::of(event, EVENT_PARTS)).await?;
        items.into_iter().filter_map(|item| Part::of(item, now).transpose()).collect()
    }

    /// The first lines of the audit about a record, or about what belongs to a person, that hold values of its; `during`:
    /// only those from one instant to another.
    pub async fn audit_about(
        &self,
        tenant: &TenantId,
        subject: &str,
        during: Option<(Timestamp, Timestamp)>,
    ) -> Result<Vec<Stored<AuditEntry>>> {
        let mut stretch = Stretch::of_list(tenant, &super::journal::audit_of(subject));
        if let Some((from, to)) = during {
            // The newest stand first.
            stretch.after = Some(inverted(to));
            stretch.up_to = Some(format!("{}~", inverted(from)));
        }
        Ok(self.walk(stretch, &Page::default(), |_| true, |_: &AuditEntry| true).await?.items)
    }

    /// What an import did to a lead; `rows` is how many rows it takes at a time.
    pub async fn import_step_of(
        &self,
        tenant: &TenantId,
        place: ImportPlace,
        lead: ContactId,
        rows: u32,
    ) -> Result<Option<Stored<ImportStep>>> {
        let stretch = Stretch {
            after: Some(format!("C#{:08}", place.row.saturating_sub(rows))),
            up_to: Some(format!("C#{:08}", place.row)),
            limit: usize::try_from(rows).unwrap_or(usize::MAX),
            ..Stretch::within(partition(tenant, format_args!("IMP#{}", place.import)), "C#")
        };
        let steps: Vec<Stored<ImportStep>> = self.records(&stretch).await?;
        Ok(steps.into_iter().find(|step| step.leads.iter().any(|entry| entry.lead == lead)))
    }
}
