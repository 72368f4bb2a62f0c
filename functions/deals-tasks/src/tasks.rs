//! Tasks: what people have to do about leads.

use api::{Caller, Created, IfMatch, List, NoContent, PageQuery, Path, Problem, Query, Record, Submitted};
use domain::TaskId;
use operations::tasks::{self, TaskInput, TaskSearch, TaskView};
use serde_json::Value;

/// Stores a task about a lead.
#[utoipa::path(
    post,
    path = "/tasks",
    tag = "tasks",
    request_body = TaskInput,
    responses(
        (status = 201, description = "The task", body = TaskView),
        (status = 404, description = "There is no such lead", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create_task(request: Submitted<TaskInput>) -> api::Result<Created<TaskView>> {
    Ok(Created(tasks::create(&request.ctx, request.body).await?))
}

/// Tasks, newest first; with `due`, the first that is due first. A page may be short where few tasks fit several filters.
#[utoipa::path(
    get,
    path = "/tasks",
    tag = "tasks",
    params(TaskSearch, PageQuery),
    responses(
        (status = 200, description = "One page", body = [TaskView]),
    ),
)]
pub(crate) async fn list_tasks(
    caller: Caller,
    Query(search): Query<TaskSearch>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<TaskView>> {
    let listing = tasks::list(&caller, &search, &page.page()).await?;
    let [contact_id, status, assignee, due] = search.as_parameters();
    Ok(List::new(listing, "/tasks", &[contact_id, status, assignee, due, page.kept()]))
}

/// One task.
#[utoipa::path(
    get,
    path = "/tasks/{id}",
    tag = "tasks",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The task", body = TaskView),
    ),
)]
pub(crate) async fn get_task(caller: Caller, Path(id): Path<TaskId>) -> api::Result<Record<TaskView>> {
    Ok(Record(tasks::get(&caller, id).await?))
}

/// Changes the fields that the merge patch (RFC 7396) names.
#[utoipa::path(
    patch,
    path = "/tasks/{id}",
    tag = "tasks",
    params(("id" = String, Path), IfMatch),
    request_body = Object,
    responses(
        (status = 200, description = "The task", body = TaskView),
    ),
)]
pub(crate) async fn update_task(
    Path(id): Path<TaskId>,
    IfMatch(expected): IfMatch,
    request: Submitted<Value>,
) -> api::Result<Record<TaskView>> {
    Ok(Record(tasks::update(&request.ctx, id, &request.body, expected).await?))
}

/// Deletes a task.
#[utoipa::path(
    delete,
    path = "/tasks/{id}",
    tag = "tasks",
    params(("id" = String, Path), IfMatch),
    responses(
        (status = 204, description = "It is gone"),
    ),
)]
pub(crate) async fn delete_task(
    caller: Caller,
    Path(id): Path<TaskId>,
    IfMatch(expected): IfMatch,
) -> api::Result<NoContent> {
    tasks::delete(&caller, id, expected).await?;
    Ok(NoContent)
}
