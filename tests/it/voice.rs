//! Voice events: genuine or not, once or twice, early or late; agents at the provider; what is sent there.

use crate::story::{actions, agent, call, consent, lead, minutes, status};
use bytes::Bytes;
use elevenlabs::signature;
use http::Method;
use jiff::SignedDuration;
use provider::Secret;
use serde_json::{Value, json};
use simulators::{Lie, Script, Webhook};
use std::sync::{Arc, Mutex};
use testkit::{Client, TestApp};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

const WEBHOOK: &str = "/webhooks/elevenlabs/acme";
const SECRET: &str = "wsec_acme";

pub(crate) fn event(user_id: &str, conversation: &str) -> Vec<u8> {
    json!({"type": "post_call_transcription", "event_timestamp": 1_800_000_000, "data": {
        "agent_id": "agent_x", "conversation_id": conversation, "status": "done", "user_id": user_id,
        "transcript": [
            {"role": "agent", "message": "Hello", "time_in_call_secs": 0, "tool_calls": null},
            {"role": "user", "message": "I am interested, tell me more", "time_in_call_secs": 3, "tool_calls": []}],
        "metadata": {"start_time_unix_secs": 1_800_000_000, "call_duration_secs": 12, "cost": 40},
        "analysis": null
    }})
    .to_string()
    .into_bytes()
}

pub(crate) async fn deliver(app: &TestApp, body: &[u8], header: Option<&str>) -> u16 {
    let headers: Vec<_> = header.into_iter().map(|value| ("ElevenLabs-Signature", value)).collect();
    app.client(None).send(Method::POST, WEBHOOK, &headers, Some(body.to_vec())).await.status.as_u16()
}

pub(crate) fn signed(app: &TestApp, body: &[u8], age: SignedDuration) -> String {
    signature::sign(&Secret::new(SECRET), body, app.now() - age)
}

/// Delivers an event to `acme` as its provider does, and has it taken.
pub(crate) async fn deliver_signed(app: &TestApp, event: &Value) {
    let body = event.to_string().into_bytes();
    let header = signed(app, &body, SignedDuration::ZERO);
    assert_eq!(deliver(app, &body, Some(&header)).await, 200, "{event}");
}

/// An ElevenLabs of a tenant's own that answers nothing yet.
pub(crate) async fn provider(owner: &Client) -> MockServer {
    let server = MockServer::start().await;
    let settings =
        json!({"api_key": "k", "base_url": server.uri(), "phone_number_id": "p", "webhook_secret": SECRET});
    owner.put("/admin/integrations/elevenlabs", settings).await.expect(200);
    server
}

#[tokio::test]
async fn a_recording_can_be_heard() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let phone = "+919876543210";
    let lead = lead(owner, phone).await;
    app.simulators().set_script(phone, vec![Script::Busy, Script::NotInterested]).unwrap();
    let id = call(owner, &lead).await;
    let path = format!("/calls/{id}/audio");
    assert_eq!(owner.get(&path).await.problem(404), "not_found", "nobody was called yet");
    assert!(app.advance(minutes(30)).await.is_empty());
    assert_eq!(status(owner, &id).await.0, "completed");
    let viewer = app.member("viewer").await;
    for heard in [path.clone(), format!("{path}?attempt=2")] {
        let answer = viewer.get(&heard).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.headers["content-type"]),
            (200, &"audio/mpeg".parse().unwrap())
        );
        assert_eq!(answer.headers["content-length"], "15846", "as the provider has it");
        assert_eq!(answer.headers["cache-control"], "private, no-store");
    }
    for (missing, word) in [("?attempt=1", "nothing was said"), ("?attempt=3", "attempt")] {
        let answer = owner.get(&format!("{path}{missing}")).await;
        assert_eq!(answer.problem(404), "not_found", "{missing}");
        assert!(answer.body["detail"].as_str().unwrap().contains(word), "{}", answer.body);
    }
    assert_eq!(owner.get(&format!("{path}?attempt=first")).await.problem(422), "invalid");
    let acme = app.tenant("acme").await;
    assert_eq!(acme.get(&path).await.problem(404), "not_found");

    // Larger than an answer may be: it is put where it can be had. Then a provider that fails.
    let large = MockServer::start().await;
    let settings = json!({"api_key": "k", "base_url": large.uri(), "phone_number_id": "p"});
    owner.put("/admin/integrations/elevenlabs", settings).await.expect(200);
    let recording = ResponseTemplate::new(200).set_body_bytes(vec![0xff; 4_500_001]);
    Mock::given(method("GET")).respond_with(recording).up_to_n_times(1).mount(&large).await;
    let answer = owner.get(&path).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let link = answer.headers["location"].to_str().unwrap().strip_prefix(&app.url).unwrap().to_owned();
    let had = app.client(None).get(&link).await;
    let heard = had.body.as_str().unwrap().chars().count();
    assert_eq!((had.status.as_u16(), heard), (200, 4_500_001), "every byte is there, and none is text");
    app.advance(minutes(16)).await;
    assert_ne!(app.client(None).get(&link).await.status, 200, "a link ends");
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(401)).mount(&large).await;
    assert_eq!(owner.get(&path).await.problem(502), "provider_rejected");
}

