//! Conversations in writing: who says what, in which order, and when we may answer.

mod brief;
mod grounding;
mod keywords;
mod line;
mod message;
mod pace;
mod rules;
mod settings;
mod style;
mod words;

pub use brief::{Brief, summary};
pub use grounding::{Claim, ClaimKind, Ground, Reviewed, review};
pub use keywords::{Keyword, keyword};
pub use line::Line;
pub use message::{
    Content, Delivery, Direction, Fault, FiguresOf, Happening, Message, MessageAuthor, MessageStatus, Place,
    StatusAt,
};
pub use pace::{PAIR_BURST, PAIR_EVERY, Pace};
pub use rules::{refusal, starts};
pub use settings::ChatSettings;
pub use style::ReplyStyle;
pub use words::{Phrase, phrase};

use crate::contact::{Channel, Contact};
use crate::{ContactId, ConversationId, MessageId, Phone};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// For how long after a person's message we may write freely (24 hours), less the time that a message of ours may
/// need to get there.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(24 * 60 - 5);
/// How long a person who writes in pieces is waited for: what comes within it gets one answer.
pub const PAUSE: SignedDuration = SignedDuration::from_secs(2);
/// How long one answer may be in the making before somebody else may make it.
pub const LEASE: SignedDuration = SignedDuration::from_secs(120);

/// What one person and the business write to each other on one channel.
///
/// It is written with each message, so it holds what the next step needs and no more; the messages lie beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// The record's id.
    pub id: ConversationId,
    /// With whom.
    pub contact_id: ContactId,
    /// Where.
    pub channel: Channel,
    /// What they call themselves, else what we call them.
    #[serde(default)]
    pub name: String,
    /// Their number, if it is known.
    #[serde(default)]
    pub phone: Option<Phone>,
    /// Their number as WhatsApp spells it: digits, which need not be those that one dials.
    #[serde(default)]
    pub wa_id: Option<String>,
    /// Their id within this business, by which WhatsApp knows who shows no number.
    #[serde(default)]
    pub user_id: Option<String>,
    /// Who answers.
    pub status: ConversationStatus,
    /// The member who answers, if one does.
    #[serde(default)]
    pub assignee: Option<String>,
    /// The latest message, in short.
    #[serde(default)]
    pub last_message: Option<Preview>,
    /// When they last wrote.
    #[serde(default)]
    pub last_inbound_at: Option<Timestamp>,
    /// When their last message reached us: they may have written it earlier.
    #[serde(default)]
    pub last_arrival_at: Option<Timestamp>,
    /// The provider's id of their last message, to mark it read.
    #[serde(default)]
    pub last_inbound_id: Option<String>,
    /// How many messages they wrote.
    #[serde(default)]
    pub received: u64,
    /// Up to which of them somebody has answered, or decided that nobody answers.
    #[serde(default)]
    pub answered: u64,
    /// Who is making an answer now.
    #[serde(default)]
    pub lease: Option<Lease>,
    /// Since when they want no messages, by a word of theirs that was confirmed.
    #[serde(default)]
    pub stopped_at: Option<Timestamp>,
    /// In which language they write, ISO 639-1, as far as it was noticed.
    #[serde(default)]
    pub language: Option<String>,
    /// How fast we have been writing to them.
    #[serde(default)]
    pub pace: Pace,
    /// Our messages that are to go, in their order.
    #[serde(default)]
    pub line: Line,
    /// Until when the provider keeps advertisements from them.
    #[serde(default)]
    pub marketing_held_until: Option<Timestamp>,
    /// Whether it lies beside the one that is led with this person here, since two records of theirs were made one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_aside: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Who answers in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConversationStatus {
    /// The bot does.
    #[default]
    Bot,
    /// A person does, and the bot is silent.
    Human,
}

impl ConversationStatus {
    /// Every status.
    pub const ALL: [Self; 2] = [Self::Bot, Self::Human];

    /// The status as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Human => "human",
        }
    }
}

/// The right to answer what was received so far, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Up to which of their messages the answer goes.
    pub up_to: u64,
    /// Until when nobody else makes one.
    pub until: Timestamp,
    /// How often it was begun.
    #[serde(default)]
    pub tries: u32,
}

/// A message in short, for lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preview {
    /// The message.
    pub id: MessageId,
    /// Who wrote it.
    pub direction: Direction,
    /// What it says, 120 characters at most.
    pub text: String,
    /// When it was written.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub at: Timestamp,
}

