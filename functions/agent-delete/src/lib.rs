//! `DELETE /agents/{id}`: deletes an AI agent, here and at the voice provider.
//!
//! It is gone here at once; if the provider does not answer, the job `SyncAgent` deletes it there.

use api::{Caller, IfMatch, NoContent, Path, Problem};
use domain::AgentId;
use operations::agents;

api::routes!(delete_agent);

/// Deletes an agent. Calls that wait for it are blocked with `no_agent`.
#[utoipa::path(
    delete,
    path = "/agents/{id}",
    tag = "agents",
    params(("id" = String, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No known credential", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The role does not suffice", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such record", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "It was changed since it was read", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
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
