//! What a month used, what that costs, and whether its budget leaves room for the next call.

use crate::business_config;
use crate::context::Context;
use crate::error::Result;
use domain::business::BusinessConfig;
use domain::call::Call;
use domain::calling::Verdict;
use domain::cost::{Bill, BudgetState, MILLI, MonthSoFar, Spending, next_month};
use domain::money::{Amount, Sum};
use domain::period::{month_of, parse_month};
use domain::{Currency, Invalid, Role};
use jiff::Timestamp;
use serde::Serialize;
use store::{MonthFigures, SlotRow, VOICE_ACCOUNT};
use utoipa::ToSchema;

/// What something costs, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Cost {
    /// The cost; null if a part of it is unknown.
    #[schema(required)]
    pub amount: Option<Amount>,
    /// The known part of it.
    pub at_least: Amount,
    /// In which currency.
    pub currency: Currency,
    /// What was used and has no known price.
    pub unknown: Vec<String>,
}

/// What calls that are yet to be made would cost, if each took one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CostEstimate {
    /// What one attempt is taken to use: `budget.estimated_credits_per_call`, else the month's average, else 1,000.
    pub credits_per_call: Amount,
    /// What all of them would use.
    pub credits: Amount,
    /// What these credits cost. Analyses by a model come on top.
    pub cost: Cost,
}

/// What a month used.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Usage {
    /// The month, by the business's own clock.
    pub month: String,
    /// Calls whose first attempt was in the month.
    pub calls: i64,
    /// Attempts that were dialed in the month and have ended.
    pub attempts: i64,
    /// How long people spoke.
    pub talk_seconds: i64,
    /// ElevenLabs credits, as far as they were told.
    pub credits: Amount,
    /// Attempts that may have cost credits of which nobody told.
    pub attempts_without_credits: i64,
    /// What models read and wrote in analyses.
    pub tokens: Vec<ModelUsage>,
    /// What all of it costs.
    pub cost: Cost,
    /// How the month stands with its budget; null for another month than this one.
    #[schema(required)]
    pub budget: Option<BudgetView>,
}

/// What one model was used for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModelUsage {
    /// The model, as its provider names it.
    pub model: String,
    /// How many analyses.
    pub analyses: i64,
    /// Tokens read.
    pub input_tokens: i64,
    /// Tokens written.
    pub output_tokens: i64,
    /// What they cost; null if the model's price is unknown.
    #[schema(required)]
    pub cost: Option<Amount>,
}

/// How this month stands with its budget.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BudgetView {
    /// Whether the next call may be made: `unlimited`, `open`, `used_up`, or `price_unknown`.
    pub state: BudgetState,
    /// The limit of money; null if there is none.
    #[schema(required)]
    pub limit: Option<Sum>,
    /// What was spent of it; null if there is no limit, or if a price is unknown.
    #[schema(required)]
    pub spent: Option<Amount>,
    /// What is left of it; null likewise.
    #[schema(required)]
    pub left: Option<Amount>,
    /// The limit of credits; null if there is none.
    #[schema(required)]
    pub limit_credits: Option<u64>,
    /// The credits that are left; null if there is no limit.
    #[schema(required)]
    pub left_credits: Option<Amount>,
    /// Calls that are under way, and count with an estimate.
    pub calls_under_way: usize,
    /// What one of them is taken to cost, in credits.
    pub estimated_credits_per_call: Amount,
    /// When the next month begins.
    #[schema(value_type = String)]
    pub renews_at: Timestamp,
}

/// What a month used, this one if none is named, and how it stands with its budget.
pub async fn usage(ctx: &Context, month: Option<&str>) -> Result<Usage> {
    ctx.require(Role::Viewer)?;
    let named = month.map(|month| parse_month(month).map_err(|e| e.within("?month"))).transpose()?;
    let config = business_config::get(ctx).await?.value.config;
    let this = month_of(config.day_of(ctx.now()));
    let month = named.map_or_else(|| this.clone(), month_of);
    let (figures, lines) =
        tokio::try_join!(async { Ok(ctx.store().month_figures(&ctx.tenant, &month).await?) }, lines(ctx))?;
    let budget =
        (month == this).then(|| BudgetView::of(&config, &figures.so_far, busy(&lines, ctx.now()), ctx.now()));
    Ok(Usage::of(month, figures, &config, budget))
}

/// What this month came to, for those who ask for its budget; none if there is no budget.
pub(crate) async fn month(ctx: &Context, config: &BusinessConfig) -> Result<Option<MonthSoFar>> {
    if !config.budget.is_set() {
        return Ok(None);
    }
    let month = month_of(config.day_of(ctx.now()));
    Ok(Some(ctx.store().month_figures(&ctx.tenant, &month).await?.so_far))
}

