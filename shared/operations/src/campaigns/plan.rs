//! The dry run of a campaign: whom it would call when, by which agent, and whom not.

use super::running::audience;
use super::{agents_there, find};
use crate::budget::{self, CostEstimate};
use crate::context::Context;
use crate::error::Result;
use crate::{Page, business_config};
use domain::call::Call;
use domain::calling::{Decision, Policy, Reason, decide, judge};
use domain::campaign::{Campaign, CampaignStatus};
use domain::contact::Contact;
use domain::{AgentId, CampaignId, ContactId, Role};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How many leads one plan looks at.
const LEADS_MAX: usize = 10_000;

/// What a campaign would do if it were started or resumed now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CampaignPlan {
    /// The campaign.
    pub id: CampaignId,
    /// The instant at which the rules were asked.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// How many leads it would call.
    pub planned: usize,
    /// How many it would not, by reason.
    #[schema(value_type = BTreeMap<String, usize>)]
    pub skipped: BTreeMap<Reason, usize>,
    /// Whether there are more leads than a plan looks at: 10,000.
    pub is_cut: bool,
    /// What the calls would cost.
    pub estimated_cost: CostEstimate,
    /// Every lead that it would call, in the order of its first call.
    pub calls: Vec<PlannedCall>,
    /// Every lead that it would not call, and why.
    pub not_called: Vec<Skipped>,
}

/// A lead that would be called.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlannedCall {
    /// The lead.
    pub lead_id: ContactId,
    /// Their name.
    pub name: String,
    /// Who would call.
    pub agent_id: AgentId,
    /// The first instant that the rules permit. With fewer lines than calls, a call waits for a line.
    #[schema(value_type = String)]
    pub not_before: Timestamp,
    /// The same by the lead's own clock, with its zone (RFC 9557).
    pub local_time: String,
}

/// A lead that would not be called.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Skipped {
    /// The lead.
    pub lead_id: ContactId,
    /// Their name.
    pub name: String,
    /// Why, as a stable code.
    pub reason: Reason,
    /// Why, as a sentence.
    pub detail: &'static str,
}

/// What a campaign would do if it were started or resumed now, decided by the rules that decide about its calls.
/// Changes nothing.
pub async fn plan(ctx: &Context, id: CampaignId) -> Result<CampaignPlan> {
    ctx.require(Role::Viewer)?;
    let (campaign, settings, default_agent) =
        tokio::try_join!(find(ctx, id), business_config::get(ctx), async {
            Ok(ctx.store().default_agent(&ctx.tenant).await?)
        })?;
    let default_agent = default_agent.map(|agent| agent.id);
    let agents = agents_there(ctx, &campaign.terms).await?;
    // What would be if it were on.
    let campaign = Campaign { status: CampaignStatus::Running, ..campaign.value };
    let policy = Policy::of(&settings.config, Some(&campaign));
    let now = ctx.now();
    let (mut calls, mut not_called, mut is_cut) = (Vec::new(), Vec::new(), false);
    let there = |agent: &AgentId| agents.contains(agent) || Some(*agent) == default_agent;
    'lists: for list in audience(&campaign) {
        let mut page = Page { limit: 100, cursor: None };
        loop {
            let listing = ctx.store().list::<Contact>(&ctx.tenant, &list, &page).await?;
            for contact in &listing.items {
                if calls.len() + not_called.len() == LEADS_MAX {
                    is_cut = true;
                    break 'lists;
                }
                let agent = campaign.agent_of(contact).or(default_agent).filter(there);
                match first_call(
                    Call::queued(ctx.new_id(), contact.id, now, now),
                    contact,
                    agent,
                    &policy,
                    now,
                ) {
                    Ok(call) => calls.push(call),
                    Err(skipped) => not_called.push(skipped),
                }
            }
            let Some(next) = listing.next else { break };
            page.cursor = Some(next);
        }
    }
    calls.sort_by_key(|call| (call.not_before, call.lead_id));
    let mut skipped: BTreeMap<Reason, usize> = BTreeMap::new();
    for lead in &not_called {
        *skipped.entry(lead.reason).or_default() += 1;
    }
    let estimated_cost = budget::estimate(ctx, &settings.config, calls.len()).await?;
    Ok(CampaignPlan { id, at: now, planned: calls.len(), skipped, is_cut, estimated_cost, calls, not_called })
}

/// The lead's first call as the rules have it at `now`, or why there is none.
fn first_call(
    call: Call,
    contact: &Contact,
    agent: Option<AgentId>,
    policy: &Policy,
    now: Timestamp,
) -> std::result::Result<PlannedCall, Skipped> {
    let not_before = match decide(&judge(&call, Some(contact), policy, now)) {
        Decision::Go | Decision::Hold => Ok(now),
        Decision::Wait { until, .. } => Ok(until),
        Decision::Refuse { reason } => Err(reason),
    };
    let (lead_id, name) = (contact.id, contact.name());
    match not_before.and_then(|at| Ok((at, agent.ok_or(Reason::NoAgent)?))) {
        Ok((not_before, agent_id)) => {
            let local_time = not_before.to_zoned(contact.clock()).to_string();
            Ok(PlannedCall { lead_id, name, agent_id, not_before, local_time })
        }
        Err(reason) => Err(Skipped { lead_id, name, reason, detail: reason.sentence() }),
    }
}
