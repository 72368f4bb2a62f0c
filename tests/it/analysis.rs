//! What is read in calls, and what follows: pieces, failures, hostile models, texts, scores.

use crate::story::{agent, call, consent, lead, minutes};
use jiff::SignedDuration;
use serde_json::{Value, json};
use simulators::{ModelBehaviour, Script};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use testkit::{Client, TestApp};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const PHONE: &str = "+919876543210";

/// A model that answers what `answer` makes of the question that it is asked.
async fn model(
    client: &Client,
    answer: impl Fn(&str) -> ResponseTemplate + Send + Sync + 'static,
) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(move |request: &Request| {
            let body: Value = request.body_json().unwrap();
            answer(body["messages"][1]["content"].as_str().unwrap())
        })
        .mount(&server)
        .await;
    let settings = json!({"api_key": "sk-1", "base_url": format!("{}/v1", server.uri())});
    client.put("/admin/integrations/openai", settings).await.expect(200);
    server
}

fn said(content: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "model": "scripted", "usage": {"prompt_tokens": 100, "completion_tokens": 10},
        "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": content.to_string()}}],
    }))
}

/// Every item of the table, as its place and its content.
fn items(app: &TestApp) -> Vec<(String, Value)> {
    let items = app.database.engine.dump().unwrap().into_iter().map(|item| {
        let place = format!("{} {}", item["pk"]["S"].as_str().unwrap(), item["sk"]["S"].as_str().unwrap());
        (place, item)
    });
    items.collect()
}

async fn details(client: &Client, call: &str) -> Value {
    client.get(&format!("/calls/{call}")).await.expect(200)
}

async fn actions(client: &Client, lead: &str) -> Vec<Value> {
    let actions = client.get(&format!("/leads/{lead}/actions")).await.expect(200);
    actions.as_array().unwrap().clone()
}

fn of_kind<'a>(actions: &'a [Value], kind: &str) -> Vec<&'a Value> {
    actions.iter().filter(|action| action["kind"] == kind).collect()
}

/// The product with a tenant whose model is `answer`, an agent, a lead, and a call to it that is under way.
struct Scene {
    app: TestApp,
    client: Client,
    model: MockServer,
    lead: String,
    call: String,
}

impl Scene {
    async fn set(answer: impl Fn(&str) -> ResponseTemplate + Send + Sync + 'static) -> Self {
        let app = TestApp::start().await;
        let client = app.tenant("acme").await;
        let model = model(&client, answer).await;
        agent(&client).await;
        let lead = lead(&client, PHONE).await;
        let call = call(&client, &lead).await;
        app.settle().await;
        Self { app, client, model, lead, call }
    }

    /// The provider tells that the call is over, with these turns.
    async fn ends(&self, turns: &[(&str, &str)], analysis: Value) -> Vec<String> {
        let turns = turns.iter().enumerate().map(|(n, (role, message))| {
            json!({"role": role, "message": message, "time_in_call_secs": n, "tool_calls": null})
        });
        let attempt = format!("{}_1", self.call.replacen("cal_", "att_", 1));
        let body = json!({"type": "post_call_transcription", "event_timestamp": self.app.now().as_second(), "data": {
            "agent_id": "agent_x", "conversation_id": "conv_told", "status": "done", "user_id": attempt,
            "transcript": turns.collect::<Vec<_>>(), "analysis": analysis,
            "metadata": {"call_duration_secs": 60, "main_language": "hi-IN"},
        }});
        let body = body.to_string().into_bytes();
        let signature =
            elevenlabs::signature::sign(&provider::Secret::new("wsec_acme"), &body, self.app.now());
        let headers = [("ElevenLabs-Signature", signature.as_str())];
        let stranger = self.app.client(None);
        stranger
            .send(http::Method::POST, "/webhooks/elevenlabs/acme", &headers, Some(body))
            .await
            .expect(200);
        self.app.settle().await
    }

    async fn call(&self) -> Value {
        self.client.get(&format!("/calls/{}", self.call)).await.expect(200)
    }

