//! AI agents, here and at the voice provider.
//!
//! An agent is written here first, as pending, with a timer; then it is made, changed or deleted at the
//! provider; then it is settled here. Whoever dies half way leaves a pending record, and the timer's job
//! asks the provider (by a tag with our id) what it has and settles it: no orphan there, no lie here.

use crate::context::Context;
use crate::error::{Error, Result, retrying};
use crate::leads::expect;
use crate::{Listing, Page, business_config, integrations, merge_patch};
use domain::agent::{Agent, Criterion, DataKind, DataPoint, Profile, Sync};
use domain::{AgentId, Role, context};
use elevenlabs::AgentSpec;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use store::{AGENTS, Stored};
use utoipa::ToSchema;

/// What one writes of an agent.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgentInput {
    /// What people here call it.
    pub name: String,
    /// What it is, wants and must not do; each call's context is appended. 50,000 characters at most.
    pub system_prompt: String,
    /// What it says first; `{{first_name}}` and the like are filled in.
    pub first_message: String,
    /// ISO 639-1, such as `en` or `hi`; `en` if not given.
    pub language: String,
    /// The provider's voice; the provider's default if not given.
    pub voice_id: Option<String>,
    /// The provider's language model; the provider's default if not given.
    pub llm: Option<String>,
    /// What it should find out, by field.
    pub data_collection: BTreeMap<String, DataPoint>,
    /// What makes a call a good one.
    pub evaluation: Vec<Criterion>,
    /// Whether calls that name no agent are its calls. The first agent always is the default.
    pub is_default: bool,
}

/// An agent as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AgentView {
    /// The agent's id.
    pub id: AgentId,
    /// Its id at ElevenLabs.
    pub elevenlabs_agent_id: Option<String>,
    /// Counts from 1.
    pub version: u32,
    /// Whether ElevenLabs has this version.
    pub sync: Sync,
    /// How it speaks and what about.
    #[serde(flatten)]
    pub input: AgentInput,
    /// When the record was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// After how long an unsettled agent is looked after: longer than any request that made it so.
const UNSETTLED: SignedDuration = SignedDuration::from_mins(2);
/// How soon a provider that did not answer is asked again.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// Makes an agent here and at the provider.
pub async fn create(ctx: &Context, input: AgentInput) -> Result<Stored<AgentView>> {
    ctx.require(Role::Manager)?;
    let is_default = input.is_default;
    let profile = input.profile().checked()?;
    let (client, settings) = integrations::elevenlabs(&ctx.platform, &ctx.tenant).await?;
    let default = ctx.store().default_agent(&ctx.tenant).await?;
    let is_default = is_default || default.is_none();
    let now = ctx.now();
    let agent = Agent {
        id: ctx.new_id(),
        profile,
        // No call is its call before it exists at the provider.
        is_default: false,
        elevenlabs_agent_id: None,
        version: 1,
        sync: Sync::Pending,
        check_at: Some(now + UNSETTLED),
        created_at: now,
        updated_at: now,
    };
    let mut step = ctx.step();
    step.create(&agent)?;
    ctx.promise(&mut step)?;
    ctx.store().commit(step).await?;
    let pending = Stored { value: agent, version: 1 };

    let spec = spec(ctx, &pending, settings.webhook_id).await?;
    let remote = match client.create_agent(&spec).await {
        Ok(remote) => remote,
        Err(error) if error.effect_unknown() => {
            match client.find_agent_by_tag(&spec.name, &tag(&pending)).await {
                Ok(Some(remote)) => remote,
                // The record says deleting; the timer finds and removes what may still come into being there.
                _ => {
                    abandon(ctx, &pending).await?;
                    return Err(Error::elevenlabs(error));
                }
            }
        }
        Err(error) => {
            remove(ctx, &pending).await?;
            return Err(Error::elevenlabs(error));
        }
    };
    let agent = Agent { elevenlabs_agent_id: Some(remote), is_default, ..settled(&pending, now) };
    let view = AgentView::of(&agent);
    retrying!(
        async {
            let mut step = ctx.step();
            step.replace(&pending, &agent)?;
            if agent.is_default {
                unset_default(ctx, &mut step, agent.id).await?;
            }
            ctx.audited(&mut step, "agent.created", agent.id, None, Some(&view))?;
            ctx.fulfil(&mut step, 201, &view)?;
            match ctx.store().commit(step).await {
                // Somebody else made a default agent at the same time: that one gives way.
                Err(store::Error::Taken { .. }) => Err(Error::Stale),
                other => Ok(other?),
            }
        }
        .await
    )?;
    Ok(Stored { value: view, version: 2 })
}

/// One agent.
pub async fn get(ctx: &Context, id: AgentId) -> Result<Stored<AgentView>> {
    let agent = find(ctx, id).await?;
    Ok(Stored { value: AgentView::of(&agent), version: agent.version })
}

