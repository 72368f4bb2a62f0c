//! `POST /calls`: accepts a call.
//!
//! It stores the call as ready and wakes the planner (job `PlanCalls`). Whether it is dialed is decided by the
//! rules when its turn comes.

use api::{Accepted, Problem, Submitted};
use operations::calls::{self, AcceptedCall, CallInput};

api::routes!(create_call);

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
