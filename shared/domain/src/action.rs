//! What follows from an analysed call, and what it left for people to do.

use crate::call::Priority;
use crate::contact::{Channel, LeadStatus};
use crate::messages::Draft;
use crate::score::ScoreReason;
use crate::{ActionId, CallId, ContactId, TaskId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One step that followed from a call. It is stored with what it did, so that a lead's history explains itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// The record's id.
    pub id: ActionId,
    /// The lead.
    pub contact_id: ContactId,
    /// The call it follows from.
    pub call_id: CallId,
    /// What was done.
    #[serde(flatten)]
    pub step: Step,
    /// Why, in a sentence.
    pub reason: String,
    /// When it was done.
    pub created_at: Timestamp,
}

/// A step that may follow from a call. Each touches the lead's own record and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Step {
    /// The lead is called again.
    FollowUpCall {
        /// The new call.
        new_call_id: CallId,
        /// When it is due.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        due_at: Timestamp,
        /// What it is for.
        objective: String,
    },
    /// Somebody has something to do.
    Task {
        /// The new task.
        task_id: TaskId,
        /// What.
        title: String,
        /// Until when.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        due_at: Timestamp,
    },
    /// The lead stands elsewhere in the sale.
    StatusChange {
        /// Where it stood.
        from: LeadStatus,
        /// Where it stands.
        to: LeadStatus,
    },
    /// The lead is more or less promising.
    ScoreChange {
        /// What the score was.
        from: u8,
        /// What it is.
        to: u8,
        /// Of what it is made.
        #[serde(default)]
        reasons: Vec<ScoreReason>,
    },
    /// A text to the lead is written; a person reads it and sends it. Nothing is sent by itself.
    Message(Draft),
    /// Empty fields of the business's own were filled with what the lead said.
    FieldsFilled {
        /// The fields' names.
        fields: Vec<String>,
    },
    /// The lead is not contacted again on these channels.
    Suppression {
        /// The channels that were shut.
        channels: Vec<Channel>,
        /// Calls that waited and are not made.
        #[serde(default)]
        blocked_calls: Vec<CallId>,
    },
    /// Nothing follows; the reason counts.
    None,
}

/// Something for a person to do about a contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The record's id.
    pub id: TaskId,
    /// The person it is about.
    pub contact_id: ContactId,
    /// What to do, in a line.
    pub title: String,
    /// What to know.
    pub description: String,
    /// Until when.
    pub due_at: Option<Timestamp>,
    /// How much it matters.
    pub priority: Priority,
    /// Where it stands.
    pub status: TaskStatus,
    /// Who does it.
    pub assignee: Option<String>,
    /// The call it came from.
    pub call_id: Option<CallId>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Still to do.
    Pending,
    /// Done.
    Completed,
    /// Not to be done.
    Cancelled,
}
