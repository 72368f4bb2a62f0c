//! Calls that wait: for their time, for the provider, for a line; and what happens when the rules change meanwhile.

use crate::story::{agent, assert_on_time, call, consent, lead, minutes, status};
use crate::voice::provider;
use jiff::SignedDuration;
use serde_json::{Value, json};
use simulators::{Lie, Script};
use testkit::{Client, TestApp};
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, ResponseTemplate};

/// In the evening in Kolkata, and in the afternoon in London.
fn to_the_night() -> SignedDuration {
    SignedDuration::from_hours(7)
}

async fn configure(owner: &Client, calling: Value) {
    owner.put("/business-config", json!({"default_country": "IN", "calling": calling})).await.expect(200);
}

async fn why(owner: &Client, call: &str, rule: &str) -> Value {
    let why = owner.get(&format!("/calls/{call}/why")).await.expect(200);
    let rules = why["rules"].as_array().unwrap();
    rules.iter().find(|verdict| verdict["rule"] == rule).unwrap_or(&Value::Null).clone()
}

/// A call that waits for the morning.
async fn waiting(app: &TestApp, owner: &Client, phone: &str) -> String {
    let lead = lead(owner, phone).await;
    let id = call(owner, &lead).await;
    assert!(app.settle().await.is_empty());
    assert_eq!(status(owner, &id).await, ("queued".to_owned(), json!("outside_window")));
    id
}

#[tokio::test]
async fn wider_hours_let_calls_go_that_wait() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    app.advance(to_the_night()).await;
    let ids = [waiting(&app, owner, "+919876543211").await, waiting(&app, owner, "+919876543213").await];
    configure(owner, json!({"window": {"open": "08:00", "close": "23:00"}})).await;
    assert!(app.settle().await.is_empty());
    for id in &ids {
        assert_eq!(status(owner, id).await.0, "in_progress");
    }
    // Narrower hours keep those longer that wait.
    app.advance(minutes(120)).await;
    let id = waiting(&app, owner, "+919876543210").await;
    configure(owner, json!({"window": {"open": "11:00", "close": "20:00"}})).await;
    assert!(app.settle().await.is_empty());
    let next = owner.get(&format!("/calls/{id}")).await.expect(200)["next_attempt_at"].clone();
    assert_eq!(next, "2027-01-12T05:30:00Z", "eleven in Kolkata");
}

#[tokio::test]
async fn a_leads_own_zone_moves_its_calls() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    app.advance(to_the_night()).await;
    let lead_id = lead(owner, "+919876543211").await;
    let id = call(owner, &lead_id).await;
    assert!(app.settle().await.is_empty());
    assert_eq!(status(owner, &id).await.1, "outside_window");
    owner.patch(&format!("/leads/{lead_id}"), json!({"timezone": "Europe/London"})).await.expect(200);
    assert!(app.settle().await.is_empty());
    assert_eq!(status(owner, &id).await.0, "in_progress", "it is the afternoon in London");
}

#[tokio::test]
async fn a_lead_who_left_its_campaign_is_not_called_for_it() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    app.advance(to_the_night()).await;
    let campaign = owner.post("/campaigns", json!({"name": "Spring", "source": "fair"})).await.expect(201);
    let path = format!("/campaigns/{}", campaign["id"].as_str().unwrap());
    let mut leads = Vec::new();
    for phone in ["+919876543211", "+919876543213"] {
        let body = json!({"phone": phone, "source": "fair", "consent": consent()});
        leads.push(owner.post("/leads", body).await.expect(201)["id"].as_str().unwrap().to_owned());
    }
    owner.post(&format!("{path}/start"), json!({})).await.expect(202);
    assert!(app.settle().await.is_empty());
    owner.patch(&format!("/leads/{}", leads[0]), json!({"campaign_id": null})).await.expect(200);
    assert!(app.advance(SignedDuration::from_hours(14)).await.is_empty());
    let dialed: Vec<_> = app.simulators().dials().into_iter().map(|dial| dial.to_number).collect();
    assert_eq!(dialed, ["+919876543213"]);
    let calls = owner.get(&format!("/calls?lead_id={}", leads[0])).await.expect(200);
    assert_eq!((&calls[0]["status"], &calls[0]["reason"]), (&json!("blocked"), &json!("left_campaign")));
}

