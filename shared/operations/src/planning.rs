//! The planner: claims the calls whose turn it is.

mod standing;

pub(crate) use standing::{ask_anew, ask_anew_about, hours_differ, rest_no_more, resting, stand_back};

use crate::context::Context;
use crate::error::Result;
use crate::{budget, business_config, campaigns, leads};
use contracts::Job;
use domain::AgentId;
use domain::business::BusinessConfig;
use domain::call::{Call, Priority, Slot};
use domain::calling::{Decision, Policy, Reason, Ruling, Verdict, decide, judge};
use domain::campaign::{Campaign, CampaignStatus};
use domain::contact::Contact;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use standing::{arm, planner};
use std::collections::BTreeMap;
use store::{Page, Review, Stored, Transaction, VOICE_ACCOUNT, ready_list};

/// How many calls of one priority one run looks at; what is left wakes the planner again.
const BATCH: usize = 50;
/// How many calls are put off or closed at the same time.
const SIDE_BY_SIDE: usize = 8;
/// How long a dial job may take to begin before the claim is looked after.
const CLAIMED_FOR: SignedDuration = SignedDuration::from_mins(5);

/// Claims the ready calls of the tenant for which there are slots and which the rules permit, puts off those
/// that must wait, closes those that may never be made, and sets the timer for the next one.
pub async fn plan_calls(ctx: &Context) -> Result<()> {
    let (settings, default_agent, held, planner) = tokio::try_join!(
        business_config::get(ctx),
        async { Ok(ctx.store().default_agent(&ctx.tenant).await?.map(|agent| agent.id)) },
        async { Ok(ctx.store().slots(&ctx.tenant, VOICE_ACCOUNT).await?) },
        planner(ctx),
    )?;
    let config = &settings.config;
    let now = ctx.now();
    let planner = planner.map(|planner| planner.value).unwrap_or_default();
    if planner.rest.is_some_and(|rest| rest.until > now) {
        return Ok(());
    }
    let reviewed = match planner.review {
        Some(at) => Some((at.clone(), review(ctx, config, default_agent, at).await?)),
        None => None,
    };
    let month = budget::month(ctx, config).await?;
    let under_way = budget::busy(&held, now);
    let mut free: Vec<u32> = (0..config.calling.max_concurrent)
        .filter(|number| !held.iter().any(|slot| slot.number == *number && slot.until >= now))
        // Where there were more lines, calls may still hold them.
        .take((config.calling.max_concurrent as usize).saturating_sub(under_way))
        .collect();
    free.reverse();
    let lines = free.len();
    let mut wake: Vec<Timestamp> = Vec::new();
    let (mut more, mut held_back) = (false, false);
    for priority in Priority::ALL {
        let (ready, next) = ctx.store().ready_calls(&ctx.tenant, priority, now, BATCH).await?;
        more |= ready.len() == BATCH;
        wake.extend(next.filter(|at| *at > now));
        let (permitted, aside) = judged(ctx, config, default_agent, ready).await?;
        wake.extend(aside.iter().filter_map(|(_, decision)| match decision {
            Decision::Wait { until, .. } => Some(*until),
            _ => None,
        }));
        set_aside(ctx, aside).await?;
        for (call, agent) in permitted {
            // Lines that were free and are not any more are calls that are under way.
            let under_way = under_way + lines - free.len();
            let budget = budget::verdict(config, month.as_ref(), under_way, now);
            if let Verdict { ruling: Ruling::Wait(until), reason: Some(reason), .. } = budget {
                held_back = true;
                wake.push(until);
                hold_back(ctx, &call, reason).await?;
                continue;
            }
            let lease = now + CLAIMED_FOR + config.calling.longest_call();
            claim(ctx, &call, agent, &mut free, lease).await?;
            more &= !free.is_empty();
        }
    }
    // A line that nobody gives back is free at its lease's end; one that is given back wakes us itself.
    if free.is_empty() || held_back {
        wake.extend(held.iter().map(|slot| slot.until).filter(|until| *until > now).min());
    }
    // What the budget holds back stays where it is, so looking again at once would find the same.
    let goes_on = (more && !held_back) || matches!(reviewed, Some((_, Some(_))));
    arm(ctx, wake.into_iter().min(), goes_on, reviewed).await
}

