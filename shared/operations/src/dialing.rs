//! The dialer: one request to the voice provider for one claimed attempt, and never a second one.

use crate::call_context::{self, Brief};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::planning::{close, hold, put_off, stand_back};
use crate::{agents, budget, business_config, calls, campaigns, integrations, leads};
use contracts::Job;
use domain::agent::Agent;
use domain::call::{Call, CallStatus, Ending};
use domain::calling::{Decision, Policy, Reason, Ruling, Verdict, decide, judge};
use domain::contact::{Contact, OnCall};
use domain::context::{CallFacts, Packet};
use domain::{AttemptId, business::BusinessConfig};
use elevenlabs::{OutboundCall, PhoneProvider, Placed};
use jiff::{SignedDuration, Timestamp};
use provider::ProviderError;
use store::{ContextRecord, Stored};

/// How long a call waits that cannot be made for a reason of ours that a person can mend.
const MENDING: SignedDuration = SignedDuration::from_mins(10);

/// Dials a claimed attempt. The intent is stored before the request leaves, under the condition that the
/// attempt is still only claimed: whoever comes second finds it dialing and does nothing.
pub async fn dial(ctx: &Context, attempt: AttemptId) -> Result<()> {
    // Until the request leaves, an edit of the lead only means that the rules are asked about it anew.
    let Some(ready) = crate::error::retrying!(prepare(ctx, attempt).await)? else { return Ok(()) };
    let Ready { dialing, client, provider, request, config } = ready;
    let placed = client.outbound_call(provider, &request).await;
    conclude(ctx, dialing, attempt, placed, &config).await
}

/// A call whose intent is stored, and all that its one request needs.
struct Ready {
    dialing: Stored<Call>,
    client: elevenlabs::Client,
    provider: PhoneProvider,
    request: OutboundCall,
    config: BusinessConfig,
}

/// Asks the rules once more and stores the intent; none if the call is not to be dialed now.
async fn prepare(ctx: &Context, attempt: AttemptId) -> Result<Option<Ready>> {
    let Some(call) = calls::existing(ctx, attempt.call).await? else { return Ok(None) };
    if call.status != CallStatus::Claimed || call.current_attempt() != Some(attempt) {
        return Ok(None);
    }
    let Some(agent) = call.agent_id else { return aside(close(ctx, &call, Reason::NoAgent).await) };
    let (settings, campaign, record, agent, templates) = tokio::try_join!(
        business_config::get(ctx),
        campaigns::of_call(ctx, &call),
        leads::known_record(ctx, call.contact_id),
        agents::existing(ctx, agent),
        call_context::templates(ctx),
    )?;
    let config = settings.value.config;
    let Some(record) = record else { return aside(close(ctx, &call, Reason::NoLead).await) };
    let contact = &record.contact;
    // The rules are asked once more: since the claim the lead may have said no, or the window may have shut.
    let policy = Policy::of(&config, campaign.as_deref());
    match decide(&judge(&call, Some(contact), &policy, ctx.now())) {
        Decision::Refuse { reason } => return aside(close(ctx, &call, reason).await),
        Decision::Hold => return aside(hold(ctx, &call).await),
        Decision::Wait { until, reason } => return aside(put_off(ctx, &call, until, reason).await),
        Decision::Go => {}
    }
    // So is the budget. The call stays ready: the planner lets it go when there is room.
    if let Verdict { ruling: Ruling::Wait(_), reason: Some(reason), .. } =
        budget::verdict_of(ctx, &config, &call).await?
    {
        return aside(put_off(ctx, &call, ctx.now(), reason).await);
    }
    let Some(agent) = agent else { return aside(close(ctx, &call, Reason::NoAgent).await) };
    let Some(remote) = agent.elevenlabs_agent_id.clone() else {
        return aside(put_off(ctx, &call, ctx.now() + MENDING, Reason::AgentNotReady).await);
    };
    let found = match integrations::elevenlabs(&ctx.platform, &ctx.tenant).await {
        Ok((client, line)) => line.phone_number_id.map(|number| (client, line.phone_provider, number)),
        Err(Error::NotConfigured(_)) => None,
        Err(e) => return Err(e),
    };
    let Some((client, provider, number)) = found else {
        return aside(stand_back(ctx, attempt, Reason::NotConfigured, MENDING).await);
    };
    let facts = CallFacts::of(&call, attempt.number);
    let brief =
        Brief { agent: &agent, record: Some(&record), call: &facts, config: &config, templates: &templates };
    let packet = brief.packet(ctx).await;
    let Some(request) = request(attempt, &agent, remote, number, contact, &packet, &config) else {
        return aside(close(ctx, &call, Reason::NoPhone).await);
    };
    let Some(dialing) = intend(ctx, &call, contact, attempt, packet, &config).await? else {
        return Ok(None);
    };
    Ok(Some(Ready { dialing, client, provider, request, config }))
}

