//! `POST /webhooks/elevenlabs/{tenant}`: takes the voice provider's events.
//!
//! An event is verified over its raw bytes, stored with the job `IngestConversation` in one step, and answered.
//! The tenant comes from the path and from its own secret; whatever is not genuine changes nothing.

use api::{Api, Path, Problem, RawBody, RequestName};
use axum::extract::State;
use domain::TenantId;
use http::{HeaderMap, StatusCode};
use operations::voice_events;

api::routes!(receive_event);

/// The header that carries the signature.
const SIGNATURE: &str = "elevenlabs-signature";

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
    Path(tenant): Path<TenantId>,
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
