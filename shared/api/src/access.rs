//! What surrounds every request: an id, a span, one log line, and refusals in the audit.

use crate::Api;
use crate::auth::{RequestId, Seen};
use crate::problem::Moved;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use std::time::Instant;
use tracing::Instrument;

/// Gives the request an id (its own `x-request-id` where that is one), a span that carries it, and a log line.
/// The path is logged as its pattern: ids and telephone numbers in it are nobody's business.
pub async fn observed(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get("x-request-id").and_then(|value| value.to_str().ok());
    let is_id = |id: &&str| {
        (8..=64).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let id = given.filter(is_id).map_or_else(
        || api.platform.ids.next::<domain::RequestId>(api.platform.now()).to_string(),
        str::to_owned,
    );
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(String::new, |path| path.as_str().to_owned());
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let span = tracing::info_span!(
        "request",
        request_id = %id,
        correlation = %id,
        %method,
        %route,
        tenant = tracing::field::Empty,
        actor = tracing::field::Empty,
    );
    request.extensions_mut().insert(RequestId(id.clone()));
    let seen = Seen::default();
    request.extensions_mut().insert(seen.clone());
    let since = Instant::now();
    let mut response = async {
        let response = next.run(request).await;
        let status = response.status().as_u16();
        let duration_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(status, duration_ms, "request answered");
        if response.status() == StatusCode::FORBIDDEN
            && let Some(ctx) = seen.0.get()
            && let Err(error) = operations::audit::refused(ctx, &format!("{method} {route}")).await
        {
            tracing::warn!(%error, "a refusal could not be put in the audit");
        }
        response
    }
    .instrument(span)
    .await;
    let moved = response.extensions().get::<Moved>().and_then(|moved| moved.location(&uri));
    if let Some(location) = moved {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}
