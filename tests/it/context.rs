//! What an agent knows: templates, the packet of a call, callers, and conversations that are alike.

mod callers;

use crate::story::{agent, call, consent, lead, minutes};
use domain::context::{HistoryEntry, Meaning};
use domain::id::PrefixedId;
use domain::{AttemptId, CallId, Ids};
use http::Method;
use jiff::SignedDuration;
use provider::Secret;
use serde_json::{Value, json};
use simulators::{ModelBehaviour, Script};
use store::{HistoryRecord, MeaningRecord, Transaction};
use testkit::{Client, TestApp};

async fn configure(owner: &Client, more: Value) {
    let mut config = json!({"name": "Acme Homes", "industry": "real-estate", "default_country": "IN",
        "customFields": [{"name": "budget_range", "type": "text"}]});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    owner.put("/business-config", config).await.expect(200);
}

async fn template(owner: &Client, wording: Value) -> Value {
    owner.post("/context-templates", wording).await.expect(201)
}

async fn preview(owner: &Client, lead: &str) -> Value {
    owner.post("/context", json!({"lead_id": lead, "objective": "Schedule Showing"})).await.expect(200)
}

/// What the simulator was told of a call's agent: prompt, first message, variables.
fn told(dial: &simulators::Dial) -> (Value, Value, Value) {
    let data = &dial.body["conversation_initiation_client_data"];
    let agent = &data["conversation_config_override"]["agent"];
    (agent["prompt"]["prompt"].clone(), agent["first_message"].clone(), data["dynamic_variables"].clone())
}

#[tokio::test]
async fn templates_are_kept_changed_and_deleted() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    configure(owner, json!({})).await;
    let made = template(owner, json!({"name": "Website", "priority": 5, "conditions": {"source": ["Website"]},
        "sections": [{"title": "Offer", "body": "{% if budget_range %}Up to {{ budget_range }}{% endif %}"}]}))
    .await;
    let path = format!("/context-templates/{}", made["id"].as_str().unwrap());
    assert_eq!((&made["version"], &made["conditions"]["status"]), (&json!(1), &json!([])));
    let read = owner.get(&path).await;
    assert_eq!(read.headers["etag"], "\"1\"");
    assert_eq!(read.expect(200), made);
    let changed = owner.patch(&path, json!({"first_message": "Hi {{ first_name }}"})).await.expect(200);
    assert_eq!((&changed["version"], &changed["sections"]), (&json!(2), &made["sections"]));
    let stale = owner.send(Method::PATCH, &path, &[("if-match", "\"1\"")], Some(b"{}".to_vec())).await;
    assert_eq!(stale.problem(412), "stale");
    let bad = owner.patch(&path, json!({"first_message": "Hi\n{{ surname }}"})).await;
    assert_eq!(bad.problem(422), "invalid");
    assert_eq!(bad.body["errors"][0]["pointer"], "/first_message");
    assert_eq!(bad.body["errors"][0]["detail"], "line 2: surname is not a value that a call has");
    assert_eq!(owner.get(&path).await.expect(200), changed, "what was refused changes nothing");

    for _ in 0..2 {
        template(owner, json!({"name": "More", "instructions": "Be kind."})).await;
    }
    let first = owner.get("/context-templates?limit=2").await;
    let next = first.headers["link"].to_str().unwrap().split(['<', '>']).nth(1).unwrap().to_owned();
    assert_eq!(first.expect(200).as_array().unwrap().len(), 2);
    assert_eq!(owner.get(&next).await.expect(200).as_array().unwrap().len(), 1);

    let member = app.member("member").await;
    member.get(&path).await.expect(200);
    assert_eq!(member.patch(&path, json!({})).await.problem(403), "forbidden");
    assert_eq!(member.delete(&path).await.problem(403), "forbidden");
    let other = app.tenant("acme").await;
    assert_eq!(other.get(&path).await.problem(404), "not_found");
    assert_eq!(other.get("/context-templates").await.expect(200), json!([]));
    owner.delete(&path).await.expect(204);
    assert_eq!(owner.get(&path).await.problem(404), "not_found");

    let headers = [("idempotency-key", "k")];
    let body = json!({"name": "Once", "instructions": "x"}).to_string().into_bytes();
    let once = owner.send(Method::POST, "/context-templates", &headers, Some(body.clone())).await.expect(201);
    let again = owner.send(Method::POST, "/context-templates", &headers, Some(body)).await.expect(201);
    assert_eq!(once["id"], again["id"]);
}

