//! The agent's twin at the voice provider: made, changed, made again, deleted, and settled here.

use super::{AgentView, Shown};
use crate::context::Context;
use crate::error::{Error, Result, retrying};
use crate::{business_config, integrations};
use domain::agent::{Agent, AgentVersion, DataKind, Profile, Sync};
use domain::{AgentId, context};
use elevenlabs::{AgentSpec, Client};
use jiff::{SignedDuration, Timestamp};
use store::Stored;

/// After how long an unsettled agent is looked after: longer than any request that made it so.
pub(super) const UNSETTLED: SignedDuration = SignedDuration::from_mins(2);
/// How soon a provider that did not answer is asked again.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_mins(10);
/// How far the clocks of two functions may differ.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_secs(5);

/// Settles an agent whose state at the provider is uncertain. While the provider does not answer, it is asked
/// again and again.
pub async fn sync(ctx: &Context, id: AgentId) -> Result<()> {
    let Some(mut agent) = ctx.store().get::<Agent>(&ctx.tenant, &id).await? else { return Ok(()) };
    let before = agent.value.clone();
    let settled = match (agent.sync, &agent.elevenlabs_agent_id) {
        (Sync::InSync, _) => return Ok(()),
        // Somebody is at it; its own timer comes.
        (Sync::Recreating, _) if is_claimed(&agent, ctx.now() + CLOCKS_DIFFER) => return Ok(()),
        (Sync::Recreating, _) | (Sync::Pending, Some(_)) => bring(ctx, &mut agent).await,
        // Whoever asked for it was never told that it exists, so nobody counts on it.
        (Sync::Pending, None) | (Sync::Deleting, _) => delete_remote(ctx, &agent).await,
    };
    match settled {
        Err(error @ (Error::Provider { .. } | Error::NotConfigured(_))) => {
            tracing::warn!(agent = %id, %error, "the agent stays unsettled for now");
            let had_no_effect = matches!(&error, Error::Provider { error, .. } if !error.effect_unknown());
            let mut later = Agent { check_at: Some(ctx.now() + ASKED_AGAIN), ..agent.value.clone() };
            // It was not made again: who changes it meanwhile may try at once.
            if agent.sync == Sync::Recreating && before.sync == Sync::Pending && had_no_effect {
                later.sync = before.sync;
                later.elevenlabs_agent_id = before.elevenlabs_agent_id;
            }
            keep(ctx, &mut agent, later, |_| Ok(())).await
        }
        other => other,
    }
}

/// Whether somebody is making the agent again, and may be until its timer is due.
pub(super) fn is_claimed(agent: &Agent, now: Timestamp) -> bool {
    agent.sync == Sync::Recreating && agent.check_at.is_some_and(|at| at > now)
}

/// Refuses an agent that is still being made for the first time.
pub(super) fn must_exist(agent: &Agent) -> Result<()> {
    if agent.sync == Sync::Pending && agent.elevenlabs_agent_id.is_none() {
        let detail = "The agent is still being made at the voice provider; try again in a moment.";
        return Err(Error::Conflict(detail.to_owned()));
    }
    Ok(())
}

/// Brings a pending agent to the provider and answers how it then stands. What the provider will never take is
/// undone: what was there before stays.
pub(super) async fn brought(
    ctx: &Context,
    old: &Stored<Agent>,
    mut pending: Stored<Agent>,
) -> Result<Stored<AgentView>> {
    match bring(ctx, &mut pending).await {
        Ok(()) => Ok(pending.shown()),
        // It is kept here and the timer brings it there; the answer says that it is pending.
        Err(Error::Provider { error, .. }) if error.is_retryable() || error.effect_unknown() => {
            Ok(pending.shown())
        }
        Err(error @ Error::Provider { .. }) => {
            keep(ctx, &mut pending.clone(), old.value.clone(), |step| {
                if pending.value.version != old.value.version {
                    step.forget::<AgentVersion>(&(old.id, pending.value.version));
                }
                ctx.changed(step, "agent", old.id, "updated")
            })
            .await?;
            Err(error)
        }
        Err(error) => Err(error),
    }
}

/// Brings an unsettled agent to the provider: changes the one that is there, or makes it again if it is gone.
/// `agent` is what is stored, also where this fails half way.
async fn bring(ctx: &Context, agent: &mut Stored<Agent>) -> Result<()> {
    let (client, line) = integrations::elevenlabs(&ctx.platform, &ctx.tenant).await?;
    let spec = spec(ctx, agent, line.webhook_id).await?;
    if let Some(remote) = &agent.elevenlabs_agent_id
        && client.update_agent(remote, &spec).await.map_err(Error::elevenlabs)?
    {
        let settled = settled(agent, ctx.now());
        let id = agent.id;
        return keep(ctx, agent, settled, |step| ctx.audited::<()>(step, "agent.synced", id, None, None))
            .await;
    }
    recreate(ctx, &client, agent, &spec).await
}

/// Makes an agent again that the provider has lost.
///
/// The record says so before anything is asked: of several who want this, one stores it, and the others leave
/// it alone until the timer is due. Whoever comes then first looks for what an unanswered request may have made.
async fn recreate(ctx: &Context, client: &Client, agent: &mut Stored<Agent>, spec: &AgentSpec) -> Result<()> {
    let claim = Agent {
        elevenlabs_agent_id: None,
        sync: Sync::Recreating,
        check_at: Some(ctx.now() + UNSETTLED),
        ..agent.value.clone()
    };
    keep(ctx, agent, claim, |_| Ok(())).await?;
    let tag = tag(agent);
    // By no name: the agent may have had another one when it was asked for.
    let twin = async || client.find_agent_by_tag(None, &tag).await;
    let remote = match twin().await.map_err(Error::elevenlabs)? {
        Some(twin) if client.update_agent(&twin, spec).await.map_err(Error::elevenlabs)? => twin,
        _ => match client.create_agent(spec).await {
            Ok(remote) => remote,
            Err(error) if error.effect_unknown() => match twin().await {
                Ok(Some(remote)) => remote,
                _ => return Err(Error::elevenlabs(error)),
            },
            Err(error) => return Err(Error::elevenlabs(error)),
        },
    };
    adopt(ctx, client, agent, remote).await
}