/// Agents, newest first.
pub async fn list(ctx: &Context, page: &Page) -> Result<Listing<AgentView>> {
    let listing = ctx.store().list::<Agent>(&ctx.tenant, AGENTS, page).await?;
    Ok(Listing {
        items: listing.items.iter().map(|agent| AgentView::of(agent)).collect(),
        next: listing.next,
    })
}

/// Changes an agent here and at the provider by a merge patch.
pub async fn update(
    ctx: &Context,
    id: AgentId,
    patch: &Value,
    expected: Option<u64>,
) -> Result<Stored<AgentView>> {
    ctx.require(Role::Manager)?;
    let (client, settings) = integrations::elevenlabs(&ctx.platform, &ctx.tenant).await?;
    let old = find(ctx, id).await?;
    expect(&old, expected)?;
    let input = merge_patch(&AgentInput::of(&old), patch)?;
    let is_default = input.is_default;
    let profile = input.profile().checked()?;
    let now = ctx.now();
    let changed = profile != old.profile;
    let mut agent = Agent { profile, is_default, updated_at: now, ..old.value.clone() };
    if changed {
        agent.version += 1;
        agent.sync = Sync::Pending;
        agent.check_at = Some(now + UNSETTLED);
    }
    let view = AgentView::of(&settled(&agent, now));
    let mut step = ctx.step();
    step.replace(&old, &agent)?;
    if agent.is_default && !old.is_default {
        unset_default(ctx, &mut step, id).await?;
    }
    ctx.audited(&mut step, "agent.updated", id, Some(&AgentView::of(&old)), Some(&view))?;
    ctx.store().commit(step).await?;
    let pending = Stored { value: agent, version: old.version + 1 };
    let Some(remote) = pending.elevenlabs_agent_id.as_deref().filter(|_| changed) else {
        return Ok(Stored { value: AgentView::of(&pending), version: pending.version });
    };
    match client.update_agent(remote, &spec(ctx, &pending, settings.webhook_id).await?).await {
        Ok(()) => {
            let mut step = ctx.step();
            step.replace(&pending, &settled(&pending, now))?;
            ctx.store().commit(step).await?;
            Ok(Stored { value: view, version: pending.version + 1 })
        }
        // The change is kept here and the timer brings it there; the answer says that it is pending.
        Err(error) if error.is_retryable() || error.effect_unknown() => {
            Ok(Stored { value: AgentView::of(&pending), version: pending.version })
        }
        // The provider will never take it: what was there before stays.
        Err(error) => {
            let mut step = ctx.step();
            step.replace(&pending, &old.value)?;
            ctx.changed(&mut step, "agent", id, "updated")?;
            ctx.store().commit(step).await?;
            Err(Error::elevenlabs(error))
        }
    }
}

/// Deletes an agent here and at the provider.
pub async fn delete(ctx: &Context, id: AgentId, expected: Option<u64>) -> Result<()> {
    ctx.require(Role::Manager)?;
    let old = find(ctx, id).await?;
    expect(&old, expected)?;
    let agent = Agent { sync: Sync::Deleting, check_at: Some(ctx.now() + UNSETTLED), ..old.value.clone() };
    let mut step = ctx.step();
    step.replace(&old, &agent)?;
    ctx.audited(&mut step, "agent.deleted", id, Some(&AgentView::of(&old)), None)?;
    ctx.store().commit(step).await?;
    // It is gone for everybody here. Whether the provider deletes it now or when the timer asks makes no
    // difference to the caller.
    let deleting = Stored { value: agent, version: old.version + 1 };
    if let Err(error) = delete_remote(ctx, &deleting).await {
        tracing::warn!(agent = %id, %error, "the provider's agent is to be deleted later");
    }
    Ok(())
}

/// Settles an agent whose state at the provider is uncertain. While the provider does not answer, it is asked
/// again and again.
pub async fn sync(ctx: &Context, id: AgentId) -> Result<()> {
    let Some(stored) = ctx.store().get::<Agent>(&ctx.tenant, &id).await? else { return Ok(()) };
    let settled = match (stored.sync, &stored.elevenlabs_agent_id) {
        (Sync::InSync, _) => return Ok(()),
        (Sync::Pending, Some(remote)) => bring(ctx, &stored, remote).await,
        // Whoever asked for it was never told that it exists, so nobody counts on it.
        (Sync::Pending, None) | (Sync::Deleting, _) => delete_remote(ctx, &stored).await,
    };
    match settled {
        Err(error @ (Error::Provider { .. } | Error::NotConfigured(_))) => {
            tracing::warn!(agent = %id, %error, "the agent stays unsettled for now");
            let mut step = ctx.step();
            step.replace(
                &stored,
                &Agent { check_at: Some(ctx.now() + ASKED_AGAIN), ..stored.value.clone() },
            )?;
            Ok(ctx.store().commit(step).await?)
        }
        other => other,
    }
}

