//! Figures: exact whatever the events' order, by agent, campaign and source; and what they cost.

use crate::story::{actions, agent, call, consent, lead, minutes, second_agent, status};
use crate::voice::{deliver, event, signed};
use domain::agent::Agent;
use domain::call::Call;
use domain::chat::Conversation;
use domain::contact::Contact;
use domain::deal::Deal;
use domain::interaction::Interaction;
use domain::practice::Practice;
use domain::saved::{ReviewEntry, SavedConversation};
use domain::task::Task;
use domain::{AgentId, CampaignId, TenantId};
use jiff::SignedDuration;
use serde_json::{Value, json};
use simulators::{Lie, Script};
use std::collections::BTreeMap;
use store::{Entity, Page, Row, Stored, Transaction};
use testkit::{Client, TestApp};

pub(crate) fn demo() -> TenantId {
    "demo".parse().unwrap()
}

pub(crate) fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

/// Counters by stat, dimension and measure; without those that are 0.
type Counters = BTreeMap<(String, String, String), i64>;

/// Adds what these records count for.
fn add<E: Entity>(records: &[Stored<E>], sum: &mut Counters) {
    for row in records.iter().flat_map(|record| record.value.rows()) {
        let (stat, dimension, measure, amount) = match row {
            Row::Counted { stat, dimension } => (stat, dimension, "n", 1),
            Row::Summed { stat, dimension, measure, amount } => (stat, dimension, measure, amount),
            _ => continue,
        };
        *sum.entry((stat.to_owned(), dimension, measure.to_owned())).or_default() += amount;
    }
}

/// Every record of a list, added.
async fn all<E: Entity>(app: &TestApp, tenant: &TenantId, list: &str, sum: &mut Counters) -> Vec<Stored<E>> {
    let (mut page, mut records) = (Page { limit: 100, cursor: None }, Vec::new());
    loop {
        let listing = app.store().list::<E>(tenant, list, &page).await.unwrap();
        add(&listing.items, sum);
        records.extend(listing.items);
        match listing.next {
            Some(next) => page.cursor = Some(next),
            None => return records,
        }
    }
}

/// Every conversation and its latest hundred messages, added.
async fn chats(app: &TestApp, tenant: &TenantId, sum: &mut Counters) {
    for talk in all::<Conversation>(app, tenant, "conversation", sum).await {
        let page = Page { limit: 100, cursor: None };
        let said = app.store().messages_in(tenant, talk.id, &page).await.unwrap();
        assert_eq!(said.next, None, "a story with more messages than are counted");
        add(&said.items, sum);
    }
}

/// Records that stand in no list, by the ids in their partitions' names.
async fn unlisted<E: Entity>(app: &TestApp, tenant: &TenantId, segment: &str, sum: &mut Counters)
where
    E::Id: std::str::FromStr<Err: std::fmt::Debug> + Sized + 'static,
{
    let prefix = format!("t#{tenant}#{segment}#");
    let ids: Vec<E::Id> = app
        .database
        .engine
        .dump()
        .unwrap()
        .iter()
        .filter(|item| item["sk"]["S"] == "0")
        .filter_map(|item| Some(item["pk"]["S"].as_str()?.strip_prefix(&prefix)?.parse().unwrap()))
        .collect();
    add(&app.store().get_many::<E>(tenant, &ids).await.unwrap(), sum);
}

/// Holds every counter of a tenant to what its records say.
pub(crate) async fn counters_are_what_records_say(app: &TestApp, tenant: &TenantId) {
    let mut expected = Counters::new();
    all::<Call>(app, tenant, "call", &mut expected).await;
    all::<Contact>(app, tenant, store::LEADS, &mut expected).await;
    all::<Agent>(app, tenant, store::AGENTS, &mut expected).await;
    all::<Deal>(app, tenant, store::DEALS, &mut expected).await;
    all::<Task>(app, tenant, store::TASKS, &mut expected).await;
    all::<Interaction>(app, tenant, store::INTERACTIONS, &mut expected).await;
    all::<Practice>(app, tenant, store::PRACTICES, &mut expected).await;
    chats(app, tenant, &mut expected).await;
    unlisted::<SavedConversation>(app, tenant, "SAV", &mut expected).await;
    unlisted::<ReviewEntry>(app, tenant, "REV", &mut expected).await;
    expected.retain(|_, sum| *sum != 0);
    let mut kept = Counters::new();
    let prefix = format!("t#{tenant}#STAT#");
    for item in app.database.engine.dump().unwrap() {
        let Some(rest) = item["pk"]["S"].as_str().unwrap().strip_prefix(&prefix) else { continue };
        let (stat, _) = rest.rsplit_once('#').unwrap();
        for (measure, value) in
            item.as_object().unwrap().iter().filter(|(name, _)| !["pk", "sk"].contains(&name.as_str()))
        {
            let key = (stat.to_owned(), item["sk"]["S"].as_str().unwrap().to_owned(), measure.clone());
            *kept.entry(key).or_default() += value["N"].as_str().unwrap().parse::<i64>().unwrap();
        }
    }
    kept.retain(|_, sum| *sum != 0);
    assert_eq!(kept, expected);
}

