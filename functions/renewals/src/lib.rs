//! `/crm/renewal-alerts`: what has to be renewed, and who took note of it.
//!
//! Alerts are made by `renewal-checker`; no jobs go out.

use api::{Caller, List, PageQuery, Path, Query};
use axum::Json;
use domain::RenewalAlertId;
use operations::renewals::{self, AlertSearch, RenewalAlertView};

api::routes!(list_renewal_alerts, acknowledge_renewal_alert);

/// The alerts that fit, the first that ends first.
#[utoipa::path(
    get,
    path = "/crm/renewal-alerts",
    tag = "practices",
    params(AlertSearch, PageQuery),
    responses(
        (status = 200, description = "One page", body = [RenewalAlertView]),
    ),
)]
async fn list_renewal_alerts(
    caller: Caller,
    Query(search): Query<AlertSearch>,
    Query(page): Query<PageQuery>,
) -> api::Result<List<RenewalAlertView>> {
    let listing = renewals::list(&caller, &search, &page.page()).await?;
    let [status, assigned_to] = search.as_parameters();
    Ok(List::new(listing, "/crm/renewal-alerts", &[status, assigned_to, page.kept()]))
}

/// Takes note of an alert.
#[utoipa::path(
    post,
    path = "/crm/renewal-alerts/{id}/acknowledge",
    tag = "practices",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The alert", body = RenewalAlertView),
    ),
)]
async fn acknowledge_renewal_alert(
    caller: Caller,
    Path(id): Path<RenewalAlertId>,
) -> api::Result<Json<RenewalAlertView>> {
    Ok(Json(renewals::acknowledge(&caller, id).await?))
}
