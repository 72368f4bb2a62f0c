//! `GET /calls`, `GET /calls/{id}`, `GET /calls/{id}/why`: reads calls and explains them.

use api::{Caller, List, PageQuery, Path, Problem, Query};
use axum::Json;
use domain::{CallId, ContactId};
use operations::calls::{self, CallDetails, CallView, Why};
use serde::Deserialize;
use utoipa::IntoParams;

api::routes!(list_calls, get_call, explain_call);

/// Which calls to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct CallQuery {
    /// Those of this lead.
    #[param(value_type = Option<String>)]
    lead_id: Option<ContactId>,
    /// How many, at most 100; 50 if not given.
    limit: Option<usize>,
    /// Where the last page ended, as its `Link` header said.
    cursor: Option<String>,
}

/// Calls, newest first.
#[utoipa::path(
    get,
    path = "/calls",
    tag = "calls",
    params(CallQuery),
    responses(
        (status = 200, description = "One page", body = [CallView]),
        (status = 401, description = "No known credential", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The role does not suffice", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A value is not accepted", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn list_calls(caller: Caller, Query(query): Query<CallQuery>) -> api::Result<List<CallView>> {
    let page = PageQuery { limit: query.limit, cursor: query.cursor };
    let listing = calls::list(&caller, query.lead_id, &page.page()).await?;
    let lead = query.lead_id.map(|lead| lead.to_string());
    Ok(List::new(listing, "/calls", &[("lead_id", lead), page.kept()]))
}

/// One call with its attempts, what was said, and what was read in it.
#[utoipa::path(
    get,
    path = "/calls/{id}",
    tag = "calls",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The call", body = CallDetails),
        (status = 401, description = "No known credential", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The role does not suffice", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such record", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn get_call(caller: Caller, Path(id): Path<CallId>) -> api::Result<Json<CallDetails>> {
    Ok(Json(calls::get(&caller, id).await?))
}

/// Every rule, its verdict on the call at this instant, and the next legal moment.
#[utoipa::path(
    get,
    path = "/calls/{id}/why",
    tag = "calls",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The rules and their verdicts", body = Why),
        (status = 401, description = "No known credential", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The role does not suffice", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such record", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn explain_call(caller: Caller, Path(id): Path<CallId>) -> api::Result<Json<Why>> {
    Ok(Json(calls::why(&caller, id).await?))
}
