//! AI agents: templates, versions, what becomes of them at the provider, and trying them out.

use crate::story::{agent, lead, minutes};
use domain::agent::template::{AgentTemplate, OWN_TEMPLATES_MAX, TemplateContent};
use domain::id::PrefixedId;
use http::Method;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use store::Transaction;
use testkit::{Client, TestApp};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// The simulated account of the tenant `demo`.
const ACCOUNT: &str = "simulated";

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn an_agent_begins_as_a_template_and_what_is_given_wins() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let listed = owner.get("/agents/templates").await.expect(200);
    let listed = listed.as_array().unwrap();
    assert!(listed.len() >= 5 && listed.iter().all(|template| template["built_in"] == true));
    for template in listed {
        let made = owner.post("/agents", json!({"template": template["id"]})).await.expect(201);
        for field in ["name", "system_prompt", "first_message", "language", "data_collection", "evaluation"] {
            assert_eq!(made[field], template[field], "{} {field}", template["id"]);
            assert!(!made[field].as_str().is_some_and(str::is_empty), "{} {field}", template["id"]);
        }
        assert_eq!(made["sync"], "in_sync");
    }
    let body = json!({"template": "win_back", "name": "Mira", "language": "it", "voice_id": "voice_1",
        "first_message": "", "data_collection": {"when": {"type": "string"}}});
    let made = owner.post("/agents", body).await.expect(201);
    assert_eq!((text(&made["name"]), text(&made["language"])), ("Mira", "it"));
    assert_eq!((text(&made["voice_id"]), text(&made["first_message"])), ("voice_1", ""));
    let collected: Vec<_> = made["data_collection"].as_object().unwrap().keys().collect();
    assert_eq!(collected, ["when"], "in place of all that the template collects");
    assert!(text(&made["system_prompt"]).contains("AI assistant"));
    for unknown in ["lost_and_found", "tpl_01JAAAAAAAAAAAAAAAAAAAAAAA", ""] {
        let answer = owner.post("/agents", json!({"template": unknown, "name": "X"})).await;
        assert_eq!(answer.problem(422), "invalid", "{unknown}");
        assert_eq!(answer.body["errors"][0]["pointer"], "/template");
    }
}

