//! What calls, agents, campaigns and leads came to, from counters that are kept with the records themselves.

mod chat;
mod figures;

pub use chat::{BotSummary, ChatAnalytics, ChatScope, FeedbackFigures, ReplyTime, bot, chat};
pub use figures::{Comparison, ComparisonResult, Figures, Finding, Share};

use crate::business_config;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::leads::{Pipeline, pipeline};
use domain::agent::Agent;
use domain::business::BusinessConfig;
use domain::campaign::Campaign;
use domain::contact::LeadStatus;
use domain::period::Period;
use domain::statistics::Proportion;
use domain::zone::ZoneName;
use domain::{AgentId, CampaignId, Invalid, Role};
use figures::Tally;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{AttemptFigures, ConversionFigures, LeadFigures, ReadingFigures};
use utoipa::{IntoParams, ToSchema};

/// Which calls to look at.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct CallScope {
    /// The first day, `YYYY-MM-DD`, by the business's own clock; 29 days before the last one if not given.
    #[param(value_type = Option<String>)]
    pub from: Option<Date>,
    /// The last day, at most 366 days from the first; today if not given.
    #[param(value_type = Option<String>)]
    pub to: Option<Date>,
    /// Only attempts of this agent.
    #[param(value_type = Option<String>)]
    pub agent_id: Option<AgentId>,
    /// Only calls of this campaign.
    #[param(value_type = Option<String>)]
    pub campaign_id: Option<CampaignId>,
}

/// Which leads to look at.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct LeadScope {
    /// The first day on which they came, `YYYY-MM-DD`, by the business's own clock; 29 days before the last one if not
    /// given.
    #[param(value_type = Option<String>)]
    pub from: Option<Date>,
    /// The last day, at most 366 days from the first; today if not given.
    #[param(value_type = Option<String>)]
    pub to: Option<Date>,
    /// Only leads of this campaign.
    #[param(value_type = Option<String>)]
    pub campaign_id: Option<CampaignId>,
}

/// The period that figures are of.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PeriodView {
    /// The first day.
    #[schema(value_type = String)]
    pub from: Date,
    /// The last day.
    #[schema(value_type = String)]
    pub to: Date,
    /// Whose clock the days are by.
    pub timezone: ZoneName,
}

/// What calls came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallAnalytics {
    /// The period.
    #[serde(flatten)]
    pub period: PeriodView,
    /// All of them.
    #[serde(flatten)]
    pub figures: Figures,
    /// Day by day; month by month if the period is longer than 92 days.
    pub series: Vec<CallPoint>,
}

/// Calls of one day or month.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallPoint {
    /// The day, `YYYY-MM-DD`, or the month, `YYYY-MM`.
    pub at: String,
    /// Attempts that were dialed then and have ended.
    pub attempts: i64,
    /// Those that became talks.
    pub completed: i64,
    /// How long people spoke.
    pub talk_seconds: i64,
    /// Leads who became customers after these talks.
    pub conversions: i64,
}

/// What the calls of each agent came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AgentAnalytics {
    /// The period.
    #[serde(flatten)]
    pub period: PeriodView,
    /// Every agent that had an attempt, the busiest first.
    pub agents: Vec<AgentFigures>,
}

/// What the calls of one agent came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AgentFigures {
    /// The agent.
    #[schema(required)]
    pub agent_id: Option<AgentId>,
    /// Its name; null if it was deleted.
    #[schema(required)]
    pub name: Option<String>,
    /// What its calls came to.
    #[serde(flatten)]
    pub figures: Figures,
}

/// What the calls of each campaign came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CampaignAnalytics {
    /// The period.
    #[serde(flatten)]
    pub period: PeriodView,
    /// Every campaign that had an attempt, the busiest first.
    pub campaigns: Vec<CampaignFigures>,
}

/// What the calls of one campaign came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CampaignFigures {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// Its name; null if there is no such campaign any more.
    #[schema(required)]
    pub name: Option<String>,
    /// What its calls came to.
    #[serde(flatten)]
    pub figures: Figures,
    /// The same for each of its agents, the busiest first.
    pub variants: Vec<AgentFigures>,
    /// Which variant is better, as far as that can be told; null if there is one only.
    #[schema(required)]
    pub comparison: Option<Comparison>,
}

