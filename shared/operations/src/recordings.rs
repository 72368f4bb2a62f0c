//! Recordings of what was said, as the voice provider keeps them.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::{calls, integrations};
use bytes::Bytes;
use domain::{AttemptId, CallId, Role};
use files::{Key, Kind};
use jiff::SignedDuration;
use serde::Deserialize;
use utoipa::IntoParams;

/// How large a recording may be that is answered as it is, in bytes: a function's answer may have 6 MB, and bytes
/// grow by a third on their way through the gateway.
const ANSWERED_MAX: usize = 4_500_000;
/// How long a larger one can be had by its link.
const LINK_VALID: SignedDuration = SignedDuration::from_mins(15);

/// Which attempt of a call is meant.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct AttemptSearch {
    /// The attempt's number, from 1; the last one if not given, of a recording the last that became a conversation.
    pub attempt: Option<u32>,
}

/// A recording, as MP3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recording {
    /// Here it is.
    Here(Bytes),
    /// It is too large for an answer, and can be had at this address for some minutes.
    There(String),
}

/// The recording of an attempt of a call.
pub async fn get(ctx: &Context, id: CallId, search: AttemptSearch) -> Result<Recording> {
    ctx.require(Role::Viewer)?;
    let call = calls::find(ctx, id).await?;
    let attempt = match search.attempt {
        Some(number) => Some(call.attempt(number).ok_or(Error::NotFound("attempt of this call"))?),
        None => call.attempts.iter().rev().find(|attempt| attempt.conversation_id.is_some()),
    };
    let none = || Error::NotFound("recording: nothing was said, or it is not kept any more");
    let attempt = attempt.ok_or_else(none)?;
    let conversation = attempt.conversation_id.as_deref().ok_or_else(none)?;
    let (client, _) = integrations::elevenlabs(&ctx.platform, &ctx.tenant).await?;
    let recording = client.conversation_audio(conversation).await.map_err(Error::elevenlabs)?;
    let recording = recording.ok_or_else(none)?;
    if recording.len() <= ANSWERED_MAX {
        return Ok(Recording::Here(recording));
    }
    let number = attempt.number;
    let (key, files) =
        (Key::of(&ctx.tenant, Kind::Recording, AttemptId { call: id, number }), &ctx.platform.files);
    files.put(&key, recording).await.map_err(Error::files)?;
    Ok(Recording::There(files.download_link(&key, &format!("{id}-{number}.mp3"), LINK_VALID).url))
}
