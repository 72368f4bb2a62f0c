//! The reconciler: asks the voice provider what became of an attempt that nothing was heard of.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::planning::put_off;
use crate::{business_config, calls, dialing, ingest, integrations, tasks};
use domain::AttemptId;
use domain::call::{Call, CallStatus, Ending};
use domain::calling::Reason;
use domain::task::{Task, TaskPriority};
use elevenlabs::{Conversation, ConversationStatus};
use jiff::SignedDuration;
use store::Stored;

/// How soon the provider is asked again.
const AGAIN: SignedDuration = SignedDuration::from_mins(2);
/// How far the clocks of two functions may differ.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_secs(5);
/// After how long an attempt that the provider tells nothing about is for a person to look at.
const GIVE_UP: SignedDuration = SignedDuration::from_hours(24);

/// Brings an attempt forward as far as the provider's knowledge goes.
pub async fn reconcile(ctx: &Context, attempt: AttemptId) -> Result<()> {
    let Some(call) = calls::existing(ctx, attempt.call).await? else { return Ok(()) };
    // A timer that was moved meanwhile comes again; clocks that differ a little do not count as moved.
    let is_due = call.check_at.is_some_and(|at| at <= ctx.now() + CLOCKS_DIFFER);
    if call.current_attempt() != Some(attempt) || !is_due {
        return Ok(());
    }
    match call.status {
        // The dial job never began: the claim is given back, and the attempt never was.
        CallStatus::Claimed => put_off(ctx, &call, ctx.now(), Reason::Retry).await,
        CallStatus::Dialing | CallStatus::InProgress => match ask(ctx, &call, attempt).await {
            Ok(answer) => conclude(ctx, call, attempt, answer).await,
            Err(error) => {
                tracing::warn!(%attempt, %error, "the provider could not be asked");
                unknown(ctx, call, attempt).await
            }
        },
        _ => Ok(()),
    }
}

/// What the provider knows of an attempt.
enum Answer {
    /// It has a conversation of it.
    Found(Box<Conversation>),
    /// It has none, and never gave us an id of one.
    Absent,
    /// It gave us an id, and knows nothing of it any more.
    Forgotten,
}

async fn ask(ctx: &Context, call: &Call, attempt: AttemptId) -> Result<Answer> {
    let (client, _) = integrations::elevenlabs(&ctx.platform, &ctx.tenant).await?;
    if let Some(id) = call.attempt(attempt.number).and_then(|attempt| attempt.conversation_id.as_ref()) {
        let known = client.conversation(id).await.map_err(Error::elevenlabs)?;
        return Ok(known.map_or(Answer::Forgotten, |conversation| Answer::Found(Box::new(conversation))));
    }
    let ours = attempt.to_string();
    for summary in client.conversations_of_user(&ours).await.map_err(Error::elevenlabs)? {
        let found = client.conversation(&summary.conversation_id).await.map_err(Error::elevenlabs)?;
        // The service ignores filters that it does not know, so the conversation itself has to say whose it is.
        if let Some(conversation) = found.filter(|found| found.user_id.as_deref() == Some(&ours)) {
            return Ok(Answer::Found(Box::new(conversation)));
        }
    }
    Ok(Answer::Absent)
}

async fn conclude(ctx: &Context, call: Stored<Call>, attempt: AttemptId, answer: Answer) -> Result<()> {
    let rules = business_config::get(ctx).await?.value.config.calling;
    let dialed_at =
        call.attempt(attempt.number).and_then(|attempt| attempt.dialed_at).unwrap_or(call.updated_at);
    let now = ctx.now();
    let overdue = now > dialed_at + rules.longest_call() + AGAIN;
    match answer {
        Answer::Found(conversation) if conversation.status.is_final() => {
            ingest::conversation_ended(ctx, attempt, &conversation).await.map(drop)
        }
        // A talk has longer than a call that never began; neither holds its line for ever. It may still ring, so
        // nothing is tried again; should its end be told after all, that counts.
        Answer::Found(conversation)
            if now > dialed_at + rules.over_by()
                || (overdue && conversation.status == ConversationStatus::Initiated) =>
        {
            close(ctx, call, attempt).await
        }
        Answer::Found(conversation) => {
            let check_at = (dialed_at + rules.longest_call()).max(now + AGAIN);
            dialing::accepted(ctx, attempt, Some(conversation.conversation_id), check_at).await
        }
        Answer::Forgotten if overdue => close(ctx, call, attempt).await,
        Answer::Absent if now >= dialed_at + rules.silence_proves_absence_after() => {
            let ending = Ending::without_talk(CallStatus::Failed, Reason::NeverPlaced, false);
            dialing::end(ctx, Some(call), attempt, ending, &[]).await.map(drop)
        }
        Answer::Forgotten | Answer::Absent => watch(ctx, call).await,
    }
}

/// Closes an attempt of which nobody knows the end.
async fn close(ctx: &Context, call: Stored<Call>, attempt: AttemptId) -> Result<()> {
    let ending = Ending::without_talk(CallStatus::Failed, Reason::ProviderFailed, false);
    let ending = Ending { is_over: false, ..ending };
    dialing::end(ctx, Some(call), attempt, ending, &[]).await.map(drop)
}

/// Nobody can tell yet: asks again later, and hands over to a person when that was long enough.
async fn unknown(ctx: &Context, call: Stored<Call>, attempt: AttemptId) -> Result<()> {
    let dialed_at =
        call.attempt(attempt.number).and_then(|attempt| attempt.dialed_at).unwrap_or(call.updated_at);
    if ctx.now() < dialed_at + GIVE_UP {
        return watch(ctx, call).await;
    }
    let mut parked = call.value.clone();
    if parked.park(attempt.number, ctx.now()).is_none() {
        return Ok(());
    }
    let mut step = ctx.step();
    step.replace(&call, &parked)?;
    let detail = format!("Attempt {} of call {} may or may not have been made.", attempt.number, call.id);
    let title = "Find out whether this call was made";
    let task = tasks::for_contact(ctx, parked.contact_id, title, &detail, None, TaskPriority::Medium);
    step.create(&Task { call_id: Some(parked.id), ..task })?;
    ctx.changed(&mut step, "call", parked.id, parked.status.as_str())?;
    step.enqueue(contracts::Job::PlanCalls);
    ctx.store().commit(step).await?;
    tracing::info!(target: "metric", metric = "call_attempt", outcome = "ambiguous", duration_ms = 0_u64, "parked");
    Ok(())
}

async fn watch(ctx: &Context, old: Stored<Call>) -> Result<()> {
    let mut call = old.value.clone();
    call.watch(ctx.now() + AGAIN, ctx.now());
    let mut step = ctx.step();
    step.replace(&old, &call)?;
    match ctx.store().commit(step).await {
        // Somebody heard of it meanwhile.
        Err(store::Error::Stale { .. }) => Ok(()),
        other => Ok(other?),
    }
}
