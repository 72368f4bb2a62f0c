//! `GET /business-config`, `PUT /business-config`: the business's words, fields, hours and calling rules.

use api::{Caller, IfMatch, Problem, Record, Submitted};
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
        (status = 401, description = "No known credential", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The role does not suffice", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
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
    request_body = BusinessConfig,
    responses(
        (status = 200, description = "The configuration", body = BusinessConfig),
        (status = 401, description = "No known credential", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The role does not suffice", body = Problem, content_type = "application/problem+json"),
        (status = 400, description = "The body is not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "It was changed since it was read", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A value is not accepted", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = Problem, content_type = "application/problem+json"),
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