#[tokio::test]
async fn only_genuine_events_are_taken() {
    let app = TestApp::start().await;
    app.tenant("acme").await;
    let body = event("att_unknown", "conv_1");
    let good = signed(&app, &body, SignedDuration::ZERO);
    let tampered = [body.as_slice(), b" "].concat();
    assert_eq!(deliver(&app, &tampered, Some(&good)).await, 401);
    assert_eq!(deliver(&app, &body, None).await, 401);
    assert_eq!(deliver(&app, &body, Some("t=1,v0=00")).await, 401);
    assert_eq!(deliver(&app, &body, Some(&signed(&app, &body, minutes(36)))).await, 401);
    assert_eq!(deliver(&app, &body, Some(&signed(&app, &body, minutes(-6)))).await, 401);
    let wrong = signature::sign(&Secret::new("other"), &body, app.now());
    assert_eq!(deliver(&app, &body, Some(&wrong)).await, 401);
    let stored = |app: &TestApp| {
        let items = app.database.engine.dump().unwrap();
        items.iter().filter(|item| item["pk"]["S"].as_str().unwrap().contains("#EVT#")).count()
    };
    assert_eq!(stored(&app), 0, "what is not genuine leaves nothing");

    assert_eq!(deliver(&app, &body, Some(&signed(&app, &body, minutes(34)))).await, 200);
    assert_eq!(deliver(&app, &body, Some(&good)).await, 200);
    assert_eq!(stored(&app), 1, "a repetition is the same event");
    let strange = b"{\"type\": \"something_new\", \"data\": 5}";
    assert_eq!(deliver(&app, strange, Some(&signed(&app, strange, SignedDuration::ZERO))).await, 200);
    let not_json = "caf\u{e9}".as_bytes();
    assert_eq!(deliver(&app, not_json, Some(&signed(&app, not_json, SignedDuration::ZERO))).await, 200);
    assert!(app.settle().await.is_empty(), "what is about nothing of ours is settled");
    // A tenant that does not exist, or cannot, has no genuine events.
    let nobody = app.client(None);
    for path in ["/webhooks/elevenlabs/nobody", "/webhooks/elevenlabs/NO!"] {
        let signature = [("ElevenLabs-Signature", good.as_str())];
        let answer = nobody.send(Method::POST, path, &signature, Some(body.clone())).await;
        assert_eq!(answer.problem(401), "unauthenticated", "{path}");
    }
    let verified = signature::verify(&Secret::new(SECRET), Some(&good), Bytes::from(body), app.now());
    assert!(verified.is_ok());
}

#[tokio::test]
async fn an_event_may_come_twice_late_or_before_its_call_is_known() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    for (n, lie) in [Lie::Duplicate, Lie::Late, Lie::Reorder, Lie::Slow].into_iter().enumerate() {
        let phone = format!("+91987654360{n}");
        let lead = lead(owner, &phone).await;
        app.simulators().set_script(&phone, vec![Script::NotInterested]).unwrap();
        app.simulators().force_next(lie);
        let id = call(owner, &lead).await;
        assert!(app.advance(minutes(40)).await.is_empty(), "{lie:?}");
        assert_eq!(status(owner, &id).await.0, "completed", "{lie:?}");
        let done = actions(owner, &lead).await;
        assert_eq!(done.iter().filter(|kind| *kind == "status_change").count(), 1, "{lie:?}: {done:?}");
    }
    assert_eq!(app.simulators().dials().len(), 4);
}

#[tokio::test]
async fn a_lost_event_is_asked_for() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let lead = lead(owner, "+919876543210").await;
    app.simulators().set_script("+919876543210", vec![Script::NotInterested]).unwrap();
    app.simulators().force_next(Lie::Lose);
    let id = call(owner, &lead).await;
    assert!(app.advance(minutes(30)).await.is_empty());
    assert_eq!(status(owner, &id).await.0, "completed");
    assert_eq!(owner.get(&format!("/leads/{lead}")).await.expect(200)["status"], "lost");
}

#[tokio::test]
async fn an_unanswered_dial_is_found_and_never_repeated() {
    for lie in [Lie::SuccessThenClose, Lie::SuccessThen5xx] {
        let app = TestApp::start().await;
        let owner = &app.owner;
        agent(owner).await;
        let lead = lead(owner, "+919876543210").await;
        app.simulators().set_script("+919876543210", vec![Script::NotInterested]).unwrap();
        app.simulators().force_next(lie);
        let id = call(owner, &lead).await;
        app.settle().await;
        assert_eq!(status(owner, &id).await.0, "dialing", "{lie:?}");
        assert!(app.advance(minutes(40)).await.is_empty());
        assert_eq!(status(owner, &id).await.0, "completed", "{lie:?}");
        assert_eq!(app.simulators().dials().len(), 1, "{lie:?}");
    }
}

