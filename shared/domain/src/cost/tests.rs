use super::*;
use serde_json::{Value, json};

fn prices(value: Value) -> Prices {
    serde_json::from_value(value).unwrap()
}

fn budget(value: Value) -> Budget {
    serde_json::from_value(value).unwrap()
}

fn usd() -> Currency {
    Currency::default()
}

fn known() -> Prices {
    prices(json!({"per_1000_credits": 0.2, "models": {
        "gpt-5": {"input_per_million": 1.25, "output_per_million": 10},
        "gpt-5-mini": {"input_per_million": 0.25, "output_per_million": 2}}}))
}

fn used(credits: i64, model: &str, input: i64, output: i64) -> Spending {
    let mut spending = Spending { credits: credits * MILLI, ..Spending::default() };
    spending.spend(model, Tokens { input, output });
    spending
}

#[test]
fn a_bill_is_exact_to_the_millionth() {
    let bill = known().bill(&used(667, "gpt-5", 1_000, 300), usd());
    // 0.1334 for credits, 0.00125 and 0.003 for tokens.
    assert_eq!(bill.amount().map(Amount::micros), Some(137_650));
    let nothing = prices(json!({})).bill(&Spending::default(), usd());
    assert_eq!(nothing.amount().map(Amount::micros), Some(0), "nothing used costs nothing at any price");
}

#[test]
fn an_unknown_price_is_unknown_and_not_nothing() {
    let bill = known().bill(&used(1000, "claude-x", 10, 10), usd());
    assert_eq!((bill.amount(), bill.unknown.as_slice()), (None, ["model claude-x".to_owned()].as_slice()));
    assert_eq!(bill.known.micros(), 200_000);
    let bill = prices(json!({})).bill(&used(1, "gpt-5", 1, 0), usd());
    assert_eq!(bill.unknown, ["ElevenLabs credits", "model gpt-5"]);
    let untold = Spending { uncosted: 2, ..Spending::default() };
    assert_eq!(known().bill(&untold, usd()).unknown, ["credits of 2 attempts"]);
}

#[test]
fn a_release_has_the_price_of_its_model_and_a_sibling_has_not() {
    let of = |name: &str| known().model(name).map(|price| price.input_per_million.micros());
    assert_eq!(of("gpt-5-2026-01-31"), Some(1_250_000));
    assert_eq!(of("gpt-5-mini-20260131"), Some(250_000));
    assert_eq!(of("gpt-5-mini"), Some(250_000));
    assert_eq!((of("gpt-5-nano"), of("gpt-5-nano-2026-01-31"), of("gpt-50")), (None, None, None));
}

#[test]
fn an_attempt_that_nobody_picked_up_costs_nothing_and_silence_is_no_price() {
    let attempt = |status, confirmed, reason, cost_credits| {
        let mut call = crate::call::tests::claimed();
        let attempt = call.attempts.last_mut().unwrap();
        (attempt.status, attempt.confirmed, attempt.reason, attempt.cost_credits) =
            (status, confirmed, reason, cost_credits);
        attempt.credits()
    };
    assert_eq!(attempt(CallStatus::Completed, true, None, Some(296.5)), Some(296_500));
    assert_eq!(attempt(CallStatus::Completed, true, None, None), None);
    assert_eq!(attempt(CallStatus::Busy, true, Some(Reason::Busy), None), Some(0));
    assert_eq!(attempt(CallStatus::Failed, false, Some(Reason::NeverPlaced), None), Some(0));
    assert_eq!(attempt(CallStatus::Failed, false, Some(Reason::ProviderFailed), None), None);
    assert_eq!(attempt(CallStatus::Ambiguous, false, Some(Reason::EffectUnknown), None), None);
    assert_eq!(attempt(CallStatus::Completed, true, None, Some(f64::NAN)), Some(0));
}