/// What the list of calls says, counted by hand.
async fn recount(client: &Client, agent: Option<&str>) -> (BTreeMap<String, i64>, i64, f64) {
    let calls = client.get("/calls?limit=100").await.expect(200);
    let (mut by_status, mut talk, mut credits) = (BTreeMap::new(), 0, 0.0);
    let calls = calls.as_array().unwrap().iter();
    for attempt in calls
        .filter(|call| agent.is_none_or(|agent| call["agent_id"] == agent))
        .flat_map(|call| call["attempts"].as_array().unwrap())
        .filter(|attempt| !attempt["ended_at"].is_null())
    {
        let status = attempt["status"].as_str().unwrap();
        *by_status.entry(status.to_owned()).or_default() += 1;
        if status == "completed" {
            talk += attempt["duration_secs"].as_i64().unwrap_or_default();
        }
        credits += attempt["cost_credits"].as_f64().unwrap_or_default();
    }
    (by_status, talk, credits)
}

fn counts(value: &Value) -> BTreeMap<String, i64> {
    serde_json::from_value(value.clone()).unwrap()
}

/// A campaign that calls nobody of its own accord.
async fn draft(client: &Client) -> String {
    let made = client.post("/campaigns", json!({"name": "Spring"})).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// Has a campaign call a lead.
async fn campaign_call(app: &TestApp, campaign: &str, lead: &str, agent: &str) {
    app.owner.patch(&format!("/leads/{lead}"), json!({"campaign_id": campaign})).await.expect(200);
    let ids = &app.runner.platform.ids;
    let call = Call {
        agent_id: Some(agent.parse::<AgentId>().unwrap()),
        campaign_id: Some(campaign.parse::<CampaignId>().unwrap()),
        ..Call::queued(ids.next(app.now()), lead.parse().unwrap(), app.now(), app.now())
    };
    let mut step = Transaction::new(demo(), "test", ids, app.now());
    step.create(&call).unwrap();
    step.enqueue(contracts::Job::PlanCalls);
    app.store().commit(step).await.unwrap();
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told by each of its figures")]
async fn figures_are_exact_by_agent_campaign_and_day() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let config = json!({"timezone": "Asia/Kolkata", "prices": {"per_1000_credits": 0.2}});
    owner.put("/business-config", config).await.expect(200);
    let maya = agent(owner).await["id"].as_str().unwrap().to_owned();
    let ravi = second_agent(owner).await;
    let spring = draft(owner).await;
    let scripts = [
        (Script::Interested, Lie::Duplicate),
        (Script::NotInterested, Lie::Late),
        (Script::NoAnswer, Lie::Lose),
        (Script::Voicemail, Lie::Reorder),
        (Script::Interested, Lie::SuccessThenClose),
        (Script::Busy, Lie::Duplicate),
    ];
    for (n, (script, lie)) in scripts.into_iter().enumerate() {
        let phone = format!("+91987654350{n}");
        let lead = lead(owner, &phone).await;
        app.simulators().set_script(&phone, vec![script, Script::NotInterested]).unwrap();
        app.simulators().force_next(lie);
        match n {
            0 => drop(call(owner, &lead).await),
            1..=3 => campaign_call(&app, &spring, &lead, &maya).await,
            _ => campaign_call(&app, &spring, &lead, &ravi).await,
        }
        assert!(app.advance(minutes(20)).await.is_empty());
    }
    assert!(app.advance(days(2)).await.is_empty());
    counters_are_what_records_say(&app, &demo()).await;

    for agent in [None, Some(maya.as_str()), Some(ravi.as_str())] {
        let query = agent.map(|agent| format!("?agent_id={agent}")).unwrap_or_default();
        let told = owner.get(&format!("/analytics/calls{query}")).await.expect(200);
        let (by_status, talk, credits) = recount(owner, agent).await;
        assert_eq!(counts(&told["by_status"]), by_status, "{query}");
        let (attempts, completed) = (by_status.values().sum::<i64>(), by_status["completed"]);
        assert_eq!((&told["attempts"], &told["talk_seconds"]), (&json!(attempts), &json!(talk)), "{query}");
        assert_eq!(
            (&told["connect_rate"]["hits"], &told["connect_rate"]["of"]),
            (&json!(completed), &json!(attempts))
        );
        let (low, rate) =
            (told["connect_rate"]["low"].as_f64().unwrap(), told["connect_rate"]["rate"].as_f64().unwrap());
        assert!(low < rate && rate < told["connect_rate"]["high"].as_f64().unwrap(), "{told:#}");
        assert!((told["credits"].as_f64().unwrap() - credits).abs() < 1e-6, "{query}");
        let outcomes = counts(&told["outcomes"]).values().sum::<i64>();
        assert_eq!(
            (outcomes, told["analyzed"].as_i64()),
            (completed, Some(completed)),
            "every talk was read once"
        );
        assert_eq!(counts(&told["sentiment"]).values().sum::<i64>(), completed);
        // The simulator's model has no price: the cost is unknown, and what is known of it is the credits'.
        assert_eq!(told["cost"]["amount"], Value::Null);
        assert_eq!(told["cost"]["unknown"], json!(["model simulator"]));
        assert!((told["cost"]["at_least"].as_f64().unwrap() - credits * 0.2 / 1000.0).abs() < 1e-6);
        assert_eq!(told["roi"], Value::Null);
        let series = told["series"].as_array().unwrap();
        assert_eq!((series.len(), &series[29]["at"]), (30, &json!("2027-01-13")));
        let summed: i64 = series.iter().map(|point| point["attempts"].as_i64().unwrap()).sum();
        assert_eq!(summed, attempts);
        let first = series.iter().find(|point| point["attempts"] != 0).unwrap();
        assert_eq!(first["at"], "2027-01-11", "the business's own day");
    }

    let agents = owner.get("/analytics/agents").await.expect(200);
    let names: Vec<_> = agents["agents"].as_array().unwrap().iter().map(|of| &of["name"]).collect();
    assert_eq!(names, ["Maya", "Ravi"], "the busiest first");
    let campaigns = owner.get("/analytics/campaigns").await.expect(200);
    let [campaign] = campaigns["campaigns"].as_array().unwrap().as_slice() else { panic!("{campaigns:#}") };
    assert_eq!((&campaign["campaign_id"], &campaign["name"]), (&json!(spring), &json!("Spring")));
    let sum = |key: &str| {
        campaign["variants"].as_array().unwrap().iter().map(|of| of[key].as_i64().unwrap()).sum::<i64>()
    };
    assert_eq!(
        (campaign["calls"].as_i64(), campaign["attempts"].as_i64()),
        (Some(sum("calls")), Some(sum("attempts")))
    );
    assert_eq!(campaign["calls"], 5);
    assert_eq!(
        campaign["comparison"]["connect_rate"],
        json!({"result": "no_clear_difference", "leader": null}),
        "a handful of calls proves nothing"
    );
    let of_campaign = owner.get(&format!("/analytics/calls?campaign_id={spring}")).await.expect(200);
    assert_eq!(of_campaign["attempts"], campaign["attempts"]);
    // A long period is read by months, and says the same.
    let year = owner.get("/analytics/calls?from=2026-06-15&to=2027-05-15").await.expect(200);
    let month = owner.get("/analytics/calls").await.expect(200);
    assert_eq!(
        (&year["by_status"], &year["outcomes"], &year["credits"]),
        (&month["by_status"], &month["outcomes"], &month["credits"])
    );
    assert_eq!(
        year["series"].as_array().unwrap().iter().find(|of| of["attempts"] != 0).unwrap()["at"],
        "2027-01"
    );
    let usage = owner.get("/usage").await.expect(200);
    assert_eq!(
        (&usage["month"], &usage["attempts"], &usage["credits"]),
        (&json!("2027-01"), &month["attempts"], &month["credits"])
    );
    assert_eq!((&usage["calls"], &usage["talk_seconds"]), (&month["calls"], &month["talk_seconds"]));
    assert_eq!(usage["tokens"][0]["model"], "simulator");
    assert_eq!(
        (&usage["tokens"][0]["analyses"], &usage["tokens"][0]["cost"]),
        (&month["analyzed"], &Value::Null)
    );
    assert_eq!(usage["budget"]["state"], "unlimited");
    assert_eq!(owner.get("/usage?month=2026-12").await.expect(200)["attempts"], 0);
    // Another tenant has figures of its own: none.
    let theirs = app.tenant("acme").await;
    for path in ["calls", "agents", "campaigns", "leads"] {
        let told = theirs.get(&format!("/analytics/{path}")).await.expect(200).to_string();
        assert!(!told.contains(&maya) && !told.contains(&spring), "{path}");
    }
    let none = theirs.get("/analytics/calls").await.expect(200);
    assert_eq!(
        (&none["attempts"], &none["connect_rate"]["rate"], &none["cost"]["amount"]),
        (&json!(0), &Value::Null, &json!(0))
    );
    assert_eq!(theirs.get("/usage").await.expect(200)["attempts"], 0);
}

#[tokio::test]
async fn what_a_call_costs_is_known_or_said_to_be_unknown() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let lead = lead(owner, "+919876543210").await;
    let id = call(owner, &lead).await;
    app.advance(minutes(10)).await;
    let cost = async || owner.get(&format!("/calls/{id}")).await.expect(200)["cost"].clone();
    let unknown = cost().await;
    assert_eq!(
        (&unknown["amount"], &unknown["unknown"]),
        (&Value::Null, &json!(["ElevenLabs credits", "model simulator"]))
    );
    let (credits, input, output) = (
        unknown["credits"].as_f64().unwrap(),
        unknown["input_tokens"].as_f64().unwrap(),
        unknown["output_tokens"].as_f64().unwrap(),
    );
    assert!(credits > 0.0 && input > 0.0 && output > 0.0, "{unknown:#}");
    let model = json!({"input_per_million": 1000, "output_per_million": 4000.5});
    let config =
        json!({"prices": {"currency": "EUR", "per_1000_credits": 0.25, "models": {"simulator": model}}});
    let stored = owner.put("/business-config", config.clone()).await.expect(200);
    assert_eq!(stored["prices"], config["prices"], "amounts come back as they were written");
    let known = cost().await;
    let expected = credits * 0.25 / 1e3 + input / 1e3 + output * 4000.5 / 1e6;
    assert_eq!((&known["currency"], &known["unknown"]), (&json!("EUR"), &json!([])));
    assert!((known["amount"].as_f64().unwrap() - expected).abs() < 2e-6, "{known:#}");
    assert_eq!(owner.get("/usage").await.expect(200)["cost"]["amount"], known["amount"]);
}

