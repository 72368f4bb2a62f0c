//! Bringing a campaign's leads and calls to where its status says.
//!
//! What is left to do stands in lists that grow shorter as it is done: leads without a call, calls that are not
//! over. So the job keeps no journal; one that comes twice, or after a crash, goes on with what is left.

use crate::context::Context;
use crate::error::Result;
use crate::planning::settle;
use crate::{Page, business_config};
use contracts::Job;
use domain::business::BusinessConfig;
use domain::call::Call;
use domain::calling::{Decision, Policy, Reason, decide, judge};
use domain::campaign::{Campaign, CampaignStatus};
use domain::contact::Contact;
use domain::{AgentId, CampaignId};
use store::{Stored, free_leads, held_calls_of_campaign, open_calls_of_campaign, waiting_leads};

/// How many pages of 100 one run works off; what is left is for the next.
const PAGES: usize = 20;
/// How many leads are enrolled in one step: each is some dozen items of at most 100.
const TOGETHER: usize = 5;

/// Brings a campaign's leads and calls to where its status says, or a part of them and sets off the next part.
pub async fn run(ctx: &Context, id: CampaignId) -> Result<()> {
    let Some(campaign) = ctx.store().get::<Campaign>(&ctx.tenant, &id).await? else { return Ok(()) };
    let is_done = match campaign.status {
        CampaignStatus::Running => enrol(ctx, &campaign).await? && release(ctx, id).await?,
        CampaignStatus::Cancelled => cancel(ctx, id).await?,
        // Its calls are held one by one as their turn comes.
        CampaignStatus::Draft | CampaignStatus::Paused => true,
    };
    let mut step = ctx.step();
    if !is_done {
        step.enqueue(Job::RunCampaign { campaign: id });
    }
    step.enqueue(Job::PlanCalls);
    Ok(ctx.store().commit(step).await?)
}

/// The lists of the leads for whom a campaign has yet to make a call: its own, and those that its source makes its
/// own.
pub(super) fn audience(campaign: &Campaign) -> Vec<String> {
    let source = Some(&campaign.terms.source).filter(|source| !source.is_empty());
    std::iter::once(waiting_leads(campaign.id)).chain(source.map(|source| free_leads(source))).collect()
}

/// Makes a call for each lead of the audience. Answers whether none is left.
async fn enrol(ctx: &Context, campaign: &Stored<Campaign>) -> Result<bool> {
    let settings = business_config::get(ctx).await?;
    let mut pages = 0;
    for list in audience(campaign) {
        loop {
            let mut leads = first_page::<Contact>(ctx, &list).await?;
            if leads.is_empty() {
                break;
            }
            // Between the list and its records, another run may have enrolled some of them.
            leads.retain(|lead| is_waiting(campaign, lead));
            for group in leads.chunks(TOGETHER) {
                if enrol_together(ctx, campaign, group, &settings.config).await? {
                    continue;
                }
                if super::find(ctx, campaign.id).await?.version != campaign.version {
                    return Ok(false);
                }
                // One of them was edited meanwhile; the others need not wait for it.
                for lead in group {
                    enrol_together(ctx, campaign, std::slice::from_ref(lead), &settings.config).await?;
                }
            }
            pages += 1;
            if pages == PAGES {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Whether a campaign has yet to make a call for a lead.
fn is_waiting(campaign: &Campaign, lead: &Contact) -> bool {
    let is_member = lead.details.campaign_id == Some(campaign.id);
    if is_member { lead.enrolled != Some(campaign.id) } else { lead.is_free() }
}

/// Enrols some leads in one step; false if one of them, or the campaign, is not as it was read.
async fn enrol_together(
    ctx: &Context,
    campaign: &Stored<Campaign>,
    leads: &[Stored<Contact>],
    config: &BusinessConfig,
) -> Result<bool> {
    let mut step = ctx.step();
    step.require(campaign);
    for lead in leads {
        let mut contact = lead.value.clone();
        let call = enrolled(ctx, campaign, &mut contact, config);
        step.create(&call)?;
        step.replace(lead, &contact)?;
        ctx.changed(&mut step, "call", call.id, "created")?;
    }
    match ctx.store().commit(step).await {
        Err(store::Error::Stale { .. }) => Ok(false),
        other => Ok(other.map(|()| true)?),
    }
}

/// Makes a lead a part of a campaign, and the call for it: at the place that the rules give it now, so that the
/// planner need not put it off when it meets it.
pub(super) fn enrolled(
    ctx: &Context,
    campaign: &Campaign,
    contact: &mut Contact,
    config: &BusinessConfig,
) -> Call {
    let now = ctx.now();
    if contact.details.campaign_id != Some(campaign.id) {
        contact.join(campaign, now);
    }
    contact.enrolled = Some(campaign.id);
    contact.agent_id = agent_for(campaign, contact);
    let mut call = Call {
        agent_id: contact.agent_id,
        campaign_id: Some(campaign.id),
        objective: campaign.terms.objective.clone(),
        instructions: campaign.terms.instructions.clone(),
        priority: campaign.terms.priority,
        ..Call::queued(ctx.new_id(), contact.id, now, now)
    };
    match decide(&judge(&call, Some(contact), &Policy::of(config, Some(campaign)), now)) {
        Decision::Wait { until, reason } => call.postpone(until, reason, now),
        Decision::Refuse { reason } => call.block(reason, now),
        Decision::Go | Decision::Hold => {}
    }
    call
}

/// The agent that speaks with a lead in a campaign: the one it has, as long as that one takes part.
pub(crate) fn agent_for(campaign: &Campaign, contact: &Contact) -> Option<AgentId> {
    let takes_part = |agent: &AgentId| campaign.terms.agents.iter().any(|v| v.agent_id == *agent);
    contact.agent_id.filter(takes_part).or_else(|| campaign.agent_for(contact.id))
}

/// Takes the calls back in that were put aside while the campaign was paused. Answers whether all were.
async fn release(ctx: &Context, id: CampaignId) -> Result<bool> {
    for _ in 0..PAGES {
        let held = first_page::<Call>(ctx, &held_calls_of_campaign(id)).await?;
        if held.is_empty() {
            return Ok(true);
        }
        for old in &held {
            let mut call = old.value.clone();
            call.release(ctx.now());
            settle(ctx, old, &call).await?;
        }
    }
    Ok(false)
}

/// Takes back the calls that nobody was called for yet. Answers whether all were.
async fn cancel(ctx: &Context, id: CampaignId) -> Result<bool> {
    let mut page = Page { limit: 100, cursor: None };
    for _ in 0..PAGES {
        let listing = ctx.store().list::<Call>(&ctx.tenant, &open_calls_of_campaign(id), &page).await?;
        for old in &listing.items {
            let mut call = old.value.clone();
            if call.cancel(Reason::CampaignCancelled, ctx.now()).is_some() {
                settle(ctx, old, &call).await?;
            }
        }
        let Some(next) = listing.next else { return Ok(true) };
        page.cursor = Some(next);
    }
    Ok(false)
}

/// The first page of a list that those leave who were dealt with.
async fn first_page<E: store::Entity>(ctx: &Context, list: &str) -> Result<Vec<Stored<E>>> {
    let page = Page { limit: 100, cursor: None };
    Ok(ctx.store().list::<E>(&ctx.tenant, list, &page).await?.items)
}
