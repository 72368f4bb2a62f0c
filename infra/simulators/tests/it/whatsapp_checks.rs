//! What is refused, and in which words.

use crate::meta::{ASHA, ASHA_ID, Meta, NUMBER, TOKEN, message, template, text};
use reqwest::Method;
use serde_json::{Value, json};
use simulators::WhatsAppNumber;

#[tokio::test]
async fn only_the_number_s_own_token_opens_the_number() {
    let meta = Meta::start().await;
    let other = WhatsAppNumber {
        access_token: "EAAother".to_owned(),
        webhook_url: "http://127.0.0.1:9/".to_owned(),
        app_secret: "s".to_owned(),
        display_phone_number: "15550002222".to_owned(),
        waba_id: "1".to_owned(),
    };
    meta.world.simulators.register_whatsapp("2", other).unwrap();
    let path = format!("/v26.0/{NUMBER}/messages");
    let body = message(&text("Hi"));
    for (token, path, status, code, subcode) in [
        ("EAAwrong", path.as_str(), 401, 190, Value::Null),
        ("", &path, 401, 190, Value::Null),
        ("EAAother", &path, 400, 100, json!(33)),
        (TOKEN, "/v26.0/3/messages", 400, 100, json!(33)),
        (TOKEN, "/latest/3/messages", 400, 2500, Value::Null),
        (TOKEN, "/v26/3/messages", 400, 2500, Value::Null),
        (TOKEN, "/v26.0/3/calls", 400, 100, json!(33)),
    ] {
        let (got, answer) = meta.ask(token, Method::POST, path, &body).await;
        let error = &answer["error"];
        assert_eq!(
            (got, &error["code"], &error["error_subcode"]),
            (status, &json!(code), &subcode),
            "{path}"
        );
        assert!(error["message"].is_string() && error["type"].is_string(), "{answer}");
    }
    let (status, answer) = meta.ask(TOKEN, Method::POST, "/v19.0/106540352242922/messages", &body).await;
    assert_eq!(status, 200, "any version is taken: {answer}");
    let (status, answer) = meta.ask(TOKEN, Method::DELETE, &path, &Value::Null).await;
    assert_eq!((status, &answer["error"]["error_subcode"]), (400, &json!(33)));
}

#[tokio::test]
async fn a_message_that_lacks_something_is_refused() {
    let meta = Meta::start().await;
    let long = |n: usize| "x".repeat(n);
    let cases = [
        (json!({ "messaging_product": null }), 100, "messaging_product"),
        (json!({ "messaging_product": "sms" }), 100, "messaging_product"),
        (json!({ "recipient_type": "group" }), 100, "recipient_type"),
        (json!({ "to": null }), 100, "to is required"),
        (json!({ "to": 91 }), 131_009, "to"),
        (json!({ "to": "919876543210@s.whatsapp.net" }), 131_009, "malformed"),
        (json!({ "to": ASHA_ID }), 131_009, "malformed"),
        (json!({ "to": null, "recipient": ASHA }), 131_009, "recipient"),
        (json!({ "to": null, "recipient": "IN.a-b" }), 131_009, "recipient"),
        (json!({ "to": "15550001111" }), 131_021, "same"),
        (json!({ "type": "fax" }), 100, "type"),
        (json!({ "type": "image" }), 131_008, "image"),
        (json!({ "text": null }), 131_008, "text"),
        (json!({ "text": {} }), 131_008, "text['body']"),
        (json!({ "text": { "body": "" } }), 131_009, "empty"),
        (json!({ "text": { "body": 7 } }), 131_009, "string"),
        (json!({ "text": { "body": long(4097) } }), 100, "4096"),
        (json!({ "biz_opaque_callback_data": long(513) }), 100, "512"),
        (json!({ "context": {} }), 131_008, "context['message_id']"),
        (json!({ "type": "image", "image": {} }), 131_008, "id or a link"),
        (json!({ "type": "image", "image": { "id": "1", "link": "https://x/y" } }), 131_009, "not both"),
        (json!({ "type": "image", "image": { "id": "1", "caption": long(1025) } }), 100, "1024"),
        (json!({ "type": "audio", "audio": { "id": "1", "caption": "x" } }), 131_009, "caption"),
        (json!({ "type": "location", "location": { "latitude": 1.0 } }), 131_008, "longitude"),
        (json!({ "type": "location", "location": { "latitude": 91, "longitude": 0 } }), 131_009, "range"),
        (json!({ "type": "contacts", "contacts": [{ "name": {} }] }), 131_008, "formatted_name"),
        (json!({ "type": "reaction", "reaction": { "message_id": "wamid.x" } }), 131_008, "emoji"),
        (
            json!({ "type": "reaction", "reaction": { "message_id": "wamid.x", "emoji": "👍" } }),
            131_009,
            "message_id",
        ),
        (json!({ "status": "read" }), 131_008, "message_id"),
        (json!({ "status": "seen", "message_id": "wamid.x" }), 100, "status"),
        (json!({ "status": "read", "message_id": "wamid.x" }), 131_009, "message_id"),
    ];
    for (fields, code, word) in cases {
        let mut body = text("Hi");
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        let (status, got, details) = meta.refused(body).await;
        assert_eq!((status, got), (400, code), "{fields}: {details}");
        assert!(details.contains(word), "{fields}: {details}");
    }
    let (status, answer) =
        meta.ask(TOKEN, Method::POST, &format!("/v26.0/{NUMBER}/messages"), &json!([])).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(100)));
    assert!(meta.world.simulators.sent().is_empty());
}

