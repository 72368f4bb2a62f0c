//! `GET /`, `GET /openapi.json`, `GET /docs`, `GET /health`: what this is, the API's own description, and whether it is up.
//! Open to all.

use api::Api;
use axum::Json;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

api::routes!(get_about, get_openapi, get_docs, get_health);

/// The document is generated from the handlers and checked in; a test compares the two.
const OPENAPI: &str = include_str!("../../../infra/openapi.json");
const DOCS: &str = include_str!("docs.html");

/// What answers here.
#[derive(Debug, Serialize, ToSchema)]
struct About {
    /// What it is called.
    name: &'static str,
    /// The version that is running.
    version: &'static str,
    /// Where its description is.
    docs: &'static str,
}

/// What answers here, and in which version.
#[utoipa::path(get, path = "/", tag = "about", security(()),
    responses((status = 200, description = "Name and version", body = About)))]
async fn get_about() -> Json<About> {
    Json(About { name: "Frontdesk", version: env!("CARGO_PKG_VERSION"), docs: "/docs" })
}

/// The OpenAPI document.
#[utoipa::path(get, path = "/openapi.json", tag = "about", security(()),
    responses((status = 200, description = "The OpenAPI document", body = Object)))]
async fn get_openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

/// The document as a page for people.
#[utoipa::path(get, path = "/docs", tag = "about", security(()),
    responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
async fn get_docs() -> Html<&'static str> {
    Html(DOCS)
}

/// Whether the service is up.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
    /// The version that is running.
    version: &'static str,
    /// The present instant by the service's clock.
    now: String,
}

/// Whether the service is up, which version runs, and what time it has.
#[utoipa::path(get, path = "/health", tag = "about", security(()),
    responses((status = 200, description = "It is up", body = Health)))]
async fn get_health(State(api): State<Api>) -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION"), now: api.platform.now().to_string() })
}
