//! `/crm/interactions`: what was said between clients and the business, as people note it down.
//!
//! Nothing follows from it by itself; no jobs go out.

use api::{Caller, Created, IfMatch, List, NoContent, PageQuery, Path, Problem, Query, Record, Submitted};
use axum::Json;
use domain::InteractionId;
use operations::interactions::{
    self, InteractionInput, InteractionOverview, InteractionSearch, InteractionView,
};
use serde_json::Value;

api::routes!(
    create_interaction,
    list_interactions,
    show_interaction_overview,
    get_interaction,
    update_interaction,
    delete_interaction
);

/// Stores what was said. Unless it is a note, the client was last spoken to then.
#[utoipa::path(
    post,
    path = "/crm/interactions",
    tag = "interactions",
    request_body = InteractionInput,
    responses(
        (status = 201, description = "The interaction", body = InteractionView),
        (status = 404, description = "There is no such client or practice", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn create_interaction(request: Submitted<InteractionInput>) -> api::Result<Created<InteractionView>> {
    Ok(Created(interactions::create(&request.ctx, request.body).await?))
}

/// Interactions, the latest first. A page may be short where few interactions fit several filters.
#[utoipa::path(
    get,
    path = "/crm/interactions",
    tag = "interactions",
    params(InteractionSearch, PageQuery),
    responses(
        (status = 200, description = "One page", body = [InteractionView]),
    ),
)]
async fn list_interactions(
    caller: Caller,
    Query(search): Query<InteractionSearch>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<InteractionView>> {
    let listing = interactions::list(&caller, &search, &page.page()).await?;
    let [client, practice, kind, member] = search.as_parameters();
    Ok(List::new(listing, "/crm/interactions", &[client, practice, kind, member, page.kept()]))
}

/// How many interactions there are.
#[utoipa::path(
    get,
    path = "/crm/interactions/stats/overview",
    tag = "interactions",
    responses(
        (status = 200, description = "The figures", body = InteractionOverview),
    ),
)]
async fn show_interaction_overview(caller: Caller) -> api::Result<Json<InteractionOverview>> {
    Ok(Json(interactions::overview(&caller).await?))
}

/// One interaction.
#[utoipa::path(
    get,
    path = "/crm/interactions/{id}",
    tag = "interactions",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The interaction", body = InteractionView),
    ),
)]
async fn get_interaction(
    caller: Caller,
    Path(id): Path<InteractionId>,
) -> api::Result<Record<InteractionView>> {
    Ok(Record(interactions::get(&caller, id).await?))
}

/// Changes the fields that the merge patch (RFC 7396) names.
#[utoipa::path(
    patch,
    path = "/crm/interactions/{id}",
    tag = "interactions",
    params(("id" = String, Path), IfMatch),
    request_body = Object,
    responses(
        (status = 200, description = "The interaction", body = InteractionView),
    ),
)]
async fn update_interaction(
    Path(id): Path<InteractionId>,
    IfMatch(expected): IfMatch,
    request: Submitted<Value>,
) -> api::Result<Record<InteractionView>> {
    Ok(Record(interactions::update(&request.ctx, id, &request.body, expected).await?))
}

/// Deletes an interaction.
#[utoipa::path(
    delete,
    path = "/crm/interactions/{id}",
    tag = "interactions",
    params(("id" = String, Path), IfMatch),
    responses(
        (status = 204, description = "It is gone"),
    ),
)]
async fn delete_interaction(
    caller: Caller,
    Path(id): Path<InteractionId>,
    IfMatch(expected): IfMatch,
) -> api::Result<NoContent> {
    interactions::delete(&caller, id, expected).await?;
    Ok(NoContent)
}
