//! What followed from a lead's calls.

use api::{Caller, List, PageQuery, Path, Query};
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
