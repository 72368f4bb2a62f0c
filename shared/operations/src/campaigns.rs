//! Campaigns: kept, started, paused, resumed, cancelled.

mod plan;
mod running;

pub use plan::{CampaignPlan, PlannedCall, Skipped, plan};
pub use running::run;

use crate::context::Context;
use crate::error::{Error, Result, expect, retrying};
use crate::{Listing, Page, business_config, merge_patch, planning};
use contracts::Job;
use domain::agent::{Agent, Sync};
use domain::business::BusinessConfig;
use domain::call::{Call, CallStatus};
use domain::campaign::{Campaign, CampaignStatus, Terms};
use domain::{AgentId, CampaignId, Invalid, Role};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use store::{CAMPAIGNS, Stored, campaigns_in, open_calls_of_campaign};
use utoipa::ToSchema;

/// A campaign as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CampaignView {
    /// The campaign's id.
    pub id: CampaignId,
    /// Where it stands.
    pub status: CampaignStatus,
    /// What it is about and how it is done.
    #[serde(flatten)]
    pub terms: Terms,
    /// When it was started first.
    #[schema(value_type = Option<String>)]
    pub started_at: Option<Timestamp>,
    /// When the record was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// A campaign with how far it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CampaignDetails {
    /// The campaign.
    #[serde(flatten)]
    pub campaign: CampaignView,
    /// How many of its calls are in which status, from counters.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub calls: BTreeMap<CallStatus, i64>,
    /// How many of its calls are not over.
    pub open_calls: i64,
}

/// Stores a campaign as a draft.
pub async fn create(ctx: &Context, terms: Terms) -> Result<Stored<CampaignView>> {
    ctx.require(Role::Manager)?;
    let terms = checked(ctx, terms, None).await?;
    let now = ctx.now();
    let campaign = Campaign {
        id: ctx.new_id(),
        terms,
        status: CampaignStatus::Draft,
        started_at: None,
        created_at: now,
        updated_at: now,
    };
    let view = CampaignView::of(&campaign);
    let mut step = ctx.step();
    step.create(&campaign)?;
    ctx.audited(&mut step, "campaign.created", campaign.id, None, Some(&view))?;
    ctx.remember(&mut step, 201, &view)?;
    ctx.store().commit(step).await?;
    Ok(Stored { value: view, version: 1 })
}

/// One campaign, with how far it is.
pub async fn get(ctx: &Context, id: CampaignId) -> Result<Stored<CampaignDetails>> {
    ctx.require(Role::Viewer)?;
    let (campaign, calls) =
        tokio::try_join!(find(ctx, id), async { Ok(ctx.store().campaign_calls(&ctx.tenant, id).await?) })?;
    let open_calls = calls.iter().filter(|(status, _)| !status.is_final()).map(|(_, count)| count).sum();
    let details = CampaignDetails { campaign: CampaignView::of(&campaign), calls, open_calls };
    Ok(Stored { value: details, version: campaign.version })
}

/// Campaigns, newest first; those in one status if it is given.
pub async fn list(
    ctx: &Context,
    status: Option<CampaignStatus>,
    page: &Page,
) -> Result<Listing<CampaignView>> {
    ctx.require(Role::Viewer)?;
    let list = status.map_or_else(|| CAMPAIGNS.to_owned(), campaigns_in);
    let listing = ctx.store().list::<Campaign>(&ctx.tenant, &list, page).await?;
    let items = listing.items.iter().map(|campaign| CampaignView::of(campaign)).collect();
    Ok(Listing { items, next: listing.next })
}

/// Changes a campaign by a merge patch. Calls that wait go by the new rules; those that were made keep their agent.
pub async fn update(
    ctx: &Context,
    id: CampaignId,
    patch: &Value,
    expected: Option<u64>,
) -> Result<Stored<CampaignView>> {
    ctx.require(Role::Manager)?;
    retrying!(
        async {
            let old = find(ctx, id).await?;
            expect(&old, expected)?;
            if old.status == CampaignStatus::Cancelled {
                return Err(Error::Conflict("The campaign was cancelled.".to_owned()));
            }
            let terms = checked(ctx, merge_patch(&old.terms, patch)?, Some(&old.terms)).await?;
            let campaign = Campaign { terms, updated_at: ctx.now(), ..old.value.clone() };
            replace(ctx, &old, &campaign, "campaign.updated").await
        }
        .await
    )
}

