//! `DELETE /agents/{id}`: deletes an AI agent, here and at the voice provider. `DELETE /agents/templates/{id}`:
//! deletes a template.
//!
//! An agent is gone here at once; if the provider does not answer, the job `SyncAgent` deletes it there.

use api::{Caller, IfMatch, NoContent, Path, Problem};
use domain::AgentId;
use operations::agents::{self, templates};

api::routes!(delete_agent, delete_agent_template);

/// Deletes an agent. Calls that wait for it are blocked with `no_agent`.
#[utoipa::path(
    delete,
    path = "/agents/{id}",
    tag = "agents",
    params(("id" = String, Path), IfMatch),
    responses(
        (status = 204, description = "It is gone"),
    ),
)]
async fn delete_agent(
    caller: Caller,
    Path(id): Path<AgentId>,
    IfMatch(expected): IfMatch,
) -> api::Result<NoContent> {
    agents::delete(&caller, id, expected).await?;
    Ok(NoContent)
}

/// Deletes a template of the tenant's own. Agents that were made from it stay as they are.
#[utoipa::path(
    delete,
    path = "/agents/templates/{id}",
    tag = "agents",
    params(("id" = String, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "It comes with the product", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn delete_agent_template(caller: Caller, Path(id): Path<String>) -> api::Result<NoContent> {
    templates::delete(&caller, &id).await?;
    Ok(NoContent)
}
