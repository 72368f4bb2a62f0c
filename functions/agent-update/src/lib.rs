//! `PATCH /agents/{id}`: changes an AI agent, here and at the voice provider.
//!
//! A change that the provider cannot take now stays pending, and the job `SyncAgent` brings it there; one that
//! it will never take is undone here.

use api::{IfMatch, Path, Problem, Record, Submitted};
use domain::AgentId;
use operations::agents::{self, AgentView};
use serde_json::Value;

api::routes!(update_agent);

/// Changes the fields that the merge patch (RFC 7396) names. `sync` says whether ElevenLabs has the change.
#[utoipa::path(
    patch,
    path = "/agents/{id}",
    tag = "agents",
    params(("id" = String, Path), IfMatch),
    request_body = Object,
    responses(
        (status = 200, description = "The agent", body = AgentView),
        (status = 409, description = "It exists, or is not in a state for this", body = Problem, content_type = "application/problem+json"),
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
