//! People, and what is known of them beside their record.

use crate::Store;
use crate::entity::{Entity, Row, Stored, newest_first};
use crate::error::Result;
use crate::item::{decode, text_in};
use crate::key::{Key, inverted, partition};
use crate::read::{Listing, Page, Stretch};
use domain::action::{Action, Card};
use domain::contact::Contact;
use domain::context::HistoryEntry;
use domain::id::PrefixedId;
use domain::score::Signal;
use domain::{ActionId, AttemptId, CallId, ContactId, Email, Phone, TenantId};
use futures::try_join;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

impl Entity for Contact {
    const KIND: &'static str = "lead";
    type Id = ContactId;

    fn key_of(tenant: &TenantId, id: &ContactId) -> Key {
        Key::of(tenant, format_args!("CON#{id}"), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = super::leads::rows(self);
        rows.extend(super::alike::rows(self));
        rows.extend(super::figures::of_contact(self));
        rows.extend(claims(self));
        rows
    }
}

/// The list of deleted contacts, the last that was deleted first.
pub const DELETED_LEADS: &str = "lead#deleted";

/// A contact whom somebody deleted and may bring back: out of every list, and their number and addresses still theirs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeletedContact {
    /// The record as it was.
    pub contact: Contact,
    /// The version in which it was deleted.
    pub last_version: u64,
    /// When it was deleted.
    pub at: Timestamp,
    /// By whom, as the audit names them.
    pub by: String,
}

impl Entity for DeletedContact {
    const KIND: &'static str = "deleted_lead";
    type Id = ContactId;

    fn key_of(tenant: &TenantId, id: &ContactId) -> Key {
        Key::of(tenant, format_args!("CON#{id}"), "deleted")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.contact.id)
    }

    fn rows(&self) -> Vec<Row> {
        let sort = newest_first(self.at, self.contact.id);
        let mut rows = vec![Row::Listed { list: DELETED_LEADS.to_owned(), sort }];
        rows.extend(claims(&self.contact));
        rows
    }
}

/// What a contact alone has.
fn claims(contact: &Contact) -> Vec<Row> {
    let claim = |name, value: String| Row::Claim { name, value, owner: contact.id.to_string() };
    let mut claims = Vec::new();
    claims.extend(contact.phones().map(|phone| claim(PHONE, phone.to_string())));
    claims.extend(contact.emails().map(|email| claim(EMAIL, email.canonical())));
    claims.extend(contact.whatsapp_user_ids().map(|id| claim(WHATSAPP, id.clone())));
    claims
}

pub(super) const PHONE: &str = "lead#phone";
pub(super) const EMAIL: &str = "lead#email";
const WHATSAPP: &str = "lead#whatsapp";

/// A contact's own partition: the record, what is open, the newest of its history.
#[derive(Debug, Clone)]
pub struct ContactRecord {
    /// The record.
    pub contact: Stored<Contact>,
    /// The contact's calls that are not over, open deals, active practices, and tasks that are not done.
    pub open: Vec<Card>,
    /// What was talked about, newest first.
    pub history: Vec<HistoryEntry>,
    /// What the analyses of it say about the lead, newest first.
    pub signals: Vec<Signal>,
}

impl ContactRecord {
    /// The contact's calls that are not over.
    pub fn open_calls(&self) -> Vec<CallId> {
        let calls = self.open.iter().filter_map(|card| match card {
            Card::Call { call_id, .. } => Some(*call_id),
            Card::Deal { .. } | Card::Practice { .. } | Card::Task { .. } => None,
        });
        calls.collect()
    }
}

/// How much is read of a contact's record and open work, the record included.
const OPEN_READ: usize = 80;
/// How much is read of a contact's history: some months of it.
const HISTORY_READ: usize = 80;

