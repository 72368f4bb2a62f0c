//! `GET /agents`, `GET /agents/{id}`: reads AI agents.

use api::{Caller, List, PageQuery, Path, Problem, Query, Record};
use domain::AgentId;
use operations::agents::{self, AgentView};

api::routes!(list_agents, get_agent);

/// Agents, newest first.
#[utoipa::path(
    get,
    path = "/agents",
    tag = "agents",
    params(PageQuery),
    responses(
        (status = 200, description = "One page", body = [AgentView]),
        (status = 401, description = "No known credential", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The role does not suffice", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A value is not accepted", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn list_agents(caller: Caller, Query(query): Query<PageQuery>) -> api::Result<List<AgentView>> {
    let listing = agents::list(&caller, &query.page()).await?;
    Ok(List::new(listing, "/agents", &[query.kept()]))
}

/// One agent.
#[utoipa::path(
    get,
    path = "/agents/{id}",
    tag = "agents",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The agent", body = AgentView),
        (status = 401, description = "No known credential", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The role does not suffice", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such record", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn get_agent(caller: Caller, Path(id): Path<AgentId>) -> api::Result<Record<AgentView>> {
    Ok(Record(agents::get(&caller, id).await?))
}