/// What is left to do for a call that was put aside.
fn aside(done: Result<()>) -> Result<Option<Ready>> {
    done.map(|()| None)
}

/// What is sent to the provider; none if there is no number to call.
fn request(
    attempt: AttemptId,
    agent: &Agent,
    agent_id: String,
    agent_phone_number_id: String,
    contact: &Contact,
    packet: &Packet,
    config: &BusinessConfig,
) -> Option<OutboundCall> {
    Some(OutboundCall {
        agent_id,
        agent_phone_number_id,
        to_number: contact.details.phone.as_ref()?.to_string(),
        user_id: attempt.to_string(),
        dynamic_variables: packet.variables.clone(),
        prompt: Some(packet.prompt.clone()),
        first_message: Some(packet.first_message.clone()).filter(|message| !message.is_empty()),
        language: Some(agent.profile.language.clone()),
        ringing_timeout_secs: Some(config.calling.ring_seconds),
    })
}

/// Stores the intent: the call dials, the lead is being called, the context is kept. `None` if somebody else
/// was faster.
async fn intend(
    ctx: &Context,
    claimed: &Stored<Call>,
    contact: &Stored<Contact>,
    attempt: AttemptId,
    packet: Packet,
    config: &BusinessConfig,
) -> Result<Option<Stored<Call>>> {
    let now = ctx.now();
    let mut call = claimed.value.clone();
    let check_at = now + config.calling.silence_proves_absence_after();
    if call.begin_dialing(attempt.number, check_at, now).is_none() {
        return Ok(None);
    }
    call.count_under(attempt.number, |at| config.day_of(at));
    let mut called = contact.value.clone();
    called.touch(now);
    called.on_call = Some(OnCall { call: call.id, until: now + config.calling.over_by() });
    let mut step = ctx.step();
    step.replace(claimed, &call)?;
    step.replace(contact, &called)?;
    step.put(&ContextRecord { attempt, packet })?;
    ctx.changed(&mut step, "call", call.id, call.status.as_str())?;
    match ctx.store().commit(step).await {
        Ok(()) => Ok(Some(Stored { value: call, version: claimed.version + 1 })),
        // Either the call is somebody else's, or the lead was edited: the job comes again and sees which.
        Err(e) => Err(e.into()),
    }
}

/// Stores what the provider said to the request.
async fn conclude(
    ctx: &Context,
    dialing: Stored<Call>,
    attempt: AttemptId,
    placed: std::result::Result<Placed, ProviderError>,
    config: &BusinessConfig,
) -> Result<()> {
    let now = ctx.now();
    match placed {
        Ok(placed) => {
            accepted(ctx, attempt, placed.conversation_id, now + config.calling.longest_call()).await
        }
        Err(error) if error.effect_unknown() => {
            // The telephone may be ringing. The reconciler asks once silence is a proof.
            tracing::warn!(%attempt, %error, "nobody knows whether the call was placed");
            Ok(())
        }
        Err(error) => {
            tracing::warn!(%attempt, %error, "the call was not placed");
            if let Some(for_now) = setback(&error) {
                let outcome = "not_placed";
                tracing::info!(target: "metric", metric = "call_attempt", outcome, duration_ms = 0_u64, "not placed");
                return stand_back(ctx, attempt, Reason::ProviderUnavailable, for_now).await;
            }
            let ending = Ending::without_talk(CallStatus::Failed, Reason::ProviderRejected, true);
            end(ctx, Some(dialing), attempt, ending, &[]).await.map(drop)
        }
    }
}

