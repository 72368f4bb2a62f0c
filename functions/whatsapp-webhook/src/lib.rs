//! `GET /webhooks/whatsapp/{tenant}` confirms the address to Meta; `POST` takes its events.
//!
//! An event is verified over its raw bytes, stored with the job `IngestMessages` in one step, and answered. The tenant
//! comes from the path and from its own secret; whatever is not genuine changes nothing.

use api::{Api, Problem, RawBody, RequestName, WebhookTenant};
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use operations::whatsapp_events;

api::routes!(confirm_webhook, receive_messages);

/// The header that carries the signature.
const SIGNATURE: &str = "x-hub-signature-256";

/// Answers Meta's question whether the address is ours.
#[utoipa::path(
    get,
    path = "/webhooks/whatsapp/{tenant}",
    tag = "webhooks",
    params(
        ("tenant" = String, Path),
        ("hub.mode" = String, Query),
        ("hub.verify_token" = String, Query),
        ("hub.challenge" = String, Query),
    ),
    responses(
        (status = 200, description = "The challenge, as it came", body = String, content_type = "text/plain"),
        (status = 403, description = "The token is not the tenant's", body = Problem, content_type = "application/problem+json"),
    ),
    security(()),
)]
async fn confirm_webhook(
    State(api): State<Api>,
    WebhookTenant(tenant): WebhookTenant,
    RawQuery(query): RawQuery,
) -> api::Result<Response> {
    let answer =
        whatsapp_events::challenge(&api.platform, &tenant, query.as_deref().unwrap_or_default()).await?;
    let Some(challenge) = answer else {
        let detail = "The verify token is not accepted.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "The caller may not do this", detail));
    };
    let plain = [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))];
    Ok((plain, challenge).into_response())
}

/// Takes an event that Meta signed with the app's secret; a repetition changes nothing.
#[utoipa::path(
    post,
    path = "/webhooks/whatsapp/{tenant}",
    tag = "webhooks",
    params(("tenant" = String, Path), ("X-Hub-Signature-256" = String, Header)),
    request_body(content = String, description = "The event as Meta sends it", content_type = "application/json"),
    responses(
        (status = 200, description = "It is genuine, and stored"),
        (status = 401, description = "The signature is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json"),
    ),
    security(()),
)]
async fn receive_messages(
    State(api): State<Api>,
    WebhookTenant(tenant): WebhookTenant,
    RequestName(request): RequestName,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> api::Result<StatusCode> {
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    match whatsapp_events::accept(&api.platform, &tenant, signature, body, &request).await? {
        Ok(()) => Ok(StatusCode::OK),
        Err(error) => {
            tracing::warn!(%tenant, %error, "an event was not genuine");
            Err(Problem::unauthenticated("The signature is not accepted."))
        }
    }
}
