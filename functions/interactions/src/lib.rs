//! `/crm/interactions`: what was said between clients and the business, as people note it down.
//!
//! Nothing follows from it by itself; no jobs go out.

use api::{Caller, Created, IfMatch, List, NoContent, PageQuery, Path, Problem, Query, Record, Submitted};
use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::{ContactId, InteractionId, PracticeId};
use operations::interactions::{
    self, FromConversationInput, InteractionInput, InteractionOverview, InteractionSearch, InteractionView,
};
use operations::timeline::{self, TimelineEntry};
use serde_json::Value;

api::routes!(
    create_interaction,
    create_interaction_from_conversation,
    list_interactions,
    show_interaction_overview,
    list_client_timeline,
    list_practice_history,
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

/// Notes a saved conversation or one of the inbox, once: whoever asks again gets what was noted.
#[utoipa::path(
    post,
    path = "/crm/interactions/from-conversation",
    tag = "interactions",
    request_body = FromConversationInput,
    responses(
        (status = 201, description = "It is noted", body = InteractionView),
        (status = 200, description = "It was noted before", body = InteractionView),
        (status = 404, description = "There is no such conversation or client", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn create_interaction_from_conversation(
    request: Submitted<FromConversationInput>,
) -> api::Result<Response> {
    let (noted, is_new) = interactions::from_conversation(&request.ctx, request.body).await?;
    Ok(if is_new { Created(noted).into_response() } else { Record(noted).into_response() })
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

/// What happened with a client, the latest first: calls, messages, interactions, what followed from calls, and the moves of
/// their practices and deals.
#[utoipa::path(
    get,
    path = "/crm/interactions/client/{id}/timeline",
    tag = "interactions",
    params(("id" = String, Path), PageQuery),
    responses(
        (status = 200, description = "One page", body = [TimelineEntry]),
    ),
)]
async fn list_client_timeline(
    caller: Caller,
    Path(id): Path<ContactId>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<TimelineEntry>> {
    let listing = timeline::of_client(&caller, id, &page.page()).await?;
    Ok(List::new(listing, &format!("/crm/interactions/client/{id}/timeline"), &[page.kept()]))
}

/// What happened with a practice, the latest first: its moves and renewals, and what was said about it.
#[utoipa::path(
    get,
    path = "/crm/interactions/practice/{id}/history",
    tag = "interactions",
    params(("id" = String, Path), PageQuery),
    responses(
        (status = 200, description = "One page", body = [TimelineEntry]),
    ),
)]
async fn list_practice_history(
    caller: Caller,
    Path(id): Path<PracticeId>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<TimelineEntry>> {
    let listing = timeline::of_practice(&caller, id, &page.page()).await?;
    Ok(List::new(listing, &format!("/crm/interactions/practice/{id}/history"), &[page.kept()]))
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
