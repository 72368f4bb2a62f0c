//! How attempts end, in whatever order that is told, and those that nobody tells the end of.

use crate::story::{actions, agent, call, lead, minutes, status};
use crate::voice::{deliver_signed, provider};
use domain::call::{Call, CallStatus, Ending, Slot};
use domain::calling::{CallingRules, Reason};
use domain::{AgentId, AttemptId, CallId, Ids, TenantId};
use jiff::SignedDuration;
use operations::{Context, reconciling};
use serde_json::{Value, json};
use simulators::Script;
use std::collections::BTreeSet;
use store::Transaction;
use testkit::TestApp;
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, ResponseTemplate};

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

/// A finished talk that nobody follows up.
fn conversation(id: &str, user_id: &str) -> Value {
    json!({"agent_id": "agent_x", "conversation_id": id, "status": "done", "user_id": user_id,
        "transcript": [
            {"role": "agent", "message": "Hello, may I tell you about it?", "time_in_call_secs": 0, "tool_calls": null},
            {"role": "user", "message": "No, thank you. I am not interested.", "time_in_call_secs": 3, "tool_calls": []}],
        "metadata": {"start_time_unix_secs": 1_800_000_000, "call_duration_secs": 12, "cost": 40},
        "analysis": null})
}

/// One of the things that may be told of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum News {
    /// `post_call_transcription` of the present attempt.
    Transcription,
    /// The same again.
    Duplicate,
    /// `call_initiation_failure` of the attempt before.
    EarlierFailure,
    /// What the provider answers the reconciler.
    Reconciled,
}

/// All orders of these, each once.
fn orders(news: &[News]) -> Vec<Vec<News>> {
    if news.len() < 2 {
        return vec![news.to_vec()];
    }
    let mut all = Vec::new();
    for (index, first) in news.iter().enumerate() {
        let rest: Vec<News> =
            news.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, one)| *one).collect();
        all.extend(orders(&rest).into_iter().map(|order| [vec![*first], order].concat()));
    }
    all
}

/// A call whose first attempt failed and whose second one is under way, as the dialer leaves it.
fn under_way(ids: &Ids, app: &TestApp, lead: &str, agent: AgentId, line: u32) -> Call {
    let (now, rules) = (app.now(), CallingRules::default());
    // A little ahead: the timer is not due yet, and a reconciler whose clock runs ahead may come already.
    let check_at = now + SignedDuration::from_secs(3);
    let slot = Slot { number: line, lease_until: now + SignedDuration::from_hours(1) };
    let mut call = Call::queued(ids.next(now), lead.parse().unwrap(), now, now);
    for number in [1, 2] {
        call.claim(agent, slot, check_at, now);
        call.begin_dialing(number, check_at, now).unwrap();
        call.accepted(number, Some(format!("conv_{line}_{number}")), check_at, now).unwrap();
        if number == 1 {
            let ending = Ending::without_talk(CallStatus::Failed, Reason::ProviderFailed, true);
            call.end(1, ending, &rules.retry(), now).unwrap();
        }
    }
    call
}

/// Leaves of a call what does not differ between two of the same course.
fn without_names_and_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let differs =
                |name: &str| ["id", "_at", "tokens"].iter().any(|end| name.ends_with(end)) || name == "at";
            fields.retain(|name, _| !differs(name));
            fields.values_mut().for_each(without_names_and_times);
        }
        Value::Array(items) => items.iter_mut().for_each(without_names_and_times),
        _ => {}
    }
}

