//! The figures that calls and leads keep: which rows they declare, and how these are read back.
//!
//! A dimension begins with a day or a month, so that a period is a range. One dimension answers by agent, campaign
//! and ending at once, so an ended attempt writes three counters and not a counter for each question.

use crate::Store;
use crate::counters::{Sums, Tallies};
use crate::entity::Row;
use crate::error::Result;
use domain::call::{Attempt, Call, CallStatus, Direction};
use domain::contact::{Contact, LeadStatus};
use domain::cost::{MonthSoFar, Tokens};
use domain::period::{Part, Period, month_of};
use domain::saved::{SavedConversation, Spent};
use domain::{AgentId, CampaignId, Currency, TenantId, text};
use futures::future::try_join_all;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::fmt::Display;

/// A kind of figure, by day and by month.
struct Kind {
    day: &'static str,
    month: &'static str,
}

const ATTEMPT: Kind = Kind { day: "attempt", month: "attempt_month" };
const READING: Kind = Kind { day: "reading", month: "reading_month" };
const CONVERSION: Kind = Kind { day: "conversion", month: "conversion_month" };
const LEAD: &str = "lead_made";
const USAGE: &str = "usage";

/// Measures beside the count.
const CALLS: &str = "calls";
const SECS: &str = "secs";
const CREDITS: &str = "credits";
const UNTOLD: &str = "untold";
const INPUT: &str = "in";
const OUTPUT: &str = "out";
const VALUE: &str = "value";

/// What stands where there is no agent, campaign or currency.
const NONE: &str = "-";

/// Attempts that ended in one way, of one agent and campaign, in one day or month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptFigures {
    /// The day on which they were dialed, `YYYY-MM-DD`, or its month, `YYYY-MM`.
    pub place: String,
    /// Who spoke.
    pub agent: Option<AgentId>,
    /// The campaign that asked for the call.
    pub campaign: Option<CampaignId>,
    /// How they ended. What leads began is a talk.
    pub status: CallStatus,
    /// Who began them.
    pub direction: Direction,
    /// How many.
    pub attempts: i64,
    /// How many of them were the first of their call.
    pub calls: i64,
    /// How long people spoke, in seconds.
    pub talk_secs: i64,
    /// What they cost, in thousandths of a credit, as far as it was told.
    pub credits: i64,
    /// How many may have cost something of which nobody told.
    pub uncosted: i64,
}

/// Talks in which one model read one thing, of one agent and campaign, in one day or month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingFigures {
    /// The day of the attempt, or its month.
    pub place: String,
    /// Who spoke.
    pub agent: Option<AgentId>,
    /// The campaign that asked for the call.
    pub campaign: Option<CampaignId>,
    /// What came of them, as the API spells it.
    pub outcome: String,
    /// The leads' mood, as the API spells it.
    pub sentiment: String,
    /// The model that read them.
    pub model: String,
    /// How many.
    pub readings: i64,
    /// What the model read and wrote.
    pub tokens: Tokens,
}

/// Leads who became customers after talks of one agent and campaign, in one day or month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversionFigures {
    /// The day of the talk, or its month.
    pub place: String,
    /// Who spoke.
    pub agent: Option<AgentId>,
    /// The campaign that asked for the call.
    pub campaign: Option<CampaignId>,
    /// The currency of what they bought for; none where that is unknown.
    pub currency: Option<Currency>,
    /// How many.
    pub conversions: i64,
    /// What they bought for, in minor units.
    pub value: i64,
}

/// Leads of one day, source and campaign that stand in one status now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadFigures {
    /// The day on which they came.
    pub place: String,
    /// Where they stand now.
    pub status: LeadStatus,
    /// The campaign they belong to.
    pub campaign: Option<CampaignId>,
    /// Where they came from, folded; empty if that is unknown.
    pub source: String,
    /// How many.
    pub leads: i64,
}

/// What one month came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonthFigures {
    /// Calls whose first attempt was in the month.
    pub calls: i64,
    /// How long people spoke, in seconds.
    pub talk_secs: i64,
    /// Analyses, by model.
    pub readings: BTreeMap<String, i64>,
    /// Attempts and what they used.
    pub so_far: MonthSoFar,
}