#[tokio::test]
async fn a_tenant_keeps_templates_of_its_own() {
    let app = TestApp::start().await;
    let (owner, theirs) = (app.owner.clone(), app.tenant("acme").await);
    let body = json!({"name": "Site visit", "description": "Agrees on a visit.",
        "system_prompt": "You agree on a visit.", "first_message": "\u{928}\u{92e}\u{938}\u{94d}\u{924}\u{947} {{first_name}}", "language": "hi",
        "evaluation": [{"id": "agreed", "prompt": "A time was agreed."}]});
    let sent = body.to_string().into_bytes();
    let post = async || {
        owner.send(Method::POST, "/agents/templates", &[("idempotency-key", "k")], Some(sent.clone())).await
    };
    let made = post().await.expect(201);
    assert_eq!(post().await.expect(201), made, "the same request makes one");
    assert_eq!((&made["built_in"], &made["evaluation"][0]["name"]), (&json!(false), &json!("agreed")));
    let id = text(&made["id"]).to_owned();
    assert!(id.starts_with("tpl_"));
    let path = format!("/agents/templates/{id}");
    assert_eq!(owner.get(&path).await.expect(200), made);
    let own = |all: &Value| {
        let all = all.as_array().unwrap().clone();
        all.into_iter().filter(|one| one["built_in"] == false).collect::<Vec<_>>()
    };
    assert_eq!(own(&owner.get("/agents/templates").await.expect(200)), std::slice::from_ref(&made));
    let agent = owner.post("/agents", json!({"template": id, "name": "Visits"})).await.expect(201);
    assert_eq!((text(&agent["name"]), text(&agent["language"])), ("Visits", "hi"));

    assert!(own(&theirs.get("/agents/templates").await.expect(200)).is_empty());
    assert_eq!(theirs.get(&path).await.problem(404), "not_found");
    assert_eq!(theirs.delete(&path).await.problem(404), "not_found");
    assert_eq!(theirs.post("/agents", json!({"template": id})).await.problem(422), "invalid");
    let member = app.member("member").await;
    assert_eq!(member.post("/agents/templates", body.clone()).await.problem(403), "forbidden");
    assert_eq!(member.delete(&path).await.problem(403), "forbidden");
    member.get(&path).await.expect(200);
    for (wrong, pointer) in [
        (json!({"name": "x"}), "/system_prompt"),
        (json!({"name": "x", "system_prompt": "y", "language": "Klingon"}), "/language"),
        (json!({"name": "x", "system_prompt": "y", "voice_id": "v"}), "/voice_id"),
    ] {
        let answer = owner.post("/agents/templates", wrong).await;
        assert_eq!(answer.problem(422), "invalid", "{pointer}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer);
    }

    owner.delete(&path).await.expect(204);
    assert_eq!(owner.delete(&path).await.problem(404), "not_found");
    assert_eq!(owner.post("/agents", json!({"template": id})).await.problem(422), "invalid");
    owner.get(&format!("/agents/{}", text(&agent["id"]))).await.expect(200);
    assert_eq!(owner.delete("/agents/templates/win_back").await.problem(409), "conflict");
}

#[tokio::test]
async fn templates_are_bounded_and_come_in_pages() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let ids = domain::Ids::default();
    for _ in 0..OWN_TEMPLATES_MAX / 50 {
        let mut step = Transaction::new("demo".parse().unwrap(), "test", &ids, app.now());
        for _ in 0..50 {
            let content = TemplateContent { name: "N".to_owned(), ..TemplateContent::default() };
            let id = domain::TemplateId::from_ulid(ids.ulid(app.now()));
            step.create(&AgentTemplate { id, content, created_at: app.now() }).unwrap();
        }
        app.store().commit(step).await.unwrap();
    }
    let body = json!({"name": "One more", "system_prompt": "x"});
    assert_eq!(owner.post("/agents/templates", body.clone()).await.problem(409), "conflict");
    let all = owner.all("/agents/templates?limit=90").await;
    let (built_in, own): (Vec<_>, Vec<_>) = all.iter().partition(|template| template["built_in"] == true);
    let mut own: Vec<&str> = own.into_iter().map(|template| text(&template["id"])).collect();
    assert!(own.is_sorted(), "the oldest first");
    own.dedup();
    assert_eq!((own.len(), built_in.len()), (OWN_TEMPLATES_MAX, 5));
    owner.delete(&format!("/agents/templates/{}", own[7])).await.expect(204);
    owner.post("/agents/templates", body).await.expect(201);
    assert_eq!(owner.get("/agents/templates?cursor=AAAA").await.problem(422), "invalid");
}

