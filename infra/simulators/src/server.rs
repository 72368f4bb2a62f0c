//! The one server: every provider's routes, and the memory of what was asked.

use crate::{Recorded, Shared, elevenlabs, locked, openai, ses, sms, whatsapp};
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::json;

/// Requests that are remembered for `Simulators::requests`.
const REMEMBERED: usize = 1000;

/// The largest request body that is read, in bytes.
const LARGEST_BODY: usize = 8 * 1024 * 1024;

/// The providers, each with what stands before its paths.
const PROVIDERS: [(&str, &str); 5] = [
    ("elevenlabs", elevenlabs::PREFIX),
    ("openai", openai::PREFIX),
    ("whatsapp", whatsapp::PREFIX),
    ("ses", ses::PREFIX),
    ("sms", sms::PREFIX),
];

pub(crate) fn router(state: Shared) -> Router {
    elevenlabs::router()
        .merge(openai::router())
        .merge(whatsapp::router())
        .merge(ses::router())
        .merge(sms::router())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(state.clone(), record))
        .with_state(state)
}

/// Remembers a request, and hands it on.
async fn record(
    State(state): State<Shared>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let path = path.as_ref().map_or(parts.uri.path(), MatchedPath::as_str);
    if let Some((provider, template)) = template_of(path) {
        let recorded = Recorded {
            provider,
            method: parts.method.to_string(),
            path_template: template.to_owned(),
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        };
        let mut requests = locked(&state.requests);
        if requests.len() == REMEMBERED {
            requests.pop_front();
        }
        requests.push_back(recorded);
    }
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

/// The provider that has a path, and the path as its document has it.
fn template_of(path: &str) -> Option<(&'static str, &str)> {
    let (provider, rest) =
        PROVIDERS.into_iter().find_map(|(name, prefix)| Some((name, path.strip_prefix(prefix)?)))?;
    let template = match rest {
        "" => "/",
        // Meta's document knows the address of a file, which is on another host, by this name.
        _ if path == whatsapp::DOWNLOAD => "/{Version}/{Media-URL}",
        rest => rest,
    };
    Some((provider, template))
}

async fn not_found(method: Method, uri: Uri) -> Response {
    match template_of(uri.path()) {
        Some(("openai", _)) => openai::unknown_url(&method, &uri),
        Some(("whatsapp", _)) => whatsapp::unknown_path(&method, &uri),
        Some(("ses", _)) => ses::unknown_path(),
        Some(("sms", _)) => sms::unknown_path(),
        _ => (StatusCode::NOT_FOUND, Json(json!({ "detail": "Not Found" }))).into_response(),
    }
}

async fn method_not_allowed(method: Method, uri: Uri) -> Response {
    match template_of(uri.path()) {
        Some(("whatsapp", _)) => whatsapp::unknown_path(&method, &uri),
        _ => {
            let body = json!({ "detail": "Method Not Allowed" });
            (StatusCode::METHOD_NOT_ALLOWED, Json(body)).into_response()
        }
    }
}
