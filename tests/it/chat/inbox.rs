//! People answer, and the bot is silent.

use super::{ASHA, asha, conversation, says, secs, sent_to, text, writes};
use serde_json::{Value, json};
use simulators::{ModelBehaviour, phone_number_id};
use std::time::Duration;
use testkit::TestApp;

#[tokio::test]
async fn a_person_takes_over_and_gives_back() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    says(&app, &asha(), "Hello").await;
    let id = conversation(owner).await["id"].as_str().unwrap().to_owned();
    let taken =
        owner.post(&format!("/conversations/{id}/takeover"), json!({"assignee": "ravi@acme.test"})).await;
    let taken = taken.expect(200);
    assert_eq!((&taken["status"], &taken["assignee"]), (&json!("human"), &json!("ravi@acme.test")));
    says(&app, &asha(), "Anybody there?").await;
    assert_eq!(sent_to(&app, ASHA).len(), 1, "the bot is silent");
    let listed = owner.get("/conversations?status=human&assignee=Ravi@acme.test").await.expect(200);
    assert_eq!(listed[0]["id"], json!(id));
    assert_eq!(listed[0]["last_message"]["text"], "Anybody there?");
    assert_eq!(owner.get("/conversations?status=bot").await.expect(200), json!([]));
    let key = [("idempotency-key", "once")];
    let body = json!({"text": "Ravi here"}).to_string().into_bytes();
    let path = format!("/conversations/{id}/messages");
    for _ in 0..2 {
        owner.send(http::Method::POST, &path, &key, Some(body.clone())).await.expect(202);
    }
    assert_eq!(app.advance(secs(10)).await, Vec::<String>::new());
    assert_eq!(sent_to(&app, ASHA)[1..], ["Ravi here"]);
    let back = owner.post(&format!("/conversations/{id}/release"), json!({})).await.expect(200);
    assert_eq!((&back["status"], &back["assignee"]), (&json!("bot"), &Value::Null));
    says(&app, &asha(), "Thanks").await;
    assert_eq!(sent_to(&app, ASHA).len(), 3);
    let figures = owner.get("/analytics/chat").await.expect(200);
    assert_eq!((&figures["handovers"], &figures["member_messages"]), (&json!(1), &json!(1)));

    let rating = json!({"rating": 4, "comment": "quick"});
    let rate = format!("/conversations/{id}/feedback");
    assert_eq!(owner.post(&rate, rating).await.status.as_u16(), 204);
    assert_eq!(owner.post(&rate, json!({"rating": 6})).await.problem(422), "invalid");
    let figures = owner.get("/analytics/chat").await.expect(200);
    assert_eq!(figures["feedback"], json!({"count": 1, "average": 4.0, "by_rating": {"4": 1}}));

    let theirs = app.tenant("acme").await;
    for path in [format!("/conversations/{id}"), format!("/conversations/{id}?limit=1")] {
        assert_eq!(theirs.get(&path).await.problem(404), "not_found");
    }
    for (path, body) in
        [("takeover", json!({})), ("messages", json!({"text": "x"})), ("feedback", json!({"rating": 1}))]
    {
        assert_eq!(theirs.post(&format!("/conversations/{id}/{path}"), body).await.problem(404), "not_found");
    }
    let viewer = app.member("viewer").await;
    assert_eq!(viewer.post(&path, json!({"text": "x"})).await.problem(403), "forbidden");
}

#[tokio::test]
async fn whoever_takes_over_while_the_bot_thinks_is_not_talked_over() {
    let app = TestApp::start().await;
    let owner = app.owner.clone();
    says(&app, &asha(), "Hello").await;
    let id = conversation(&owner).await["id"].as_str().unwrap().to_owned();
    app.simulators().set_model_behaviour(ModelBehaviour::Slow);
    app.simulators().set_slowness(Duration::from_millis(400));
    writes(&app, &asha(), text("Are you there?"));
    let takeover = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        owner.post(&format!("/conversations/{id}/takeover"), json!({})).await.expect(200)
    };
    let (stuck, _) = tokio::join!(app.advance(secs(10)), takeover);
    assert_eq!(stuck, Vec::<String>::new());
    assert_eq!(app.advance(secs(300)).await, Vec::<String>::new());
    assert_eq!(sent_to(&app, ASHA).len(), 1, "what the bot made is not said");
}