/// How long no call is tried after an error that is not about this one: the provider is out of reach, has no line, or
/// does not let us in. None of an error that is.
fn setback(error: &ProviderError) -> Option<SignedDuration> {
    let secs = SignedDuration::from_secs;
    match error {
        ProviderError::RateLimited { after } => {
            let asked = after.and_then(|after| SignedDuration::try_from(after).ok());
            Some(asked.unwrap_or(secs(15)).clamp(secs(5), MENDING))
        }
        // The key, its quota, its rights: a person has to mend it.
        ProviderError::Rejected { status: 401..=403, .. } => Some(MENDING),
        ProviderError::Rejected { .. } => None,
        _ => Some(secs(60)),
    }
}

/// Notes that the provider has the call, unless something newer is known already.
pub(crate) async fn accepted(
    ctx: &Context,
    attempt: AttemptId,
    conversation_id: Option<String>,
    check_at: Timestamp,
) -> Result<()> {
    crate::error::retrying!(
        async {
            let old = calls::find(ctx, attempt.call).await?;
            let mut call = old.value.clone();
            if call.accepted(attempt.number, conversation_id.clone(), check_at, ctx.now()).is_none() {
                return Ok(());
            }
            let mut step = ctx.step();
            step.replace(&old, &call)?;
            ctx.changed(&mut step, "call", call.id, call.status.as_str())?;
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
}

/// Ends an attempt with everything that goes with it: the line is given back, the lead hangs up, the planner
/// wakes, and `jobs` follow. `known` is the call if the caller has just read it. Answers whether this was news.
pub(crate) async fn end(
    ctx: &Context,
    known: Option<Stored<Call>>,
    attempt: AttemptId,
    ending: Ending,
    extras: &[Extra],
) -> Result<bool> {
    let mut known = known;
    let settings = business_config::get(ctx).await?;
    crate::error::retrying!(async {
        let old = match known.take() {
            Some(call) => call,
            None => calls::find(ctx, attempt.call).await?,
        };
        let campaign = campaigns::of_call(ctx, &old).await?;
        let retry = Policy::of(&settings.config, campaign.as_deref()).retry(&old);
        let now = ctx.now();
        let mut call = old.value.clone();
        if call.end(attempt.number, ending.clone(), &retry, now).is_none() {
            return Ok(false);
        }
        call.count_under(attempt.number, |at| settings.config.day_of(at));
        let mut step = ctx.step();
        step.replace(&old, &call)?;
        if let Some(stored) = leads::known(ctx, call.contact_id).await? {
            let mut contact = stored.value.clone();
            // News of an earlier attempt says nothing about the one that is under way.
            if !call.status.is_active() {
                contact.hang_up(call.id);
            }
            match ending.status {
                CallStatus::Completed => contact.spoke(&call, attempt.number, now),
                // A call that was never made did not bother anybody.
                _ if ending.never_rang() => {
                    let dialed_at = call.attempt(attempt.number).and_then(|attempt| attempt.dialed_at);
                    if let Some(at) = dialed_at {
                        contact.untouch(at);
                    }
                }
                _ => {}
            }
            if contact != stored.value {
                step.replace(&stored, &contact)?;
            }
        }
        for extra in extras {
            match extra {
                Extra::Transcript(transcript) => step.put(transcript)?,
                Extra::Job(job) => step.enqueue(job.clone()),
            }
        }
        // What follows from a talk waits for its analysis; what follows from none does not.
        if call.ended_unreached(attempt.number) {
            step.enqueue(Job::PlanNextActions { attempt });
        }
        step.enqueue(Job::PlanCalls);
        ctx.changed(&mut step, "call", call.id, ending.status.as_str())?;
        ctx.store().commit(step).await?;
        let outcome = ending.status.as_str();
        let duration_ms = ending.duration_secs.unwrap_or_default() * 1000;
        tracing::info!(target: "metric", metric = "call_attempt", outcome, duration_ms, "an attempt ended");
        Ok(true)
    }
    .await)
}

/// What else an ending brings.
#[derive(Debug, Clone)]
pub(crate) enum Extra {
    /// What was said.
    Transcript(store::Transcript),
    /// What is to follow.
    Job(Job),
}
