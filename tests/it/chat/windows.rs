//! What may be sent when, and to whom.

use super::{ASHA, asha, conversation, says, secs, sent_to};
use crate::analytics::{counters_are_what_records_say, demo};
use crate::story::lead_of;
use jiff::SignedDuration;
use serde_json::{Value, json};
use simulators::{MessageScript, TemplateCategory, phone_number_id};
use testkit::{Client, TestApp};

async fn send(owner: &Client, body: Value) -> testkit::Answer {
    let id = conversation(owner).await["id"].as_str().unwrap().to_owned();
    owner.post(&format!("/conversations/{id}/messages"), body).await
}

async fn template(app: &TestApp) {
    let body = json!({"category": "utility", "body": "Hello {{1}}, your visit is on {{2}}."});
    app.owner.put("/whatsapp/templates/visit_reminder/en", body).await.expect(200);
    app.simulators()
        .register_template(&phone_number_id("demo"), "visit_reminder", "en", 2, TemplateCategory::Utility)
        .unwrap();
}

/// One of each kind of body that we send.
pub(crate) async fn a_text_and_a_template(app: &TestApp) {
    template(app).await;
    says(app, &asha(), "Hello").await;
    let filled =
        json!({"template": {"name": "visit_reminder", "language": "en", "parameters": ["Asha", "Monday"]}});
    send(&app.owner, filled).await.expect(202);
    assert_eq!(app.advance(secs(20)).await, Vec::<String>::new());
}

#[tokio::test]
async fn outside_the_window_a_template_goes_and_nothing_else() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    template(&app).await;
    says(&app, &asha(), "Hello").await;
    assert_eq!(app.advance(SignedDuration::from_mins(23 * 60 + 54)).await, Vec::<String>::new());
    let inside = send(owner, json!({"text": "A presto"})).await.expect(202);
    assert_eq!(inside["status"], "queued");
    assert_eq!(app.advance(secs(120)).await, Vec::<String>::new());
    assert_eq!(conversation(owner).await["window_open"], false);
    assert_eq!(send(owner, json!({"text": "Too late"})).await.problem(409), "window_closed");
    let filled =
        json!({"template": {"name": "visit_reminder", "language": "en", "parameters": ["Asha", "{{1}}"]}});
    assert_eq!(send(owner, filled.clone()).await.problem(409), "no_consent");
    let lead = conversation(owner).await["contact_id"].as_str().unwrap().to_owned();
    let consent = json!({"consent": {"whatsapp": {"granted": true, "basis": "opt_in"}}});
    owner.patch(&format!("/leads/{lead}"), consent).await.expect(200);
    let queued = send(owner, filled.clone()).await.expect(202);
    assert_eq!(queued["text"], "Hello Asha, your visit is on {{1}}.");
    assert_eq!(app.advance(secs(20)).await, Vec::<String>::new());
    assert_eq!(conversation(owner).await["messages"][0]["status"], "read");
    // As often as the rules permit.
    send(owner, filled.clone()).await.expect(202);
    assert_eq!(app.advance(secs(20)).await, Vec::<String>::new());
    assert_eq!(send(owner, filled).await.problem(409), "contact_pressure");
    let figures = owner.get("/analytics/chat").await.expect(200);
    assert_eq!(figures["window_refusals"], 1);
    for wrong in [
        json!({"template": {"name": "visit_reminder", "language": "en", "parameters": ["Asha"]}}),
        json!({"template": {"name": "nothing", "language": "en"}}),
        json!({"text": "a", "template": {"name": "visit_reminder", "language": "en"}}),
        json!({"text": "  "}),
        json!({}),
    ] {
        assert_eq!(send(owner, wrong).await.problem(422), "invalid");
    }
}

