//! Lies about messages, webhooks that find nobody, and a restart.

use crate::meta::{ASHA, Meta, NUMBER, TOKEN, asha, message, template, text, value_of};
use crate::support::{Received, agent, call};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use simulators::{Lie, Lies, MessageScript};
use std::time::Duration;

#[tokio::test]
async fn webhooks_are_lost_doubled_forged_late_and_reordered() {
    for lie in [Lie::Lose, Lie::Duplicate, Lie::Forge, Lie::Late, Lie::Reorder] {
        let meta = Meta::start().await;
        let simulators = &meta.world.simulators;
        simulators.force_next_message_lie(lie);
        let first = simulators.receive_whatsapp(NUMBER, &asha(), text("Hi")).unwrap();
        let second = simulators.receive_whatsapp(NUMBER, &asha(), text("Are you there?")).unwrap();
        meta.world.finish().await;
        let received = meta.inbox.all();
        let genuine = received.iter().filter(|webhook| webhook.is_genuine());
        let ids: Vec<Value> = genuine.map(|webhook| value_of(webhook)["messages"][0]["id"].clone()).collect();
        let expected = match lie {
            Lie::Lose => vec![&second],
            Lie::Duplicate => vec![&first, &second, &first],
            Lie::Forge => vec![&first, &second],
            _ => vec![&second, &first],
        };
        assert_eq!(ids, expected.into_iter().map(|id| json!(id)).collect::<Vec<_>>(), "{lie:?}");
        let forged: Vec<&Received> = received.iter().filter(|webhook| !webhook.is_genuine()).collect();
        assert_eq!(forged.len(), usize::from(lie == Lie::Forge));
        for webhook in forged {
            assert_eq!(value_of(webhook)["messages"][0]["id"], json!(first));
            assert!(webhook.body.contains("Forged"));
        }
    }
}

#[tokio::test]
async fn a_lie_about_a_status_is_told_when_the_status_is() {
    let meta = Meta::start().await;
    meta.accepted(template("offer", &[])).await;
    meta.world.simulators.force_next_message_lie(Lie::Lose);
    meta.world.finish().await;
    assert_eq!(meta.told(), ["delivered", "read"]);
    meta.world.simulators.force_next_message_lie(Lie::Forge);
    meta.accepted(template("offer", &[])).await;
    meta.world.finish().await;
    let forged = meta.inbox.all().into_iter().find(|webhook| !webhook.is_genuine()).unwrap();
    assert_eq!(value_of(&forged)["statuses"][0]["status"], "read");
    // A change can be anything, and so can what a stranger makes of it.
    for odd in [json!("text"), json!({ "messages": ["text"] })] {
        meta.world.simulators.force_next_message_lie(Lie::Forge);
        meta.world.simulators.whatsapp_change(NUMBER, "odd", odd).unwrap();
        meta.world.finish().await;
    }
    assert_eq!(meta.inbox.all().iter().filter(|webhook| !webhook.is_genuine()).count(), 3);
}

#[tokio::test]
async fn a_message_is_refused_or_sent_without_an_answer() {
    let meta = Meta::start().await;
    let simulators = &meta.world.simulators;
    simulators.force_next_message_lie(Lie::RateLimit429);
    simulators.force_next_message_lie(Lie::ServerError5xx);
    assert_eq!(meta.refused(text("Hi")).await.1, 130_429);
    let (status, code, _) = meta.refused(text("Hi")).await;
    assert_eq!((status, code), (503, 2));
    assert!(simulators.sent().is_empty());

    simulators.force_next_message_lie(Lie::SuccessThen5xx);
    let (status, code, _) = meta.refused(text("Hi")).await;
    assert_eq!((status, code, simulators.sent().len()), (500, 131_000, 1));

    let send = || {
        let url = format!("{}/v26.0/{NUMBER}/messages", simulators.whatsapp_base_url());
        meta.world.http.post(url).bearer_auth(TOKEN).json(&message(&text("Hi")))
    };
    simulators.force_next_message_lie(Lie::SuccessThenClose);
    assert!(!send().send().await.unwrap_err().is_timeout());
    simulators.force_next_message_lie(Lie::SuccessThenTimeout);
    assert!(send().timeout(Duration::from_millis(200)).send().await.unwrap_err().is_timeout());
    assert_eq!(simulators.sent().len(), 3);

    simulators.set_slowness(Duration::ZERO);
    simulators.force_next_message_lie(Lie::Slow);
    meta.accepted(text("Hi")).await;
    assert_eq!(simulators.sent().len(), 4);
}

#[tokio::test]
async fn calls_and_messages_are_lied_about_apart() {
    let meta = Meta::start().await;
    let world = &meta.world;
    world.simulators.set_message_lies(Lies { lose: 1.0, success_then_5xx: 1.0, ..Lies::default() });
    world.simulators.force_next(Lie::RateLimit429);
    let agent_id = world.create_agent(agent()).await;
    let (status, _) = meta.send(template("offer", &[])).await;
    assert_eq!(status, 500, "the call's lie waits for a call");
    assert_eq!(world.post("/v1/convai/twilio/outbound-call", call(&agent_id, "+919876543218")).await.0, 429);
    world.dial(call(&agent_id, "+919876543218")).await;
    world.finish().await;
    assert!(meta.inbox.all().is_empty());
    assert_eq!(world.receiver.all().len(), 1);
    world.simulators.set_message_lies(Lies::default());
    meta.accepted(template("offer", &[])).await;
    world.finish().await;
    assert_eq!(meta.told().len(), 3);
}

