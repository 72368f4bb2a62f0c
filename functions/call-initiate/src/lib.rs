//! `POST /calls`, `POST /calls/{id}/cancel`: accepts a call, and takes one back.
//!
//! It stores the call as ready and wakes the planner (job `PlanCalls`). Whether it is dialed is decided by the
//! rules when its turn comes.

use api::{Accepted, Caller, Path, Problem, Submitted};
use axum::Json;
use domain::CallId;
use operations::calls::{self, AcceptedCall, CallInput, CallView};

api::routes!(create_call, cancel_call);

/// Asks for a call. One that the rules forbid is accepted too, and then `blocked` with its reason.
#[utoipa::path(
    post,
    path = "/calls",
    tag = "calls",
    request_body = CallInput,
    responses(
        (status = 202, description = "The call is queued", body = AcceptedCall),
        (status = 404, description = "There is no such record", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn create_call(request: Submitted<CallInput>) -> api::Result<Accepted<AcceptedCall>> {
    Ok(Accepted(calls::create(&request.ctx, request.body).await?))
}

/// Takes a call back that nobody was called for yet.
#[utoipa::path(
    post,
    path = "/calls/{id}/cancel",
    tag = "calls",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The call", body = CallView),
        (status = 409, description = "It is being made, or is over", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn cancel_call(caller: Caller, Path(id): Path<CallId>) -> api::Result<Json<CallView>> {
    Ok(Json(calls::cancel(&caller, id).await?))
}