#[test]
fn a_budget_counts_what_was_used_and_what_is_under_way() {
    let limit = budget(json!({"monthly_credits": 1000, "estimated_credits_per_call": 300}));
    let month = |credits, attempts| MonthSoFar { attempts, spending: used(credits, "m", 0, 0) };
    let state = |credits, under_way| limit.state(&Prices::default(), &month(credits, 3), under_way);
    assert_eq!(state(0, 0), BudgetState::Open);
    assert_eq!(state(0, 3), BudgetState::Open);
    assert_eq!(state(0, 4), BudgetState::UsedUp);
    assert_eq!(state(399, 2), BudgetState::Open);
    assert_eq!(state(400, 2), BudgetState::UsedUp);
    assert_eq!(state(999, 0), BudgetState::Open);
    assert_eq!(state(1000, 0), BudgetState::UsedUp);
    let untold = MonthSoFar { attempts: 4, spending: Spending { uncosted: 4, ..Spending::default() } };
    assert_eq!(
        limit.state(&Prices::default(), &untold, 0),
        BudgetState::UsedUp,
        "what was not told is estimated"
    );
    assert_eq!(Budget::default().state(&known(), &month(9_999, 1), 99), BudgetState::Unlimited);
    assert_eq!(budget(json!({"monthly_credits": 0})).state(&known(), &month(0, 0), 0), BudgetState::UsedUp);
    let average = budget(json!({"monthly_credits": 1000}));
    assert_eq!(month(600, 3).estimate(&average), 200 * MILLI);
    assert_eq!(month(0, 0).estimate(&average), CREDITS_OF_A_CALL * MILLI);
}

#[test]
fn a_budget_of_money_needs_prices() {
    let limit = budget(json!({"monthly": {"amount": 1}, "estimated_credits_per_call": 500}));
    let month = |model: &str, tokens| MonthSoFar { attempts: 1, spending: used(4000, model, tokens, 0) };
    assert_eq!(limit.state(&known(), &month("gpt-5", 1), 0), BudgetState::Open);
    assert_eq!(limit.state(&known(), &month("gpt-5", 160_000), 0), BudgetState::UsedUp);
    assert_eq!(limit.state(&known(), &month("gpt-5", 1), 2), BudgetState::UsedUp);
    assert_eq!(limit.state(&known(), &month("x", 1), 0), BudgetState::PriceUnknown);
    assert!(limit.check(&known(), usd()).is_ok());
    assert_eq!(limit.check(&Prices::default(), usd()).unwrap_err().pointer, "/monthly");
    let euro = budget(json!({"monthly": {"amount": 1, "currency": "EUR"}}));
    assert_eq!(euro.check(&known(), usd()).unwrap_err().pointer, "/monthly/currency");
    assert!(euro.check(&Prices { currency: Some("EUR".parse().unwrap()), ..known() }, usd()).is_ok());
}

#[test]
fn a_month_ends_by_the_businesss_own_clock() {
    let config = BusinessConfig { timezone: "Asia/Kolkata".parse().unwrap(), ..BusinessConfig::default() };
    let at = |text: &str| next_month(&config, text.parse().unwrap()).to_string();
    assert_eq!(at("2026-11-30T18:29:59Z"), "2026-11-30T18:30:00Z");
    assert_eq!(at("2026-11-30T18:30:00Z"), "2026-12-31T18:30:00Z");
    let verdict = BudgetState::UsedUp.verdict(&config, "2026-11-21T10:00:00Z".parse().unwrap());
    assert_eq!((verdict.rule, verdict.reason), (Rule::Budget, Some(Reason::Budget)));
    assert_eq!(BudgetState::Open.verdict(&config, Timestamp::UNIX_EPOCH).ruling, Ruling::Pass);
}

#[test]
fn the_return_is_told_in_one_currency_only() {
    let bill = known().bill(&used(5000, "gpt-5", 0, 0), usd());
    let revenue = Amount::of_micros(3_000_000);
    assert_eq!(bill.return_on(revenue, usd()), Some(2.0));
    assert_eq!(bill.return_on(revenue, "EUR".parse().unwrap()), None);
    assert_eq!(known().bill(&Spending::default(), usd()).return_on(revenue, usd()), None);
}
