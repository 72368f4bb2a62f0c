//! Campaigns: which leads are called, by which agents, under which rules.

use crate::business::{Hours, Weekday};
use crate::call::Priority;
use crate::calling::{CallingRules, RetryMinutes};
use crate::contact::Contact;
use crate::id::PrefixedId;
use crate::{AgentId, CampaignId, ContactId, Invalid, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A campaign: its audience are the leads assigned to it. While it is on, it is also the rule by which a lead of
/// its source that belongs to no campaign becomes its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    /// The record's id.
    pub id: CampaignId,
    /// What it is about and how it is done.
    #[serde(flatten)]
    pub terms: Terms,
    /// Where it stands.
    pub status: CampaignStatus,
    /// When it was started first.
    pub started_at: Option<Timestamp>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What one writes of a campaign.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CampaignInput))]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    /// What people call it.
    pub name: String,
    /// Leads from here that belong to no campaign become its own: those that are there when it is started, and
    /// those that arrive while it is on. Empty if leads are assigned by hand only.
    pub source: String,
    /// Who calls, and how many leads each has beside the others; the default agent if empty.
    pub agents: Vec<Variant>,
    /// What its calls are for; one of the call objectives where the business has set them.
    pub objective: String,
    /// What its calls should mind, 2,000 characters at most.
    pub instructions: String,
    /// What goes first when lines are scarce.
    pub priority: Priority,
    /// Rules that replace the tenant's for its calls.
    pub rules: RuleChanges,
}

/// One of the agents that share a campaign's leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// The agent.
    pub agent_id: AgentId,
    /// How many leads it has beside the others: 1 to 1,000.
    #[serde(default = "one")]
    pub weight: u32,
}

fn one() -> u32 {
    1
}

/// Rules that replace the tenant's for the calls of a campaign; what is absent stays the tenant's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RuleChanges {
    /// The hours of every day in which a callee's telephone may ring, by the callee's own clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Hours>,
    /// Hours by weekday; a weekday that is left out is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_hours: Option<BTreeMap<Weekday, Hours>>,
    /// How many attempts a call has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// How long after an attempt the next one may come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_minutes: Option<RetryMinutes>,
}

/// Where a campaign stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CampaignStatus {
    /// It was not started.
    #[default]
    Draft,
    /// Its leads are called.
    Running,
    /// Its leads are not called until it is resumed.
    Paused,
    /// Its leads are not called any more.
    Cancelled,
}

impl CampaignStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Running, Self::Paused, Self::Cancelled];

    /// The status as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether leads of the campaign's source become its own when they arrive.
    pub fn takes_leads(self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }
}

impl Campaign {
    /// The agent that speaks with a lead: the one it has, as long as that one takes part, else the one that is drawn
    /// for it; none if the campaign leaves that to the tenant.
    pub fn agent_of(&self, contact: &Contact) -> Option<AgentId> {
        let takes_part = |agent: &AgentId| self.terms.agents.iter().any(|variant| variant.agent_id == *agent);
        contact.agent_id.filter(takes_part).or_else(|| self.drawn_for(contact.id))
    }

    /// The agent that is drawn for a lead. The same lead draws the same agent, as long as that one takes part: adding,
    /// removing or reweighing agents moves as few leads as can be (weighted rendezvous hashing).
    fn drawn_for(&self, lead: ContactId) -> Option<AgentId> {
        let claim = |variant: &Variant| {
            let draw = draw(self.id, lead, variant.agent_id);
            -f64::from(variant.weight) / draw.ln()
        };
        let best = self.terms.agents.iter().max_by(|a, b| claim(a).total_cmp(&claim(b)));
        best.map(|variant| variant.agent_id)
    }
}

/// A number between 0 and 1, both excluded, that looks drawn by lot and is always the same (the finish of `SplitMix64`
/// over the ids' random parts).
fn draw(campaign: CampaignId, lead: ContactId, agent: AgentId) -> f64 {
    let fold = |ulid: ulid::Ulid| {
        let bits = u128::from(ulid);
        #[expect(clippy::cast_possible_truncation, reason = "both halves are mixed in")]
        let (high, low) = ((bits >> 64) as u64, bits as u64);
        mixed(high ^ mixed(low))
    };
    let bits = mixed(fold(campaign.ulid()) ^ mixed(fold(lead.ulid()) ^ mixed(fold(agent.ulid()))));
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
    let unit = (bits >> 11) as f64;
    (unit + 0.5) / 9_007_199_254_740_992.0
}

fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl Terms {
    /// Trims and checks what people wrote.
    pub fn checked(mut self, tenant: &CallingRules) -> Result<Self, Invalid> {
        self.name = text::line(&self.name, 120).map_err(|e| e.within("/name"))?;
        self.source = match self.source.trim() {
            "" => String::new(),
            source => text::line(source, 100).map_err(|e| e.within("/source"))?,
        };
        self.instructions = text::prose(&self.instructions, 2_000).map_err(|e| e.within("/instructions"))?;
        if self.agents.len() > 20 {
            return Err(Invalid::at("/agents", "must have at most 20 entries"));
        }
        for (n, variant) in self.agents.iter().enumerate() {
            if !(1..=1_000).contains(&variant.weight) {
                return Err(Invalid::at(format!("/agents/{n}/weight"), "must be from 1 to 1000"));
            }
            if self.agents[..n].iter().any(|earlier| earlier.agent_id == variant.agent_id) {
                return Err(Invalid::at(format!("/agents/{n}/agent_id"), "is there twice"));
            }
        }
        self.rules.check(tenant).map_err(|e| e.within("/rules"))?;
        Ok(self)
    }
}

impl RuleChanges {
    fn check(&self, tenant: &CallingRules) -> Result<(), Invalid> {
        for (day, hours) in self.business_hours.iter().flatten() {
            hours.check().map_err(|e| e.within(&format!("/business_hours/{}", day.as_str())))?;
        }
        self.over(tenant).check()
    }

    /// The tenant's rules with these in place of them.
    pub fn over(&self, tenant: &CallingRules) -> CallingRules {
        CallingRules {
            window: self.window.unwrap_or(tenant.window),
            max_attempts: self.max_attempts.unwrap_or(tenant.max_attempts),
            retry_minutes: self.retry_minutes.unwrap_or(tenant.retry_minutes),
            ..tenant.clone()
        }
    }
}

#[cfg(test)]
mod tests;
