//! What calls cost, and the budget that holds them. What has no known price has no cost, not a cost of nothing.

use crate::business::BusinessConfig;
use crate::call::{Attempt, CallStatus};
use crate::calling::{Reason, Rule, Ruling, Verdict};
use crate::money::{Amount, Sum};
use crate::statistics::real;
use crate::{Currency, Invalid, text};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many thousandths a credit has: credits are counted in them.
pub const MILLI: i64 = 1_000;
/// What an attempt is taken to cost, in credits, where nothing else is known.
const CREDITS_OF_A_CALL: i64 = 1_000;

/// What the tenant pays. A price that is not given is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Prices {
    /// The currency of all prices; the business's currency if not given.
    pub currency: Option<Currency>,
    /// The price of 1,000 ElevenLabs credits.
    pub per_1000_credits: Option<Amount>,
    /// Prices of models by name. A dated release (`gpt-5-2026-01-31`) has the price of its model (`gpt-5`) unless
    /// it has one of its own.
    pub models: BTreeMap<String, ModelPrice>,
}

/// What a model's tokens cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ModelPrice {
    /// The price of 1,000,000 tokens read.
    pub input_per_million: Amount,
    /// The price of 1,000,000 tokens written.
    pub output_per_million: Amount,
}

/// What a month's calls may cost. Where both limits are set, both hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// How much money, in the currency of the prices. The price of credits must be known.
    pub monthly: Option<Sum>,
    /// How many ElevenLabs credits.
    pub monthly_credits: Option<u64>,
    /// What a call that is under way, or whose cost was never told, is taken to cost; the month's average if not
    /// given.
    pub estimated_credits_per_call: Option<u32>,
}

/// Tokens that a model read and wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokens {
    /// Read.
    pub input: i64,
    /// Written.
    pub output: i64,
}

/// What was used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spending {
    /// ElevenLabs credits, in thousandths.
    pub credits: i64,
    /// Attempts that may have cost credits of which nobody told.
    pub uncosted: i64,
    /// Tokens by model.
    pub tokens: BTreeMap<String, Tokens>,
}

/// What something costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// What is known of it.
    pub known: Amount,
    /// In which currency.
    pub currency: Currency,
    /// What was used and has no known price.
    pub unknown: Vec<String>,
}

impl Bill {
    /// The cost; none if a part of it is unknown.
    pub fn amount(&self) -> Option<Amount> {
        self.unknown.is_empty().then_some(self.known)
    }

    /// What `revenue`, in the major unit of its currency, returned on this cost: the gain as a part of the cost. None
    /// where the cost is unknown or nothing, or the revenue is not in its currency.
    pub fn return_on(&self, revenue: Amount, currency: Currency) -> Option<f64> {
        let cost = self.amount().filter(|cost| cost.micros() > 0 && currency == self.currency)?;
        Some(real(revenue.micros() - cost.micros()) / real(cost.micros()))
    }
}

impl Attempt {
    /// What the attempt cost, in thousandths of a credit; none where it may have cost something and nobody told.
    pub fn credits(&self) -> Option<i64> {
        match (self.cost_credits, self.status) {
            (Some(credits), _) => Some(thousandths(credits)),
            // The provider charges nothing for a telephone that nobody picked up, and it told us so.
            (None, CallStatus::NoAnswer | CallStatus::Busy | CallStatus::Failed) if self.confirmed => Some(0),
            (None, _) => (self.reason == Some(Reason::NeverPlaced)).then_some(0),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and credits are told in thousands")]
fn thousandths(credits: f64) -> i64 {
    // Not a number is nothing, and nobody is paid for a call.
    (credits.max(0.0) * 1_000.0).round() as i64
}

impl Prices {
    /// Checks names and number of the models.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.models.len() > 100 {
            return Err(Invalid::at("/models", "must have at most 100 entries"));
        }
        let names = self.models.keys();
        names.into_iter().try_for_each(|name| {
            text::line(name, 100).map(drop).map_err(|e| e.within(&format!("/models/{name}")))
        })
    }

    /// The price of a model; none if it is unknown.
    pub fn model(&self, name: &str) -> Option<ModelPrice> {
        let of_release = || {
            let known = self.models.iter().find(|(known, _)| {
                name.strip_prefix(known.as_str())
                    .and_then(|rest| rest.strip_prefix('-'))
                    .is_some_and(is_release)
            });
            known.map(|(_, price)| *price)
        };
        self.models.get(name).copied().or_else(of_release)
    }

    /// What `spending` costs. `currency` is the business's own.
    pub fn bill(&self, spending: &Spending, currency: Currency) -> Bill {
        let (mut micros, mut unknown) = (0_i128, Vec::new());
        match self.per_1000_credits {
            Some(price) => micros += part(spending.credits, price, 1_000 * MILLI),
            None if spending.credits > 0 => unknown.push("ElevenLabs credits".to_owned()),
            None => {}
        }
        if spending.uncosted > 0 {
            unknown.push(format!("credits of {} attempts", spending.uncosted));
        }
        for (name, tokens) in &spending.tokens {
            match self.model(name) {
                Some(price) => {
                    micros += part(tokens.input, price.input_per_million, 1_000_000)
                        + part(tokens.output, price.output_per_million, 1_000_000);
                }
                None => unknown.push(format!("model {name}")),
            }
        }
        let known = Amount::of_micros(i64::try_from(micros).unwrap_or(i64::MAX));
        Bill { known, currency: self.currency.unwrap_or(currency), unknown }
    }
}

/// The price of `used`, where `per` of it cost `price`; in millionths, rounded to the nearest.
fn part(used: i64, price: Amount, per: i64) -> i128 {
    let per = i128::from(per);
    (i128::from(used) * i128::from(price.micros()) + per / 2) / per
}

/// Whether this is how a model's release is dated: `2026-01-31`, `20260131` or `latest`.
fn is_release(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text == "latest" || (digits == 8 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-'))
}

impl Spending {
    /// Adds tokens of a model.
    pub fn spend(&mut self, model: &str, tokens: Tokens) {
        // Who was asked nothing is not on the bill.
        if tokens == Tokens::default() {
            return;
        }
        let sum = self.tokens.entry(model.to_owned()).or_default();
        sum.input += tokens.input;
        sum.output += tokens.output;
    }
}

/// How a month stands with its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BudgetState {
    /// There is none.
    Unlimited,
    /// The next call may be made.
    Open,
    /// The next call waits for the next month, or for a higher budget.
    UsedUp,
    /// A price is unknown, so nobody can tell: the next call waits for it.
    PriceUnknown,
}

/// What a month came to so far, as far as its budget asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MonthSoFar {
    /// Attempts that ended.
    pub attempts: i64,
    /// What was used.
    pub spending: Spending,
}

