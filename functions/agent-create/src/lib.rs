//! `POST /agents`: makes an AI agent, here and at the voice provider.
//!
//! The agent is written here as pending before it is made at the provider; if the function dies half way, the
//! job `SyncAgent` settles it.

use api::{Created, Problem, Submitted};
use operations::agents::{self, AgentInput, AgentView};

api::routes!(create_agent);

/// Makes an agent. The first one is the default: calls that name no agent are its calls.
#[utoipa::path(
    post,
    path = "/agents",
    tag = "agents",
    request_body = AgentInput,
    responses(
        (status = 201, description = "The agent, at ElevenLabs too", body = AgentView),
        (status = 409, description = "It exists, or is not in a state for this", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The provider refused or failed", body = Problem, content_type = "application/problem+json"),
        (status = 504, description = "The provider did not answer in time; what it did is found out and settled", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn create_agent(request: Submitted<AgentInput>) -> api::Result<Created<AgentView>> {
    Ok(Created(agents::create(&request.ctx, request.body).await?))
}