impl Store {
    /// A contact with what is open and what was talked about; two queries side by side, so that much of the one leaves
    /// out nothing of the other.
    pub async fn contact(&self, tenant: &TenantId, id: ContactId) -> Result<Option<ContactRecord>> {
        let contact = partition(tenant, format_args!("CON#{id}"));
        let now = Stretch { up_to: Some("1~".to_owned()), ..Stretch::of(contact.clone(), OPEN_READ) };
        let past = Stretch { prefix: "2#".to_owned(), ..Stretch::of(contact, HISTORY_READ) };
        let (items, talks) = try_join!(self.stretch(&now), self.records::<HistoryRecord>(&past))?;
        let now = self.clock.now();
        let (mut contact, mut open) = (None, Vec::new());
        for item in items {
            if let Some(card) = text_in(&item, "card") {
                open.extend(serde_json::from_str::<Card>(card).ok());
            } else if text_in(&item, "sk") == Some("0") {
                contact = decode::<Contact>(item, now)?;
            }
        }
        let (mut history, mut signals) = (Vec::new(), Vec::new());
        for talk in talks {
            history.push(talk.value.entry);
            signals.extend(talk.value.signal);
        }
        Ok(contact.map(|contact| ContactRecord { contact, open, history, signals }))
    }

    /// Who has this telephone number.
    pub async fn contact_with_phone(&self, tenant: &TenantId, phone: &Phone) -> Result<Option<ContactId>> {
        self.owner(tenant, PHONE, phone.as_str()).await
    }

    /// Who has this e-mail address.
    pub async fn contact_with_email(&self, tenant: &TenantId, email: &Email) -> Result<Option<ContactId>> {
        self.owner(tenant, EMAIL, &email.canonical()).await
    }

    /// Who writes with this id of WhatsApp's, else who has one of these telephone numbers, the first of them that somebody
    /// has; one batch for the numbers beside one read for the id.
    pub async fn contact_who_writes(
        &self,
        tenant: &TenantId,
        user_id: Option<&str>,
        phones: &[Phone],
    ) -> Result<Writer> {
        let by_user_id = async {
            match user_id {
                Some(id) => self.owner(tenant, WHATSAPP, id).await,
                None => Ok(None),
            }
        };
        let by_phone = self.owners(tenant, PHONE, phones.iter().map(Phone::as_str));
        let (by_user_id, by_phone) = try_join!(by_user_id, by_phone)?;
        let by_phone = phones.iter().find_map(|phone| by_phone.get(phone.as_str()).copied());
        Ok(Writer { by_user_id, by_phone })
    }

    /// What followed from a contact's calls, newest first.
    pub async fn actions(&self, tenant: &TenantId, id: ContactId, page: &Page) -> Result<Listing<Action>> {
        let stretch = Stretch::within(partition(tenant, format_args!("CON#{id}")), "3#");
        Ok(self.page_of(stretch, page).await?.map(|action: Stored<StoredAction>| action.value.0))
    }
}

/// Who somebody that writes may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Writer {
    /// Who has their id of WhatsApp's.
    pub by_user_id: Option<ContactId>,
    /// Who has their telephone number.
    pub by_phone: Option<ContactId>,
}

/// What was talked about in one attempt of a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HistoryRecord {
    /// The contact.
    pub contact: ContactId,
    /// The attempt.
    pub attempt: AttemptId,
    /// When, what, and what came of it.
    #[serde(flatten)]
    pub entry: HistoryEntry,
    /// What it says about the lead, where a model read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<Signal>,
}

impl Entity for HistoryRecord {
    const KIND: &'static str = "history";
    type Id = Self;

    fn key_of(tenant: &TenantId, it: &Self) -> Key {
        let place = format!("2#{}#{}", inverted(it.entry.at), it.attempt);
        Key::of(tenant, format_args!("CON#{}", it.contact), place)
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, self)
    }
}

/// An action as it is stored: in its contact's partition, newest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoredAction(pub Action);

/// The place of an action among those of its contact.
pub(super) fn place_of_action(id: ActionId) -> String {
    let at = i64::try_from(id.ulid().timestamp_ms()).unwrap_or_default();
    newest_first(Timestamp::from_millisecond(at).unwrap_or_default(), id)
}

impl Entity for StoredAction {
    const KIND: &'static str = "action";
    type Id = (ContactId, ActionId);

    fn key_of(tenant: &TenantId, (contact, id): &(ContactId, ActionId)) -> Key {
        Key::of(tenant, format_args!("CON#{contact}"), format!("3#{}", place_of_action(*id)))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &(self.0.contact_id, self.0.id))
    }
}