/// The counters of a call: one part for each attempt that ended, one for each analysis.
pub(super) fn of_call(call: &Call) -> Vec<Row> {
    let mut rows = Vec::new();
    for attempt in call.attempts.iter().filter(|attempt| attempt.status.is_final()) {
        let Some(day) = attempt.day else { continue };
        let sums = of_attempt(attempt);
        // What leads began is paid for, and says nothing about who picks up.
        let ending = match call.direction {
            Direction::Outbound => attempt.status.as_str(),
            Direction::Inbound => call.direction.as_str(),
        };
        let rest = format!("{}#{ending}", who(attempt.agent_id, call.campaign_id));
        by_day_and_month(&mut rows, &ATTEMPT, day, &rest, &sums);
        tally(&mut rows, USAGE, format!("{}#calls", month_of(day)), &sums);
    }
    for reading in call.readings() {
        let Some((attempt, day)) = call.attempt(reading.attempt).and_then(|it| Some((it, it.day?))) else {
            continue;
        };
        let tokens = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let sums = [(INPUT, tokens(reading.input_tokens)), (OUTPUT, tokens(reading.output_tokens))];
        let who = who(attempt.agent_id, call.campaign_id);
        let (outcome, sentiment, model) = (word(&reading.outcome), word(&reading.sentiment), &reading.model);
        by_day_and_month(&mut rows, &READING, day, &format!("{who}#{outcome}#{sentiment}#{model}"), &sums);
        tally(&mut rows, USAGE, format!("{}#model#{model}", month_of(day)), &sums);
    }
    rows
}

fn of_attempt(attempt: &Attempt) -> [(&'static str, i64); 4] {
    let talked = attempt.duration_secs.filter(|_| attempt.status == CallStatus::Completed);
    [
        (CALLS, i64::from(attempt.number == 1)),
        (SECS, talked.and_then(|secs| i64::try_from(secs).ok()).unwrap_or_default()),
        (CREDITS, attempt.credits().unwrap_or_default()),
        (UNTOLD, i64::from(attempt.credits().is_none())),
    ]
}

/// The counters of a lead: that it came, and that a talk made it a customer.
pub(super) fn of_contact(contact: &Contact) -> Vec<Row> {
    let mut rows = Vec::new();
    let details = &contact.details;
    if let Some(day) = contact.created_on {
        let (status, campaign) = (contact.status.as_str(), named(details.campaign_id));
        let source = text::folded(&details.source);
        tally(&mut rows, LEAD, format!("{day}#{status}#{campaign}#{source}"), &[]);
    }
    if let Some(talk) = contact.converted_by {
        let rest = format!(
            "{}#{}",
            who(talk.agent, talk.campaign),
            named(details.value.map(|value| value.currency))
        );
        let value = details.value.map_or(0, |value| value.minor);
        by_day_and_month(&mut rows, &CONVERSION, talk.day, &rest, &[(VALUE, value)]);
    }
    rows.extend(super::chat::of_contact(contact));
    rows
}

/// What reading a saved conversation cost: it counts in the month's usage, once for each model.
pub(super) fn of_saved(saved: &SavedConversation) -> Vec<Row> {
    let mut rows = Vec::new();
    for Spent { month, model, input_tokens, output_tokens } in &saved.spent {
        let tokens = |count: &u64| i64::try_from(*count).unwrap_or(i64::MAX);
        let sums = [(INPUT, tokens(input_tokens)), (OUTPUT, tokens(output_tokens))];
        tally(&mut rows, USAGE, format!("{month}#model#{model}"), &sums);
    }
    rows
}

fn by_day_and_month(rows: &mut Vec<Row>, kind: &Kind, day: Date, rest: &str, sums: &[(&'static str, i64)]) {
    tally(rows, kind.day, format!("{day}#{rest}"), sums);
    tally(rows, kind.month, format!("{}#{rest}", month_of(day)), sums);
}

/// Counts one in a dimension, and adds the sums that are not 0.
fn tally(rows: &mut Vec<Row>, stat: &'static str, dimension: String, sums: &[(&'static str, i64)]) {
    rows.extend(sums.iter().filter(|(_, amount)| *amount != 0).map(|(measure, amount)| Row::Summed {
        stat,
        dimension: dimension.clone(),
        measure,
        amount: *amount,
    }));
    rows.push(Row::Counted { stat, dimension });
}

fn who(agent: Option<AgentId>, campaign: Option<CampaignId>) -> String {
    format!("{}#{}", named(agent), named(campaign))
}

fn named(value: Option<impl Display>) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| value.to_string())
}

/// A member of a closed set, as the API spells it.
fn word(member: &impl serde::Serialize) -> String {
    let word = serde_json::to_value(member).unwrap_or_default();
    word.as_str().unwrap_or_default().to_owned()
}

impl Store {
    /// The attempts that ended, of a period of days on which they were dialed.
    pub async fn attempt_figures(&self, tenant: &TenantId, period: Period) -> Result<Vec<AttemptFigures>> {
        let read = |dimension: &str, sums: &Sums| {
            let [place, agent, campaign, ending] = parts(dimension)?;
            let (direction, status) = if ending == Direction::Inbound.as_str() {
                (Direction::Inbound, CallStatus::Completed)
            } else {
                (Direction::Outbound, CallStatus::ALL.into_iter().find(|known| known.as_str() == ending)?)
            };
            Some(AttemptFigures {
                place: place.to_owned(),
                agent: agent.parse().ok(),
                campaign: campaign.parse().ok(),
                status,
                direction,
                attempts: sums.count(),
                calls: sums.of(CALLS),
                talk_secs: sums.of(SECS),
                credits: sums.of(CREDITS),
                uncosted: sums.of(UNTOLD),
            })
        };
        self.figures(tenant, &ATTEMPT, period, read).await
    }