/// What leads came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LeadAnalytics {
    /// The period in which they came.
    #[serde(flatten)]
    pub period: PeriodView,
    /// All of them.
    #[serde(flatten)]
    pub figures: LeadGroup,
    /// The same by where they came from, folded to lower case; the largest first.
    pub sources: Vec<SourceFigures>,
    /// The same by campaign, the largest first.
    pub campaigns: Vec<CampaignLeads>,
    /// Day by day; month by month if the period is longer than 92 days.
    pub series: Vec<LeadPoint>,
    /// All leads that there are, by where they stand, whenever they came.
    pub pipeline: Pipeline,
}

/// How many leads, and where they stand now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LeadGroup {
    /// Leads that came in the period and are still there.
    pub leads: i64,
    /// Where they stand now.
    pub by_status: BTreeMap<String, i64>,
    /// How many of them are customers now.
    pub customer_rate: Share,
}

/// Leads of one source.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SourceFigures {
    /// The source; empty if it is unknown.
    pub source: String,
    /// How many.
    #[serde(flatten)]
    pub figures: LeadGroup,
}

/// Leads of one campaign.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CampaignLeads {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// Its name; null if there is no such campaign any more.
    #[schema(required)]
    pub name: Option<String>,
    /// How many.
    #[serde(flatten)]
    pub figures: LeadGroup,
}

/// Leads of one day or month.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LeadPoint {
    /// The day, `YYYY-MM-DD`, or the month, `YYYY-MM`.
    pub at: String,
    /// Leads that came then.
    pub leads: i64,
    /// Those who are customers now.
    pub customers: i64,
}

/// What calls came to, in all and over time.
pub async fn calls(ctx: &Context, scope: &CallScope) -> Result<CallAnalytics> {
    ctx.require(Role::Viewer)?;
    let told = Told::read(ctx, scope).await?;
    let mut places: BTreeMap<String, Tally> =
        told.period.places().into_iter().map(|place| (place, Tally::default())).collect();
    for (place, tally) in told.by(|place, _, _| Some(told.period.place(place).to_owned())) {
        places.insert(place, tally);
    }
    let series = places.into_iter().map(|(at, tally)| CallPoint {
        at,
        attempts: tally.attempted(),
        completed: tally.completed(),
        talk_seconds: tally.talk_secs(),
        conversions: tally.converted(),
    });
    let all = told.by(|_, _, _| Some(())).remove(&()).unwrap_or_default();
    Ok(CallAnalytics { period: told.view(), series: series.collect(), figures: all.figures(&told.config) })
}

/// What the calls of each agent came to.
pub async fn agents(ctx: &Context, scope: &CallScope) -> Result<AgentAnalytics> {
    ctx.require(Role::Viewer)?;
    let told = Told::read(ctx, scope).await?;
    let by_agent = told.by(|_, agent, _| Some(agent));
    let names = agent_names(ctx, by_agent.keys().copied()).await?;
    Ok(AgentAnalytics { period: told.view(), agents: shown(by_agent, &names, &told.config) })
}

/// What the calls of each campaign came to, and which of its variants is better.
pub async fn campaigns(ctx: &Context, scope: &CallScope) -> Result<CampaignAnalytics> {
    ctx.require(Role::Viewer)?;
    let told = Told::read(ctx, scope).await?;
    let of_campaigns = || told.attempts.iter().filter(|of| of.campaign.is_some());
    let (names, mut campaign_names) = tokio::try_join!(
        agent_names(ctx, of_campaigns().map(|of| of.agent)),
        campaign_names(ctx, of_campaigns().map(|of| of.campaign)),
    )?;
    let mut variants: BTreeMap<CampaignId, BTreeMap<Option<AgentId>, Tally>> = BTreeMap::new();
    for ((campaign, agent), tally) in told.by(|_, agent, campaign| Some((campaign?, agent))) {
        variants.entry(campaign).or_default().insert(agent, tally);
    }
    let mut by_campaign: Vec<(CampaignId, Tally)> = told.by(|_, _, campaign| campaign).into_iter().collect();
    by_campaign.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.attempted()));
    let campaigns = by_campaign.into_iter().map(|(campaign_id, tally)| {
        let variants = variants.remove(&campaign_id).unwrap_or_default();
        let sides: Vec<_> = variants.iter().map(|(agent, tally)| (*agent, tally)).collect();
        CampaignFigures {
            campaign_id,
            name: campaign_names.remove(&campaign_id),
            comparison: Comparison::of(&sides),
            figures: tally.figures(&told.config),
            variants: shown(variants, &names, &told.config),
        }
    });
    Ok(CampaignAnalytics { period: told.view(), campaigns: campaigns.collect() })
}

