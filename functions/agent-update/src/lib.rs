//! `PATCH /agents/{id}`, `POST /agents/{id}/versions/{version}/restore`: changes an AI agent, here and at the voice
//! provider. `POST /agents/{id}/sync`: brings the provider back to what stands here.
//!
//! A change that the provider cannot take now stays pending, and the job `SyncAgent` brings it there; one that
//! it will never take is undone here.

use api::{Caller, IfMatch, Path, Problem, Record, Submitted};
use domain::AgentId;
use operations::agents::{self, AgentView, versions};
use serde_json::Value;

api::routes!(update_agent, restore_agent_version, sync_agent);

/// Changes the fields that the merge patch (RFC 7396) names. `sync` says whether ElevenLabs has the change.
#[utoipa::path(
    patch,
    path = "/agents/{id}",
    tag = "agents",
    params(("id" = String, Path), IfMatch),
    request_body = Object,
    responses(
        (status = 200, description = "The agent", body = AgentView),
        (status = 409, description = "The voice provider is not set up, or the agent is still being made there", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The provider refused or failed", body = Problem, content_type = "application/problem+json"),
        (status = 504, description = "The provider did not answer in time; what it did is found out and settled", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn update_agent(
    Path(id): Path<AgentId>,
    IfMatch(expected): IfMatch,
    request: Submitted<Value>,
) -> api::Result<Record<AgentView>> {
    Ok(Record(agents::update(&request.ctx, id, &request.body, expected).await?))
}

/// Gives an agent the profile of an earlier version, as a new version.
#[utoipa::path(
    post,
    path = "/agents/{id}/versions/{version}/restore",
    tag = "agents",
    params(("id" = String, Path), ("version" = u32, Path), IfMatch),
    responses(
        (status = 200, description = "The agent", body = AgentView),
        (status = 409, description = "The voice provider is not set up, or the agent is still being made there", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The provider refused or failed", body = Problem, content_type = "application/problem+json"),
        (status = 504, description = "The provider did not answer in time; what it did is found out and settled", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn restore_agent_version(
    caller: Caller,
    Path((id, version)): Path<(AgentId, u32)>,
    IfMatch(expected): IfMatch,
) -> api::Result<Record<AgentView>> {
    Ok(Record(versions::restore(&caller, id, version, expected).await?))
}

/// Brings ElevenLabs to our version of an agent, whatever was changed there; makes it again if it is gone there.
/// `sync` says whether ElevenLabs has it.
#[utoipa::path(
    post,
    path = "/agents/{id}/sync",
    tag = "agents",
    params(("id" = String, Path), IfMatch),
    responses(
        (status = 200, description = "The agent", body = AgentView),
        (status = 409, description = "The voice provider is not set up, or the agent is still being made there", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The provider refused or failed", body = Problem, content_type = "application/problem+json"),
        (status = 504, description = "The provider did not answer in time; what it did is found out and settled", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn sync_agent(
    caller: Caller,
    Path(id): Path<AgentId>,
    IfMatch(expected): IfMatch,
) -> api::Result<Record<AgentView>> {
    Ok(Record(agents::bring_back(&caller, id, expected).await?))
}
