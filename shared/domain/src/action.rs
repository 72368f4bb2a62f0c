//! What follows from an analysed call, and what it left for people to do.

use crate::analysis::WishKind;
use crate::call::{Call, Priority};
use crate::contact::{Channel, LeadStatus};
use crate::messages::Draft;
use crate::score::ScoreReason;
use crate::text::shortened;
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
    /// The wish of the lead that it came from.
    #[serde(default)]
    pub wish: Option<WishKind>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What stands open at a contact, in so few words that it is kept in the contact's own partition and read with it:
/// 1 KB at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Card {
    /// A call that is not over.
    Call {
        /// The call.
        call_id: CallId,
        /// When it was wanted, if not at once.
        scheduled_at: Option<Timestamp>,
        /// What it is for.
        objective: String,
    },
    /// A task that is not done.
    Task {
        /// The task.
        task_id: TaskId,
        /// What to do.
        title: String,
        /// What to know.
        detail: String,
        /// Until when.
        due_at: Option<Timestamp>,
        /// The wish of the lead that it came from.
        wish: Option<WishKind>,
    },
}

impl Card {
    /// What is told of a call. It stays the same until the call is over, so that a change of status costs nothing.
    pub fn of_call(call: &Call) -> Self {
        Self::Call {
            call_id: call.id,
            scheduled_at: call.scheduled_at,
            objective: shortened(&call.objective, 120),
        }
    }

    /// What is told of a task.
    pub fn of_task(task: &Task) -> Self {
        Self::Task {
            task_id: task.id,
            title: shortened(&task.title, 100),
            detail: shortened(task.description.trim(), 100),
            due_at: task.due_at,
            wish: task.wish,
        }
    }

    /// Whether it is about a meeting.
    pub fn is_appointment(&self) -> bool {
        matches!(self, Self::Task { wish: Some(WishKind::Appointment), .. })
    }
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
