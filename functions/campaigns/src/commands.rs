//! What a member may do with a campaign.

use api::{Accepted, Caller, Path, Problem};
use domain::CampaignId;
use operations::campaigns::{self, CampaignView, Command};

/// Has the leads of the campaign called: those assigned to it, and those of its source that belong to no campaign.
#[utoipa::path(
    post,
    path = "/campaigns/{id}/start",
    tag = "campaigns",
    params(("id" = String, Path)),
    responses(
        (status = 202, description = "The campaign, whose leads and calls are brought after", body = CampaignView),
        (status = 409, description = "It is paused or was cancelled, or there is no agent to speak", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn start_campaign(
    caller: Caller,
    Path(id): Path<CampaignId>,
) -> api::Result<Accepted<CampaignView>> {
    Ok(Accepted(campaigns::command(&caller, id, Command::Start).await?))
}

/// Has no further call of the campaign begin. Calls that are under way go on; those that wait are put aside.
#[utoipa::path(
    post,
    path = "/campaigns/{id}/pause",
    tag = "campaigns",
    params(("id" = String, Path)),
    responses(
        (status = 202, description = "The campaign, whose leads and calls are brought after", body = CampaignView),
        (status = 409, description = "It was never started, or was cancelled", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn pause_campaign(
    caller: Caller,
    Path(id): Path<CampaignId>,
) -> api::Result<Accepted<CampaignView>> {
    Ok(Accepted(campaigns::command(&caller, id, Command::Pause).await?))
}

/// Has the leads of the campaign called again. Calls that were put aside keep their turn.
#[utoipa::path(
    post,
    path = "/campaigns/{id}/resume",
    tag = "campaigns",
    params(("id" = String, Path)),
    responses(
        (status = 202, description = "The campaign, whose leads and calls are brought after", body = CampaignView),
        (status = 409, description = "It was never started or was cancelled, or there is no agent to speak", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn resume_campaign(
    caller: Caller,
    Path(id): Path<CampaignId>,
) -> api::Result<Accepted<CampaignView>> {
    Ok(Accepted(campaigns::command(&caller, id, Command::Resume).await?))
}

/// Ends the campaign. Calls that wait are cancelled, and none is tried again.
#[utoipa::path(
    post,
    path = "/campaigns/{id}/cancel",
    tag = "campaigns",
    params(("id" = String, Path)),
    responses(
        (status = 202, description = "The campaign, whose leads and calls are brought after", body = CampaignView),
    ),
)]
pub(crate) async fn cancel_campaign(
    caller: Caller,
    Path(id): Path<CampaignId>,
) -> api::Result<Accepted<CampaignView>> {
    Ok(Accepted(campaigns::command(&caller, id, Command::Cancel).await?))
}