#[tokio::test]
async fn a_word_stops_everything_at_once_and_is_confirmed_once() {
    for (word, language, ours) in [
        ("STOP", "en", "You will get no more"),
        ("बंद करो", "hi", "कोई संदेश नहीं"),
        ("বন্ধ করুন", "bn", "আর কোনো বার্তা"),
        ("Basta!", "it", "Non riceverà più"),
        ("berhenti", "id", "tidak akan menerima"),
    ] {
        let app = TestApp::start().await;
        let owner = &app.owner;
        says(&app, &asha(), word).await;
        let sent = sent_to(&app, ASHA);
        assert_eq!(sent.len(), 1, "{language}: {sent:?}");
        assert!(sent[0].contains(ours), "{language}: {}", sent[0]);
        let lead = owner.all("/leads").await.remove(0);
        for channel in ["voice", "whatsapp", "sms", "email"] {
            assert_eq!(lead["suppression"][channel]["reason"], "opted_out", "{channel}");
        }
        says(&app, &asha(), word).await;
        says(&app, &asha(), "and now?").await;
        assert_eq!(sent_to(&app, ASHA).len(), 1, "{language}: nothing more comes");
        assert_eq!(send(owner, json!({"text": "Please come back"})).await.problem(409), "suppressed");
        says(&app, &asha(), "START").await;
        assert_eq!(sent_to(&app, ASHA).len(), 2, "{language}");
        assert_eq!(owner.all("/leads").await[0]["suppression"], json!({}), "{language}");
        says(&app, &asha(), "Hello again").await;
        assert_eq!(sent_to(&app, ASHA).len(), 3, "{language}");
        let figures = owner.get("/analytics/chat").await.expect(200);
        assert_eq!((&figures["opt_outs"], &figures["opt_ins"]), (&json!(1), &json!(1)));
        counters_are_what_records_say(&app, &demo()).await;
    }
}

#[tokio::test]
async fn a_stop_takes_back_what_waits() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    crate::story::agent(owner).await;
    let lead = crate::story::lead(owner, "+919876543210").await;
    let call = json!({"lead_id": lead, "scheduled_at": "2027-01-12T10:00:00Z"});
    let call = owner.post("/calls", call).await.expect(202)["id"].as_str().unwrap().to_owned();
    says(&app, &asha(), "stop").await;
    let call = owner.get(&format!("/calls/{call}")).await.expect(200);
    assert_eq!((&call["status"], &call["reason"]), (&json!("blocked"), &json!("suppressed")));
}

#[tokio::test]
async fn what_we_begin_needs_consent_and_a_template() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    template(&app).await;
    let lead = lead_of(
        owner,
        json!({"first_name": "Asha", "phone": "+919876543210", "consent": {"whatsapp": {"granted": true}}}),
    )
    .await;
    let begin = |body: Value| {
        let mut whole = json!({"contact_id": lead});
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        async move { owner.post("/conversations", whole).await }
    };
    assert_eq!(begin(json!({"text": "Hello"})).await.problem(409), "window_closed");
    assert_eq!(begin(json!({"channel": "voice", "text": "Hello"})).await.problem(422), "invalid");
    assert_eq!(owner.all("/conversations").await, Vec::<Value>::new(), "a refusal leaves nothing");
    let filled =
        json!({"template": {"name": "visit_reminder", "language": "en", "parameters": ["Asha", "Monday"]}});
    begin(filled).await.expect(202);
    assert_eq!(app.advance(secs(20)).await, Vec::<String>::new());
    assert_eq!(sent_to(&app, ASHA).len(), 1);
    let talk = conversation(owner).await;
    assert_eq!((&talk["status"], &talk["messages"][0]["status"]), (&json!("human"), &json!("read")));
    // Their answer opens the window.
    says(&app, &asha(), "Thanks").await;
    assert_eq!(conversation(owner).await["window_open"], true);
}