/// What so many calls would cost, by what this month's calls used.
pub(crate) async fn estimate(ctx: &Context, config: &BusinessConfig, calls: usize) -> Result<CostEstimate> {
    let month = month_of(config.day_of(ctx.now()));
    let so_far = ctx.store().month_figures(&ctx.tenant, &month).await?.so_far;
    let each = so_far.estimate(&config.budget);
    let all = each.saturating_mul(i64::try_from(calls).unwrap_or(i64::MAX));
    let spending = Spending { credits: all, ..Spending::default() };
    let cost = Cost::of(config.prices.bill(&spending, config.currency));
    Ok(CostEstimate { credits_per_call: credits(each), credits: credits(all), cost })
}

/// What the budget says of one more call beside those that are under way.
pub(crate) fn verdict(
    config: &BusinessConfig,
    month: Option<&MonthSoFar>,
    under_way: usize,
    now: Timestamp,
) -> Verdict {
    let state =
        month.map_or(BudgetState::Unlimited, |month| config.budget.state(&config.prices, month, under_way));
    state.verdict(config, now)
}

/// What the budget says of this call, whether or not it holds a line by now.
pub(crate) async fn verdict_of(ctx: &Context, config: &BusinessConfig, call: &Call) -> Result<Verdict> {
    if !config.budget.is_set() {
        return Ok(verdict(config, None, 0, ctx.now()));
    }
    let (month, lines) = tokio::try_join!(month(ctx, config), lines(ctx))?;
    let others = busy(&lines, ctx.now()).saturating_sub(usize::from(call.slot.is_some()));
    Ok(verdict(config, month.as_ref(), others, ctx.now()))
}

/// How many lines are held by calls that are under way.
pub(crate) fn busy(lines: &[SlotRow], now: Timestamp) -> usize {
    lines.iter().filter(|line| line.until >= now).count()
}

async fn lines(ctx: &Context) -> Result<Vec<SlotRow>> {
    Ok(ctx.store().slots(&ctx.tenant, VOICE_ACCOUNT).await?)
}

/// Refuses a budget of money that could not be kept for a model that this month has used already.
pub(crate) async fn check(ctx: &Context, config: &BusinessConfig) -> Result<()> {
    if config.budget.monthly.is_none() {
        return Ok(());
    }
    let Some(month) = month(ctx, config).await? else { return Ok(()) };
    let unpriced = month.spending.tokens.keys().find(|model| config.prices.model(model).is_none());
    match unpriced {
        Some(model) => {
            let message = format!("cannot be kept while the price of {model} is unknown: set /prices/models");
            Err(Invalid::at("/budget/monthly", message).into())
        }
        None => Ok(()),
    }
}

/// Credits as they are shown.
pub(crate) fn credits(thousandths: i64) -> Amount {
    Amount::of_micros(thousandths.saturating_mul(1_000))
}

impl Cost {
    pub(crate) fn of(bill: Bill) -> Self {
        Self { amount: bill.amount(), at_least: bill.known, currency: bill.currency, unknown: bill.unknown }
    }
}

impl Usage {
    fn of(month: String, figures: MonthFigures, config: &BusinessConfig, budget: Option<BudgetView>) -> Self {
        let MonthFigures { calls, talk_secs, readings, so_far: MonthSoFar { attempts, spending } } = figures;
        let tokens = spending.tokens.iter().map(|(model, tokens)| {
            let mut alone = Spending::default();
            alone.spend(model, *tokens);
            ModelUsage {
                model: model.clone(),
                analyses: readings.get(model).copied().unwrap_or_default(),
                input_tokens: tokens.input,
                output_tokens: tokens.output,
                cost: config.prices.bill(&alone, config.currency).amount(),
            }
        });
        Self {
            month,
            calls,
            attempts,
            talk_seconds: talk_secs,
            credits: credits(spending.credits),
            attempts_without_credits: spending.uncosted,
            tokens: tokens.collect(),
            cost: Cost::of(config.prices.bill(&spending, config.currency)),
            budget,
        }
    }
}

impl BudgetView {
    fn of(config: &BusinessConfig, month: &MonthSoFar, under_way: usize, now: Timestamp) -> Self {
        let budget = &config.budget;
        let bill = config.prices.bill(&month.spending, config.currency);
        let limit = budget.monthly.map(|limit| Sum { currency: Some(bill.currency), ..limit });
        let spent = bill.amount().filter(|_| limit.is_some());
        let left = |limit: i64, used: i64| limit.saturating_sub(used).max(0);
        Self {
            state: budget.state(&config.prices, month, under_way),
            limit,
            spent,
            left: limit
                .zip(spent)
                .map(|(limit, spent)| Amount::of_micros(left(limit.amount.micros(), spent.micros()))),
            limit_credits: budget.monthly_credits,
            left_credits: budget.monthly_credits.map(|limit| {
                let limit = i64::try_from(limit).unwrap_or(i64::MAX).saturating_mul(MILLI);
                credits(left(limit, month.spending.credits))
            }),
            calls_under_way: under_way,
            estimated_credits_per_call: credits(month.estimate(budget)),
            renews_at: next_month(config, now),
        }
    }
}
