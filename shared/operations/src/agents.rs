//! AI agents, here and at the voice provider.
//!
//! An agent is written here first, as pending, with a timer; then it is made, changed or deleted at the
//! provider; then it is settled here. Whoever dies half way leaves a pending record, and the timer's job
//! asks the provider (by a tag with our id) what it has and settles it: no orphan there, no lie here.

mod drift;
mod remote;
pub mod templates;
mod tester;
pub mod versions;

pub use drift::{Drift, bring_back};
pub use remote::sync;
pub use tester::{TestInput, TestReport, UnknownVariable, UsedIn, Warning, WarningCode, test};

use crate::context::Context;
use crate::error::{Error, Result, expect, retrying};
use crate::{Listing, Page, integrations, merge_patch};
use domain::agent::{Agent, AgentVersion, Criterion, DataPoint, Profile, Sync};
use domain::{AgentId, Role};
use jiff::Timestamp;
use remote::{UNSETTLED, abandon, delete_remote, remove, settled, spec, tag};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use store::{AGENTS, Stored};
use utoipa::ToSchema;

/// A new agent. What is not given is the template's, where one is named.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewAgent {
    /// What it begins as: the id of a template, such as `lead_qualification` or `tpl_…`.
    pub template: Option<String>,
    /// What people here call it.
    pub name: Option<String>,
    /// What it is, wants and must not do; each call's context is appended. 50,000 characters at most.
    pub system_prompt: Option<String>,
    /// What it says first; `{{first_name}}` and the like are filled in.
    pub first_message: Option<String>,
    /// ISO 639-1, such as `en` or `hi`; `en` if neither this nor the template says it.
    pub language: Option<String>,
    /// The provider's voice; the provider's default if not given.
    pub voice_id: Option<String>,
    /// The provider's language model; the provider's default if not given.
    pub llm: Option<String>,
    /// What it should find out, by field; in place of all that the template has.
    pub data_collection: Option<BTreeMap<String, DataPoint>>,
    /// What makes a call a good one; in place of all that the template has.
    pub evaluation: Option<Vec<Criterion>>,
    /// Whether calls that name no agent are its calls. The first agent always is the default.
    pub is_default: bool,
}

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
    /// Whether ElevenLabs still has what we gave it; only where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// The fields that were changed at ElevenLabs; only where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drifted_fields: Option<Vec<&'static str>>,
    /// When the record was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// Makes an agent here and at the provider.
