//! `GET /calls`, `GET /calls/{id}`, `GET /calls/{id}/why`: reads calls and explains them.

use api::{Caller, List, PageQuery, Path, Query};
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
struct CallFilter {
    /// Those of this lead.
    #[param(value_type = Option<String>)]
    lead_id: Option<ContactId>,
}

/// Calls, newest first.
#[utoipa::path(
    get,
    path = "/calls",
    tag = "calls",
    params(CallFilter, PageQuery),
    responses(
        (status = 200, description = "One page", body = [CallView]),
    ),
)]
async fn list_calls(
    caller: Caller,
    Query(filter): Query<CallFilter>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<CallView>> {
    let listing = calls::list(&caller, filter.lead_id, &page.page()).await?;
    let lead = filter.lead_id.map(|lead| lead.to_string());
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
    ),
)]
async fn explain_call(caller: Caller, Path(id): Path<CallId>) -> api::Result<Json<Why>> {
    Ok(Json(calls::why(&caller, id).await?))
}