#[tokio::test]
async fn marketing_may_be_refused_at_whatsapp_and_questions_are_answered_all_the_same() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    says(&app, &asha(), "Hello").await;
    let said = |value: &str| {
        json!({"messaging_product": "whatsapp", "metadata": {"phone_number_id": phone_number_id("demo")},
            "user_preferences": [{"wa_id": ASHA, "detail": "User requested to stop marketing messages",
                "category": "marketing_messages", "value": value, "timestamp": "1799661700"}]})
    };
    let change =
        |value| app.simulators().whatsapp_change(&phone_number_id("demo"), "user_preferences", said(value));
    change("stop").unwrap();
    assert_eq!(app.advance(secs(5)).await, Vec::<String>::new());
    assert_eq!(owner.all("/leads").await[0]["consent"]["whatsapp"]["granted"], false);
    says(&app, &asha(), "Still there?").await;
    assert_eq!(sent_to(&app, ASHA).len(), 2);
    let body = json!({"category": "marketing", "body": "Half price!"});
    owner.put("/whatsapp/templates/sale/en", body).await.expect(200);
    let sale = json!({"template": {"name": "sale", "language": "en"}});
    assert_eq!(send(owner, sale).await.problem(409), "no_consent", "what advertises is never an answer");
    change("resume").unwrap();
    assert_eq!(app.advance(secs(5)).await, Vec::<String>::new());
    assert_eq!(owner.all("/leads").await[0]["consent"]["whatsapp"]["granted"], true);
}

#[tokio::test]
async fn who_rings_is_answered_in_writing_and_opens_the_window() {
    let app = TestApp::start().await;
    let call = |event: &str| {
        let at = app.now().as_second().to_string();
        let call = json!({"id": "wacid.A", "from": ASHA, "to": "15550001111", "event": event, "timestamp": at,
            "direction": "USER_INITIATED", "session": {"sdp_type": "offer", "sdp": "v=0"}});
        let value = json!({"messaging_product": "whatsapp", "metadata": {"phone_number_id": phone_number_id("demo")},
            "contacts": [{"profile": {"name": "Asha Rao"}, "wa_id": ASHA}], "calls": [call]});
        app.simulators().whatsapp_change(&phone_number_id("demo"), "calls", value).unwrap();
    };
    call("connect");
    call("connect");
    call("terminate");
    assert_eq!(app.advance(secs(10)).await, Vec::<String>::new());
    assert_eq!(app.owner.all("/leads").await[0]["first_name"], "Asha");
    let talk = conversation(&app.owner).await;
    assert_eq!(talk["window_open"], true);
    let said: Vec<&str> =
        talk["messages"].as_array().unwrap().iter().rev().map(|m| m["text"].as_str().unwrap()).collect();
    assert_eq!((said.len(), said[0]), (2, "[call]"), "{said:?}");
    assert_eq!(sent_to(&app, ASHA).len(), 1);
}

#[tokio::test]
async fn an_advertisement_that_was_held_back_is_not_sent_again_for_a_day() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    says(&app, &asha(), "Hello").await;
    let lead = conversation(owner).await["contact_id"].as_str().unwrap().to_owned();
    let consent = json!({"consent": {"whatsapp": {"granted": true, "basis": "opt_in"}}});
    owner.patch(&format!("/leads/{lead}"), consent).await.expect(200);
    owner
        .put("/whatsapp/templates/sale/en", json!({"category": "marketing", "body": "Half price!"}))
        .await
        .expect(200);
    app.simulators()
        .register_template(&phone_number_id("demo"), "sale", "en", 0, TemplateCategory::Marketing)
        .unwrap();
    template(&app).await;
    let sale = json!({"template": {"name": "sale", "language": "en"}});
    app.simulators().set_whatsapp_script(ASHA, vec![MessageScript::Withheld]).unwrap();
    send(owner, sale.clone()).await.expect(202);
    assert_eq!(app.advance(secs(20)).await, Vec::<String>::new());
    let held = conversation(owner).await["messages"][0].clone();
    assert_eq!(
        (&held["status"], &held["reason"]),
        (&json!("failed"), &json!("withheld_by_provider")),
        "{held:#}"
    );
    assert_eq!(send(owner, sale.clone()).await.problem(409), "withheld_by_provider");
    // What is no advertisement goes.
    let reminder =
        json!({"template": {"name": "visit_reminder", "language": "en", "parameters": ["Asha", "Monday"]}});
    send(owner, reminder).await.expect(202);
    assert_eq!(app.advance(SignedDuration::from_hours(24)).await, Vec::<String>::new());
    send(owner, sale).await.expect(202);
    assert_eq!(app.advance(secs(20)).await, Vec::<String>::new());
    assert_eq!(conversation(owner).await["messages"][0]["status"], "read");
}
