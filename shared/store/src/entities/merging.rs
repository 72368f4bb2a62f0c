//! Records of one person that were made one, and what hangs on a contact and goes with it.

use super::conversation::conversations_of;
use super::deal::deals_of;
use super::interaction::interactions_with;
use super::practice::{OPEN_OF_TYPE, open_of_type, practices_of};
use super::renewal::alerts_for;
use super::saved::{reviews_of, saved_of};
use super::task::tasks_about;
use super::{HistoryRecord, MeaningRecord, SealedField, SensitiveRead, StoredAction};
use crate::entity::{Entity, Item, Row, Stored, newest_first};
use crate::error::Result;
use crate::item::{decode, text_in};
use crate::key::{Key, partition};
use crate::read::{Listing, Page, Stretch};
use crate::{Store, Transaction};
use domain::call::Call;
use domain::chat::Conversation;
use domain::deal::Deal;
use domain::interaction::Interaction;
use domain::merging::Merge;
use domain::practice::Practice;
use domain::renewal::RenewalAlert;
use domain::saved::{ReviewEntry, SavedConversation};
use domain::task::Task;
use domain::{ContactId, MergeId, PracticeId, TenantId};
use futures::future::try_join_all;
use futures::try_join;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use ulid::Ulid;

const MERGES: &str = "merge";
const JOURNAL: &str = "J#";

impl Entity for Merge {
    const KIND: &'static str = "merge";
    type Id = MergeId;

    fn key_of(tenant: &TenantId, id: &MergeId) -> Key {
        Key::of(tenant, format_args!("MRG#{id}"), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        let sort = newest_first(self.merged_at, self.id);
        let listed = |list| Row::Listed { list, sort: sort.clone() };
        let (into, other) = self.ids();
        vec![listed(MERGES.to_owned()), listed(merges_of(into)), listed(merges_of(other))]
    }
}

/// The list of the merges that a contact was in.
fn merges_of(contact: ContactId) -> String {
    format!("{MERGES}#client#{contact}")
}

/// What stands where a contact was that went into another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedContact {
    /// The contact that was there.
    pub contact: ContactId,
    /// Into whom it went.
    pub into: ContactId,
    /// How.
    pub merge: MergeId,
}

impl Entity for MergedContact {
    const KIND: &'static str = "merged_lead";
    type Id = ContactId;

    fn key_of(tenant: &TenantId, id: &ContactId) -> Key {
        Key::of(tenant, format_args!("CON#{id}"), "merged")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.contact)
    }
}

/// What one step of a merge moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MergeStep {
    /// The merge.
    pub merge: MergeId,
    /// The step: later ones are greater.
    pub step: Ulid,
    /// Where the records lie since.
    moved: Vec<Place>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Place {
    pk: String,
    sk: String,
    /// Whether the step laid it beside another one.
    is_put_aside: bool,
}

impl MergeStep {
    /// A step that moved these records, as they are since; of each, whether the step laid it beside another one.
    pub fn of(merge: MergeId, step: Ulid, moved: &[(Relation, bool)], tenant: &TenantId) -> Self {
        let place = |(relation, is_put_aside): &(Relation, bool)| {
            let Key { pk, sk } = relation.key(tenant);
            Place { pk, sk, is_put_aside: *is_put_aside }
        };
        Self { merge, step, moved: moved.iter().map(place).collect() }
    }
}

impl Entity for MergeStep {
    const KIND: &'static str = "merge_step";
    type Id = (MergeId, Ulid);

    fn key_of(tenant: &TenantId, (merge, step): &(MergeId, Ulid)) -> Key {
        Key::of(tenant, format_args!("MRG#{merge}"), format!("{JOURNAL}{step}"))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &(self.merge, self.step))
    }
}

/// A record that belongs to a contact.
trait OfContact: Entity + Clone {
    fn belongs_to(&self) -> Option<ContactId>;
    fn give_to(&mut self, contact: ContactId);
}