#[tokio::test]
async fn the_longest_that_fits_is_taken() {
    let meta = Meta::start().await;
    let long = |n: usize| "ü".repeat(n);
    meta.accepted(text(&long(4096))).await;
    let mut body = text("Hi");
    body["biz_opaque_callback_data"] = json!(long(512));
    meta.accepted(body).await;
    meta.accepted(
        json!({ "type": "document", "document": { "link": "https://x/y", "caption": long(1024) } }),
    )
    .await;
    meta.accepted(buttons(&[(&long(256), &long(20)), ("b", "B"), ("c", "C")])).await;
    let rows: Vec<Value> =
        (0..10).map(|n| json!({ "id": n.to_string(), "title": long(24), "description": long(72) })).collect();
    meta.accepted(list(&json!([{ "rows": rows }]))).await;
}

#[tokio::test]
async fn buttons_and_lists_have_limits() {
    let meta = Meta::start().await;
    let long = |n: usize| "x".repeat(n);
    let row = |id: &str, title: &str| json!({ "id": id, "title": title });
    let with = |mut message: Value, part: &str, value: Value| {
        message["interactive"][part] = value;
        message
    };
    let rows: Vec<Value> = (0..11).map(|n| row(&n.to_string(), "x")).collect();
    let cases = [
        (buttons(&[]), "buttons"),
        (buttons(&[("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")]), "buttons"),
        (buttons(&[("a", &long(21))]), "20"),
        (buttons(&[(&long(257), "A")]), "256"),
        (buttons(&[("a", "A"), ("a", "B")]), "same id"),
        (buttons(&[("a", "")]), "empty"),
        (with(buttons(&[("a", "A")]), "body", json!({ "text": long(1025) })), "1024"),
        (with(buttons(&[("a", "A")]), "footer", json!({ "text": long(61) })), "60"),
        (with(buttons(&[("a", "A")]), "header", json!({ "type": "text", "text": long(61) })), "60"),
        (with(buttons(&[("a", "A")]), "type", json!("poll")), "poll"),
        (with(buttons(&[("a", "A")]), "action", Value::Null), "action"),
        (list(&json!([])), "row count"),
        (list(&json!([{ "rows": rows }])), "row count"),
        (list(&json!([{ "rows": [] }])), "rows"),
        (list(&json!([{ "rows": [row("a", &long(25))] }])), "24"),
        (list(&json!([{ "rows": [row(&long(201), "A")] }])), "200"),
        (list(&json!([{ "title": long(25), "rows": [row("a", "A")] }])), "24"),
        (list(&json!([{ "rows": [row("a", "A")] }, { "rows": [row("b", "B")] }])), "title"),
        (list(&json!([{ "rows": [row("a", "A"), row("a", "B")] }])), "same id"),
        (list(&json!([{ "rows": [{ "id": "a", "title": "A", "description": long(73) }] }])), "72"),
        (with(list(&json!([{ "rows": [row("a", "A")] }])), "header", json!({ "type": "image" })), "header"),
    ];
    for (body, word) in cases {
        let (status, code, details) = meta.refused(body.clone()).await;
        assert!(status == 400 && [100, 131_008, 131_009].contains(&code), "{code} {body}");
        assert!(details.contains(word), "{details}");
    }
}