#[tokio::test]
async fn a_campaign_with_calls_cannot_be_deleted_and_needs_somebody_to_speak() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    app.advance(to_the_night()).await;
    let campaign = owner.post("/campaigns", json!({"name": "Spring", "source": "fair"})).await.expect(201);
    let path = format!("/campaigns/{}", campaign["id"].as_str().unwrap());
    let body = json!({"phone": "+919876543211", "source": "fair", "consent": consent()});
    owner.post("/leads", body).await.expect(201);
    assert_eq!(owner.post(&format!("{path}/start"), json!({})).await.problem(409), "conflict");
    agent(owner).await;
    owner.post(&format!("{path}/start"), json!({})).await.expect(202);
    assert!(app.settle().await.is_empty());
    owner.post(&format!("{path}/cancel"), json!({})).await.expect(202);
    assert_eq!(owner.delete(&path).await.problem(409), "conflict", "its call is not taken back yet");
    assert!(app.settle().await.is_empty());
    owner.delete(&path).await.expect(204);
    assert!(app.advance(SignedDuration::from_hours(14)).await.is_empty());
    assert!(app.simulators().dials().is_empty());
}

#[tokio::test]
async fn a_provider_without_a_free_line_costs_no_attempt() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    configure(owner, json!({"max_concurrent": 1})).await;
    app.simulators().force_next(Lie::RateLimit429);
    let first = call(owner, &lead(owner, "+919876543213").await).await;
    let second = call(owner, &lead(owner, "+919876543223").await).await;
    assert!(app.settle().await.is_empty());
    assert_eq!(status(owner, &first).await, ("queued".to_owned(), json!("provider_unavailable")));
    assert!(app.simulators().dials().is_empty(), "nor is another call tried meanwhile");
    let rule = why(owner, &second, "provider").await;
    assert_eq!((&rule["verdict"], &rule["reason"]), (&json!("wait"), &json!("provider_unavailable")));
    let lead = owner.get(&format!("/calls/{first}")).await.expect(200)["lead_id"].clone();
    let lead = owner.get(&format!("/leads/{}", lead.as_str().unwrap())).await.expect(200);
    assert_eq!(lead["last_contact_at"], Value::Null);
    assert!(app.advance(minutes(20)).await.is_empty());
    for id in [&first, &second] {
        let call = owner.get(&format!("/calls/{id}")).await.expect(200);
        assert_eq!((&call["status"], &call["attempts"][0]["number"]), (&json!("completed"), &json!(1)));
        assert_eq!(call["attempts"].as_array().unwrap().len(), 1);
    }
    assert_eq!(app.simulators().dials().len(), 2);
}

#[tokio::test]
async fn a_key_that_is_refused_stops_no_call_for_good() {
    let app = TestApp::start().await;
    let owner = app.tenant("acme").await;
    agent(&owner).await;
    let server = provider(&owner).await;
    let refused = ResponseTemplate::new(401).set_body_json(json!({"detail": {"status": "invalid_api_key"}}));
    let dial = || Mock::given(method("POST")).and(path_regex("outbound-call$"));
    let wrong = dial().respond_with(refused).expect(2).mount_as_scoped(&server).await;
    let ids = [
        call(&owner, &lead(&owner, "+919876543210").await).await,
        call(&owner, &lead(&owner, "+919876543211").await).await,
    ];
    assert!(app.advance(minutes(5)).await.is_empty());
    for id in &ids {
        assert_eq!(status(&owner, id).await.0, "queued");
    }
    drop(wrong);
    let placed = json!({"success": true, "message": "ok", "conversation_id": null, "callSid": "CA1"});
    dial().respond_with(ResponseTemplate::new(200).set_body_json(placed)).expect(2).mount(&server).await;
    let settings = json!({"api_key": "right", "base_url": server.uri(), "phone_number_id": "p"});
    owner.put("/admin/integrations/elevenlabs", settings).await.expect(200);
    assert!(app.settle().await.is_empty());
    for id in &ids {
        assert_eq!(status(&owner, id).await.0, "in_progress", "the new key is tried at once");
    }
}

#[tokio::test]
async fn a_call_waits_for_a_provider_that_is_not_set_up() {
    let app = TestApp::start().await;
    let owner = app.tenant("acme").await;
    agent(&owner).await;
    let settings = json!({"api_key": "k", "base_url": app.simulators().elevenlabs_base_url()});
    owner.put("/admin/integrations/elevenlabs", settings).await.expect(200);
    let id = call(&owner, &lead(&owner, "+919876543210").await).await;
    assert!(app.advance(minutes(25)).await.is_empty());
    assert_eq!(status(&owner, &id).await, ("queued".to_owned(), json!("not_configured")));
    assert_eq!(why(&owner, &id, "provider").await["reason"], "not_configured");
}

