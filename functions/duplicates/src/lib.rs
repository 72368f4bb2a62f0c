//! `/crm/duplicates`, `/crm/clients/{id}/merge`, `/crm/merges`: clients who may be one person, and making their records one, or
//! two again.
//!
//! What hangs on a record and is not moved by the request's end is moved by a job (`MergeContacts`).

use api::{Caller, List, PageQuery, Path, Problem, Query, Submitted};
use axum::Json;
use domain::{ContactId, MergeId};
use operations::duplicates::{self, DuplicateGroup, DuplicateSearch};
use operations::merging::{self, MergeView};
use serde::Deserialize;
use utoipa::ToSchema;

api::routes!(list_duplicates, merge_clients, list_merges, get_merge, undo_merge);

/// Which client goes into the one that the path names.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MergeInput {
    /// Their id.
    other_id: ContactId,
}

/// Clients who may be one person, by their numbers, addresses and names: a page of each kind after the other. A page may be
/// short, or empty, and not the last.
#[utoipa::path(
    get,
    path = "/crm/duplicates",
    tag = "clients",
    params(DuplicateSearch, PageQuery),
    responses(
        (status = 200, description = "One page", body = [DuplicateGroup]),
    ),
)]
async fn list_duplicates(
    caller: Caller,
    Query(search): Query<DuplicateSearch>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<DuplicateGroup>> {
    let listing = duplicates::list(&caller, &search, &page.page()).await?;
    let [reason] = search.as_parameters();
    Ok(List::new(listing, "/crm/duplicates", &[reason, page.kept()]))
}

/// Makes another client's record one with this: what this one has stays, what it lacks is the other's, and calls, chats,
/// practices, deals, tasks and interactions of the other are this one's. Of two answers to whether they may be contacted the
/// no counts. The other's id leads here from then on, and so do their number and address.
#[utoipa::path(
    post,
    path = "/crm/clients/{id}/merge",
    tag = "clients",
    params(("id" = String, Path)),
    request_body = MergeInput,
    responses(
        (status = 200, description = "They are one; `status` says whether all is moved already", body = MergeView),
        (status = 409, description = "The other was deleted, or went into somebody else", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn merge_clients(
    Path(id): Path<ContactId>,
    request: Submitted<MergeInput>,
) -> api::Result<Json<MergeView>> {
    Ok(Json(merging::merge(&request.ctx, id, request.body.other_id).await?))
}

/// Merges, the last one first.
#[utoipa::path(
    get,
    path = "/crm/merges",
    tag = "clients",
    params(PageQuery),
    responses(
        (status = 200, description = "One page", body = [MergeView]),
    ),
)]
async fn list_merges(caller: Caller, Query(page): Query<PageQuery>) -> api::Result<List<MergeView>> {
    Ok(List::new(merging::list(&caller, &page.page()).await?, "/crm/merges", &[page.kept()]))
}

/// One merge, and how far it is.
#[utoipa::path(
    get,
    path = "/crm/merges/{id}",
    tag = "clients",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The merge", body = MergeView),
    ),
)]
async fn get_merge(caller: Caller, Path(id): Path<MergeId>) -> api::Result<Json<MergeView>> {
    Ok(Json(merging::get(&caller, id).await?))
}

/// Makes two clients of one again: each as it was, with what was changed since where it was changed.
#[utoipa::path(
    post,
    path = "/crm/merges/{id}/undo",
    tag = "clients",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "They are two; `status` says whether all is moved back already", body = MergeView),
        (status = 409, description = "The record that stayed is gone itself, or somebody else has the number by now", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn undo_merge(caller: Caller, Path(id): Path<MergeId>) -> api::Result<Json<MergeView>> {
    Ok(Json(merging::undo(&caller, id).await?))
}