#[tokio::test]
async fn every_change_of_a_profile_is_a_version_that_can_be_restored() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let made = agent(owner).await;
    let path = format!("/agents/{}", text(&made["id"]));
    let manager = app.member("manager").await;
    manager.patch(&path, json!({"language": "hi", "voice_id": "voice_1"})).await.expect(200);
    owner
        .patch(&path, json!({"system_prompt": "You listen.", "evaluation": [{"id": "a", "prompt": "b"}]}))
        .await
        .expect(200);
    // What is no profile makes no version, and neither does what changes nothing.
    owner.patch(&path, json!({"is_default": true})).await.expect(200);
    owner.patch(&path, json!({"language": "hi"})).await.expect(200);

    let versions = owner.get(&format!("{path}/versions")).await.expect(200);
    let numbers: Vec<_> =
        versions.as_array().unwrap().iter().map(|one| one["version"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [3, 2, 1]);
    let names = |version: &Value| version["changed"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&versions[0]), ["evaluation", "system_prompt"]);
    assert_eq!(
        versions[0]["changed"]["system_prompt"],
        json!({"before": "You qualify leads.", "after": "You listen."})
    );
    assert_eq!(versions[1]["changed"]["voice_id"], json!({"before": null, "after": "voice_1"}));
    assert!(names(&versions[2]).is_empty());
    assert_eq!(versions[2]["profile"]["first_message"], made["first_message"]);
    assert!(text(&versions[0]["by"]).starts_with("key_"));
    assert_ne!(versions[0]["by"], versions[1]["by"]);

    // One at a time, and each with what it changed.
    assert_eq!(Value::Array(owner.all(&format!("{path}/versions?limit=1")).await), versions);
    assert_eq!(owner.get(&format!("{path}/versions/2")).await.expect(200), versions[1]);
    assert_eq!(owner.get(&format!("{path}/versions?cursor=x")).await.problem(422), "invalid");
    for missing in ["versions/4", "versions/0", "versions/99999999999", "versions/one"] {
        assert_eq!(owner.get(&format!("{path}/{missing}")).await.problem(404), "not_found", "{missing}");
    }

    let restored = owner.post(&format!("{path}/versions/1/restore"), json!({})).await.expect(200);
    assert_eq!((&restored["version"], &restored["sync"]), (&json!(4), &json!("in_sync")));
    for field in ["system_prompt", "language", "voice_id", "evaluation"] {
        assert_eq!(restored[field], made[field], "{field}");
    }
    assert_eq!(restored["is_default"], true);
    let fourth = owner.get(&format!("{path}/versions/4")).await.expect(200);
    assert_eq!(names(&fourth), ["evaluation", "language", "system_prompt", "voice_id"]);
    let again = owner.post(&format!("{path}/versions/1/restore"), json!({})).await.expect(200);
    assert_eq!(again["version"], 4, "the present profile once more is no change");
    assert_eq!(owner.post(&format!("{path}/versions/9/restore"), json!({})).await.problem(404), "not_found");
    let stale = [("if-match", "\"1\"")];
    let answer = owner.send(Method::POST, &format!("{path}/versions/2/restore"), &stale, None).await;
    assert_eq!(answer.problem(412), "stale");

    let theirs = app.tenant("acme").await;
    assert_eq!(theirs.get(&format!("{path}/versions")).await.problem(404), "not_found");
    assert_eq!(theirs.get(&format!("{path}/versions/1")).await.problem(404), "not_found");
    let restore = format!("{path}/versions/1/restore");
    assert_eq!(theirs.post(&restore, json!({})).await.problem(404), "not_found");
    let member = app.member("member").await;
    assert_eq!(member.post(&restore, json!({})).await.problem(403), "forbidden");
}

#[tokio::test]
async fn what_somebody_changed_at_the_provider_is_seen_and_brought_back() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let body = json!({"name": "Maya", "system_prompt": "You qualify leads.", "first_message": "Hello {{first_name}}!",
        "llm": "gemini-2.5-flash", "data_collection": {"budget": {"type": "string", "enum": ["low", "high"]}},
        "evaluation": [{"id": "qualified", "prompt": "A budget was named."}]});
    let made = owner.post("/agents", body).await.expect(201);
    assert!(made.get("drift").is_none() && made.get("drifted_fields").is_none());
    let path = format!("/agents/{}", text(&made["id"]));
    let remote = text(&made["elevenlabs_agent_id"]).to_owned();
    let look = async || {
        let seen = owner.get(&format!("{path}?refresh=true")).await.expect(200);
        (text(&seen["drift"]).to_owned(), seen["drifted_fields"].clone())
    };
    assert_eq!(look().await, ("in_sync".to_owned(), json!([])));
    assert!(owner.get(&format!("{path}?refresh=false")).await.expect(200).get("drift").is_none());

    // What the console adds is nobody's drift; what it changes is.
    let added = json!({"tags": ["frontdesk", made["id"], "somebody's"],
        "conversation_config": {"agent": {"prompt": {"temperature": 0.7}}}});
    assert!(app.simulators().edit_agent(ACCOUNT, &remote, &added).unwrap());
    assert_eq!(look().await.0, "in_sync");
    let change = json!({"name": "Renamed", "conversation_config": {"agent": {"prompt": {"prompt": "Sell!"}},
        "conversation": {"max_duration_seconds": 3600}}, "platform_settings": {"data_collection": {}}});
    assert!(app.simulators().edit_agent(ACCOUNT, &remote, &change).unwrap());
    let expected = json!(["name", "system_prompt", "data_collection", "max_duration"]);
    assert_eq!(look().await, ("drifted".to_owned(), expected));
    let back = owner.post(&format!("{path}/sync"), json!({})).await.expect(200);
    assert_eq!((&back["sync"], &back["version"]), (&json!("in_sync"), &json!(1)));
    assert_eq!(back["elevenlabs_agent_id"], remote.as_str());
    assert_eq!(look().await.0, "in_sync");
    // The business's own rules are part of what the provider is to have.
    owner.put("/business-config", json!({"calling": {"max_call_minutes": 3}})).await.expect(200);
    assert_eq!(look().await, ("drifted".to_owned(), json!(["max_duration"])));

    let theirs = app.tenant("acme").await;
    assert_eq!(theirs.get(&format!("{path}?refresh=true")).await.problem(404), "not_found");
    assert_eq!(theirs.post(&format!("{path}/sync"), json!({})).await.problem(404), "not_found");
    let member = app.member("member").await;
    assert_eq!(member.post(&format!("{path}/sync"), json!({})).await.problem(403), "forbidden");
    assert_eq!(owner.get(&format!("{path}?refresh=perhaps")).await.problem(422), "invalid");
}

