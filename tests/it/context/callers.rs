//! Leads who call: what the agent is told while the telephone rings, and what is kept of the talk.

use super::{configure, preview, template};
use crate::story::{agent, lead};
use elevenlabs::signature;
use http::Method;
use provider::Secret;
use serde_json::{Value, json};
use testkit::TestApp;

const SECRET_HEADER: &str = "x-frontdesk-initiation-secret";

async fn ring(app: &TestApp, tenant: &str, secret: Option<&str>, body: &Value) -> testkit::Answer {
    let headers: Vec<_> = secret.into_iter().map(|secret| (SECRET_HEADER, secret)).collect();
    let path = format!("/webhooks/elevenlabs/{tenant}/initiation");
    app.client(None).send(Method::POST, &path, &headers, Some(body.to_string().into_bytes())).await
}

fn from(number: &str, agent: &Value) -> Value {
    json!({"caller_id": number, "agent_id": agent["elevenlabs_agent_id"], "called_number": "+15550100",
        "call_sid": "CA1", "conversation_id": "conv_in"})
}

#[tokio::test]
async fn a_caller_is_known_by_their_number_or_met_neutrally() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    configure(&acme, json!({"persona": "You are calm."})).await;
    let made = agent(&acme).await;
    template(&acme, json!({"name": "a", "sections": [{"title": "Direction", "body": "{{ direction }}"}]}))
        .await;
    let id = lead(&acme, "+919876543210").await;
    let secret = Some("initiation_wsec_acme");

    app.database.faults.take_requests();
    let known = ring(&app, "acme", secret, &from("+919876543210", &made)).await.expect(200);
    let requests = app.database.faults.take_requests();
    assert!(
        requests.iter().all(|kind| ["GetItem", "Query", "BatchGetItem"].contains(&kind.as_str())),
        "{requests:?}"
    );
    assert_eq!(known["type"], "conversation_initiation_client_data");
    assert_eq!(known["user_id"], json!(id));
    assert_eq!(known["dynamic_variables"]["first_name"], "Asha");
    let told = &known["conversation_config_override"]["agent"];
    assert_eq!((&told["first_message"], &told["language"]), (&json!("Hello Asha!"), &json!("en")));
    let prompt = told["prompt"]["prompt"].as_str().unwrap();
    assert!(
        prompt.starts_with("You qualify leads.\n\nYou are calm.") && prompt.contains("- Name: Asha Rao"),
        "{prompt}"
    );
    assert!(prompt.contains("Direction: inbound") && prompt.contains("Direction:\ninbound"), "{prompt}");
    for form in ["919876543210", "9876543210", "098765 43210"] {
        let answer = ring(&app, "acme", secret, &from(form, &made)).await.expect(200);
        assert_eq!(answer["user_id"], json!(id), "{form}");
    }

    for number in ["+919876543299", "anonymous", "", "+266696687", "Restricted", "sip:x@y"] {
        let unknown = ring(&app, "acme", secret, &from(number, &made)).await.expect(200);
        assert_eq!(unknown["user_id"], Value::Null, "{number}");
        assert_eq!(unknown["dynamic_variables"]["first_name"], "", "{number}");
        let names = |answer: &Value| {
            answer["dynamic_variables"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(names(&unknown), names(&known), "every variable is there");
        let told = &unknown["conversation_config_override"]["agent"];
        assert_eq!(told["first_message"], "Hello!", "{number}");
        assert!(told["prompt"]["prompt"].as_str().unwrap().contains("Nobody whom we know"), "{number}");
    }
    // An agent that was not made here keeps its own words.
    let foreign =
        ring(&app, "acme", secret, &json!({"caller_id": "+919876543210", "agent_id": "agent_other"})).await;
    let foreign = foreign.expect(200);
    assert_eq!((&foreign["user_id"], &foreign["conversation_config_override"]), (&json!(id), &Value::Null));
    ring(&app, "acme", secret, &json!({"caller_id": null, "extra": [1]})).await.expect(200);
    assert_eq!(ring(&app, "acme", secret, &json!([1])).await.problem(422), "invalid");
    assert_eq!(acme.get("/leads").await.expect(200).as_array().unwrap().len(), 1, "a ring makes nobody");
}

#[tokio::test]
async fn only_a_secret_of_the_tenants_own_opens_what_is_known() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    app.tenant("other").await;
    let made = agent(&acme).await;
    let id = lead(&acme, "+919876543210").await;
    let body = from("+919876543210", &made);
    for secret in
        [None, Some(""), Some("initiation_wsec_acm"), Some("initiation_wsec_other"), Some("wsec_acme")]
    {
        assert_eq!(ring(&app, "acme", secret, &body).await.problem(401), "unauthenticated", "{secret:?}");
    }
    assert_eq!(
        ring(&app, "nobody", Some("initiation_wsec_acme"), &body).await.problem(401),
        "unauthenticated"
    );
    assert_eq!(ring(&app, "NO!", Some("initiation_wsec_acme"), &body).await.problem(401), "unauthenticated");
    // Another tenant knows neither the caller nor the agent.
    let other = ring(&app, "other", Some("initiation_wsec_other"), &body).await.expect(200);
    assert!(!other.to_string().contains(&id) && !other.to_string().contains("Asha"), "{other}");
    // A tenant without a secret answers nobody.
    let bare = json!({"api_key": "k", "base_url": app.simulators().elevenlabs_base_url()});
    acme.put("/admin/integrations/elevenlabs", bare).await.expect(200);
    for secret in [None, Some(""), Some("initiation_wsec_acme")] {
        assert_eq!(ring(&app, "acme", secret, &body).await.problem(401), "unauthenticated", "{secret:?}");
    }
    let short = acme
        .put("/admin/integrations/elevenlabs", json!({"api_key": "k", "initiation_secret": "short"}))
        .await;
    assert_eq!(short.problem(422), "invalid");
    assert_eq!(short.body["errors"][0]["pointer"], "/initiation_secret");
}

