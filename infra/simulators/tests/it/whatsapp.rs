//! Answers to sending, what people write, media, and what the webhooks look like.

use crate::meta::{ASHA, ASHA_ID, Meta, NUMBER, TOKEN, asha, text, value_of};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use simulators::{Channel, Person};

#[tokio::test]
async fn a_message_is_answered_in_meta_s_shape_and_kept() {
    let meta = Meta::start().await;
    let (status, answer) = meta.send(text("Hello")).await;
    assert_eq!(status, 200, "{answer}");
    let id = answer["messages"][0]["id"].as_str().unwrap();
    assert_eq!(
        answer,
        json!({ "messaging_product": "whatsapp", "messages": [{ "id": id }],
            "contacts": [{ "input": format!("+{ASHA}"), "wa_id": ASHA }] })
    );
    let inside = STANDARD.decode(id.strip_prefix("wamid.").unwrap()).unwrap();
    assert!(String::from_utf8(inside).unwrap().starts_with("SIMULATED-"));
    let sent = meta.world.simulators.sent().remove(0);
    assert_eq!((sent.channel, sent.account.as_str(), sent.to.as_str()), (Channel::WhatsApp, NUMBER, ASHA));
    assert_eq!(
        (sent.text.as_str(), sent.id.as_str(), &sent.body["text"]["body"]),
        ("Hello", id, &json!("Hello"))
    );
    let shown = serde_json::to_value(&sent).unwrap();
    assert_eq!(shown["channel"], "whatsapp");
    let asked = meta.world.simulators.requests().remove(0);
    assert_eq!((asked.provider, asked.method.as_str()), ("whatsapp", "POST"));
    assert_eq!(asked.path_template, "/{Version}/{Phone-Number-ID}/messages");
    assert_eq!(asked.body, sent.body);
}

#[tokio::test]
async fn the_outbox_shows_what_the_reader_sees() {
    let meta = Meta::start().await;
    let inbound = meta.hear().await;
    let choice = json!({ "type": "interactive", "interactive": { "type": "button", "body": { "text": "Pick" },
        "action": { "buttons": [
            { "type": "reply", "reply": { "id": "yes", "title": "Yes" } },
            { "type": "reply", "reply": { "id": "no", "title": "No" } }] } } });
    meta.accepted(choice).await;
    meta.accepted(json!({ "type": "reaction", "reaction": { "message_id": inbound, "emoji": "👍" } })).await;
    meta.accepted(json!({ "type": "image", "image": { "id": "1", "caption": "The garden" } })).await;
    meta.accepted(json!({ "type": "audio", "audio": { "id": "1" } })).await;
    meta.accepted(
        json!({ "type": "location", "location": { "latitude": 1, "longitude": "2", "name": "Office" } }),
    )
    .await;
    let texts: Vec<String> = meta.world.simulators.sent().into_iter().map(|sent| sent.text).collect();
    assert_eq!(texts, ["Pick [Yes] [No]", "👍", "The garden", "[audio]", "Office"]);
}

#[tokio::test]
async fn a_message_that_came_is_marked_as_read() {
    let meta = Meta::start().await;
    let id = meta.hear().await;
    let body = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": id,
        "typing_indicator": { "type": "text" } });
    let path = format!("/v26.0/{NUMBER}/messages");
    assert_eq!(meta.ask(TOKEN, Method::POST, &path, &body).await, (200, json!({ "success": true })));
    let mut wrong = body.clone();
    wrong["typing_indicator"] = json!({ "type": "audio" });
    assert_eq!(meta.ask(TOKEN, Method::POST, &path, &wrong).await.0, 400);
    assert!(meta.world.simulators.sent().is_empty() && meta.world.simulators.next_due().is_none());
}

#[tokio::test]
async fn what_somebody_writes_is_posted_signed_in_meta_s_shape() {
    let meta = Meta::start().await;
    let before = meta.world.clock.now();
    let id = meta.world.simulators.receive_whatsapp(NUMBER, &asha(), text("Chiaro: è sì/no 🙂")).unwrap();
    assert!(meta.inbox.all().is_empty());
    assert!(meta.world.simulators.next_due().unwrap() >= before);
    meta.world.finish().await;
    let webhook = meta.inbox.all().remove(0);
    assert!(webhook.is_genuine());
    assert!(webhook.body.is_ascii(), "{}", webhook.body);
    assert!(webhook.body.contains(r"Chiaro: \u00e8 s\u00ec\/no \ud83d\ude42"), "{}", webhook.body);
    let mut value = value_of(&webhook);
    let time = value["messages"][0]["timestamp"].take();
    assert!(time.as_str().unwrap().parse::<i64>().unwrap() >= before.as_second());
    let whole = webhook.json();
    assert_eq!(whole["object"], "whatsapp_business_account");
    assert_eq!(whole["entry"][0]["id"], "102290129340398");
    assert_eq!(whole["entry"][0]["changes"][0]["field"], "messages");
    assert_eq!(
        value,
        json!({
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15550001111", "phone_number_id": NUMBER },
            "contacts": [{ "profile": { "name": "Asha" }, "wa_id": ASHA, "user_id": ASHA_ID }],
            "messages": [{ "from": ASHA, "from_user_id": ASHA_ID, "id": id, "timestamp": null, "type": "text",
                "text": { "body": "Chiaro: è sì/no 🙂" } }],
        })
    );
}

