//! `GET /calls`, `GET /calls/{id}`, `…/why`, `…/context`, `…/audio`: reads calls, explains them and lets them be heard.

use api::{Audio, Caller, List, PageQuery, Path, Problem, Query};
use axum::Json;
use domain::CallId;
use operations::call_context::{self, CallContext};
use operations::calls::{self, CallDetails, CallSearch, CallView, Why};
use operations::recordings::{self, AttemptSearch};

api::routes!(list_calls, get_call, explain_call, get_call_context, get_call_audio);

/// Calls, newest first; by a status in which they are not over, oldest first. A page may be short where few calls
/// fit several filters.
#[utoipa::path(
    get,
    path = "/calls",
    tag = "calls",
    params(CallSearch, PageQuery),
    responses(
        (status = 200, description = "One page", body = [CallView]),
    ),
)]
async fn list_calls(
    caller: Caller,
    Query(search): Query<CallSearch>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<CallView>> {
    let listing = calls::list(&caller, &search, &page.page()).await?;
    let [lead, campaign, agent, status] = search.as_parameters();
    Ok(List::new(listing, "/calls", &[lead, campaign, agent, status, page.kept()]))
}

/// One call with its attempts, what was said, and what was read in it.
#[utoipa::path(
    get,
    path = "/calls/{id}",
    tag = "calls",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The call", body = CallDetails),
    ),
)]
async fn get_call(caller: Caller, Path(id): Path<CallId>) -> api::Result<Json<CallDetails>> {
    Ok(Json(calls::get(&caller, id).await?))
}

/// Every rule, its verdict on the call at this instant, and the next legal moment.
#[utoipa::path(
    get,
    path = "/calls/{id}/why",
    tag = "calls",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The rules and their verdicts", body = Why),
    ),
)]
async fn explain_call(caller: Caller, Path(id): Path<CallId>) -> api::Result<Json<Why>> {
    Ok(Json(calls::why(&caller, id).await?))
}

/// What the agent was told in an attempt: prompt, first message, variables, and which versions of what they came of.
#[utoipa::path(
    get,
    path = "/calls/{id}/context",
    tag = "calls",
    params(("id" = String, Path), AttemptSearch),
    responses(
        (status = 200, description = "What it was told", body = CallContext),
    ),
)]
async fn get_call_context(
    caller: Caller,
    Path(id): Path<CallId>,
    Query(search): Query<AttemptSearch>,
) -> api::Result<Json<CallContext>> {
    Ok(Json(call_context::of_call(&caller, id, search.attempt).await?))
}

/// The recording of what was said, as the voice provider keeps it.
#[utoipa::path(
    get,
    path = "/calls/{id}/audio",
    tag = "calls",
    params(("id" = String, Path), AttemptSearch),
    responses(
        (status = 200, description = "The recording as MP3", body = String, content_type = "audio/mpeg"),
        (status = 303, description = "A recording above 4.5 MB: where it can be had for some minutes",
            headers(("Location" = String))),
        (status = 409, description = "The voice provider is not set up", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The provider refused or failed", body = Problem, content_type = "application/problem+json"),
        (status = 504, description = "The provider did not answer in time", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn get_call_audio(
    caller: Caller,
    Path(id): Path<CallId>,
    Query(search): Query<AttemptSearch>,
) -> api::Result<Audio> {
    Ok(Audio(recordings::get(&caller, id, search).await?))
}
