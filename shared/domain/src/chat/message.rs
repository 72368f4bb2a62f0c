//! One message, and what became of it.

use super::Preview;
pub use crate::call::Direction;
use crate::contact::Channel;
use crate::text::tidied;
use crate::{ContactId, MessageId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A message between a person and the business, or a line about what happened in their conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The record's id, which names the conversation. It sorts by when the message was written.
    pub id: MessageId,
    /// The person.
    pub contact_id: ContactId,
    /// Where it was written.
    pub channel: Channel,
    /// Who wrote to whom.
    pub direction: Direction,
    /// Who wrote it.
    pub author: MessageAuthor,
    /// What it says.
    pub content: Content,
    /// When it was written; of theirs, as the provider says.
    pub at: Timestamp,
    /// The business's own day under which it counts.
    pub day: Date,
    /// Of theirs: which of the conversation's it is, in the order in which they reached us.
    #[serde(default)]
    pub number: u64,
    /// The provider's id, once there is one.
    #[serde(default)]
    pub provider_id: Option<String>,
    /// The provider's id of the message that it answers by quoting it.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// What became of it.
    pub delivery: Delivery,
    /// What is counted of it.
    #[serde(default)]
    pub figures: FiguresOf,
    /// When the record was made.
    pub created_at: Timestamp,
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MessageAuthor {
    /// The person.
    Customer,
    /// The model, reviewed by rules of ours.
    Bot,
    /// A rule of ours, in fixed wording.
    System,
    /// A rule of ours that begins something, such as a reminder: it needs consent as a member's does.
    Automation {
        /// Which, such as `renewals`.
        name: String,
    },
    /// Somebody who works here.
    Member {
        /// By which name the audit knows them; `whatsapp` where they wrote with the WhatsApp Business app.
        name: String,
    },
}

impl MessageAuthor {
    /// The kind in one word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Bot => "bot",
            Self::System => "system",
            Self::Automation { .. } => "automation",
            Self::Member { .. } => "member",
        }
    }
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// Words.
    Text {
        /// The words.
        text: String,
    },
    /// An approved template, filled in.
    Template {
        /// Its name.
        name: String,
        /// Its language, as WhatsApp spells it.
        language: String,
        /// What fills its places, in order.
        parameters: Vec<String>,
        /// What the person reads.
        text: String,
        /// Whether it advertises something: that is never an answer.
        #[serde(default)]
        marketing: bool,
    },
    /// An e-mail.
    Email {
        /// Its subject.
        subject: String,
        /// Its text.
        text: String,
    },
    /// A button or a line of a list was chosen.
    Choice {
        /// The id or payload that it was offered with.
        id: String,
        /// What it said.
        title: String,
    },
    /// A form was filled in.
    Form {
        /// What the form is called.
        name: String,
        /// What was filled in, as JSON text.
        response: String,
    },
    /// A picture, a film, a sound, a document or a sticker.
    Media {
        /// Which of these.
        media: String,
        /// The provider's id, by which it is had for some days.
        id: String,
        /// Its MIME type.
        mime_type: String,
        /// What was written under it.
        caption: String,
        /// What the file is called.
        filename: String,
        /// Whether it was spoken into the telephone.
        voice: bool,
    },
    /// A place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// What it is called, and where it is.
        name: String,
    },
    /// A mark on another message; an empty one takes it back.
    Reaction {
        /// The provider's id of that message.
        to: String,
        /// The mark.
        emoji: String,
    },
    /// Something that is kept as it came: contacts, an order, what is newer than this code.
    Raw {
        /// What WhatsApp calls it.
        name: String,
        /// What it holds, as JSON text.
        json: String,
    },
    /// A line about what happened: nothing was sent.
    Event {
        /// What.
        event: Happening,
        /// More of it.
        detail: String,
    },
}

/// What may happen in a conversation beside messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// A person answers from now on.
    TakenOver,
    /// The bot answers from now on.
    Released,
    /// They want no more messages.
    OptedOut,
    /// They want messages again.
    OptedIn,
    /// Somebody wanted to write freely, and the window was shut.
    WindowRefused,
    /// They have another number, or another id.
    NumberChanged,
    /// Something of theirs was noted.
    Noted,
}