/// Declares the kinds of records that belong to a contact, and what many of each are called.
macro_rules! relations {
    ($($kind:ident($record:ty): $many:literal,)*) => {
        /// A record that belongs to a contact.
        #[derive(Debug, Clone)]
        #[expect(missing_docs, reason = "the names say it")]
        #[expect(clippy::large_enum_variant, reason = "a few are held at a time")]
        pub enum Relation {
            $($kind(Stored<$record>),)*
        }

        impl Relation {
            /// The record in an item, whatever kind it is; none where it is none that belongs to a contact.
            fn decode(item: Item, now: Timestamp) -> Result<Option<Self>> {
                let kind = text_in(&item, "kind").unwrap_or_default().to_owned();
                $(if kind == <$record>::KIND {
                    return Ok(decode::<$record>(item, now)?.map(Self::$kind));
                })*
                Ok(None)
            }

            /// What many of its kind are called.
            pub fn noun(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $many,)*
                }
            }

            /// To whom it belongs.
            pub fn belongs_to(&self) -> Option<ContactId> {
                match self {
                    $(Self::$kind(record) => record.belongs_to(),)*
                }
            }

            /// The same record, belonging to `contact`.
            #[must_use]
            pub fn given_to(mut self, contact: ContactId) -> Self {
                match &mut self {
                    $(Self::$kind(record) => record.value.give_to(contact),)*
                }
                self
            }

            /// Makes its going part of the step, if there is room for it with `reserve` more items.
            pub fn leave_in(&self, step: &mut Transaction, reserve: usize) -> bool {
                match self {
                    $(Self::$kind(record) => step.delete_if_room(record, reserve),)*
                }
            }

            /// Where it lies.
            pub(super) fn key(&self, tenant: &TenantId) -> Key {
                match self {
                    $(Self::$kind(record) => record.key(tenant),)*
                }
            }

            /// Makes `new`, which is the same record but for what it belongs to, part of the step. Says whether there was room for
            /// it, with `reserve` more items.
            pub fn put_into(&self, step: &mut Transaction, new: &Self, reserve: usize) -> Result<bool> {
                match (self, new) {
                    $((Self::$kind(old), Self::$kind(new)) => moved(step, old, &new.value, reserve),)*
                    _ => Ok(false),
                }
            }
        }
    };
}

relations! {
    Call(Call): "calls",
    Talk(HistoryRecord): "talks",
    Meaning(MeaningRecord): "meanings",
    Action(StoredAction): "actions",
    Conversation(Conversation): "conversations",
    Practice(Practice): "practices",
    Deal(Deal): "deals",
    Task(Task): "tasks",
    Interaction(Interaction): "interactions",
    Alert(RenewalAlert): "renewal_alerts",
    Saved(SavedConversation): "saved_conversations",
    Review(ReviewEntry): "reviews",
    Sealed(SealedField): "sensitive_fields",
    Read(SensitiveRead): "sensitive_reads",
}

impl Relation {
    /// Its id, by which the audit names it; none of what lies with the contact.
    pub fn subject(&self, tenant: &TenantId) -> Option<String> {
        let key = self.key(tenant);
        let (_, id) = key.pk.rsplit_once('#').filter(|_| key.sk == "0")?;
        Some(id.to_owned())
    }

    /// Lays what a contact has one of beside the one that they have, or puts it back in that place.
    pub fn lay_aside(&mut self, is_aside: bool) {
        match self {
            Self::Conversation(talk) => talk.value.is_aside = is_aside,
            Self::Practice(practice) => practice.value.is_aside = is_aside,
            Self::Sealed(field) => field.value.is_aside = is_aside,
            _ => {}
        }
    }
}

/// Says of records in which field each names its contact.
macro_rules! of_contact {
    ($($record:ty: $($field:tt).+;)*) => {
        $(impl OfContact for $record {
            fn belongs_to(&self) -> Option<ContactId> {
                self.$($field).+.into()
            }

            fn give_to(&mut self, contact: ContactId) {
                self.$($field).+ = contact.into();
            }
        })*
    };
}

of_contact! {
    Call: contact_id;
    HistoryRecord: contact;
    MeaningRecord: contact;
    StoredAction: 0.contact_id;
    Conversation: contact_id;
    Practice: contact_id;
    Deal: contact_id;
    Task: contact_id;
    Interaction: contact_id;
    RenewalAlert: contact_id;
    ReviewEntry: contact_id;
    SealedField: contact;
    SensitiveRead: contact;
}

impl OfContact for SavedConversation {
    fn belongs_to(&self) -> Option<ContactId> {
        self.outcome.as_ref()?.client_id
    }

    fn give_to(&mut self, contact: ContactId) {
        if let Some(outcome) = &mut self.outcome {
            outcome.client_id = Some(contact);
        }
    }
}