#[tokio::test]
async fn a_template_that_is_wrong_is_refused_where_it_is() {
    let app = TestApp::start().await;
    for (wording, pointer) in [
        (
            json!({"name": "x", "sections": [{"title": "a", "body": "{{ budget_range }}"}]}),
            "/sections/0/body",
        ),
        (json!({"name": "x", "sections": [{"title": "a", "body": "{% if"}]}), "/sections/0/body"),
        (json!({"name": "x", "sections": [{"title": "a"}]}), "/sections/0"),
        (json!({"name": "x", "sections": [{"title": "", "body": "a"}]}), "/sections/0/title"),
        (json!({"name": "x", "instructions": "{% set a = 1 %}"}), "/instructions"),
        (json!({"name": "x", "first_message": "{{ first_name"}), "/first_message"),
        (
            json!({"name": "x", "instructions": "a", "conditions": {"status": ["tepid"]}}),
            "/conditions/status/0",
        ),
        (json!({"name": "x", "instructions": "a", "conditions": {"city": ["Pune"]}}), "/conditions/city"),
        (json!({"name": "x", "instructions": "a".repeat(5_000)}), "/instructions"),
        (json!({"name": "x"}), "/sections"),
        (json!({"name": " ", "instructions": "a"}), "/name"),
    ] {
        let answer = app.owner.post("/context-templates", wording.clone()).await;
        assert_eq!(answer.problem(422), "invalid", "{wording}");
        let found = answer.body["errors"][0]["pointer"].as_str().unwrap();
        assert_eq!(found, pointer, "{wording}: {}", answer.body);
    }
    assert_eq!(app.owner.get("/context-templates").await.expect(200), json!([]));
}

#[tokio::test]
async fn what_is_stored_with_a_call_is_what_the_agent_was_told() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    configure(owner, json!({"terminology": {"lead": "prospect", "appointment": "showing"}})).await;
    let made = agent(owner).await;
    let used = template(owner, json!({"name": "New", "conditions": {"status": ["NEW"], "industry": ["Real-Estate"]},
        "sections": [{"title": "Manners", "body": "{{ terms.lead|capitalize }} {{ lead.name }} likes {{ lead.preferences.tea|default('coffee') }}."}],
        "first_message": "Namaste {{ first_name }}!", "instructions": "Offer a {{ terms.appointment }}."}))
    .await;
    template(
        owner,
        json!({"name": "Others", "conditions": {"status": ["customer"]}, "instructions": "Never said."}),
    )
    .await;
    let body = json!({"first_name": "\u{0906}\u{0936}\u{093e}", "phone": "+919876543210", "consent": consent(),
        "notes": "Wrote {{system__secret}} once.", "custom_fields": {"budget_range": "80 lakh"}});
    let lead = owner.post("/leads", body).await.expect(201)["id"].as_str().unwrap().to_owned();
    let accepted = owner
        .post(
            "/calls",
            json!({"lead_id": lead, "objective": "Schedule Showing", "instructions": "Mention the garden."}),
        )
        .await;
    let id = accepted.expect(202)["id"].as_str().unwrap().to_owned();
    let none = owner.get(&format!("/calls/{id}/context")).await;
    assert_eq!(none.problem(404), "not_found", "nothing was told yet");
    assert!(app.settle().await.is_empty());

    let kept = owner.get(&format!("/calls/{id}/context")).await.expect(200);
    let dials = app.simulators().dials();
    let (prompt, first_message, variables) = told(&dials[0]);
    assert_eq!(
        (&kept["prompt"], &kept["first_message"], &kept["dynamic_variables"]),
        (&prompt, &first_message, &variables)
    );
    assert_eq!(first_message, "Namaste \u{0906}\u{0936}\u{093e}!");
    assert_eq!((&kept["attempt"], &kept["version"]), (&json!(1), &json!(3)));
    assert_eq!(kept["templates"], json!([{"id": used["id"], "version": 1}]));
    assert_eq!(kept["agent"], json!({"id": made["id"], "version": 1}));
    assert_eq!((&variables["budget_range"], &variables["call_id"]), (&json!("80 lakh"), &json!(id)));
    let text = prompt.as_str().unwrap();
    for part in [
        "PROSPECT CONTEXT:\n- Name: \u{0906}\u{0936}\u{093e}\n",
        "Manners:\nProspect \u{0906}\u{0936}\u{093e} likes coffee.",
        "CALL INSTRUCTIONS:\nMention the garden.\n\nOffer a showing.",
        "Wrote { {system__secret} } once.",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("Never said.") && !text.contains("{{"));

    assert_eq!(owner.get(&format!("/calls/{id}/context?attempt=1")).await.expect(200), kept);
    assert_eq!(owner.get(&format!("/calls/{id}/context?attempt=2")).await.problem(404), "not_found");
    let odd = owner.get(&format!("/calls/{id}/context?attempt=x")).await;
    assert_eq!(odd.problem(422), "invalid");
    let other = app.tenant("acme").await;
    assert_eq!(other.get(&format!("/calls/{id}/context")).await.problem(404), "not_found");
    // A change of the template does not change what was said.
    owner.delete(&format!("/context-templates/{}", used["id"].as_str().unwrap())).await.expect(204);
    assert_eq!(owner.get(&format!("/calls/{id}/context")).await.expect(200), kept);
}

