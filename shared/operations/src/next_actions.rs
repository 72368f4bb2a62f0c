//! Doing what follows from a call, on the lead's own record.

use crate::context::Context;
use crate::error::Result;
use crate::leads::{self, Lead};
use crate::{agents, business_config, calls, campaigns, tasks};
use contracts::Job;
use domain::action::{Action, Step};
use domain::analysis::Reading;
use domain::call::{Call, CallStatus};
use domain::calling::{Policy, Reason};
use domain::contact::{Channel, Contact};
use domain::next_actions::{Planned, Situation, What, fill_fields, plan, plan_unreached};
use domain::task::{Task, TaskPriority};
use domain::{AttemptId, Author, CallId, Provenance};
use store::{AnalysisRecord, ContactRecord, Stored, StoredAction, Transaction};

/// Plans and takes the steps that follow from an attempt, in one step of the store: once from its analysis, or once
/// from its being the last without a talk.
pub async fn take(ctx: &Context, attempt: AttemptId) -> Result<()> {
    crate::error::retrying!(
        async {
            let Some(old) = calls::existing(ctx, attempt.call).await? else { return Ok(()) };
            let (analysis, record, settings, campaign, agent) = tokio::try_join!(
                async { Ok(ctx.store().get::<AnalysisRecord>(&ctx.tenant, &attempt).await?) },
                leads::known_record(ctx, old.contact_id),
                business_config::get(ctx),
                campaigns::of_call(ctx, &old),
                async {
                    match old.agent_id {
                        Some(agent) => agents::existing(ctx, agent).await,
                        None => Ok(None),
                    }
                },
            )?;
            // A lead that is gone has no next steps.
            let Some(record) = record else { return Ok(()) };
            let open_calls = record.open_calls();
            let ContactRecord { contact: stored, signals, .. } = record;
            let mut contact = stored.value.clone();
            let mut call = old.value.clone();
            let reading = analysis.map(|analysis| analysis.value.analysis.reading);
            let mut filled = Vec::new();
            if let Some(reading) = &reading {
                filled = fill_fields(&mut contact, &reading.collected, &settings.config, ctx.now());
            }
            let situation = Situation {
                call: &old,
                contact: &contact,
                config: &settings.config,
                policy: &Policy::of(&settings.config, campaign.as_deref()),
                signals: &signals,
                agent_language: agent.as_ref().map_or("", |agent| &agent.profile.language),
                now: ctx.now(),
            };
            let Some(planned) = due(&mut call, attempt, reading.as_ref(), &situation) else { return Ok(()) };
            let mut step = ctx.step();
            let note = |step: &mut Transaction, done, reason| {
                let (id, created_at) = (ctx.new_id(), ctx.now());
                let (contact_id, call_id) = (old.contact_id, old.id);
                step.create(&StoredAction(Action { id, contact_id, call_id, step: done, reason, created_at }))
            };
            if !filled.is_empty() {
                note(&mut step, Step::FieldsFilled { fields: filled }, "The lead said so.".to_owned())?;
            }
            for Planned { what, reason } in planned {
                let mut done = apply(ctx, &mut step, &mut contact, &old, what)?;
                if let Step::Suppression { channels, blocked_calls } = &mut done
                    && channels.contains(&Channel::Voice)
                {
                    *blocked_calls = take_back(ctx, &mut step, &mut call, &open_calls).await?;
                }
                note(&mut step, done, reason)?;
            }
            step.replace(&old, &call)?;
            if contact != stored.value {
                step.replace(&stored, &contact)?;
                let (before, after) = (Lead::of(&stored), Lead::of(&contact));
                ctx.audited(&mut step, "lead.updated", contact.id, Some(&before), Some(&after))?;
            }
            ctx.changed(&mut step, "call", call.id, "planned")?;
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
}

/// The plan that is due for the attempt, with the call marked as planned; none if there is none.
fn due(
    call: &mut Call,
    attempt: AttemptId,
    reading: Option<&Reading>,
    situation: &Situation<'_>,
) -> Option<Vec<Planned>> {
    if let Some(reading) = reading.filter(|_| call.planned_attempt < Some(attempt.number)) {
        call.planned_attempt = Some(attempt.number);
        return Some(plan(reading, situation));
    }
    if !call.ended_unreached(attempt.number) || call.unreached_attempt >= Some(attempt.number) {
        return None;
    }
    call.unreached_attempt = Some(attempt.number);
    Some(plan_unreached(situation.call.attempt(attempt.number)?, situation))
}

/// Takes back the lead's calls that wait; `call` is the one of which this follows.
async fn take_back(
    ctx: &Context,
    step: &mut Transaction,
    call: &mut Call,
    open: &[CallId],
) -> Result<Vec<CallId>> {
    let mut blocked = Vec::new();
    if call.status == CallStatus::Queued {
        call.block(Reason::Suppressed, ctx.now());
        blocked.push(call.id);
    }
    let others: Vec<CallId> = open.iter().copied().filter(|id| *id != call.id).collect();
    blocked.extend(block_waiting(ctx, step, &others).await?);
    Ok(blocked)
}

/// Blocks those of these calls that wait, as many as a step has room for.
pub(crate) async fn block_waiting(
    ctx: &Context,
    step: &mut Transaction,
    ids: &[CallId],
) -> Result<Vec<CallId>> {
    let mut blocked = Vec::new();
    for waiting in calls::waiting(ctx, ids).await? {
        let mut call = waiting.value.clone();
        call.block(Reason::Suppressed, ctx.now());
        step.replace(&waiting, &call)?;
        ctx.changed(step, "call", call.id, call.status.as_str())?;
        blocked.push(call.id);
    }
    Ok(blocked)
}

/// Takes one planned step, and tells what it did.
fn apply(
    ctx: &Context,
    step: &mut Transaction,
    contact: &mut Contact,
    call: &Stored<Call>,
    what: What,
) -> Result<Step> {
    let now = ctx.now();
    let evidence = || Provenance::new(Author::Ai, now).on(&call.id.to_string());
    Ok(match what {
        What::FollowUpCall { at, objective } => {
            let next = Call {
                agent_id: call.agent_id,
                // Who left the campaign meanwhile is called because they wished it.
                campaign_id: call.campaign_id.filter(|id| contact.details.campaign_id == Some(*id)),
                follows: Some(call.id),
                follow_ups: call.follow_ups + 1,
                objective: objective.clone(),
                priority: call.priority,
                scheduled_at: Some(at),
                ..Call::queued(ctx.new_id(), contact.id, at, now)
            };
            step.create(&next)?;
            step.enqueue(Job::PlanCalls);
            ctx.changed(step, "call", next.id, "created")?;
            contact.next_follow_up_at = Some(at);
            Step::FollowUpCall { new_call_id: next.id, due_at: at, objective }
        }
        What::Task { title, detail, due_at, wish } => {
            let task =
                tasks::for_contact(ctx, contact.id, &title, &detail, Some(due_at), TaskPriority::Medium);
            let task = Task { call_id: Some(call.id), wish, ..task };
            step.create(&task)?;
            ctx.changed(step, "task", task.id, "created")?;
            Step::Task { task_id: task.id, title, due_at, wish }
        }
        What::Message(draft) => Step::Message(draft),
        What::Status(to) => {
            let from = contact.status;
            contact.set_status(to, evidence());
            Step::StatusChange { from, to }
        }
        What::Score(score) => {
            let from = contact.score;
            contact.set_score(score.score, evidence());
            Step::ScoreChange { from, to: score.score, reasons: score.reasons }
        }
        What::Suppress { channels, code } => {
            for channel in &channels {
                contact.suppress(*channel, code, Author::Ai, now);
            }
            contact.next_follow_up_at = None;
            Step::Suppression { channels, blocked_calls: Vec::new() }
        }
        What::Nothing => Step::None,
    })
}
