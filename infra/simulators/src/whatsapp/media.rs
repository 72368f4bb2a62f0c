//! Files that people send: where to fetch one, and fetching it.

use super::DOWNLOAD;
use super::refusal::{Refusal, check_version};
use super::send::Bearer;
use crate::{Error, Shared, Simulators, random_hex};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use ring::digest;
use serde::Deserialize;
use serde_json::{Value, json};

/// How long the address of a file lives.
const LINK_MS: i64 = 5 * 60_000;

impl Simulators {
    /// Keeps a file for people to send. Answers the media id for an inbound message.
    pub fn add_media(&self, bytes: &[u8], mime_type: &str) -> Result<String, Error> {
        // Digits only, as the real service's.
        let number = u64::from_str_radix(&random_hex::<6>(), 16).unwrap_or_default();
        let media_id = format!("9{number:015}");
        self.inner.storage.put_media(&media_id, mime_type, bytes)?;
        Ok(media_id)
    }
}

pub(super) async fn get_media(
    State(state): State<Shared>,
    Path((version, media_id)): Path<(String, String)>,
    _: Bearer,
) -> Result<Json<Value>, Refusal> {
    check_version(&version)?;
    let media = state.storage.media(&media_id)?;
    let (mime_type, bytes) = media.ok_or_else(|| Refusal::no_object("get", &media_id))?;
    let expires_ms = state.clock.now().as_millisecond() + LINK_MS;
    let link = random_hex::<16>();
    state.storage.put_link(&link, &media_id, expires_ms)?;
    let base = format!("http://{}{DOWNLOAD}", state.address);
    Ok(Json(json!({
        "url": format!("{base}?mid={media_id}&ext={}&hash={link}", expires_ms / 1000),
        "mime_type": mime_type,
        "sha256": hex::encode(digest::digest(&digest::SHA256, &bytes)),
        "file_size": bytes.len(),
        "id": media_id,
        "messaging_product": "whatsapp",
    })))
}

#[derive(Debug, Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    hash: String,
}

pub(super) async fn download_media(
    State(state): State<Shared>,
    _: Bearer,
    Query(link): Query<Link>,
) -> Result<Response, Refusal> {
    let media_id = state.storage.linked_media(&link.hash, state.clock.now().as_millisecond())?;
    let media = media_id.map(|media_id| state.storage.media(&media_id)).transpose()?.flatten();
    Ok(match media {
        Some((mime_type, bytes)) => ([(header::CONTENT_TYPE, mime_type)], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}
