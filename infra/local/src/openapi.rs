//! The OpenAPI document of the whole product, put together from what the functions say of themselves.

use crate::describe;
use api::Problem;
use utoipa::ToSchema;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response,
    ResponseBuilder, SecurityRequirement,
};

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
    let mut document = describe().into_iter().fold(whole, |whole, (_, part)| whole.merge_from(part));
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        for (status, description) in problems(operation) {
            let problem = || problem(description);
            operation.responses.responses.entry(status.to_owned()).or_insert_with(problem);
        }
    }
    document
}

/// The problems that an operation's shape brings with it. A handler declares only those of its own.
fn problems(operation: &Operation) -> Vec<(&'static str, &'static str)> {
    let places = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(&parameter.parameter_in),
        RefOr::Ref(_) => None,
    });
    let takes = |place: ParameterIn| places.clone().any(|other| *other == place);
    // Open to everybody, and then what it may answer is its own affair.
    if operation.security.is_some() {
        return Vec::new();
    }
    let mut problems = vec![
        ("401", "No known credential"),
        ("403", "The role does not suffice"),
        ("429", "Too many requests"),
        ("500", "A fault of ours"),
        ("503", "Something that is needed is busy or unavailable; try again"),
    ];
    if takes(ParameterIn::Path) {
        problems.push(("404", "There is no such record"));
    }
    if takes(ParameterIn::Header) {
        problems.push(("412", "It was changed since it was read"));
    }
    if takes(ParameterIn::Query) {
        problems.push(("422", "A value is not accepted"));
    }
    if operation.request_body.is_some() {
        problems.push(("400", "The body is not JSON"));
        problems.push(("413", "The body is too large"));
        problems.push(("422", "A value is not accepted"));
    }
    problems
}

fn problem(description: &str) -> RefOr<Response> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name())));
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content.build())
        .build()
        .into()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    [get, post, put, patch, delete].into_iter().flatten()
}
