//! The reconciler: asks the voice provider what became of an attempt that nothing was heard of.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::planning::put_off;
use crate::{business_config, calls, dialing, ingest, integrations};
use domain::AttemptId;
use domain::call::{Call, CallStatus, Ending};
use domain::calling::Reason;
use elevenlabs::Conversation;
use jiff::SignedDuration;
use store::Stored;

/// How soon the provider is asked again.
const AGAIN: SignedDuration = SignedDuration::from_mins(2);
/// After how long an attempt that the provider tells nothing about is for a person to look at.
const GIVE_UP: SignedDuration = SignedDuration::from_hours(24);

/// Brings an attempt forward as far as the provider's knowledge goes.
pub async fn reconcile(ctx: &Context, attempt: AttemptId) -> Result<()> {
    let Ok(call) = calls::find(ctx, attempt.call).await else { return Ok(()) };
    if call.current_attempt() != Some(attempt) || call.check_at.is_none_or(|at| at > ctx.now()) {
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

/// The provider's conversation of this attempt, if it has one.
async fn ask(ctx: &Context, call: &Call, attempt: AttemptId) -> Result<Option<Conversation>> {
    let (client, _) = integrations::elevenlabs(&ctx.platform, &ctx.tenant).await?;
    let known = call.attempt(attempt.number).and_then(|attempt| attempt.conversation_id.clone());
    let candidates = match known {
        Some(id) => vec![id],
        None => {
            let found =
                client.conversations_of_user(&attempt.to_string()).await.map_err(Error::elevenlabs)?;
            found.into_iter().map(|summary| summary.conversation_id).collect()
        }
    };
    let ours = attempt.to_string();
    for id in candidates {
        let conversation = client.conversation(&id).await.map_err(Error::elevenlabs)?;
        // The service ignores filters that it does not know, so the conversation itself has to say whose it is.
        if let Some(conversation) = conversation.filter(|found| found.user_id.as_deref() == Some(&ours)) {
            return Ok(Some(conversation));
        }
    }
    Ok(None)
}

async fn conclude(
    ctx: &Context,
    call: Stored<Call>,
    attempt: AttemptId,
    answer: Option<Conversation>,
) -> Result<()> {
    let rules = business_config::get(ctx).await?.value.config.calling;
    let dialed_at =
        call.attempt(attempt.number).and_then(|attempt| attempt.dialed_at).unwrap_or(call.updated_at);
    let now = ctx.now();
    let ended = |reason| Ending::without_talk(CallStatus::Failed, reason, false);
    match answer {
        Some(conversation) if conversation.status.is_final() => {
            ingest::conversation_ended(ctx, attempt, &conversation).await.map(drop)
        }
        // It should have ended: whatever the provider says, the line is not held for ever.
        Some(_) if now > dialed_at + rules.longest_call() + AGAIN => {
            dialing::end(ctx, Some(call), attempt, ended(Reason::ProviderFailed), &[]).await.map(drop)
        }
        Some(conversation) => {
            let check_at = (dialed_at + rules.longest_call()).max(now + AGAIN);
            dialing::accepted(ctx, attempt, Some(conversation.conversation_id), check_at).await
        }
        None if now >= dialed_at + rules.silence_proves_absence_after() => {
            dialing::end(ctx, Some(call), attempt, ended(Reason::NeverPlaced), &[]).await.map(drop)
        }
        None => watch(ctx, call).await,
    }
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
    step.create(&crate::next_actions::task(
        ctx,
        &parked,
        "Find out whether this call was made",
        &detail,
        None,
    ))?;
    ctx.changed(&mut step, "call", parked.id, parked.status.as_str())?;
    step.enqueue(contracts::Job::PlanCalls);
    Ok(ctx.store().commit(step).await?)
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
