//! `/campaigns`: which leads are called, by which agents, under which rules.
//!
//! A command sets off `RunCampaign`, which brings the campaign's leads and calls after.

use api::{Caller, Created, IfMatch, List, NoContent, PageQuery, Path, Problem, Query, Record, Submitted};
use axum::Json;
use domain::CampaignId;
use domain::campaign::{CampaignStatus, Terms};
use operations::campaigns::{self, CampaignDetails, CampaignPlan, CampaignView};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

mod commands;
use commands::{
    __path_cancel_campaign, __path_pause_campaign, __path_resume_campaign, __path_start_campaign,
    cancel_campaign, pause_campaign, resume_campaign, start_campaign,
};

api::routes!(
    create_campaign,
    list_campaigns,
    get_campaign,
    update_campaign,
    delete_campaign,
    plan_campaign,
    start_campaign,
    pause_campaign,
    resume_campaign,
    cancel_campaign
);

/// Stores a campaign as a draft.
#[utoipa::path(
    post,
    path = "/campaigns",
    tag = "campaigns",
    request_body = Terms,
    responses(
        (status = 201, description = "The campaign", body = CampaignView),
    ),
)]
async fn create_campaign(request: Submitted<Terms>) -> api::Result<Created<CampaignView>> {
    Ok(Created(campaigns::create(&request.ctx, request.body).await?))
}

/// Which campaigns to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct CampaignFilter {
    /// Those in this status.
    status: Option<CampaignStatus>,
}

/// Campaigns, newest first.
#[utoipa::path(
    get,
    path = "/campaigns",
    tag = "campaigns",
    params(CampaignFilter, PageQuery),
    responses(
        (status = 200, description = "One page", body = [CampaignView]),
    ),
)]
async fn list_campaigns(
    caller: Caller,
    Query(filter): Query<CampaignFilter>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<CampaignView>> {
    let listing = campaigns::list(&caller, filter.status, &page.page()).await?;
    let status = filter.status.map(|status| status.as_str().to_owned());
    Ok(List::new(listing, "/campaigns", &[("status", status), page.kept()]))
}

/// One campaign, with how many of its calls are in which status.
#[utoipa::path(
    get,
    path = "/campaigns/{id}",
    tag = "campaigns",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The campaign", body = CampaignDetails),
    ),
)]
async fn get_campaign(caller: Caller, Path(id): Path<CampaignId>) -> api::Result<Record<CampaignDetails>> {
    Ok(Record(campaigns::get(&caller, id).await?))
}

/// Changes the fields that the merge patch (RFC 7396) names. Calls that wait go by the new rules.
#[utoipa::path(
    patch,
    path = "/campaigns/{id}",
    tag = "campaigns",
    params(("id" = String, Path), IfMatch),
    request_body = Object,
    responses(
        (status = 200, description = "The campaign", body = CampaignView),
        (status = 409, description = "It was cancelled", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn update_campaign(
    Path(id): Path<CampaignId>,
    IfMatch(expected): IfMatch,
    request: Submitted<Value>,
) -> api::Result<Record<CampaignView>> {
    Ok(Record(campaigns::update(&request.ctx, id, &request.body, expected).await?))
}

/// Deletes a campaign that was never started, or was cancelled.
#[utoipa::path(
    delete,
    path = "/campaigns/{id}",
    tag = "campaigns",
    params(("id" = String, Path), IfMatch),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "It is on, or has calls that are not over", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn delete_campaign(
    caller: Caller,
    Path(id): Path<CampaignId>,
    IfMatch(expected): IfMatch,
) -> api::Result<NoContent> {
    campaigns::delete(&caller, id, expected).await?;
    Ok(NoContent)
}

/// What the campaign would do if it were started now: whom it would call when and by which agent, and whom not.
/// Changes nothing.
#[utoipa::path(
    post,
    path = "/campaigns/{id}/plan",
    tag = "campaigns",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The plan", body = CampaignPlan),
    ),
)]
async fn plan_campaign(caller: Caller, Path(id): Path<CampaignId>) -> api::Result<Json<CampaignPlan>> {
    Ok(Json(campaigns::plan(&caller, id).await?))
}
