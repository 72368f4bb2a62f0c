//! Campaigns: the plan is what happens; each lead is called once; pause, resume and cancel hold at once.

use crate::story::{agent, call, consent, lead_of, minutes, second_agent, status};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use simulators::Script;
use std::collections::BTreeSet;
use testkit::{Client, TestApp};

/// People in seven countries, one of them without a zone that anybody knows, one who did not agree, one without a
/// number.
const PHONES: [&str; 7] = [
    "+919876543210",
    "+390212345678",
    "+8801712345678",
    "+6281234567890",
    "+442071838750",
    "+12125550123",
    "+14165550123",
];

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

async fn campaign(client: &Client, body: Value) -> String {
    let made = client.post("/campaigns", body).await.expect(201);
    assert_eq!(made["status"], "draft");
    made["id"].as_str().unwrap().to_owned()
}

async fn command(client: &Client, id: &str, command: &str) -> Value {
    client.post(&format!("/campaigns/{id}/{command}"), json!({})).await.expect(202)
}

async fn many_lines(client: &Client) {
    client.put("/business-config", json!({"calling": {"max_concurrent": 50}})).await.expect(200);
}

async fn calls(client: &Client, query: &str) -> Vec<Value> {
    client.get(&format!("/calls?limit=100&{query}")).await.expect(200).as_array().unwrap().clone()
}

#[tokio::test]
async fn the_plan_is_what_then_happens() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    many_lines(owner).await;
    let first = agent(owner).await["id"].as_str().unwrap().to_owned();
    let second = second_agent(owner).await;
    let body = json!({"name": "Spring", "source": "Trade Fair",
        "agents": [{"agent_id": first, "weight": 1}, {"agent_id": second}],
        "rules": {"window": {"open": "10:00", "close": "17:00"}}});
    let id = campaign(owner, body).await;
    for (n, phone) in PHONES.iter().enumerate() {
        // Some come by their source, some are assigned.
        let belongs = if n % 2 == 0 { json!({"source": "trade fair"}) } else { json!({"campaign_id": id}) };
        let mut body = json!({"first_name": format!("P{n}"), "phone": phone, "consent": consent()});
        body.as_object_mut().unwrap().extend(belongs.as_object().unwrap().clone());
        lead_of(owner, body).await;
        app.simulators().set_script(phone, vec![Script::NotInterested]).unwrap();
    }
    lead_of(owner, json!({"first_name": "Mute", "source": "trade fair", "phone": "+919876543211"})).await;
    lead_of(owner, json!({"first_name": "Paper", "source": "trade fair", "consent": consent()})).await;
    let moon =
        json!({"first_name": "Moon", "campaign_id": id, "phone": "+88216 5550 0123", "consent": consent()});
    lead_of(owner, moon).await;
    app.settle().await;
    assert!(app.simulators().dials().is_empty(), "a draft calls nobody");

    let planned = owner.post(&format!("/campaigns/{id}/plan"), json!({})).await.expect(200);
    assert_eq!((&planned["planned"], &planned["is_cut"]), (&json!(PHONES.len()), &json!(false)));
    assert_eq!(planned["skipped"], json!({"no_phone": 1, "no_consent": 1, "unknown_zone": 1}));
    let cost = &planned["estimated_cost"];
    assert_eq!(
        (&cost["credits"], &cost["cost"]["amount"]),
        (&json!(7_000), &Value::Null),
        "no price is known"
    );
    assert!(calls(owner, "").await.is_empty(), "a plan changes nothing");
    assert_eq!(command(owner, &id, "start").await["status"], "running");
    assert!(app.advance(hours(30)).await.is_empty());

    let completed = calls(owner, &format!("campaign_id={id}&status=completed")).await;
    assert_eq!(completed.len(), PHONES.len());
    let instant = |at: &Value| at.as_str().unwrap().parse::<Timestamp>().unwrap();
    for plan in planned["calls"].as_array().unwrap() {
        let call = completed.iter().find(|call| call["lead_id"] == plan["lead_id"]).unwrap();
        assert_eq!(call["agent_id"], plan["agent_id"]);
        // The machine's own clock goes on while the calls are made.
        let late = instant(&call["attempts"][0]["dialed_at"]).duration_since(instant(&plan["not_before"]));
        assert!((0..60).contains(&late.as_secs()), "{plan:#} {call:#}");
        assert!(plan["local_time"].as_str().unwrap().contains('['), "{plan}");
    }
    let skipped = |leads: &[Value]| -> BTreeSet<String> {
        leads.iter().map(|lead| format!("{} {}", lead["lead_id"], lead["reason"])).collect()
    };
    let blocked = calls(owner, &format!("campaign_id={id}&status=blocked")).await;
    assert_eq!(skipped(&blocked), skipped(planned["not_called"].as_array().unwrap()));
    let agents: BTreeSet<String> = completed.iter().map(|call| call["agent_id"].to_string()).collect();
    assert_eq!(agents.len(), 2, "both agents call");

    let details = owner.get(&format!("/campaigns/{id}")).await.expect(200);
    assert_eq!(
        (&details["calls"], &details["open_calls"]),
        (&json!({"completed": 7, "blocked": 3}), &json!(0))
    );
    let again = owner.post(&format!("/campaigns/{id}/plan"), json!({})).await.expect(200);
    assert_eq!(again["planned"], 0, "nobody is left");
}

