//! What followed from a lead's calls, and how promising it is.

use api::{Caller, List, PageQuery, Path, Query};
use axum::Json;
use domain::ContactId;
use operations::leads::{self, ActionView, LeadScore};

/// What followed from a lead's calls, newest first; every analysed call has at least one. A `message` is a text that
/// a person may send: nothing is sent by itself.
#[utoipa::path(
    get,
    path = "/leads/{id}/actions",
    tag = "leads",
    params(("id" = String, Path), PageQuery),
    responses(
        (status = 200, description = "One page", body = [ActionView]),
    ),
)]
pub(crate) async fn list_actions(
    caller: Caller,
    Path(id): Path<ContactId>,
    Query(query): Query<PageQuery>,
) -> api::Result<List<ActionView>> {
    let listing = leads::actions(&caller, id, &query.page()).await?;
    Ok(List::new(listing, &format!("/leads/{id}/actions"), &[query.kept()]))
}

/// How promising a lead is and where it stands, worked out anew from what is stored, with reasons. Asks no model and
/// changes nothing.
#[utoipa::path(
    get,
    path = "/leads/{id}/score",
    tag = "leads",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The score", body = LeadScore),
    ),
)]
pub(crate) async fn get_lead_score(
    caller: Caller,
    Path(id): Path<ContactId>,
) -> api::Result<Json<LeadScore>> {
    Ok(Json(leads::score(&caller, id).await?))
}
