//! E-mail and text messages go the same way.

use super::{secs, sent_to};
use crate::story::lead_of;
use jiff::SignedDuration;
use serde_json::{Value, json};
use simulators::{Channel, Lie};
use testkit::{Client, TestApp};

async fn asha(owner: &Client, email: &str, phone: &str) -> String {
    let yes = json!({"granted": true, "basis": "opt_in"});
    let consent = json!({"email": yes, "sms": yes});
    lead_of(owner, json!({"first_name": "Asha", "email": email, "phone": phone, "consent": consent})).await
}

async fn latest(owner: &Client, channel: &str) -> Value {
    let talk = owner.all(&format!("/conversations?channel={channel}")).await.remove(0);
    let talk = owner.get(&format!("/conversations/{}", talk["id"].as_str().unwrap())).await.expect(200);
    talk["messages"][0].clone()
}

#[tokio::test]
async fn mail_and_text_messages_are_sent_once_and_within_the_caps() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let lead = asha(owner, "asha@example.org", "+393331234567").await;
    let write = async |body: Value| {
        let mut whole = json!({"contact_id": lead});
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        owner.post("/conversations", whole).await
    };
    let mail = json!({"channel": "email", "subject": "आपका अनुरोध", "text": "नमस्ते आशा"});
    write(mail).await.expect(202);
    assert_eq!(app.advance(secs(5)).await, Vec::<String>::new());
    write(json!({"channel": "sms", "text": "Ciao Asha"})).await.expect(202);
    assert_eq!(app.advance(secs(5)).await, Vec::<String>::new());
    let sent = app.simulators().sent();
    assert_eq!(sent.iter().map(|sent| sent.channel).collect::<Vec<_>>(), [Channel::Email, Channel::Sms]);
    assert_eq!((sent[0].to.as_str(), sent[1].to.as_str()), ("asha@example.org", "+393331234567"));
    assert!(sent[0].text.contains("नमस्ते आशा") && sent[1].text == "Ciao Asha");
    for channel in ["email", "sms"] {
        let message = latest(owner, channel).await;
        assert_eq!(message["status"], "sent", "{message:#}");
        assert!(message["provider_id"].is_string());
    }
    // Two contacts a day, over all channels.
    assert_eq!(write(json!({"channel": "sms", "text": "Again"})).await.problem(409), "contact_pressure");
    for wrong in [
        json!({"channel": "email", "text": "no subject"}),
        json!({"channel": "sms", "subject": "x", "text": "y"}),
        json!({"channel": "sms", "template": {"name": "a", "language": "en"}}),
        json!({"channel": "fax", "text": "y"}),
    ] {
        assert_eq!(write(wrong).await.problem(422), "invalid");
    }
    assert_eq!(app.simulators().sent().len(), 2);
}

#[tokio::test]
async fn each_refusal_is_told_and_what_is_unknown_is_not_repeated() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let lead = asha(owner, "rejected@example.org", "+393331234567").await;
    let mail = json!({"contact_id": lead, "channel": "email", "subject": "Hello", "text": "Hello"});
    owner.post("/conversations", mail).await.expect(202);
    assert_eq!(app.advance(secs(5)).await, Vec::<String>::new());
    let message = latest(owner, "email").await;
    assert_eq!(
        (&message["status"], &message["fault"]["code"]),
        (&json!("failed"), &json!("MessageRejected"))
    );

    app.simulators().force_next_message_lie(Lie::SuccessThenClose);
    let text = json!({"contact_id": lead, "channel": "sms", "text": "Hello"});
    owner.post("/conversations", text).await.expect(202);
    assert_eq!(app.advance(SignedDuration::from_mins(15)).await, Vec::<String>::new());
    assert_eq!(latest(owner, "sms").await["status"], "ambiguous");
    assert_eq!(sent_to(&app, "393331234567").len(), 1);
    assert_eq!(owner.all("/tasks").await.len(), 2);

    let app = TestApp::start().await;
    let owner = &app.owner;
    let lead = asha(owner, "throttle@example.org", "+393331234567").await;
    let mail = json!({"contact_id": lead, "channel": "email", "subject": "Hello", "text": "Hello"});
    owner.post("/conversations", mail).await.expect(202);
    assert_eq!(app.advance(SignedDuration::from_hours(2)).await, Vec::<String>::new());
    let message = latest(owner, "email").await;
    assert_eq!(
        (&message["status"], &message["reason"]),
        (&json!("failed"), &json!("provider_busy")),
        "{message:#}"
    );
}

#[tokio::test]
async fn what_whatsapp_cannot_deliver_goes_as_a_text_message_where_that_is_permitted() {
    use super::{ASHA, asha as who, says};
    for permitted in [true, false] {
        let app = TestApp::start().await;
        let owner = &app.owner;
        // India's numbers need ids of its registry, which the simulator asks for.
        let sms = json!({"origination_identity": "FRNTDK", "base_url": app.simulators().sms_base_url(),
            "in_entity_id": "1101", "in_template_id": "1107"});
        owner.put("/admin/integrations/sms", sms).await.expect(200);
        let consent = json!({"sms": {"granted": permitted}});
        lead_of(owner, json!({"first_name": "Asha", "phone": "+919876543210", "consent": consent})).await;
        app.simulators().set_whatsapp_script(ASHA, vec![simulators::MessageScript::Undeliverable]).unwrap();
        says(&app, &who(), "Hello").await;
        assert_eq!(app.advance(secs(60)).await, Vec::<String>::new());
        let by_sms = app.simulators().sent().into_iter().filter(|sent| sent.channel == Channel::Sms);
        assert_eq!(by_sms.count(), usize::from(permitted));
        assert_eq!(owner.all("/tasks").await.len(), usize::from(!permitted));
    }
}

#[tokio::test]
async fn nothing_is_sent_while_whatsapp_wants_nothing() {
    use super::{ASHA, asha as who, says};
    let app = TestApp::start().await;
    app.simulators().set_whatsapp_script(ASHA, vec![simulators::MessageScript::Spam]).unwrap();
    says(&app, &who(), "Hello").await;
    says(&app, &who(), "Are you there?").await;
    assert_eq!(sent_to(&app, ASHA).len(), 1, "the second waits");
    assert_eq!(app.advance(SignedDuration::from_mins(62)).await, Vec::<String>::new());
    assert_eq!(sent_to(&app, ASHA).len(), 2);
}