    /// What was read in the talks of a period of days.
    pub async fn reading_figures(&self, tenant: &TenantId, period: Period) -> Result<Vec<ReadingFigures>> {
        let read = |dimension: &str, sums: &Sums| {
            let [place, agent, campaign, outcome, sentiment, model] = parts(dimension)?;
            Some(ReadingFigures {
                place: place.to_owned(),
                agent: agent.parse().ok(),
                campaign: campaign.parse().ok(),
                outcome: outcome.to_owned(),
                sentiment: sentiment.to_owned(),
                model: model.to_owned(),
                readings: sums.count(),
                tokens: tokens(sums),
            })
        };
        self.figures(tenant, &READING, period, read).await
    }

    /// Who became a customer after the talks of a period of days.
    pub async fn conversion_figures(
        &self,
        tenant: &TenantId,
        period: Period,
    ) -> Result<Vec<ConversionFigures>> {
        let read = |dimension: &str, sums: &Sums| {
            let [place, agent, campaign, currency] = parts(dimension)?;
            Some(ConversionFigures {
                place: place.to_owned(),
                agent: agent.parse().ok(),
                campaign: campaign.parse().ok(),
                currency: currency.parse().ok(),
                conversions: sums.count(),
                value: sums.of(VALUE),
            })
        };
        self.figures(tenant, &CONVERSION, period, read).await
    }

    /// The leads that came in a period of days, by where they stand now.
    pub async fn lead_figures(&self, tenant: &TenantId, period: Period) -> Result<Vec<LeadFigures>> {
        let (from, to) = (period.from().to_string(), period.to().to_string());
        let tallies = self.tallies_between(tenant, LEAD, &from, &to).await?;
        Ok(read_all(&tallies, |dimension, sums| {
            let [place, status, campaign, source] = parts(dimension)?;
            Some(LeadFigures {
                place: place.to_owned(),
                status: LeadStatus::ALL.into_iter().find(|known| known.as_str() == status)?,
                campaign: campaign.parse().ok(),
                source: source.to_owned(),
                leads: sums.count(),
            })
        }))
    }

    /// What a month came to so far; `month` as `YYYY-MM`. A handful of items a shard, so that the planner may ask.
    pub async fn month_figures(&self, tenant: &TenantId, month: &str) -> Result<MonthFigures> {
        let prefix = format!("{month}#");
        let mut figures = MonthFigures::default();
        for (dimension, sums) in self.tallies_between(tenant, USAGE, &prefix, &prefix).await? {
            let what = dimension.strip_prefix(&prefix).unwrap_or_default();
            if let Some(model) = what.strip_prefix("model#") {
                figures.readings.insert(model.to_owned(), sums.count());
                figures.so_far.spending.spend(model, tokens(&sums));
            } else {
                figures.calls += sums.of(CALLS);
                figures.talk_secs += sums.of(SECS);
                figures.so_far.attempts += sums.count();
                figures.so_far.spending.credits += sums.of(CREDITS);
                figures.so_far.spending.uncosted += sums.of(UNTOLD);
            }
        }
        Ok(figures)
    }

    async fn figures<T>(
        &self,
        tenant: &TenantId,
        kind: &Kind,
        period: Period,
        read: impl Fn(&str, &Sums) -> Option<T>,
    ) -> Result<Vec<T>> {
        let parts = period.parts().into_iter().map(|part| async move {
            let (stat, from, to) = match part {
                Part::Days(from, to) => (kind.day, from, to),
                Part::Months(from, to) => (kind.month, from, to),
            };
            self.tallies_between(tenant, stat, &from, &to).await
        });
        Ok(try_join_all(parts).await?.iter().flat_map(|tallies| read_all(tallies, &read)).collect())
    }
}

fn read_all<T>(tallies: &Tallies, read: impl Fn(&str, &Sums) -> Option<T>) -> Vec<T> {
    tallies.iter().filter_map(|(dimension, sums)| read(dimension, sums)).collect()
}

/// The segments of a dimension; the last one may be any text.
fn parts<const N: usize>(dimension: &str) -> Option<[&str; N]> {
    dimension.splitn(N, '#').collect::<Vec<_>>().try_into().ok()
}

fn tokens(sums: &Sums) -> Tokens {
    Tokens { input: sums.of(INPUT), output: sums.of(OUTPUT) }
}
