//! What an older system called its tables and its migration.

use api::Caller;
use axum::Json;
use operations::crm_tables::{self, CrmTables, Migration};

/// Whether the tenant can work with clients and practices.
#[utoipa::path(
    get,
    path = "/admin/check-crm-tables",
    tag = "admin",
    responses(
        (status = 200, description = "What is there", body = CrmTables),
    ),
)]
pub(crate) async fn check_crm_tables(caller: Caller) -> api::Result<Json<CrmTables>> {
    Ok(Json(crm_tables::check(&caller).await?))
}

/// Adds the seven example practice types of which the tenant has none. Done again, it changes nothing.
#[utoipa::path(
    post,
    path = "/admin/apply-migration-007",
    tag = "admin",
    responses(
        (status = 200, description = "What is there now", body = Migration),
    ),
)]
pub(crate) async fn apply_migration_007(caller: Caller) -> api::Result<Json<Migration>> {
    Ok(Json(crm_tables::migrate(&caller).await?))
}
