//! `/admin`: tenants, API keys, credentials at the providers, token issuers, the audit, the tables of an older system.

use api::{Caller, Created, List, NoContent, PageQuery, Path, Problem, Query, Submitted};
use axum::Json;
use domain::KeyId;
use operations::api_keys::{self, ApiKeyInput, ApiKeyView, NewApiKey};
use operations::integrations::{self, Configured, Provider};
use operations::jwt_issuer::{self, IssuerInput};
use operations::tenants::{self, NewTenant, TenantInput};
use serde_json::Value;
use store::Stored;

mod audit;
mod crm_tables;
use audit::{__path_list_audit, list_audit};
use crm_tables::{
    __path_apply_migration_007, __path_check_crm_tables, apply_migration_007, check_crm_tables,
};

api::routes!(
    create_tenant,
    create_api_key,
    list_api_keys,
    revoke_api_key,
    put_integration,
    list_integrations,
    put_jwt_issuer,
    list_audit,
    check_crm_tables,
    apply_migration_007,
);

/// Makes a tenant, with its owner's key. For the platform owner only.
#[utoipa::path(
    post,
    path = "/admin/tenants",
    tag = "admin",
    request_body = TenantInput,
    responses(
        (status = 201, description = "The tenant, and its owner's key this once", body = NewTenant),
        (status = 409, description = "There is a tenant with this id", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn create_tenant(request: Submitted<TenantInput>) -> api::Result<Created<NewTenant>> {
    Ok(created(tenants::create(&request.ctx, request.body).await?))
}

/// Makes an API key.
#[utoipa::path(
    post,
    path = "/admin/api-keys",
    tag = "admin",
    request_body = ApiKeyInput,
    responses(
        (status = 201, description = "The key, and its secret this once", body = NewApiKey),
    ),
)]
async fn create_api_key(request: Submitted<ApiKeyInput>) -> api::Result<Created<NewApiKey>> {
    Ok(created(api_keys::create(&request.ctx, request.body).await?))
}

/// API keys, newest first, those taken back included.
#[utoipa::path(
    get,
    path = "/admin/api-keys",
    tag = "admin",
    params(PageQuery),
    responses(
        (status = 200, description = "One page", body = [ApiKeyView]),
    ),
)]
async fn list_api_keys(caller: Caller, Query(query): Query<PageQuery>) -> api::Result<List<ApiKeyView>> {
    let listing = api_keys::list(&caller, &query.page()).await?;
    Ok(List::new(listing, "/admin/api-keys", &[query.kept()]))
}

/// Takes an API key back. It is refused everywhere within a minute.
#[utoipa::path(
    delete,
    path = "/admin/api-keys/{id}",
    tag = "admin",
    params(("id" = String, Path)),
    responses(
        (status = 204, description = "It is taken back"),
    ),
)]
async fn revoke_api_key(caller: Caller, Path(id): Path<KeyId>) -> api::Result<NoContent> {
    api_keys::revoke(&caller, id).await?;
    Ok(NoContent)
}

/// Stores the tenant's credentials at a provider. They are sealed, and never read back.
#[utoipa::path(
    put,
    path = "/admin/integrations/{provider}",
    tag = "admin",
    params(("provider" = Provider, Path)),
    request_body = Object,
    responses(
        (status = 200, description = "They are stored", body = Configured),
    ),
)]
async fn put_integration(
    Path(provider): Path<Provider>,
    request: Submitted<Value>,
) -> api::Result<Json<Configured>> {
    Ok(Json(integrations::set(&request.ctx, provider, request.body).await?))
}

/// Which providers have credentials.
#[utoipa::path(
    get,
    path = "/admin/integrations",
    tag = "admin",
    responses(
        (status = 200, description = "Every provider", body = [Configured]),
    ),
)]
async fn list_integrations(caller: Caller) -> api::Result<Json<Vec<Configured>>> {
    Ok(Json(integrations::list(&caller).await?))
}

/// Accepts the tokens of an issuer, in place of any before.
#[utoipa::path(
    put,
    path = "/admin/jwt-issuer",
    tag = "admin",
    request_body = IssuerInput,
    responses(
        (status = 200, description = "The issuer", body = IssuerInput),
        (status = 409, description = "Another tenant accepts the tokens of this issuer for this audience", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn put_jwt_issuer(request: Submitted<IssuerInput>) -> api::Result<Json<IssuerInput>> {
    Ok(Json(jwt_issuer::set(&request.ctx, request.body).await?))
}

fn created<T>(value: T) -> Created<T> {
    Created(Stored { value, version: 1 })
}
