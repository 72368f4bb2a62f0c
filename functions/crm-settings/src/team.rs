//! Who works at the business.

use api::{Caller, Created, IfMatch, NoContent, Path, Problem, Query, Record, Submitted};
use axum::Json;
use domain::MemberId;
use operations::team::{self, MemberInput, MemberView};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

/// Stores a member.
#[utoipa::path(
    post,
    path = "/crm/team",
    tag = "crm",
    request_body = MemberInput,
    responses(
        (status = 201, description = "The member", body = MemberView),
        (status = 409, description = "Another member has the e-mail address", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create_member(request: Submitted<MemberInput>) -> api::Result<Created<MemberView>> {
    Ok(Created(team::create(&request.ctx, request.body).await?))
}

/// Which members to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct MemberFilter {
    /// Those who work here now, or those who do not; all of them if not given.
    active: Option<bool>,
}

/// All members, the oldest first.
#[utoipa::path(
    get,
    path = "/crm/team",
    tag = "crm",
    params(MemberFilter),
    responses(
        (status = 200, description = "The members, 1,000 at most", body = [MemberView]),
    ),
)]
pub(crate) async fn list_members(
    caller: Caller,
    Query(filter): Query<MemberFilter>,
) -> api::Result<Json<Vec<MemberView>>> {
    Ok(Json(team::list(&caller, filter.active).await?))
}

/// One member.
#[utoipa::path(
    get,
    path = "/crm/team/{id}",
    tag = "crm",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The member", body = MemberView),
    ),
)]
pub(crate) async fn get_member(caller: Caller, Path(id): Path<MemberId>) -> api::Result<Record<MemberView>> {
    Ok(Record(team::get(&caller, id).await?))
}

/// Changes the fields that the merge patch (RFC 7396) names.
#[utoipa::path(
    patch,
    path = "/crm/team/{id}",
    tag = "crm",
    params(("id" = String, Path), IfMatch),
    request_body = Object,
    responses(
        (status = 200, description = "The member", body = MemberView),
        (status = 409, description = "Another member has the e-mail address", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn update_member(
    Path(id): Path<MemberId>,
    IfMatch(expected): IfMatch,
    request: Submitted<Value>,
) -> api::Result<Record<MemberView>> {
    Ok(Record(team::update(&request.ctx, id, &request.body, expected).await?))
}

/// Deletes a member. What they were assigned stays assigned to their address.
#[utoipa::path(
    delete,
    path = "/crm/team/{id}",
    tag = "crm",
    params(("id" = String, Path), IfMatch),
    responses(
        (status = 204, description = "They are gone"),
    ),
)]
pub(crate) async fn delete_member(
    caller: Caller,
    Path(id): Path<MemberId>,
    IfMatch(expected): IfMatch,
) -> api::Result<NoContent> {
    team::delete(&caller, id, expected).await?;
    Ok(NoContent)
}
