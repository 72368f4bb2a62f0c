//! Conversations that another system saves here, and what people are asked about them.

use super::event::{compress, decompress};
use super::figures::of_saved;
use crate::Store;
use crate::entity::{Entity, Row, Stored, newest_first, oldest_first};
use crate::error::{Error, Result};
use crate::key::{Key, partition};
use crate::read::{Listing, Page, Stretch};
use domain::saved::{ReviewEntry, ReviewStatus, SavedConversation, SavedMessage};
use domain::{ContactId, Email, ReviewId, SavedConversationId, TenantId};
use futures::try_join;
use serde::{Deserialize, Serialize};

const SESSION: &str = "saved#session";
const STAT: &str = "review";
const PART: &str = "P#";
/// How many characters of a conversation's compressed messages one item takes.
const PART_MAX: usize = 350_000;
/// How many parts there may be: more than the largest body needs.
const PARTS: usize = 20;

/// By which a session is known: another system's name of it is its own only with whose it is.
fn session(user: &Email, session: &str) -> String {
    format!("{}#{session}", user.canonical())
}

impl Entity for SavedConversation {
    const KIND: &'static str = "saved_conversation";
    type Id = SavedConversationId;

    fn key_of(tenant: &TenantId, id: &SavedConversationId) -> Key {
        Key::of(tenant, format_args!("SAV#{id}"), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        let key = Self::key_of_session(self.session_id.as_deref(), &self.digest);
        let value = session(&self.user_email, &key);
        let mut rows = vec![Row::Claim { name: SESSION, value, owner: self.id.to_string() }];
        rows.extend(of_saved(self));
        let client = self.outcome.as_ref().and_then(|outcome| outcome.client_id);
        rows.extend(client.map(|client| {
            let sort = newest_first(self.created_at, self.id);
            Row::Listed { list: saved_of(client), sort }
        }));
        rows
    }
}

/// A share of a saved conversation's messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedPart {
    /// The conversation.
    pub conversation: SavedConversationId,
    /// Which part this is, from 0.
    pub part: u32,
    /// The part's share of the messages: JSON as gzip in base64.
    pub body: String,
}

impl SavedPart {
    /// The items of a conversation's messages.
    pub fn of(conversation: SavedConversationId, messages: &[SavedMessage]) -> Vec<Self> {
        let packed = compress(&serde_json::to_vec(messages).unwrap_or_default());
        let chunks = packed.as_bytes().chunks(PART_MAX).filter_map(|chunk| std::str::from_utf8(chunk).ok());
        (0..).zip(chunks).map(|(part, chunk)| Self { conversation, part, body: chunk.to_owned() }).collect()
    }

    /// The messages that these parts hold, in their order; none where one is missing.
    pub(super) fn said<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Option<Vec<SavedMessage>> {
        let packed: String = parts.into_iter().map(|part| part.body.as_str()).collect();
        serde_json::from_slice(&decompress(&packed)?).ok()
    }
}

impl Entity for SavedPart {
    const KIND: &'static str = "saved_part";
    type Id = (SavedConversationId, u32);

    fn key_of(tenant: &TenantId, (conversation, part): &(SavedConversationId, u32)) -> Key {
        Key::of(tenant, format_args!("SAV#{conversation}"), format!("{PART}{part:04}"))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &(self.conversation, self.part))
    }
}

/// The list of a client's saved conversations.
pub(super) fn saved_of(client: ContactId) -> String {
    format!("saved#client#{client}")
}

/// The list of what people were asked about a client.
pub(super) fn reviews_of(client: ContactId) -> String {
    format!("review#client#{client}")
}

/// The list of what people were asked, with this answer, the oldest first.
fn reviews_in(status: ReviewStatus) -> String {
    format!("review#{}", status.as_str())
}

impl Entity for ReviewEntry {
    const KIND: &'static str = "review";
    type Id = ReviewId;

    fn key_of(tenant: &TenantId, id: &ReviewId) -> Key {
        Key::of(tenant, format_args!("REV#{id}"), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        let sort = oldest_first(self.created_at, self.id);
        let listed = |list: String| Row::Listed { list, sort: sort.clone() };
        let mut rows = vec![
            listed(reviews_in(self.status)),
            Row::Counted { stat: STAT, dimension: self.status.as_str().to_owned() },
        ];
        rows.extend(self.contact_id.map(|client| listed(reviews_of(client))));
        rows
    }
}

impl Store {
    /// The conversation of somebody's session.
    pub async fn saved_session(
        &self,
        tenant: &TenantId,
        user: &Email,
        session_id: &str,
    ) -> Result<Option<SavedConversationId>> {
        self.owner(tenant, SESSION, &session(user, session_id)).await
    }

    /// A saved conversation with its messages; two reads side by side.
    pub async fn saved_conversation(
        &self,
        tenant: &TenantId,
        id: SavedConversationId,
    ) -> Result<Option<(Stored<SavedConversation>, Vec<SavedMessage>)>> {
        let parts = Stretch::within(partition(tenant, format_args!("SAV#{id}")), PART);
        let parts = Stretch { limit: PARTS, ..parts };
        let (saved, parts) =
            try_join!(self.get::<SavedConversation>(tenant, &id), self.records::<SavedPart>(&parts))?;
        let Some(saved) = saved else { return Ok(None) };
        let messages = SavedPart::said(parts.iter().map(|part| &part.value)).ok_or_else(|| {
            Error::Malformed { kind: "saved_part", detail: "the parts make no conversation".to_owned() }
        })?;
        Ok(Some((saved, messages)))
    }

    /// How many questions nobody has answered, from counters.
    pub async fn open_reviews(&self, tenant: &TenantId) -> Result<i64> {
        let counts = self.counts(tenant, STAT).await?;
        Ok(counts.get(ReviewStatus::Open.as_str()).copied().unwrap_or_default())
    }

    /// What people were asked and answered so, the oldest first.
    pub async fn reviews(
        &self,
        tenant: &TenantId,
        status: ReviewStatus,
        page: &Page,
    ) -> Result<Listing<Stored<ReviewEntry>>> {
        self.list(tenant, &reviews_in(status), page).await
    }
}