impl MonthSoFar {
    /// What one attempt is taken to cost, in thousandths of a credit.
    pub fn estimate(&self, budget: &Budget) -> i64 {
        let costed = self.attempts - self.spending.uncosted;
        match budget.estimated_credits_per_call {
            Some(credits) => i64::from(credits) * MILLI,
            None if costed > 0 && self.spending.credits > 0 => self.spending.credits / costed,
            None => CREDITS_OF_A_CALL * MILLI,
        }
    }

    /// What counts against the budget: what is known, and an estimate for each attempt whose cost nobody told and
    /// each of the `under_way`.
    pub fn counted(&self, budget: &Budget, under_way: usize) -> Spending {
        let open = self.spending.uncosted.saturating_add(i64::try_from(under_way).unwrap_or(i64::MAX));
        let credits = self.spending.credits.saturating_add(open.saturating_mul(self.estimate(budget)));
        Spending { credits, uncosted: 0, tokens: self.spending.tokens.clone() }
    }
}

impl Budget {
    /// Whether there is any limit.
    pub fn is_set(&self) -> bool {
        self.monthly.is_some() || self.monthly_credits.is_some()
    }

    /// Checks that the budget can be kept: one of money needs the price of credits, in its own currency.
    pub fn check(&self, prices: &Prices, currency: Currency) -> Result<(), Invalid> {
        let Some(monthly) = &self.monthly else { return Ok(()) };
        let priced = prices.currency.unwrap_or(currency);
        if monthly.currency.is_some_and(|currency| currency != priced) {
            return Err(Invalid::at(
                "/monthly/currency",
                format!("must be {priced}, the currency of the prices"),
            ));
        }
        if prices.per_1000_credits.is_none() {
            let message = "cannot be kept while the price of credits is unknown: set /prices/per_1000_credits, or limit \
                           monthly_credits";
            return Err(Invalid::at("/monthly", message));
        }
        Ok(())
    }

    /// Whether a further call may be placed beside those that are `under_way`: only while what was used and what
    /// they are taken to cost leave something of every limit. So a limit is overrun by one call at most, and by
    /// as much as the others cost more than was estimated.
    pub fn state(&self, prices: &Prices, month: &MonthSoFar, under_way: usize) -> BudgetState {
        if !self.is_set() {
            return BudgetState::Unlimited;
        }
        let counted = month.counted(self, under_way);
        let limit = self
            .monthly_credits
            .map(|credits| i64::try_from(credits).unwrap_or(i64::MAX).saturating_mul(MILLI));
        if limit.is_some_and(|limit| counted.credits >= limit) {
            return BudgetState::UsedUp;
        }
        let Some(monthly) = &self.monthly else { return BudgetState::Open };
        let bill = prices.bill(&counted, Currency::default());
        if bill.known >= monthly.amount {
            BudgetState::UsedUp
        } else if bill.unknown.is_empty() {
            BudgetState::Open
        } else {
            BudgetState::PriceUnknown
        }
    }
}

impl BudgetState {
    /// What the budget's rule says of the next call: to wait until the next month, unless somebody mends it before.
    pub fn verdict(self, config: &BusinessConfig, now: Timestamp) -> Verdict {
        let reason = match self {
            Self::Unlimited | Self::Open => {
                return Verdict { rule: Rule::Budget, ruling: Ruling::Pass, reason: None };
            }
            Self::UsedUp => Reason::Budget,
            Self::PriceUnknown => Reason::PriceUnknown,
        };
        Verdict { rule: Rule::Budget, ruling: Ruling::Wait(next_month(config, now)), reason: Some(reason) }
    }
}

/// When the business's next month begins.
pub fn next_month(config: &BusinessConfig, now: Timestamp) -> Timestamp {
    let zone = config.timezone.time_zone();
    let first = now.to_zoned(zone.clone()).date().first_of_month().saturating_add(1.month());
    first.to_zoned(zone).map_or(now, |at| at.timestamp())
}

#[cfg(test)]
mod tests;
