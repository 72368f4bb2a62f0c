//! `/leads`: people whom the business may call.

use api::{Caller, Created, IfMatch, List, NoContent, PageQuery, Path, Problem, Query, Record, Submitted};
use axum::Json;
use domain::ContactId;
use operations::leads::{self, Lead, LeadInput, LeadSearch, Pipeline};
use serde_json::Value;

api::routes!(create_lead, list_leads, show_pipeline, get_lead, update_lead, delete_lead);

/// Stores a lead. A phone in any form, or an e-mail in any case, that another lead has is a duplicate.
#[utoipa::path(
    post,
    path = "/leads",
    tag = "leads",
    request_body = LeadInput,
    responses(
        (status = 201, description = "The lead, its phone in E.164", body = Lead),
        (status = 409, description = "Another lead has the phone or the e-mail address", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn create_lead(request: Submitted<LeadInput>) -> api::Result<Created<Lead>> {
    Ok(Created(leads::create(&request.ctx, request.body).await?))
}

/// Leads, newest first; by name, in the order of the word that was found. A page may be short where few leads fit
/// several filters.
#[utoipa::path(
    get,
    path = "/leads",
    tag = "leads",
    params(LeadSearch, PageQuery),
    responses(
        (status = 200, description = "One page", body = [Lead]),
    ),
)]
async fn list_leads(
    caller: Caller,
    Query(search): Query<LeadSearch>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<Lead>> {
    let listing = leads::list(&caller, &search, &page.page()).await?;
    let [status, campaign_id, assignee, source, tag, text] = search.as_parameters();
    Ok(List::new(listing, "/leads", &[status, campaign_id, assignee, source, tag, text, page.kept()]))
}

/// How many leads stand where, in the order of the sale.
#[utoipa::path(
    get,
    path = "/leads/pipeline",
    tag = "leads",
    responses(
        (status = 200, description = "The counts", body = Pipeline),
    ),
)]
async fn show_pipeline(caller: Caller) -> api::Result<Json<Pipeline>> {
    Ok(Json(leads::pipeline(&caller).await?))
}

/// One lead.
#[utoipa::path(
    get,
    path = "/leads/{id}",
    tag = "leads",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The lead", body = Lead),
    ),
)]
async fn get_lead(caller: Caller, Path(id): Path<ContactId>) -> api::Result<Record<Lead>> {
    Ok(Record(leads::get(&caller, id).await?))
}

/// Changes the fields that the merge patch (RFC 7396) names.
#[utoipa::path(
    patch,
    path = "/leads/{id}",
    tag = "leads",
    params(("id" = String, Path), IfMatch),
    request_body = Object,
    responses(
        (status = 200, description = "The lead", body = Lead),
        (status = 409, description = "Another lead has the phone or the e-mail address", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn update_lead(
    Path(id): Path<ContactId>,
    IfMatch(expected): IfMatch,
    request: Submitted<Value>,
) -> api::Result<Record<Lead>> {
    Ok(Record(leads::update(&request.ctx, id, &request.body, expected).await?))
}

/// Deletes a lead. Calls that wait for it are blocked with `no_lead`.
#[utoipa::path(
    delete,
    path = "/leads/{id}",
    tag = "leads",
    params(("id" = String, Path), IfMatch),
    responses(
        (status = 204, description = "It is gone"),
    ),
)]
async fn delete_lead(
    caller: Caller,
    Path(id): Path<ContactId>,
    IfMatch(expected): IfMatch,
) -> api::Result<NoContent> {
    leads::delete(&caller, id, expected).await?;
    Ok(NoContent)
}