#[tokio::test]
async fn templates_are_those_that_were_approved() {
    let meta = Meta::start().await;
    let in_italian = {
        let mut body = template("visit_reminder", &["Asha"]);
        body["template"]["language"]["code"] = json!("it");
        body
    };
    let mut to_user_id = template("code", &[]);
    to_user_id["to"] = Value::Null;
    to_user_id["recipient"] = json!(ASHA_ID);
    let mut bad_button = template("visit_reminder", &["Asha"]);
    add_component(&mut bad_button, json!({ "type": "button", "sub_type": "url", "index": "10" }));
    for (body, status, code) in [
        (template("nobody_knows", &[]), 404, 132_001),
        (in_italian, 404, 132_001),
        (template("visit_reminder", &[]), 400, 132_000),
        (template("visit_reminder", &["Asha", "4 pm"]), 400, 132_000),
        (template("offer", &["Asha"]), 400, 132_000),
        (template("visit_reminder", &[""]), 400, 131_008),
        (template("visit_reminder", &["Asha\nRao"]), 400, 132_018),
        (json!({ "type": "template", "template": { "name": "offer" } }), 400, 131_008),
        (bad_button, 400, 131_009),
        (to_user_id, 400, 131_062),
    ] {
        let (got, got_code, details) = meta.refused(body.clone()).await;
        assert_eq!((got, got_code), (status, code), "{body} {details}");
    }
    let mut body = template("visit_reminder", &["Asha"]);
    let button = json!({ "type": "button", "sub_type": "quick_reply", "index": "0",
        "parameters": [{ "type": "payload", "payload": "CONFIRM:42" }] });
    add_component(&mut body, button);
    let (status, answer) = meta.send(body).await;
    assert_eq!((status, &answer["messages"][0]["message_status"]), (200, &json!("accepted")), "{answer}");
    meta.accepted(
        json!({ "type": "template", "template": { "name": "offer", "language": { "code": "en" } } }),
    )
    .await;
    let texts: Vec<String> = meta.world.simulators.sent().into_iter().map(|sent| sent.text).collect();
    assert_eq!(texts, ["visit_reminder (Asha)", "offer"]);
}

#[tokio::test]
async fn too_much_to_one_user_is_refused() {
    let meta = Meta::start().await;
    let mut taken = 0;
    let refused = loop {
        let (status, answer) = meta.send(text("Hi")).await;
        if status != 200 {
            break (status, answer["error"]["code"].clone());
        }
        taken += 1;
        assert!(taken < 70, "the burst has no end");
    };
    // More than the burst only where the machine took its time.
    assert!(taken >= 45, "{taken}");
    assert_eq!(refused, (400, json!(131_056)));
    assert_eq!(meta.world.simulators.sent().len(), taken);
    meta.accepted(json!({ "to": "919876543219", "type": "text", "text": { "body": "Hi" } })).await;
}

fn add_component(message: &mut Value, component: Value) {
    message["template"]["components"].as_array_mut().unwrap().push(component);
}

fn buttons(buttons: &[(&str, &str)]) -> Value {
    let buttons: Vec<Value> = buttons
        .iter()
        .map(|(id, title)| json!({ "type": "reply", "reply": { "id": id, "title": title } }))
        .collect();
    json!({ "type": "interactive", "interactive": {
        "type": "button", "body": { "text": "Pick" }, "action": { "buttons": buttons } } })
}

fn list(sections: &Value) -> Value {
    json!({ "type": "interactive", "interactive": {
        "type": "list", "body": { "text": "Slots" }, "action": { "button": "See slots", "sections": sections } } })
}
