//! A message that we send.

mod limits;

pub use limits::LimitError;

use crate::{MediaKind, MediaSource};

/// A message to one person. [`Outgoing::check`] says whether it keeps Meta's limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Who gets it.
    pub to: Recipient,
    /// What it says.
    pub content: Content,
    /// Meta's id of the message that it quotes.
    pub reply_to: Option<String>,
    /// Our id of the message, at most 512 characters; it comes back in the statuses, and so finds a message whose
    /// sending had no answer. Empty: none.
    pub callback_data: String,
}

/// Who gets a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// A phone number, E.164; only its digits are sent.
    Phone(String),
    /// A business-scoped user id, such as `IN.13491208655302741918`.
    User(String),
}

/// What a message says. Outside the 24 hours after the person's last word only a [`Content::Template`] goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Words, 1 to 4096 characters.
    Text {
        /// The words.
        body: String,
        /// Whether the first address in them shows what is behind it.
        preview_url: bool,
    },
    /// A message that Meta has approved before.
    Template(Template),
    /// A question with one to three buttons.
    Buttons {
        /// The question, 1 to 1024 characters.
        body: String,
        /// A line above it, at most 60 characters.
        header: Option<String>,
        /// A line below it, at most 60 characters.
        footer: Option<String>,
        /// The answers.
        buttons: Vec<Button>,
    },
    /// A question with a list to pick from, one to ten rows in all.
    List {
        /// The question, 1 to 1024 characters.
        body: String,
        /// A line above it, at most 60 characters.
        header: Option<String>,
        /// A line below it, at most 60 characters.
        footer: Option<String>,
        /// What opens the list, 1 to 20 characters.
        button: String,
        /// The list.
        sections: Vec<Section>,
    },
    /// An emoji at a message of theirs.
    Reaction {
        /// Meta's id of the message.
        message_id: String,
        /// The emoji; empty takes an earlier one away.
        emoji: String,
    },
    /// A file.
    Media {
        /// What kind of file it is.
        kind: MediaKind,
        /// Where Meta takes it from.
        source: MediaSource,
        /// Words below it, at most 1024 characters; not for recordings and stickers.
        caption: Option<String>,
        /// The name it is shown with; for documents only.
        filename: Option<String>,
    },
}

/// An approved template and what stands in its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The template's name.
    pub name: String,
    /// Its language as Meta writes it: `en`, `en_US`, `hi`.
    pub language: String,
    /// What stands in the header's places; empty if it has none.
    pub header: Vec<Parameter>,
    /// What stands in the body's places, in their order and as many as were approved.
    pub body: Vec<Parameter>,
    /// What its buttons carry. Those that carry nothing are left out.
    pub buttons: Vec<TemplateButton>,
}

/// What stands in a place of a template. Files go into the header only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// Words.
    Text(String),
    /// A picture.
    Image(MediaSource),
    /// A film.
    Video(MediaSource),
    /// A PDF.
    Document {
        /// Where Meta takes it from.
        source: MediaSource,
        /// The name it is shown with.
        filename: Option<String>,
    },
}

/// What a button of a template carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateButton {
    /// A button that answers.
    QuickReply {
        /// The button's place among the buttons, 0 to 9.
        index: u8,
        /// What comes back when it is tapped.
        payload: String,
    },
    /// A button that opens an address, or copies a one-time password.
    Url {
        /// The button's place among the buttons, 0 to 9.
        index: u8,
        /// What is put behind the approved address.
        suffix: String,
    },
}

/// A button below a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What comes back when it is tapped, 1 to 256 characters, another one for each button.
    pub id: String,
    /// What it shows, 1 to 20 characters, another one for each button.
    pub title: String,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading, at most 24 characters; `None` only if there is one section.
    pub title: Option<String>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What comes back when it is picked, 1 to 200 characters, another one for each row.
    pub id: String,
    /// What it shows, 1 to 24 characters.
    pub title: String,
    /// A line below, at most 72 characters.
    pub description: Option<String>,
}