/// The event of a conversation that somebody began.
fn inbound(user_id: Option<&str>, number: &str, conversation: &str, agent: &Value) -> Vec<u8> {
    json!({"type": "post_call_transcription", "event_timestamp": 1_799_661_600, "data": {
        "agent_id": agent["elevenlabs_agent_id"], "conversation_id": conversation, "status": "done", "user_id": user_id,
        "transcript": [
            {"role": "agent", "message": "Hello Asha!", "time_in_call_secs": 0},
            {"role": "user", "message": "I am interested, tell me more", "time_in_call_secs": 3}],
        "metadata": {"start_time_unix_secs": 1_799_661_600, "call_duration_secs": 60, "cost": 40,
            "phone_call": {"type": "twilio", "direction": "inbound", "external_number": number}},
        "analysis": null,
        "conversation_initiation_client_data": {
            "dynamic_variables": {"first_name": "Asha", "system__caller_id": number},
            "conversation_config_override": {"agent": {"prompt": {"prompt": "You qualify leads."}, "first_message": "Hello Asha!"}}}
    }})
    .to_string()
    .into_bytes()
}

async fn deliver(app: &TestApp, body: &[u8]) {
    let header = signature::sign(&Secret::new("wsec_acme"), body, app.now());
    let headers = [("ElevenLabs-Signature", header.as_str())];
    let answer =
        app.client(None).send(Method::POST, "/webhooks/elevenlabs/acme", &headers, Some(body.to_vec())).await;
    assert_eq!(answer.status.as_u16(), 200);
}

#[tokio::test]
async fn a_talk_that_a_lead_began_is_kept_read_and_remembered() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    let made = agent(&acme).await;
    let id = lead(&acme, "+919876543210").await;
    let event = inbound(Some(&id), "+919876543210", "conv_in_1", &made);
    for _ in 0..2 {
        deliver(&app, &event).await;
        assert!(app.settle().await.is_empty());
    }
    let calls = acme.get(&format!("/calls?lead_id={id}")).await.expect(200);
    let talks: Vec<_> =
        calls.as_array().unwrap().iter().filter(|call| call["direction"] == "inbound").collect();
    assert_eq!(talks.len(), 1, "{calls:#}");
    let talk = acme.get(&format!("/calls/{}", talks[0]["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&talk["status"], &talk["agent_id"]), (&json!("completed"), &made["id"]));
    assert_eq!(talk["attempts"][0]["conversation_id"], "conv_in_1");
    assert_eq!(
        (&talk["attempts"][0]["duration_secs"], &talk["attempts"][0]["cost_credits"]),
        (&json!(60), &json!(40.0))
    );
    assert_eq!(talk["transcript"][1]["message"], "I am interested, tell me more");
    assert_eq!(talk["analysis"]["outcome"], "interested");
    let kept = acme.get(&format!("/calls/{}/context", talk["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(
        (&kept["prompt"], &kept["first_message"]),
        (&json!("You qualify leads."), &json!("Hello Asha!"))
    );
    assert_eq!(kept["dynamic_variables"], json!({"first_name": "Asha"}));
    let prompt = preview(&acme, &id).await["prompt"].as_str().unwrap().to_owned();
    assert!(prompt.contains("(interested): "), "{prompt}");
    let after = acme.get(&format!("/leads/{id}")).await.expect(200);
    assert_eq!((&after["status"], after["last_contact_at"].is_string()), (&json!("qualified"), true));

    // Known by the number alone; of nobody whom we know; of a lead that is not this tenant's.
    deliver(&app, &inbound(None, "+919876543210", "conv_in_2", &made)).await;
    deliver(&app, &inbound(None, "+919876543288", "conv_in_3", &made)).await;
    let stranger = lead(&app.owner, "+919876543277").await;
    deliver(&app, &inbound(Some(&stranger), "+919876543277", "conv_in_4", &made)).await;
    assert!(app.settle().await.is_empty());
    let calls = acme.get("/calls").await.expect(200);
    let inbound = calls.as_array().unwrap().iter().filter(|call| call["direction"] == "inbound").count();
    assert_eq!(inbound, 2, "{calls:#}");
    assert_eq!(acme.get("/leads").await.expect(200).as_array().unwrap().len(), 1);
    assert_eq!(app.owner.get(&format!("/calls?lead_id={stranger}")).await.expect(200), json!([]));
}
