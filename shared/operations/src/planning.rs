//! The planner: claims the calls whose turn it is.

use crate::context::Context;
use crate::error::Result;
use crate::{budget, business_config};
use contracts::Job;
use domain::AgentId;
use domain::call::{Call, Priority, Slot};
use domain::calling::{Decision, Policy, Reason, Ruling, Verdict, decide, judge};
use domain::campaign::Campaign;
use domain::contact::Contact;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use store::{Planner, Stored, VOICE_ACCOUNT};

/// How many calls of one priority one run looks at; what is left wakes the planner again.
const BATCH: usize = 50;
/// How many calls are put off or closed at the same time.
const SIDE_BY_SIDE: usize = 8;
/// How long a dial job may take to begin before the claim is looked after.
const CLAIMED_FOR: SignedDuration = SignedDuration::from_mins(5);

/// Claims the ready calls of the tenant for which there are slots and which the rules permit, puts off those
/// that must wait, closes those that may never be made, and sets the timer for the next one.
pub async fn plan_calls(ctx: &Context) -> Result<()> {
    let (settings, default_agent, held) = tokio::try_join!(
        business_config::get(ctx),
        async { Ok(ctx.store().default_agent(&ctx.tenant).await?.map(|agent| agent.id)) },
        async { Ok(ctx.store().slots(&ctx.tenant, VOICE_ACCOUNT).await?) },
    )?;
    let config = &settings.config;
    let now = ctx.now();
    let month = budget::month(ctx, config).await?;
    let mut free: Vec<u32> = (0..config.calling.max_concurrent)
        .rev()
        .filter(|number| !held.iter().any(|slot| slot.number == *number && slot.until >= now))
        .collect();
    let (lines, under_way) = (free.len(), budget::busy(&held, now));
    let mut wake: Vec<Timestamp> = Vec::new();
    let (mut more, mut held_back) = (false, false);
    for priority in Priority::ALL {
        let (ready, next) = ctx.store().ready_calls(&ctx.tenant, priority, now, BATCH).await?;
        more |= ready.len() == BATCH;
        wake.extend(next.filter(|at| *at > now));
        let (contacts, campaigns) = tokio::try_join!(contacts_of(ctx, &ready), campaigns_of(ctx, &ready))?;
        let policies: BTreeMap<_, _> =
            campaigns.iter().map(|campaign| (campaign.id, Policy::of(config, Some(campaign)))).collect();
        let tenants_own = Policy::of(config, None);
        let (mut permitted, mut aside) = (Vec::new(), Vec::new());
        for call in ready {
            let policy = call.campaign_id.and_then(|id| policies.get(&id)).unwrap_or(&tenants_own);
            let contact = contacts.get(&call.contact_id).map(|contact| &contact.value);
            match (decide(&judge(&call, contact, policy, now)), call.agent_id.or(default_agent)) {
                (Decision::Go, Some(agent)) => permitted.push((call, agent)),
                (Decision::Go, None) => aside.push((call, Decision::Refuse { reason: Reason::NoAgent })),
                (decision, _) => aside.push((call, decision)),
            }
        }
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
    arm(ctx, wake.into_iter().min(), more && !held_back).await
}

async fn contacts_of(
    ctx: &Context,
    calls: &[Stored<Call>],
) -> Result<BTreeMap<domain::ContactId, Stored<Contact>>> {
    let ids: Vec<_> = calls.iter().map(|call| call.contact_id).collect();
    let contacts = ctx.store().get_many::<Contact>(&ctx.tenant, &ids).await?;
    Ok(contacts.into_iter().map(|contact| (contact.id, contact)).collect())
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

/// Puts a ready call aside until its campaign is resumed.
pub(crate) async fn hold(ctx: &Context, ready: &Stored<Call>) -> Result<()> {
    let mut call = ready.value.clone();
    call.hold(ctx.now());
    settle(ctx, ready, &call).await
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
    let mut step = ctx.step();
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

/// Sets the tenant's one wake timer, and has the planner run again at once where a batch was not enough.
async fn arm(ctx: &Context, wake_at: Option<Timestamp>, more: bool) -> Result<()> {
    let old = ctx.store().get::<Planner>(&ctx.tenant, &()).await?;
    let planner = Planner { wake_at };
    let mut step = ctx.step();
    match &old {
        Some(old) if old.value == planner => {}
        Some(old) => step.replace(old, &planner)?,
        None => step.create(&planner)?,
    }
    if more {
        step.enqueue(Job::PlanCalls);
    }
    match ctx.store().commit(step).await {
        // Another run set the timer at the same time and may not have seen what this one saw: look again.
        Err(store::Error::Stale { .. }) => {
            let mut step = ctx.step();
            step.enqueue(Job::PlanCalls);
            Ok(ctx.store().commit(step).await?)
        }
        other => Ok(other?),
    }
}