#[tokio::test]
async fn a_dial_that_never_arrived_is_closed_and_tried_again() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let lead = lead(owner, "+919876543210").await;
    app.simulators().set_script("+919876543210", vec![Script::NotInterested]).unwrap();
    app.simulators().force_next(Lie::ServerError5xx);
    let id = call(owner, &lead).await;
    assert!(app.advance(minutes(40)).await.is_empty());
    let call = owner.get(&format!("/calls/{id}")).await.expect(200);
    assert_eq!(call["attempts"][0]["reason"], "never_placed");
    assert_eq!(call["attempts"][1]["status"], "completed");
    assert_eq!(app.simulators().dials().len(), 1);
}

#[tokio::test]
async fn an_agent_lives_here_and_there_or_nowhere() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let made = agent(owner).await;
    let id = made["id"].as_str().unwrap();
    let sent = app
        .simulators()
        .requests()
        .into_iter()
        .find(|r| r.path_template == "/v1/convai/agents/create")
        .unwrap();
    let overrides = &sent.body["platform_settings"]["overrides"]["conversation_config_override"]["agent"];
    assert_eq!(overrides["prompt"]["prompt"], true);
    assert_eq!(
        sent.body["platform_settings"]["workspace_overrides"]["webhooks"]["post_call_webhook_id"],
        "wh_simulated_demo"
    );

    let changed = owner
        .patch(&format!("/agents/{id}"), json!({"first_message": "Namaste {{first_name}}", "language": "hi"}))
        .await;
    let changed = changed.expect(200);
    assert_eq!((&changed["version"], &changed["sync"]), (&json!(2), &json!("in_sync")));
    let second = owner
        .post("/agents", json!({"name": "B", "system_prompt": "x", "is_default": true}))
        .await
        .expect(201);
    assert_eq!(owner.get(&format!("/agents/{id}")).await.expect(200)["is_default"], false);
    let defaults = owner.get("/agents").await.expect(200);
    assert_eq!(defaults.as_array().unwrap().iter().filter(|agent| agent["is_default"] == true).count(), 1);

    owner.delete(&format!("/agents/{id}")).await.expect(204);
    owner.delete(&format!("/agents/{}", second["id"].as_str().unwrap())).await.expect(204);
    assert_eq!(owner.get(&format!("/agents/{id}")).await.problem(404), "not_found");
    assert_eq!(
        owner.post("/agents", json!({"name": "", "system_prompt": "x"})).await.problem(422),
        "invalid"
    );
    let bad = owner
        .post(
            "/agents",
            json!({"name": "x", "system_prompt": "x", "data_collection": {"a": {"type": "money"}}}),
        )
        .await;
    assert_eq!(bad.problem(422), "invalid");
    assert_eq!(bad.body["errors"][0]["pointer"], "/data_collection/a/type");
}

/// An ElevenLabs that answers creations with `status`, and lists what it was asked to create if it `keeps` it.
async fn faulty_provider(app: &TestApp, owner: &Client, status: u16, keeps: bool) -> MockServer {
    let server = MockServer::start().await;
    let kept = Arc::new(Mutex::new(Vec::<Value>::new()));
    let made = Arc::clone(&kept);
    Mock::given(method("POST"))
        .respond_with(move |request: &wiremock::Request| {
            let body: Value = request.body_json().unwrap();
            let agent = json!({"agent_id": "agent_found", "name": body["name"], "tags": body["tags"]});
            made.lock().unwrap().extend(keeps.then_some(agent));
            ResponseTemplate::new(status)
        })
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .respond_with(move |_: &wiremock::Request| {
            let agents = kept.lock().unwrap().clone();
            ResponseTemplate::new(200)
                .set_body_json(json!({"agents": agents, "next_cursor": null, "has_more": false}))
        })
        .mount(&server)
        .await;
    Mock::given(method("DELETE")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let settings = json!({"api_key": "k", "base_url": server.uri(), "phone_number_id": "p"});
    owner.put("/admin/integrations/elevenlabs", settings).await.expect(200);
    assert!(app.settle().await.is_empty());
    server
}

#[tokio::test]
async fn a_creation_that_fails_half_way_leaves_no_orphan_and_no_lie() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    let new = json!({"name": "D", "system_prompt": "x"});
    let stored = || {
        let items = app.database.engine.dump().unwrap();
        items.iter().filter(|item| item["pk"]["S"].as_str().unwrap().starts_with("t#acme#AGT#")).count()
    };
    // Refused there: nothing here.
    let _busy = faulty_provider(&app, &acme, 429, false).await;
    assert_eq!(acme.post("/agents", new.clone()).await.problem(503), "provider_busy");
    assert_eq!(stored(), 0);
    // It failed there without a trace: nothing here, and looked for later in case it comes into being.
    let lost = faulty_provider(&app, &acme, 500, false).await;
    assert_eq!(acme.post("/agents", new.clone()).await.problem(502), "provider_failed");
    assert_eq!(acme.get("/agents").await.expect(200), json!([]));
    let asked = async || lost.received_requests().await.unwrap().len();
    let before = asked().await;
    app.advance(minutes(5)).await;
    assert!(asked().await > before);
    assert_eq!(stored(), 0);
    // Made there, and the answer lost: found by its tag, made once.
    let found = faulty_provider(&app, &acme, 500, true).await;
    let made = acme.post("/agents", new).await.expect(201);
    assert_eq!((&made["elevenlabs_agent_id"], &made["sync"]), (&json!("agent_found"), &json!("in_sync")));
    let posts = found.received_requests().await.unwrap().into_iter().filter(|r| r.method == "POST").count();
    assert_eq!(posts, 1);
}

