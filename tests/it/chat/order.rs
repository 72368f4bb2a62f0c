//! Twice, late, out of order, and not heard of: one answer, and none lost.

use super::{ASHA, asha, conversation, says, secs, sent_to, text, writes};
use crate::analytics::{counters_are_what_records_say, demo};
use jiff::SignedDuration;
use serde_json::{Value, json};
use simulators::{Lie, MessageScript, phone_number_id};
use testkit::TestApp;

fn line() -> String {
    phone_number_id("demo")
}

fn messages(talk: &Value, direction: &str) -> Vec<Value> {
    let all = talk["messages"].as_array().unwrap().iter().filter(|message| message["direction"] == direction);
    all.cloned().collect()
}

#[tokio::test]
async fn webhooks_that_come_twice_or_late_change_nothing() {
    let app = TestApp::start().await;
    for lie in [Lie::Duplicate, Lie::Forge] {
        app.simulators().force_next_message_lie(lie);
    }
    says(&app, &asha(), "Hello").await;
    assert_eq!(app.advance(SignedDuration::from_mins(5)).await, Vec::<String>::new());
    let talk = conversation(&app.owner).await;
    assert_eq!(messages(&talk, "inbound").len(), 1, "{talk:#}");
    assert_eq!(sent_to(&app, ASHA).len(), 1);
    // A status that is older than what is known.
    let reply = &messages(&talk, "outbound")[0];
    let id = reply["provider_id"].as_str().unwrap();
    let late = json!({"messaging_product": "whatsapp", "metadata": {"phone_number_id": line()},
        "statuses": [{"id": id, "status": "sent", "timestamp": "1799661600", "recipient_id": ASHA},
            {"id": id, "status": "failed", "timestamp": "1799661600", "errors": [{"code": 131_026}]}]});
    app.simulators().whatsapp_change(&line(), "messages", late).unwrap();
    assert_eq!(app.advance(secs(5)).await, Vec::<String>::new());
    assert_eq!(messages(&conversation(&app.owner).await, "outbound")[0]["status"], "read");
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn what_is_written_in_pieces_gets_one_answer_and_what_comes_later_another() {
    let app = TestApp::start().await;
    writes(&app, &asha(), text("Hi"));
    assert_eq!(app.advance(secs(1)).await, Vec::<String>::new());
    writes(&app, &asha(), text("are you there"));
    assert_eq!(app.advance(secs(1)).await, Vec::<String>::new());
    assert_eq!(sent_to(&app, ASHA), Vec::<String>::new(), "they may go on");
    writes(&app, &asha(), text("I have a question"));
    assert_eq!(app.advance(secs(10)).await, Vec::<String>::new());
    assert_eq!(sent_to(&app, ASHA).len(), 1);
    let asked =
        app.simulators().requests().into_iter().rfind(|request| request.path_template == "/chat/completions");
    let asked = asked.unwrap().body["messages"][1]["content"].as_str().unwrap().to_owned();
    let new = asked.rsplit_once("NEW MESSAGES").unwrap().1;
    assert_eq!(new.matches("CUSTOMER:").count(), 3, "{new}");
    says(&app, &asha(), "One more").await;
    assert_eq!(sent_to(&app, ASHA).len(), 2);
}

#[tokio::test]
async fn an_unanswered_send_is_settled_by_its_statuses_and_never_repeated() {
    let app = TestApp::start().await;
    app.simulators().force_next_message_lie(Lie::SuccessThenClose);
    says(&app, &asha(), "Hello").await;
    assert_eq!(app.advance(SignedDuration::from_mins(30)).await, Vec::<String>::new());
    assert_eq!(sent_to(&app, ASHA).len(), 1);
    let reply = messages(&conversation(&app.owner).await, "outbound").remove(0);
    assert_eq!(reply["status"], "read", "{reply:#}");
    assert!(reply["provider_id"].as_str().unwrap().starts_with("wamid."));
}

#[tokio::test]
async fn a_send_that_nobody_ever_speaks_of_is_a_persons_to_look_at() {
    let app = TestApp::start().await;
    says(&app, &asha(), "Hello").await;
    app.simulators().force_next_message_lie(Lie::SuccessThen5xx);
    let lies = simulators::Lies { lose: 1.0, ..simulators::Lies::default() };
    writes(&app, &asha(), text("Again"));
    assert_eq!(app.advance(secs(1)).await, Vec::<String>::new());
    app.simulators().set_message_lies(lies);
    assert_eq!(app.advance(SignedDuration::from_mins(15)).await, Vec::<String>::new());
    let reply = messages(&conversation(&app.owner).await, "outbound").remove(0);
    assert_eq!((&reply["status"], &reply["reason"]), (&json!("ambiguous"), &json!("no_answer")), "{reply:#}");
    assert_eq!(sent_to(&app, ASHA).len(), 2, "it was sent, and once");
    let tasks = app.owner.all("/tasks").await;
    assert_eq!(tasks[0]["title"], "Check whether a message was sent");
}

#[tokio::test]
async fn what_the_provider_took_no_notice_of_comes_again() {
    let app = TestApp::start().await;
    let scripts = vec![
        MessageScript::Throttled,
        MessageScript::PairLimited,
        MessageScript::Transient,
        MessageScript::Read,
    ];
    app.simulators().set_whatsapp_script(ASHA, scripts).unwrap();
    says(&app, &asha(), "Hello").await;
    assert_eq!(app.advance(SignedDuration::from_mins(3)).await, Vec::<String>::new());
    let reply = messages(&conversation(&app.owner).await, "outbound").remove(0);
    assert_eq!(reply["status"], "read", "{reply:#}");
    assert_eq!(sent_to(&app, ASHA).len(), 1);
}

#[tokio::test]
async fn each_error_is_acted_on() {
    for (script, reason) in [
        (MessageScript::Undeliverable, "undeliverable"),
        (MessageScript::WindowClosed, "window_closed"),
        (MessageScript::OptedOut, "opted_out_of_marketing"),
        (MessageScript::Withheld, "withheld_by_provider"),
        (MessageScript::TokenInvalid, "account"),
        (MessageScript::Spam, "blocked_by_provider"),
    ] {
        let app = TestApp::start().await;
        app.simulators().set_whatsapp_script(ASHA, vec![script]).unwrap();
        says(&app, &asha(), "Hello").await;
        assert_eq!(app.advance(secs(60)).await, Vec::<String>::new());
        let reply = messages(&conversation(&app.owner).await, "outbound").remove(0);
        assert_eq!((&reply["status"], &reply["reason"]), (&json!("failed"), &json!(reason)), "{reply:#}");
        assert_eq!(app.owner.all("/tasks").await.len(), 1, "{reason}");
        let bot = app.owner.get("/api/bot/status-summary").await.expect(200);
        assert_eq!(
            bot["last_error"].is_string(),
            ["account", "blocked_by_provider"].contains(&reason),
            "{reason}"
        );
        let lead = &app.owner.all("/leads").await[0];
        let refused = lead["consent"]["whatsapp"]["granted"] == false;
        assert_eq!(refused, reason == "opted_out_of_marketing");
        counters_are_what_records_say(&app, &demo()).await;
    }
}

#[tokio::test]
async fn every_kind_of_message_is_kept_and_only_what_asks_is_answered() {
    let app = TestApp::start().await;
    let media = |kind: &str| json!({"type": kind, kind: {"id": "77", "mime_type": "image/jpeg", "sha256": "x", "caption": "la casa"}});
    let kinds = [
        media("image"),
        json!({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes"}}}),
        json!({"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": "{\"a\":1}"}}}),
        json!({"type": "button", "button": {"payload": "CONFIRM:42", "text": "Confirm"}}),
        json!({"type": "location", "location": {"latitude": 45.4, "longitude": 9.2, "name": "Ufficio"}}),
        json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Ravi"}}]}),
        json!({"type": "order", "order": {"catalog_id": "1", "product_items": [{"quantity": 1e30}]}}),
        json!({"type": "hologram", "hologram": {"depth": [1, {"x": null}]}}),
        json!({"type": "unsupported", "errors": [{"code": 131_051, "title": "Unsupported message type"}]}),
    ];
    let n = kinds.len();
    for content in kinds {
        writes(&app, &asha(), content);
    }
    assert_eq!(app.advance(secs(10)).await, Vec::<String>::new());
    let talk = conversation(&app.owner).await;
    assert_eq!(messages(&talk, "inbound").len(), n, "{talk:#}");
    assert_eq!(sent_to(&app, ASHA).len(), 1);
    let of = messages(&talk, "outbound")[0]["provider_id"].clone();
    writes(&app, &asha(), json!({"type": "reaction", "reaction": {"message_id": of, "emoji": "👍"}}));
    assert_eq!(app.advance(secs(10)).await, Vec::<String>::new());
    assert_eq!(messages(&conversation(&app.owner).await, "inbound").len(), n + 1);
    assert_eq!(sent_to(&app, ASHA).len(), 1, "a mark asks for nothing");
}

#[tokio::test]
async fn a_person_stays_one_when_their_number_changes() {
    let app = TestApp::start().await;
    says(&app, &asha(), "Hello").await;
    let lead = app.owner.all("/leads").await.remove(0);
    let change = json!({"type": "system", "system": {"type": "user_changed_number", "wa_id": "919812345678",
        "body": "User A changed from 919876543210 to 919812345678"}});
    writes(&app, &asha(), change);
    assert_eq!(app.advance(secs(10)).await, Vec::<String>::new());
    let changed = app.owner.get(&format!("/leads/{}", lead["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(changed["phone"], "+919812345678");
    let new = simulators::Person { phone: Some("919812345678".to_owned()), ..asha() };
    says(&app, &new, "It is me").await;
    assert_eq!(app.owner.all("/leads").await.len(), 1);
    assert_eq!(sent_to(&app, "919812345678").len(), 1);
}

#[tokio::test]
async fn two_records_of_one_person_lose_no_message() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let by_id =
        simulators::Person { phone: None, user_id: Some("IN.77".to_owned()), name: Some("Asha".to_owned()) };
    says(&app, &by_id, "Hello").await;
    let known = crate::story::lead(owner, "+919876543210").await;
    let both = simulators::Person { phone: Some(ASHA.to_owned()), ..by_id.clone() };
    says(&app, &both, "It is me, with my number").await;
    says(&app, &both, "And again").await;
    assert_eq!(sent_to(&app, ASHA).len(), 2, "the record with the number is the one that people keep");
    let talks = owner.all("/conversations").await;
    let of_known = talks.iter().find(|talk| talk["contact_id"] == json!(known)).unwrap();
    assert_eq!(of_known["last_message"]["direction"], "outbound");
    says(&app, &by_id, "Now without").await;
    assert_eq!(owner.all("/leads").await.len(), 2, "the id goes with the number now");
    assert_eq!(sent_to(&app, ASHA).len(), 3);
}

#[tokio::test]
async fn a_number_that_is_changed_by_hand_is_not_the_old_one() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    says(&app, &asha(), "Hello").await;
    let talk = conversation(owner).await;
    let lead = format!("/leads/{}", talk["contact_id"].as_str().unwrap());
    owner.patch(&lead, json!({"phone": "+919812345678"})).await.expect(200);
    let path = format!("/conversations/{}/messages", talk["id"].as_str().unwrap());
    assert_eq!(owner.post(&path, json!({"text": "Hello"})).await.problem(409), "window_closed");
    assert_eq!(sent_to(&app, ASHA).len(), 1);
}

#[tokio::test]
async fn one_bad_update_holds_nobody_up() {
    let app = TestApp::start().await;
    let large = json!({"type": "order", "order": {"catalog_id": "1", "text": "x".repeat(600_000)}});
    let ravi = simulators::Person { phone: Some("919812345678".to_owned()), ..asha() };
    let batch = vec![(asha(), large), (asha(), text("Hello")), (ravi, text("Hello"))];
    app.simulators().receive_whatsapp_batch(&line(), batch).unwrap();
    assert_eq!(app.advance(secs(10)).await, Vec::<String>::new());
    assert_eq!((sent_to(&app, ASHA).len(), sent_to(&app, "919812345678").len()), (1, 1));
}

#[tokio::test]
async fn what_is_written_first_goes_first_whatever_holds_it_up() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    says(&app, &asha(), "Hello").await;
    let id = conversation(owner).await["id"].as_str().unwrap().to_owned();
    let write = async |text: String| {
        owner.post(&format!("/conversations/{id}/messages"), json!({ "text": text })).await.expect(202);
    };
    // The first of six is refused three times, each time for longer.
    let refused = vec![MessageScript::Transient, MessageScript::PairLimited, MessageScript::Transient];
    app.simulators().set_whatsapp_script(ASHA, refused).unwrap();
    for n in 0..6 {
        write(format!("part {n}")).await;
    }
    assert_eq!(app.advance(SignedDuration::from_mins(3)).await, Vec::<String>::new());
    assert_eq!(sent_to(&app, ASHA)[1..], [0, 1, 2, 3, 4, 5].map(|n| format!("part {n}")));
    // One that will never go holds up nobody.
    app.simulators().set_whatsapp_script(ASHA, vec![MessageScript::TokenInvalid]).unwrap();
    for n in 6..8 {
        write(format!("part {n}")).await;
    }
    assert_eq!(app.advance(secs(30)).await, Vec::<String>::new());
    assert_eq!(sent_to(&app, ASHA)[7..], ["part 7"]);
    let said = messages(&conversation(owner).await, "outbound");
    let seven = said.iter().find(|message| message["text"] == "part 6").unwrap();
    assert_eq!((&seven["status"], &seven["reason"]), (&json!("failed"), &json!("account")));
}
