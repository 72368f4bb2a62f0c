//! `GET /business-config`, `PUT /business-config`: the business's words, fields, hours and calling rules.

use api::{Caller, IfMatch, Record, Submitted};
use domain::business::BusinessConfig;
use operations::business_config;
use store::{Settings, Stored};

api::routes!(get_business_config, put_business_config);

/// The configuration; the defaults until one is set.
#[utoipa::path(
    get,
    path = "/business-config",
    tag = "business config",
    responses(
        (status = 200, description = "The configuration", body = BusinessConfig),
    ),
)]
async fn get_business_config(caller: Caller) -> api::Result<Record<BusinessConfig>> {
    Ok(Record(shown(business_config::get(&caller).await?)))
}

/// Replaces the configuration; what is left out has its default. `customFields` and `callObjectives` may also be
/// spelled in snake case.
#[utoipa::path(
    put,
    path = "/business-config",
    tag = "business config",
    params(IfMatch),
    request_body = BusinessConfig,
    responses(
        (status = 200, description = "The configuration", body = BusinessConfig),
    ),
)]
async fn put_business_config(
    IfMatch(expected): IfMatch,
    request: Submitted<BusinessConfig>,
) -> api::Result<Record<BusinessConfig>> {
    Ok(Record(shown(business_config::replace(&request.ctx, request.body, expected).await?)))
}

fn shown(stored: Stored<Settings>) -> Stored<BusinessConfig> {
    Stored { value: stored.value.config, version: stored.version }
}