#[tokio::test]
async fn whatever_the_order_of_the_news_the_end_is_the_same() {
    let app = TestApp::start().await;
    let owner = app.tenant("acme").await;
    owner.put("/business-config", json!({"calling": {"max_concurrent": 30}})).await.expect(200);
    let agent_id: AgentId = agent(&owner).await["id"].as_str().unwrap().parse().unwrap();
    let server = provider(&owner).await;
    let ids = Ids::default();
    let ctx = Context::of_system(app.runner.platform.clone(), acme(), "test");
    let orders = orders(&[News::Transcription, News::Duplicate, News::EarlierFailure, News::Reconciled]);
    assert_eq!(orders.iter().collect::<BTreeSet<_>>().len(), 24);
    let mut cases = Vec::new();
    for (line, order) in (0..).zip(&orders) {
        let lead_id = lead(&owner, &format!("+9198765437{line:02}")).await;
        let call = under_way(&ids, &app, &lead_id, agent_id, line);
        let attempt = AttemptId { call: call.id, number: 2 };
        let mut step = Transaction::new(acme(), "test", &ids, app.now());
        step.create(&call).unwrap();
        app.store().commit(step).await.unwrap();
        let talk = conversation(&format!("conv_{line}_2"), &attempt.to_string());
        Mock::given(method("GET"))
            .and(path_regex(format!("/v1/convai/conversations/conv_{line}_2$")))
            .respond_with(ResponseTemplate::new(200).set_body_json(&talk))
            .mount(&server)
            .await;
        let told = json!({"type": "post_call_transcription", "event_timestamp": 1_800_000_000, "data": talk});
        let failed = json!({"type": "call_initiation_failure", "event_timestamp": 1_799_999_000, "data": {
            "agent_id": "agent_x", "conversation_id": format!("conv_{line}_1"), "failure_reason": "busy",
            "metadata": {"type": "twilio", "body": {"CallStatus": "busy"}}}});
        cases.push((order, lead_id, attempt, told, failed));
    }
    // Every call hears its next piece of news, and then all of it is taken in.
    let mut over = BTreeSet::new();
    for turn in 0..4 {
        for (order, _, attempt, told, failed) in &cases {
            match order[turn] {
                News::Transcription | News::Duplicate => deliver_signed(&app, told).await,
                News::EarlierFailure => deliver_signed(&app, failed).await,
                News::Reconciled => reconciling::reconcile(&ctx, *attempt).await.unwrap(),
            }
        }
        assert!(app.settle().await.is_empty());
        for (order, _, attempt, ..) in &cases {
            let (status, _) = status(&owner, &attempt.call.to_string()).await;
            if status == "completed" {
                over.insert(attempt.call);
            }
            assert!(status == "completed" || !over.contains(&attempt.call), "{order:?}: {status}");
        }
    }
    let mut ends: Vec<(Value, Vec<String>, Value)> = Vec::new();
    for (_, lead_id, attempt, ..) in &cases {
        let mut end = owner.get(&format!("/calls/{}", attempt.call)).await.expect(200);
        without_names_and_times(&mut end);
        let person = owner.get(&format!("/leads/{lead_id}")).await.expect(200);
        ends.push((end, actions(&owner, lead_id).await, person["status"].clone()));
    }
    let (end, done, person) = &ends[0];
    assert_eq!((&end["status"], &end["attempts"][0]["status"]), (&json!("completed"), &json!("failed")));
    assert_eq!((&end["attempts"][1]["status"], person), (&json!("completed"), &json!("lost")));
    assert!(!done.is_empty() && end["analysis"].is_object());
    for (order, other) in orders.iter().zip(&ends) {
        assert_eq!(other, &ends[0], "{order:?}");
    }
    assert!(app.store().slots(&acme(), store::VOICE_ACCOUNT).await.unwrap().is_empty());
    let counts = app.store().counts(&acme(), "call").await.unwrap();
    assert_eq!((counts["all"], counts["status#completed"]), (24, 24));
}

#[tokio::test]
async fn a_call_that_never_gets_beyond_initiated_is_closed() {
    let app = TestApp::start().await;
    let owner = app.tenant("acme").await;
    agent(&owner).await;
    let server = provider(&owner).await;
    let placed =
        json!({"success": true, "message": "Success", "conversation_id": "conv_stuck", "callSid": "CA1"});
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_json(placed))
        .expect(1)
        .mount(&server)
        .await;
    let initiated =
        json!({"conversation_id": "conv_stuck", "status": "initiated", "transcript": [], "metadata": {}});
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(initiated))
        .mount(&server)
        .await;
    let lead = lead(&owner, "+919876543210").await;
    let id = call(&owner, &lead).await;
    assert!(app.advance(minutes(5)).await.is_empty());
    assert_eq!(status(&owner, &id).await.0, "in_progress");
    // The longest call takes 10 minutes, 40 seconds of ringing and a margin; then it is asked once more.
    assert!(app.advance(minutes(15)).await.is_empty());
    let closed = owner.get(&format!("/calls/{id}")).await.expect(200);
    assert_eq!((&closed["status"], &closed["reason"]), (&json!("failed"), &json!("provider_failed")));
    let slots = app.store().slots(&acme(), store::VOICE_ACCOUNT).await.unwrap();
    assert!(slots.is_empty(), "the line is given back: {slots:?}");
    // It may still ring, so it is not tried again; and the news of its end, when it comes, is taken.
    assert!(app.advance(minutes(600)).await.is_empty());
    assert_eq!(status(&owner, &id).await.0, "failed");
    let attempt = AttemptId { call: id.parse::<CallId>().unwrap(), number: 1 };
    let talk = conversation("conv_stuck", &attempt.to_string());
    deliver_signed(&app, &json!({"type": "post_call_transcription", "data": talk})).await;
    assert!(app.settle().await.is_empty());
    assert_eq!(status(&owner, &id).await.0, "completed");
}

