//! Figures of some calls: added up from counters, and shown.

use crate::budget::{Cost, credits};
use domain::AgentId;
use domain::business::BusinessConfig;
use domain::call::{CallStatus, Direction};
use domain::cost::{Bill, Spending};
use domain::money::{Amount, Sum};
use domain::statistics::{Difference, Proportion, compare, real};
use domain::{Currency, Money};
use serde::Serialize;
use std::collections::BTreeMap;
use store::{AttemptFigures, ConversionFigures, ReadingFigures};
use utoipa::ToSchema;

/// A rate, what it rests on, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Share {
    /// From 0 to 1; null of nothing.
    #[schema(required)]
    pub rate: Option<f64>,
    /// The lower end of the interval in which the true rate lies with 95 % confidence (Wilson); null of nothing.
    #[schema(required)]
    pub low: Option<f64>,
    /// The upper end.
    #[schema(required)]
    pub high: Option<f64>,
    /// How many.
    pub hits: u64,
    /// Of how many.
    pub of: u64,
}

/// What some calls came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Figures {
    /// Calls of ours whose first attempt was in the period.
    pub calls: i64,
    /// Calls that leads made to us. They count among the talks and the cost, and not among the attempts.
    pub inbound: i64,
    /// Attempts that were dialed in the period and have ended.
    pub attempts: i64,
    /// The same by how they ended.
    pub by_status: BTreeMap<String, i64>,
    /// How many of the attempts somebody answered and spoke.
    pub connect_rate: Share,
    /// How long people spoke.
    pub talk_seconds: i64,
    /// The average of a talk; null if there was none.
    #[schema(required)]
    pub average_talk_seconds: Option<f64>,
    /// Talks that were analysed.
    pub analyzed: i64,
    /// The same by what came of them.
    pub outcomes: BTreeMap<String, i64>,
    /// The same by the leads' mood.
    pub sentiment: BTreeMap<String, i64>,
    /// Leads who became customers within 30 days of their last talk, by the day of that talk.
    pub conversions: i64,
    /// How many of the talks a conversion followed.
    pub conversion_rate: Share,
    /// What these customers bought for, by currency; null if that is known of none of them.
    #[schema(required)]
    pub revenue: Option<Vec<Sum>>,
    /// Conversions of unknown value.
    pub conversions_without_value: i64,
    /// ElevenLabs credits, as far as they were told.
    pub credits: Amount,
    /// What calls and analyses cost.
    pub cost: Cost,
    /// Return on the cost: (revenue - cost) / cost. Null unless both are wholly known and in one currency.
    #[schema(required)]
    pub roi: Option<f64>,
}

/// What can be said of variants side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Comparison {
    /// Of their connect rates.
    pub connect_rate: Finding,
    /// Of their conversion rates.
    pub conversion_rate: Finding,
}

/// Whether one variant is better, as far as the intervals tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Finding {
    /// What the intervals tell.
    pub result: ComparisonResult,
    /// The agent whose whole interval lies above all others; null unless the difference is clear.
    #[schema(required)]
    pub leader: Option<AgentId>,
}

/// What intervals tell of several rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonResult {
    /// One variant has no attempt, or no talk, yet.
    NotEnoughData,
    /// The intervals overlap: chance may have made the difference.
    NoClearDifference,
    /// One variant's whole interval lies above all others.
    ClearDifference,
}

/// Figures that are being added up.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    calls: i64,
    attempts: i64,
    by_status: BTreeMap<String, i64>,
    inbound: i64,
    completed: i64,
    talk_secs: i64,
    outcomes: BTreeMap<String, i64>,
    sentiment: BTreeMap<String, i64>,
    analyzed: i64,
    conversions: i64,
    without_value: i64,
    /// Minor units, by currency code.
    revenue: BTreeMap<String, (Currency, i64)>,
    spending: Spending,
}

impl Tally {
    pub(super) fn attempts(&mut self, of: &AttemptFigures) {
        match of.direction {
            Direction::Inbound => self.inbound += of.attempts,
            Direction::Outbound => {
                self.calls += of.calls;
                self.attempts += of.attempts;
                *self.by_status.entry(of.status.as_str().to_owned()).or_default() += of.attempts;
                if of.status == CallStatus::Completed {
                    self.completed += of.attempts;
                }
            }
        }
        self.talk_secs += of.talk_secs;
        self.spending.credits += of.credits;
        self.spending.uncosted += of.uncosted;
    }