#[tokio::test]
async fn what_is_written_can_be_anything_and_come_twice() {
    let meta = Meta::start().await;
    let simulators = &meta.world.simulators;
    let mut content = text("Hi");
    content["id"] = json!("wamid.known");
    content["context"] = json!({ "from": "15550001111", "id": "wamid.A" });
    for _ in 0..2 {
        assert_eq!(simulators.receive_whatsapp(NUMBER, &asha(), content.clone()).unwrap(), "wamid.known");
    }
    let plus = Person { phone: Some(format!("+{ASHA}")), ..Person::default() };
    simulators.receive_whatsapp(NUMBER, &plus, json!({ "type": "hologram", "hologram": 1 })).unwrap();
    meta.world.finish().await;
    let received = meta.inbox.all();
    assert_eq!(received.len(), 3);
    assert_eq!(value_of(&received[1])["messages"][0]["context"]["id"], "wamid.A");
    assert_eq!(value_of(&received[2])["messages"][0]["from"], ASHA);
    assert!(simulators.receive_whatsapp("7", &asha(), text("Hi")).is_err());
    assert!(simulators.receive_whatsapp(NUMBER, &Person::default(), text("Hi")).is_err());
    assert!(simulators.receive_whatsapp(NUMBER, &asha(), json!("Hi")).is_err());
}

#[tokio::test]
async fn up_to_a_thousand_messages_come_at_once() {
    let meta = Meta::start().await;
    let ravi = Person { phone: Some("919876543211".to_owned()), ..Person::default() };
    let messages = (0..1002).map(|n| {
        let person = if n % 3 == 0 { ravi.clone() } else { asha() };
        (person, text(&n.to_string()))
    });
    let ids = meta.world.simulators.receive_whatsapp_batch(NUMBER, messages.collect()).unwrap();
    meta.world.finish().await;
    let received = meta.inbox.all();
    assert_eq!(received.len(), 2);
    let mut came = Vec::new();
    for webhook in &received {
        let whole = webhook.json();
        for change in whole["entry"][0]["changes"].as_array().unwrap() {
            let messages = change["value"]["messages"].as_array().unwrap();
            assert_eq!(change["value"]["contacts"].as_array().unwrap().len(), 1);
            came.extend(messages.iter().map(|message| message["id"].as_str().unwrap().to_owned()));
        }
    }
    assert_eq!(came, ids);
    assert!(received[0].json()["entry"][0]["changes"].as_array().unwrap().len() < 1000);
}

#[tokio::test]
async fn a_colleague_s_own_words_and_other_changes_are_told() {
    let meta = Meta::start().await;
    let simulators = &meta.world.simulators;
    let id = simulators.echo_whatsapp(NUMBER, &format!("+{ASHA}"), "I will call you").unwrap();
    let preference = json!({ "user_preferences": [{ "wa_id": ASHA, "value": "stop" }] });
    simulators.whatsapp_change(NUMBER, "user_preferences", preference.clone()).unwrap();
    meta.world.finish().await;
    let received = meta.inbox.all();
    let echo = &value_of(&received[0])["message_echoes"][0];
    assert_eq!(received[0].json()["entry"][0]["changes"][0]["field"], "smb_message_echoes");
    assert_eq!((&echo["id"], &echo["from"], &echo["to"]), (&json!(id), &json!("15550001111"), &json!(ASHA)));
    assert_eq!(echo["text"]["body"], "I will call you");
    assert_eq!(received[1].json()["entry"][0]["changes"][0]["field"], "user_preferences");
    assert_eq!(value_of(&received[1]), preference);
    assert!(received[1].json()["entry"][0]["time"].is_i64());
    assert!(simulators.sent().is_empty());
    meta.accepted(text("Hello")).await;
    meta.world.finish().await;
    assert_eq!(meta.told(), ["failed"], "neither opens the window");
}

#[tokio::test]
async fn a_file_is_fetched_within_five_minutes() {
    let meta = Meta::start().await;
    let media_id = meta.world.simulators.add_media(b"hello", "image/jpeg").unwrap();
    let (status, media) = meta.ask(TOKEN, Method::GET, &format!("/v26.0/{media_id}"), &Value::Null).await;
    assert_eq!(status, 200, "{media}");
    assert_eq!(
        (&media["id"], &media["mime_type"], &media["file_size"]),
        (&json!(media_id), &json!("image/jpeg"), &json!(5))
    );
    assert_eq!(media["sha256"], "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    let url = media["url"].as_str().unwrap();
    assert!(url.starts_with(&meta.world.simulators.whatsapp_base_url()), "{url}");
    let file = meta.world.http.get(url).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(
        (file.status().as_u16(), file.headers()["content-type"].to_str().unwrap()),
        (200, "image/jpeg")
    );
    assert_eq!(file.bytes().await.unwrap().as_ref(), b"hello");
    let templates: Vec<String> =
        meta.world.simulators.requests().into_iter().map(|asked| asked.path_template).collect();
    assert_eq!(templates, ["/{Version}/{Media-ID}", "/{Version}/{Media-URL}"]);

    let stranger = meta.world.http.get(url).send().await.unwrap();
    assert_eq!(stranger.status().as_u16(), 401);
    let (status, _) = meta.ask(TOKEN, Method::GET, "/v26.0/404", &Value::Null).await;
    assert_eq!(status, 400);
    let (status, _) = meta.ask("EAAwrong", Method::GET, &format!("/v26.0/{media_id}"), &Value::Null).await;
    assert_eq!(status, 401);
    meta.world.clock.advance_to(meta.world.clock.now() + SignedDuration::from_mins(5));
    let late = meta.world.http.get(url).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(late.status().as_u16(), 404);
    let plain = url.split('?').next().unwrap();
    assert_eq!(meta.world.http.get(plain).bearer_auth(TOKEN).send().await.unwrap().status().as_u16(), 404);
}
