//! Nothing that is sent makes the reader fail, and no broken update takes another one with it.

use super::*;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;

fn parse(body: Vec<u8>) -> Result<Notification, NotANotification> {
    Notification::parse(&Verified::assert_stored(Bytes::from(body)))
}

fn read(body: &Value) -> Vec<Update> {
    parse(body.to_string().into_bytes()).unwrap().updates
}

/// The field, the list in its value, and an item of that list.
fn items() -> Vec<(&'static str, &'static str, Value)> {
    let sender = json!({"from": "919876543210", "from_user_id": "IN.1", "timestamp": "1795255200"});
    let message = |n: usize, part: Value| {
        let mut message = sender.clone();
        message["id"] = json!(format!("wamid.{n}"));
        message.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        ("messages", "messages", message)
    };
    vec![
        message(
            0,
            json!({"type": "text", "text": {"body": "Hi"}, "context": {"id": "a", "forwarded": true}}),
        ),
        message(
            1,
            json!({"type": "interactive", "interactive": {"type": "list_reply",
            "list_reply": {"id": "s1", "title": "4 pm"}}}),
        ),
        message(2, json!({"type": "image", "image": {"id": "1", "mime_type": "image/png", "caption": "A"}})),
        message(3, json!({"type": "system", "system": {"type": "user_changed_number", "wa_id": "4917"}})),
        message(
            4,
            json!({"type": "edit", "edit": {"original_message_id": "wamid.0",
            "message": {"type": "text", "text": {"body": "Ho"}}}}),
        ),
        (
            "messages",
            "statuses",
            json!({"id": "wamid.5", "status": "failed", "timestamp": "1795255200",
            "recipient_id": "919876543210", "pricing": {"billable": true, "category": "utility"},
            "errors": [{"code": 131_047, "error_data": {"details": "late"}}]}),
        ),
        (
            "calls",
            "calls",
            json!({"id": "wacid.7", "from": "919876543210", "event": "connect",
            "direction": "USER_INITIATED", "timestamp": "1795255200", "session": {"sdp_type": "offer"}}),
        ),
        (
            "smb_message_echoes",
            "message_echoes",
            json!({"id": "wamid.6", "to": "919876543210", "type": "text",
            "text": {"body": "Hi"}}),
        ),
        (
            "user_id_update",
            "user_id_update",
            json!({"wa_id": "4917", "timestamp": "1795255200",
            "user_id": {"previous": "IN.1", "current": "IN.2"}}),
        ),
        ("user_preferences", "user_preferences", json!({"wa_id": "4917", "value": "stop", "timestamp": 5})),
    ]
}

/// A notification of these items, each in a change of its own.
fn notification(items: &[(&'static str, &'static str, Value)]) -> Value {
    let change =
        |(field, list, item): &(&str, &str, Value)| json!({"field": field, "value": {*list: [item]}});
    let changes: Vec<Value> = items.iter().map(change).collect();
    json!({"object": OBJECT, "entry": [{"id": "1", "changes": changes}]})
}

/// The places of a value, the value's own among them.
fn places(json: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match json {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, part)| places(part, &format!("{at}/{name}"), all));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, part)| places(part, &format!("{at}/{n}"), all));
        }
        _ => {}
    }
}

/// Puts something else into one place of a value, or takes the place away.
fn damage(json: &mut Value, place: Index, instead: Option<Value>) {
    let mut all = Vec::new();
    places(json, "", &mut all);
    let place = &all[place.index(all.len())];
    match (instead, place.rsplit_once('/')) {
        (None, Some((parent, name))) => {
            if let Some(Value::Object(fields)) = json.pointer_mut(parent) {
                fields.remove(name);
            }
        }
        (instead, _) => {
            if let Some(part) = json.pointer_mut(place) {
                *part = instead.unwrap_or_default();
            }
        }
    }
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        prop::sample::select(vec!["messages", "statuses", "text", "system", "edit", "id"])
            .prop_map(Value::from),
    ];
    let name = prop_oneof![
        prop::sample::select(vec![
            "messages",
            "statuses",
            "contacts",
            "metadata",
            "errors",
            "message_echoes",
            "user_id",
            "id",
            "type",
            "from",
            "text",
            "body",
            "edit",
            "message",
            "interactive",
            "system",
            "timestamp",
            "context",
        ])
        .prop_map(str::to_owned),
        ".{0,4}",
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_it_fail(
        bytes in prop::collection::vec(any::<u8>(), 0..256),
        cut in any::<Index>(),
        at in any::<Index>(),
    ) {
        drop(parse(bytes.clone()));
        let mut whole = include_bytes!("../../fixtures/batch.json").to_vec();
        let place = at.index(whole.len());
        whole.splice(place..place, bytes);
        drop(parse(whole.clone()));
        whole.truncate(cut.index(whole.len()));
        drop(parse(whole));
    }

    #[test]
    fn any_content_of_the_envelope_is_read(
        field in prop::sample::select(vec![
            "messages", "smb_message_echoes", "user_id_update", "user_preferences",
            "message_template_status_update", "calls",
        ]),
        value in anything(),
        entry in anything(),
    ) {
        let changes = json!([{"field": field, "value": value}]);
        let body = json!({"object": OBJECT, "entry": [entry.clone(), {"id": "1", "changes": changes}]});
        prop_assert!(parse(body.to_string().into_bytes()).is_ok());
        let bare = json!({"object": OBJECT, "entry": entry});
        prop_assert_eq!(parse(bare.to_string().into_bytes()).is_ok(), entry.is_array());
    }

    #[test]
    fn a_broken_update_takes_no_other_with_it(
        damages in prop::collection::vec((any::<Index>(), any::<Index>(), prop::option::of(anything())), 1..6),
    ) {
        let mut items = items();
        let whole = read(&notification(&items));
        prop_assert_eq!(whole.len(), items.len());
        let unread = |update: &Update| matches!(update.body, UpdateBody::Other { .. });
        prop_assert!(!whole.iter().any(unread));

        let mut hit = vec![false; items.len()];
        for (which, place, instead) in damages {
            let which = which.index(items.len());
            damage(&mut items[which].2, place, instead);
            hit[which] = true;
        }
        let read = read(&notification(&items));
        prop_assert_eq!(read.len(), whole.len());
        for ((before, after), hit) in whole.iter().zip(&read).zip(hit) {
            prop_assert!(hit || before == after);
        }
    }

    #[test]
    fn a_broken_message_takes_no_other_of_its_list_with_it(
        which in any::<Index>(),
        place in any::<Index>(),
        instead in prop::option::of(anything()),
    ) {
        let mut messages: Vec<Value> =
            items().into_iter().filter(|item| item.1 == "messages").map(|item| item.2).collect();
        let body = |messages: &[Value]| json!({"object": OBJECT, "entry": [{"id": "1", "changes": [
            {"field": "messages", "value": {"messages": messages, "statuses": [{"id": "s", "status": "sent"}]}},
        ]}]});
        let whole = read(&body(&messages));
        let which = which.index(messages.len());
        damage(&mut messages[which], place, instead);
        let read = read(&body(&messages));
        prop_assert_eq!(read.len(), whole.len());
        for (n, (before, after)) in whole.iter().zip(&read).enumerate() {
            prop_assert!(n == which || before == after);
        }
    }
}
