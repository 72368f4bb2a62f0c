//! `/leads/{id}/actions`, `…/score`, `…/suppress`, `…/unsuppress`: what followed from a lead's calls, how promising it is, and
//! shutting channels to it. Calls that wait for a lead to whom nobody may speak any more are blocked.

use api::{Caller, List, PageQuery, Path, Query, Record, Submitted};
use axum::Json;
use domain::ContactId;
use operations::leads::{self, ActionView, Channels, Lead, LeadScore};
use serde::Deserialize;
use utoipa::ToSchema;

api::routes!(suppress_lead, unsuppress_lead, list_actions, get_lead_score);

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
async fn list_actions(
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
async fn get_lead_score(caller: Caller, Path(id): Path<ContactId>) -> api::Result<Json<LeadScore>> {
    Ok(Json(leads::score(&caller, id).await?))
}

/// Which channels to shut or to open, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SuppressInput {
    /// A channel, or `all`.
    channel: Channels,
    /// Why, in a line.
    reason: String,
}

/// Shuts channels to a lead for good. Calls that wait for it are blocked with `suppressed`.
#[utoipa::path(
    post,
    path = "/leads/{id}/suppress",
    tag = "leads",
    params(("id" = String, Path)),
    request_body = SuppressInput,
    responses(
        (status = 200, description = "The lead", body = Lead),
    ),
)]
async fn suppress_lead(
    Path(id): Path<ContactId>,
    request: Submitted<SuppressInput>,
) -> api::Result<Record<Lead>> {
    let SuppressInput { channel, reason } = request.body;
    Ok(Record(leads::suppress(&request.ctx, id, channel, &reason).await?))
}

/// Opens channels to a lead again, because the person said so. Whether they consent is another question.
#[utoipa::path(
    post,
    path = "/leads/{id}/unsuppress",
    tag = "leads",
    params(("id" = String, Path)),
    request_body = SuppressInput,
    responses(
        (status = 200, description = "The lead", body = Lead),
    ),
)]
async fn unsuppress_lead(
    Path(id): Path<ContactId>,
    request: Submitted<SuppressInput>,
) -> api::Result<Record<Lead>> {
    let SuppressInput { channel, reason } = request.body;
    Ok(Record(leads::unsuppress(&request.ctx, id, channel, &reason).await?))
}
