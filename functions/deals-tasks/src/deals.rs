//! Deals: what leads may buy.

use api::{Caller, Created, IfMatch, List, NoContent, PageQuery, Path, Problem, Query, Record, Submitted};
use domain::DealId;
use operations::deals::{self, DealInput, DealSearch, DealView};
use serde_json::Value;

/// Stores a deal of a lead.
#[utoipa::path(
    post,
    path = "/deals",
    tag = "deals",
    request_body = DealInput,
    responses(
        (status = 201, description = "The deal", body = DealView),
        (status = 404, description = "There is no such lead", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create_deal(request: Submitted<DealInput>) -> api::Result<Created<DealView>> {
    Ok(Created(deals::create(&request.ctx, request.body).await?))
}

/// Deals, newest first. A page may be short where few deals fit both filters.
#[utoipa::path(
    get,
    path = "/deals",
    tag = "deals",
    params(DealSearch, PageQuery),
    responses(
        (status = 200, description = "One page", body = [DealView]),
    ),
)]
pub(crate) async fn list_deals(
    caller: Caller,
    Query(search): Query<DealSearch>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<DealView>> {
    let listing = deals::list(&caller, &search, &page.page()).await?;
    let [contact_id, stage] = search.as_parameters();
    Ok(List::new(listing, "/deals", &[contact_id, stage, page.kept()]))
}

/// One deal, with its moves from stage to stage.
#[utoipa::path(
    get,
    path = "/deals/{id}",
    tag = "deals",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The deal", body = DealView),
    ),
)]
pub(crate) async fn get_deal(caller: Caller, Path(id): Path<DealId>) -> api::Result<Record<DealView>> {
    Ok(Record(deals::get(&caller, id).await?))
}

/// Changes the fields that the merge patch (RFC 7396) names. A change of the stage is kept in the deal's history.
#[utoipa::path(
    patch,
    path = "/deals/{id}",
    tag = "deals",
    params(("id" = String, Path), IfMatch),
    request_body = Object,
    responses(
        (status = 200, description = "The deal", body = DealView),
    ),
)]
pub(crate) async fn update_deal(
    Path(id): Path<DealId>,
    IfMatch(expected): IfMatch,
    request: Submitted<Value>,
) -> api::Result<Record<DealView>> {
    Ok(Record(deals::update(&request.ctx, id, &request.body, expected).await?))
}

/// Deletes a deal.
#[utoipa::path(
    delete,
    path = "/deals/{id}",
    tag = "deals",
    params(("id" = String, Path), IfMatch),
    responses(
        (status = 204, description = "It is gone"),
    ),
)]
pub(crate) async fn delete_deal(
    caller: Caller,
    Path(id): Path<DealId>,
    IfMatch(expected): IfMatch,
) -> api::Result<NoContent> {
    deals::delete(&caller, id, expected).await?;
    Ok(NoContent)
}