/// Brings a change to the provider.
async fn bring(ctx: &Context, stored: &Stored<Agent>, remote: &str) -> Result<()> {
    let (client, line) = integrations::elevenlabs(&ctx.platform, &ctx.tenant).await?;
    let spec = spec(ctx, stored, line.webhook_id).await?;
    client.update_agent(remote, &spec).await.map_err(Error::elevenlabs)?;
    let mut step = ctx.step();
    step.replace(stored, &settled(stored, ctx.now()))?;
    ctx.changed(&mut step, "agent", stored.id, "synced")?;
    Ok(ctx.store().commit(step).await?)
}

/// Takes the mark of the default agent from whoever has it, if it is not `heir`.
async fn unset_default(ctx: &Context, step: &mut store::Transaction, heir: AgentId) -> Result<()> {
    if let Some(default) = ctx.store().default_agent(&ctx.tenant).await?.filter(|agent| agent.id != heir) {
        let agent = Agent { is_default: false, ..default.value.clone() };
        step.replace(&default, &agent)?;
    }
    Ok(())
}

async fn delete_remote(ctx: &Context, stored: &Stored<Agent>) -> Result<()> {
    let (client, _) = integrations::elevenlabs(&ctx.platform, &ctx.tenant).await?;
    let remote = match &stored.elevenlabs_agent_id {
        Some(remote) => Some(remote.clone()),
        None => {
            let name = &stored.profile.name;
            client.find_agent_by_tag(name, &tag(stored)).await.map_err(Error::elevenlabs)?
        }
    };
    if let Some(remote) = remote {
        client.delete_agent(&remote).await.map_err(Error::elevenlabs)?;
    }
    remove(ctx, stored).await
}

/// Removes a record whose twin does not exist.
async fn remove(ctx: &Context, stored: &Stored<Agent>) -> Result<()> {
    let mut step = ctx.step();
    step.delete(stored);
    ctx.retract(&mut step);
    Ok(ctx.store().commit(step).await?)
}

/// Marks a record whose twin may or may not come into being, to be deleted there and here.
async fn abandon(ctx: &Context, stored: &Stored<Agent>) -> Result<()> {
    let mut step = ctx.step();
    step.replace(stored, &Agent { sync: Sync::Deleting, ..stored.value.clone() })?;
    ctx.retract(&mut step);
    Ok(ctx.store().commit(step).await?)
}

fn settled(agent: &Agent, now: Timestamp) -> Agent {
    Agent { sync: Sync::InSync, check_at: None, updated_at: now, ..agent.clone() }
}

pub(crate) async fn find(ctx: &Context, id: AgentId) -> Result<Stored<Agent>> {
    existing(ctx, id).await?.ok_or(Error::NotFound("agent"))
}

/// The agent, or none if there is none or it is being deleted.
pub(crate) async fn existing(ctx: &Context, id: AgentId) -> Result<Option<Stored<Agent>>> {
    let stored = ctx.store().get::<Agent>(&ctx.tenant, &id).await?;
    Ok(stored.filter(|agent| agent.sync != Sync::Deleting))
}

/// By which our agent is known at the provider before its id there is known here.
fn tag(agent: &Agent) -> String {
    agent.id.to_string()
}

/// What the provider is to have. A talk's length is bound by the tenant's rules, so that a line's lease is true.
async fn spec(ctx: &Context, agent: &Agent, post_call_webhook_id: Option<String>) -> Result<AgentSpec> {
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

impl AgentInput {
    fn of(agent: &Agent) -> Self {
        let Profile {
            name,
            system_prompt,
            first_message,
            language,
            voice_id,
            llm,
            data_collection,
            evaluation,
        } = agent.profile.clone();
        let is_default = agent.is_default;
        Self {
            name,
            system_prompt,
            first_message,
            language,
            voice_id,
            llm,
            data_collection,
            evaluation,
            is_default,
        }
    }

    fn profile(self) -> Profile {
        let Self {
            name,
            system_prompt,
            first_message,
            language,
            voice_id,
            llm,
            data_collection,
            evaluation,
            ..
        } = self;
        Profile { name, system_prompt, first_message, language, voice_id, llm, data_collection, evaluation }
    }
}

impl AgentView {
    fn of(agent: &Agent) -> Self {
        Self {
            id: agent.id,
            elevenlabs_agent_id: agent.elevenlabs_agent_id.clone(),
            version: agent.version,
            sync: agent.sync,
            input: AgentInput::of(agent),
            created_at: agent.created_at,
            updated_at: agent.updated_at,
        }
    }
}
