//! The planner: claims the calls whose turn it is.

use crate::business_config;
use crate::context::Context;
use crate::error::Result;
use contracts::Job;
use domain::AgentId;
use domain::call::{Call, Priority, Slot};
use domain::calling::{Decision, Reason, decide, judge};
use domain::contact::Contact;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use store::{Planner, Stored, VOICE_ACCOUNT};

/// How many calls of one priority one run looks at; what is left wakes the planner again.
const BATCH: usize = 50;
/// How long a dial job may take to begin before the claim is looked after.
const CLAIMED_FOR: SignedDuration = SignedDuration::from_mins(5);

/// Claims the ready calls of the tenant for which there are slots and which the rules permit, puts off those
/// that must wait, closes those that may never be made, and sets the timer for the next one.
pub async fn plan_calls(ctx: &Context) -> Result<()> {
    let (settings, default_agent) = tokio::try_join!(business_config::get(ctx), async {
        Ok(ctx.store().default_agent(&ctx.tenant).await?.map(|agent| agent.id))
    })?;
    let rules = &settings.config.calling;
    let now = ctx.now();
    let held = ctx.store().slots(&ctx.tenant, VOICE_ACCOUNT).await?;
    let mut free: Vec<u32> = (0..rules.max_concurrent)
        .rev()
        .filter(|number| !held.iter().any(|slot| slot.number == *number && slot.until >= now))
        .collect();
    let mut wake: Vec<Timestamp> = Vec::new();
    let mut more = false;
    for priority in Priority::ALL {
        let (ready, next) = ctx.store().ready_calls(&ctx.tenant, priority, now, BATCH).await?;
        more |= ready.len() == BATCH;
        wake.extend(next.filter(|at| *at > now));
        let contacts = contacts_of(ctx, &ready).await?;
        for call in ready {
            let contact = contacts.get(&call.contact_id);
            match decide(&judge(&call, contact.map(|c| &c.value), &settings.config, now)) {
                Decision::Refuse { reason } => close(ctx, &call, reason).await?,
                Decision::Wait { until, reason } => {
                    wake.push(until);
                    put_off(ctx, &call, until, reason).await?;
                }
                Decision::Go => match call.agent_id.or(default_agent) {
                    None => close(ctx, &call, Reason::NoAgent).await?,
                    Some(agent) => {
                        let lease = now + CLAIMED_FOR + rules.longest_call();
                        claim(ctx, &call, agent, &mut free, lease).await?;
                        more &= !free.is_empty();
                    }
                },
            }
        }
    }
    // A line that nobody gives back is free at its lease's end; one that is given back wakes us itself.
    if free.is_empty() {
        wake.extend(held.iter().map(|slot| slot.until).filter(|until| *until > now).min());
    }
    arm(ctx, wake.into_iter().min(), more).await
}

async fn contacts_of(
    ctx: &Context,
    calls: &[Stored<Call>],
) -> Result<BTreeMap<domain::ContactId, Stored<Contact>>> {
    let ids: Vec<_> = calls.iter().map(|call| call.contact_id).collect();
    let contacts = ctx.store().get_many::<Contact>(&ctx.tenant, &ids).await?;
    Ok(contacts.into_iter().map(|contact| (contact.id, contact)).collect())
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

/// Closes a call that may not be made.
pub(crate) async fn close(ctx: &Context, ready: &Stored<Call>, reason: Reason) -> Result<()> {
    let mut call = ready.value.clone();
    call.block(reason, ctx.now());
    tracing::info!(call = %call.id, ?reason, "the rules forbid the call");
    settle(ctx, ready, &call).await
}

async fn settle(ctx: &Context, old: &Stored<Call>, call: &Call) -> Result<()> {
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