/// Calls that may go, each with who speaks, and calls that may not, each with why.
type Judged = (Vec<(Stored<Call>, AgentId)>, Vec<(Stored<Call>, Decision)>);

/// Asks the rules about some calls.
async fn judged(
    ctx: &Context,
    config: &BusinessConfig,
    default_agent: Option<AgentId>,
    calls: Vec<Stored<Call>>,
) -> Result<Judged> {
    let (contacts, campaigns) = tokio::try_join!(contacts_of(ctx, &calls), campaigns_of(ctx, &calls))?;
    let policies: BTreeMap<_, _> =
        campaigns.iter().map(|campaign| (campaign.id, Policy::of(config, Some(campaign)))).collect();
    let tenants_own = Policy::of(config, None);
    let (mut permitted, mut aside) = (Vec::new(), Vec::new());
    for call in calls {
        let policy = call.campaign_id.and_then(|id| policies.get(&id)).unwrap_or(&tenants_own);
        let contact = contacts.get(&call.contact_id).map(|contact| &contact.value);
        match (decide(&judge(&call, contact, policy, ctx.now())), call.agent_id.or(default_agent)) {
            (Decision::Go, Some(agent)) => permitted.push((call, agent)),
            (Decision::Go, None) => aside.push((call, Decision::Refuse { reason: Reason::NoAgent })),
            (decision, _) => aside.push((call, decision)),
        }
    }
    Ok((permitted, aside))
}

/// Asks the rules anew about one page of the calls that wait for a time, and moves those that now have another one.
/// Answers where to go on.
async fn review(
    ctx: &Context,
    config: &BusinessConfig,
    default_agent: Option<AgentId>,
    at: Review,
) -> Result<Option<Review>> {
    let page = Page { limit: 100, cursor: at.after };
    let listing = ctx.store().list::<Call>(&ctx.tenant, &ready_list(at.priority), &page).await?;
    let now = ctx.now();
    let waiting = listing.items.into_iter().filter(|call| call.ready_at > now).collect();
    let (permitted, mut aside) = judged(ctx, config, default_agent, waiting).await?;
    aside.retain(|(call, decision)| match decision {
        Decision::Wait { until, .. } => *until != call.ready_at,
        // Refusals and holds come when their turn does: until then the rules may change again.
        _ => false,
    });
    aside.extend(permitted.into_iter().map(|(call, _)| {
        let reason = call.reason.unwrap_or(Reason::Scheduled);
        (call, Decision::Wait { until: now, reason })
    }));
    set_aside(ctx, aside).await?;
    Ok(match listing.next {
        Some(cursor) => Some(Review { priority: at.priority, after: Some(cursor) }),
        None => Priority::ALL
            .into_iter()
            .skip_while(|priority| *priority != at.priority)
            .nth(1)
            .map(|priority| Review { priority, after: None }),
    })
}

async fn contacts_of(
    ctx: &Context,
    calls: &[Stored<Call>],
) -> Result<BTreeMap<domain::ContactId, Stored<Contact>>> {
    let ids: Vec<_> = calls.iter().map(|call| call.contact_id).collect();
    let contacts = ctx.store().get_many::<Contact>(&ctx.tenant, &ids).await?;
    let mut contacts: BTreeMap<_, _> = contacts.into_iter().map(|contact| (contact.id, contact)).collect();
    // Whoever went into another record has calls only until they are moved.
    for id in ids {
        if !contacts.contains_key(&id)
            && let Some(contact) = leads::known(ctx, id).await?
        {
            contacts.insert(id, contact);
        }
    }
    Ok(contacts)
}

async fn campaigns_of(ctx: &Context, calls: &[Stored<Call>]) -> Result<Vec<Stored<Campaign>>> {
    let ids: Vec<_> = calls.iter().filter_map(|call| call.campaign_id).collect();
    Ok(ctx.store().get_many::<Campaign>(&ctx.tenant, &ids).await?)
}