impl Conversation {
    /// A conversation in which nothing was said yet.
    pub fn new(id: ConversationId, contact_id: ContactId, channel: Channel, now: Timestamp) -> Self {
        Self {
            id,
            contact_id,
            channel,
            name: String::new(),
            phone: None,
            wa_id: None,
            user_id: None,
            status: ConversationStatus::Bot,
            assignee: None,
            last_message: None,
            last_inbound_at: None,
            last_arrival_at: None,
            last_inbound_id: None,
            received: 0,
            answered: 0,
            lease: None,
            stopped_at: None,
            language: None,
            pace: Pace::default(),
            line: Line::default(),
            marketing_held_until: None,
            is_aside: false,
            created_at: now,
            updated_at: now,
        }
    }

    /// Until when we may write freely; none if we may not.
    pub fn window_until(&self) -> Option<Timestamp> {
        match self.channel {
            Channel::Whatsapp => self.last_inbound_at?.checked_add(WINDOW).ok(),
            // No other channel shuts.
            _ => Some(Timestamp::MAX),
        }
    }

    /// Whether we may write freely now.
    pub fn is_window_open(&self, now: Timestamp) -> bool {
        self.window_until().is_some_and(|until| now < until)
    }

    /// Notes a message of theirs, which gets its number. One that comes late changes no order: the latest stays the
    /// latest.
    pub fn hear(&mut self, message: &mut Message, now: Timestamp) {
        self.received += 1;
        message.number = self.received;
        self.last_arrival_at = Some(now);
        if self.last_inbound_at.is_none_or(|last| message.at >= last) {
            self.last_inbound_at = Some(message.at);
            self.last_inbound_id.clone_from(&message.provider_id);
        }
        self.show(message);
        self.updated_at = now;
    }

    /// Shows with whom it is. Who has another number now did not write from it yet: neither WhatsApp's spelling of the
    /// old one nor its window is theirs.
    pub fn describe(&mut self, contact: &Contact) {
        let name = contact.name();
        if !name.is_empty() {
            self.name = name;
        }
        if self.phone.as_ref().is_some_and(|phone| contact.phones().any(|own| own == phone)) {
            return;
        }
        if self.phone.is_some() {
            self.wa_id = None;
            self.last_inbound_at = None;
        }
        self.phone.clone_from(&contact.details.phone);
    }

    /// Shows a message as the latest, unless a later one is known.
    pub fn show(&mut self, message: &Message) {
        if self.last_message.as_ref().is_none_or(|last| message.at >= last.at) {
            self.last_message = Some(message.preview());
        }
    }

    /// Whether the bot should answer now, woken by message number `up_to`: something is its to answer, nobody is at it,
    /// and no later piece of what they write will wake it.
    pub fn is_due(&self, up_to: u64, now: Timestamp) -> bool {
        let quiet = self.last_arrival_at.is_none_or(|at| now >= at + PAUSE);
        let leased = self.lease.is_some_and(|lease| now < lease.until);
        self.awaits_bot() && !leased && (up_to >= self.received || quiet)
    }

    /// Whether something that they wrote is the bot's to answer.
    pub fn awaits_bot(&self) -> bool {
        self.status == ConversationStatus::Bot && self.stopped_at.is_none() && self.answered < self.received
    }

    /// Takes the right to answer all that was received so far.
    pub fn begin_answer(&mut self, now: Timestamp) -> Lease {
        let tries = self.lease.map_or(0, |before| before.tries) + 1;
        let lease = Lease { up_to: self.received, until: now + LEASE, tries };
        self.lease = Some(lease);
        self.updated_at = now;
        lease
    }

    /// Gives the right back with an answer made, or decided against. Nothing if it is somebody else's by now.
    pub fn end_answer(&mut self, lease: Lease, now: Timestamp) -> Option<()> {
        (self.lease == Some(lease)).then_some(())?;
        self.lease = None;
        self.answered = self.answered.max(lease.up_to);
        self.updated_at = now;
        Some(())
    }

    /// Has a person answer from now on. What they were asked meanwhile is that person's to answer.
    pub fn hand_over(&mut self, assignee: Option<String>, now: Timestamp) {
        self.status = ConversationStatus::Human;
        self.assignee = assignee.or(self.assignee.take());
        self.lease = None;
        self.answered = self.received;
        self.updated_at = now;
    }

    /// Has the bot answer what comes from now on.
    pub fn release(&mut self, now: Timestamp) {
        self.status = ConversationStatus::Bot;
        self.assignee = None;
        self.answered = self.received;
        self.updated_at = now;
    }
}

#[cfg(test)]
mod tests;
