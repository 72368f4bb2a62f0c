//! Tasks: what people have to do about leads, and until when.

use crate::context::Context;
use crate::error::{Error, Result, expect, retrying};
use crate::{Listing, Page, business_config, deleting, leads, merge_patch};
use domain::analysis::WishKind;
use domain::task::{Due, DueDate, Task, TaskPriority, TaskStatus};
use domain::zone::ZoneName;
use domain::{CallId, ContactId, Email, Role, TaskId, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Stored, TaskFilter};
use utoipa::{IntoParams, ToSchema};

/// What one writes of a task.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskInput {
    /// The lead that it is about.
    pub contact_id: ContactId,
    /// What to do, in a line of at most 255 characters.
    pub title: String,
    /// What to know, 10,000 characters at most.
    #[serde(default)]
    pub description: Option<String>,
    /// Until when.
    #[serde(default)]
    pub due_date: Option<DueDate>,
    /// How much it matters; `medium` if not given.
    #[serde(default)]
    pub priority: Option<TaskPriority>,
    /// Where it stands; `pending` if not given.
    #[serde(default)]
    pub status: Option<TaskStatus>,
    /// Who does it: the e-mail address of a member, or of anybody.
    #[serde(default)]
    pub assignee: Option<Email>,
}

/// A task as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TaskView {
    /// The task's id.
    pub id: TaskId,
    /// The lead that it is about.
    pub contact_id: ContactId,
    /// What to do, in a line.
    pub title: String,
    /// What to know.
    pub description: String,
    /// Until when.
    #[schema(value_type = Option<String>)]
    pub due_date: Option<Timestamp>,
    /// Whether it is still to be done and its time is over.
    pub overdue: bool,
    /// How much it matters.
    pub priority: TaskPriority,
    /// Where it stands.
    pub status: TaskStatus,
    /// Who does it.
    pub assignee: Option<Email>,
    /// The call that it came from, if it came from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
    /// The wish of the lead that it came from, if it came from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wish: Option<WishKind>,
    /// When it was done.
    #[schema(value_type = Option<String>)]
    pub completed_at: Option<Timestamp>,
    /// When the record was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// Stores a new task about a lead.
pub async fn create(ctx: &Context, input: TaskInput) -> Result<Stored<TaskView>> {
    ctx.require(Role::Member)?;
    let (settings, lead) = tokio::try_join!(business_config::get(ctx), leads::named(ctx, input.contact_id))?;
    let input = TaskInput { contact_id: lead.id, ..input };
    let mut task = for_contact(ctx, input.contact_id, "", "", None, TaskPriority::default());
    let now = task.created_at;
    apply(&mut task, input, &settings.config.timezone, now)?;
    let view = TaskView::of(&task, now);
    let mut step = ctx.step();
    step.create(&task)?;
    ctx.audited(&mut step, "task.created", task.id, None, Some(&view))?;
    ctx.remember(&mut step, 201, &view)?;
    ctx.store().commit(step).await?;
    Ok(Stored { value: view, version: 1 })
}

/// A pending task about a contact, for a step of whoever leaves it to a person.
pub(crate) fn for_contact(
    ctx: &Context,
    contact_id: ContactId,
    title: &str,
    description: &str,
    due_at: Option<Timestamp>,
    priority: TaskPriority,
) -> Task {
    let now = ctx.now();
    Task {
        id: ctx.new_id(),
        contact_id,
        title: title.to_owned(),
        description: description.to_owned(),
        due_at,
        priority,
        status: TaskStatus::Pending,
        assignee: None,
        call_id: None,
        wish: None,
        completed_at: None,
        created_at: now,
        updated_at: now,
    }
}

/// One task.
pub async fn get(ctx: &Context, id: TaskId) -> Result<Stored<TaskView>> {
    ctx.require(Role::Viewer)?;
    let task = find(ctx, id).await?;
    Ok(Stored { value: TaskView::of(&task, ctx.now()), version: task.version })
}

/// Which tasks to list: those that fit all that is given.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct TaskSearch {
    /// Those about this lead.
    #[param(value_type = Option<String>)]
    pub contact_id: Option<ContactId>,
    /// Those in this status.
    pub status: Option<TaskStatus>,
    /// Those that this member does, by e-mail address.
    #[param(value_type = Option<String>)]
    pub assignee: Option<Email>,
    /// Those that are still to be done and are due then, the first that is due first: `overdue`, `today`, `week` (today
    /// and the six days after it), or a day, `YYYY-MM-DD`. Days are those of the business's own zone.
    #[param(value_type = Option<String>)]
    pub due: Option<Due>,
}

