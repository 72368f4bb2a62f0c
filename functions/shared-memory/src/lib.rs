//! `/crm/shared-memory`: what the whole team knows: questions in people's own words, what has to be renewed, a client at a
//! glance, who has how much to do. Changes nothing; no jobs go out.

use api::{Caller, List, PageQuery, Path, Query};
use axum::Json;
use domain::ContactId;
use operations::practices::RenewalSearch;
use operations::shared_memory::{self, ClientContext, Found, SearchInput, TeamOverview, UpcomingRenewal};

api::routes!(search_shared_memory, list_renewals_with_clients, show_full_context, show_team_overview);

/// Answers a question in one's own words, such as `active practices antonello`, `clienti italiani con una KITAS aperta` or
/// `practices expiring in 30 days`; `interpreted_as` shows as what it was read.
#[utoipa::path(
    get,
    path = "/crm/shared-memory/search",
    tag = "shared memory",
    params(SearchInput, PageQuery),
    responses(
        (status = 200, description = "What was found", body = Found),
    ),
)]
async fn search_shared_memory(
    caller: Caller,
    Query(input): Query<SearchInput>,
    Query(page): Query<PageQuery>,
) -> api::Result<Json<Found>> {
    Ok(Json(shared_memory::search(&caller, &input, &page.page()).await?))
}

/// The practices that are not cancelled and whose validity ends within some days, the first that ends first, with whom to
/// tell.
#[utoipa::path(
    get,
    path = "/crm/shared-memory/upcoming-renewals",
    tag = "shared memory",
    params(RenewalSearch, PageQuery),
    responses(
        (status = 200, description = "One page", body = [UpcomingRenewal]),
    ),
)]
async fn list_renewals_with_clients(
    caller: Caller,
    Query(search): Query<RenewalSearch>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<UpcomingRenewal>> {
    let listing = shared_memory::upcoming_renewals(&caller, &search, &page.page()).await?;
    let [days, assignee] = search.as_parameters();
    Ok(List::new(listing, "/crm/shared-memory/upcoming-renewals", &[days, assignee, page.kept()]))
}

/// All that is known of a client: all practices, the last 20 interactions, renewals, what somebody has to do.
#[utoipa::path(
    get,
    path = "/crm/shared-memory/client/{id}/full-context",
    tag = "shared memory",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The client", body = ClientContext),
    ),
)]
async fn show_full_context(caller: Caller, Path(id): Path<ContactId>) -> api::Result<Json<ClientContext>> {
    Ok(Json(shared_memory::full_context(&caller, id).await?))
}

/// Who has how much to do.
#[utoipa::path(
    get,
    path = "/crm/shared-memory/team-overview",
    tag = "shared memory",
    responses(
        (status = 200, description = "The team", body = TeamOverview),
    ),
)]
async fn show_team_overview(caller: Caller) -> api::Result<Json<TeamOverview>> {
    Ok(Json(shared_memory::team_overview(&caller).await?))
}
