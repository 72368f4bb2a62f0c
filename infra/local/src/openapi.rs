//! The OpenAPI document of the whole product, put together from what the functions say of themselves.

use crate::describe;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, SecurityRequirement};

/// The document that is checked in as `infra/openapi.json`.
pub fn document() -> OpenApi {
    let schemes = ComponentsBuilder::new()
        .security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)))
        .security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("x-api-key"))));
    let none: [&str; 0] = [];
    let either = [SecurityRequirement::new("bearer", none), SecurityRequirement::new("api_key", none)];
    let whole = OpenApiBuilder::new()
        .info(InfoBuilder::new().title("Frontdesk").version(env!("CARGO_PKG_VERSION")).build())
        .components(Some(schemes.build()))
        .security(Some(either))
        .build();
    describe().into_iter().fold(whole, |whole, (_, part)| whole.merge_from(part))
}