#[tokio::test]
async fn fewer_lines_let_no_call_go_beside_those_that_hold_more() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    configure(owner, json!({"max_concurrent": 4})).await;
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(call(owner, &lead(owner, &format!("+91987654320{n}")).await).await);
    }
    assert!(app.settle().await.is_empty());
    assert_eq!(app.simulators().dials().len(), 4);
    configure(owner, json!({"max_concurrent": 2})).await;
    // The lowest numbers are given back: two calls still hold the lines above the new cap.
    let late = call(owner, &lead(owner, "+919876543210").await).await;
    assert!(app.settle().await.is_empty());
    assert_eq!(status(owner, &late).await.0, "queued");
    assert_eq!(why(owner, &late, "line").await["reason"], "no_slot");
    assert!(app.advance(minutes(30)).await.is_empty());
    assert_eq!(status(owner, &late).await.0, "completed");
}

#[tokio::test]
async fn what_is_due_before_the_timer_is_looked_at_has_a_message_of_its_own() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let due = app.now() + SignedDuration::from_secs(40);
    let body = json!({"lead_id": lead(owner, "+919876543213").await, "scheduled_at": due});
    owner.post("/calls", body).await.expect(202);
    assert!(app.settle().await.is_empty());
    let planned = |item: &Value| {
        item.to_string().contains("PlanCalls") && item["pk"]["S"].as_str().unwrap().contains("#out#")
    };
    let waiting = app.database.engine.dump().unwrap().into_iter().filter(planned).count();
    assert_eq!(waiting, 1, "the tick comes once a minute");
    assert!(app.advance(minutes(10)).await.is_empty());
    assert_on_time(app.simulators().dials()[0].at, &due.to_string());
}

#[tokio::test]
async fn a_call_that_never_ends_at_the_provider_gives_its_line_back() {
    let app = TestApp::start().await;
    let owner = app.tenant("acme").await;
    agent(&owner).await;
    let server = provider(&owner).await;
    let placed = json!({"success": true, "message": "ok", "conversation_id": "conv_1", "callSid": "CA1"});
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_json(placed))
        .mount(&server)
        .await;
    let going_on = json!({"agent_id": "a", "conversation_id": "conv_1", "status": "processing", "transcript": [],
        "metadata": {"start_time_unix_secs": 1_800_000_000, "call_duration_secs": 12}});
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(going_on))
        .mount(&server)
        .await;
    let id = call(&owner, &lead(&owner, "+919876543210").await).await;
    assert!(app.advance(minutes(40)).await.is_empty());
    assert_eq!(status(&owner, &id).await.0, "in_progress", "a long talk is a talk");
    assert!(app.advance(minutes(30)).await.is_empty());
    assert_eq!(status(&owner, &id).await, ("failed".to_owned(), json!("provider_failed")));
}

#[tokio::test]
async fn how_a_call_ended_is_known_though_the_event_is_lost() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    for (n, (script, status)) in
        [(Script::NoAnswer, "no_answer"), (Script::Busy, "busy")].into_iter().enumerate()
    {
        let phone = format!("+91987654320{n}");
        app.simulators().set_script(&phone, vec![script, Script::NotInterested]).unwrap();
        app.simulators().force_next(Lie::Lose);
        let id = call(owner, &lead(owner, &phone).await).await;
        assert!(app.advance(minutes(30)).await.is_empty());
        let call = owner.get(&format!("/calls/{id}")).await.expect(200);
        assert_eq!(
            (&call["attempts"][0]["status"], &call["attempts"][0]["reason"]),
            (&json!(status), &json!(status))
        );
    }
}

#[tokio::test]
async fn a_wish_to_be_called_outlives_the_campaign_that_the_lead_left() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let phone = "+919876543216";
    app.simulators().set_script(phone, vec![Script::Callback, Script::NotInterested]).unwrap();
    let campaign = owner.post("/campaigns", json!({"name": "Spring", "source": "fair"})).await.expect(201);
    let body = json!({"phone": phone, "source": "fair", "consent": consent()});
    let lead = owner.post("/leads", body).await.expect(201)["id"].as_str().unwrap().to_owned();
    let start = format!("/campaigns/{}/start", campaign["id"].as_str().unwrap());
    owner.post(&start, json!({})).await.expect(202);
    assert!(app.settle().await.is_empty());
    assert_eq!(app.simulators().dials().len(), 1);
    // While they speak.
    owner.patch(&format!("/leads/{lead}"), json!({"campaign_id": null})).await.expect(200);
    assert!(app.advance(SignedDuration::from_hours(24 * 5)).await.is_empty());
    let dials = app.simulators().dials();
    assert_eq!(dials.len(), 2);
    assert_on_time(dials[1].at, "2027-01-14T09:30:00Z");
    let calls = owner.get(&format!("/calls?lead_id={lead}&status=completed")).await.expect(200);
    let wished = calls.as_array().unwrap().iter().find(|call| !call["follows"].is_null()).unwrap();
    assert_eq!(wished["campaign_id"], Value::Null);
}
