//! Whether the voice provider still has what we gave it, and bringing it back to that.

use super::{AgentView, Shown, find, remote};
use crate::context::Context;
use crate::error::{Error, Result, expect};
use crate::integrations;
use domain::agent::{Agent, Sync};
use domain::{AgentId, Role};
use elevenlabs::ManagedField;
use serde::Serialize;
use store::Stored;
use utoipa::ToSchema;

/// What became at ElevenLabs of what we gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Drift {
    /// It is as we made it.
    InSync,
    /// Somebody changed it there, or it is yet to be brought there.
    Drifted,
    /// It is not there.
    Missing,
}

/// Asks ElevenLabs what it has of an agent: whether that is ours, and the fields that are not.
pub(super) async fn compare(ctx: &Context, agent: &Agent) -> Result<(Drift, Vec<&'static str>)> {
    let (client, line) = integrations::elevenlabs(&ctx.platform, &ctx.tenant).await?;
    let Some(id) = &agent.elevenlabs_agent_id else { return Ok((Drift::Missing, Vec::new())) };
    let Some(there) = client.get_agent(id).await.map_err(Error::elevenlabs)? else {
        return Ok((Drift::Missing, Vec::new()));
    };
    let fields = there.drift(&remote::spec(ctx, agent, line.webhook_id).await?);
    let drift = if fields.is_empty() { Drift::InSync } else { Drift::Drifted };
    Ok((drift, fields.into_iter().map(ManagedField::as_str).collect()))
}

/// Brings ElevenLabs to our version of an agent, whatever happened to it there; makes it again if it is gone.
pub async fn bring_back(ctx: &Context, id: AgentId, expected: Option<u64>) -> Result<Stored<AgentView>> {
    ctx.require(Role::Manager)?;
    integrations::elevenlabs(&ctx.platform, &ctx.tenant).await?;
    let old = find(ctx, id).await?;
    expect(&old, expected)?;
    remote::must_exist(&old)?;
    let now = ctx.now();
    if remote::is_claimed(&old, now) {
        return Ok(old.shown());
    }
    let mut pending = old.clone();
    if old.sync != Sync::Recreating {
        let check_at = Some(now + remote::UNSETTLED);
        let unsettled = Agent { sync: Sync::Pending, check_at, ..old.value.clone() };
        remote::keep(ctx, &mut pending, unsettled, |_| Ok(())).await?;
    }
    remote::brought(ctx, &old, pending).await
}