#[tokio::test]
async fn each_lead_is_called_once_whenever_and_however_it_arrives() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    many_lines(owner).await;
    agent(owner).await;
    let second = second_agent(owner).await;
    let id = campaign(owner, json!({"name": "Web", "source": "web", "agents": [{"agent_id": second}]})).await;
    let body =
        |n: usize| json!({"first_name": "L", "source": "WEB ", "phone": PHONES[n], "consent": consent()});
    let early = lead_of(owner, body(0)).await;
    command(owner, &id, "start").await;
    command(owner, &id, "start").await;
    app.settle().await;
    let late = lead_of(owner, body(1)).await;
    app.settle().await;
    for lead in [&early, &late] {
        let stored = owner.get(&format!("/leads/{lead}")).await.expect(200);
        assert_eq!((&stored["campaign_id"], &stored["agent_id"]), (&json!(id), &json!(second)));
        assert_eq!(stored["provenance"]["campaign_id"]["by"], "system");
        assert_eq!(calls(owner, &format!("lead_id={lead}")).await.len(), 1);
    }
    assert_eq!(app.simulators().dials().len(), 2);

    // Whoever is taken out by a person stays out; whoever is assigned by one comes in.
    owner.patch(&format!("/leads/{late}"), json!({"campaign_id": null})).await.expect(200);
    let other = lead_of(owner, json!({"first_name": "O", "phone": PHONES[2], "consent": consent()})).await;
    owner.patch(&format!("/leads/{other}"), json!({"campaign_id": id})).await.expect(200);
    command(owner, &id, "pause").await;
    command(owner, &id, "resume").await;
    app.settle().await;
    assert_eq!(owner.get(&format!("/leads/{late}")).await.expect(200)["campaign_id"], Value::Null);
    let called = calls(owner, &format!("lead_id={other}")).await;
    assert_eq!((called.len(), &called[0]["agent_id"]), (1, &json!(second)));
    // The agent of a call that is asked for: its own, else the campaign's, else the default.
    let asked = call(owner, &early).await;
    assert_eq!(owner.get(&format!("/calls/{asked}")).await.expect(200)["agent_id"], json!(second));
}