#[tokio::test]
async fn an_answer_through_the_app_is_a_takeover() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    says(&app, &asha(), "Hello").await;
    app.simulators().echo_whatsapp(&phone_number_id("demo"), ASHA, "This is Ravi, from my phone").unwrap();
    assert_eq!(app.advance(secs(5)).await, Vec::<String>::new());
    let talk = conversation(owner).await;
    assert_eq!((&talk["status"], &talk["assignee"]), (&json!("human"), &json!("whatsapp")));
    let echo =
        talk["messages"].as_array().unwrap().iter().find(|message| message["author"]["kind"] == "member");
    assert_eq!(echo.unwrap()["text"], "This is Ravi, from my phone");
    says(&app, &asha(), "Thanks Ravi").await;
    assert_eq!(sent_to(&app, ASHA).len(), 1);
}

#[tokio::test]
async fn messages_are_paged_newest_first() {
    let app = TestApp::start().await;
    for n in 0..7 {
        writes(&app, &asha(), text(&format!("message {n}")));
    }
    assert_eq!(app.advance(secs(10)).await, Vec::<String>::new());
    let id = conversation(&app.owner).await["id"].as_str().unwrap().to_owned();
    let (mut all, mut cursor) = (Vec::new(), String::new());
    for _ in 0..10 {
        let page = app.owner.get(&format!("/conversations/{id}?limit=3{cursor}")).await.expect(200);
        all.extend(
            page["messages"]
                .as_array()
                .unwrap()
                .iter()
                .map(|message| message["text"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(all.len(), 8);
    assert_eq!(
        all[1..],
        ["message 6", "message 5", "message 4", "message 3", "message 2", "message 1", "message 0"]
    );
}

#[tokio::test]
async fn a_bot_that_is_switched_off_says_nothing_and_leaves_them_to_people() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let switch = async |enabled: bool| {
        owner.put("/business-config", json!({"chat": {"enabled": enabled}})).await.expect(200);
    };
    // Off between the answer and its sending.
    app.simulators().set_model_behaviour(ModelBehaviour::Slow);
    app.simulators().set_slowness(Duration::from_millis(1_500));
    writes(&app, &asha(), text("Are you there?"));
    let off = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        switch(false).await;
    };
    let (stuck, ()) = tokio::join!(app.advance(secs(10)), off);
    assert_eq!(stuck, Vec::<String>::new());
    assert_eq!(sent_to(&app, ASHA), Vec::<String>::new());
    let reply = conversation(owner).await["messages"][0].clone();
    assert_eq!((&reply["status"], &reply["reason"]), (&json!("withheld"), &json!("bot_off")), "{reply:#}");
    assert_eq!(owner.all("/tasks").await.len(), 1);
    assert_eq!(owner.get("/api/bot/status-summary").await.expect(200)["status"], "off");

    says(&app, &asha(), "Hello?").await;
    assert_eq!(sent_to(&app, ASHA), Vec::<String>::new());
    let talk = conversation(owner).await;
    assert_eq!((&talk["status"], &talk["assignee"]), (&json!("human"), &Value::Null));
    let lines = talk["messages"].as_array().unwrap().iter();
    let lines: Vec<&Value> = lines.filter(|message| message["content"]["kind"] == "event").collect();
    assert_eq!((lines.len(), &lines[0]["text"]), (1, &json!("[taken_over] bot_off")));
    // On again, it leaves to people what it was given away.
    switch(true).await;
    app.simulators().set_model_behaviour(ModelBehaviour::Honest);
    says(&app, &asha(), "Still there?").await;
    assert_eq!(sent_to(&app, ASHA), Vec::<String>::new());
    let id = talk["id"].as_str().unwrap();
    owner.post(&format!("/conversations/{id}/release"), json!({})).await.expect(200);
    says(&app, &asha(), "And now?").await;
    assert_eq!(sent_to(&app, ASHA).len(), 1);
}

#[tokio::test]
async fn who_writes_takes_over_and_the_audit_has_it_once() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    says(&app, &asha(), "Hello").await;
    let id = conversation(owner).await["id"].as_str().unwrap().to_owned();
    for text in ["Ravi here", "How can I help?"] {
        owner.post(&format!("/conversations/{id}/messages"), json!({ "text": text })).await.expect(202);
    }
    let taken: Vec<Value> = owner.all("/admin/audit").await;
    let taken: Vec<&Value> =
        taken.iter().filter(|entry| entry["action"] == "conversation.taken_over").collect();
    assert_eq!(taken.len(), 1, "{taken:#?}");
    assert_eq!(taken[0]["subject"], json!(id), "{:#}", taken[0]);
}
