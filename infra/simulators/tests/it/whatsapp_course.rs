//! What becomes of a message: its statuses by the clock, the window, the scripts.

use crate::meta::{ASHA, ASHA_ID, Meta, NUMBER, asha, template, text, value_of};
use jiff::SignedDuration;
use serde_json::{Value, json};
use simulators::{MessageScript, Person};

#[tokio::test]
async fn a_message_is_sent_delivered_and_read_as_the_clock_goes() {
    let meta = Meta::start().await;
    meta.hear().await;
    let mut body = text("Hello");
    body["biz_opaque_callback_data"] = json!("msg_1");
    let id = meta.accepted(body).await;
    let at = meta.world.simulators.sent()[0].at;
    assert!(meta.statuses().is_empty());
    assert_eq!(meta.world.simulators.run_due(at).await, 0, "nothing happens by itself");
    let mut due = Vec::new();
    while let Some(next) = meta.world.step().await {
        due.push((next - at).total(jiff::Unit::Second).unwrap());
        assert!(due.len() < 20, "{due:?}");
    }
    due.dedup();
    assert_eq!(due, [1.0, 2.0, 5.0]);
    let statuses = meta.statuses();
    assert_eq!(meta.told(), ["sent", "delivered", "read"]);
    let time = |status: &Value| status["timestamp"].as_str().unwrap().parse::<i64>().unwrap();
    assert_eq!(time(&statuses[1]) - time(&statuses[0]), 1);
    assert_eq!(time(&statuses[2]) - time(&statuses[0]), 4);
    for status in &statuses {
        assert_eq!(status["id"], json!(id));
        assert_eq!(status["recipient_id"], ASHA);
        assert_eq!(status["recipient_user_id"], ASHA_ID);
        assert_eq!(status["biz_opaque_callback_data"], "msg_1");
    }
    let free = json!({ "billable": false, "pricing_model": "PMP", "type": "free_customer_service",
        "category": "service" });
    assert_eq!((&statuses[0]["pricing"], &statuses[1]["pricing"]), (&free, &free));
    assert!(statuses[2].get("pricing").is_none());
    let conversation = &statuses[0]["conversation"];
    assert_eq!(conversation["origin"]["type"], "service");
    assert!(conversation["expiration_timestamp"].is_string());
    assert_eq!(conversation["id"], statuses[1]["conversation"]["id"]);
    let contact = json!([{ "profile": { "name": "Asha" }, "wa_id": ASHA, "user_id": ASHA_ID }]);
    assert!(meta.inbox.all()[1..].iter().all(|webhook| value_of(webhook)["contacts"] == contact));
}

#[tokio::test]
async fn outside_the_window_a_text_fails_and_a_template_does_not() {
    let meta = Meta::start().await;
    let id = meta.accepted(text("Hello?")).await;
    meta.world.finish().await;
    let webhook = meta.inbox.all().remove(0);
    let value = value_of(&webhook);
    assert!(value.get("contacts").is_none());
    let failed = &value["statuses"][0];
    assert_eq!((&failed["status"], &failed["id"]), (&json!("failed"), &json!(id)));
    assert_eq!(failed["recipient_id"], ASHA);
    for absent in ["recipient_user_id", "pricing", "conversation"] {
        assert!(failed.get(absent).is_none(), "{failed}");
    }
    let error = &failed["errors"][0];
    assert_eq!((&error["code"], &error["title"]), (&json!(131_047), &json!("Re-engagement message")));
    assert_eq!(error["title"], error["message"]);
    assert!(error["error_data"]["details"].is_string() && error["href"].is_string());

    meta.accepted(template("visit_reminder", &["Asha"])).await;
    meta.world.finish().await;
    let statuses = meta.statuses();
    assert_eq!(meta.told()[1..], ["sent", "delivered", "read"]);
    assert_eq!(statuses[1]["pricing"]["type"], "regular");
    assert_eq!(statuses[1]["pricing"]["category"], "utility");

    meta.hear().await;
    meta.accepted(template("visit_reminder", &["Asha"])).await;
    meta.accepted(template("offer", &[])).await;
    meta.world.finish().await;
    let price =
        |status: &Value| (status["pricing"]["billable"].clone(), status["pricing"]["category"].clone());
    let statuses = meta.statuses();
    let sent: Vec<_> = statuses[4..].iter().filter(|status| status["status"] == "sent").map(price).collect();
    assert_eq!(sent, [(json!(false), json!("utility")), (json!(true), json!("marketing"))]);
}

