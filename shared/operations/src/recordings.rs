//! Recordings of what was said, as the voice provider keeps them.

use crate::context::Context;
use crate::delivery::{self, Delivery};
use crate::error::{Error, Result};
use crate::{calls, integrations};
use domain::{AttemptId, CallId, Role};
use files::{Key, Kind};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which attempt of a call is meant.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct AttemptSearch {
    /// The attempt's number, from 1; the last one if not given, of a recording the last that became a conversation.
    pub attempt: Option<u32>,
}

/// The recording of an attempt of a call, as MP3.
pub async fn get(ctx: &Context, id: CallId, search: AttemptSearch) -> Result<Delivery> {
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
    let number = attempt.number;
    let key = Key::of(&ctx.tenant, Kind::Recording, AttemptId { call: id, number });
    delivery::deliver(ctx, &key, &format!("{id}-{number}.mp3"), recording).await
}