#[tokio::test]
async fn pause_resume_and_cancel_hold_at_once() {
    // 08:00 in Kolkata.
    let app = TestApp::start_at("2027-01-11T02:30:00Z").await;
    let owner = &app.owner;
    agent(owner).await;
    let id = campaign(owner, json!({"name": "Web", "source": "web"})).await;
    for n in 0..12 {
        let phone = format!("+9198765432{n:02}");
        lead_of(owner, json!({"first_name": "L", "source": "web", "phone": phone, "consent": consent()}))
            .await;
        app.simulators().set_script(&phone, vec![Script::NoAnswer, Script::NotInterested]).unwrap();
    }
    command(owner, &id, "start").await;
    app.settle().await;
    assert_eq!(calls(owner, &format!("campaign_id={id}&status=queued")).await.len(), 12);
    command(owner, &id, "pause").await;
    app.advance(hours(2)).await;
    assert!(app.simulators().dials().is_empty(), "nobody is called while it is paused");
    let held = calls(owner, &format!("campaign_id={id}&status=queued")).await;
    assert!(held.iter().all(|call| call["reason"] == "campaign_paused" && call["next_attempt_at"].is_null()));
    let why = owner.get(&format!("/calls/{}/why", held[0]["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&why["decision"], &why["next_legal_at"]), (&json!("wait"), &Value::Null));

    command(owner, &id, "resume").await;
    app.settle().await;
    assert_eq!(app.simulators().dials().len(), 5, "as many as there are lines");
    command(owner, &id, "cancel").await;
    assert!(app.advance(hours(24)).await.is_empty());
    assert_eq!(app.simulators().dials().len(), 5, "none is tried again and none begins");
    let details = owner.get(&format!("/campaigns/{id}")).await.expect(200);
    assert_eq!(details["calls"], json!({"no_answer": 5, "cancelled": 7}));
    for (state, wrong) in [("cancelled", "start"), ("cancelled", "pause"), ("cancelled", "resume")] {
        let answer = owner.post(&format!("/campaigns/{id}/{wrong}"), json!({})).await;
        assert_eq!(answer.problem(409), "conflict", "{wrong} when {state}");
    }
    let late = lead_of(
        owner,
        json!({"first_name": "Late", "source": "web", "phone": PHONES[1], "consent": consent()}),
    );
    let late = late.await;
    assert_eq!(owner.get(&format!("/leads/{late}")).await.expect(200)["campaign_id"], Value::Null);
    owner.delete(&format!("/campaigns/{id}")).await.expect(204);
    assert_eq!(owner.get(&format!("/campaigns/{id}")).await.problem(404), "not_found");
}

#[tokio::test]
async fn a_call_is_taken_back_before_it_rings_and_not_after() {
    let app = TestApp::start_at("2027-01-11T02:30:00Z").await;
    let owner = &app.owner;
    agent(owner).await;
    let waiting = lead_of(owner, json!({"first_name": "L", "phone": PHONES[0], "consent": consent()})).await;
    let ringing = lead_of(
        owner,
        json!({"first_name": "M", "phone": "+61291234567", "timezone": "Australia/Sydney",
        "consent": consent()}),
    )
    .await;
    app.simulators().set_script("+61291234567", vec![Script::NotInterested]).unwrap();
    let (waiting, ringing) = (call(owner, &waiting).await, call(owner, &ringing).await);
    app.settle().await;
    let cancelled = owner.post(&format!("/calls/{waiting}/cancel"), json!({})).await.expect(200);
    assert_eq!((&cancelled["status"], &cancelled["reason"]), (&json!("cancelled"), &json!("cancelled")));
    owner.post(&format!("/calls/{waiting}/cancel"), json!({})).await.expect(200);
    assert_eq!(status(owner, &ringing).await.0, "in_progress");
    assert_eq!(owner.post(&format!("/calls/{ringing}/cancel"), json!({})).await.problem(409), "conflict");
    let viewer = app.member("viewer").await;
    assert_eq!(viewer.post(&format!("/calls/{ringing}/cancel"), json!({})).await.problem(403), "forbidden");
    app.advance(hours(12)).await;
    assert_eq!(app.simulators().dials().len(), 1);
    let counts = app.store().counts(&"demo".parse().unwrap(), "call").await.unwrap();
    assert_eq!(counts["status#cancelled"], 1);
}

#[tokio::test]
async fn whenever_the_process_dies_each_lead_has_one_call() {
    for writes in [0, 1, 2, 3, 4] {
        let app = TestApp::start_at("2027-01-11T02:30:00Z").await;
        let owner = &app.owner;
        agent(owner).await;
        let id = campaign(owner, json!({"name": "Web", "source": "web"})).await;
        for n in 0..20 {
            let body = json!({"first_name": "L", "source": "web", "phone": format!("+9198765432{n:02}")});
            lead_of(owner, body).await;
        }
        command(owner, &id, "start").await;
        app.database.faults.die_after(writes);
        let _ = app.runner.pump.settle().await;
        app.database.faults.live();
        assert!(app.advance(minutes(10)).await.is_empty(), "after {writes} writes");
        let made = calls(owner, &format!("campaign_id={id}")).await;
        let leads: BTreeSet<String> = made.iter().map(|call| call["lead_id"].to_string()).collect();
        assert_eq!((made.len(), leads.len()), (20, 20), "after {writes} writes");
    }
}

#[tokio::test]
async fn a_campaign_is_checked_and_is_its_tenants_own() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let agent = agent(owner).await["id"].clone();
    let wrong = async |body: Value| {
        let answer = owner.post("/campaigns", body).await;
        assert_eq!(answer.problem(422), "invalid", "{:#}", answer.body);
        answer.body["errors"][0]["pointer"].as_str().unwrap().to_owned()
    };
    let stranger = "agt_01JAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(wrong(json!({"name": ""})).await, "/name");
    assert_eq!(wrong(json!({"name": "x", "agents": [{"agent_id": stranger}]})).await, "/agents/0/agent_id");
    let twice = json!({"name": "x", "agents": [{"agent_id": agent}, {"agent_id": agent}]});
    assert_eq!(wrong(twice).await, "/agents/1/agent_id");
    let weightless = json!({"name": "x", "agents": [{"agent_id": agent, "weight": 0}]});
    assert_eq!(wrong(weightless).await, "/agents/0/weight");
    assert_eq!(wrong(json!({"name": "x", "rules": {"max_attempts": 99}})).await, "/rules/max_attempts");
    assert_eq!(wrong(json!({"name": "x", "rules": {"preset": "none"}})).await, "/rules/preset");
    let unknown = json!({"first_name": "x", "campaign_id": "cmp_01JAAAAAAAAAAAAAAAAAAAAAAA"});
    assert_eq!(owner.post("/leads", unknown).await.body["errors"][0]["pointer"], "/campaign_id");

    let id = campaign(owner, json!({"name": "Mine", "source": "web"})).await;
    let path = format!("/campaigns/{id}");
    let changed = owner.patch(&path, json!({"name": "Ours", "priority": "high"})).await.expect(200);
    assert_eq!((&changed["name"], &changed["source"]), (&json!("Ours"), &json!("web")));
    assert_eq!(owner.patch(&path, json!({"status": "running"})).await.problem(422), "invalid");
    let acme = app.tenant("acme").await;
    assert_eq!(acme.get(&path).await.problem(404), "not_found");
    assert_eq!(acme.post(&format!("{path}/start"), json!({})).await.problem(404), "not_found");
    assert_eq!(acme.post(&format!("{path}/plan"), json!({})).await.problem(404), "not_found");
    assert_eq!(acme.get("/campaigns").await.expect(200), json!([]));
    let theirs = acme.post("/leads", json!({"first_name": "x", "source": "web"})).await.expect(201);
    command(owner, &id, "start").await;
    app.settle().await;
    let theirs = format!("/leads/{}", theirs["id"].as_str().unwrap());
    assert_eq!(acme.get(&theirs).await.expect(200)["campaign_id"], Value::Null);
    let member = app.member("member").await;
    assert_eq!(member.post(&format!("{path}/pause"), json!({})).await.problem(403), "forbidden");
    assert_eq!(owner.get("/campaigns?status=running").await.expect(200)[0]["id"], json!(id));
    assert_eq!(owner.get("/campaigns?status=paused").await.expect(200), json!([]));
    assert_eq!(owner.delete(&path).await.problem(409), "conflict");
}

#[tokio::test]
async fn a_tenants_backlog_does_not_keep_another_ones_call_waiting() {
    let app = TestApp::start().await;
    let (demo, acme) = (&app.owner, app.tenant("acme").await);
    agent(demo).await;
    agent(&acme).await;
    let id = campaign(demo, json!({"name": "Web", "source": "web"})).await;
    for n in 0..60 {
        let phone = format!("+9198765432{n:02}");
        lead_of(demo, json!({"first_name": "L", "source": "web", "phone": phone, "consent": consent()}))
            .await;
        app.simulators().set_script(&phone, vec![Script::NotInterested]).unwrap();
    }
    command(demo, &id, "start").await;
    app.settle().await;
    let theirs = lead_of(&acme, json!({"first_name": "A", "phone": PHONES[1], "consent": consent()})).await;
    let theirs = call(&acme, &theirs).await;
    app.settle().await;
    assert_eq!(status(&acme, &theirs).await.0, "in_progress", "at the instant at which it was asked for");
    assert_eq!(app.simulators().dials().len(), 6, "beside the five lines of the other");
}
