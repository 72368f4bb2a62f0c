//! `GET /agents…`: reads AI agents, their versions and templates.

use api::{Caller, List, PageQuery, Path, Problem, Query, Record};
use axum::Json;
use domain::AgentId;
use operations::agents::templates::{self, TemplateView};
use operations::agents::versions::{self, VersionView};
use operations::agents::{self, AgentView};
use serde::Deserialize;
use utoipa::IntoParams;

api::routes!(
    list_agents,
    get_agent,
    list_agent_versions,
    get_agent_version,
    list_agent_templates,
    get_agent_template,
);

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

/// How to read an agent.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct Reading {
    /// Whether to ask ElevenLabs what it has: `drift` and `drifted_fields` then say whether that is ours.
    refresh: bool,
}

/// One agent.
#[utoipa::path(
    get,
    path = "/agents/{id}",
    tag = "agents",
    params(("id" = String, Path), Reading),
    responses(
        (status = 200, description = "The agent", body = AgentView),
        (status = 409, description = "With `refresh`: the voice provider is not set up", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "With `refresh`: the provider refused or failed", body = Problem, content_type = "application/problem+json"),
        (status = 504, description = "With `refresh`: the provider did not answer in time", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn get_agent(
    caller: Caller,
    Path(id): Path<AgentId>,
    Query(reading): Query<Reading>,
) -> api::Result<Record<AgentView>> {
    Ok(Record(agents::get(&caller, id, reading.refresh).await?))
}

/// Versions of an agent, newest first, each with what it changed.
#[utoipa::path(
    get,
    path = "/agents/{id}/versions",
    tag = "agents",
    params(("id" = String, Path), PageQuery),
    responses(
        (status = 200, description = "One page", body = [VersionView]),
    ),
)]
async fn list_agent_versions(
    caller: Caller,
    Path(id): Path<AgentId>,
    Query(query): Query<PageQuery>,
) -> api::Result<List<VersionView>> {
    let listing = versions::list(&caller, id, &query.page()).await?;
    Ok(List::new(listing, &format!("/agents/{id}/versions"), &[query.kept()]))
}

/// One version of an agent.
#[utoipa::path(
    get,
    path = "/agents/{id}/versions/{version}",
    tag = "agents",
    params(("id" = String, Path), ("version" = u32, Path)),
    responses(
        (status = 200, description = "The version", body = VersionView),
    ),
)]
async fn get_agent_version(
    caller: Caller,
    Path((id, version)): Path<(AgentId, u32)>,
) -> api::Result<Json<VersionView>> {
    Ok(Json(versions::get(&caller, id, version).await?))
}

/// Templates for agents: first those that come with the product, which do not count towards the limit, then the
/// tenant's own, the oldest first.
#[utoipa::path(
    get,
    path = "/agents/templates",
    tag = "agents",
    params(PageQuery),
    responses(
        (status = 200, description = "One page", body = [TemplateView]),
    ),
)]
async fn list_agent_templates(
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> api::Result<List<TemplateView>> {
    let listing = templates::list(&caller, &query.page()).await?;
    Ok(List::new(listing, "/agents/templates", &[query.kept()]))
}

/// One template.
#[utoipa::path(
    get,
    path = "/agents/templates/{id}",
    tag = "agents",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The template", body = TemplateView),
    ),
)]
async fn get_agent_template(caller: Caller, Path(id): Path<String>) -> api::Result<Json<TemplateView>> {
    Ok(Json(templates::get(&caller, &id).await?))
}
