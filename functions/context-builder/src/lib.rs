//! `POST /context` shows what an agent would be told before a call, `POST /agents/{id}/test` what it would be told and
//! say to a lead. Both change nothing.

use api::{Path, Problem, Submitted};
use axum::Json;
use domain::AgentId;
use operations::agents::{self, TestInput, TestReport};
use operations::call_context::{self, ContextInput, PacketView};

api::routes!(preview_context, test_agent);

/// The prompt, first message and variables of a call that exists or might be asked for. Changes nothing.
#[utoipa::path(
    post,
    path = "/context",
    tag = "calls",
    request_body = ContextInput,
    responses(
        (status = 200, description = "What the agent would be told", body = PacketView),
        (status = 404, description = "There is no such record", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn preview_context(request: Submitted<ContextInput>) -> api::Result<Json<PacketView>> {
    Ok(Json(call_context::preview(&request.ctx, request.body).await?))
}

/// What an agent would be told and would say to a lead, and what is wrong with that. Changes nothing.
#[utoipa::path(
    post,
    path = "/agents/{id}/test",
    tag = "agents",
    params(("id" = String, Path)),
    request_body = TestInput,
    responses(
        (status = 200, description = "What would be told and said", body = TestReport),
    ),
)]
async fn test_agent(Path(id): Path<AgentId>, request: Submitted<TestInput>) -> api::Result<Json<TestReport>> {
    Ok(Json(agents::test(&request.ctx, id, request.body).await?))
}
