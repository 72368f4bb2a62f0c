//! `GET /changes`: the feed of what changed, for consoles and integrations.

use api::{Caller, Query};
use axum::Json;
use operations::changes;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

api::routes!(list_changes);

/// Where to go on.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct ChangesQuery {
    /// The cursor of the last answer; the last seven days if not given.
    after: Option<String>,
    /// How many, at most 100; 50 if not given.
    limit: Option<usize>,
}

/// A part of the feed.
#[derive(Debug, Serialize, ToSchema)]
struct ChangesView {
    /// The changes, oldest first; each is told once.
    changes: Vec<ChangeView>,
    /// The `after` of the next request, now or later.
    cursor: String,
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
struct ChangeView {
    /// When.
    at: String,
    /// The kind of record.
    kind: String,
    /// The record.
    id: String,
    /// `created`, `updated`, `deleted`, or a new status.
    what: String,
}

/// What changed since the last look.
#[utoipa::path(
    get,
    path = "/changes",
    tag = "changes",
    params(ChangesQuery),
    responses(
        (status = 200, description = "What changed", body = ChangesView),
    ),
)]
async fn list_changes(caller: Caller, Query(query): Query<ChangesQuery>) -> api::Result<Json<ChangesView>> {
    let feed = changes::after(&caller, query.after.as_deref(), query.limit.unwrap_or_default()).await?;
    Ok(Json(ChangesView {
        changes: feed.changes.into_iter().map(ChangeView::of).collect(),
        cursor: feed.cursor,
    }))
}

impl ChangeView {
    fn of(change: store::Change) -> Self {
        Self { at: change.at.to_string(), kind: change.kind, id: change.subject, what: change.what }
    }
}
