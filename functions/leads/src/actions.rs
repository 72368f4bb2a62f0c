//! What followed from a lead's calls.

use api::{Caller, List, PageQuery, Path, Problem, Query};
use domain::ContactId;
use operations::leads::{self, ActionView};

/// What followed from a lead's calls, newest first; every analysed call has at least one.
#[utoipa::path(
    get,
    path = "/leads/{id}/actions",
    tag = "leads",
    params(("id" = String, Path), PageQuery),
    responses(
        (status = 200, description = "One page", body = [ActionView]),
        (status = 401, description = "No known credential", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The role does not suffice", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such record", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A value is not accepted", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list_actions(
    caller: Caller,
    Path(id): Path<ContactId>,
    Query(query): Query<PageQuery>,
) -> api::Result<List<ActionView>> {
    let listing = leads::actions(&caller, id, &query.page()).await?;
    Ok(List::new(listing, &format!("/leads/{id}/actions"), &[query.kept()]))
}
