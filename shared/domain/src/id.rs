//! Every id of the product, in one table.
//!
//! An id is a short prefix and a ULID (`con_01J…`): sortable by creation, safe in a URL, and telling at a
//! glance what it names. Ids are both the public name of a record and a segment of its key.

use crate::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use ulid::Ulid;

/// An id that is a prefix and a ULID.
pub trait PrefixedId: Sized + Copy {
    /// What stands before the ULID, underscore included.
    const PREFIX: &'static str;
    /// What the id names, in the words of the API (`lead`, `call`).
    const NOUN: &'static str;
    /// The id of this ULID.
    fn from_ulid(ulid: Ulid) -> Self;
    /// The ULID behind the prefix.
    fn ulid(self) -> Ulid;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal, $noun:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            #[serde(into = "String", try_from = "String")]
            pub struct $name(Ulid);

            impl PrefixedId for $name {
                const PREFIX: &'static str = $prefix;
                const NOUN: &'static str = $noun;
                fn from_ulid(ulid: Ulid) -> Self {
                    Self(ulid)
                }
                fn ulid(self) -> Ulid {
                    self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{}{}", $prefix, self.0)
                }
            }

            impl From<$name> for String {
                fn from(id: $name) -> Self {
                    id.to_string()
                }
            }

            impl FromStr for $name {
                type Err = Invalid;
                fn from_str(text: &str) -> Result<Self, Invalid> {
                    parse_prefixed(text)
                }
            }

            impl TryFrom<String> for $name {
                type Error = Invalid;
                fn try_from(text: String) -> Result<Self, Invalid> {
                    parse_prefixed(&text)
                }
            }

            #[cfg(feature = "openapi")]
            crate::id::string_schema!($name, concat!("An id: `", $prefix, "` and a ULID (", $noun, ")."));
        )*

        /// Prefix and noun of every id, for documents and tests.
        pub const TABLE: &[(&str, &str)] = &[$(($prefix, $noun)),*];
    };
}

/// Declares that a type appears in the HTTP document as a string with this description.
#[cfg(feature = "openapi")]
macro_rules! string_schema {
    ($name:ident, $description:expr) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some($description))
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {}
    };
}
#[cfg(feature = "openapi")]
pub(crate) use string_schema;

ids! {
    /// A step that follows from an analysed call.
    ActionId = "act_", "action";
    /// An AI agent; people who work here are members.
    AgentId = "agt_", "agent";
    /// A call: one wish to speak with a lead, however many attempts it takes.
    CallId = "cal_", "call";
    /// A lead source and its agents.
    CampaignId = "cmp_", "campaign";
    /// What one person and the business write to each other on one channel.
    ConversationId = "cnv_", "conversation";
    /// A person, whatever a document calls them: lead, customer, client.
    ContactId = "con_", "lead";
    /// Something that a contact may buy.
    DealId = "dea_", "deal";
    /// A document of a practice.
    DocumentId = "doc_", "document";
    /// Leads on their way into a file.
    ExportId = "exp_", "export";
    /// Leads on their way out of a file.
    ImportId = "imp_", "import";
    /// What was said between a client and the business, as somebody noted it down.
    InteractionId = "int_", "interaction";
    /// A queued job.
    JobId = "job_", "job";
    /// An API key; its secret is never stored.
    KeyId = "key_", "API key";
    /// A service that a client is being given, or was.
    PracticeId = "prc_", "practice";
    /// Somebody who works at the business.
    MemberId = "mem_", "member";
    /// Two records of one person that were made one.
    MergeId = "mrg_", "merge";
    /// A saved conversation.
    SavedConversationId = "sav_", "saved conversation";
    /// What a person is asked about.
    ReviewId = "rev_", "review";
    /// An alert that something has to be renewed.
    RenewalAlertId = "ren_", "renewal alert";
    /// One HTTP request or one job delivery.
    RequestId = "req_", "request";
    /// Something for a person to do.
    TaskId = "tsk_", "task";
    /// Wording that is filled in when it is used.
    TemplateId = "tpl_", "template";
}

fn parse_prefixed<T: PrefixedId>(text: &str) -> Result<T, Invalid> {
    let wrong = || Invalid::new(format!("is not the id of a {}: {}… is expected", T::NOUN, T::PREFIX));
    let rest = text.strip_prefix(T::PREFIX).ok_or_else(wrong)?;
    let ulid = Ulid::from_string(rest).map_err(|_| wrong())?;
    // One spelling per id: Crockford's alphabet also reads lower case and look-alikes.
    if ulid.to_string() == rest { Ok(T::from_ulid(ulid)) } else { Err(wrong()) }
}

