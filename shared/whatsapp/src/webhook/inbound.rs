//! What people write to the business, and what the business writes with its telephone.

use super::GraphError;
use crate::MediaKind;
use jiff::Timestamp;
use serde_json::Value;

/// A message to the business.
///
/// Whoever has taken a username may come without a number, so that `user_id` alone says who it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Inbound {
    /// Meta's id of the message, `wamid.…`. A repetition has the same.
    pub id: String,
    /// The sender's phone number in digits, if it was told.
    pub from: Option<String>,
    /// The sender's business-scoped user id. It is another one after a change of number.
    pub user_id: Option<String>,
    /// The sender's number at WhatsApp in digits, if it was told. It need not equal `from`.
    pub wa_id: Option<String>,
    /// The sender's user id for all portfolios of one business, if that is switched on.
    pub parent_user_id: Option<String>,
    /// The name that the sender shows.
    pub profile_name: Option<String>,
    /// The sender's username as it came, with or without `@`.
    pub username: Option<String>,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// Meta's id of the group that it was written in.
    pub group_id: Option<String>,
    /// The message that it answers, quotes or passes on.
    pub context: Option<Quoted>,
    /// The advertisement that it comes from.
    pub referral: Option<Referral>,
    /// What it says.
    pub content: InboundContent,
    /// Why something of it is missing.
    pub errors: Vec<GraphError>,
}

/// A message that another one stands in relation to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted {
    /// Meta's id of it; none for what was passed on.
    pub id: Option<String>,
    /// Whose it is, in digits.
    pub from: Option<String>,
    /// Whether it was passed on from somewhere else.
    pub forwarded: bool,
}

/// An advertisement that led to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referral {
    /// Its address.
    pub source_url: Option<String>,
    /// `ad` or `post`.
    pub source_type: Option<String>,
    /// Meta's id of it.
    pub source_id: Option<String>,
    /// Its headline.
    pub headline: Option<String>,
    /// Its text.
    pub body: Option<String>,
    /// Meta's id of the click, for reporting what came of it.
    pub ctwa_clid: Option<String>,
}

/// A message that the business wrote with the WhatsApp Business app.
#[derive(Debug, Clone, PartialEq)]
pub struct Echo {
    /// Meta's id of the message, `wamid.…`.
    pub id: String,
    /// Whom it was written to, in digits, if it was told.
    pub to: Option<String>,
    /// That person's business-scoped user id, if it was told.
    pub user_id: Option<String>,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// The message that it answers, quotes or passes on.
    pub context: Option<Quoted>,
    /// What it says.
    pub content: InboundContent,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum InboundContent {
    /// Words.
    Text(String),
    /// A tap on a template's button.
    Button {
        /// What we put into the button.
        payload: String,
        /// What it shows.
        text: String,
    },
    /// A tap on a button below a question.
    ButtonReply {
        /// Our id of the button.
        id: String,
        /// What it shows.
        title: String,
    },
    /// A row that was picked from a list.
    ListReply {
        /// Our id of the row.
        id: String,
        /// What it shows.
        title: String,
        /// The line below.
        description: Option<String>,
    },
    /// A form that was filled in.
    FlowReply {
        /// What it is, `flow`.
        name: Option<String>,
        /// What WhatsApp shows for it, `Sent`.
        body: Option<String>,
        /// The answers, as JSON.
        response: String,
    },
    /// A file.
    Media {
        /// What kind of file it is.
        kind: MediaKind,
        /// Meta's id of it, for [`Client::media`](crate::Client::media).
        id: String,
        /// As Meta names the type.
        mime_type: Option<String>,
        /// The digest as Meta writes it.
        sha256: Option<String>,
        /// The words below it.
        caption: Option<String>,
        /// The name of a document.
        filename: Option<String>,
        /// Whether a recording was spoken into WhatsApp.
        voice: bool,
        /// Whether a sticker moves.
        animated: bool,
        /// Where it is for about five minutes, in newer payloads.
        url: Option<String>,
    },
    /// An emoji at a message.
    Reaction {
        /// Meta's id of the message.
        message_id: String,
        /// The emoji; none if an earlier one was taken away.
        emoji: Option<String>,
    },
    /// A place.
    Location {
        /// Degrees to the north.
        latitude: f64,
        /// Degrees to the east.
        longitude: f64,
        /// What it is called.
        name: Option<String>,
        /// Where it is.
        address: Option<String>,
    },
    /// Entries of an address book, Meta's list of them.
    Contacts(Value),
    /// An order from a catalogue, Meta's object.
    Order(Value),
    /// `calls`: no message: its sender rings. That opens the window, too.
    Call,
    /// No message: something about its sender changed.
    System {
        /// What changed.
        change: SystemChange,
        /// The change in words.
        body: Option<String>,
    },
    /// Another text in the place of an earlier message.
    Edit {
        /// Meta's id of the earlier message.
        message_id: String,
        /// What it says now.
        content: Box<InboundContent>,
    },
    /// An earlier message was taken back.
    Revoke {
        /// Meta's id of the earlier message.
        message_id: String,
    },
    /// Something that Meta does not pass on.
    Unsupported {
        /// What it is, `poll_creation` for example, if it was told.
        kind: Option<String>,
        /// Why it is not passed on.
        errors: Vec<GraphError>,
    },
    /// A type that is not known here, or that lacks what it should hold.
    Other {
        /// The type; empty if it has none.
        kind: String,
        /// The whole message.
        raw: Value,
    },
}

/// What changed about a sender.
#[derive(Debug, Clone, PartialEq)]
pub enum SystemChange {
    /// The person has another number, and with it another user id. The message's `from` is the number until now.
    NumberChanged {
        /// The number at WhatsApp from now on, in digits.
        new_wa_id: String,
        /// The user id until now, if it was told.
        previous_user_id: Option<String>,
        /// The user id from now on, if it was told.
        user_id: Option<String>,
    },
    /// The person has another user id, for another number that is not told.
    UserIdChanged {
        /// The user id until now, if it was told.
        previous: Option<String>,
        /// The user id from now on.
        current: String,
        /// The number at WhatsApp from now on in digits, if it was told.
        wa_id: Option<String>,
    },
    /// Something else, or a change without what it changed to.
    Other {
        /// Which; empty if it was not told.
        kind: String,
        /// Meta's object.
        raw: Value,
    },
}

impl InboundContent {
    /// What the person said in words: the text, what a tapped button or a picked row shows, the words below a file.
    pub fn text(&self) -> Option<&str> {
        let said = match self {
            Self::Text(text) | Self::Button { text, .. } => text,
            Self::ButtonReply { title, .. } | Self::ListReply { title, .. } => title,
            Self::Media { caption, .. } => caption.as_deref()?,
            Self::Edit { content, .. } => content.text()?,
            _ => return None,
        };
        Some(said).filter(|said| !said.is_empty())
    }
}