impl Happening {
    /// It in one word, as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TakenOver => "taken_over",
            Self::Released => "released",
            Self::OptedOut => "opted_out",
            Self::OptedIn => "opted_in",
            Self::WindowRefused => "window_refused",
            Self::NumberChanged => "number_changed",
            Self::Noted => "noted",
        }
    }
}

impl Content {
    /// What a reader sees of it, in words.
    pub fn shown(&self) -> String {
        let or =
            |text: &str, other: &str| if text.trim().is_empty() { other.to_owned() } else { text.to_owned() };
        match self {
            Self::Text { text } | Self::Template { text, .. } => text.clone(),
            Self::Email { subject, text } => format!("{subject}\n\n{text}"),
            Self::Choice { title, id } => or(title, id),
            Self::Form { name, response } => format!("[{}] {response}", or(name, "form")),
            Self::Media { media, caption, filename, .. } => match caption.trim() {
                "" => format!("[{media}] {filename}").trim_end().to_owned(),
                caption => format!("[{media}] {caption}"),
            },
            Self::Location { name, latitude, longitude } => match name.trim() {
                "" => format!("[location] {latitude}, {longitude}"),
                name => format!("[location] {name}"),
            },
            Self::Reaction { emoji, .. } => or(emoji, "[reaction taken back]"),
            Self::Raw { name, .. } => format!("[{name}]"),
            Self::Event { event, detail } => format!("[{}] {detail}", event.as_str()).trim_end().to_owned(),
        }
    }

    /// The words that the writer chose; none of a picture without a caption and the like.
    pub fn words(&self) -> Option<&str> {
        let words = match self {
            Self::Text { text } | Self::Template { text, .. } | Self::Email { text, .. } => text,
            Self::Choice { title, .. } => title,
            Self::Media { caption, .. } => caption,
            Self::Location { name, .. } => name,
            Self::Form { .. } | Self::Reaction { .. } | Self::Raw { .. } | Self::Event { .. } => return None,
        };
        Some(words.trim()).filter(|words| !words.is_empty())
    }

    /// Whether it asks for an answer: a mark on a message does not, nor does a message that was taken back.
    pub fn asks(&self) -> bool {
        match self {
            Self::Reaction { .. } | Self::Event { .. } => false,
            Self::Raw { name, .. } => !matches!(name.as_str(), "revoke" | "system"),
            _ => true,
        }
    }
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// It is theirs, and here.
    Received,
    /// It is a line about what happened.
    Noted,
    /// It is to be sent.
    Queued,
    /// It is on its way to the provider, or nobody knows whether it got there.
    Sending,
    /// The provider took it.
    Sent,
    /// It is on their telephone.
    Delivered,
    /// They opened it.
    Read,
    /// It did not get there.
    Failed,
    /// It was not sent, because something said no; the reason tells what.
    Withheld,
    /// Nobody could tell whether it was sent; a person was asked to look.
    Ambiguous,
}

impl MessageStatus {
    /// The status as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Noted => "noted",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
            Self::Withheld => "withheld",
            Self::Ambiguous => "ambiguous",
        }
    }

    /// How far along the way it is; what has no way has no rank.
    fn rank(self) -> Option<u8> {
        match self {
            Self::Queued => Some(0),
            Self::Sending | Self::Ambiguous => Some(1),
            Self::Sent => Some(2),
            Self::Delivered => Some(3),
            Self::Read => Some(4),
            Self::Received | Self::Noted | Self::Failed | Self::Withheld => None,
        }
    }

    /// Whether a message that stands here may come to stand at `next`: forward only, and failed at the end. What was
    /// delivered did not fail.
    pub fn may_become(self, next: Self) -> bool {
        match (self.rank(), next) {
            (Some(rank), Self::Failed) => rank < 3,
            (Some(rank), Self::Withheld) => rank == 0,
            (Some(rank), Self::Ambiguous) => rank == 1 && self != Self::Ambiguous,
            (Some(rank), next) => next.rank().is_some_and(|next| next > rank),
            (None, _) => false,
        }
    }
}