/// Deletes a campaign that was never started, or is over and has no call left.
pub async fn delete(ctx: &Context, id: CampaignId, expected: Option<u64>) -> Result<()> {
    ctx.require(Role::Manager)?;
    retrying!(
        async {
            let old = find(ctx, id).await?;
            expect(&old, expected)?;
            if old.status.takes_leads() {
                return Err(Error::Conflict("The campaign is on: cancel it first.".to_owned()));
            }
            let one = Page { limit: 1, cursor: None };
            let open = ctx.store().list::<Call>(&ctx.tenant, &open_calls_of_campaign(id), &one).await?;
            if !open.items.is_empty() {
                return Err(Error::Conflict(
                    "The campaign still has calls: they are over or taken back soon.".to_owned(),
                ));
            }
            let mut step = ctx.step();
            step.delete(&old);
            ctx.audited(&mut step, "campaign.deleted", id, Some(&CampaignView::of(&old)), None)?;
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
}

/// What a member may do with a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Have its leads called.
    Start,
    /// Have them called no more for now.
    Pause,
    /// Have them called again.
    Resume,
    /// Have them called no more.
    Cancel,
}

impl Command {
    /// Where the command leads from a status; `None` if it does not fit there.
    fn applied(self, status: CampaignStatus) -> Option<CampaignStatus> {
        use CampaignStatus::{Cancelled, Draft, Paused, Running};
        match (self, status) {
            (Self::Start, Draft | Running) | (Self::Resume, Paused | Running) => Some(Running),
            (Self::Pause, Running | Paused) => Some(Paused),
            (Self::Cancel, _) => Some(Cancelled),
            _ => None,
        }
    }
}

/// Does what a member commands. It holds from the moment that it is answered, because every call of the campaign
/// is asked about it before it is claimed and before it is dialed; the job brings the waiting leads and calls after.
/// A command that changes nothing is answered like one that does.
pub async fn command(ctx: &Context, id: CampaignId, command: Command) -> Result<CampaignView> {
    ctx.require(Role::Manager)?;
    retrying!(
        async {
            let old = find(ctx, id).await?;
            let Some(status) = command.applied(old.status) else {
                return Err(Error::Conflict(format!("The campaign is {}.", old.status.as_str())));
            };
            if status == old.status {
                return Ok(CampaignView::of(&old));
            }
            if status == CampaignStatus::Running && !has_agent(ctx, &old.terms).await? {
                return Err(Error::Conflict("There is no agent to speak: create one first.".to_owned()));
            }
            let now = ctx.now();
            let started_at = old.started_at.or((status == CampaignStatus::Running).then_some(now));
            let campaign = Campaign { status, started_at, updated_at: now, ..old.value.clone() };
            Ok(replace(ctx, &old, &campaign, &format!("campaign.{}", status.as_str())).await?.value)
        }
        .await
    )
}

/// Stores a changed campaign, and has its leads and calls brought after.
async fn replace(
    ctx: &Context,
    old: &Stored<Campaign>,
    campaign: &Campaign,
    action: &str,
) -> Result<Stored<CampaignView>> {
    let view = CampaignView::of(campaign);
    let mut step = ctx.step();
    step.replace(old, campaign)?;
    step.enqueue(Job::RunCampaign { campaign: campaign.id });
    if campaign.terms.rules != old.terms.rules {
        planning::ask_anew(ctx, &mut step).await?;
    }
    ctx.audited(&mut step, action, campaign.id, Some(&CampaignView::of(old)), Some(&view))?;
    ctx.store().commit(step).await?;
    Ok(Stored { value: view, version: old.version + 1 })
}

pub(crate) async fn find(ctx: &Context, id: CampaignId) -> Result<Stored<Campaign>> {
    ctx.store().get::<Campaign>(&ctx.tenant, &id).await?.ok_or(Error::NotFound("campaign"))
}

/// The campaign of a call; none if it has none, or if that is gone.
pub(crate) async fn of_call(ctx: &Context, call: &Call) -> Result<Option<Stored<Campaign>>> {
    match call.campaign_id {
        Some(id) => Ok(ctx.store().get::<Campaign>(&ctx.tenant, &id).await?),
        None => Ok(None),
    }
}

/// Checks what was written. What `old` had already is not asked about again: an objective or an agent may have
/// gone since.
async fn checked(ctx: &Context, written: Terms, old: Option<&Terms>) -> Result<Terms> {
    let settings = business_config::get(ctx).await?;
    let config = &settings.config;
    let mut terms = written.checked(&config.calling)?;
    if old.is_none_or(|old| old.objective != terms.objective) {
        terms.objective = objective(&terms.objective, config)?;
    }
    if old.is_none_or(|old| old.agents != terms.agents) {
        let there = agents_there(ctx, &terms).await?;
        if let Some(n) = terms.agents.iter().position(|variant| !there.contains(&variant.agent_id)) {
            return Err(Invalid::at(format!("/agents/{n}/agent_id"), "is no agent of yours").into());
        }
    }
    Ok(terms)
}

/// Whether anybody can speak in a campaign: one of its agents, or the default agent.
async fn has_agent(ctx: &Context, terms: &Terms) -> Result<bool> {
    Ok(!agents_there(ctx, terms).await?.is_empty() || ctx.store().default_agent(&ctx.tenant).await?.is_some())
}

/// Those of a campaign's agents that exist.
async fn agents_there(ctx: &Context, terms: &Terms) -> Result<BTreeSet<AgentId>> {
    let ids: Vec<AgentId> = terms.agents.iter().map(|variant| variant.agent_id).collect();
    let agents = ctx.store().get_many::<Agent>(&ctx.tenant, &ids).await?;
    Ok(agents.iter().filter(|agent| agent.sync != Sync::Deleting).map(|agent| agent.id).collect())
}

/// An objective as written, or the business's first one if none is written.
fn objective(written: &str, config: &BusinessConfig) -> Result<String> {
    match written.trim() {
        "" => Ok(config.call_objectives.first().cloned().unwrap_or_default()),
        text => Ok(config.check_objective(text).map_err(|e| e.within("/objective"))?),
    }
}

impl CampaignView {
    fn of(campaign: &Campaign) -> Self {
        Self {
            id: campaign.id,
            status: campaign.status,
            terms: campaign.terms.clone(),
            started_at: campaign.started_at,
            created_at: campaign.created_at,
            updated_at: campaign.updated_at,
        }
    }
}
