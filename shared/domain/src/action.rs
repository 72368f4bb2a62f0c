//! What follows from an analysed call, and what it left for people to do.

use crate::analysis::WishKind;
use crate::call::Call;
use crate::contact::{Channel, LeadStatus};
use crate::deal::{Deal, Stage};
use crate::messages::Draft;
use crate::practice::{Practice, PracticeStatus};
use crate::score::ScoreReason;
use crate::task::{Task, TaskPriority};
use crate::text::shortened;
use crate::{ActionId, CallId, ContactId, DealId, Money, PracticeId, TaskId};
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
        /// What the lead asked for, if it is for that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wish: Option<WishKind>,
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

/// What stands open at a contact, in so few words that it is kept in the contact's own partition and read with it:
/// 1.5 KB at most.
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
    /// A deal that is neither won nor lost.
    Deal {
        /// The deal.
        deal_id: DealId,
        /// What may be bought.
        title: String,
        /// What it is worth.
        value: Money,
        /// How far it is.
        stage: Stage,
        /// How likely it is, in percent.
        probability: u8,
    },
    /// A practice that there is work left on.
    Practice {
        /// The practice.
        practice_id: PracticeId,
        /// What kind it is of, by its name.
        title: String,
        /// How far it is.
        status: PracticeStatus,
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
        /// How much it matters.
        #[serde(default)]
        priority: TaskPriority,
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

    /// What is told of a deal.
    pub fn of_deal(deal: &Deal) -> Self {
        Self::Deal {
            deal_id: deal.id,
            title: shortened(&deal.title, 100),
            value: deal.value,
            stage: deal.stage.clone(),
            probability: deal.probability,
        }
    }

    /// What is told of a practice.
    pub fn of_practice(practice: &Practice) -> Self {
        Self::Practice {
            practice_id: practice.id,
            title: shortened(&practice.type_name, 100),
            status: practice.status,
        }
    }

    /// What is told of a task.
    pub fn of_task(task: &Task) -> Self {
        Self::Task {
            task_id: task.id,
            title: shortened(&task.title, 100),
            detail: shortened(task.description.trim(), 200),
            due_at: task.due_at,
            priority: task.priority,
            wish: task.wish,
        }
    }

    /// Whether it is about a meeting.
    pub fn is_appointment(&self) -> bool {
        matches!(self, Self::Task { wish: Some(WishKind::Appointment), .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ids;
    use crate::task::TaskStatus;

    #[test]
    fn a_card_is_small_whatever_is_told_of_it() {
        let (ids, now) = (Ids::default(), Timestamp::UNIX_EPOCH);
        let long = "\u{1f3e1}".repeat(4_000);
        let task = Task {
            id: ids.next(now),
            contact_id: ids.next(now),
            title: long.clone(),
            description: long.clone(),
            due_at: Some(now),
            priority: TaskPriority::Medium,
            status: TaskStatus::InProgress,
            assignee: None,
            call_id: Some(ids.next(now)),
            wish: Some(WishKind::Appointment),
            completed_at: None,
            created_at: now,
            updated_at: now,
        };
        let deal = Deal {
            id: ids.next(now),
            contact_id: task.contact_id,
            title: long,
            value: Money { minor: i64::MAX, currency: "KWD".parse().unwrap() },
            stage: "\u{1f3e1}".repeat(50).parse().unwrap(),
            probability: 100,
            stage_history: Vec::new(),
            created_at: now,
            updated_at: now,
            closed_at: None,
        };
        for card in [Card::of_task(&task), Card::of_deal(&deal)] {
            let kept = serde_json::to_string(&card).unwrap();
            assert!(kept.len() <= 1_500, "{}", kept.len());
            assert_eq!(serde_json::from_str::<Card>(&kept).unwrap(), card);
        }
        let older = r#"{"kind":"task","task_id":"tsk_00000000000000000000000000","title":"Call","detail":"","due_at":null,"wish":null}"#;
        assert!(matches!(serde_json::from_str(older), Ok(Card::Task { priority: TaskPriority::Medium, .. })));
    }
}
