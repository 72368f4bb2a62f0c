//! Where a tenant's planner stands: when it wakes, whether it rests, what it has yet to ask anew.

use crate::calls;
use crate::context::Context;
use crate::error::Result;
use crate::leads;
use contracts::Job;
use domain::call::{Call, Priority};
use domain::calling::Reason;
use domain::contact::Contact;
use domain::{AttemptId, ContactId};
use jiff::{SignedDuration, Timestamp};
use store::{Planner, Rest, Review, Stored, Transaction};

/// What is due sooner is too soon for the timer, which is looked at once a minute.
const TOO_SOON_FOR_A_TIMER: SignedDuration = SignedDuration::from_secs(90);

pub(super) async fn planner(ctx: &Context) -> Result<Option<Stored<Planner>>> {
    Ok(ctx.store().get::<Planner>(&ctx.tenant, &()).await?)
}

/// Stores where the planner stands, if that is news.
fn keep(step: &mut Transaction, old: Option<&Stored<Planner>>, planner: &Planner) -> Result<()> {
    if old.is_some_and(|old| old.value == *planner) {
        return Ok(());
    }
    Ok(step.save(old, planner)?)
}

/// Has the planner run at `at`, for which its timer is set too.
fn wake_soon(ctx: &Context, step: &mut Transaction, at: Timestamp) {
    if at <= ctx.now() + TOO_SOON_FOR_A_TIMER {
        step.enqueue_at(Job::PlanCalls, at);
    }
}

/// Sets the tenant's one wake timer, and has the planner run again at once where a batch was not enough. `reviewed`:
/// from where to where the review has come.
pub(super) async fn arm(
    ctx: &Context,
    wake_at: Option<Timestamp>,
    more: bool,
    reviewed: Option<(Review, Option<Review>)>,
) -> Result<()> {
    let old = planner(ctx).await?;
    let Planner { wake_at: woke_at, rest, review } = old.as_deref().cloned().unwrap_or_default();
    // Who was told meanwhile that the provider takes no calls has set the timer.
    let rest = rest.filter(|rest| rest.until > ctx.now());
    let wake_at = rest.map(|rest| rest.until).or(wake_at);
    let review = match reviewed {
        // A review that was asked for meanwhile begins at the beginning.
        Some((from, to)) if review.as_ref() == Some(&from) => to,
        _ => review,
    };
    let mut step = ctx.step();
    keep(&mut step, old.as_ref(), &Planner { wake_at, rest, review })?;
    if let Some(at) = wake_at.filter(|_| wake_at != woke_at) {
        wake_soon(ctx, &mut step, at);
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

/// Has the rules asked anew about every call that waits for a time: they changed.
pub(crate) async fn ask_anew(ctx: &Context, step: &mut Transaction) -> Result<()> {
    let old = planner(ctx).await?;
    let review = Some(Review { priority: Priority::High, after: None });
    keep(step, old.as_ref(), &Planner { review, ..old.as_deref().cloned().unwrap_or_default() })?;
    step.enqueue(Job::PlanCalls);
    Ok(())
}

/// Whether the hours in which a lead may be called can be others than before.
pub(crate) fn hours_differ(before: &Contact, after: &Contact) -> bool {
    let place = |contact: &Contact| (contact.details.timezone.clone(), contact.details.phone.clone());
    place(before) != place(after)
}

/// Has the rules asked anew about the calls of one lead that wait for a time.
pub(crate) async fn ask_anew_about(ctx: &Context, step: &mut Transaction, lead: ContactId) -> Result<()> {
    let Some(record) = leads::known_record(ctx, lead).await? else { return Ok(()) };
    let now = ctx.now();
    let waits_for_hours = |call: &&Stored<Call>| {
        !call.held && call.reason == Some(Reason::OutsideWindow) && call.ready_at > now
    };
    for old in calls::waiting(ctx, &record.open_calls()).await?.iter().filter(waits_for_hours) {
        let mut call = old.value.clone();
        call.postpone(now, Reason::OutsideWindow, now);
        step.replace(old, &call)?;
        ctx.changed(step, "call", call.id, call.status.as_str())?;
        step.enqueue(Job::PlanCalls);
    }
    Ok(())
}

/// Lets calls go again that waited for the provider: its settings changed.
pub(crate) async fn rest_no_more(ctx: &Context, step: &mut Transaction) -> Result<()> {
    if let Some(old) = planner(ctx).await?.filter(|planner| planner.rest.is_some()) {
        step.replace(&old, &Planner { rest: None, ..old.value.clone() })?;
        step.enqueue(Job::PlanCalls);
    }
    Ok(())
}

/// Until when no call of the tenant goes, and why.
pub(crate) async fn resting(ctx: &Context) -> Result<Option<Rest>> {
    let rest = planner(ctx).await?.and_then(|planner| planner.rest);
    Ok(rest.filter(|rest| rest.until > ctx.now()))
}

/// Takes an attempt back that was certainly never made, because the provider takes no calls of the tenant for now:
/// the call stays ready, and no other one is tried `for_now`.
pub(crate) async fn stand_back(
    ctx: &Context,
    attempt: AttemptId,
    reason: Reason,
    for_now: SignedDuration,
) -> Result<()> {
    crate::error::retrying!(
        async {
            let (old, planner) = tokio::try_join!(calls::existing(ctx, attempt.call), planner(ctx))?;
            let Some(old) = old else { return Ok(()) };
            let (now, mut call) = (ctx.now(), old.value.clone());
            let dialed_at = old.attempt(attempt.number).and_then(|attempt| attempt.dialed_at);
            if call.take_back(attempt.number, reason, now).is_none() {
                return Ok(());
            }
            let mut step = ctx.step();
            step.replace(&old, &call)?;
            if let Some(dialed_at) = dialed_at
                && let Some(stored) = leads::known(ctx, call.contact_id).await?
            {
                let mut contact = stored.value.clone();
                contact.hang_up(call.id);
                contact.untouch(dialed_at);
                step.replace(&stored, &contact)?;
            }
            let until = now + for_now;
            let rest = Some(Rest { until, reason });
            let review = planner.as_deref().and_then(|planner| planner.review.clone());
            keep(&mut step, planner.as_ref(), &Planner { wake_at: Some(until), rest, review })?;
            wake_soon(ctx, &mut step, until);
            ctx.changed(&mut step, "call", call.id, call.status.as_str())?;
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
}
