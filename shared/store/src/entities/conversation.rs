//! Conversations in writing, their messages, and what was said of them.

use crate::Store;
use crate::entity::{Entity, Item, Row, Stored, newest_first};
use crate::error::Result;
use crate::item::text_in;
use crate::key::{Key, inverted, partition};
use crate::read::{Listing, Page, Stretch};
use contracts::Job;
use domain::chat::{Conversation, ConversationStatus, Message};
use domain::contact::Channel;
use domain::{ContactId, ConversationId, MessageId, TenantId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

const CONVERSATIONS: &str = "conversation";
const CONTACT: &str = "conversation#contact";
const PROVIDER: &str = "message#provider";
/// How many conversations of a contact are shown: one a channel, and those of records that went into theirs.
const OF_CONTACT: usize = 50;
/// The part of a conversation's partition that holds its messages, newest first.
const MESSAGES: &str = "M#";

impl Entity for Conversation {
    const KIND: &'static str = "conversation";
    type Id = ConversationId;

    fn key_of(tenant: &TenantId, id: &ConversationId) -> Key {
        Key::of(tenant, format_args!("CNV#{id}"), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        let shown_at = self.last_message.as_ref().map_or(self.created_at, |last| last.at);
        let filters = [
            ConversationFilter::default(),
            ConversationFilter { status: Some(self.status), ..ConversationFilter::default() },
        ];
        let mut lists: Vec<String> = filters.iter().map(ConversationFilter::leading_list).collect();
        lists.extend(self.assignee.as_ref().map(|assignee| of_assignee(assignee)));
        let sort = newest_first(shown_at, self.id);
        let mut rows: Vec<Row> =
            lists.into_iter().map(|list| Row::Listed { list, sort: sort.clone() }).collect();
        let sort = newest_first(self.created_at, self.id);
        rows.push(Row::Listed { list: conversations_of(self.contact_id), sort });
        if !self.is_aside {
            let value = of_contact(self.contact_id, self.channel);
            rows.push(Row::Claim { name: CONTACT, value, owner: self.id.to_string() });
        }
        rows.extend(super::chat::of_conversation(self));
        // Whoever makes an answer may die of it.
        rows.extend(self.lease.map(|lease| Row::Timer {
            at: lease.until,
            job: Job::AnswerMessages { conversation: self.id, up_to: lease.up_to },
        }));
        rows
    }
}

/// The list of a contact's conversations, on whatever channel, the newest first.
pub(super) fn conversations_of(contact: ContactId) -> String {
    format!("{CONVERSATIONS}#contact#{contact}")
}

/// The value under which a contact's conversation on a channel is found.
fn of_contact(contact: ContactId, channel: Channel) -> String {
    format!("{contact}#{}", channel.as_str())
}

fn of_assignee(assignee: &str) -> String {
    format!("{CONVERSATIONS}#assignee#{}", assignee.to_lowercase())
}

/// What is left of the greatest id: of messages, the latest first, also of one millisecond.
fn inverse(ulid: Ulid) -> Ulid {
    Ulid(!ulid.0)
}

/// The place of a message among all that happened with a person.
pub(super) fn place_of_message(id: MessageId) -> String {
    let at = i64::try_from(id.ulid.timestamp_ms()).unwrap_or_default();
    newest_first(Timestamp::from_millisecond(at).unwrap_or_default(), inverse(id.ulid))
}

impl Entity for Message {
    const KIND: &'static str = "message";
    type Id = MessageId;

    fn key_of(tenant: &TenantId, id: &MessageId) -> Key {
        let place = format!("{MESSAGES}{}", inverse(id.ulid));
        Key::of(tenant, format_args!("CNV#{}", id.conversation), place)
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = super::chat::of_message(self);
        let claim =
            |id: &String| Row::Claim { name: PROVIDER, value: id.clone(), owner: self.id.to_string() };
        rows.extend(self.provider_id.as_ref().map(claim));
        let job = Job::SendMessage { message: self.id };
        rows.extend(self.delivery.check_at.map(|at| Row::Timer { at, job }));
        rows
    }
}

/// Which conversations are looked for.
#[derive(Debug, Clone, Default)]
pub struct ConversationFilter {
    /// Who answers.
    pub status: Option<ConversationStatus>,
    /// The member who answers.
    pub assignee: Option<String>,
    /// Where they are held.
    pub channel: Option<Channel>,
}

impl ConversationFilter {
    fn leading_list(&self) -> String {
        match (&self.assignee, self.status) {
            (Some(assignee), _) => of_assignee(assignee),
            (None, Some(status)) => format!("{CONVERSATIONS}#status#{}", status.as_str()),
            (None, None) => CONVERSATIONS.to_owned(),
        }
    }

    fn fits(&self, conversation: &Conversation) -> bool {
        let same =
            |asked: &String| conversation.assignee.as_ref().is_some_and(|is| is.eq_ignore_ascii_case(asked));
        self.status.is_none_or(|status| status == conversation.status)
            && self.channel.is_none_or(|channel| channel == conversation.channel)
            && self.assignee.as_ref().is_none_or(same)
    }
}

impl Store {
    /// The conversations that fit, the one with the newest message first.
    pub async fn conversations(
        &self,
        tenant: &TenantId,
        filter: &ConversationFilter,
        page: &Page,
    ) -> Result<Listing<Stored<Conversation>>> {
        let stretch = Stretch::of_list(tenant, &filter.leading_list());
        self.walk(stretch, page, |_| true, |conversation| filter.fits(conversation)).await
    }

    /// The conversation with a contact on a channel, if there is one: two reads.
    pub async fn conversation_with(
        &self,
        tenant: &TenantId,
        contact: ContactId,
        channel: Channel,
    ) -> Result<Option<Stored<Conversation>>> {
        match self.owner::<ConversationId>(tenant, CONTACT, &of_contact(contact, channel)).await? {
            Some(id) => self.get(tenant, &id).await,
            None => Ok(None),
        }
    }

    /// A contact's latest conversations, on whatever channel: of each the id, from one query.
    pub(super) async fn conversations_of(
        &self,
        tenant: &TenantId,
        contact: ContactId,
    ) -> Result<Vec<ConversationId>> {
        let list = Stretch::of_list(tenant, &conversations_of(contact));
        let rows = self.stretch(&Stretch { limit: OF_CONTACT, ..list }).await?;
        let id = |row: &Item| text_in(row, "at")?.rsplit_once("CNV#")?.1.parse().ok();
        Ok(rows.iter().filter_map(id).collect())
    }

    /// The latest messages of a conversation; where an instant is given, of those that were written then or before.
    pub(super) async fn messages_until(
        &self,
        tenant: &TenantId,
        conversation: ConversationId,
        until: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let ms = until.map(|until| u64::try_from(until.as_millisecond()).unwrap_or_default());
        let first = ms.map(|ms| inverse(Ulid::from_parts(ms, u128::MAX)));
        let stretch = Stretch {
            after: first.map(|first| format!("{MESSAGES}{first}")),
            limit,
            ..Stretch::within(partition(tenant, format_args!("CNV#{conversation}")), MESSAGES)
        };
        Ok(self.records(&stretch).await?.into_iter().map(|message| message.value).collect())
    }

    /// One page of a conversation's messages, the newest first.
    pub async fn messages_in(
        &self,
        tenant: &TenantId,
        conversation: ConversationId,
        page: &Page,
    ) -> Result<Listing<Stored<Message>>> {
        let messages = Stretch::within(partition(tenant, format_args!("CNV#{conversation}")), MESSAGES);
        self.page_of(messages, page).await
    }

    /// Which of our messages the provider knows by these ids; those that it knows by none of ours are left out.
    pub async fn messages_known_as<'a>(
        &self,
        tenant: &TenantId,
        provider_ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<std::collections::HashMap<String, MessageId>> {
        self.owners(tenant, PROVIDER, provider_ids).await
    }
}

/// What somebody thinks of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feedback {
    /// The conversation.
    pub conversation: ConversationId,
    /// Makes it one of several, in their order.
    pub ulid: Ulid,
    /// From 1, bad, to 5, good.
    pub rating: u8,
    /// In words.
    pub comment: String,
    /// The message that it is about, if it is about one.
    pub message_id: Option<MessageId>,
    /// Who thinks so.
    pub by: String,
    /// The business's own day under which it counts.
    pub day: Date,
    /// When.
    pub at: Timestamp,
}

impl Entity for Feedback {
    const KIND: &'static str = "feedback";
    type Id = (ConversationId, Timestamp, Ulid);

    fn key_of(tenant: &TenantId, (conversation, at, ulid): &(ConversationId, Timestamp, Ulid)) -> Key {
        Key::of(tenant, format_args!("CNV#{conversation}"), format!("F#{}#{ulid}", inverted(*at)))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &(self.conversation, self.at, self.ulid))
    }

    fn rows(&self) -> Vec<Row> {
        super::chat::of_feedback(self)
    }
}