#[tokio::test]
async fn late_news_of_a_closed_call_does_not_open_it_again() {
    let app = TestApp::start().await;
    let owner = app.tenant("acme").await;
    let agent_id: AgentId = agent(&owner).await["id"].as_str().unwrap().parse().unwrap();
    let lead_id = lead(&owner, "+919876543210").await;
    let mut call = under_way(&Ids::default(), &app, &lead_id, agent_id, 0);
    let closed = Ending::without_talk(CallStatus::Failed, Reason::ProviderFailed, false);
    let closed = Ending { is_over: false, ..closed };
    call.end(2, closed, &CallingRules::default().retry(), app.now()).unwrap();
    let mut step = Transaction::new(acme(), "test", &Ids::default(), app.now());
    step.create(&call).unwrap();
    app.store().commit(step).await.unwrap();
    let data = json!({"agent_id": "agent_x", "conversation_id": "conv_0_2", "failure_reason": "no-answer",
        "metadata": {"type": "twilio", "body": {}}});
    deliver_signed(&app, &json!({"type": "call_initiation_failure", "data": data})).await;
    assert!(app.settle().await.is_empty());
    let now = owner.get(&format!("/calls/{}", call.id)).await.expect(200);
    assert_eq!((&now["status"], &now["attempts"][1]["status"]), (&json!("no_answer"), &json!("no_answer")));
    assert!(app.advance(minutes(300)).await.is_empty());
    assert!(app.simulators().dials().is_empty(), "a call that was over is not made again");
}

#[tokio::test]
async fn a_machine_that_the_carrier_heard_is_a_voicemail() {
    // Whether the carrier speaks of the attempt or of the conversation, and what it says.
    let cases = [
        (json!({"answered_by": "machine_end_beep"}), true, Script::Silent, "voicemail"),
        (json!({"metadata": {"body": {"AnsweredBy": "machine_start"}}}), false, Script::Silent, "voicemail"),
        (json!({"answered_by": "human"}), true, Script::Silent, "completed"),
        (json!({"result": "?"}), true, Script::Silent, "completed"),
        // Somebody who talks at length was no machine.
        (json!({"answered_by": "machine_start"}), true, Script::Interested, "completed"),
    ];
    let app = TestApp::start_at("2027-01-11T04:30:00Z").await;
    let owner = app.tenant("acme").await;
    agent(&owner).await;
    let mut calls = Vec::new();
    for (n, (_, _, script, _)) in cases.iter().enumerate() {
        let phone = format!("+91987654321{n}");
        let lead = lead(&owner, &phone).await;
        app.simulators().set_script(&phone, vec![*script, Script::NotInterested]).unwrap();
        calls.push(call(&owner, &lead).await);
    }
    app.settle().await;
    let attempt =
        async |id: &str| owner.get(&format!("/calls/{id}")).await.expect(200)["attempts"][0].clone();
    let dials = app.simulators().dials();
    for ((data, by_user, ..), id) in cases.iter().zip(&calls) {
        let conversation = attempt(id).await["conversation_id"].clone();
        let dial = dials.iter().find(|dial| conversation == dial.conversation_id.as_str()).unwrap();
        let mut data = data.clone();
        if *by_user {
            data["user_id"] = json!(dial.user_id);
        }
        data["conversation_id"] = conversation.clone();
        let event = json!({"type": "answering_machine_detection", "event_timestamp": 1, "data": data});
        deliver_signed(&app, &event).await;
        deliver_signed(&app, &event).await;
        let raw = app.database.engine.dump().unwrap();
        let key = format!("#EVT#elevenlabs#answering_machine_detection:{}", conversation.as_str().unwrap());
        assert!(raw.iter().any(|item| item["pk"]["S"].as_str().unwrap().ends_with(&key)), "it is kept");
    }
    assert!(app.settle().await.is_empty());
    for id in &calls {
        assert_eq!(attempt(id).await["status"], "in_progress", "it goes on: a message may be left");
    }
    assert!(app.advance(minutes(5)).await.is_empty());
    for ((data, _, _, expected), id) in cases.iter().zip(&calls) {
        assert_eq!(attempt(id).await["status"], *expected, "{data}");
    }
}

#[tokio::test]
async fn a_machine_that_is_told_of_after_the_end_changes_nothing() {
    let app = TestApp::start().await;
    let owner = app.tenant("acme").await;
    agent(&owner).await;
    let lead = lead(&owner, "+919876543210").await;
    app.simulators().set_script("+919876543210", vec![Script::Silent]).unwrap();
    let id = call(&owner, &lead).await;
    assert!(app.advance(minutes(10)).await.is_empty());
    let before = owner.get(&format!("/calls/{id}")).await.expect(200);
    assert_eq!(before["status"], "completed");
    for conversation in [app.simulators().dials()[0].conversation_id.as_str(), "conv_of_nobody"] {
        let data = json!({"conversation_id": conversation, "answered_by": "machine_start"});
        deliver_signed(&app, &json!({"type": "answering_machine_detection", "data": data})).await;
    }
    assert!(app.advance(minutes(30)).await.is_empty());
    assert_eq!(owner.get(&format!("/calls/{id}")).await.expect(200), before);
}
