//! Doing what an analysed call asks for, on the lead's own record.

use crate::context::Context;
use crate::error::Result;
use crate::{business_config, calls};
use contracts::Job;
use domain::action::{Action, Step, Task, TaskStatus};
use domain::call::{Call, CallStatus, Priority};
use domain::contact::Contact;
use domain::next_actions::{Planned, What, plan};
use domain::{AttemptId, Author, Provenance};
use jiff::Timestamp;
use store::{AnalysisRecord, Stored, StoredAction, Transaction};

/// Plans and takes the steps that follow from an analysed attempt, once, in one step of the store.
pub async fn take(ctx: &Context, attempt: AttemptId) -> Result<()> {
    crate::error::retrying!(
        async {
            let Some(old) = calls::existing(ctx, attempt.call).await? else { return Ok(()) };
            if old.planned_attempt >= Some(attempt.number) {
                return Ok(());
            }
            let (analysis, contact, settings) = tokio::try_join!(
                async { Ok(ctx.store().get::<AnalysisRecord>(&ctx.tenant, &attempt).await?) },
                async { Ok(ctx.store().get::<Contact>(&ctx.tenant, &old.contact_id).await?) },
                business_config::get(ctx)
            )?;
            // A lead that is gone has no next steps.
            let (Some(analysis), Some(stored)) = (analysis, contact) else { return Ok(()) };
            let reading = &analysis.value.analysis.reading;
            let planned = plan(reading, &old, &stored, &settings.config, ctx.now());
            let mut call = old.value.clone();
            call.planned_attempt = Some(attempt.number);
            if reading.asks_to_stop() && call.status == CallStatus::Queued {
                call.block(domain::calling::Reason::Suppressed, ctx.now());
            }
            let mut contact = stored.value.clone();
            let mut step = ctx.step();
            for Planned { what, reason } in planned {
                let done = apply(ctx, &mut step, &mut contact, &old, what)?;
                let action = Action {
                    id: ctx.new_id(),
                    contact_id: contact.id,
                    call_id: call.id,
                    step: done,
                    reason,
                    created_at: ctx.now(),
                };
                step.create(&StoredAction(action))?;
            }
            step.replace(&old, &call)?;
            if contact != stored.value {
                step.replace(&stored, &contact)?;
                ctx.audited(&mut step, "lead.updated", contact.id, Some(&stored.value), Some(&contact))?;
            }
            ctx.changed(&mut step, "call", call.id, "planned")?;
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
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
    let evidence = || Provenance { by: Author::Ai, at: now, evidence: Some(call.id.to_string()) };
    Ok(match what {
        What::FollowUpCall { at, objective } => {
            let next = Call {
                agent_id: call.agent_id,
                campaign_id: call.campaign_id,
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
        What::Task { title, detail, due_at } => {
            let task = task(ctx, call, &title, &detail, Some(due_at));
            step.create(&task)?;
            ctx.changed(step, "task", task.id, "created")?;
            Step::Task { task_id: task.id, title, due_at }
        }
        What::Status(to) => {
            let from = contact.status;
            contact.set_status(to, evidence());
            Step::StatusChange { from, to }
        }
        What::Score(to) => {
            let from = std::mem::replace(&mut contact.score, to);
            contact.provenance.insert("score".to_owned(), evidence());
            contact.updated_at = now;
            Step::ScoreChange { from, to }
        }
        What::Suppress { channels, code } => {
            for channel in &channels {
                contact.suppress(*channel, code, Author::Ai, now);
            }
            contact.next_follow_up_at = None;
            Step::Suppression { channels }
        }
        What::Nothing => Step::None,
    })
}

/// A task that a call leaves for a person.
pub(crate) fn task(
    ctx: &Context,
    call: &Call,
    title: &str,
    description: &str,
    due_at: Option<Timestamp>,
) -> Task {
    let now = ctx.now();
    Task {
        id: ctx.new_id(),
        contact_id: call.contact_id,
        title: title.to_owned(),
        description: description.to_owned(),
        due_at,
        priority: Priority::Normal,
        status: TaskStatus::Pending,
        assignee: None,
        call_id: Some(call.id),
        created_at: now,
        updated_at: now,
    }
}
