//! What lacks its parts, and what is none of Meta's.

use super::*;

#[test]
fn a_message_that_lacks_its_content_is_kept_whole() {
    for message in [
        json!({"type": "text"}),
        json!({"type": "text", "text": {"body": 5}}),
        json!({"type": "image", "image": {"mime_type": "image/png"}}),
        json!({"type": "location", "location": {"latitude": "north", "longitude": 1}}),
        json!({"type": "contacts", "contacts": {}}),
        json!({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": null}}),
        json!({"type": "reaction", "reaction": {"emoji": "👍"}}),
        json!({"type": "system"}),
        json!({"type": "edit", "edit": {"original_message_id": "wamid.A"}}),
        json!({"type": null}),
        json!({}),
    ] {
        let InboundContent::Other { kind, raw } = of_message(message.clone()).content else {
            panic!("{message}")
        };
        assert_eq!((json!(kind) == message["type"] || kind.is_empty(), &raw["from"]), (true, &json!(ASHA)));
    }
    let numbers = of_message(json!({"type": "text", "text": {"body": ""}, "timestamp": 1_795_255_200,
        "context": {"frequently_forwarded": true}, "errors": [{"title": "x"}, {"code": "131051"}]}));
    assert_eq!((&numbers.content, numbers.content.text()), (&InboundContent::Text(String::new()), None));
    assert_eq!(numbers.sent_at, at("2026-11-21T10:00:00Z"));
    assert!(numbers.context.unwrap().forwarded);
    assert_eq!(numbers.errors.iter().map(|error| error.code).collect::<Vec<_>>(), [131_051]);
}

#[test]
fn what_cannot_be_known_again_is_kept_raw() {
    let kept = |field: &str, value: Value, raw: Value| {
        let other = UpdateBody::Other { field: field.to_owned(), raw };
        assert_eq!(of_change(field, value), [other], "{field}");
    };
    let text = json!({"type": "text", "text": {"body": "Hi"}});
    for (list, field, item) in [
        ("messages", "messages", json!({"from": ASHA, "type": "text"})),
        ("messages", "messages", json!({"id": "wamid.A", "from": "IN.5", "type": "text", "text": text})),
        ("messages", "messages", json!("text")),
        ("statuses", "messages", json!({"id": "wamid.A"})),
        ("statuses", "messages", json!({"status": "sent"})),
        (
            "calls",
            "calls",
            json!({"id": "wacid.A", "from": ASHA, "event": "terminate", "status": "COMPLETED"}),
        ),
        ("calls", "calls", json!({"id": "wacid.A", "event": "connect", "direction": "USER_INITIATED"})),
        (
            "calls",
            "calls",
            json!({"id": "wacid.A", "from": "15550001111", "to": ASHA, "event": "connect",
                "direction": "BUSINESS_INITIATED", "session": {"sdp_type": "answer", "sdp": "v=0"}}),
        ),
        ("message_echoes", "smb_message_echoes", json!({"to": ASHA})),
        ("user_id_update", "user_id_update", json!({"user_id": {"current": "IN.5"}})),
        ("user_preferences", "user_preferences", json!({"value": "stop"})),
    ] {
        kept(field, json!({list: [item]}), item);
    }
    kept("messages", json!({"metadata": {}, "errors": [{"code": 1}]}), json!({"errors": [{"code": 1}]}));
    kept("messages", json!({"messages": {"0": 1}, "statuses": null}), json!({"messages": {"0": 1}}));
    kept("messages", json!({"contacts": [{}]}), json!({"contacts": [{}]}));
    kept("message_template_status_update", json!({"event": "APPROVED"}), json!({"event": "APPROVED"}));
    let standby = json!({"standby": {"messages": [{"id": "wamid.A", "from": ASHA}]}});
    kept("standby", standby.clone(), standby);
    for value in [json!(null), json!("x"), json!([])] {
        kept("messages", value.clone(), value);
    }
    assert_eq!(of_change("messages", json!({"messages": [], "statuses": []})), []);
}

#[test]
fn a_broken_change_does_not_hide_the_next() {
    let good = json!({"field": "messages", "value": {"messages": [{"id": "wamid.A", "from": ASHA}]}});
    let body = json!({"object": OBJECT, "entry": [
        null, 5, {"id": 7}, {"id": "1", "changes": {"0": good}},
        {"id": 8, "changes": [null, {"value": {}}, {"field": "messages"}, {"field": 5.5, "value": {}}, good]},
    ]});
    let updates = updates(body.to_string().as_bytes());
    let places: Vec<_> = updates.iter().map(|update| update.waba_id.as_str()).collect();
    assert_eq!(places, ["", "", "7", "1", "8", "8", "8", "8", "8"]);
    let (last, broken) = updates.split_last().unwrap();
    assert!(broken.iter().all(|update| matches!(update.body, UpdateBody::Other { .. })));
    assert_eq!(inbound(last.body.clone()).id, "wamid.A");
}

#[test]
fn anything_but_the_envelope_is_an_error() {
    for body in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"object":"page","entry":[]}"#,
        r#"{"object":"whatsapp_business_account"}"#,
        r#"{"object":"whatsapp_business_account","entry":{}}"#,
        r#"{"object":["whatsapp_business_account"],"entry":[]}"#,
        r#"{"object":"whatsapp_business_account","entry":[]"#,
    ] {
        assert_eq!(parse(body.as_bytes()), Err(NotANotification), "{body}");
    }
    assert_eq!(parse(br#"{"object":"whatsapp_business_account","entry":[]}"#).unwrap().updates, []);
}