#[tokio::test]
async fn news_that_replaces_an_ending_moves_its_figures() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    acme.put("/business-config", json!({"calling": {"max_attempts": 1}})).await.expect(200);
    agent(&acme).await;
    let lead = lead(&acme, "+919876543210").await;
    app.simulators().force_next(Lie::ServerError5xx);
    let id = call(&acme, &lead).await;
    app.advance(minutes(30)).await;
    assert_eq!(status(&acme, &id).await, ("failed".to_owned(), json!("never_placed")));
    let told = acme.get("/analytics/calls").await.expect(200);
    assert_eq!((&told["by_status"], &told["cost"]["amount"]), (&json!({"failed": 1}), &json!(0)));

    let attempt = format!("att_{}_1", id.strip_prefix("cal_").unwrap());
    for _ in 0..2 {
        let body = event(&attempt, "conv_late");
        let header = signed(&app, &body, SignedDuration::ZERO);
        assert_eq!(deliver(&app, &body, Some(&header)).await, 200);
        assert!(app.settle().await.is_empty());
        let told = acme.get("/analytics/calls").await.expect(200);
        assert_eq!((&told["by_status"], &told["calls"]), (&json!({"completed": 1}), &json!(1)));
        assert_eq!(
            (&told["talk_seconds"], &told["credits"], &told["analyzed"]),
            (&json!(12), &json!(40), &json!(1))
        );
        assert_eq!(acme.get("/usage").await.expect(200)["credits"], 40);
    }
    assert!(!actions(&acme, &lead).await.is_empty());
    counters_are_what_records_say(&app, &"acme".parse().unwrap()).await;
}