/// A message template that WhatsApp has approved, as the tenant's catalogue knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhatsappTemplate {
    /// Its name at WhatsApp.
    pub name: String,
    /// Its language, as WhatsApp spells it: `en`, `en_US`.
    pub language: String,
    /// `marketing`, `utility` or `authentication`.
    pub category: String,
    /// Its text, with `{{1}}`, `{{2}}` for its places.
    pub body: String,
    /// How many places it has.
    pub parameters: u32,
    /// Whether WhatsApp takes it: `approved`, or what it said last.
    pub status: String,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Entity for WhatsappTemplate {
    const KIND: &'static str = "whatsapp_template";
    type Id = (String, String);

    fn key_of(tenant: &TenantId, (name, language): &(String, String)) -> Key {
        Key::of(tenant, super::TEMPLATES, format!("{}{name}#{language}", super::template::WHATSAPP))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &(self.name.clone(), self.language.clone()))
    }
}

/// That a channel's provider wants nothing of ours for now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Halt {
    /// The channel.
    pub channel: Channel,
    /// Until when nothing is sent.
    pub until: Timestamp,
    /// The provider's code.
    pub code: String,
}

impl Entity for Halt {
    const KIND: &'static str = "halt";
    type Id = Channel;

    fn key_of(tenant: &TenantId, channel: &Channel) -> Key {
        Key::of(tenant, "CFG", format!("halt#{}", channel.as_str()))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.channel)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

/// What the bot's keepers ask first: what went wrong last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BotStatus {
    /// What went wrong last, without personal data.
    pub last_error: String,
    /// When.
    pub at: Timestamp,
}

impl Entity for BotStatus {
    const KIND: &'static str = "bot_status";
    type Id = ();

    fn key_of(tenant: &TenantId, (): &()) -> Key {
        Key::of(tenant, "CFG", "bot_status")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &())
    }
}