impl TaskSearch {
    /// The query's parameters, to be kept in the link to the next page.
    pub fn as_parameters(&self) -> [(&'static str, Option<String>); 4] {
        [
            ("contact_id", self.contact_id.map(|id| id.to_string())),
            ("status", self.status.map(|status| status.as_str().to_owned())),
            ("assignee", self.assignee.as_ref().map(Email::to_string)),
            ("due", self.due.map(|due| due.to_string())),
        ]
    }
}

/// The tasks that fit: the first that is due first where it is asked when they are due, else newest first. A page may
/// be short where few fit several filters.
pub async fn list(ctx: &Context, search: &TaskSearch, page: &Page) -> Result<Listing<TaskView>> {
    ctx.require(Role::Viewer)?;
    let now = ctx.now();
    let due = match search.due {
        Some(due) => Some(due.span(now, &business_config::get(ctx).await?.config.timezone)),
        None => None,
    };
    let TaskSearch { contact_id: contact, status, ref assignee, .. } = *search;
    let filter = TaskFilter { contact, status, assignee: assignee.clone(), due };
    let listing = ctx.store().tasks(&ctx.tenant, &filter, page).await?;
    let items = listing.items.iter().map(|task| TaskView::of(task, now)).collect();
    Ok(Listing { items, next: listing.next })
}

/// Changes the fields that the merge patch names. `expected` is the version that the caller saw, if they care.
pub async fn update(
    ctx: &Context,
    id: TaskId,
    patch: &Value,
    expected: Option<u64>,
) -> Result<Stored<TaskView>> {
    ctx.require(Role::Member)?;
    let settings = business_config::get(ctx).await?;
    retrying!(
        async {
            let old = find(ctx, id).await?;
            expect(&old, expected)?;
            let mut input = merge_patch(&TaskInput::of(&old), patch)?;
            // A lead that is gone keeps its tasks.
            if input.contact_id != old.contact_id {
                input.contact_id = leads::named(ctx, input.contact_id).await?.id;
            }
            let (mut task, now) = (old.value.clone(), ctx.now());
            apply(&mut task, input, &settings.config.timezone, now)?;
            let view = TaskView::of(&task, now);
            let mut step = ctx.step();
            step.replace(&old, &task)?;
            ctx.audited(&mut step, "task.updated", id, Some(&TaskView::of(&old, now)), Some(&view))?;
            ctx.store().commit(step).await?;
            Ok(Stored { value: view, version: old.version + 1 })
        }
        .await
    )
}

/// Deletes a task.
pub async fn delete(ctx: &Context, id: TaskId, expected: Option<u64>) -> Result<()> {
    ctx.require(Role::Member)?;
    deleting::delete::<Task, _>(ctx, &id, expected, "task", |task| TaskView::of(task, ctx.now())).await
}

async fn find(ctx: &Context, id: TaskId) -> Result<Stored<Task>> {
    ctx.store().get::<Task>(&ctx.tenant, &id).await?.ok_or(Error::NotFound("task"))
}

/// Checks what was written and makes it the task's. What always has a value and is not written stays as it is; texts
/// that nobody touches may be a model's, and are not asked about.
fn apply(task: &mut Task, input: TaskInput, zone: &ZoneName, now: Timestamp) -> Result<()> {
    let description = input.description.unwrap_or_default();
    task.contact_id = input.contact_id;
    if input.title != task.title || task.title.is_empty() {
        task.title = text::line(&input.title, 255).map_err(|e| e.within("/title"))?;
    }
    if description != task.description {
        task.description = text::prose(&description, 10_000).map_err(|e| e.within("/description"))?;
    }
    task.due_at = input.due_date.map(|due| due.instant(zone));
    task.priority = input.priority.unwrap_or(task.priority);
    task.assignee = input.assignee;
    task.set_status(input.status.unwrap_or(task.status), now);
    task.updated_at = now;
    Ok(())
}

impl TaskInput {
    fn of(task: &Task) -> Self {
        Self {
            contact_id: task.contact_id,
            title: task.title.clone(),
            description: Some(task.description.clone()),
            due_date: task.due_at.map(DueDate::At),
            priority: Some(task.priority),
            status: Some(task.status),
            assignee: task.assignee.clone(),
        }
    }
}

impl TaskView {
    fn of(task: &Task, now: Timestamp) -> Self {
        Self {
            id: task.id,
            contact_id: task.contact_id,
            title: task.title.clone(),
            description: task.description.clone(),
            due_date: task.due_at,
            overdue: task.is_overdue(now),
            priority: task.priority,
            status: task.status,
            assignee: task.assignee.clone(),
            call_id: task.call_id,
            wish: task.wish,
            completed_at: task.completed_at,
            created_at: task.created_at,
            updated_at: task.updated_at,
        }
    }
}
