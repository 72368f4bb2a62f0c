//! Pictures, recordings and papers.

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A recording, a voice message among them.
    Audio,
    /// Any other file.
    Document,
    /// A sticker.
    Sticker,
}

impl MediaKind {
    /// The kind of this name in Meta's messages; `None` if it names no media.
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name {
            "image" => Some(Self::Image),
            "video" => Some(Self::Video),
            "audio" => Some(Self::Audio),
            "document" => Some(Self::Document),
            "sticker" => Some(Self::Sticker),
            _ => None,
        }
    }

    /// The name that Meta gives it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }
}

/// Where Meta takes a file from that we send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaSource {
    /// Meta's id of a file that was uploaded before.
    Id(String),
    /// An address that Meta can fetch without a key.
    Link(String),
}

/// A file at Meta.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Meta's id of it.
    pub id: String,
    /// Where it is fetched with the token. Good for about five minutes.
    pub url: String,
    /// As Meta names the type: `image/jpeg`, `audio/ogg; codecs=opus`.
    pub mime_type: Option<String>,
    /// Size in bytes.
    pub file_size: Option<u64>,
    /// The digest as Meta writes it.
    pub sha256: Option<String>,
}