    pub(super) fn readings(&mut self, of: &ReadingFigures) {
        self.analyzed += of.readings;
        *self.outcomes.entry(of.outcome.clone()).or_default() += of.readings;
        *self.sentiment.entry(of.sentiment.clone()).or_default() += of.readings;
        self.spending.spend(&of.model, of.tokens);
    }

    pub(super) fn conversions(&mut self, of: &ConversionFigures) {
        self.conversions += of.conversions;
        match of.currency {
            Some(currency) => {
                self.revenue.entry(currency.code().to_owned()).or_insert((currency, 0)).1 += of.value;
            }
            None => self.without_value += of.conversions,
        }
    }

    pub(super) fn attempted(&self) -> i64 {
        self.attempts
    }

    pub(super) fn completed(&self) -> i64 {
        self.completed
    }

    pub(super) fn talk_secs(&self) -> i64 {
        self.talk_secs
    }

    pub(super) fn converted(&self) -> i64 {
        self.conversions
    }

    fn connected(&self) -> Proportion {
        Proportion::new(self.completed, self.attempts)
    }

    /// Those who spoke with us, whoever called whom.
    fn talks(&self) -> i64 {
        self.completed + self.inbound
    }

    fn conversion(&self) -> Proportion {
        Proportion::new(self.conversions, self.talks())
    }

    pub(super) fn figures(self, config: &BusinessConfig) -> Figures {
        let bill = config.prices.bill(&self.spending, config.currency);
        Figures {
            connect_rate: Share::of(self.connected()),
            conversion_rate: Share::of(self.conversion()),
            revenue: self.revenue(),
            roi: self.roi(&bill),
            cost: Cost::of(bill),
            credits: credits(self.spending.credits),
            average_talk_seconds: (self.talks() > 0)
                .then(|| rounded(real(self.talk_secs) / real(self.talks()))),
            calls: self.calls,
            inbound: self.inbound,
            attempts: self.attempts,
            by_status: self.by_status,
            talk_seconds: self.talk_secs,
            analyzed: self.analyzed,
            outcomes: self.outcomes,
            sentiment: self.sentiment,
            conversions: self.conversions,
            conversions_without_value: self.without_value,
        }
    }

    fn revenue(&self) -> Option<Vec<Sum>> {
        let known = self.conversions == 0 || self.without_value < self.conversions;
        known.then(|| {
            let sums = self.revenue.values();
            sums.map(|(currency, minor)| Money { minor: *minor, currency: *currency }.printed()).collect()
        })
    }

    fn roi(&self, bill: &Bill) -> Option<f64> {
        let revenue = self.revenue().filter(|_| self.without_value == 0)?;
        let sum = match revenue.as_slice() {
            [] => Sum { amount: Amount::default(), currency: Some(bill.currency) },
            [sum] => *sum,
            _ => return None,
        };
        bill.return_on(sum.amount, sum.currency?).map(rounded)
    }
}

impl Share {
    pub(super) fn of(proportion: Proportion) -> Self {
        let interval = proportion.interval();
        Self {
            rate: proportion.rate().map(rounded),
            low: interval.map(|(low, _)| rounded(low)),
            high: interval.map(|(_, high)| rounded(high)),
            hits: proportion.hits,
            of: proportion.of,
        }
    }
}

impl Comparison {
    /// What can be said of these variants; none if there are fewer than two.
    pub(super) fn of(variants: &[(Option<AgentId>, &Tally)]) -> Option<Self> {
        let finding = |rate: fn(&Tally) -> Proportion| {
            let rates: Vec<Proportion> = variants.iter().map(|(_, tally)| rate(tally)).collect();
            Some(match compare(&rates)? {
                Difference::NotEnoughData => {
                    Finding { result: ComparisonResult::NotEnoughData, leader: None }
                }
                Difference::NoClearDifference => {
                    Finding { result: ComparisonResult::NoClearDifference, leader: None }
                }
                Difference::Leads(place) => {
                    let leader = variants.get(place).and_then(|(agent, _)| *agent);
                    Finding { result: ComparisonResult::ClearDifference, leader }
                }
            })
        };
        Some(Self { connect_rate: finding(Tally::connected)?, conversion_rate: finding(Tally::conversion)? })
    }
}