    async fn lead(&self) -> Value {
        self.client.get(&format!("/leads/{}", self.lead)).await.expect(200)
    }

    async fn actions(&self) -> Vec<Value> {
        actions(&self.client, &self.lead).await
    }

    async fn asked(&self) -> usize {
        self.model.received_requests().await.unwrap().len()
    }

    fn tasks(&self) -> Vec<Value> {
        let items = items(&self.app).into_iter();
        items.filter(|(place, _)| place.starts_with("t#acme#TSK#")).map(|(_, item)| item).collect()
    }
}

#[tokio::test]
async fn a_long_transcript_is_read_in_pieces_and_no_piece_is_paid_for_twice() {
    let failures = Arc::new(AtomicUsize::new(0));
    let failed = Arc::clone(&failures);
    let scene = Scene::set(move |prompt| {
        if prompt.contains("turn 300,") && failed.fetch_add(1, Ordering::SeqCst) == 0 {
            return said(&json!([]));
        }
        let outcome = if prompt.contains("turn 399,") { "interested" } else { "none" };
        let wishes = if prompt.contains("leave me alone") { json!([{"kind": "stop"}]) } else { json!([]) };
        let evidence = json!(["This is what I say in turn 7, and"]);
        said(&json!({"summary": "A piece.", "outcome": outcome, "wishes": wishes, "evidence": evidence}))
    })
    .await;
    let mut lines: Vec<String> =
        (0..400).map(|n| format!("This is what I say in turn {n}, and {}", "so on ".repeat(35))).collect();
    lines[2] = "Please leave me alone.".to_owned();
    let turns: Vec<_> = lines.iter().map(|line| ("user", line.as_str())).collect();
    assert!(scene.ends(&turns, Value::Null).await.is_empty());
    let waiting = scene.call().await;
    assert_eq!(
        (&waiting["analysis_status"], &waiting["analysis_problem"]),
        (&json!("pending"), &json!("not_json"))
    );
    assert!(scene.app.advance(minutes(5)).await.is_empty());

    let done = scene.call().await;
    let analysis = &done["analysis"];
    let pieces = usize::try_from(analysis["pieces"].as_u64().unwrap()).unwrap();
    assert!(pieces >= 4, "{pieces}");
    assert_eq!(scene.asked().await, pieces + 1, "only the piece that failed is asked for again");
    assert_eq!((&analysis["input_tokens"], &analysis["turns_left_out"]), (&json!(100 * pieces), &json!(0)));
    assert_eq!((&done["analysis_status"], &done["analysis_problem"]), (&json!("done"), &Value::Null));
    assert_eq!(analysis["outcome"], "interested", "what was said later counts");
    assert_eq!(analysis["evidence"].as_array().unwrap().len(), 1, "said once, however many pieces quote it");
    assert_eq!(scene.lead().await["suppression"]["voice"]["reason"], "asked_to_stop", "wherever it was said");
}

#[tokio::test]
async fn an_analysis_that_fails_is_given_up_and_left_to_a_person() {
    let scene = Scene::set(|_| said(&json!({"outcome": "interested"}))).await;
    scene.ends(&[("user", "I want to buy it all")], Value::Null).await;
    let stuck = scene.app.advance(minutes(30)).await;
    assert_eq!(stuck.len(), 1, "{stuck:?}");
    assert!(stuck[0].starts_with("AnalyzeCall"), "{stuck:?}");
    let call = scene.call().await;
    assert_eq!((&call["analysis_status"], &call["analysis_problem"]), (&json!("failed"), &json!("not_json")));
    assert_eq!(call["analysis"], Value::Null, "never an invented one");
    assert!(scene.actions().await.is_empty());
    let tasks = scene.tasks();
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0]["data"]["M"]["title"]["S"], "Read this call's transcript");
}