#[tokio::test]
async fn the_window_is_open_for_24_hours_from_whatever_the_person_did() {
    let meta = Meta::start().await;
    let clock = &meta.world.clock;
    let reaction = json!({ "type": "reaction", "reaction": { "message_id": "wamid.x", "emoji": "👍" } });
    meta.world.simulators.receive_whatsapp(NUMBER, &asha(), reaction).unwrap();
    meta.world.finish().await;
    clock.advance_to(clock.now() + SignedDuration::from_hours(23));
    meta.accepted(text("Still there?")).await;
    meta.world.finish().await;
    clock.advance_to(clock.now() + SignedDuration::from_hours(2));
    meta.accepted(text("And now?")).await;
    meta.world.finish().await;
    assert_eq!(meta.told(), ["sent", "delivered", "read", "failed"]);
    // What WhatsApp tells of a person is not the person's doing.
    let moved = json!({ "type": "system", "system": { "type": "user_changed_number", "wa_id": "919" } });
    meta.world.simulators.receive_whatsapp(NUMBER, &asha(), moved).unwrap();
    meta.accepted(text("And now?")).await;
    meta.world.finish().await;
    assert_eq!(meta.told()[4..], ["failed"]);
}

#[tokio::test]
async fn who_hides_the_number_is_written_to_by_user_id() {
    let meta = Meta::start().await;
    let hidden = Person { user_id: Some(ASHA_ID.to_owned()), name: Some("Asha".to_owned()), phone: None };
    meta.world.simulators.receive_whatsapp(NUMBER, &hidden, text("Hi")).unwrap();
    let mut body = text("Hello");
    body["to"] = Value::Null;
    body["recipient"] = json!(ASHA_ID);
    let (status, answer) = meta.send(body).await;
    assert_eq!((status, &answer["contacts"]), (200, &json!([{ "input": ASHA_ID, "user_id": ASHA_ID }])));
    meta.world.finish().await;
    let inbound = value_of(&meta.inbox.all()[0]);
    assert_eq!(inbound["contacts"], json!([{ "profile": { "name": "Asha" }, "user_id": ASHA_ID }]));
    assert_eq!(inbound["messages"][0]["from_user_id"], ASHA_ID);
    assert!(inbound["messages"][0].get("from").is_none());
    let statuses = meta.statuses();
    assert_eq!(meta.told(), ["sent", "delivered", "read"]);
    assert!(
        statuses
            .iter()
            .all(|status| status["recipient_user_id"] == ASHA_ID && status.get("recipient_id").is_none())
    );
    assert_eq!(meta.world.simulators.sent()[0].to, ASHA_ID);
}

#[tokio::test]
async fn every_script_is_played_once_and_in_order() {
    for script in MessageScript::ALL {
        let meta = Meta::start().await;
        meta.hear().await;
        meta.world.simulators.set_whatsapp_script(&format!("+{ASHA}"), vec![script]).unwrap();
        let (status, answer) = meta.send(text("Hello")).await;
        let failed = |code: u32| (200, json!(null), vec!["failed".to_owned()], json!(code));
        let told =
            |names: &[&str]| (200, json!(null), names.iter().map(ToString::to_string).collect(), json!(null));
        let refused = |status: u16, code: u32| (status, json!(code), Vec::new(), json!(null));
        let expected: (u16, Value, Vec<String>, Value) = match script {
            MessageScript::Read => told(&["sent", "delivered", "read"]),
            MessageScript::Delivered => told(&["sent", "delivered"]),
            MessageScript::SentOnly => told(&["sent"]),
            MessageScript::Undeliverable => failed(131_026),
            MessageScript::WindowClosed => failed(131_047),
            MessageScript::OptedOut => failed(131_050),
            MessageScript::Withheld => failed(131_049),
            MessageScript::Spam => failed(131_048),
            MessageScript::PairLimited => refused(400, 131_056),
            MessageScript::Throttled => refused(429, 130_429),
            MessageScript::Transient => refused(500, 131_016),
            MessageScript::TokenInvalid => refused(401, 190),
        };
        meta.world.finish().await;
        let error = meta.statuses().first().map_or(Value::Null, |first| first["errors"][0]["code"].clone());
        assert_eq!((status, answer["error"]["code"].clone(), meta.told(), error), expected, "{script:?}");
        let taken = usize::from(status == 200);
        assert_eq!(meta.world.simulators.sent().len(), taken, "{script:?}");
        meta.accepted(text("And again")).await;
        meta.world.finish().await;
        assert!(meta.told().ends_with(&["sent".to_owned(), "delivered".to_owned(), "read".to_owned()]));
    }
}
