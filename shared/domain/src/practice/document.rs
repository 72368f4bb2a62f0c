//! What a client brings for a practice, and what comes of it.

use crate::{DocumentId, Invalid, PracticeId, text};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A document of a practice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The record's id.
    pub id: DocumentId,
    /// The practice that it belongs to.
    pub practice_id: PracticeId,
    /// What kind of document it is, in the words of the practice type where that asks for it.
    pub document_type: String,
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub place: DocumentPlace,
    /// The last day on which it is valid.
    pub expiry_date: Option<Date>,
    /// What people noted.
    pub notes: String,
    /// Who added it, as the audit names them.
    pub created_by: String,
    /// When it was added.
    pub created_at: Timestamp,
}

/// Where a document is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentPlace {
    /// Somewhere else, such as in a folder of Google Drive.
    Link(WebLink),
    /// With us, once it is put there.
    File {
        /// How large it is, in bytes; none until it is there.
        size: Option<u64>,
    },
}

/// How long a link may be, in characters.
const LINK_MAX: usize = 2000;

/// The address of something on the web: `http` or `https`, and a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct WebLink(String);

impl WebLink {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<WebLink> for String {
    fn from(link: WebLink) -> Self {
        link.0
    }
}

impl TryFrom<String> for WebLink {
    type Error = Invalid;
    fn try_from(written: String) -> Result<Self, Invalid> {
        let link = text::line(&written, LINK_MAX)?;
        let rest = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
        let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
        if host.is_empty() || link.contains(char::is_whitespace) {
            return Err(Invalid::new("is not a web address: https://… is expected"));
        }
        Ok(Self(link))
    }
}

#[cfg(feature = "openapi")]
crate::id::string_schema!(WebLink, "A web address: `http` or `https`, of at most 2,000 characters.");

impl Document {
    /// Whether it can be had: a file that nobody has put there yet cannot.
    pub fn is_there(&self) -> bool {
        !matches!(self.place, DocumentPlace::File { size: None })
    }
}

/// Those of the `required` documents of which a practice has none that is still valid on the business's
/// own day `today`; names are compared without case and accents.
pub fn missing(required: &[String], documents: &[Document], today: Date) -> Vec<String> {
    let is_there = |name: &String| {
        let name = text::folded(name);
        documents.iter().any(|document| {
            let is_valid = document.expiry_date.is_none_or(|expiry| expiry >= today);
            is_valid && document.is_there() && text::folded(&document.document_type) == name
        })
    };
    required.iter().filter(|name| !is_there(name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PrefixedId;
    use jiff::civil::date;
    use ulid::Ulid;

    fn document(document_type: &str, expiry_date: Option<Date>) -> Document {
        Document {
            id: DocumentId::from_ulid(Ulid::nil()),
            practice_id: PracticeId::from_ulid(Ulid::nil()),
            document_type: document_type.to_owned(),
            name: String::new(),
            place: DocumentPlace::File { size: Some(1) },
            expiry_date,
            notes: String::new(),
            created_by: "key_1".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_document_is_missing_until_one_is_valid() {
        let required = ["Passport", "Identité", "Photo"].map(str::to_owned);
        let (today, yesterday) = (date(2026, 11, 22), date(2026, 11, 21));
        let mut documents = vec![document("passport", Some(yesterday)), document("IDENTITE", Some(today))];
        assert_eq!(missing(&required, &documents, today), ["Passport", "Photo"]);
        let coming = Document { place: DocumentPlace::File { size: None }, ..document("Photo", None) };
        documents.extend([document("Passport ", None), coming]);
        assert_eq!(missing(&required, &documents, today), ["Photo"], "it is not there yet");
        documents.push(document("photo", Some(date(2030, 1, 1))));
        assert_eq!(missing(&required, &documents, today), Vec::<String>::new());
    }

    #[test]
    fn a_link_leads_to_the_web() {
        let link = |text: &str| WebLink::try_from(text.to_owned());
        assert_eq!(
            link(" https://drive.google.com/file/d/1A ").unwrap().as_str(),
            "https://drive.google.com/file/d/1A"
        );
        for bad in [
            "",
            "drive.google.com",
            "javascript:alert(1)",
            "https:///x",
            "https://a b",
            "ftp://a/b",
            "https://?",
        ] {
            assert!(link(bad).is_err(), "{bad}");
        }
    }
}
