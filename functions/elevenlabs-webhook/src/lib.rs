//! `POST /webhooks/elevenlabs/{tenant}` takes the voice provider's events; `…/initiation` says who calls.
//!
//! An event is verified over its raw bytes, stored with the job `IngestConversation` in one step, and answered.
//! A request about a caller is known by a secret header, reads whose number it is and what is known of them, the
//! agent, the templates and the configuration, stores nothing, and is answered while the telephone rings.
//! The tenant comes from the path and from its own secret; whatever is not genuine changes nothing.

use api::{Api, Problem, RawBody, RequestName, WebhookTenant};
use axum::Json;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use operations::{inbound, voice_events};

mod schema;
use schema::{CallerAnswer, CallerQuestion};

api::routes!(receive_event, answer_caller);

/// The header that carries the signature.
const SIGNATURE: &str = "elevenlabs-signature";
/// The header that carries the secret of a request about a caller.
const INITIATION_SECRET: &str = "x-frontdesk-initiation-secret";

/// Takes an event that ElevenLabs signed with the tenant's webhook secret; a repetition changes nothing.
#[utoipa::path(
    post,
    path = "/webhooks/elevenlabs/{tenant}",
    tag = "webhooks",
    params(("tenant" = String, Path), ("ElevenLabs-Signature" = String, Header)),
    request_body(content = String, description = "The event as ElevenLabs sends it", content_type = "application/json"),
    responses(
        (status = 200, description = "It is genuine, and stored"),
        (status = 401, description = "The signature is missing, wrong, too old or too new", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json"),
    ),
    security(()),
)]
async fn receive_event(
    State(api): State<Api>,
    WebhookTenant(tenant): WebhookTenant,
    RequestName(request): RequestName,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> api::Result<StatusCode> {
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    match voice_events::accept(&api.platform, &tenant, signature, body, &request).await? {
        Ok(()) => Ok(StatusCode::OK),
        Err(error) => {
            tracing::warn!(%tenant, %error, "an event was not genuine");
            Err(Problem::unauthenticated("The signature is not accepted."))
        }
    }
}

/// What the agent is to know of a caller, while the telephone rings. A caller whom nobody knows gets neutral values.
#[utoipa::path(
    post,
    path = "/webhooks/elevenlabs/{tenant}/initiation",
    tag = "webhooks",
    params(("tenant" = String, Path), ("X-Frontdesk-Initiation-Secret" = String, Header)),
    request_body = CallerQuestion,
    responses(
        (status = 200, description = "What the agent is to know", body = CallerAnswer),
        (status = 401, description = "The secret is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The body is no JSON object", body = Problem, content_type = "application/problem+json"),
    ),
    security(()),
)]
async fn answer_caller(
    State(api): State<Api>,
    WebhookTenant(tenant): WebhookTenant,
    RequestName(request): RequestName,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> api::Result<Json<CallerAnswer>> {
    let secret = headers.get(INITIATION_SECRET).and_then(|value| value.to_str().ok());
    match inbound::answer(&api.platform, &tenant, secret, &body, &request).await? {
        Some(answer) => Ok(Json(CallerAnswer(answer))),
        None => Err(Problem::unauthenticated("The secret is not accepted.")),
    }
}