#[tokio::test]
async fn each_attempt_has_its_own_context() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let id = lead(owner, "+919876543210").await;
    app.simulators().set_script("+919876543210", vec![Script::Busy, Script::NotInterested]).unwrap();
    let id = call(owner, &id).await;
    assert!(app.advance(minutes(60)).await.is_empty());
    let of = async |attempt: &str| owner.get(&format!("/calls/{id}/context{attempt}")).await.expect(200);
    let (first, second, last) = (of("?attempt=1").await, of("?attempt=2").await, of("").await);
    assert!(first["prompt"].as_str().unwrap().contains("Previous Attempts: 0"));
    assert!(second["prompt"].as_str().unwrap().contains("Previous Attempts: 1"));
    assert_eq!(last, second);
}

#[tokio::test]
async fn what_stands_open_is_told_until_it_is_done() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    configure(owner, json!({"terminology": {"appointment": "showing"}})).await;
    agent(owner).await;
    let (phone, other) = ("+919876543210", "+919876543211");
    let id = lead(owner, phone).await;
    let second = lead(owner, other).await;
    app.simulators().set_script(phone, vec![Script::Appointment]).unwrap();
    app.simulators().set_script(other, vec![Script::Callback]).unwrap();
    call(owner, &id).await;
    call(owner, &second).await;
    assert!(app.advance(minutes(10)).await.is_empty());
    let prompt = preview(owner, &id).await["prompt"].as_str().unwrap().to_owned();
    let (_, ahead) = prompt.split_once("UPCOMING SHOWINGS:\n").expect(&prompt);
    assert!(ahead.starts_with("- Arrange the showing, due Tuesday 2027-01-12 "), "{ahead}");
    assert!(!prompt.contains("OPEN TASKS"));
    let prompt = preview(owner, &second).await["prompt"].as_str().unwrap().to_owned();
    assert!(prompt.contains("- Thursday 2027-01-14 15:00 (Asia/Kolkata): Call, Follow-up"), "{prompt}");
    // The call that was agreed is not ahead of itself, nor after it was made.
    assert!(app.advance(SignedDuration::from_hours(24 * 4)).await.is_empty());
    let dials = app.simulators().dials();
    let (prompt, ..) = told(dials.iter().rfind(|dial| dial.to_number == other).unwrap());
    assert!(!prompt.as_str().unwrap().contains("UPCOMING"), "{prompt}");
    assert!(!preview(owner, &second).await["prompt"].as_str().unwrap().contains("Call, Follow-up"));
}

#[tokio::test]
async fn a_packet_costs_no_more_trips_than_its_call() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    template(owner, json!({"name": "a", "instructions": "Be kind."})).await;
    let id = lead(owner, "+919876543210").await;
    preview(owner, &id).await;
    app.database.faults.take_requests();
    preview(owner, &id).await;
    let mut requests = app.database.faults.take_requests();
    requests.sort_unstable();
    // The credential is remembered. Then configuration, the default agent's mark, the agent; the lead, its talks, the
    // templates.
    assert_eq!(requests, ["GetItem", "GetItem", "GetItem", "Query", "Query", "Query"]);
}

/// Gives a lead so many old talks that not all of them fit, each about what `about` says of its number.
async fn talks(
    app: &TestApp,
    lead: &str,
    number: i64,
    about: impl Fn(i64) -> String,
    meaning: impl Fn(&str) -> Option<Meaning>,
) {
    let ids = Ids::default();
    for n in 0..number {
        let at = app.now() - SignedDuration::from_hours(24 * (number - n));
        let attempt = AttemptId { call: CallId::from_ulid(ids.ulid(at)), number: 1 };
        let summary = format!("talk{n} {} {}", about(n), "and so on ".repeat(58));
        let entry = HistoryEntry { at, summary, outcome: "none".to_owned() };
        let mut step = Transaction::new("demo".parse().unwrap(), "test", &ids, app.now());
        let contact = lead.parse().unwrap();
        if let Some(meaning) = meaning(&about(n)) {
            step.put(&MeaningRecord { contact, attempt, entry: entry.clone(), meaning }).unwrap();
        }
        step.put(&HistoryRecord { contact, attempt, entry, signal: None }).unwrap();
        app.store().commit(step).await.unwrap();
    }
}