#[tokio::test]
async fn an_agent_that_the_provider_lost_is_made_again_once() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let made = agent(owner).await;
    let path = format!("/agents/{}", text(&made["id"]));
    let lost = text(&made["elevenlabs_agent_id"]).to_owned();
    assert!(app.simulators().lose_agent(ACCOUNT, &lost).unwrap());
    let seen = owner.get(&format!("{path}?refresh=true")).await.expect(200);
    assert_eq!((&seen["drift"], &seen["drifted_fields"]), (&json!("missing"), &json!([])));

    // Several who want it at once make one.
    let sync = format!("{path}/sync");
    let wants = (0..6).map(|_| owner.post(&sync, json!({})));
    let statuses: Vec<_> =
        futures::future::join_all(wants).await.iter().map(|answer| answer.status.as_u16()).collect();
    assert!(
        statuses.contains(&200) && statuses.iter().all(|status| [200, 412].contains(status)),
        "{statuses:?}"
    );
    assert!(app.advance(minutes(5)).await.is_empty());
    let there = app.simulators().agents(ACCOUNT).unwrap();
    let now = owner.get(&format!("{path}?refresh=true")).await.expect(200);
    assert_eq!((&now["sync"], &now["drift"]), (&json!("in_sync"), &json!("in_sync")));
    assert_eq!(there, [text(&now["elevenlabs_agent_id"])]);
    assert_ne!(there, [lost]);
    assert_eq!(now["is_default"], true, "it is the same agent here");

    // A change finds out by itself.
    assert!(app.simulators().lose_agent(ACCOUNT, &there[0]).unwrap());
    let changed = owner.patch(&path, json!({"name": "Maya 2"})).await.expect(200);
    assert_eq!((&changed["sync"], &changed["version"]), (&json!("in_sync"), &json!(2)));
    assert_eq!(app.simulators().agents(ACCOUNT).unwrap(), [text(&changed["elevenlabs_agent_id"])]);
    let seen = owner.get(&format!("{path}?refresh=true")).await.expect(200);
    assert_eq!(seen["drift"], "in_sync");
}

/// An ElevenLabs that lost all agents it had, and answers what is made as it is told.
struct Forgetful {
    server: MockServer,
    there: Arc<Mutex<Vec<Value>>>,
    /// The status that a creation is answered with, and whether it comes into being all the same.
    creates: Arc<Mutex<(u16, bool)>>,
}

impl Forgetful {
    async fn start(owner: &Client) -> Self {
        let (there, creates) = (Arc::<Mutex<Vec<Value>>>::default(), Arc::new(Mutex::new((200, true))));
        let server = MockServer::start().await;
        let (agents, manners) = (Arc::clone(&there), Arc::clone(&creates));
        Mock::given(method("POST"))
            .respond_with(move |request: &wiremock::Request| {
                let body: Value = request.body_json().unwrap();
                let (status, comes) = *manners.lock().unwrap();
                let mut agents = agents.lock().unwrap();
                let id = format!("agent_{}", agents.len() + 1);
                if comes {
                    agents.push(json!({"agent_id": id, "name": body["name"], "tags": body["tags"]}));
                }
                ResponseTemplate::new(status).set_body_json(json!({"agent_id": id}))
            })
            .mount(&server)
            .await;
        let agents = Arc::clone(&there);
        Mock::given(method("GET"))
            .respond_with(move |request: &wiremock::Request| {
                let search = request.url.query_pairs().find(|(name, _)| name == "search");
                let mut agents = agents.lock().unwrap().clone();
                agents.retain(|agent| search.iter().all(|(_, name)| text(&agent["name"]).contains(&**name)));
                ResponseTemplate::new(200).set_body_json(json!({"agents": agents, "has_more": false}))
            })
            .mount(&server)
            .await;
        for change in ["PATCH", "DELETE"] {
            let agents = Arc::clone(&there);
            Mock::given(method(change))
                .respond_with(move |request: &wiremock::Request| {
                    let mut agents = agents.lock().unwrap();
                    let is_it = |agent: &Value| request.url.path().ends_with(text(&agent["agent_id"]));
                    let Some(index) = agents.iter().position(is_it) else {
                        return ResponseTemplate::new(404);
                    };
                    if request.method == "DELETE" {
                        agents.remove(index);
                    }
                    ResponseTemplate::new(200).set_body_json(json!({}))
                })
                .mount(&server)
                .await;
        }
        let settings = json!({"api_key": "k", "base_url": server.uri(), "phone_number_id": "p"});
        owner.put("/admin/integrations/elevenlabs", settings).await.expect(200);
        Self { server, there, creates }
    }

