//! `POST /agents`: makes an AI agent, here and at the voice provider. `POST /agents/templates`: keeps a starting
//! point for agents.
//!
//! The agent is written here as pending before it is made at the provider; if the function dies half way, the
//! job `SyncAgent` settles it.

use api::{Created, Problem, Submitted};
use domain::agent::template::TemplateContent;
use operations::agents::templates::{self, TemplateView};
use operations::agents::{self, AgentView, NewAgent};

api::routes!(create_agent, create_agent_template);

/// Makes an agent, from a template where one is named. The first one is the default: calls that name no agent are
/// its calls.
#[utoipa::path(
    post,
    path = "/agents",
    tag = "agents",
    request_body = NewAgent,
    responses(
        (status = 201, description = "The agent, at ElevenLabs too", body = AgentView),
        (status = 409, description = "The voice provider is not set up, or the agent was deleted while it was made", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The provider refused or failed", body = Problem, content_type = "application/problem+json"),
        (status = 504, description = "The provider did not answer in time; what it did is found out and settled", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn create_agent(request: Submitted<NewAgent>) -> api::Result<Created<AgentView>> {
    Ok(Created(agents::create(&request.ctx, request.body).await?))
}

/// Keeps a template, from which agents can be made. A tenant may have 200.
#[utoipa::path(
    post,
    path = "/agents/templates",
    tag = "agents",
    request_body = TemplateContent,
    responses(
        (status = 201, description = "The template", body = TemplateView),
        (status = 409, description = "There are as many as there may be", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn create_agent_template(request: Submitted<TemplateContent>) -> api::Result<Created<TemplateView>> {
    Ok(Created(templates::create(&request.ctx, request.body).await?))
}