/// When a message came to stand somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusAt {
    /// Where.
    pub status: MessageStatus,
    /// When, as the provider says where it says so.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub at: Timestamp,
}

/// Why a provider did not take or deliver a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fault {
    /// The provider's code.
    pub code: String,
    /// What it says, 200 characters at most.
    pub detail: String,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Where it stands.
    pub status: MessageStatus,
    /// Why, where it was held back or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the provider found wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// How often the provider refused it for a while.
    #[serde(default)]
    pub put_off: u32,
    /// When it is to be looked at next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_at: Option<Timestamp>,
    /// Where it stood, and when, oldest first.
    #[serde(default)]
    pub history: Vec<StatusAt>,
}

/// Where a message comes to stand, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where.
    pub status: MessageStatus,
    /// When.
    pub at: Timestamp,
    /// Why, if it was held back or given up.
    pub reason: Option<&'static str>,
    /// What the provider found wrong, if it did.
    pub fault: Option<Fault>,
}

impl Place {
    /// A place that needs no reason.
    pub fn at(status: MessageStatus, at: Timestamp) -> Self {
        Self { status, at, reason: None, fault: None }
    }

    /// A place with its reason.
    pub fn because(status: MessageStatus, at: Timestamp, reason: &'static str) -> Self {
        Self { reason: Some(reason), ..Self::at(status, at) }
    }
}

impl Delivery {
    /// That of a message which stands here from the beginning.
    pub fn begun(status: MessageStatus, at: Timestamp) -> Self {
        let history = vec![StatusAt { status, at }];
        Self { status, reason: None, fault: None, put_off: 0, check_at: None, history }
    }

    /// Moves on to where the message stands now. News that is older than what is known changes nothing.
    pub fn advance(&mut self, place: Place) -> Option<()> {
        let Place { status, at, reason, fault } = place;
        self.status.may_become(status).then_some(())?;
        self.status = status;
        self.reason = reason.map(str::to_owned);
        self.fault = fault;
        self.check_at = None;
        self.history.push(StatusAt { status, at });
        Some(())
    }

    /// Waits until `until` before it is looked at again.
    pub fn wait(&mut self, until: Timestamp) {
        self.check_at = Some(until);
    }

    /// Notes that the provider took no notice of it: that it was on its way never was, and it waits until `until`.
    /// Nothing if it is on its way no longer.
    pub fn take_back(&mut self, until: Timestamp) -> Option<()> {
        (self.status == MessageStatus::Sending).then_some(())?;
        self.status = MessageStatus::Queued;
        self.history.pop();
        self.put_off += 1;
        self.check_at = Some(until);
        Some(())
    }

    /// When it came to stand somewhere.
    pub fn since(&self, status: MessageStatus) -> Option<Timestamp> {
        self.history.iter().find(|step| step.status == status).map(|step| step.at)
    }
}

/// What is counted of a message beside its being there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is counted by itself")]
pub struct FiguresOf {
    /// Of theirs: whether something was known of the person. Of the bot's: whether it was told something of them.
    pub known: bool,
    /// Of the bot's: whether it calls them by their name.
    pub named: bool,
    /// Of the bot's: whether it is what is said where no answer could be made.
    pub fallback: bool,
    /// Of the bot's: how much of what the model wrote was not said, because nothing backed it.
    pub withheld_sentences: u32,
    /// Of the bot's: whether it is the last before a person answers.
    pub hands_over: bool,
    /// Of an answer: when what it answers came.
    pub asked_at: Option<Timestamp>,
}

impl Message {
    /// The message in short.
    pub fn preview(&self) -> Preview {
        let text = tidied(&self.content.shown(), 120);
        Preview { id: self.id, direction: self.direction, text, at: self.at }
    }

    /// How long they waited for this answer, once it went.
    pub fn waited(&self) -> Option<jiff::SignedDuration> {
        Some(self.delivery.since(MessageStatus::Sent)?.duration_since(self.figures.asked_at?))
    }
}
