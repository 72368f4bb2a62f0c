//! Practices: services that clients are being given.

use api::{Caller, Created, IfMatch, List, NoContent, PageQuery, Path, Problem, Query, Record, Submitted};
use axum::Json;
use domain::PracticeId;
use operations::practices::{
    self, PracticeDetail, PracticeInput, PracticeOverview, PracticeSearch, PracticeView, RenewalInput,
    RenewalSearch,
};
use serde_json::Value;

/// Stores a practice of a client.
#[utoipa::path(
    post,
    path = "/crm/practices",
    tag = "practices",
    request_body = PracticeInput,
    responses(
        (status = 201, description = "The practice", body = PracticeView),
        (status = 404, description = "There is no such client", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create_practice(request: Submitted<PracticeInput>) -> api::Result<Created<PracticeView>> {
    Ok(Created(practices::create(&request.ctx, request.body).await?))
}

/// Practices, newest first. A page may be short where few practices fit several filters.
#[utoipa::path(
    get,
    path = "/crm/practices",
    tag = "practices",
    params(PracticeSearch, PageQuery),
    responses(
        (status = 200, description = "One page", body = [PracticeView]),
    ),
)]
pub(crate) async fn list_practices(
    caller: Caller,
    Query(search): Query<PracticeSearch>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<PracticeView>> {
    let listing = practices::list(&caller, &search, false, &page.page()).await?;
    let [client, status, kind, assignee] = search.as_parameters();
    Ok(List::new(listing, "/crm/practices", &[client, status, kind, assignee, page.kept()]))
}

/// The practices that there is work left on: all but approved, completed and cancelled ones; newest first.
#[utoipa::path(
    get,
    path = "/crm/practices/active",
    tag = "practices",
    params(PracticeSearch, PageQuery),
    responses(
        (status = 200, description = "One page", body = [PracticeView]),
    ),
)]
pub(crate) async fn list_active_practices(
    caller: Caller,
    Query(search): Query<PracticeSearch>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<PracticeView>> {
    let listing = practices::list(&caller, &search, true, &page.page()).await?;
    let [client, status, kind, assignee] = search.as_parameters();
    Ok(List::new(listing, "/crm/practices/active", &[client, status, kind, assignee, page.kept()]))
}

/// The practices that are not cancelled and whose validity ends within some days from today on, the first that ends first.
#[utoipa::path(
    get,
    path = "/crm/practices/renewals/upcoming",
    tag = "practices",
    params(RenewalSearch, PageQuery),
    responses(
        (status = 200, description = "One page", body = [PracticeView]),
    ),
)]
pub(crate) async fn list_upcoming_renewals(
    caller: Caller,
    Query(search): Query<RenewalSearch>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<PracticeView>> {
    let listing = practices::upcoming_renewals(&caller, &search, &page.page()).await?;
    let [days, assignee] = search.as_parameters();
    Ok(List::new(listing, "/crm/practices/renewals/upcoming", &[days, assignee, page.kept()]))
}

/// How many practices there are, and what they bring in.
#[utoipa::path(
    get,
    path = "/crm/practices/stats/overview",
    tag = "practices",
    responses(
        (status = 200, description = "The figures", body = PracticeOverview),
    ),
)]
pub(crate) async fn show_practice_overview(caller: Caller) -> api::Result<Json<PracticeOverview>> {
    Ok(Json(practices::overview(&caller).await?))
}

/// One practice, with its moves from status to status, its renewals, its documents and what is missing of them.
#[utoipa::path(
    get,
    path = "/crm/practices/{id}",
    tag = "practices",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The practice", body = PracticeDetail),
    ),
)]
pub(crate) async fn get_practice(
    caller: Caller,
    Path(id): Path<PracticeId>,
) -> api::Result<Record<PracticeDetail>> {
    Ok(Record(practices::get(&caller, id).await?))
}

/// Changes the fields that the merge patch (RFC 7396) names. A change of the status is kept in the practice's history.
#[utoipa::path(
    patch,
    path = "/crm/practices/{id}",
    tag = "practices",
    params(("id" = String, Path), IfMatch),
    request_body = Object,
    responses(
        (status = 200, description = "The practice", body = PracticeView),
    ),
)]
pub(crate) async fn update_practice(
    Path(id): Path<PracticeId>,
    IfMatch(expected): IfMatch,
    request: Submitted<Value>,
) -> api::Result<Record<PracticeView>> {
    Ok(Record(practices::update(&request.ctx, id, &request.body, expected).await?))
}

/// Makes what was got valid until a later day.
#[utoipa::path(
    post,
    path = "/crm/practices/{id}/renew",
    tag = "practices",
    params(("id" = String, Path), IfMatch),
    request_body = RenewalInput,
    responses(
        (status = 200, description = "The practice", body = PracticeView),
        (status = 409, description = "The practice is cancelled", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn renew_practice(
    Path(id): Path<PracticeId>,
    IfMatch(expected): IfMatch,
    request: Submitted<RenewalInput>,
) -> api::Result<Record<PracticeView>> {
    Ok(Record(practices::renew(&request.ctx, id, &request.body, expected).await?))
}

/// Deletes a practice with its documents.
#[utoipa::path(
    delete,
    path = "/crm/practices/{id}",
    tag = "practices",
    params(("id" = String, Path), IfMatch),
    responses(
        (status = 204, description = "It is gone"),
    ),
)]
pub(crate) async fn delete_practice(
    caller: Caller,
    Path(id): Path<PracticeId>,
    IfMatch(expected): IfMatch,
) -> api::Result<NoContent> {
    practices::delete(&caller, id, expected).await?;
    Ok(NoContent)
}