#[tokio::test]
async fn a_tenant_without_credentials_is_told_so() {
    let app = TestApp::start().await;
    let made = app.owner.post("/admin/tenants", json!({"id": "bare", "name": "Bare"})).await.expect(201);
    let bare = app.client(made["api_key"].as_str());
    assert_eq!(
        bare.post("/agents", json!({"name": "x", "system_prompt": "y"})).await.problem(409),
        "not_configured"
    );
    let lead = bare.post("/leads", json!({"phone": "+919876543210", "consent": consent()})).await.expect(201);
    let id = call(&bare, lead["id"].as_str().unwrap()).await;
    app.settle().await;
    assert_eq!(status(&bare, &id).await, ("blocked".to_owned(), json!("no_agent")));
}

/// Writes every body that went to a provider to a folder, where one is named, for a check against the
/// providers' own documents.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a switch of this test")]
async fn what_is_sent_to_providers_can_be_checked() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let full = json!({"name": "Maya", "system_prompt": "You qualify leads.", "first_message": "Hi {{first_name}}",
        "language": "hi", "voice_id": "voice_1", "llm": "gemini-2.5-flash",
        "data_collection": {"budget": {"type": "string", "description": "Budget", "enum": ["low", "high"]}},
        "evaluation": [{"id": "qualified", "prompt": "The lead gave a budget."}]});
    let made = owner.post("/agents", full).await.expect(201);
    owner
        .patch(&format!("/agents/{}", made["id"].as_str().unwrap()), json!({"name": "Maya 2"}))
        .await
        .expect(200);
    let lead = lead(owner, "+919876543210").await;
    call(owner, &lead).await;
    app.advance(minutes(5)).await;
    crate::chat::windows::a_text_and_a_template(&app).await;
    let sent = app.simulators().requests();
    let sent: Vec<_> = sent.into_iter().filter(|request| request.body.is_object()).collect();
    for path in [
        "/v1/convai/agents/create",
        "/v1/convai/agents/{agent_id}",
        "/v1/convai/twilio/outbound-call",
        "/chat/completions",
        "/{Version}/{Phone-Number-ID}/messages",
    ] {
        assert!(sent.iter().any(|request| request.path_template == path), "{path}");
    }
    // What the simulator signs, as somebody else receives it.
    let receiver = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&receiver).await;
    let webhook = Webhook {
        url: receiver.uri(),
        secret: SECRET.to_owned(),
        webhook_id: "wh_simulated_demo".to_owned(),
    };
    app.simulators().register_account("simulated", webhook).unwrap();
    let lead = crate::story::lead(owner, "+919876543211").await;
    call(owner, &lead).await;
    app.advance(minutes(2)).await;
    let received = receiver.received_requests().await.unwrap().remove(0);
    let header = received.headers["elevenlabs-signature"].to_str().unwrap().to_owned();
    let body = Bytes::from(received.body);
    signature::verify(&Secret::new(SECRET), Some(&header), body.clone(), app.now()).unwrap();

    let Ok(folder) = std::env::var("FRONTDESK_SENT_BODIES") else { return };
    for (n, request) in sent.iter().enumerate() {
        let line = json!({"provider": request.provider, "method": request.method.to_lowercase(),
            "path": request.path_template, "body": request.body});
        std::fs::write(format!("{folder}/{n}.json"), line.to_string()).unwrap();
    }
    let sample =
        json!({"secret": SECRET, "header": header, "body": String::from_utf8(body.to_vec()).unwrap()});
    std::fs::write(format!("{folder}/signature.sample"), sample.to_string()).unwrap();
}