/// To six decimal places: what lies behind them is rounding already.
fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talks(completed: i64, no_answer: i64) -> Tally {
        let mut tally = Tally::default();
        for (status, attempts) in [(CallStatus::Completed, completed), (CallStatus::NoAnswer, no_answer)] {
            let talk_secs = if status == CallStatus::Completed { attempts * 60 } else { 0 };
            let (place, agent, campaign) = (String::new(), None, None);
            let (credits, uncosted, calls) = (talk_secs * 10_000, 0, attempts);
            tally.attempts(&AttemptFigures {
                place,
                agent,
                campaign,
                status,
                direction: Direction::Outbound,
                attempts,
                calls,
                talk_secs,
                credits,
                uncosted,
            });
        }
        tally
    }

    fn sold(tally: &mut Tally, conversions: i64, value: i64, currency: Option<&str>) {
        let currency = currency.map(|code| code.parse().unwrap());
        let (place, agent, campaign) = (String::new(), None, None);
        tally.conversions(&ConversionFigures { place, agent, campaign, currency, conversions, value });
    }

    fn config() -> BusinessConfig {
        serde_json::from_value(serde_json::json!({"prices": {"per_1000_credits": 0.5}})).unwrap()
    }

    #[test]
    fn nothing_has_no_rate_and_no_average() {
        let figures = Tally::default().figures(&config());
        assert_eq!(
            (figures.connect_rate.rate, figures.connect_rate.low, figures.average_talk_seconds),
            (None, None, None)
        );
        assert_eq!((figures.revenue, figures.roi), (Some(vec![]), None), "no sale is known to be no revenue");
    }

    #[test]
    fn who_calls_us_counts_among_the_talks_and_not_among_the_attempts() {
        let mut tally = talks(1, 1);
        tally.attempts(&AttemptFigures {
            place: String::new(),
            agent: None,
            campaign: None,
            status: CallStatus::Completed,
            direction: Direction::Inbound,
            attempts: 1,
            calls: 1,
            talk_secs: 120,
            credits: 500_000,
            uncosted: 0,
        });
        sold(&mut tally, 1, 100, Some("USD"));
        let figures = tally.figures(&config());
        assert_eq!((figures.calls, figures.attempts, figures.inbound), (2, 2, 1));
        assert_eq!((figures.connect_rate.rate, figures.conversion_rate.rate), (Some(0.5), Some(0.5)));
        assert_eq!((figures.talk_seconds, figures.average_talk_seconds), (180, Some(90.0)));
        assert_eq!(figures.credits.micros(), 1_100_000_000);
    }

    #[test]
    fn revenue_is_told_by_currency_and_the_return_only_where_all_is_known() {
        // 10 talks of a minute at 10 credits a second: 6,000 credits, 3 dollars.
        let mut tally = talks(10, 30);
        let figures = tally.clone().figures(&config());
        assert_eq!((figures.connect_rate.rate, figures.average_talk_seconds), (Some(0.25), Some(60.0)));
        assert_eq!((figures.cost.amount.map(Amount::micros), figures.roi), (Some(3_000_000), Some(-1.0)));
        sold(&mut tally, 1, 900, Some("USD"));
        assert_eq!(tally.clone().figures(&config()).roi, Some(2.0));
        assert_eq!(tally.clone().figures(&BusinessConfig::default()).roi, None, "the cost is unknown");
        let mut two = tally.clone();
        sold(&mut two, 1, 500_000, Some("INR"));
        let figures = two.figures(&config());
        assert_eq!((figures.revenue.map(|sums| sums.len()), figures.roi), (Some(2), None));
        sold(&mut tally, 1, 0, None);
        let figures = tally.figures(&config());
        assert_eq!((figures.conversions_without_value, figures.roi), (1, None));
        let mut unknown = talks(2, 0);
        sold(&mut unknown, 2, 0, None);
        assert_eq!(unknown.figures(&config()).revenue, None);
    }
}