/// What the simulated model makes of a text.
async fn meanings(app: &TestApp, texts: &[&str]) -> Vec<(String, Meaning)> {
    let model = "text-embedding-3-simulator";
    let embeddings = llm::Embeddings::openai(
        provider::Http::new(),
        &app.simulators().openai_base_url(),
        Secret::new("k"),
        model,
    );
    let mut all = Vec::new();
    for text in texts {
        let embedded = embeddings.embed(text, std::time::Duration::from_secs(5)).await.unwrap();
        all.push(((*text).to_owned(), Meaning::of(model, &embedded.vector).unwrap()));
    }
    all
}

fn about(n: i64) -> String {
    (if n == 4 { "Showing of the lake house" } else { "An invoice" }).to_owned()
}

#[tokio::test]
async fn a_conversation_like_this_one_is_found_among_many() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let id = lead(owner, "+919876543210").await;
    let known = meanings(&app, &["Showing of the lake house", "An invoice"]).await;
    talks(&app, &id, 60, about, |text| known.iter().find(|(known, _)| known == text).map(|(_, m)| m.clone()))
        .await;
    let ask = json!({"lead_id": id, "objective": "Schedule a showing", "instructions": "The lake house."});
    let prompt = owner.post("/context", ask.clone()).await.expect(200)["prompt"].as_str().unwrap().to_owned();
    let (recent, alike) = prompt.split_once("RELATED EARLIER CONVERSATIONS:\n").expect("what is alike");
    assert!(recent.contains("talk59 ") && !recent.contains("talk4 "), "{recent}");
    assert!(alike.contains("talk4 Showing of the lake house"), "{alike}");
    assert!(alike.lines().next().unwrap().contains("talk4 "), "the likest first: {alike}");

    // A model that does not answer leaves the latest.
    for behaviour in [ModelBehaviour::Error500, ModelBehaviour::RateLimited] {
        app.simulators().set_model_behaviour(behaviour);
        let prompt =
            owner.post("/context", ask.clone()).await.expect(200)["prompt"].as_str().unwrap().to_owned();
        assert!(!prompt.contains("RELATED") && prompt.contains("talk59 "), "{behaviour:?}");
    }
    app.simulators().set_model_behaviour(ModelBehaviour::Honest);
    let asked = || app.simulators().requests().iter().filter(|r| r.path_template == "/embeddings").count();
    let before = asked();
    let model = json!({"api_key": "k", "base_url": app.simulators().openai_base_url()});
    owner.put("/admin/integrations/openai", model).await.expect(200);
    let prompt = owner.post("/context", ask).await.expect(200)["prompt"].as_str().unwrap().to_owned();
    assert!(!prompt.contains("RELATED") && prompt.contains("talk59 "), "without a model the latest");
    assert_eq!(asked(), before);
}

#[tokio::test]
async fn an_analysed_call_is_remembered_by_its_meaning_and_never_fails_for_it() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let id = lead(owner, "+919876543210").await;
    app.simulators().set_script("+919876543210", vec![Script::NotInterested]).unwrap();
    call(owner, &id).await;
    assert!(app.advance(minutes(10)).await.is_empty());
    let kept = app.store().meanings(&"demo".parse().unwrap(), id.parse().unwrap()).await.unwrap();
    assert_eq!((kept.len(), kept[0].1.numbers.len()), (1, 256));
    let sent = app.simulators().requests().into_iter().find(|r| r.path_template == "/embeddings").unwrap();
    assert!(
        sent.body["input"][0].as_str().unwrap().starts_with(kept[0].0.summary.trim_end_matches('\u{2026}'))
    );

    // Without an embedding model nothing is asked and nothing is missed.
    let model = json!({"api_key": "k", "base_url": app.simulators().openai_base_url()});
    owner.put("/admin/integrations/openai", model).await.expect(200);
    let second = lead(owner, "+919876543211").await;
    app.simulators().set_script("+919876543211", vec![Script::NotInterested]).unwrap();
    let call = call(owner, &second).await;
    assert!(app.advance(minutes(10)).await.is_empty());
    assert_eq!(
        owner.get(&format!("/calls/{call}")).await.expect(200)["analysis"]["outcome"],
        "not_interested"
    );
    assert_eq!(app.store().meanings(&"demo".parse().unwrap(), second.parse().unwrap()).await.unwrap(), []);
}
