//! Conversations that another system saves: stored first, read by a model, and the record fills itself, once.

use crate::analytics::{counters_are_what_records_say, demo};
use crate::chat::secs;
use crate::clients::client_of;
use futures::future::join_all;
use integration::extraction;
use serde_json::{Value, json};
use simulators::ModelBehaviour;
use std::time::Duration;
use testkit::{Client, TestApp};

fn coffee() -> Value {
    json!({
        "user_email": "john.smith@email.com",
        "messages": [
            {"role": "user", "content": "Hi, my name is John Smith. I want to open a PT PMA for coffee export business."},
            {"role": "assistant", "content": "Hello John! A PT PMA costs 25,000,000 IDR and takes about 120 days..."}
        ],
        "session_id": "test-session-001",
        "metadata": {"team_member": "antonello@balizero.com"}
    })
}

fn said(email: &str, session: Option<&str>, lines: &[&str]) -> Value {
    let messages: Vec<Value> = lines.iter().map(|line| json!({"role": "user", "content": line})).collect();
    json!({"user_email": email, "session_id": session, "messages": messages})
}

async fn save(owner: &Client, body: Value) -> Value {
    owner.post("/conversations/save", body).await.expect(200)
}

async fn len(owner: &Client, list: &str) -> usize {
    owner.all(list).await.len()
}