/// Takes calls out of the way that are not to be claimed now, some side by side.
async fn set_aside(ctx: &Context, calls: Vec<(Stored<Call>, Decision)>) -> Result<()> {
    let settled = calls.into_iter().map(|(call, decision)| async move {
        match decision {
            Decision::Refuse { reason } => close(ctx, &call, reason).await,
            Decision::Wait { until, reason } => put_off(ctx, &call, until, reason).await,
            Decision::Hold => hold(ctx, &call).await,
            Decision::Go => Ok(()),
        }
    });
    stream::iter(settled).buffer_unordered(SIDE_BY_SIDE).try_collect().await
}

/// Claims a call with one of the free lines; without one it stays ready.
async fn claim(
    ctx: &Context,
    ready: &Stored<Call>,
    agent: AgentId,
    free: &mut Vec<u32>,
    lease_until: Timestamp,
) -> Result<()> {
    let now = ctx.now();
    while let Some(number) = free.pop() {
        let mut call = ready.value.clone();
        let attempt = call.claim(agent, Slot { number, lease_until }, now + CLAIMED_FOR, now);
        let mut step = ctx.step();
        step.replace(ready, &call)?;
        step.enqueue(Job::DialCall { attempt });
        ctx.changed(&mut step, "call", call.id, call.status.as_str())?;
        match ctx.store().commit(step).await {
            // Another planner took the line: the next one may be free.
            Err(store::Error::SlotTaken) => {}
            // Another planner took the call; the line is still free.
            Err(store::Error::Stale { .. }) => {
                free.push(number);
                return Ok(());
            }
            other => return Ok(other?),
        }
    }
    Ok(())
}

/// Puts a ready call back until `until`.
pub(crate) async fn put_off(
    ctx: &Context,
    ready: &Stored<Call>,
    until: Timestamp,
    reason: Reason,
) -> Result<()> {
    let mut call = ready.value.clone();
    call.postpone(until, reason, ctx.now());
    settle(ctx, ready, &call).await
}

/// Puts a ready call aside until its campaign is resumed. Where it was resumed just now, the call stays ready.
pub(crate) async fn hold(ctx: &Context, ready: &Stored<Call>) -> Result<()> {
    let Some(campaign) = campaigns::of_call(ctx, ready).await? else { return Ok(()) };
    if campaign.status != CampaignStatus::Paused {
        return Ok(());
    }
    let mut call = ready.value.clone();
    call.hold(ctx.now());
    let mut step = ctx.step();
    step.require(&campaign);
    settle_in(ctx, step, ready, &call).await
}

/// Leaves a ready call where it is, so that it goes as soon as the budget has room, and says why it waits.
async fn hold_back(ctx: &Context, ready: &Stored<Call>, reason: Reason) -> Result<()> {
    if ready.reason == Some(reason) { Ok(()) } else { put_off(ctx, ready, ready.ready_at, reason).await }
}

/// Closes a call that may not be made.
pub(crate) async fn close(ctx: &Context, ready: &Stored<Call>, reason: Reason) -> Result<()> {
    let mut call = ready.value.clone();
    match reason {
        Reason::CampaignCancelled => drop(call.cancel(reason, ctx.now())),
        _ => call.block(reason, ctx.now()),
    }
    tracing::info!(call = %call.id, ?reason, "the rules forbid the call");
    settle(ctx, ready, &call).await
}

/// Stores where a call went that held no line, or gives its line back. Who was faster wins.
pub(crate) async fn settle(ctx: &Context, old: &Stored<Call>, call: &Call) -> Result<()> {
    settle_in(ctx, ctx.step(), old, call).await
}

async fn settle_in(ctx: &Context, mut step: Transaction, old: &Stored<Call>, call: &Call) -> Result<()> {
    step.replace(old, call)?;
    if old.slot.is_some() {
        step.enqueue(Job::PlanCalls);
    }
    ctx.changed(&mut step, "call", call.id, call.status.as_str())?;
    match ctx.store().commit(step).await {
        // Somebody else dealt with it.
        Err(store::Error::Stale { .. }) => Ok(()),
        other => Ok(other?),
    }
}
