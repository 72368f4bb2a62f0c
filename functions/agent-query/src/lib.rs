//! `GET /agents`, `GET /agents/{id}`: reads AI agents.

use api::{Caller, List, PageQuery, Path, Query, Record};
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
    ),
)]
async fn get_agent(caller: Caller, Path(id): Path<AgentId>) -> api::Result<Record<AgentView>> {
    Ok(Record(agents::get(&caller, id).await?))
}