#[tokio::test]
async fn the_documents_conversation_fills_the_record() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let saved = owner.post("/bali-zero/conversations/save", coffee()).await.expect(200);
    assert_eq!((&saved["success"], &saved["messages_saved"]), (&json!(true), &json!(2)));
    let crm = &saved["crm"];
    let marks = ["processed", "client_created", "practice_created"].map(|name| &crm[name] == true);
    assert_eq!(marks, [true; 3], "{saved:#}");
    let client = owner.get("/crm/clients/by-email/john.smith@email.com").await.expect(200);
    assert_eq!(client["id"], crm["client_id"]);
    assert_eq!(
        [&client["full_name"], &client["email"], &client["status"], &client["assigned_to"]],
        [
            &json!("John Smith"),
            &json!("john.smith@email.com"),
            &json!("prospect"),
            &json!("antonello@balizero.com")
        ]
    );
    let practices = owner.all(&format!("/crm/practices?client_id={}", client["id"].as_str().unwrap())).await;
    assert_eq!(practices.len(), 1);
    assert_eq!(
        (&practices[0]["id"], &practices[0]["practice_type_code"]),
        (&crm["practice_id"], &json!("PT_PMA"))
    );
    assert_eq!(
        (&practices[0]["quoted_price"], &practices[0]["assigned_to"]),
        (&json!(25_000_000), &json!("antonello@balizero.com"))
    );
    let interaction = owner
        .get(&format!("/crm/interactions/{}", crm["interaction_id"].as_str().unwrap()))
        .await
        .expect(200);
    assert_eq!(
        [
            &interaction["interaction_type"],
            &interaction["practice_id"],
            &interaction["sentiment"],
            &interaction["team_member"]
        ],
        [&json!("chat"), &practices[0]["id"], &json!("positive"), &json!("antonello@balizero.com")]
    );
    let job =
        owner.get(&format!("/conversations/jobs/{}", crm["job_id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&job["status"], &job["id"]), (&json!("completed"), &saved["conversation_id"]));
    assert_eq!(job["cost"]["unknown"], json!(["model simulator"]), "the simulated model has no price");
    assert_eq!(owner.get("/usage").await.expect(200)["tokens"][0]["model"], "simulator");

    // What a model wrote shows its sentence.
    let provenance =
        owner.get(&format!("/crm/clients/{}/provenance", client["id"].as_str().unwrap())).await.expect(200);
    let name = &provenance["fields"]["first_name"];
    assert_eq!(
        [&name["by"], &name["value"], &name["evidence"], &name["can_revert"]],
        [&json!("ai"), &json!("John"), &json!("Hi, my name is John Smith."), &json!(true)]
    );
    assert_eq!(provenance["fields"]["email"]["by"], "system");

    // The job that stood by finds nothing to do, and the same again makes nothing twice.
    assert_eq!(app.advance(secs(10)).await, Vec::<String>::new());
    let again = owner.post("/bali-zero/conversations/save", coffee()).await.expect(200);
    assert_eq!(again, saved);
    let lists = ["/crm/clients", "/crm/practices", "/crm/interactions"];
    for list in lists {
        assert_eq!(len(owner, list).await, 1, "{list}");
    }
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn a_session_that_goes_on_enriches_and_repeats_nothing() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let mut lines = vec!["Hi, my name is John Smith. I want to open a PT PMA."];
    let first = save(owner, said("john@example.com", Some("s1"), &lines)).await;
    lines.extend(["I am from Italy.", "Call me on +39 333 123 4567 please."]);
    let second = save(owner, said("John@Example.com", Some("s1"), &lines)).await;
    assert_eq!(second["messages_saved"], 3);
    assert_eq!(second["conversation_id"], first["conversation_id"]);
    for field in ["client_id", "practice_id", "interaction_id"] {
        assert_eq!(second["crm"][field], first["crm"][field], "{field}");
    }
    let client = owner.get("/crm/clients/by-email/john@example.com").await.expect(200);
    assert_eq!((&client["nationality"], &client["phone"]), (&json!("italy"), &json!("+393331234567")));
    // A person's words stay, of the client as of the interaction.
    let path = format!("/crm/clients/{}", client["id"].as_str().unwrap());
    owner.patch(&path, json!({"full_name": "Giovanni Smith"})).await.expect(200);
    let interaction = format!("/crm/interactions/{}", first["crm"]["interaction_id"].as_str().unwrap());
    owner.patch(&interaction, json!({"summary": "Wants coffee."})).await.expect(200);
    lines.push("My name is Johnny Smith, by the way.");
    save(owner, said("john@example.com", Some("s1"), &lines)).await;
    assert_eq!(owner.get(&path).await.expect(200)["full_name"], "Giovanni Smith");
    assert_eq!(owner.get(&interaction).await.expect(200)["summary"], "Wants coffee.");
    // What a model wrote is reverted, and not written again.
    let reverted = owner.post(&format!("{path}/provenance/nationality/revert"), json!({})).await.expect(200);
    assert_eq!(reverted["nationality"], "");
    assert_eq!(
        owner.post(&format!("{path}/provenance/nationality/revert"), json!({})).await.problem(409),
        "conflict"
    );
    assert_eq!(
        owner.post(&format!("{path}/provenance/first_name/revert"), json!({})).await.problem(409),
        "conflict"
    );
    assert_eq!(
        owner.post(&format!("{path}/provenance/shoe_size/revert"), json!({})).await.problem(404),
        "not_found"
    );
    lines.push("I am from Italy, did I say so?");
    save(owner, said("john@example.com", Some("s1"), &lines)).await;
    assert_eq!(owner.get(&path).await.expect(200)["nationality"], "");
    // Another session of theirs is about the open practice too.
    let other = save(owner, said("john@example.com", Some("s2"), &["Any news of my PT PMA?"])).await;
    assert_eq!(other["crm"]["practice_id"], first["crm"]["practice_id"]);
    assert_eq!(
        (&other["crm"]["practice_created"], &other["crm"]["client_created"]),
        (&json!(false), &json!(false))
    );
    assert_ne!(other["crm"]["interaction_id"], first["crm"]["interaction_id"]);
    assert_eq!(len(owner, "/crm/practices").await, 1);
    // Closed by people, or deleted, it is not begun anew by the conversation that began it.
    let practice = format!("/crm/practices/{}", first["crm"]["practice_id"].as_str().unwrap());
    owner.patch(&practice, json!({"status": "completed"})).await.expect(200);
    lines.push("Thank you.");
    let thanks = save(owner, said("john@example.com", Some("s1"), &lines)).await;
    assert_eq!(thanks["crm"]["practice_id"], first["crm"]["practice_id"]);
    owner.delete(&practice).await.expect(204);
    lines.push("Goodbye.");
    save(owner, said("john@example.com", Some("s1"), &lines)).await;
    assert_eq!(len(owner, "/crm/practices").await, 0);
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn sessions_that_are_saved_at_once_make_one_client_and_one_practice() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let all = (0..12).map(|n| {
        let session = format!("s{}", n % 6);
        let body = said("asha@example.com", Some(&session), &["My name is Asha Rao. I need a KITAS."]);
        async move { save(owner, body).await }
    });
    let answers = join_all(all).await;
    assert_eq!(app.advance(secs(30)).await, Vec::<String>::new());
    assert!(answers.iter().all(|answer| answer["success"] == true && answer["messages_saved"] == 1));
    assert_eq!(
        (
            len(owner, "/crm/clients").await,
            len(owner, "/crm/practices").await,
            len(owner, "/crm/interactions").await
        ),
        (1, 1, 6)
    );
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn what_is_not_sure_a_person_is_asked() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    // The simulated model is unsure of who only says a name.
    let saved = save(owner, said("unsure@example.com", Some("s"), &["My name is Carla Verdi."])).await;
    assert_eq!((&saved["crm"]["processed"], &saved["crm"]["client_id"]), (&json!(true), &Value::Null));
    let open = owner.all("/crm/review").await;
    assert_eq!((open.len(), &open[0]["about"], &open[0]["status"]), (1, &json!("client"), &json!("open")));
    assert_eq!(open[0]["proposal"]["full_name"]["evidence"], "My name is Carla Verdi.");
    assert_eq!(saved["crm"]["review_ids"], json!([open[0]["id"]]));
    let path = format!("/crm/review/{}", open[0]["id"].as_str().unwrap());
    let stranger = app.tenant("other").await;
    assert_eq!(stranger.post(&format!("{path}/accept"), json!({})).await.problem(404), "not_found");
    assert_eq!(
        app.member("viewer").await.post(&format!("{path}/accept"), json!({})).await.problem(403),
        "forbidden"
    );
    let accepted = owner.post(&format!("{path}/accept"), json!({})).await.expect(200);
    assert_eq!(accepted["status"], "accepted");
    let client = owner.get("/crm/clients/by-email/unsure@example.com").await.expect(200);
    assert_eq!((&client["full_name"], &client["id"]), (&json!("Carla Verdi"), &accepted["client_id"]));
    assert_eq!(len(owner, "/crm/interactions").await, 1);
    assert_eq!(owner.post(&format!("{path}/accept"), json!({})).await.expect(200), accepted);
    assert_eq!(owner.post(&format!("{path}/reject"), json!({})).await.problem(409), "conflict");

    // A practice may be less sure than its client.
    owner.patch("/crm/settings", json!({"practice_confidence": 0.95})).await.expect(200);
    let saved =
        save(owner, said("two@example.com", Some("t"), &["My name is Dino Blu, I need a KITAS."])).await;
    assert!(saved["crm"]["client_id"].is_string());
    assert_eq!(saved["crm"]["practice_id"], Value::Null);
    let open = owner.all("/crm/review?status=open").await;
    assert_eq!((open.len(), &open[0]["about"]), (1, &json!("practice")));
    let path = format!("/crm/review/{}", open[0]["id"].as_str().unwrap());
    assert_eq!(owner.post(&format!("{path}/reject"), json!({})).await.expect(200)["status"], "rejected");
    assert_eq!(owner.post(&format!("{path}/accept"), json!({})).await.problem(409), "conflict");
    // Who said no is not asked again, and what became sure asks no more.
    save(owner, said("two@example.com", Some("t"), &["My name is Dino Blu, I need a KITAS.", "Hello?"]))
        .await;
    assert_eq!(len(owner, "/crm/review").await, 0);
    assert_eq!(len(owner, "/crm/practices").await, 0);
    // However sure a later reading is, what was refused is not written; something else is.
    owner.patch("/crm/settings", json!({"practice_confidence": 0.1})).await.expect(200);
    let words = ["My name is Dino Blu, I need a KITAS.", "Hello? I do need a KITAS."];
    let saved = save(owner, said("two@example.com", Some("t"), &words)).await;
    assert_eq!((&saved["crm"]["processed"], &saved["crm"]["practice_id"]), (&json!(true), &Value::Null));
    assert_eq!((len(owner, "/crm/review").await, len(owner, "/crm/practices").await), (0, 0));
    owner.patch("/crm/settings", json!({"practice_confidence": 0.95})).await.expect(200);
    let saved =
        save(owner, said("two@example.com", Some("t"), &["My name is Dino Blu, I need an NPWP."])).await;
    assert_eq!(saved["crm"]["practice_id"], Value::Null);
    let open = owner.all("/crm/review").await;
    assert_eq!((open.len(), &open[0]["proposal"]["practice_type_code"]), (1, &json!("NPWP")));
    owner
        .post(&format!("/crm/review/{}/reject", open[0]["id"].as_str().unwrap()), json!({}))
        .await
        .expect(200);

    // A client who is refused is not made by a surer reading, whose service is asked about instead.
    save(owner, said("no@example.com", Some("n"), &["My name is Carla Verdi."])).await;
    let open = owner.all("/crm/review").await;
    owner
        .post(&format!("/crm/review/{}/reject", open[0]["id"].as_str().unwrap()), json!({}))
        .await
        .expect(200);
    let words = ["My name is Carla Verdi.", "I need a KITAS."];
    save(owner, said("no@example.com", Some("n"), &words)).await;
    assert_eq!(owner.get("/crm/clients/by-email/no@example.com").await.problem(404), "not_found");
    let open = owner.all("/crm/review").await;
    assert_eq!((open.len(), &open[0]["about"]), (1, &json!("practice")));
    let path = format!("/crm/review/{}", open[0]["id"].as_str().unwrap());
    owner.post(&format!("{path}/reject"), json!({})).await.expect(200);
    save(owner, said("three@example.com", Some("u"), &["I need an NPWP."])).await;
    let open = owner.all("/crm/review").await;
    let path = format!("/crm/review/{}", open[0]["id"].as_str().unwrap());
    owner.post(&format!("{path}/accept"), json!({})).await.expect(200);
    assert_eq!(owner.all("/crm/practices").await[0]["practice_type_code"], "NPWP");
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn a_conversation_is_stored_whatever_the_model_does() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let simulators = app.simulators();
    simulators.set_slowness(Duration::from_secs(4));
    simulators.set_model_behaviour(ModelBehaviour::Slow);
    let saved = save(owner, coffee()).await;
    assert_eq!(
        (&saved["success"], &saved["messages_saved"], &saved["crm"]["processed"]),
        (&json!(true), &json!(2), &json!(false))
    );
    let job = format!("/conversations/jobs/{}", saved["crm"]["job_id"].as_str().unwrap());
    assert_eq!(owner.get(&job).await.expect(200)["status"], "pending");
    simulators.set_model_behaviour(ModelBehaviour::Error500);
    assert_eq!(len(owner, "/crm/clients").await, 0);
    simulators.set_model_behaviour(ModelBehaviour::Honest);
    assert_eq!(app.advance(secs(60)).await, Vec::<String>::new());
    assert_eq!(owner.get(&job).await.expect(200)["crm"]["client_created"], true);

    // A model that makes things up writes nothing but what was said.
    simulators.set_model_behaviour(ModelBehaviour::Inventing);
    let saved = save(owner, said("quiet@example.com", Some("q"), &["Hello, are you there?"])).await;
    let client =
        owner.get(&format!("/crm/clients/{}", saved["crm"]["client_id"].as_str().unwrap())).await.expect(200);
    assert_eq!(
        (&client["full_name"], &client["phone"], &client["nationality"]),
        (&json!(""), &Value::Null, &json!(""))
    );
    assert_eq!(saved["crm"]["practice_id"], Value::Null);
    assert_eq!(owner.all("/crm/review").await[0]["about"], "practice");

    // A model that refuses is not asked again; without one there is nothing to wait for.
    simulators.set_model_behaviour(ModelBehaviour::Refusal);
    let refused = save(owner, said("r@example.com", None, &["I want a KITAS"])).await;
    assert_eq!((&refused["crm"]["processed"], &refused["crm"]["reason"]), (&json!(false), &json!("refused")));
    simulators.set_model_behaviour(ModelBehaviour::Honest);
    let bare = app.owner.post("/admin/tenants", json!({"id": "bare", "name": "Bare"})).await.expect(201);
    let bare = app.client(bare["api_key"].as_str());
    let saved = save(&bare, coffee()).await;
    assert_eq!(
        (&saved["crm"]["processed"], &saved["crm"]["reason"]),
        (&json!(false), &json!("not_configured"))
    );
    assert_eq!(app.advance(secs(60)).await, Vec::<String>::new());
    assert_eq!(
        bare.get(&format!("/conversations/jobs/{}", saved["crm"]["job_id"].as_str().unwrap()))
            .await
            .expect(200)["status"],
        "failed"
    );
}

#[tokio::test]
async fn bad_conversations_are_refused_and_large_ones_kept() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let mut bad = coffee();
    for (name, value, pointer) in [
        ("user_email", json!("nobody"), "/user_email"),
        ("messages", json!([]), "/messages"),
        ("messages", json!([{"role": "", "content": "x"}]), "/messages/0/role"),
        ("messages", json!([{"role": "user"}]), "/messages/0"),
        ("session_id", json!("x".repeat(201)), "/session_id"),
        ("metadata", json!({"x": "y".repeat(30_000)}), "/metadata"),
    ] {
        let whole = std::mem::replace(&mut bad[name], value);
        let problem = owner.post("/conversations/save", bad.clone()).await.expect(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        bad[name] = whole;
    }
    assert_eq!(
        app.member("viewer").await.post("/conversations/save", coffee()).await.problem(403),
        "forbidden"
    );
    assert_eq!(len(owner, "/crm/clients").await, 0);
    let once = save(owner, said("nosession@example.com", None, &["My name is Nora. I need a KITAS."])).await;
    let twice = save(owner, said("nosession@example.com", None, &["My name is Nora. I need a KITAS."])).await;
    assert_eq!(once, twice, "the same again is the same conversation");
    // Close to what a request may have, and hardly compressible.
    let ids = domain::Ids::default();
    let noise = || (0..60).map(|_| ids.ulid(app.now()).to_string()).collect::<String>();
    let mut lines: Vec<String> = (0..500).map(|_| noise()).collect();
    lines.push("My name is Large Writer. I need a KITAS.".to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let saved = save(owner, said("large@example.com", Some("l"), &lines)).await;
    assert_eq!((&saved["messages_saved"], &saved["crm"]["practice_created"]), (&json!(501), &json!(true)));
    let saved =
        save(owner, said("large@example.com", Some("l"), &["My name is Large Writer. I need a KITAS."]))
            .await;
    assert_eq!(saved["messages_saved"], 1);
    let stored: Vec<Value> = app
        .database
        .engine
        .dump()
        .unwrap()
        .into_iter()
        .filter(|item| item["kind"]["S"] == "saved_part")
        .collect();
    assert_eq!(stored.len(), 2, "parts that are not needed any more go");
}

#[tokio::test]
async fn a_conversation_is_noted_once_by_hand_too() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let saved = save(owner, coffee()).await;
    let id = &saved["conversation_id"];
    let noted =
        owner.post("/crm/interactions/from-conversation", json!({"conversation_id": id})).await.expect(200);
    assert_eq!(noted["id"], saved["crm"]["interaction_id"], "the model noted it");
    let quiet = save(owner, said("quiet@example.com", Some("q"), &["Hello."])).await;
    let body = json!({"conversation_id": quiet["conversation_id"], "team_member": "maria@balizero.com"});
    assert_eq!(
        owner.post("/crm/interactions/from-conversation", body.clone()).await.problem(404),
        "not_found"
    );
    let client = client_of(owner, json!({"full_name": "Quiet", "email": "quiet@example.com"})).await;
    let both = tokio::join!(
        owner.post("/crm/interactions/from-conversation", body.clone()),
        owner.post("/crm/interactions/from-conversation", body)
    );
    let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 201]);
    assert_eq!(both.0.body["id"], both.1.body["id"]);
    assert_eq!(
        (&both.0.body["client_id"], &both.0.body["summary"]),
        (&json!(client), &json!("user: Hello."))
    );
    crate::chat::says(&app, &crate::chat::asha(), "Are you open?").await;
    let talk = owner.all("/conversations").await[0]["id"].clone();
    let noted = owner
        .post(
            "/crm/interactions/from-conversation",
            json!({"conversation_id": talk, "summary": "Asked when."}),
        )
        .await
        .expect(201);
    assert_eq!((&noted["interaction_type"], &noted["summary"]), (&json!("whatsapp"), &json!("Asked when.")));
    assert_eq!(
        owner.post("/crm/interactions/from-conversation", json!({"conversation_id": "x"})).await.problem(422),
        "invalid"
    );
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn the_set_of_conversations_is_read() {
    let app = TestApp::start().await;
    let score = extraction::score(&app, &app.owner).await;
    let languages: std::collections::BTreeSet<String> =
        extraction::cases().into_iter().map(|case| case.language).collect();
    assert!(extraction::cases().len() >= 40 && languages.len() >= 3);
    for (field, least) in
        [("practice", 1.0), ("full_name", 1.0), ("phone", 1.0), ("nationality", 1.0), ("sentiment", 1.0)]
    {
        assert!(score.share(field) >= least, "{score}");
    }
}

/// Scores a real model: `OPENAI_API_KEY` (with `OPENAI_BASE_URL`, `OPENAI_MODEL`), else `ANTHROPIC_API_KEY`.
#[tokio::test]
#[ignore = "asks a real model, which costs money"]
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "whoever runs it says which model, and reads its score"
)]
async fn the_set_of_conversations_is_read_by_a_real_model() {
    let app = TestApp::start().await;
    let (provider, prefix) = if std::env::var("OPENAI_API_KEY").is_ok() {
        ("openai", "OPENAI")
    } else {
        ("anthropic", "ANTHROPIC")
    };
    let setting = |name: &str| std::env::var(format!("{prefix}_{name}")).ok();
    let body = json!({"api_key": setting("API_KEY").expect("a key"), "base_url": setting("BASE_URL"), "model": setting("MODEL"), "is_default": true});
    app.owner.put(&format!("/admin/integrations/{provider}"), body).await.expect(200);
    let score = extraction::score(&app, &app.owner).await;
    println!("{score}");
    assert!(score.share("practice") >= 0.9 && score.share("full_name") >= 0.9, "{score}");
}