/// Stores which agent at the provider is ours now.
async fn adopt(ctx: &Context, client: &Client, agent: &mut Stored<Agent>, remote: String) -> Result<()> {
    let made = agent.profile.clone();
    retrying!(
        async {
            match ctx.store().get::<Agent>(&ctx.tenant, &agent.id).await? {
                Some(found) if found.sync == Sync::Recreating => *agent = found,
                // Whoever was faster found what we made; or it is being deleted, and looked for.
                Some(found) if found.elevenlabs_agent_id.as_deref() == Some(remote.as_str()) => return Ok(()),
                Some(found) if found.sync == Sync::Deleting => return Ok(()),
                // Somebody else was done with it meanwhile: what we made is one too many.
                _ => return client.delete_agent(&remote).await.map_err(Error::elevenlabs),
            }
            let now = ctx.now();
            let mut settled = settled(agent, now);
            settled.elevenlabs_agent_id = Some(remote.clone());
            if agent.profile != made {
                // It was changed while it was made: the timer's job brings the change.
                settled.sync = Sync::Pending;
                settled.check_at = Some(now);
            }
            let id = agent.id;
            keep(ctx, agent, settled, |step| ctx.audited::<()>(step, "agent.synced", id, None, None)).await
        }
        .await
    )
}

/// Stores a new state of an agent with what goes with it, and has `agent` be what is stored.
pub(super) async fn keep(
    ctx: &Context,
    agent: &mut Stored<Agent>,
    new: Agent,
    also: impl FnOnce(&mut store::Transaction) -> Result<()>,
) -> Result<()> {
    let mut step = ctx.step();
    step.replace(agent, &new)?;
    also(&mut step)?;
    ctx.store().commit(step).await?;
    *agent = Stored { value: new, version: agent.version + 1 };
    Ok(())
}

/// Deletes the twin, if there is one, and then the record.
pub(super) async fn delete_remote(ctx: &Context, stored: &Stored<Agent>) -> Result<()> {
    let (client, _) = integrations::elevenlabs(&ctx.platform, &ctx.tenant).await?;
    let remote = match &stored.elevenlabs_agent_id {
        Some(remote) => Some(remote.clone()),
        None => client.find_agent_by_tag(None, &tag(stored)).await.map_err(Error::elevenlabs)?,
    };
    if let Some(remote) = remote {
        client.delete_agent(&remote).await.map_err(Error::elevenlabs)?;
    }
    remove(ctx, stored).await
}

/// Removes a record whose twin does not exist.
pub(super) async fn remove(ctx: &Context, stored: &Stored<Agent>) -> Result<()> {
    let mut step = ctx.step();
    step.delete(stored);
    ctx.retract(&mut step);
    Ok(ctx.store().commit(step).await?)
}

/// Marks a record whose twin may or may not come into being, to be deleted there and here.
pub(super) async fn abandon(ctx: &Context, stored: &Stored<Agent>) -> Result<()> {
    let mut step = ctx.step();
    step.replace(stored, &Agent { sync: Sync::Deleting, ..stored.value.clone() })?;
    ctx.retract(&mut step);
    Ok(ctx.store().commit(step).await?)
}

pub(super) fn settled(agent: &Agent, now: Timestamp) -> Agent {
    Agent { sync: Sync::InSync, check_at: None, updated_at: now, ..agent.clone() }
}

/// By which our agent is known at the provider before its id there is known here.
pub(super) fn tag(agent: &Agent) -> String {
    agent.id.to_string()
}

/// What the provider is to have. A talk's length is bound by the tenant's rules, so that a line's lease is true.
pub(super) async fn spec(
    ctx: &Context,
    agent: &Agent,
    post_call_webhook_id: Option<String>,
) -> Result<AgentSpec> {
    let max_call_minutes = business_config::get(ctx).await?.config.calling.max_call_minutes;
    let Profile { name, system_prompt, first_message, language, voice_id, llm, data_collection, evaluation } =
        agent.profile.clone();
    let kind = |kind| match kind {
        DataKind::Boolean => elevenlabs::DataKind::Boolean,
        DataKind::String => elevenlabs::DataKind::String,
        DataKind::Integer => elevenlabs::DataKind::Integer,
        DataKind::Number => elevenlabs::DataKind::Number,
    };
    Ok(AgentSpec {
        name,
        system_prompt,
        first_message,
        language,
        voice_id,
        llm,
        tags: vec!["frontdesk".to_owned(), tag(agent)],
        data_collection: data_collection
            .into_iter()
            .map(|(id, point)| {
                let point = elevenlabs::DataPoint {
                    kind: kind(point.kind),
                    description: point.description,
                    enum_values: point.choices,
                };
                (id, point)
            })
            .collect(),
        evaluation: evaluation
            .into_iter()
            .map(|c| elevenlabs::Criterion { id: c.id, name: c.name, prompt: c.prompt })
            .collect(),
        post_call_webhook_id,
        max_duration_secs: Some(max_call_minutes * 60),
        placeholders: context::VARIABLES.iter().map(|name| ((*name).to_owned(), String::new())).collect(),
    })
}
