//! One step of the product: everything that changes together.

use crate::entity::{Entity, Item, Row, Stored};
use crate::error::{Error, Result};
use crate::item::{WRITE, encode, key_attributes, number, text};
use crate::key::{Key, System, instant, shard};
use crate::{SYSTEM_SHARDS, outbox};
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};
use contracts::{Envelope, Job};
use domain::{Ids, TenantId};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// How many items a transaction may have (DynamoDB's own limit).
const MAX_ITEMS: usize = 100;

/// A step that is being put together. Nothing of it is stored before [`crate::Store::commit`].
#[derive(Debug)]
pub struct Transaction {
    pub(crate) tenant: TenantId,
    pub(crate) write: String,
    pub(crate) operations: Vec<Operation>,
    counts: BTreeMap<Key, BTreeMap<&'static str, i64>>,
    claims: BTreeMap<Key, ClaimMove>,
    correlation: String,
    ids: Ids,
    now: Timestamp,
}

/// What a step does to a claim: from whom it goes to whom. A value that one record gives up and another takes
/// in the same step is one change of one item.
#[derive(Debug, Clone)]
struct ClaimMove {
    name: &'static str,
    from: Option<String>,
    to: Option<String>,
}

/// One item's part in a transaction, and what its refusal means.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) write: TransactWriteItem,
    pub(crate) guard: Guard,
}

