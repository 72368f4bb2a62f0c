//! Bringing a campaign's leads and calls to where its status says.
//!
//! What is left to do stands in lists that grow shorter as it is done: leads without a call, calls that are not
//! over. So the job keeps no journal; one that comes twice, or after a crash, goes on with what is left.

use crate::context::Context;
use crate::error::Result;
use crate::planning::settle;
use crate::{Page, business_config};
use contracts::Job;
use domain::CampaignId;
use domain::business::BusinessConfig;
use domain::call::Call;
use domain::calling::{Decision, Policy, Reason, decide, judge};
use domain::campaign::{Campaign, CampaignStatus};
use domain::contact::Contact;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::time::{Duration, Instant};
use store::{Stored, free_leads, held_calls_of_campaign, open_calls_of_campaign, waiting_leads};

/// After how long a run leaves what is left to the next one.
const BUDGET: Duration = Duration::from_secs(20);
/// How many pages of 100 one run works off at most.
const PAGES: usize = 20;
/// How many leads are enrolled in one step: each is some twenty items of at most 100.
const TOGETHER: usize = 4;
/// How many calls are released or taken back at the same time.
const SIDE_BY_SIDE: usize = 8;

/// Brings a campaign's leads and calls to where its status says, or a part of them and sets off the next part.
pub async fn run(ctx: &Context, id: CampaignId) -> Result<()> {
    let Some(campaign) = ctx.store().get::<Campaign>(&ctx.tenant, &id).await? else { return Ok(()) };
    let began = Instant::now();
    let is_done = match campaign.status {
        CampaignStatus::Running => enrol(ctx, &campaign, began).await? && release(ctx, id, began).await?,
        CampaignStatus::Cancelled => cancel(ctx, id, began).await?,
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
async fn enrol(ctx: &Context, campaign: &Stored<Campaign>, began: Instant) -> Result<bool> {
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
            if pages == PAGES || began.elapsed() > BUDGET {
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
        ctx.changed(&mut step, "lead", lead.id, "updated")?;
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
    contact.join(campaign, now);
    contact.enrolled = Some(campaign.id);
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

/// Takes the calls back in that were put aside while the campaign was paused. Answers whether all were.
async fn release(ctx: &Context, id: CampaignId, began: Instant) -> Result<bool> {
    for _ in 0..PAGES {
        let held = first_page::<Call>(ctx, &held_calls_of_campaign(id)).await?;
        if held.is_empty() {
            return Ok(true);
        }
        let released = held.into_iter().map(|old| {
            let mut call = old.value.clone();
            call.release(ctx.now());
            (old, call)
        });
        settle_all(ctx, released.collect()).await?;
        if began.elapsed() > BUDGET {
            break;
        }
    }
    Ok(false)
}

/// Takes back the calls that nobody was called for yet. Answers whether all were.
async fn cancel(ctx: &Context, id: CampaignId, began: Instant) -> Result<bool> {
    let mut page = Page { limit: 100, cursor: None };
    for _ in 0..PAGES {
        let listing = ctx.store().list::<Call>(&ctx.tenant, &open_calls_of_campaign(id), &page).await?;
        let cancelled = listing.items.into_iter().filter_map(|old| {
            let mut call = old.value.clone();
            call.cancel(Reason::CampaignCancelled, ctx.now()).map(|()| (old, call))
        });
        settle_all(ctx, cancelled.collect()).await?;
        let Some(next) = listing.next else { return Ok(true) };
        page.cursor = Some(next);
        if began.elapsed() > BUDGET {
            break;
        }
    }
    Ok(false)
}

/// Stores where calls went, some side by side.
async fn settle_all(ctx: &Context, changed: Vec<(Stored<Call>, Call)>) -> Result<()> {
    let settled = changed.into_iter().map(|(old, call)| async move { settle(ctx, &old, &call).await });
    stream::iter(settled).buffer_unordered(SIDE_BY_SIDE).try_collect().await
}

/// The first page of a list that those leave who were dealt with.
async fn first_page<E: store::Entity>(ctx: &Context, list: &str) -> Result<Vec<Stored<E>>> {
    let page = Page { limit: 100, cursor: None };
    Ok(ctx.store().list::<E>(&ctx.tenant, list, &page).await?.items)
}