#[tokio::test]
async fn a_sale_is_put_down_to_the_talk_before_it() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    owner.put("/business-config", json!({"currency": "INR"})).await.expect(200);
    let maya = agent(owner).await["id"].as_str().unwrap().to_owned();
    let spring = draft(owner).await;
    let mut leads = Vec::new();
    for n in 0..3 {
        let phone = format!("+91987654360{n}");
        let body = json!({"first_name": "B", "phone": phone, "source": "Web Form", "consent": consent()});
        leads.push(owner.post("/leads", body).await.expect(201)["id"].as_str().unwrap().to_owned());
        app.simulators().set_script(&phone, vec![Script::Interested]).unwrap();
        campaign_call(&app, &spring, &leads[n], &maya).await;
    }
    owner.post("/leads", json!({"first_name": "Never called", "status": "customer"})).await.expect(201);
    app.advance(minutes(20)).await;
    let change = async |lead: usize, change: Value| {
        owner.patch(&format!("/leads/{}", leads[lead]), change).await.expect(200)
    };
    let told = async || {
        let told = owner.get("/analytics/agents").await.expect(200)["agents"][0].clone();
        [&told["conversions"], &told["revenue"], &told["conversions_without_value"]].map(Clone::clone)
    };
    assert_eq!(told().await, [json!(0), json!([]), json!(0)]);
    let won = change(0, json!({"status": "customer"})).await;
    assert_eq!(won["value"], Value::Null);
    assert_eq!(told().await, [json!(1), Value::Null, json!(1)], "revenue that nobody told is not 0");
    let valued = change(0, json!({"value": {"amount": 15_000_000.5}})).await;
    assert_eq!(valued["value"], json!({"amount": 15_000_000.5, "currency": "INR"}));
    assert_eq!(told().await, [json!(1), json!([{"amount": 15_000_000.5, "currency": "INR"}]), json!(0)]);
    change(1, json!({"status": "customer", "value": {"amount": 20, "currency": "USD"}})).await;
    let both = told().await;
    assert_eq!((&both[0], both[1].as_array().unwrap().len()), (&json!(2), 2), "currencies are kept apart");
    counters_are_what_records_say(&app, &demo()).await;
    change(1, json!({"status": "lost"})).await;
    assert_eq!(told().await[0], json!(1));

    let of_leads = owner.get("/analytics/leads").await.expect(200);
    assert_eq!((&of_leads["leads"], &of_leads["customer_rate"]["hits"]), (&json!(4), &json!(2)));
    assert_eq!(
        (&of_leads["sources"][0]["source"], &of_leads["sources"][0]["leads"]),
        (&json!("web form"), &json!(3))
    );
    assert_eq!(of_leads["sources"][0]["customer_rate"]["hits"], 1);
    assert_eq!(of_leads["pipeline"]["total"], 4);
    assert_eq!(of_leads["series"][29], json!({"at": "2027-01-11", "leads": 4, "customers": 2}));

    app.advance(days(31)).await;
    let late = owner.get(&format!("/leads/{}", leads[2])).await.expect(200);
    assert!(late["last_contact_at"].as_str().unwrap().starts_with("2027-01-11"), "{late:#}");
    change(2, json!({"status": "customer"})).await;
    let all = owner.get("/analytics/calls?from=2027-01-01&to=2027-02-28").await.expect(200);
    assert_eq!(all["conversions"], 1, "31 days are too long");
    owner.delete(&format!("/leads/{}", leads[0])).await.expect(204);
    counters_are_what_records_say(&app, &demo()).await;
    let bad = owner.patch(&format!("/leads/{}", leads[1]), json!({"value": {"amount": 1.234}})).await;
    assert_eq!(bad.problem(422), "invalid");
    assert_eq!(bad.body["errors"][0]["pointer"], "/value/amount");
}

#[tokio::test]
async fn a_wrong_period_is_named_and_every_role_may_look() {
    let app = TestApp::start().await;
    let viewer = app.member("viewer").await;
    for (path, pointer) in [
        ("/analytics/calls?from=yesterday", "?from"),
        ("/analytics/calls?from=2027-01-02&to=2027-01-01", "?from"),
        ("/analytics/agents?from=2025-01-01&to=2027-01-01", "?from"),
        ("/analytics/campaigns?campaign_id=x", "?campaign_id"),
        ("/analytics/leads?to=2027-02-30", "?to"),
        ("/usage?month=2027-13", "?month"),
        ("/usage?month=January", "?month"),
    ] {
        let answer = viewer.get(path).await;
        assert_eq!(answer.problem(422), "invalid", "{path}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{path}");
    }
    for path in
        ["/analytics/calls", "/analytics/agents", "/analytics/campaigns", "/analytics/leads", "/usage"]
    {
        viewer.get(path).await.expect(200);
        app.database.faults.take_requests();
        viewer.get(path).await.expect(200);
        let reads = app.database.faults.take_requests();
        assert!(reads.len() <= 30 && reads.iter().all(|read| read != "Scan"), "{path}: {reads:?}");
    }
}
