//! The thread, end to end: a lead is called, the talk is read, and what follows is done.

use domain::CallId;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use simulators::{ModelBehaviour, Script};
use testkit::{Client, TestApp};

pub(crate) fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

/// Whether something happened at its instant, and not before it. The machine's own clock goes on meanwhile, so that
/// a busy one may be some seconds late.
#[track_caller]
pub(crate) fn assert_on_time(happened: Timestamp, due: &str) {
    let late = happened.duration_since(due.parse().unwrap());
    assert!((0..20).contains(&late.as_secs()) && !late.is_negative(), "{happened} instead of {due}");
}

pub(crate) async fn agent(client: &Client) -> Value {
    let body = json!({"name": "Maya", "system_prompt": "You qualify leads.", "first_message": "Hello {{first_name}}!"});
    client.post("/agents", body).await.expect(201)
}

pub(crate) async fn second_agent(client: &Client) -> String {
    let body = json!({"name": "Ravi", "system_prompt": "You sell."});
    client.post("/agents", body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

pub(crate) fn consent() -> Value {
    json!({"voice": {"granted": true, "basis": "opt_in", "source": "web_form"}})
}

pub(crate) async fn lead(client: &Client, phone: &str) -> String {
    lead_of(client, json!({"first_name": "Asha", "last_name": "Rao", "phone": phone, "consent": consent()}))
        .await
}

pub(crate) async fn lead_of(client: &Client, body: Value) -> String {
    client.post("/leads", body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn call(client: &Client, lead: &str) -> String {
    let accepted = client.post("/calls", json!({"lead_id": lead})).await.expect(202);
    assert_eq!(accepted["status"], "queued");
    accepted["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn status(client: &Client, call: &str) -> (String, Value) {
    let call = client.get(&format!("/calls/{call}")).await.expect(200);
    (call["status"].as_str().unwrap().to_owned(), call["reason"].clone())
}

pub(crate) async fn actions(client: &Client, lead: &str) -> Vec<String> {
    let actions = client.get(&format!("/leads/{lead}/actions")).await.expect(200);
    actions.as_array().unwrap().iter().map(|action| action["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_lead_is_called_and_followed_up() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    owner
        .put(
            "/business-config",
            json!({"name": "Acme Homes", "industry": "real-estate", "default_country": "IN",
            "terminology": {"appointment": "showing"}, "callObjectives": ["Initial Qualification"]}),
        )
        .await
        .expect(200);
    let agent = agent(owner).await;
    assert_eq!((&agent["sync"], &agent["is_default"]), (&json!("in_sync"), &json!(true)));
    let phone = "+919876543216";
    let lead_id = lead(owner, "98765 43216").await;
    app.simulators().set_script(phone, vec![Script::Callback, Script::Appointment]).unwrap();
    let call_id = call(owner, &lead_id).await;
    assert!(app.settle().await.is_empty());
    assert_eq!(status(owner, &call_id).await.0, "in_progress");

    assert!(app.advance(minutes(10)).await.is_empty());
    let done = owner.get(&format!("/calls/{call_id}")).await.expect(200);
    assert_eq!(done["status"], "completed");
    assert_eq!(done["attempts"][0]["number"], 1);
    assert!(done["attempts"][0]["duration_secs"].as_u64().unwrap() > 0);
    assert_eq!(done["transcript"][0]["message"], "Hello Asha!");
    assert_eq!(done["analysis"]["outcome"], "callback_requested");
    assert_eq!(done["analysis"]["model"], "simulator");
    for quote in done["analysis"]["evidence"].as_array().unwrap() {
        let said = done["transcript"].to_string();
        assert!(said.contains(quote.as_str().unwrap()), "{quote} was not said");
    }

    let listed = owner.get(&format!("/leads/{lead_id}/actions")).await.expect(200);
    let follow_up =
        listed.as_array().unwrap().iter().find(|a| a["kind"] == "follow_up_call").unwrap().clone();
    assert_eq!(follow_up["call_id"], json!(call_id));
    let second = follow_up["new_call_id"].as_str().unwrap();
    let waiting = owner.get(&format!("/calls/{second}")).await.expect(200);
    assert_eq!((&waiting["status"], &waiting["follows"]), (&json!("queued"), &json!(call_id)));
    assert_eq!(waiting["scheduled_at"], follow_up["due_at"]);
    let lead = owner.get(&format!("/leads/{lead_id}")).await.expect(200);
    assert_eq!(lead["status"], "contacted");
    assert_eq!(lead["next_follow_up_at"], follow_up["due_at"]);

    // The follow-up is dialed to the second, by the lead's own clock.
    assert!(app.advance(SignedDuration::from_hours(24 * 5)).await.is_empty());
    let dials = app.simulators().dials();
    // Thursday at three in Kolkata.
    assert_on_time(dials[1].at, "2027-01-14T09:30:00Z");
    let prompt = &dials[1].body["conversation_initiation_client_data"]["conversation_config_override"]["agent"]
        ["prompt"];
    let prompt = prompt["prompt"].as_str().unwrap();
    for section in [
        "LEAD CONTEXT:",
        "CALL CONTEXT:",
        "CONVERSATION HISTORY:",
        "LEAD PREFERENCES:",
        "NOTES AND INTERACTIONS:",
        "CALL INSTRUCTIONS:",
    ] {
        assert!(prompt.contains(section), "{section}");
    }
    assert!(prompt.starts_with("You qualify leads.") && prompt.contains("(callback_requested)"), "{prompt}");
    assert_eq!(owner.get(&format!("/leads/{lead_id}")).await.expect(200)["status"], "hot");
    assert!(actions(owner, &lead_id).await.contains(&"task".to_owned()));
}

#[tokio::test]
async fn what_the_rules_forbid_is_accepted_and_never_dialed() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let silent =
        owner.post("/leads", json!({"first_name": "No", "phone": "+919876543211"})).await.expect(201);
    let silent = silent["id"].as_str().unwrap();
    let suppressed = lead(owner, "+919876543212").await;
    let shut = owner
        .post(&format!("/leads/{suppressed}/suppress"), json!({"channel": "all", "reason": "asked"}))
        .await;
    assert_eq!(shut.expect(200)["suppression"].as_object().unwrap().len(), 4);
    let first = call(owner, silent).await;
    let second = call(owner, &suppressed).await;
    app.settle().await;
    assert_eq!(status(owner, &first).await, ("blocked".to_owned(), json!("no_consent")));
    assert_eq!(status(owner, &second).await, ("blocked".to_owned(), json!("suppressed")));
    let why = owner.get(&format!("/calls/{first}/why")).await.expect(200);
    assert_eq!(why["decision"], "refuse");
    assert_eq!(why["next_legal_at"], Value::Null);
    assert!(
        why["rules"]
            .as_array()
            .unwrap()
            .iter()
            .any(|rule| rule["rule"] == "consent" && rule["verdict"] == "refuse")
    );
    app.advance(SignedDuration::from_hours(48)).await;
    assert!(app.simulators().dials().is_empty());
}

#[tokio::test]
async fn a_call_outside_the_window_waits_for_it() {
    // 23:00 in Kolkata.
    let app = TestApp::start_at("2027-01-11T17:30:00Z").await;
    let owner = &app.owner;
    agent(owner).await;
    let lead = lead(owner, "+919876543210").await;
    let id = call(owner, &lead).await;
    app.settle().await;
    assert_eq!(status(owner, &id).await, ("queued".to_owned(), json!("outside_window")));
    let why = owner.get(&format!("/calls/{id}/why")).await.expect(200);
    assert_eq!(why["next_legal_at"], "2027-01-12T03:30:00Z");
    app.advance(SignedDuration::from_hours(12)).await;
    assert_on_time(app.simulators().dials()[0].at, "2027-01-12T03:30:00Z");
}

#[tokio::test]
async fn consent_withdrawn_between_claim_and_dial_is_heeded() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let lead = lead(owner, "+919876543210").await;
    let id = call(owner, &lead).await;
    // The planner claims; its dial job is still on its way when the lead says no.
    let ctx = operations::Context::of_system(app.runner.platform.clone(), "demo".parse().unwrap(), "test");
    operations::planning::plan_calls(&ctx).await.unwrap();
    assert_eq!(status(owner, &id).await.0, "claimed");
    let no = json!({"consent": {"voice": {"granted": false}}});
    owner.patch(&format!("/leads/{lead}"), no).await.expect(200);
    app.advance(minutes(30)).await;
    assert_eq!(status(owner, &id).await, ("blocked".to_owned(), json!("no_consent")));
    assert!(app.simulators().dials().is_empty());
}

#[tokio::test]
async fn every_ending_is_told_apart_and_retried_by_its_rule() {
    let cases = [
        (Script::NoAnswer, "no_answer", 60..=66),
        (Script::Busy, "busy", 15..=17),
        (Script::Voicemail, "voicemail", 240..=264),
        (Script::Failed, "failed", 5..=6),
    ];
    for (script, ending, wait) in cases {
        // 10:00 in Kolkata: the longest wait ends before the window does.
        let app = TestApp::start_at("2027-01-11T04:30:00Z").await;
        let owner = &app.owner;
        agent(owner).await;
        let phone = "+919876543220";
        let lead = lead(owner, phone).await;
        app.simulators().set_script(phone, vec![script, Script::NotInterested]).unwrap();
        let id = call(owner, &lead).await;
        app.advance(minutes(4)).await;
        let call = owner.get(&format!("/calls/{id}")).await.expect(200);
        assert_eq!(call["status"], "queued", "{call:#}");
        assert_eq!(call["attempts"][0]["status"], ending);
        let instant = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        let ended = instant(&call["attempts"][0]["ended_at"]);
        let waited = instant(&call["next_attempt_at"]).duration_since(ended).as_mins();
        assert!(wait.contains(&waited), "{ending}: {waited} minutes");
        app.advance(minutes(300)).await;
        assert_eq!(status(owner, &id).await.0, "completed");
        assert_eq!(owner.get(&format!("/leads/{lead}")).await.expect(200)["status"], "lost");
    }
}

#[tokio::test]
async fn a_stop_wish_suppresses_at_once() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let phone = "+919876543233";
    let lead_id = lead(owner, phone).await;
    app.simulators().set_script(phone, vec![Script::Stop]).unwrap();
    call(owner, &lead_id).await;
    app.advance(minutes(5)).await;
    let lead = owner.get(&format!("/leads/{lead_id}")).await.expect(200);
    assert_eq!(lead["suppression"]["voice"]["reason"], "asked_to_stop");
    assert!(actions(owner, &lead_id).await.contains(&"suppression".to_owned()));
    let second = call(owner, &lead_id).await;
    app.settle().await;
    assert_eq!(status(owner, &second).await, ("blocked".to_owned(), json!("suppressed")));
}

#[tokio::test]
async fn hostile_words_reach_no_other_record() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let phone = "+919876543234";
    let target = lead(owner, phone).await;
    let bystander = lead(owner, "+919876543235").await;
    let before = owner.get(&format!("/leads/{bystander}")).await.expect(200);
    app.simulators().set_script(phone, vec![Script::Hostile]).unwrap();
    app.simulators().set_model_behaviour(ModelBehaviour::Hostile);
    let id = call(owner, &target).await;
    app.advance(minutes(5)).await;
    assert_eq!(status(owner, &id).await.0, "completed");
    assert_eq!(owner.get(&format!("/leads/{bystander}")).await.expect(200), before);
    assert_ne!(owner.get(&format!("/leads/{target}")).await.expect(200)["status"], "customer");
    assert!(!actions(owner, &target).await.is_empty());
}

#[tokio::test]
async fn a_model_that_fails_is_asked_again_and_nothing_is_invented() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let lead = lead(owner, "+919876543210").await;
    app.simulators().set_model_behaviour(ModelBehaviour::BrokenJson);
    let id = call(owner, &lead).await;
    let stuck = app.advance(minutes(2)).await;
    assert!(stuck.is_empty(), "{stuck:?}");
    assert_eq!(owner.get(&format!("/calls/{id}")).await.expect(200)["analysis"], Value::Null);
    assert!(actions(owner, &lead).await.is_empty());
    app.simulators().set_model_behaviour(ModelBehaviour::Inventing);
    app.advance(minutes(10)).await;
    let call = owner.get(&format!("/calls/{id}")).await.expect(200);
    assert_eq!(call["analysis"]["evidence"], json!([]), "an invented quote is not kept");
    assert!(!actions(owner, &lead).await.is_empty());
}

#[tokio::test]
async fn no_more_calls_at_once_than_there_are_lines() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    owner.put("/business-config", json!({"calling": {"max_concurrent": 2}})).await.expect(200);
    agent(owner).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let lead = lead(owner, &format!("+91987654324{n}")).await;
        app.simulators().set_script(&format!("+91987654324{n}"), vec![Script::NotInterested]).unwrap();
        ids.push(call(owner, &lead).await);
    }
    app.settle().await;
    assert_eq!(app.simulators().dials().len(), 2);
    app.advance(minutes(20)).await;
    assert_eq!(app.simulators().dials().len(), 5);
    for id in ids {
        assert_eq!(status(owner, &id).await.0, "completed");
        assert!(id.parse::<CallId>().is_ok());
    }
}

#[tokio::test]
async fn the_context_can_be_seen_before_the_call() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let agent = agent(owner).await;
    let lead = lead(owner, "+919876543210").await;
    let body = json!({"lead_id": lead, "objective": "Say hello", "instructions": "Be brief"});
    let preview = owner.post("/context", body).await.expect(200);
    assert_eq!(preview["first_message"], "Hello Asha!");
    let prompt = preview["prompt"].as_str().unwrap();
    assert!(prompt.contains("- Objective: Say hello") && prompt.contains("Be brief"), "{prompt}");
    assert_eq!(preview["dynamic_variables"]["first_name"], "Asha");
    let id = call(owner, &lead).await;
    let of_call = owner.post("/context", json!({"call_id": id, "agent_id": agent["id"]})).await;
    assert!(of_call.expect(200)["prompt"].as_str().unwrap().contains("Previous Attempts: 0"));
}