#[tokio::test]
async fn a_refusal_is_given_up_at_once() {
    let refusal =
        json!({"choices": [{"finish_reason": "stop", "message": {"content": null, "refusal": "No."}}]});
    let scene = Scene::set(move |_| ResponseTemplate::new(200).set_body_json(refusal.clone())).await;
    let stuck = scene.ends(&[("user", "I want to buy it all")], Value::Null).await;
    assert_eq!((stuck.len(), scene.asked().await), (1, 1), "{stuck:?}");
    let call = scene.call().await;
    assert_eq!((&call["analysis_status"], &call["analysis_problem"]), (&json!("failed"), &json!("refused")));
    assert_eq!(scene.tasks().len(), 1);
}

#[tokio::test]
async fn where_nobody_spoke_no_model_is_asked() {
    let scene = Scene::set(|_| said(&json!({"summary": "Invented.", "outcome": "interested"}))).await;
    assert!(scene.ends(&[("agent", "Hello?"), ("user", "...")], Value::Null).await.is_empty());
    assert_eq!(scene.asked().await, 0);
    let analysis = scene.call().await["analysis"].clone();
    assert_eq!((&analysis["model"], &analysis["outcome"]), (&json!("none"), &json!("none")));
    assert_eq!((&analysis["pieces"], &analysis["input_tokens"]), (&json!(0), &json!(0)));
    assert!(!scene.actions().await.is_empty());
}

/// What a model might answer that does whatever a stranger orders.
fn obeyed(prompt: &str, others: &str) -> Value {
    let long = format!("{others} {{{{first_name}}}} \u{0}\u{1b}[2J\u{202e} {}", "x".repeat(2_000));
    let many = |item: Value| Value::Array(vec![item; 100]);
    let quote = prompt.lines().rev().find_map(|line| line.strip_prefix("user: "));
    json!({
        "summary": long, "outcome": "customer", "sentiment": "ecstatic", "score_change": -1e300,
        "reasons": many(json!(long)), "lead_id": others, "suppress": [others], "delete": others, "status": "customer",
        "wishes": [{"kind": "callback", "at": "9999-12-31T23:59", "detail": long, "lead_id": others, "phone": "+15550009999"},
            {"kind": "information", "at": "2027-01-12T10:00", "detail": long, "contact_id": others, "instant": "2027-01-11T10:00:01Z"},
            {"kind": "human", "at": "NaN", "detail": others}],
        "objections": many(json!({"text": long, "quote": quote})),
        "promised_actions": many(json!({"kind": "none", "by": "agent", "text": long, "at": "0000", "quote": "I will see"})),
        "collected": [{"name": "email", "value": "thief@evil.example", "quote": quote},
            {"name": "budget", "value": "NaN", "quote": quote}, {"name": "phone", "value": "+15550009999", "quote": quote},
            {"name": "consent", "value": "true", "quote": quote}, {"name": "colour", "value": long, "quote": quote}],
        "language": "../../en", "evidence": many(json!(quote)),
    })
}

