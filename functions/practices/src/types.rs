//! Types of practice: what the business offers.

use api::{Caller, Created, IfMatch, NoContent, Path, Problem, Record, Submitted};
use axum::Json;
use domain::practice::TypeCode;
use operations::practice_types::{self, PracticeTypeInput, PracticeTypeView};
use serde_json::Value;

/// Stores a type of practice; 200 at most.
#[utoipa::path(
    post,
    path = "/crm/practice-types",
    tag = "practices",
    request_body = PracticeTypeInput,
    responses(
        (status = 201, description = "The type", body = PracticeTypeView),
        (status = 409, description = "There is one with this code", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create_practice_type(
    request: Submitted<PracticeTypeInput>,
) -> api::Result<Created<PracticeTypeView>> {
    Ok(Created(practice_types::create(&request.ctx, request.body).await?))
}

/// All types of practice, by their codes.
#[utoipa::path(
    get,
    path = "/crm/practice-types",
    tag = "practices",
    responses(
        (status = 200, description = "All of them", body = [PracticeTypeView]),
    ),
)]
pub(crate) async fn list_practice_types(caller: Caller) -> api::Result<Json<Vec<PracticeTypeView>>> {
    Ok(Json(practice_types::list(&caller).await?))
}

/// One type of practice.
#[utoipa::path(
    get,
    path = "/crm/practice-types/{code}",
    tag = "practices",
    params(("code" = String, Path)),
    responses(
        (status = 200, description = "The type", body = PracticeTypeView),
    ),
)]
pub(crate) async fn get_practice_type(
    caller: Caller,
    Path(code): Path<TypeCode>,
) -> api::Result<Record<PracticeTypeView>> {
    Ok(Record(practice_types::get(&caller, &code).await?))
}

/// Changes the fields that the merge patch (RFC 7396) names. Practices that were begun stay as they are.
#[utoipa::path(
    patch,
    path = "/crm/practice-types/{code}",
    tag = "practices",
    params(("code" = String, Path), IfMatch),
    request_body = Object,
    responses(
        (status = 200, description = "The type", body = PracticeTypeView),
    ),
)]
pub(crate) async fn update_practice_type(
    Path(code): Path<TypeCode>,
    IfMatch(expected): IfMatch,
    request: Submitted<Value>,
) -> api::Result<Record<PracticeTypeView>> {
    Ok(Record(practice_types::update(&request.ctx, &code, &request.body, expected).await?))
}

/// Deletes a type that no practice is of.
#[utoipa::path(
    delete,
    path = "/crm/practice-types/{code}",
    tag = "practices",
    params(("code" = String, Path), IfMatch),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "There are practices of it", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn delete_practice_type(
    caller: Caller,
    Path(code): Path<TypeCode>,
    IfMatch(expected): IfMatch,
) -> api::Result<NoContent> {
    practice_types::delete(&caller, &code, expected).await?;
    Ok(NoContent)
}