/// Changes a record in a step, or takes it from where it lay to where it lies now, if there is room for that.
fn moved<E: Entity>(step: &mut Transaction, old: &Stored<E>, new: &E, reserve: usize) -> Result<bool> {
    if !step.has_room_for(Some(&old.value), Some(new), reserve + 1) {
        return Ok(false);
    }
    if step.lies_elsewhere(&old.value, new) {
        step.delete(old);
        step.create_at(new, old.version + 1)?;
    } else {
        step.replace(old, new)?;
    }
    Ok(true)
}

impl Store {
    /// The first records that belong to a contact, up to `of_each` of a kind.
    pub async fn relations(
        &self,
        tenant: &TenantId,
        contact: ContactId,
        of_each: usize,
    ) -> Result<Vec<Relation>> {
        // What was talked about, what followed from it, what it means; sensitive fields, and who read them.
        let sections = try_join_all(["2#", "3#", "5#", "6#", "7#"].into_iter().map(|section| async move {
            let stretch = Stretch::within(partition(tenant, format_args!("CON#{contact}")), section);
            self.stretch(&Stretch { limit: of_each, ..stretch }).await
        }));
        let (keys, sections) = try_join!(self.keys_of_relations(tenant, contact, of_each), sections)?;
        let records = self.batch(keys).await?;
        self.decoded(records.into_iter().chain(sections.into_iter().flatten()))
    }

    /// Where the first records lie that belong to a contact and lie elsewhere, up to `of_each` of a kind.
    pub(super) async fn keys_of_relations(
        &self,
        tenant: &TenantId,
        contact: ContactId,
        of_each: usize,
    ) -> Result<Vec<Key>> {
        let lists = [
            super::call::calls_of_lead(contact),
            conversations_of(contact),
            practices_of(contact),
            deals_of(contact),
            tasks_about(contact),
            interactions_with(contact),
            alerts_for(contact),
            saved_of(contact),
            reviews_of(contact),
        ];
        let rows = try_join_all(lists.into_iter().map(|list| async move {
            self.stretch(&Stretch { limit: of_each, ..Stretch::of_list(tenant, &list) }).await
        }));
        let key = |row: &Item| {
            Some(Key { pk: text_in(row, "at")?.to_owned(), sk: text_in(row, "at_sk")?.to_owned() })
        };
        Ok(rows.await?.iter().flatten().filter_map(key).collect())
    }

    /// The records that a step of a merge moved, as far as they are there; of each, whether the step laid it beside another.
    pub async fn relations_moved(
        &self,
        tenant: &TenantId,
        step: &MergeStep,
    ) -> Result<Vec<(Relation, bool)>> {
        let key = |place: &Place| Key { pk: place.pk.clone(), sk: place.sk.clone() };
        let aside: HashMap<Key, bool> =
            step.moved.iter().map(|place| (key(place), place.is_put_aside)).collect();
        let items = self.batch(step.moved.iter().map(key).collect()).await?;
        let relations = self.decoded(items.into_iter())?;
        let with_aside = |relation: Relation| {
            let is_put_aside = aside.get(&relation.key(tenant)).copied().unwrap_or_default();
            (relation, is_put_aside)
        };
        Ok(relations.into_iter().map(with_aside).collect())
    }

    fn decoded(&self, items: impl Iterator<Item = Item>) -> Result<Vec<Relation>> {
        let now = self.clock.now();
        items.filter_map(|item| Relation::decode(item, now).transpose()).collect()
    }

    /// Merges, the last one first.
    pub async fn merges(&self, tenant: &TenantId, page: &Page) -> Result<Listing<Stored<Merge>>> {
        self.list(tenant, MERGES, page).await
    }

    /// The first merges that a contact was in, the last one first.
    pub async fn merges_with(&self, tenant: &TenantId, contact: ContactId) -> Result<Vec<Stored<Merge>>> {
        Ok(self.list(tenant, &merges_of(contact), &Page::default()).await?.items)
    }

    /// What the first steps of a merge moved that was not moved back.
    pub async fn merge_steps(
        &self,
        tenant: &TenantId,
        merge: MergeId,
        limit: usize,
    ) -> Result<Vec<Stored<MergeStep>>> {
        let stretch = Stretch::within(partition(tenant, format_args!("MRG#{merge}")), JOURNAL);
        self.records(&Stretch { limit, ..stretch }).await
    }

    /// The practice of this client and type that a model began and that is not over.
    pub async fn practice_begun(&self, tenant: &TenantId, practice: &Practice) -> Result<Option<PracticeId>> {
        self.owner(tenant, OPEN_OF_TYPE, &open_of_type(practice)).await
    }
}
