//! What becomes of the messages that we send.

use crate::open_enum::open_enum;
use crate::{Consequence, lenient};
use jiff::Timestamp;
use serde_json::Value;

/// What became of a message of ours. The statuses of a message come in any order, and more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Meta's id of the message, `wamid.…`.
    pub message_id: String,
    /// What became of it.
    pub status: DeliveryStatus,
    /// When.
    pub at: Option<Timestamp>,
    /// The number of whoever it was for, in digits, if it was told.
    pub recipient_id: Option<String>,
    /// The business-scoped user id of whoever it was for, if it was told.
    pub recipient_user_id: Option<String>,
    /// Our id of the message: [`Outgoing::callback_data`](crate::Outgoing::callback_data).
    pub callback_data: Option<String>,
    /// Whether it costs something.
    pub billable: Option<bool>,
    /// As what it is billed: `marketing`, `utility`, `authentication`, `service`.
    pub category: Option<String>,
    /// How it is billed, `PMP`.
    pub pricing_model: Option<String>,
    /// Why it failed.
    pub errors: Vec<GraphError>,
}

open_enum! {
    /// What became of a message of ours.
    DeliveryStatus {
        /// It has left Meta.
        Sent = "sent",
        /// It is on the telephone.
        Delivered = "delivered",
        /// It was read.
        Read = "read",
        /// It will not arrive.
        Failed = "failed",
    }
}

/// An error of the Graph API in a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphError {
    /// The code, which alone decides: see [`GraphError::consequence`].
    pub code: i64,
    /// A title, which Meta means to drop.
    pub title: Option<String>,
    /// An explanation.
    pub message: Option<String>,
    /// A closer one.
    pub details: Option<String>,
}

impl GraphError {
    /// What the code asks for.
    pub fn consequence(&self) -> Consequence {
        Consequence::of(self.code)
    }

    /// The errors of a list; those without a code say nothing.
    pub(super) fn list(errors: &Value) -> Vec<Self> {
        lenient::list(errors).iter().filter_map(Self::read).collect()
    }

    fn read(error: &Value) -> Option<Self> {
        Some(Self {
            code: lenient::whole(&error["code"])?,
            title: lenient::text(&error["title"]),
            message: lenient::text(&error["message"]),
            details: lenient::text(&error["error_data"]["details"]),
        })
    }
}