/// What it means when an item's condition fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// There is no condition.
    None,
    /// A record is not as it was read.
    Record(&'static str),
    /// A value is taken.
    Claim(&'static str),
    /// A line is taken.
    Slot,
    /// The request was answered.
    Answer,
    /// The item is no longer ours to change; the rest of the step goes on without it.
    Yield,
}

impl Transaction {
    /// An empty step of this tenant. `correlation` goes with every job that the step sets off.
    pub fn new(tenant: TenantId, correlation: impl Into<String>, ids: &Ids, now: Timestamp) -> Self {
        Self {
            write: ids.ulid(now).to_string(),
            tenant,
            operations: Vec::new(),
            counts: BTreeMap::new(),
            claims: BTreeMap::new(),
            correlation: correlation.into(),
            ids: ids.clone(),
            now,
        }
    }

    /// Adds a record that must not exist yet.
    pub fn create<E: Entity>(&mut self, entity: &E) -> Result<()> {
        self.create_at(entity, 1)
    }

    /// Adds a record that must not exist, but was there before: its versions go on from there.
    pub fn create_at<E: Entity>(&mut self, entity: &E, version: u64) -> Result<()> {
        let item = encode(entity, &self.tenant, version, &self.write)?;
        self.push(put(item, Some("attribute_not_exists(pk)"), []), Guard::Record(E::KIND));
        self.rows(&entity.key(&self.tenant), &[], &entity.rows());
        Ok(())
    }

    /// Adds a record, or changes it from the state that was read, if it was there.
    pub fn save<E: Entity>(&mut self, old: Option<&Stored<E>>, new: &E) -> Result<()> {
        match old {
            Some(old) => self.replace(old, new),
            None => self.create(new),
        }
    }

    /// Adds or overwrites a record that keeps no rows and that only one writer ever writes.
    pub fn put<E: Entity>(&mut self, entity: &E) -> Result<()> {
        let item = encode(entity, &self.tenant, 1, &self.write)?;
        self.push(put(item, None, []), Guard::None);
        Ok(())
    }

    /// Changes a record from the state that was read to a new one.
    pub fn replace<E: Entity>(&mut self, old: &Stored<E>, new: &E) -> Result<()> {
        let item = encode(new, &self.tenant, old.version + 1, &self.write)?;
        let version = [(":version", number(old.version))];
        self.push(put(item, Some("version = :version"), version), Guard::Record(E::KIND));
        self.rows(&new.key(&self.tenant), &old.rows(), &new.rows());
        Ok(())
    }

    /// Removes a record in the state that was read.
    pub fn delete<E: Entity>(&mut self, old: &Stored<E>) {
        let key = old.key(&self.tenant);
        let version = [(":version", number(old.version))];
        self.push(delete(&key, Some("version = :version"), version), Guard::Record(E::KIND));
        self.rows(&key, &old.rows(), &[]);
    }

    /// The same, if there is room for it with `reserve` more items.
    pub fn delete_if_room<E: Entity>(&mut self, old: &Stored<E>, reserve: usize) -> bool {
        let has_room = self.has_room_for(Some(&old.value), None, reserve);
        if has_room {
            self.delete(old);
        }
        has_room
    }

    /// Removes an item that keeps no rows, whatever it is, if there is room for it with `reserve` more items.
    pub(crate) fn discard_if_room(&mut self, key: &Key, reserve: usize) -> bool {
        let has_room = self.len() + 1 + reserve <= MAX_ITEMS;
        if has_room {
            self.push(delete(key, None, []), Guard::None);
        }
        has_room
    }

    /// How many items the step has.
    fn len(&self) -> usize {
        self.operations.len() + self.counts.len() + self.claims.len()
    }

    /// Lets the step happen only if a record is as it was read, without changing it.
    pub fn require<E: Entity>(&mut self, old: &Stored<E>) {
        let check = ConditionCheck::builder()
            .set_key(Some(key_attributes(&old.key(&self.tenant))))
            .condition_expression("version = :version")
            .expression_attribute_values(":version", number(old.version));
        if let Ok(check) = check.table_name("").build() {
            let write = TransactWriteItem::builder().condition_check(check).build();
            self.push(write, Guard::Record(E::KIND));
        }
    }

    /// Removes a record that keeps no rows, in whatever state it is.
    pub fn forget<E: Entity>(&mut self, id: &E::Id) {
        let key = E::key_of(&self.tenant, id);
        self.push(delete(&key, None, []), Guard::None);
    }

    /// Adds the answer to a request, which must not have one yet.
    pub fn answer<E: Entity>(&mut self, answer: &E) -> Result<()> {
        let item = encode(answer, &self.tenant, 1, &self.write)?;
        let now = [(":now", number(self.now.as_second()))];
        self.push(put(item, Some("attribute_not_exists(pk) OR expires <= :now"), now), Guard::Answer);
        Ok(())
    }

    /// Sets off a job, to run at once.
    pub fn enqueue(&mut self, job: Job) {
        let now = self.now;
        self.enqueue_at(job, now);
    }

    /// Sets off a job, to run not before `at`, which is at most a quarter of an hour away (the longest delay
    /// of a queue). Whatever is further off is a timer of its record.
    pub fn enqueue_at(&mut self, job: Job, at: Timestamp) {
        let envelope = Envelope {
            v: Envelope::VERSION,
            id: self.ids.next(self.now),
            tenant: self.tenant.clone(),
            correlation: self.correlation.clone(),
            job,
        };
        let item = outbox::item(&envelope, at.max(self.now), 0, &self.write);
        self.push(put(item, None, []), Guard::None);
    }

    /// Removes a timer that has fired; the step is refused if somebody was faster.
    pub(crate) fn take_timer(&mut self, key: &Key) {
        self.push(delete(key, Some("attribute_exists(pk)"), []), Guard::Record("timer"));
    }

    /// Adds a row of a `sys#` partition that points to this tenant; it must not exist yet.
    pub(crate) fn point(&mut self, system: System, name: &str, mut ids: Item) {
        let key = system.key(name, "0");
        ids.extend(key_attributes(&key));
        ids.insert("tenant".to_owned(), text(self.tenant.as_str()));
        ids.insert(WRITE.to_owned(), text(&self.write));
        self.push(put(ids, Some("attribute_not_exists(pk)"), []), Guard::Record("pointer"));
    }

    /// Removes such a row, if it points to this tenant.
    pub(crate) fn unpoint(&mut self, system: System, name: &str) {
        let tenant = [(":tenant", text(self.tenant.as_str()))];
        self.push(delete(&system.key(name, "0"), Some("tenant = :tenant"), tenant), Guard::Yield);
    }

    /// Enters the tenant in the registry, where it must not be yet.
    pub fn register(&mut self) {
        let mut item = key_attributes(&System::Tenants.key("all", self.tenant.as_str()));
        item.insert(WRITE.to_owned(), text(&self.write));
        self.push(put(item, Some("attribute_not_exists(pk)"), []), Guard::Record("tenant"));
    }

    /// Whether two states of a record lie in two places.
    pub(crate) fn lies_elsewhere<E: Entity>(&self, old: &E, new: &E) -> bool {
        old.key(&self.tenant) != new.key(&self.tenant)
    }

    /// Whether a record can be made, changed or removed (from `old` to `new`) in this step too, with `reserve` more
    /// items, without its having too many.
    pub fn has_room_for<E: Entity>(&self, old: Option<&E>, new: Option<&E>, reserve: usize) -> bool {
        let Some(record) = new.or(old).map(|entity| entity.key(&self.tenant)) else { return true };
        let (old, new) = (old.map_or_else(Vec::new, Entity::rows), new.map_or_else(Vec::new, Entity::rows));
        let gone = old.iter().filter(|row| !new.contains(row));
        let differing = gone.chain(new.iter().filter(|row| !old.contains(row)));
        let mut keys: Vec<Key> = differing.map(|row| row.key(&self.tenant, &record)).collect();
        keys.retain(|key| !self.counts.contains_key(key) && !self.claims.contains_key(key));
        keys.sort();
        keys.dedup();
        self.len() + 1 + keys.len() + reserve <= MAX_ITEMS
    }

    /// Takes the items out of the step that it would put, but for counters: for a loader, which writes new records past
    /// the store. How many there are does not matter.
    pub fn take_items(&mut self) -> Vec<Item> {
        for (key, claim) in std::mem::take(&mut self.claims) {
            self.push_claim(&key, claim);
        }
        let operations = std::mem::take(&mut self.operations).into_iter();
        operations.filter_map(|operation| operation.write.put.map(|put| put.item)).collect()
    }

    /// The counters of all that was part of the step so far, as items.
    pub fn counters(&self) -> Vec<Item> {
        let item = |(key, measures): (&Key, &BTreeMap<&'static str, i64>)| {
            let mut item = key_attributes(key);
            item.extend(measures.iter().map(|(measure, sum)| ((*measure).to_owned(), number(sum))));
            item
        };
        self.counts.iter().map(item).collect()
    }

    /// The items of the step, counters included.
    pub(crate) fn finish(&mut self) -> Result<()> {
        for (key, mut by) in std::mem::take(&mut self.counts) {
            by.retain(|_, by| *by != 0);
            if !by.is_empty() {
                self.push(add(&key, &by), Guard::None);
            }
        }
        for (key, claim) in std::mem::take(&mut self.claims) {
            self.push_claim(&key, claim);
        }
        if self.operations.len() > MAX_ITEMS {
            let detail = format!("{} items are too many for one step", self.operations.len());
            return Err(Error::Malformed { kind: "transaction", detail });
        }
        Ok(())
    }

    fn push_claim(&mut self, key: &Key, ClaimMove { name, from, to }: ClaimMove) {
        let Some(to) = to else { return self.push(delete(key, None, []), Guard::None) };
        let mut item = key_attributes(key);
        item.insert(WRITE.to_owned(), text(&self.write));
        item.insert("owner".to_owned(), text(to));
        let write = match from {
            None => put(item, Some("attribute_not_exists(pk)"), []),
            Some(from) => {
                put(item, Some("attribute_not_exists(pk) OR #owner = :from"), [(":from", text(from))])
            }
        };
        self.push(write, Guard::Claim(name));
    }

    fn claim(&mut self, key: Key, name: &'static str) -> &mut ClaimMove {
        self.claims.entry(key).or_insert(ClaimMove { name, from: None, to: None })
    }

    fn push(&mut self, write: TransactWriteItem, guard: Guard) {
        self.operations.push(Operation { write, guard });
    }

    /// Writes the difference between the rows that a record kept and those that it keeps.
    fn rows(&mut self, record: &Key, old: &[Row], new: &[Row]) {
        // A record may count several times in one dimension, so counters are netted and not compared.
        for (rows, sign) in [(old, -1), (new, 1)] {
            for row in rows {
                if let Some((measure, by)) = row.adds() {
                    let counts = self.counts.entry(row.key(&self.tenant, record)).or_default();
                    *counts.entry(measure).or_default() += sign * by;
                }
            }
        }
        for row in old.iter().filter(|row| row.adds().is_none() && !new.contains(row)) {
            let key = row.key(&self.tenant, record);
            match row {
                Row::Claim { name, owner, .. } => self.claim(key, name).from = Some(owner.clone()),
                Row::Slot { owner, .. } if !holds_slot(new, row) => {
                    let mine = [(":owner", text(owner))];
                    self.push(
                        delete(&key, Some("attribute_not_exists(pk) OR holder = :owner"), mine),
                        Guard::Yield,
                    );
                }
                Row::Slot { .. } => {}
                // A row whose place the new state fills with another one is overwritten, not removed.
                _ if new.iter().any(|other| other.key(&self.tenant, record) == key) => {}
                _ => self.push(delete(&key, None, []), Guard::None),
            }
        }
        for row in new.iter().filter(|row| row.adds().is_none() && !old.contains(row)) {
            self.keep(record, row, old);
        }
    }

    fn keep(&mut self, record: &Key, row: &Row, old: &[Row]) {
        let key = row.key(&self.tenant, record);
        let mut item = key_attributes(&key);
        item.insert(WRITE.to_owned(), text(&self.write));
        match row {
            // These are netted.
            Row::Counted { .. } | Row::Summed { .. } => {}
            Row::Listed { .. } | Row::AtContact { .. } => {
                if let Row::AtContact { card, .. } = row {
                    item.insert("card".to_owned(), text(serde_json::to_string(card).unwrap_or_default()));
                }
                item.insert("at".to_owned(), text(&record.pk));
                item.insert("at_sk".to_owned(), text(&record.sk));
                self.push(put(item, None, []), Guard::None);
            }
            Row::Claim { name, owner, .. } => {
                self.claim(key, name).to = Some(owner.clone());
            }
            Row::Timer { job, .. } => {
                item.insert("tenant".to_owned(), text(self.tenant.as_str()));
                item.insert("correlation".to_owned(), text(&self.correlation));
                item.insert("job".to_owned(), text(serde_json::to_string(job).unwrap_or_default()));
                self.push(put(item, None, []), Guard::None);
            }
            Row::Slot { owner, until, .. } => {
                item.insert("holder".to_owned(), text(owner));
                item.insert("until".to_owned(), text(instant(*until)));
                let (condition, value, guard) = if holds_slot(old, row) {
                    ("holder = :v", text(owner), Guard::Yield)
                } else {
                    ("attribute_not_exists(pk) OR #until < :v", text(instant(self.now)), Guard::Slot)
                };
                self.push(put(item, Some(condition), [(":v", value)]), guard);
            }
        }
    }
}

/// Whether these rows hold the slot of `row`, for whatever time.
fn holds_slot(rows: &[Row], row: &Row) -> bool {
    let Row::Slot { account, number, .. } = row else {
        return false;
    };
    rows.iter()
        .any(|other| matches!(other, Row::Slot { account: a, number: n, .. } if a == account && n == number))
}

/// The partition of the outbox that a message goes to.
pub(crate) fn outbox_shard(id: impl std::fmt::Display) -> u64 {
    shard(&id.to_string(), SYSTEM_SHARDS)
}

fn put<const N: usize>(
    item: Item,
    condition: Option<&str>,
    values: [(&str, AttributeValue); N],
) -> TransactWriteItem {
    let mut put = Put::builder().table_name("").set_item(Some(item));
    if let Some(condition) = condition {
        put = put
            .condition_expression(condition)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        for name in ["until", "owner"].into_iter().filter(|name| condition.contains(&format!("#{name}"))) {
            put = put.expression_attribute_names(format!("#{name}"), name);
        }
        for (name, value) in values {
            put = put.expression_attribute_values(name, value);
        }
    }
    TransactWriteItem::builder().set_put(put.build().ok()).build()
}

fn delete<const N: usize>(
    key: &Key,
    condition: Option<&str>,
    values: [(&str, AttributeValue); N],
) -> TransactWriteItem {
    let mut delete = Delete::builder().table_name("").set_key(Some(key_attributes(key)));
    if let Some(condition) = condition {
        delete = delete
            .condition_expression(condition)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        for (name, value) in values {
            delete = delete.expression_attribute_values(name, value);
        }
    }
    TransactWriteItem::builder().set_delete(delete.build().ok()).build()
}

fn add(key: &Key, by: &BTreeMap<&'static str, i64>) -> TransactWriteItem {
    let mut update = Update::builder().table_name("").set_key(Some(key_attributes(key)));
    let mut parts = Vec::new();
    for (n, (measure, by)) in by.iter().enumerate() {
        parts.push(format!("#m{n} :by{n}"));
        update = update
            .expression_attribute_names(format!("#m{n}"), *measure)
            .expression_attribute_values(format!(":by{n}"), number(*by));
    }
    let update = update.update_expression(format!("ADD {}", parts.join(", ")));
    TransactWriteItem::builder().set_update(update.build().ok()).build()
}
