//! The dialer: one request to the voice provider for one claimed attempt, and never a second one.

use crate::call_context::{self, Brief};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::planning::{close, hold, put_off};
use crate::{agents, budget, business_config, calls, campaigns, integrations};
use contracts::Job;
use domain::agent::Agent;
use domain::call::{Call, CallStatus, Ending};
use domain::calling::{Decision, Policy, Reason, Ruling, Verdict, decide, judge};
use domain::contact::{Contact, OnCall};
use domain::context::{CallFacts, Packet};
use domain::conversion::Talk;
use domain::{AttemptId, business::BusinessConfig};
use elevenlabs::{OutboundCall, Placed};
use jiff::{SignedDuration, Timestamp};
use provider::ProviderError;
use store::{ContextRecord, Stored};

/// How long a call waits that cannot be made for a reason of ours that a person can mend.
const MENDING: SignedDuration = SignedDuration::from_mins(10);

/// Dials a claimed attempt. The intent is stored before the request leaves, under the condition that the
/// attempt is still only claimed: whoever comes second finds it dialing and does nothing.
pub async fn dial(ctx: &Context, attempt: AttemptId) -> Result<()> {
    let Some(call) = calls::existing(ctx, attempt.call).await? else { return Ok(()) };
    if call.status != CallStatus::Claimed || call.current_attempt() != Some(attempt) {
        return Ok(());
    }
    let Some(agent) = call.agent_id else { return close(ctx, &call, Reason::NoAgent).await };
    let (settings, campaign, record, agent, templates) = tokio::try_join!(
        business_config::get(ctx),
        campaigns::of_call(ctx, &call),
        async { Ok(ctx.store().contact(&ctx.tenant, call.contact_id).await?) },
        agents::existing(ctx, agent),
        call_context::templates(ctx),
    )?;
    let Some(record) = record else { return close(ctx, &call, Reason::NoLead).await };
    let contact = &record.contact;
    // The rules are asked once more: since the claim the lead may have said no, or the window may have shut.
    let policy = Policy::of(&settings.config, campaign.as_deref());
    match decide(&judge(&call, Some(contact), &policy, ctx.now())) {
        Decision::Refuse { reason } => return close(ctx, &call, reason).await,
        Decision::Hold => return hold(ctx, &call).await,
        Decision::Wait { until, reason } => return put_off(ctx, &call, until, reason).await,
        Decision::Go => {}
    }
    // So is the budget. The call stays ready: the planner lets it go when there is room.
    if let Verdict { ruling: Ruling::Wait(_), reason: Some(reason), .. } =
        budget::verdict_of(ctx, &settings.config, &call).await?
    {
        return put_off(ctx, &call, ctx.now(), reason).await;
    }
    let later = ctx.now() + MENDING;
    let Some(agent) = agent else { return close(ctx, &call, Reason::NoAgent).await };
    let Some(remote) = agent.elevenlabs_agent_id.clone() else {
        return put_off(ctx, &call, later, Reason::AgentNotReady).await;
    };
    let (client, line) = match integrations::elevenlabs(&ctx.platform, &ctx.tenant).await {
        Ok(found) => found,
        Err(Error::NotConfigured(_)) => return close(ctx, &call, Reason::NotConfigured).await,
        Err(e) => return Err(e),
    };
    let Some(number) = line.phone_number_id else { return close(ctx, &call, Reason::NotConfigured).await };
    let facts = CallFacts::of(&call, attempt.number);
    let brief = Brief {
        agent: &agent,
        record: Some(&record),
        call: &facts,
        config: &settings.config,
        templates: &templates,
    };
    let packet = brief.packet(ctx).await;
    let Some(request) = request(attempt, &agent, remote, number, contact, &packet, &settings.config) else {
        return close(ctx, &call, Reason::NoPhone).await;
    };

    let Some(dialing) = intend(ctx, &call, contact, attempt, packet, &settings.config).await? else {
        return Ok(());
    };
    let placed = client.outbound_call(line.phone_provider, &request).await;
    conclude(ctx, dialing, attempt, placed, &settings.config).await
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
    called.on_call = Some(OnCall { call: call.id, until: now + config.calling.longest_call() });
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
            let reason = match error {
                ProviderError::Rejected { .. } => Reason::ProviderRejected,
                _ => Reason::ProviderUnavailable,
            };
            let ending = Ending::without_talk(CallStatus::Failed, reason, true);
            end(ctx, Some(dialing), attempt, ending, &[]).await.map(drop)
        }
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
        let retry = Policy::of(&settings.config, campaign.as_deref()).retry();
        let now = ctx.now();
        let mut call = old.value.clone();
        if call.end(attempt.number, ending.clone(), &retry, now).is_none() {
            return Ok(false);
        }
        call.count_under(attempt.number, |at| settings.config.day_of(at));
        let mut step = ctx.step();
        step.replace(&old, &call)?;
        if let Some(stored) = ctx.store().get::<Contact>(&ctx.tenant, &call.contact_id).await? {
            let mut contact = stored.value.clone();
            contact.hang_up(call.id);
            match ending.status {
                CallStatus::Completed => {
                    contact.last_contact_at = Some(now);
                    if let Some(talk) = Talk::of(&call, attempt.number) {
                        contact.talked(talk);
                    }
                    if contact.may_advance_to(domain::contact::LeadStatus::Contacted) {
                        let by = domain::Author::System;
                        let evidence = Some(call.id.to_string());
                        let provenance = domain::Provenance { by, at: now, evidence };
                        contact.set_status(domain::contact::LeadStatus::Contacted, provenance);
                    }
                }
                // A call that was never made did not bother anybody.
                CallStatus::Failed => {
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
