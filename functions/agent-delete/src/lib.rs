//! `DELETE /agents/{id}`: deletes an AI agent, here and at the voice provider.
//!
//! It is gone here at once; if the provider does not answer, the job `SyncAgent` deletes it there.

use api::{Caller, IfMatch, NoContent, Path};
use domain::AgentId;
use operations::agents;

api::routes!(delete_agent);

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