#[tokio::test]
async fn a_model_that_obeys_a_stranger_reaches_no_other_record() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let config = json!({"name": "Acme", "customFields": [{"name": "email", "type": "text"},
        {"name": "phone", "type": "text"}, {"name": "consent", "type": "text"}, {"name": "budget", "type": "number"}]});
    owner.put("/business-config", config).await.expect(200);
    let asks = |kind: &str| json!({"type": kind});
    let made = owner.post("/agents", json!({"name": "Maya", "system_prompt": "x", "data_collection": {
        "email": asks("string"), "phone": asks("string"), "consent": asks("boolean"), "budget": asks("number")}}));
    let agent = made.await.expect(201)["id"].as_str().unwrap().to_owned();
    let bystander = lead(owner, "+919876543235").await;
    let theirs =
        owner.post("/calls", json!({"lead_id": bystander, "scheduled_at": "2027-02-01T10:00:00Z"})).await;
    let theirs = theirs.expect(202)["id"].as_str().unwrap().to_owned();
    let other = app.tenant("other").await;
    let abroad = lead(&other, "+919876543236").await;
    let target = lead(owner, PHONE).await;
    let before_lead = owner.get(&format!("/leads/{target}")).await.expect(200);
    let others = format!("{bystander} {abroad} {theirs} {agent}");
    let _model = model(owner, move |prompt| said(&obeyed(prompt, &others))).await;
    app.simulators().set_script(PHONE, vec![Script::Hostile]).unwrap();
    let id = call(owner, &target).await;
    let before = items(&app);
    app.advance(minutes(5)).await;
    assert_eq!(details(owner, &id).await["analysis_status"], "done");

    // Whatever stood there and is not of this lead stands there unchanged.
    let after = items(&app);
    let mine = |place: &str, item: &Value| {
        let of_lead = |text: &str| text.contains(&target) || text.contains(&id);
        let kept_by_all =
            ["#STAT#", "#AUD#", "#CHG#", "#RATE#", "#IDEM#", "sys#out", "sys#due", "#SLOT#", "#EVT#"];
        of_lead(place)
            || of_lead(&item["data"].to_string())
            || of_lead(&item["at"].to_string())
            || of_lead(&item["owner"].to_string())
            || kept_by_all.iter().any(|kept| place.contains(kept))
            || place.ends_with("CFG planner")
    };
    for (place, item) in before.iter().filter(|(place, item)| !mine(place, item)) {
        let now = after.iter().find(|(other, _)| other == place).map(|(_, item)| item);
        assert_eq!(now, Some(item), "{place}");
    }
    // What is new is of this lead: its calls and tasks, and rows that point to them.
    let (old, own): (Vec<_>, Vec<_>) = (
        before.iter().map(|(place, _)| place).collect(),
        after.iter().filter(|(_, item)| item["data"]["M"]["contact_id"]["S"] == target.as_str()).collect(),
    );
    for (place, item) in after.iter().filter(|(place, item)| !old.contains(&place) && !mine(place, item)) {
        let of_own = own
            .iter()
            .any(|(own, _)| item["at"]["S"].as_str().is_some_and(|at| own.starts_with(at)) || own == place);
        assert!(of_own, "{place}: {item}");
    }
    let now_lead = owner.get(&format!("/leads/{target}")).await.expect(200);
    for field in ["first_name", "last_name", "email", "phone", "consent", "custom_fields", "assignee", "tags"]
    {
        assert_eq!(now_lead[field], before_lead[field], "{field}");
    }
    assert_ne!(now_lead["status"], "customer");
    // One call went out, to the lead; the next one is at a time of ours, and nothing in it is a template.
    assert_eq!(app.simulators().dials().len(), 1);
    app.advance(SignedDuration::from_hours(24 * 4)).await;
    let dials = app.simulators().dials();
    assert!(dials.len() >= 2, "{dials:?}");
    for dial in dials {
        assert_eq!(dial.body["to_number"], PHONE);
        let text = dial.body.to_string();
        assert!(!text.contains("{{first_name}}") && !text.contains("\\u0000") && text.len() < 60_000);
    }
}

