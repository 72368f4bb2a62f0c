//! The monthly budget: it holds the next call back, and lets it go as soon as there is room.

use crate::analytics::{counters_are_what_records_say, days, demo};
use crate::story::{agent, assert_on_time, call, lead, minutes, status};
use serde_json::{Value, json};
use simulators::Script;
use testkit::TestApp;

#[tokio::test]
async fn the_budget_holds_the_next_call_back_and_a_higher_one_lets_it_go() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let budget = async |budget: Value| {
        let config = json!({"timezone": "Asia/Kolkata", "budget": budget});
        owner.put("/business-config", config).await.expect(200);
        assert!(app.settle().await.is_empty());
    };
    budget(json!({"monthly_credits": 100, "estimated_credits_per_call": 40})).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let phone = format!("+91987654370{n}");
        let lead = lead(owner, &phone).await;
        app.simulators().set_script(&phone, vec![Script::NotInterested]).unwrap();
        ids.push(call(owner, &lead).await);
    }
    assert!(app.settle().await.is_empty());
    assert_eq!(app.simulators().dials().len(), 3, "0, 40 and 80 credits are under way; 120 are too many");
    assert_eq!(status(owner, &ids[3]).await, ("queued".to_owned(), json!("budget")));
    let usage = owner.get("/usage").await.expect(200);
    assert_eq!(
        (&usage["budget"]["state"], &usage["budget"]["calls_under_way"]),
        (&json!("used_up"), &json!(3))
    );
    assert!(app.advance(days(3)).await.is_empty());
    assert_eq!(app.simulators().dials().len(), 3, "the three used more than there was");
    let usage = owner.get("/usage").await.expect(200);
    assert!(usage["credits"].as_f64().unwrap() > 100.0);
    assert_eq!((&usage["budget"]["state"], &usage["budget"]["left_credits"]), (&json!("used_up"), &json!(0)));
    assert_eq!(usage["budget"]["renews_at"], "2027-01-31T18:30:00Z");

    let why = owner.get(&format!("/calls/{}/why", ids[3])).await.expect(200);
    let rule = why["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == "budget").unwrap();
    assert_eq!((&rule["verdict"], &rule["reason"]), (&json!("wait"), &json!("budget")));
    assert_eq!(rule["until"], "2027-01-31T18:30:00Z");
    assert_eq!(
        why["next_legal_at"], "2027-02-01T03:30:00Z",
        "the month begins at night, the window in the morning"
    );

    let used = usage["credits"].as_i64().unwrap();
    budget(json!({"monthly_credits": used + 10, "estimated_credits_per_call": 40})).await;
    assert_eq!(app.simulators().dials().len(), 4, "there is room for one");
    app.advance(minutes(30)).await;
    assert_eq!(status(owner, &ids[3]).await.0, "completed");
    assert_eq!(status(owner, &ids[4]).await, ("queued".to_owned(), json!("budget")));
    // 1 February, 09:00 in Kolkata.
    app.advance(days(30)).await;
    assert_eq!(status(owner, &ids[4]).await.0, "completed");
    assert_on_time(app.simulators().dials()[4].at, "2027-02-01T03:30:00Z");
    let february = owner.get("/usage").await.expect(200);
    assert_eq!((&february["month"], &february["calls"]), (&json!("2027-02"), &json!(1)));
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn a_budget_that_shuts_between_claim_and_dial_is_heeded() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let lead = lead(owner, "+919876543210").await;
    let id = call(owner, &lead).await;
    let ctx = operations::Context::of_system(app.runner.platform.clone(), demo(), "test");
    operations::planning::plan_calls(&ctx).await.unwrap();
    assert_eq!(status(owner, &id).await.0, "claimed");
    owner.put("/business-config", json!({"budget": {"monthly_credits": 0}})).await.expect(200);
    assert!(app.advance(minutes(30)).await.is_empty());
    assert_eq!(status(owner, &id).await, ("queued".to_owned(), json!("budget")));
    assert!(app.simulators().dials().is_empty());
    assert!(app.store().slots(&demo(), store::VOICE_ACCOUNT).await.unwrap().is_empty());
    assert_eq!(
        owner.get("/analytics/calls").await.expect(200)["attempts"],
        0,
        "what was never dialed is no attempt"
    );
    owner.put("/business-config", json!({})).await.expect(200);
    assert!(app.advance(minutes(10)).await.is_empty());
    assert_eq!(status(owner, &id).await.0, "completed");
}

#[tokio::test]
async fn a_budget_of_money_needs_prices_and_is_refused_without() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let put = async |config: Value| owner.put("/business-config", config).await;
    let refused = async |config: Value| {
        let answer = put(config).await;
        assert_eq!(answer.problem(422), "invalid");
        answer.body["errors"][0]["pointer"].as_str().unwrap().to_owned()
    };
    let budget = json!({"monthly": {"amount": 50, "currency": "USD"}});
    assert_eq!(refused(json!({"budget": budget})).await, "/budget/monthly");
    assert_eq!(
        refused(json!({"budget": budget, "prices": {"currency": "EUR", "per_1000_credits": 1}})).await,
        "/budget/monthly/currency"
    );
    assert_eq!(refused(json!({"prices": {"per_1000_credits": -1}})).await, "/prices/per_1000_credits");
    assert_eq!(owner.get("/business-config").await.expect(200)["budget"]["monthly"], Value::Null);

    put(json!({"budget": budget, "prices": {"per_1000_credits": 0.3}})).await.expect(200);
    let first = lead(owner, "+919876543210").await;
    call(owner, &first).await;
    assert!(app.advance(minutes(10)).await.is_empty());
    // The model that read the talk has no price: nobody can tell what is left.
    let second = lead(owner, "+919876543211").await;
    let id = call(owner, &second).await;
    app.settle().await;
    assert_eq!(status(owner, &id).await, ("queued".to_owned(), json!("price_unknown")));
    let usage = owner.get("/usage").await.expect(200);
    assert_eq!(
        (&usage["budget"]["state"], &usage["budget"]["spent"]),
        (&json!("price_unknown"), &Value::Null)
    );
    assert_eq!(usage["cost"]["unknown"], json!(["model simulator"]));
    assert_eq!(
        refused(json!({"budget": budget, "prices": {"per_1000_credits": 0.4}})).await,
        "/budget/monthly"
    );
    let models = json!({"simulator": {"input_per_million": 0.15, "output_per_million": 0.6}});
    put(json!({"budget": budget, "prices": {"per_1000_credits": 0.3, "models": models}})).await.expect(200);
    assert!(app.advance(minutes(10)).await.is_empty());
    assert_eq!(status(owner, &id).await.0, "completed");
    let usage = owner.get("/usage").await.expect(200);
    let [spent, left] = ["spent", "left"].map(|key| usage["budget"][key].as_f64().unwrap());
    assert!(spent > 0.0 && (spent + left - 50.0).abs() < 1e-6, "{usage:#}");
    assert_eq!(usage["budget"]["limit"], json!({"amount": 50, "currency": "USD"}));
}