#[tokio::test]
async fn the_same_seed_tells_the_same_lies_about_messages() {
    let mut courses = Vec::new();
    for _ in 0..2 {
        let meta = Meta::start().await;
        meta.world.simulators.set_message_lies(Lies {
            lose: 0.2,
            duplicate: 0.3,
            forge: 0.2,
            rate_limit_429: 0.3,
            seed: 11,
            ..Lies::default()
        });
        let mut statuses = Vec::new();
        for _ in 0..20 {
            statuses.push(meta.send(template("offer", &[])).await.0);
        }
        meta.world.finish().await;
        courses.push((statuses, meta.inbox.all().len()));
    }
    assert_eq!(courses[0], courses[1]);
    assert!(courses[0].0.contains(&429) && courses[0].0.contains(&200), "{courses:?}");
}

#[tokio::test]
async fn a_webhook_that_nobody_takes_comes_again_for_36_hours() {
    let meta = Meta::start().await;
    meta.world.simulators.receive_whatsapp(NUMBER, &asha(), text("Hi")).unwrap();
    // Anything but 200 is no, a 204 and a 403 too.
    meta.inbox.answer_next(&[500, 204, 403, 404, 429, 302, 500, 500, 500, 500, 500]);
    let mut at: Vec<Timestamp> = Vec::new();
    while let Some(next) = meta.world.step().await {
        at.push(next);
        assert!(at.len() < 20, "it comes for ever");
    }
    let received = meta.inbox.all();
    assert_eq!(received.len(), 10);
    assert!(received.iter().all(|webhook| webhook.is_genuine() && webhook.body == received[0].body));
    let waits: Vec<i64> = at.windows(2).map(|pair| pair[1].duration_since(pair[0]).as_secs()).collect();
    let hours = 8 * 3600;
    let expected = [10, 60, 300, 1800, 7200, hours, hours, hours, hours];
    assert_eq!(waits.len(), expected.len());
    for (wait, least) in waits.iter().zip(expected) {
        assert!((least..least + 5).contains(wait), "{waits:?}");
    }
}

#[tokio::test]
async fn a_webhook_that_was_taken_late_is_not_posted_again() {
    let meta = Meta::start().await;
    meta.world.simulators.receive_whatsapp(NUMBER, &asha(), text("Hi")).unwrap();
    meta.inbox.answer_next(&[500, 500]);
    meta.world.finish().await;
    assert_eq!(meta.inbox.all().len(), 3);
}

#[tokio::test]
async fn no_message_is_lost_by_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("simulators.sqlite");
    let before = Meta::with_database(Some(file.clone())).await;
    before.hear().await;
    let media_id = before.world.simulators.add_media(b"hello", "image/png").unwrap();
    let simulators = &before.world.simulators;
    simulators
        .set_whatsapp_script(ASHA, vec![MessageScript::SentOnly, MessageScript::Undeliverable])
        .unwrap();
    let id = before.accepted(text("Hello")).await;
    let written = simulators.receive_whatsapp(NUMBER, &asha(), text("Hi")).unwrap();
    let due = simulators.next_due();
    // No stop: a process that is killed says no goodbye.

    let after = Meta::with_database(Some(file)).await;
    after.world.clock.advance_to(before.world.clock.now());
    let simulators = &after.world.simulators;
    assert_eq!(simulators.next_due(), due);
    assert_eq!(simulators.sent(), before.world.simulators.sent());
    after.world.finish().await;
    let received = after.inbox.all();
    assert!(received.iter().any(|webhook| value_of(webhook)["messages"][0]["id"] == json!(written)));
    assert_eq!((after.told(), &after.statuses()[0]["id"]), (vec!["sent".to_owned()], &json!(id)));
    // The window, the second script, the message that came and the file are still there.
    after.accepted(text("Hello?")).await;
    after.world.finish().await;
    assert_eq!(after.statuses()[1]["errors"][0]["code"], json!(131_026));
    after.accepted(text("Hello!")).await;
    after.world.finish().await;
    assert_eq!(after.told()[2..], ["sent", "delivered", "read"]);
    let read = json!({ "status": "read", "message_id": written });
    assert_eq!(after.send(read).await.0, 200);
    let (status, _) = after.ask(TOKEN, Method::GET, &format!("/v26.0/{media_id}"), &Value::Null).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_file_of_an_older_version_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("simulators.sqlite");
    let older = rusqlite::Connection::open(&file).unwrap();
    older
        .execute_batch(
            "CREATE TABLE deliveries (
                seq INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, body TEXT NOT NULL,
                due_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, retried INTEGER NOT NULL,
                forged INTEGER NOT NULL, held INTEGER NOT NULL);
             INSERT INTO deliveries (account, body, due_ms, retried, forged, held)
             VALUES ('xi_test', '{}', 0, 1, 0, 0);",
        )
        .unwrap();
    drop(older);
    let meta = Meta::with_database(Some(file)).await;
    meta.world.simulators.receive_whatsapp(NUMBER, &asha(), text("Hi")).unwrap();
    meta.world.finish().await;
    let old = meta.world.receiver.all();
    assert_eq!((old.len(), old[0].body.as_str(), old[0].is_genuine()), (1, "{}", true));
    assert_eq!(meta.inbox.all().len(), 1);
}