#[tokio::test]
async fn answers_verdicts_and_texts_come_from_a_call() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let config = json!({"name": "Acme Homes", "customFields": [{"name": "budget", "type": "number"}]});
    owner.put("/business-config", config).await.expect(200);
    let profile = json!({"name": "Maya", "system_prompt": "You qualify leads.", "language": "it",
        "data_collection": {"budget": {"type": "integer", "description": "Budget"}, "qualified": {"type": "boolean"}},
        "evaluation": [{"id": "polite", "prompt": "The agent was polite."}]});
    owner.post("/agents", profile).await.expect(201);
    let yes = consent()["voice"].clone();
    let body = json!({"first_name": "Gianna", "phone": PHONE, "email": "gianna@example.com",
        "consent": {"voice": yes, "whatsapp": yes, "email": yes}});
    let lead = owner.post("/leads", body).await.expect(201)["id"].as_str().unwrap().to_owned();
    app.simulators().set_script(PHONE, vec![Script::Interested]).unwrap();
    let id = call(owner, &lead).await;
    app.advance(minutes(5)).await;

    let found = details(owner, &id).await;
    let analysis = &found["analysis"];
    assert_eq!((&analysis["language"], &analysis["model"]), (&json!("it"), &json!("simulator")));
    assert_eq!(analysis["evaluation"]["polite"]["result"], "success");
    let spoken = found["transcript"].to_string();
    for list in ["interests", "objections", "promised_actions", "collected"] {
        for entry in analysis[list].as_array().unwrap() {
            assert!(entry["quote"].is_null() || spoken.contains(entry["quote"].as_str().unwrap()), "{entry}");
        }
    }
    assert!(!analysis["interests"].as_array().unwrap().is_empty());
    let budget = &analysis["collected"][0];
    assert_eq!(
        (&budget["name"], &budget["value"], &budget["by"]),
        (&json!("budget"), &json!(50_000), &json!("model"))
    );
    let record = owner.get(&format!("/leads/{lead}")).await.expect(200);
    assert_eq!(record["custom_fields"]["budget"], 50_000);
    let author = &record["provenance"]["custom_fields.budget"];
    assert_eq!((&author["by"], &author["evidence"]), (&json!("ai"), &budget["quote"]));

    let followed = actions(owner, &lead).await;
    assert_eq!(of_kind(&followed, "fields_filled")[0]["fields"], json!(["budget"]));
    let texts = of_kind(&followed, "message");
    let mut channels: Vec<_> = texts.iter().map(|text| text["channel"].as_str().unwrap()).collect();
    channels.sort_unstable();
    assert_eq!(channels, ["email", "whatsapp"], "there is no consent to SMS");
    for text in texts {
        assert_eq!((&text["status"], &text["language"]), (&json!("ready"), &json!("it")));
        assert!(text["text"].as_str().unwrap().starts_with("Buongiorno Gianna,"), "{text}");
        assert_eq!(text["subject"].is_string(), text["channel"] == "email");
    }
    let outbox = app.client(None).get("/local/outbox").await;
    assert!(
        outbox.status != 200 || outbox.body.as_array().is_none_or(Vec::is_empty),
        "nothing is sent by itself"
    );

    // A person's value stays.
    owner.patch(&format!("/leads/{lead}"), json!({"custom_fields": {"budget": 1}})).await.expect(200);
    app.simulators().set_script(PHONE, vec![Script::Interested]).unwrap();
    call(owner, &lead).await;
    app.advance(minutes(5)).await;
    let record = owner.get(&format!("/leads/{lead}")).await.expect(200);
    assert_eq!(record["custom_fields"]["budget"], 1);
}

#[tokio::test]
async fn the_score_is_worked_out_again_with_reasons() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let lead = lead(owner, PHONE).await;
    let path = format!("/leads/{lead}/score");
    owner.patch(&format!("/leads/{lead}"), json!({"score": 40})).await.expect(200);
    let before = owner.get(&path).await.expect(200);
    assert_eq!((&before["score"], &before["stored_score"]), (&json!(40), &json!(40)));
    app.simulators().set_script(PHONE, vec![Script::Appointment, Script::NotInterested]).unwrap();
    for expected in ["hot", "lost"] {
        call(owner, &lead).await;
        app.advance(minutes(5)).await;
        let score = app.member("viewer").await.get(&path).await.expect(200);
        let record = owner.get(&format!("/leads/{lead}")).await.expect(200);
        assert_eq!((&score["score"], &score["stored_score"]), (&record["score"], &record["score"]));
        assert_eq!(
            (&score["status"], &score["stored_status"]),
            (&json!(expected), &record["status"]),
            "{score:#}"
        );
        let reasons = score["reasons"].as_array().unwrap();
        assert_eq!((&reasons[0]["rule"], &reasons[0]["points"]), (&json!("base"), &json!(40)));
        let sum: i64 = reasons.iter().map(|reason| reason["points"].as_i64().unwrap()).sum();
        assert_eq!(score["score"], json!(sum.clamp(0, 100)));
        assert!(reasons.iter().all(|reason| !reason["detail"].as_str().unwrap().is_empty()));
    }
    let changes = actions(owner, &lead).await;
    let change = of_kind(&changes, "score_change")[0];
    assert!(change["reasons"].as_array().is_some_and(|reasons| reasons.len() == 3), "{change:#}");
}