    fn answers(&self, status: u16, comes: bool) {
        *self.creates.lock().unwrap() = (status, comes);
    }

    fn forget(&self) {
        self.there.lock().unwrap().clear();
    }

    fn count(&self) -> usize {
        self.there.lock().unwrap().len()
    }

    async fn creations(&self) -> usize {
        let requests = self.server.received_requests().await.unwrap();
        requests.iter().filter(|request| request.method == "POST").count()
    }
}

#[tokio::test]
async fn making_an_agent_again_leaves_no_orphan_whatever_is_answered() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    let provider = Forgetful::start(&acme).await;
    let made = acme.post("/agents", json!({"name": "D", "system_prompt": "x"})).await.expect(201);
    let path = format!("/agents/{}", text(&made["id"]));
    let sync = format!("{path}/sync");

    // Made there, and the answer lost: found by its tag, made once.
    provider.forget();
    provider.answers(500, true);
    let found = acme.post(&sync, json!({})).await.expect(200);
    assert_eq!((&found["sync"], provider.creations().await, provider.count()), (&json!("in_sync"), 2, 1));

    // It failed there without a trace: it stays on the way, and nobody makes another before its time.
    provider.forget();
    provider.answers(500, false);
    let on_its_way = acme.post(&sync, json!({})).await.expect(200);
    assert_eq!(
        (&on_its_way["sync"], &on_its_way["elevenlabs_agent_id"]),
        (&json!("recreating"), &Value::Null)
    );
    let before = provider.creations().await;
    assert_eq!(acme.post(&sync, json!({})).await.expect(200)["sync"], "recreating");
    assert_eq!(provider.creations().await, before);
    // A change meanwhile is kept, under another name.
    let renamed = acme.patch(&path, json!({"name": "E"})).await.expect(200);
    assert_eq!((&renamed["sync"], &renamed["version"]), (&json!("recreating"), &json!(2)));
    // It came into being after all, late and under the old name: that one is taken, and no other is made.
    let late = json!({"agent_id": "agent_late", "name": "D", "tags": [made["id"]]});
    provider.there.lock().unwrap().push(late);
    app.advance(minutes(3)).await;
    let now = acme.get(&path).await.expect(200);
    assert_eq!((&now["sync"], &now["elevenlabs_agent_id"]), (&json!("in_sync"), &json!("agent_late")));
    assert_eq!((provider.creations().await, provider.count()), (before, 1));

    // The provider refuses: what was there before stays, and the caller is told.
    provider.forget();
    provider.answers(422, false);
    assert_eq!(acme.post(&sync, json!({})).await.problem(502), "provider_rejected");
    let now = acme.get(&path).await.expect(200);
    assert_eq!((&now["sync"], &now["elevenlabs_agent_id"]), (&json!("in_sync"), &json!("agent_late")));
    let refused = acme.patch(&path, json!({"name": "F"})).await;
    assert_eq!(refused.problem(502), "provider_rejected");
    let versions = acme.get(&format!("{path}/versions")).await.expect(200);
    assert_eq!((versions.as_array().unwrap().len(), &versions[0]["profile"]["name"]), (2, &json!("E")));

    // Deleted while it may be coming into being: looked for later, and deleted there too.
    provider.answers(500, false);
    assert_eq!(acme.post(&sync, json!({})).await.expect(200)["sync"], "recreating");
    acme.delete(&path).await.expect(204);
    provider.there.lock().unwrap().push(json!({"agent_id": "agent_x", "name": "E", "tags": [made["id"]]}));
    app.advance(minutes(15)).await;
    assert_eq!(provider.count(), 0);
    assert_eq!(acme.get(&path).await.problem(404), "not_found");
    let left = app.database.engine.dump().unwrap();
    let left = left.iter().filter(|item| item["pk"]["S"].as_str().unwrap().contains("#AGT#"));
    let left: Vec<_> = left.filter(|item| item["sk"]["S"] == "0").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn an_agent_can_be_tried_without_calling_anybody() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    owner.put("/business-config", json!({"name": "Acme Homes"})).await.expect(200);
    let body = json!({"name": "Maya", "language": "hi", "first_message": "Hello {{first_name}} of {{company}}, {{offer}}",
        "system_prompt": "You call {{full_name}} for {{business_name}}. Mention {{plan}} and {{ offer }}, not {{system__time_utc}}."});
    let made = owner.post("/agents", body).await.expect(201);
    let path = format!("/agents/{}/test", text(&made["id"]));
    let lead = lead(owner, "+919876543210").await;
    let viewer = app.member("viewer").await;
    app.settle().await;
    let stored = || {
        let mut items = app.database.engine.dump().unwrap();
        items.retain(|item| !text(&item["pk"]["S"]).contains("#RATE#"));
        items.sort_by_key(|item| format!("{}{}", item["pk"]["S"], item["sk"]["S"]));
        items
    };
    let (before, requests) = (stored(), app.simulators().requests().len());
    let ask =
        json!({"lead_id": lead, "objective": "Site visit", "instructions": "Be brief", "priority": "high"});
    let report = viewer.post(&path, ask).await.expect(200);
    assert_eq!(report["first_message"], "Hello Asha of, {{offer}}");
    let prompt = text(&report["prompt"]);
    assert!(prompt.starts_with("You call Asha Rao for Acme Homes. Mention {{plan}}"), "{prompt}");
    assert!(
        prompt.contains("Site visit") && prompt.contains("Be brief") && prompt.contains("high"),
        "{prompt}"
    );
    assert_eq!(report["prompt_characters"], prompt.chars().count());
    assert_eq!(report["dynamic_variables"]["first_name"], "Asha");
    let unknown: Vec<_> = report["unknown_variables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["name"]), text(&one["used_in"])))
        .collect();
    assert_eq!(unknown, [("offer", "system_prompt"), ("plan", "system_prompt"), ("offer", "first_message")]);
    let codes = |report: &Value| {
        let warnings = report["warnings"].as_array().unwrap().iter();
        warnings.map(|one| text(&one["code"]).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes(&report), ["empty_variable", "voice_for_language", "nothing_to_find_out"]);
    assert!(text(&report["warnings"][0]["detail"]).contains("{{company}}"));

    // Somebody made up, where no lead is named; and the templates of the product are without fault.
    let nobody = viewer.post(&path, json!({})).await.expect(200);
    assert!(text(&nobody["first_message"]).starts_with("Hello Alex of Example Company"));
    assert_eq!(stored(), before, "it changes nothing");
    assert_eq!(app.simulators().requests().len(), requests, "it asks nobody");
    let ours = owner.post("/agents", json!({"template": "lead_qualification"})).await.expect(201);
    let report = viewer.post(&format!("/agents/{}/test", text(&ours["id"])), json!({})).await.expect(200);
    assert_eq!((&report["unknown_variables"], codes(&report)), (&json!([]), vec![]));
    let mute = owner.post("/agents", json!({"name": "M", "system_prompt": "x"})).await.expect(201);
    let report = viewer.post(&format!("/agents/{}/test", text(&mute["id"])), json!({})).await.expect(200);
    assert!(codes(&report).contains(&"empty_first_message".to_owned()));

    let theirs = app.tenant("acme").await;
    assert_eq!(theirs.post(&path, json!({})).await.problem(404), "not_found");
    let none = json!({"lead_id": "con_01JAAAAAAAAAAAAAAAAAAAAAAA"});
    assert_eq!(owner.post(&path, none).await.problem(404), "not_found");
    let long = owner.post(&path, json!({"objective": "x".repeat(300)})).await;
    assert_eq!(
        (long.problem(422), &long.body["errors"][0]["pointer"]),
        ("invalid".to_owned(), &json!("/objective"))
    );
}
