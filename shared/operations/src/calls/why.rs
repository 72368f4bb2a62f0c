//! Why a call is where it is: every rule, its verdict, and the next legal moment.

use super::{CallView, find};
use crate::budget;
use crate::context::Context;
use crate::error::Result;
use crate::integrations::Provider;
use crate::{agents, business_config, campaigns, leads, planning};
use domain::agent::Agent;
use domain::call::{Call, CallStatus};
use domain::calling::{self, Decision, Law, Policy, Reason, Rule, Ruling, Verdict};
use domain::{CallId, Role};
use jiff::Timestamp;
use serde::Serialize;
use store::{Integration, SlotRow, Stored, VOICE_ACCOUNT};
use utoipa::ToSchema;

/// Why a call is where it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Why {
    /// The call.
    pub id: CallId,
    /// Where it stands.
    pub status: CallStatus,
    /// Why it stands there.
    pub reason: Option<Reason>,
    /// Whose law's bounds hold for the call, besides the business's own rules.
    pub laws: Vec<Law>,
    /// Every rule and its verdict at this instant.
    pub rules: Vec<RuleVerdict>,
    /// `go`, `wait` or `refuse`: what the rules together say at this instant.
    pub decision: &'static str,
    /// The next instant at which the rules would permit the call; absent if they never would, or not before
    /// somebody resumes its campaign.
    #[schema(value_type = Option<String>)]
    pub next_legal_at: Option<Timestamp>,
}

/// One rule's verdict.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RuleVerdict {
    /// The rule.
    pub rule: Rule,
    /// `pass`, `wait` or `refuse`.
    pub verdict: &'static str,
    /// Why, as a stable code.
    pub reason: Option<Reason>,
    /// Why, as a sentence.
    pub detail: Option<&'static str>,
    /// Until when it waits.
    #[schema(value_type = Option<String>)]
    pub until: Option<Timestamp>,
}

/// Every rule, its verdict on the call at this instant, and the next legal moment.
pub async fn why(ctx: &Context, id: CallId) -> Result<Why> {
    ctx.require(Role::Viewer)?;
    let call = find(ctx, id).await?;
    let (contact, settings, campaign, agent, lines, provider) = tokio::try_join!(
        leads::known(ctx, call.contact_id),
        business_config::get(ctx),
        campaigns::of_call(ctx, &call),
        agent_of(ctx, &call),
        async { Ok(ctx.store().slots(&ctx.tenant, VOICE_ACCOUNT).await?) },
        takes_calls(ctx),
    )?;
    let now = ctx.now();
    let policy = Policy::of(&settings.config, campaign.as_deref());
    let judged_at = |at| calling::judge(&call, contact.as_deref(), &policy, at);
    let mut others = vec![has_agent(agent.as_deref()), provider];
    if call.slot.is_none() {
        others.push(has_line(&lines, policy.rules.max_concurrent, now));
    }
    let month = budget::month(ctx, &settings.config).await?;
    let under_way = budget::busy(&lines, now).saturating_sub(usize::from(call.slot.is_some()));
    let budget = budget::verdict(&settings.config, month.as_ref(), under_way, now);
    // The budget waits for a month that may begin at night.
    let from = if let Ruling::Wait(until) = budget.ruling { until } else { now };
    let then: Vec<Verdict> = judged_at(from).into_iter().chain(others.iter().cloned()).collect();
    let next_legal_at = match calling::decide(&then) {
        Decision::Go => Some(from),
        Decision::Wait { until, .. } => Some(until.max(from)),
        Decision::Hold | Decision::Refuse { .. } => None,
    };
    let verdicts: Vec<Verdict> = judged_at(now).into_iter().chain(others).chain([budget]).collect();
    let decision = match calling::decide(&verdicts) {
        Decision::Go => "go",
        Decision::Wait { .. } | Decision::Hold => "wait",
        Decision::Refuse { .. } => "refuse",
    };
    let rules = verdicts.iter().map(|verdict| RuleVerdict {
        rule: verdict.rule,
        verdict: match verdict.ruling {
            Ruling::Pass => "pass",
            Ruling::Wait(_) | Ruling::Hold => "wait",
            Ruling::Refuse => "refuse",
        },
        reason: verdict.reason,
        detail: verdict.reason.map(Reason::sentence),
        until: if let Ruling::Wait(at) = verdict.ruling { Some(at) } else { None },
    });
    let laws = policy.rules.preset.laws(contact.as_ref().and_then(|contact| contact.details.phone.as_ref()));
    let (status, reason) = (call.status, CallView::of(&call, now).reason);
    Ok(Why { id, status, reason, laws, rules: rules.collect(), decision, next_legal_at })
}

async fn agent_of(ctx: &Context, call: &Call) -> Result<Option<Stored<Agent>>> {
    match call.agent_id {
        Some(id) => agents::existing(ctx, id).await,
        None => Ok(ctx.store().default_agent(&ctx.tenant).await?),
    }
}

/// Whether there is somebody to speak.
fn has_agent(agent: Option<&Agent>) -> Verdict {
    let (ruling, reason) = match agent {
        None => (Ruling::Refuse, Some(Reason::NoAgent)),
        Some(agent) if agent.elevenlabs_agent_id.is_none() => (Ruling::Hold, Some(Reason::AgentNotReady)),
        Some(_) => (Ruling::Pass, None),
    };
    Verdict { rule: Rule::Agent, ruling, reason }
}

/// Whether the voice provider is set up and takes calls.
async fn takes_calls(ctx: &Context) -> Result<Verdict> {
    let provider = Provider::Elevenlabs.as_str();
    let (settings, rest) = tokio::try_join!(
        async { Ok(ctx.store().get::<Integration>(&ctx.tenant, provider).await?) },
        planning::resting(ctx)
    )?;
    let (ruling, reason) = match (settings, rest) {
        (None, _) => (Ruling::Hold, Some(Reason::NotConfigured)),
        (Some(_), Some(rest)) => (Ruling::Wait(rest.until), Some(rest.reason)),
        (Some(_), None) => (Ruling::Pass, None),
    };
    Ok(Verdict { rule: Rule::Provider, ruling, reason })
}

/// Whether a line is free, or when the first one is at the latest.
fn has_line(lines: &[SlotRow], max: u32, now: Timestamp) -> Verdict {
    let held = || lines.iter().filter(|line| line.until >= now);
    let earliest = held().map(|line| line.until).min().filter(|_| held().count() >= max as usize);
    let ruling = earliest.map_or(Ruling::Pass, Ruling::Wait);
    Verdict { rule: Rule::Line, ruling, reason: earliest.map(|_| Reason::NoSlot) }
}