/// One attempt of a call: `att_<ULID of the call>_<number>`, the first being 1.
///
/// It is what a provider carries for us (ElevenLabs `user_id`), so it names its call by itself: an event
/// that brings it back finds its call with one read and no index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct AttemptId {
    /// The call that the attempt belongs to.
    pub call: CallId,
    /// Counts from 1.
    pub number: u32,
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "att_{}_{}", self.call.ulid(), self.number)
    }
}

impl From<AttemptId> for String {
    fn from(id: AttemptId) -> Self {
        id.to_string()
    }
}

impl FromStr for AttemptId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parsed =
            text.strip_prefix("att_").and_then(|rest| rest.split_once('_')).and_then(|(call, number)| {
                let id = Self { call: CallId(Ulid::from_string(call).ok()?), number: number.parse().ok()? };
                (id.number > 0 && id.to_string() == text).then_some(id)
            });
        parsed.ok_or_else(|| Invalid::new("is not the id of a call attempt"))
    }
}

impl TryFrom<String> for AttemptId {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

/// One message: `msg_<ULID of the conversation>_<ULID>`, the latter made of when it was written.
///
/// It is what a provider carries for us (WhatsApp's `biz_opaque_callback_data`), so it names its conversation by
/// itself: news of a message finds it with one read and no index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct MessageId {
    /// The conversation that the message belongs to.
    pub conversation: ConversationId,
    /// Tells it from the conversation's others, in the order in which they were written.
    pub ulid: Ulid,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "msg_{}_{}", self.conversation.ulid(), self.ulid)
    }
}

impl From<MessageId> for String {
    fn from(id: MessageId) -> Self {
        id.to_string()
    }
}

impl FromStr for MessageId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parsed = text.strip_prefix("msg_").and_then(|rest| rest.split_once('_')).and_then(
            |(conversation, ulid)| {
                let conversation = ConversationId(Ulid::from_string(conversation).ok()?);
                let id = Self { conversation, ulid: Ulid::from_string(ulid).ok()? };
                (id.to_string() == text).then_some(id)
            },
        );
        parsed.ok_or_else(|| Invalid::new("is not the id of a message"))
    }
}

impl TryFrom<String> for MessageId {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

/// A business that lives in this installation, by the name its platform owner gave it: 2 to 40 of
/// `a-z 0-9 -`, beginning with a letter. It begins every key and stands in webhook paths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TenantId(String);

impl TenantId {
    /// The id as it stands in keys and paths.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<TenantId> for String {
    fn from(id: TenantId) -> Self {
        id.0
    }
}

impl FromStr for TenantId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let fits = (2..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("must be 2 to 40 of a-z, 0-9 and -, beginning with a letter"))
        }
    }
}

impl TryFrom<String> for TenantId {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

#[cfg(feature = "openapi")]
string_schema!(TenantId, "Name of a tenant: 2 to 40 of a-z, 0-9 and -, beginning with a letter.");
#[cfg(feature = "openapi")]
string_schema!(MessageId, "Id of a message: `msg_`, the conversation's ULID, `_`, a ULID.");
#[cfg(feature = "openapi")]
string_schema!(AttemptId, "Id of one attempt of a call: `att_`, the call's ULID, `_`, a number from 1.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_was_written() {
        let id = ContactId::from_ulid(Ulid::from_parts(1, 2));
        assert_eq!(id.to_string().parse(), Ok(id));
        let attempt = AttemptId { call: CallId::from_ulid(Ulid::from_parts(3, 4)), number: 12 };
        assert_eq!(attempt.to_string().parse(), Ok(attempt));
    }

    #[test]
    fn an_id_of_another_kind_or_spelling_is_refused() {
        let id = ContactId::from_ulid(Ulid::from_parts(1, u128::MAX)).to_string();
        assert!(id.parse::<CallId>().is_err());
        assert!(id.to_lowercase().parse::<ContactId>().is_err());
        assert!("con_".parse::<ContactId>().is_err());
        assert!("att_01_0".parse::<AttemptId>().is_err());
    }

    #[test]
    fn prefixes_are_distinct() {
        for (n, (prefix, _)) in TABLE.iter().enumerate() {
            assert!(TABLE[n + 1..].iter().all(|(other, _)| other != prefix), "{prefix} twice");
        }
    }

    #[test]
    fn a_tenant_name_cannot_leave_its_key() {
        for bad in ["a", "A1", "1a", "a#b", "a/b", "a b", "ab\u{e9}", &"a".repeat(41)] {
            assert!(bad.parse::<TenantId>().is_err(), "{bad}");
        }
        assert!("acme-2".parse::<TenantId>().is_ok());
    }
}
