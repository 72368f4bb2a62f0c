//! Tasks, and finding them by whom they are about, who does them and when they are due.

use crate::Store;
use crate::entity::{Entity, OPEN, Row, Stored, newest_first, oldest_first};
use crate::error::Result;
use crate::key::{Key, instant};
use crate::read::{Listing, Page, Stretch};
use domain::action::Card;
use domain::task::{DueSpan, Task, TaskStatus};
use domain::{ContactId, Email, TaskId, TenantId};

/// The list of all tasks, newest first.
pub const TASKS: &str = "task";
/// The list of the tasks that are to be done until some time, the first that is due first.
const DUE: &str = "task#due";

fn tasks_in(status: TaskStatus) -> String {
    format!("task#status#{}", status.as_str())
}

pub(super) fn tasks_about(contact: ContactId) -> String {
    format!("task#contact#{contact}")
}

fn tasks_of(assignee: &Email) -> String {
    format!("task#assignee#{}", assignee.canonical())
}

fn due_of(assignee: &Email) -> String {
    format!("{DUE}#{}", assignee.canonical())
}

impl Entity for Task {
    const KIND: &'static str = "task";
    type Id = TaskId;

    fn key_of(tenant: &TenantId, id: &TaskId) -> Key {
        Key::of(tenant, format_args!("TSK#{id}"), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        let newest = newest_first(self.created_at, self.id);
        let listed = |list: String| Row::Listed { list, sort: newest.clone() };
        let counted = |dimension: String| Row::Counted { stat: "task", dimension };
        let mut rows = vec![
            listed(TASKS.to_owned()),
            listed(tasks_in(self.status)),
            listed(tasks_about(self.contact_id)),
            counted("all".to_owned()),
            counted(format!("status#{}", self.status.as_str())),
        ];
        rows.extend(self.assignee.as_ref().map(|assignee| listed(tasks_of(assignee))));
        if self.status.is_open() {
            let (contact, sort) = (self.contact_id, format!("TSK#{}", self.id));
            rows.push(Row::AtContact { contact, section: OPEN, sort, card: Card::of_task(self) });
            if let Some(due_at) = self.due_at {
                let sort = oldest_first(due_at, self.id);
                rows.push(Row::Listed { list: DUE.to_owned(), sort: sort.clone() });
                rows.extend(
                    self.assignee.as_ref().map(|assignee| Row::Listed { list: due_of(assignee), sort }),
                );
            }
        }
        rows
    }
}

/// Which tasks are looked for: those that all given fields fit.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// Whom they are about.
    pub contact: Option<ContactId>,
    /// Where they stand.
    pub status: Option<TaskStatus>,
    /// Who does them.
    pub assignee: Option<Email>,
    /// When they are due; those that are still to be done only.
    pub due: Option<DueSpan>,
}

impl TaskFilter {
    /// The stretch of a list that is likely to be the shortest.
    fn stretch(&self, tenant: &TenantId) -> Stretch {
        if let Some(DueSpan { from, until }) = self.due {
            let list = self.assignee.as_ref().map_or_else(|| DUE.to_owned(), due_of);
            let stretch = Stretch::of_list(tenant, &list);
            return Stretch { after: from.map(instant), up_to: Some(instant(until)), ..stretch };
        }
        let contact = self.contact.map(tasks_about);
        let assignee = || self.assignee.as_ref().map(tasks_of);
        let status = || self.status.map(tasks_in);
        let list = contact.or_else(assignee).or_else(status).unwrap_or_else(|| TASKS.to_owned());
        Stretch::of_list(tenant, &list)
    }

    fn fits(&self, task: &Task) -> bool {
        let is_due =
            |span: DueSpan| task.status.is_open() && task.due_at.is_some_and(|due| span.contains(due));
        self.contact.is_none_or(|contact| task.contact_id == contact)
            && self.status.is_none_or(|status| task.status == status)
            && self.assignee.as_ref().is_none_or(|assignee| task.assignee.as_ref() == Some(assignee))
            && self.due.is_none_or(is_due)
    }
}

impl Store {
    /// The tasks that fit: the first that is due first where it is asked when they are due, else newest first. One of
    /// the fields leads: its list is read, and the others are checked on the records.
    pub async fn tasks(
        &self,
        tenant: &TenantId,
        filter: &TaskFilter,
        page: &Page,
    ) -> Result<Listing<Stored<Task>>> {
        self.walk(filter.stretch(tenant), page, |_| true, |task| filter.fits(task)).await
    }
}