pub async fn create(ctx: &Context, input: NewAgent) -> Result<Stored<AgentView>> {
    ctx.require(Role::Manager)?;
    let is_default = input.is_default;
    let base = match &input.template {
        Some(template) => templates::profile(ctx, template).await?,
        None => Profile::default(),
    };
    let profile = input.profile(base).checked()?;
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
            match client.find_agent_by_tag(Some(&spec.name), &tag(&pending)).await {
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
    retrying!(
        async {
            // Somebody may have deleted it meanwhile; the timer then removes the one at the provider.
            let gone = || Error::Conflict("The agent was deleted while it was made.".to_owned());
            let pending = existing(ctx, pending.id).await?.ok_or_else(gone)?;
            let remote = Some(remote.clone());
            let agent = Agent { elevenlabs_agent_id: remote, is_default, ..settled(&pending, now) };
            let view = AgentView::of(&agent);
            let mut step = ctx.step();
            step.replace(&pending, &agent)?;
            step.put(&version(ctx, &agent))?;
            if agent.is_default {
                unset_default(ctx, &mut step, agent.id).await?;
            }
            ctx.audited(&mut step, "agent.created", agent.id, None, Some(&view))?;
            ctx.fulfil(&mut step, 201, &view)?;
            match ctx.store().commit(step).await {
                // Somebody else made a default agent at the same time: that one gives way.
                Err(store::Error::Taken { .. }) => Err(Error::Stale),
                other => Ok(other.map(|()| Stored { value: view, version: pending.version + 1 })?),
            }
        }
        .await
    )
}

/// One agent; compared with what ElevenLabs has where `refresh` asks for it.
pub async fn get(ctx: &Context, id: AgentId, refresh: bool) -> Result<Stored<AgentView>> {
    ctx.require(Role::Viewer)?;
    let agent = find(ctx, id).await?;
    let mut view = AgentView::of(&agent);
    if refresh {
        let (drift, fields) = drift::compare(ctx, &agent).await?;
        view.drift = Some(drift);
        view.drifted_fields = Some(fields);
    }
    Ok(Stored { value: view, version: agent.version })
}

/// Agents, newest first.
pub async fn list(ctx: &Context, page: &Page) -> Result<Listing<AgentView>> {
    ctx.require(Role::Viewer)?;
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
    let old = find(ctx, id).await?;
    expect(&old, expected)?;
    let input = merge_patch(&AgentInput::of(&old), patch)?;
    let is_default = input.is_default;
    change(ctx, &old, input.profile().checked()?, is_default).await
}

/// Gives an agent this profile, here and at the provider. Every other profile is another version.
async fn change(
    ctx: &Context,
    old: &Stored<Agent>,
    profile: Profile,
    is_default: bool,
) -> Result<Stored<AgentView>> {
    integrations::elevenlabs(&ctx.platform, &ctx.tenant).await?;
    remote::must_exist(old)?;
    let now = ctx.now();
    let changed = profile != old.profile;
    let mut agent = Agent { profile, is_default, updated_at: now, ..old.value.clone() };
    if changed {
        agent.version += 1;
        // Whoever makes it again brings this version too.
        if agent.sync != Sync::Recreating {
            agent.sync = Sync::Pending;
            agent.check_at = Some(now + UNSETTLED);
        }
    }
    let view = AgentView::of(&settled(&agent, now));
    let mut step = ctx.step();
    step.replace(old, &agent)?;
    if changed {
        step.put(&version(ctx, &agent))?;
    }
    if agent.is_default && !old.is_default {
        unset_default(ctx, &mut step, agent.id).await?;
    }
    ctx.audited(&mut step, "agent.updated", agent.id, Some(&AgentView::of(old)), Some(&view))?;
    ctx.store().commit(step).await?;
    let pending = Stored { value: agent, version: old.version + 1 };
    if !changed || pending.sync == Sync::Recreating {
        return Ok(pending.shown());
    }
    remote::brought(ctx, old, pending).await
}

/// The version that an agent's profile now is.
fn version(ctx: &Context, agent: &Agent) -> AgentVersion {
    AgentVersion {
        agent: agent.id,
        version: agent.version,
        at: ctx.now(),
        by: ctx.actor.name(),
        profile: agent.profile.clone(),
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
    if deleting.elevenlabs_agent_id.is_none() {
        // It may be about to come into being there; the timer's job looks for it once that is over.
        return Ok(());
    }
    if let Err(error) = delete_remote(ctx, &deleting).await {
        tracing::warn!(agent = %id, %error, "the provider's agent is to be deleted later");
    }
    Ok(())
}

/// Takes the mark of the default agent from whoever has it, if it is not `heir`.
async fn unset_default(ctx: &Context, step: &mut store::Transaction, heir: AgentId) -> Result<()> {
    if let Some(default) = ctx.store().default_agent(&ctx.tenant).await?.filter(|agent| agent.id != heir) {
        let agent = Agent { is_default: false, ..default.value.clone() };
        step.replace(&default, &agent)?;
    }
    Ok(())
}

pub(crate) async fn find(ctx: &Context, id: AgentId) -> Result<Stored<Agent>> {
    existing(ctx, id).await?.ok_or(Error::NotFound("agent"))
}

/// The agent, or none if there is none or it is being deleted.
pub(crate) async fn existing(ctx: &Context, id: AgentId) -> Result<Option<Stored<Agent>>> {
    let stored = ctx.store().get::<Agent>(&ctx.tenant, &id).await?;
    Ok(stored.filter(|agent| agent.sync != Sync::Deleting))
}

/// A stored agent as the API shows it.
trait Shown {
    fn shown(&self) -> Stored<AgentView>;
}

impl Shown for Stored<Agent> {
    fn shown(&self) -> Stored<AgentView> {
        Stored { value: AgentView::of(self), version: self.version }
    }
}

impl NewAgent {
    fn profile(self, base: Profile) -> Profile {
        Profile {
            name: self.name.unwrap_or(base.name),
            system_prompt: self.system_prompt.unwrap_or(base.system_prompt),
            first_message: self.first_message.unwrap_or(base.first_message),
            language: self.language.unwrap_or(base.language),
            voice_id: self.voice_id.or(base.voice_id),
            llm: self.llm.or(base.llm),
            data_collection: self.data_collection.unwrap_or(base.data_collection),
            evaluation: self.evaluation.unwrap_or(base.evaluation),
        }
    }
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
            drift: None,
            drifted_fields: None,
            created_at: agent.created_at,
            updated_at: agent.updated_at,
        }
    }
}
