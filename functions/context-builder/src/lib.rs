//! `POST /context`: shows what an agent would be told before a call. It changes nothing.

use api::{Problem, Submitted};
use axum::Json;
use operations::call_context::{self, ContextInput, ContextPreview};

api::routes!(preview_context);

/// The prompt, first message and variables of a call that exists or might be asked for.
#[utoipa::path(
    post,
    path = "/context",
    tag = "calls",
    request_body = ContextInput,
    responses(
        (status = 200, description = "What the agent would be told", body = ContextPreview),
        (status = 404, description = "There is no such record", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn preview_context(request: Submitted<ContextInput>) -> api::Result<Json<ContextPreview>> {
    Ok(Json(call_context::preview(&request.ctx, request.body).await?))
}
