//! What Meta reports: messages, their fate, and changes of people and templates.
//!
//! One notification may hold up to 1000 updates, late, twice and in any order: what was done once is told by the ids
//! of the messages, and by id and status together. Nothing new in it makes it unreadable, and no update of a batch
//! suffers from another one.

mod inbound;
mod people;
mod read;
mod status;

pub use inbound::{Echo, Inbound, InboundContent, Quoted, Referral, SystemChange};
pub use status::{DeliveryStatus, GraphError, Status};

use crate::lenient;
use crate::open_enum::open_enum;
use bytes::Bytes;
use jiff::Timestamp;
use provider::Verified;
use serde_json::Value;

const OBJECT: &str = "whatsapp_business_account";

/// A body that is not the envelope of WhatsApp's notifications: an object with the `object`
/// `whatsapp_business_account` and a list `entry`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not a WhatsApp notification")]
pub struct NotANotification;

/// Everything that one request reports.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// The updates of all entries and changes in their order.
    pub updates: Vec<Update>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// Meta's id of the WhatsApp business account; empty if it was not told.
    pub waba_id: String,
    /// Meta's id of the business number. Templates have none.
    pub phone_number_id: Option<String>,
    /// The business number as Meta shows it.
    pub display_phone_number: Option<String>,
    /// What happened.
    pub body: UpdateBody,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum UpdateBody {
    /// Somebody wrote, tapped, rang, or is somebody else now.
    Message(Box<Inbound>),
    /// A message of ours went on its way, or did not.
    Status(Status),
    /// `smb_message_echoes`: somebody of the business wrote with the app on a telephone.
    Echo(Box<Echo>),
    /// `user_id_update`: a person's business-scoped user id changed. Meta has put
    /// [`SystemChange::UserIdChanged`] in its place, and took the field off the list in August 2026.
    UserId {
        /// The id that the person had.
        previous: String,
        /// The id that the person has now.
        current: String,
        /// The person's number at WhatsApp in digits, if it was told.
        wa_id: Option<String>,
        /// When Meta reported it.
        at: Option<Timestamp>,
    },
    /// `user_preferences`: a person wants no marketing any more, or wants it again.
    Preference {
        /// The person's number at WhatsApp in digits, if it was told.
        wa_id: Option<String>,
        /// The person's business-scoped user id, if it was told.
        user_id: Option<String>,
        /// What it is about, `marketing_messages`; empty if it was not told.
        category: String,
        /// Whether it is to stop; else it may go on.
        stop: bool,
        /// When Meta reported it.
        at: Option<Timestamp>,
    },
    /// `message_template_status_update`: a template may be used, or may not.
    TemplateStatus {
        /// The template's name.
        name: String,
        /// Its language, as `en_US`; empty if it was not told.
        language: String,
        /// Meta's id of it; empty if it was not told.
        id: String,
        /// What happened to it.
        event: TemplateEvent,
        /// Why, as `INVALID_FORMAT`; `NONE` where there is no reason.
        reason: Option<String>,
    },
    /// Something that is new, that we do not use, or that lacks what it is known by.
    Other {
        /// The field of the change; empty if it has none.
        field: String,
        /// What could not be read: an item of a list, the value, the change or the entry.
        raw: Value,
    },
}

open_enum! {
    /// What happened to a template.
    TemplateEvent {
        /// It may be sent.
        Approved = "APPROVED",
        /// It may not be sent as it is.
        Rejected = "REJECTED",
        /// It is judged.
        Pending = "PENDING",
        /// It may not be sent for a while, for people complained.
        Paused = "PAUSED",
        /// It may not be sent any more, for people complained.
        Disabled = "DISABLED",
        /// It may be disabled soon.
        Flagged = "FLAGGED",
        /// It may be sent again.
        Reinstated = "REINSTATED",
        /// A rejection is judged again.
        InAppeal = "IN_APPEAL",
        /// It cannot be edited.
        Locked = "LOCKED",
        /// It was put away.
        Archived = "ARCHIVED",
        /// It was taken out again.
        Unarchived = "UNARCHIVED",
        /// It will be deleted.
        PendingDeletion = "PENDING_DELETION",
        /// It is gone.
        Deleted = "DELETED",
        /// The account has as many templates as it may have.
        LimitExceeded = "LIMIT_EXCEEDED",
    }
}

impl Notification {
    /// Reads a body whose signature was checked. Whatever is inside the envelope, it is one: what cannot be read is
    /// [`UpdateBody::Other`] with its JSON.
    pub fn parse(body: &Verified<Bytes>) -> Result<Self, NotANotification> {
        let bytes: &Bytes = body.as_ref();
        let json: Value = serde_json::from_slice(bytes).map_err(|_| NotANotification)?;
        if json["object"] != OBJECT || !json["entry"].is_array() {
            return Err(NotANotification);
        }
        Ok(Self { updates: lenient::list(&json["entry"]).iter().flat_map(entry).collect() })
    }
}

fn entry(entry: &Value) -> Vec<Update> {
    let waba_id = lenient::id(&entry["id"]).unwrap_or_default();
    let Some(changes) = entry["changes"].as_array() else {
        let body = UpdateBody::Other { field: String::new(), raw: entry.clone() };
        return vec![Update { waba_id, phone_number_id: None, display_phone_number: None, body }];
    };
    changes.iter().flat_map(|change| updates(&waba_id, change)).collect()
}

fn updates(waba_id: &str, change: &Value) -> Vec<Update> {
    let metadata = &change["value"]["metadata"];
    let update = |body| Update {
        waba_id: waba_id.to_owned(),
        phone_number_id: lenient::id(&metadata["phone_number_id"]),
        display_phone_number: lenient::id(&metadata["display_phone_number"]),
        body,
    };
    read::change(change).into_iter().map(update).collect()
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