/// What leads came to, by where they came from.
pub async fn leads(ctx: &Context, scope: &LeadScope) -> Result<LeadAnalytics> {
    ctx.require(Role::Viewer)?;
    let config = business_config::get(ctx).await?.value.config;
    let period = Period::new(scope.from, scope.to, config.day_of(ctx.now()))?;
    let (mut figures, pipeline) = tokio::try_join!(
        async { ctx.store().lead_figures(&ctx.tenant, period).await.map_err(too_much) },
        pipeline(ctx)
    )?;
    figures.retain(|of| scope.campaign_id.is_none_or(|campaign| of.campaign == Some(campaign)));
    let mut places: BTreeMap<String, Group> =
        period.places().into_iter().map(|place| (place, Group::default())).collect();
    places.extend(grouped(&figures, |of| Some(period.place(&of.place).to_owned())));
    let series = places.into_iter().map(|(at, group)| LeadPoint {
        at,
        leads: group.leads,
        customers: group.customers(),
    });
    let mut sources: Vec<SourceFigures> = grouped(&figures, |of| Some(of.source.clone()))
        .into_iter()
        .map(|(source, group)| SourceFigures { source, figures: group.view() })
        .collect();
    sources.sort_by_key(|of| std::cmp::Reverse(of.figures.leads));
    let mut names = campaign_names(ctx, figures.iter().map(|of| of.campaign)).await?;
    let mut campaigns: Vec<CampaignLeads> = grouped(&figures, |of| of.campaign)
        .into_iter()
        .map(|(campaign_id, group)| CampaignLeads {
            campaign_id,
            name: names.remove(&campaign_id),
            figures: group.view(),
        })
        .collect();
    campaigns.sort_by_key(|of| std::cmp::Reverse(of.figures.leads));
    let all = grouped(&figures, |_| Some(())).remove(&()).unwrap_or_default();
    Ok(LeadAnalytics {
        period: view(period, &config),
        figures: all.view(),
        sources,
        campaigns,
        series: series.collect(),
        pipeline,
    })
}

/// What counters tell of the calls that are looked at.
struct Told {
    config: BusinessConfig,
    period: Period,
    attempts: Vec<AttemptFigures>,
    readings: Vec<ReadingFigures>,
    conversions: Vec<ConversionFigures>,
}

impl Told {
    async fn read(ctx: &Context, scope: &CallScope) -> Result<Self> {
        let config = business_config::get(ctx).await?.value.config;
        let period = Period::new(scope.from, scope.to, config.day_of(ctx.now()))?;
        let store = ctx.store();
        let (mut attempts, mut readings, mut conversions) = tokio::try_join!(
            store.attempt_figures(&ctx.tenant, period),
            store.reading_figures(&ctx.tenant, period),
            store.conversion_figures(&ctx.tenant, period),
        )
        .map_err(too_much)?;
        let fits = |agent: Option<AgentId>, campaign: Option<CampaignId>| {
            scope.agent_id.is_none_or(|wanted| agent == Some(wanted))
                && scope.campaign_id.is_none_or(|wanted| campaign == Some(wanted))
        };
        attempts.retain(|of| fits(of.agent, of.campaign));
        readings.retain(|of| fits(of.agent, of.campaign));
        conversions.retain(|of| fits(of.agent, of.campaign));
        Ok(Self { config, period, attempts, readings, conversions })
    }