#[tokio::test]
async fn a_stop_takes_back_every_waiting_call() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let lead = lead(owner, PHONE).await;
    let other = crate::story::lead(owner, "+919876543235").await;
    let later = async |lead: &str| {
        let body = json!({"lead_id": lead, "scheduled_at": "2027-02-01T10:00:00Z"});
        owner.post("/calls", body).await.expect(202)["id"].as_str().unwrap().to_owned()
    };
    let waiting = [later(&lead).await, later(&lead).await];
    let theirs = later(&other).await;
    app.simulators().set_script(PHONE, vec![Script::Stop]).unwrap();
    call(owner, &lead).await;
    app.advance(minutes(5)).await;
    for id in &waiting {
        let call = details(owner, id).await;
        assert_eq!((&call["status"], &call["reason"]), (&json!("blocked"), &json!("suppressed")));
    }
    assert_eq!(details(owner, &theirs).await["status"], "queued");
    let followed = actions(owner, &lead).await;
    let shut = of_kind(&followed, "suppression")[0];
    assert_eq!(shut["blocked_calls"].as_array().unwrap().len(), 2);
    assert!(of_kind(&followed, "message").is_empty());
    // A person who shuts the door shuts it at once, too.
    owner
        .post(&format!("/leads/{other}/suppress"), json!({"channel": "voice", "reason": "asked"}))
        .await
        .expect(200);
    assert_eq!(details(owner, &theirs).await["status"], "blocked");
}

#[tokio::test]
async fn a_lead_who_was_never_reached_is_written_to_once() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    owner.put("/business-config", json!({"name": "Acme", "calling": {"max_attempts": 1}})).await.expect(200);
    agent(owner).await;
    let yes = consent()["voice"].clone();
    let body = json!({"first_name": "Asha", "phone": PHONE, "consent": {"voice": yes, "sms": yes}});
    let writable = owner.post("/leads", body).await.expect(201)["id"].as_str().unwrap().to_owned();
    let other_phone = "+919876543235";
    let silent = lead(owner, other_phone).await;
    for phone in [PHONE, other_phone] {
        app.simulators().set_script(phone, vec![Script::NoAnswer]).unwrap();
    }
    let id = call(owner, &writable).await;
    call(owner, &silent).await;
    assert!(app.advance(minutes(30)).await.is_empty());
    let ended = details(owner, &id).await;
    assert_eq!((&ended["status"], &ended["analysis_status"]), (&json!("no_answer"), &Value::Null));
    let followed = actions(owner, &writable).await;
    assert_eq!(followed.len(), 1, "{followed:#?}");
    assert_eq!((&followed[0]["kind"], &followed[0]["occasion"]), (&json!("message"), &json!("unreached")));
    assert_eq!((&followed[0]["channel"], &followed[0]["segments"]), (&json!("sms"), &json!(1)));
    let left = actions(owner, &silent).await;
    assert_eq!(left.iter().map(|action| &action["kind"]).collect::<Vec<_>>(), ["task"]);

    // The job comes again, and does nothing again.
    let ctx = operations::Context::of_system(app.runner.platform.clone(), "demo".parse().unwrap(), "test");
    let attempt: domain::AttemptId = format!("{}_1", id.replacen("cal_", "att_", 1)).parse().unwrap();
    operations::next_actions::take(&ctx, attempt).await.unwrap();
    assert_eq!(actions(owner, &writable).await.len(), 1);
}

#[tokio::test]
async fn what_a_model_invents_about_remarks_is_not_kept() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let lead = lead(owner, PHONE).await;
    app.simulators().set_model_behaviour(ModelBehaviour::Inventing);
    let id = call(owner, &lead).await;
    app.advance(minutes(5)).await;
    let analysis = details(owner, &id).await["analysis"].clone();
    for list in ["objections", "interests", "promised_actions", "collected", "evidence"] {
        assert_eq!(analysis[list], json!([]), "{list}");
    }
}
