//! What happened: the audit, the feed of changes, answers kept for repeated requests.

use crate::Store;
use crate::entity::{Entity, Item, Row, newest_first};
use crate::error::Result;
use crate::item::{decode, key_attributes, number, text, text_in};
use crate::key::{Key, inverted, partition};
use crate::read::{Listing, Page, Stretch};
use crate::wire;
use domain::{ContactId, TenantId};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ulid::Ulid;

/// One line of the audit: who did what to which record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Orders the lines of a month.
    pub id: Ulid,
    /// When.
    pub at: Timestamp,
    /// Who: `key_…` of an API key, `jwt:<subject>`, `system` or `ai`.
    pub actor: String,
    /// What, such as `lead.update`.
    pub action: String,
    /// The record's id.
    pub subject: String,
    /// Whose record it is, where it is not the person's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// `done` or `refused`.
    pub outcome: String,
    /// The changed fields before.
    pub before: Value,
    /// The changed fields after.
    pub after: Value,
    /// The request that did it.
    pub request: String,
}

impl Entity for AuditEntry {
    const KIND: &'static str = "audit";
    type Id = (Timestamp, Ulid);

    fn key_of(tenant: &TenantId, (at, id): &(Timestamp, Ulid)) -> Key {
        Key::of(tenant, format_args!("AUD#{}", at.strftime("%Y-%m")), format!("{}#{id}", inverted(*at)))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &(self.at, self.id))
    }

    fn rows(&self) -> Vec<Row> {
        // By these the values are found that have to go with the record.
        let keeps_values = !(self.before.is_null() && self.after.is_null());
        let subjects = [Some(self.subject.clone()), self.contact.map(|contact| contact.to_string())];
        let sort = newest_first(self.at, self.id);
        let listed = |subject: String| Row::Listed { list: audit_of(&subject), sort: sort.clone() };
        subjects.into_iter().flatten().filter(|_| keeps_values).map(listed).collect()
    }
}

impl AuditEntry {
    /// The fact alone.
    #[must_use]
    pub fn without_values(&self) -> Self {
        Self { before: Value::Null, after: Value::Null, ..self.clone() }
    }
}

/// The list of the lines about a record that hold values of its.
pub(super) fn audit_of(subject: &str) -> String {
    format!("audit#{subject}")
}

/// One line of the feed of changes: which record changed, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Orders the feed.
    pub id: Ulid,
    /// When.
    pub at: Timestamp,
    /// The kind of record, such as `lead`.
    pub kind: String,
    /// The record's id.
    pub subject: String,
    /// `created`, `updated` or `deleted`, or a status such as `completed`.
    pub what: String,
}

/// How long the feed goes back.
const FEED_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Entity for Change {
    const KIND: &'static str = "change";
    type Id = (Timestamp, Ulid);

    fn key_of(tenant: &TenantId, (at, id): &(Timestamp, Ulid)) -> Key {
        Key::of(tenant, feed_day(*at), id.to_string())
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &(self.at, self.id))
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.at + FEED_KEPT)
    }
}

fn feed_day(at: Timestamp) -> String {
    format!("CHG#{}", at.strftime("%Y-%m-%d"))
}

/// The answer to a request that came with an `Idempotency-Key`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SavedAnswer {
    /// Who asked, and under which key.
    pub key: String,
    /// Hash of what was asked.
    pub request_hash: String,
    /// The status that was answered.
    pub status: u16,
    /// The body that was answered, as JSON text.
    pub body: String,
    /// When.
    pub at: Timestamp,
}

/// How long an answer is kept for its repetition.
const ANSWER_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How long a request that was begun keeps others of its key away, should it never be answered.
const PROMISE_KEPT: SignedDuration = SignedDuration::from_mins(2);

impl SavedAnswer {
    /// The status of an answer that is still to come.
    pub const PROMISED: u16 = 0;
}

impl Entity for SavedAnswer {
    const KIND: &'static str = "answer";
    type Id = str;

    fn key_of(tenant: &TenantId, key: &str) -> Key {
        Key::of(tenant, format_args!("IDEM#{key}"), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.key)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.at + if self.status == Self::PROMISED { PROMISE_KEPT } else { ANSWER_KEPT })
    }
}

impl Store {
    /// The audit of one month (`2026-11`), newest first.
    pub async fn audit(&self, tenant: &TenantId, month: &str, page: &Page) -> Result<Listing<AuditEntry>> {
        let stretch = Stretch::within(partition(tenant, format_args!("AUD#{month}")), "");
        let Listing { items, next } = self.items_of(stretch, page).await?;
        let now = self.clock.now();
        let items = items.into_iter().filter_map(|item| match text_in(&item, "kind") {
            Some("refusals") => Some(Ok(refused(&item))),
            _ => decode::<AuditEntry>(item, now).transpose().map(|stored| stored.map(|stored| stored.value)),
        });
        Ok(Listing { items: items.collect::<Result<_>>()?, next })
    }

    /// Counts a refusal: like ones of one minute share a line of the audit.
    pub async fn count_refusal(
        &self,
        tenant: &TenantId,
        actor: &str,
        action: &str,
        now: Timestamp,
    ) -> Result<()> {
        let minute = Timestamp::from_second(now.as_second().div_euclid(60) * 60).unwrap_or(now);
        let place = format!("{}#{actor}#{action}", inverted(minute));
        let key = Key::of(tenant, format_args!("AUD#{}", minute.strftime("%Y-%m")), place);
        self.patiently(|| {
            let count = self
                .client
                .update_item()
                .table_name(&*self.table)
                .set_key(Some(key_attributes(&key)))
                .update_expression(
                    "ADD #n :one SET kind = :kind, actor = :actor, #action = :action, #minute = :minute",
                )
                .expression_attribute_names("#n", "n")
                .expression_attribute_names("#action", "action")
                .expression_attribute_names("#minute", "minute")
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":kind", text("refusals"))
                .expression_attribute_values(":actor", text(actor))
                .expression_attribute_values(":action", text(action))
                .expression_attribute_values(":minute", text(minute.to_string()));
            wire::update(count)
        })
        .await
        .map(drop)
    }

    /// The changes of one day after the line `after`, oldest first, at most `limit`.
    pub async fn changes(
        &self,
        tenant: &TenantId,
        day: Timestamp,
        after: Option<Ulid>,
        limit: usize,
    ) -> Result<Vec<Change>> {
        let mut stretch = Stretch::of(partition(tenant, feed_day(day)), limit);
        stretch.after = after.map(|id| id.to_string());
        let changes = self.records::<Change>(&stretch).await?;
        Ok(changes.into_iter().map(|change| change.value).collect())
    }

    /// The days that the feed goes back to, from the oldest to today.
    pub fn feed_days(&self) -> Vec<Timestamp> {
        let now = self.clock.now();
        (0..=FEED_KEPT.as_hours() / 24)
            .rev()
            .filter_map(|days| now.checked_sub((days * 24).hours()).ok())
            .collect()
    }
}

fn refused(item: &Item) -> AuditEntry {
    let field = |name: &str| text_in(item, name).unwrap_or_default().to_owned();
    let count: i64 = crate::item::number_in(item, "n").unwrap_or_default();
    AuditEntry {
        id: Ulid::nil(),
        at: field("minute").parse().unwrap_or_default(),
        actor: field("actor"),
        action: field("action"),
        subject: String::new(),
        contact: None,
        outcome: "refused".to_owned(),
        before: Value::Null,
        after: serde_json::json!({ "times": count }),
        request: String::new(),
    }
}