    /// The figures by what `key` makes of their day or month, agent and campaign; what it makes nothing of is left
    /// out.
    fn by<K: Ord>(
        &self,
        key: impl Fn(&str, Option<AgentId>, Option<CampaignId>) -> Option<K>,
    ) -> BTreeMap<K, Tally> {
        let mut tallies: BTreeMap<K, Tally> = BTreeMap::new();
        for of in &self.attempts {
            if let Some(key) = key(&of.place, of.agent, of.campaign) {
                tallies.entry(key).or_default().attempts(of);
            }
        }
        for of in &self.readings {
            if let Some(key) = key(&of.place, of.agent, of.campaign) {
                tallies.entry(key).or_default().readings(of);
            }
        }
        for of in &self.conversions {
            if let Some(key) = key(&of.place, of.agent, of.campaign) {
                tallies.entry(key).or_default().conversions(of);
            }
        }
        tallies
    }

    fn view(&self) -> PeriodView {
        view(self.period, &self.config)
    }
}

fn view(period: Period, config: &BusinessConfig) -> PeriodView {
    PeriodView { from: period.from(), to: period.to(), timezone: config.timezone.clone() }
}

fn too_much(error: store::Error) -> Error {
    match error {
        store::Error::TooMuch => {
            Invalid::at("?from", "names a period with too many figures; ask for a shorter one").into()
        }
        other => other.into(),
    }
}

/// The names of agents, in one batch.
async fn agent_names(
    ctx: &Context,
    agents: impl Iterator<Item = Option<AgentId>>,
) -> Result<BTreeMap<AgentId, String>> {
    let ids: Vec<AgentId> = agents.flatten().collect();
    let agents = ctx.store().get_many::<Agent>(&ctx.tenant, &ids).await?;
    Ok(agents.into_iter().map(|agent| (agent.id, agent.value.profile.name)).collect())
}

/// The names of campaigns, in one batch.
async fn campaign_names(
    ctx: &Context,
    campaigns: impl Iterator<Item = Option<CampaignId>>,
) -> Result<BTreeMap<CampaignId, String>> {
    let ids: Vec<CampaignId> = campaigns.flatten().collect();
    let campaigns = ctx.store().get_many::<Campaign>(&ctx.tenant, &ids).await?;
    Ok(campaigns.into_iter().map(|campaign| (campaign.id, campaign.value.terms.name)).collect())
}

fn shown(
    by_agent: BTreeMap<Option<AgentId>, Tally>,
    names: &BTreeMap<AgentId, String>,
    config: &BusinessConfig,
) -> Vec<AgentFigures> {
    let shown = by_agent.into_iter().map(|(agent_id, tally)| AgentFigures {
        agent_id,
        name: agent_id.and_then(|id| names.get(&id).cloned()),
        figures: tally.figures(config),
    });
    let mut shown: Vec<_> = shown.collect();
    shown.sort_by_key(|of| std::cmp::Reverse(of.figures.attempts));
    shown
}

#[derive(Default)]
struct Group {
    leads: i64,
    by_status: BTreeMap<String, i64>,
}

fn grouped<K: Ord>(figures: &[LeadFigures], key: impl Fn(&LeadFigures) -> Option<K>) -> BTreeMap<K, Group> {
    let mut groups: BTreeMap<K, Group> = BTreeMap::new();
    for of in figures {
        let Some(key) = key(of) else { continue };
        let group = groups.entry(key).or_default();
        group.leads += of.leads;
        *group.by_status.entry(of.status.as_str().to_owned()).or_default() += of.leads;
    }
    groups
}

impl Group {
    fn customers(&self) -> i64 {
        self.by_status.get(LeadStatus::Customer.as_str()).copied().unwrap_or_default()
    }

    fn view(self) -> LeadGroup {
        let customer_rate = Share::of(Proportion::new(self.customers(), self.leads));
        LeadGroup { leads: self.leads, by_status: self.by_status, customer_rate }
    }
}
