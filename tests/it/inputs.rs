//! Bad input gets a clear problem and changes nothing; repeated input changes nothing twice.

use crate::openapi::operations;
use crate::story::{agent, lead};
use http::Method;
use serde_json::{Value, json};
use testkit::{Client, TestApp};

/// Every route of the document, with ids in its path that look right and name nothing.
fn routes() -> Vec<(Method, String, bool)> {
    let routes = operations()
        .into_iter()
        .filter(|(_, path, operation)| operation["security"].is_null() && !path.starts_with("/webhooks"));
    let routes = routes.map(|(method, path, operation)| {
        let id = match path.split('/').nth(1) {
            _ if path.starts_with("/crm/interactions/client/") => "con_01JAAAAAAAAAAAAAAAAAAAAAAA",
            _ if path.starts_with("/crm/interactions/practice/") => "prc_01JAAAAAAAAAAAAAAAAAAAAAAA",
            _ if path.starts_with("/crm/interactions") => "int_01JAAAAAAAAAAAAAAAAAAAAAAA",
            _ if path.starts_with("/crm/clients") => "con_01JAAAAAAAAAAAAAAAAAAAAAAA",
            _ if path.starts_with("/crm/merges") => "mrg_01JAAAAAAAAAAAAAAAAAAAAAAA",
            _ if path.starts_with("/crm/review") => "rev_01JAAAAAAAAAAAAAAAAAAAAAAA",
            _ if path.starts_with("/conversations/jobs") => "sav_01JAAAAAAAAAAAAAAAAAAAAAAA",
            _ if path.starts_with("/crm/renewal-alerts") => "ren_01JAAAAAAAAAAAAAAAAAAAAAAA",
            _ if path.starts_with("/crm/shared-memory") => "con_01JAAAAAAAAAAAAAAAAAAAAAAA",
            _ if path.starts_with("/crm/team") => "mem_01JAAAAAAAAAAAAAAAAAAAAAAA",
            _ if path.starts_with("/crm/practices") => "prc_01JAAAAAAAAAAAAAAAAAAAAAAA",
            _ if path.starts_with("/agents/templates") => "tpl_01JAAAAAAAAAAAAAAAAAAAAAAA",
            Some("leads") => "con_01JAAAAAAAAAAAAAAAAAAAAAAA",
            Some("agents") => "agt_01JAAAAAAAAAAAAAAAAAAAAAAA",
            Some("calls") => "cal_01JAAAAAAAAAAAAAAAAAAAAAAA",
            Some("deals") => "dea_01JAAAAAAAAAAAAAAAAAAAAAAA",
            Some("tasks") => "tsk_01JAAAAAAAAAAAAAAAAAAAAAAA",
            Some("conversations") => "cnv_01JAAAAAAAAAAAAAAAAAAAAAAA",
            Some("campaigns") => "cmp_01JAAAAAAAAAAAAAAAAAAAAAAA",
            Some("imports") => "imp_01JAAAAAAAAAAAAAAAAAAAAAAA",
            Some("exports") => "exp_01JAAAAAAAAAAAAAAAAAAAAAAA",
            Some("context-templates") => "tpl_01JAAAAAAAAAAAAAAAAAAAAAAA",
            _ => "key_01JAAAAAAAAAAAAAAAAAAAAAAA",
        };
        let has_body = operation["requestBody"]["content"]["application/json"].is_object();
        let fill = [
            ("{id}", id),
            ("{provider}", "openai"),
            ("{version}", "1"),
            ("{document_id}", "doc_01JAAAAAAAAAAAAAAAAAAAAAAA"),
            ("{name}", "x"),
            ("{email}", "nobody@example.com"),
            ("{field}", "nationality"),
            ("{code}", "X"),
            ("{language}", "en"),
            ("{phone}", "919876543210"),
        ];
        let path = fill.into_iter().fold(path, |path, (place, value)| path.replace(place, value));
        (method, path, has_body)
    });
    routes.collect()
}

fn records(app: &TestApp) -> Vec<Value> {
    let items = app.database.engine.dump().unwrap();
    let mut items: Vec<Value> = items
        .into_iter()
        .filter(|item| {
            let pk = item["pk"]["S"].as_str().unwrap();
            !pk.contains("#AUD#") && !pk.contains("#RATE#")
        })
        .collect();
    items.sort_by_key(|item| format!("{}{}", item["pk"]["S"], item["sk"]["S"]));
    items
}

#[tokio::test]
async fn every_route_refuses_strangers_and_bad_bodies_and_changes_nothing() {
    let app = TestApp::start().await;
    agent(&app.owner).await;
    let nobody = app.client(None);
    app.settle().await;
    let before = records(&app);
    for (method, path, has_body) in routes() {
        let at = format!("{method} {path}");
        assert_eq!(
            nobody.send(method.clone(), &path, &[], Some(b"{}".to_vec())).await.problem(401),
            "unauthenticated",
            "{at}"
        );
        if !has_body {
            continue;
        }
        let send = async |body: &[u8]| app.owner.send(method.clone(), &path, &[], Some(body.to_vec())).await;
        assert_eq!(send(b"{\"a\": ").await.problem(400), "malformed", "{at}");
        assert_eq!(send(b"").await.problem(400), "malformed", "{at}");
        assert_eq!(send(b"{\"name\": \"\xff\xfe\"}").await.problem(400), "malformed", "{at}");
        assert_eq!(send(b"{} {}").await.problem(400), "malformed", "{at}");
        let large = format!("{{\"x\": \"{}\"}}", "y".repeat(1024 * 1024));
        assert_eq!(send(large.as_bytes()).await.problem(413), "too_large", "{at}");
        let answer = send(b"[1, 2]").await;
        assert!(matches!(answer.status.as_u16(), 404 | 422), "{at}: {}", answer.body);
        let answer = send(b"{\"no_such_field\": 1, \"name\": 5}").await;
        assert!(matches!(answer.status.as_u16(), 404 | 422), "{at}: {}", answer.body);
        answer.problem(answer.status.as_u16());
    }
    for (method, path, _) in routes() {
        if path.contains("_01JAAAA") && path != "/admin/api-keys" {
            let body = match path.rsplit('/').next() {
                Some("suppress" | "unsuppress") => json!({"channel": "all", "reason": "x"}),
                Some("merge") => json!({"other_id": "con_01JAAAAAAAAAAAAAAAAAAAAAAB"}),
                Some("feedback") => json!({"rating": 5}),
                Some("add") => json!({"document_type": "Passport"}),
                _ => json!({}),
            };
            let body = body.to_string();
            let answer = app.owner.send(method.clone(), &path, &[], Some(body.clone().into_bytes())).await;
            assert_eq!(answer.problem(404), "not_found", "{method} {path}");
            let strange = path.replace("01JAAAAAAAAAAAAAAAAAAAAAAA", "nonsense");
            let answer = nobody.send(method.clone(), &strange, &[], Some(body.clone().into_bytes())).await;
            assert_eq!(answer.problem(401), "unauthenticated", "{method} {strange}");
            let answer = app.owner.send(method.clone(), &strange, &[], Some(body.into_bytes())).await;
            assert_eq!(answer.problem(404), "not_found", "{method} {strange}");
        }
    }
    app.settle().await;
    assert_eq!(records(&app), before, "bad input changed something");
}

#[tokio::test]
async fn a_wrong_field_is_named_by_its_pointer() {
    let app = TestApp::start().await;
    let lead_with = async |change: Value| {
        let mut body = json!({"first_name": "X"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = app.owner.post("/leads", body).await;
        assert_eq!(answer.problem(422), "invalid");
        answer.body["errors"][0]["pointer"].as_str().unwrap().to_owned()
    };
    assert_eq!(lead_with(json!({"phone": "12"})).await, "/phone");
    assert_eq!(lead_with(json!({"email": "nobody"})).await, "/email");
    assert_eq!(lead_with(json!({"score": 101})).await, "/score");
    assert_eq!(lead_with(json!({"score": "high"})).await, "/score");
    assert_eq!(lead_with(json!({"status": "lukewarm"})).await, "/status");
    assert_eq!(lead_with(json!({"timezone": "Mars/Olympus"})).await, "/timezone");
    assert_eq!(lead_with(json!({"tags": ["a", 5]})).await, "/tags/1");
    assert_eq!(lead_with(json!({"consent": {"voice": {"granted": "yes"}}})).await, "/consent/voice/granted");
    assert_eq!(lead_with(json!({"first_name": "a\u{0}b"})).await, "/first_name");
    let config = app
        .owner
        .put("/business-config", json!({"calling": {"window": {"open": "20:00", "close": "9:00"}}}))
        .await;
    assert_eq!(config.problem(422), "invalid");
    assert_eq!(config.body["errors"][0]["pointer"], "/calling/window/close");
    for (path, parameter) in [
        ("/leads?status=lukewarm", "?status"),
        ("/leads?limit=many", "?limit"),
        ("/leads?cursor=!!", "?cursor"),
        ("/calls?lead_id=x", "?lead_id"),
        ("/deals?contact_id=x", "?contact_id"),
        ("/deals?stage=%23", "?stage"),
        ("/tasks?status=done", "?status"),
        ("/tasks?assignee=nobody", "?assignee"),
        ("/tasks?due=soon", "?due"),
        ("/tasks?due=2026-02-30", "?due"),
        ("/crm/practices?status=done", "?status"),
        ("/crm/practices?type=--", "?type"),
        ("/crm/interactions?interaction_type=fax", "?interaction_type"),
        ("/conversations?status=asleep", "?status"),
        ("/conversations?channel=fax", "?channel"),
        ("/analytics/chat?from=2027-02-30", "?from"),
        ("/admin/audit?month=May", "?month"),
        ("/changes?after=nonsense", "?after"),
    ] {
        let answer = app.owner.get(path).await;
        assert_eq!(answer.problem(422), "invalid", "{path}");
        assert_eq!(answer.body["errors"][0]["pointer"], parameter, "{path}");
    }
}

#[tokio::test]
async fn a_person_is_one_lead_whatever_the_form_of_the_number() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    owner.put("/business-config", json!({"default_country": "IN"})).await.expect(200);
    let body = json!({"first_name": "\u{985}\u{9b0}\u{9c1}\u{9a3}", "phone": "+91 98765 43210", "email": "Arun@Example.com"});
    let first = owner.post("/leads", body).await.expect(201);
    assert_eq!(first["phone"], "+919876543210");
    for same in [
        json!({"phone": "098765 43210"}),
        json!({"phone": "919876543210@s.whatsapp.net"}),
        json!({"phone": "+\u{9ef}\u{9e7}\u{9ef}\u{9ee}\u{9ed}\u{9ec}\u{9eb}\u{9ea}\u{9e9}\u{9e8}\u{9e7}\u{9e6}"}),
        json!({"email": "ARUN@example.COM"}),
    ] {
        let answer = owner.post("/leads", same.clone()).await;
        assert_eq!(answer.problem(409), "duplicate", "{same}");
        assert_eq!(answer.body["existing_id"], first["id"]);
    }
    // A number that is given up is free for another.
    owner
        .patch(&format!("/leads/{}", first["id"].as_str().unwrap()), json!({"phone": null}))
        .await
        .expect(200);
    owner.post("/leads", json!({"phone": "+919876543210"})).await.expect(201);
}

#[tokio::test]
async fn parallel_creates_of_one_person_make_one_lead() {
    let app = TestApp::start().await;
    let creates = (0..20).map(|_| {
        let owner = app.owner.clone();
        async move {
            owner.post("/leads", json!({"first_name": "One", "phone": "+919876543210"})).await.status.as_u16()
        }
    });
    let statuses = futures::future::join_all(creates).await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 19, "{statuses:?}");
}

#[tokio::test]
async fn the_same_request_under_one_key_is_done_once() {
    let app = TestApp::start().await;
    let post = async |client: &Client, key: &str, body: Value| {
        client
            .send(Method::POST, "/leads", &[("idempotency-key", key)], Some(body.to_string().into_bytes()))
            .await
    };
    let body = json!({"first_name": "Once"});
    let first = post(&app.owner, "k-1", body.clone()).await.expect(201);
    let again = post(&app.owner, "k-1", body.clone()).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.expect(201), first);
    assert_eq!(
        post(&app.owner, "k-1", json!({"first_name": "Other"})).await.problem(422),
        "idempotency_key_reused"
    );
    let member = app.member("member").await;
    assert_ne!(
        post(&member, "k-1", body.clone()).await.expect(201)["id"],
        first["id"],
        "a key is its caller's own"
    );
    let parallel = (0..8).map(|_| post(&app.owner, "k-2", body.clone()));
    let answers = futures::future::join_all(parallel).await;
    let made: Vec<_> =
        answers.iter().filter(|answer| answer.status == 201).map(|answer| &answer.body["id"]).collect();
    assert!(!made.is_empty() && made.iter().all(|id| *id == made[0]));
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 201 | 409)));
    assert_eq!(app.owner.get("/leads").await.expect(200).as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_stale_copy_does_not_overwrite_a_newer_record() {
    let app = TestApp::start().await;
    let id = lead(&app.owner, "+919876543210").await;
    let path = format!("/leads/{id}");
    let read = app.owner.get(&path).await;
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    let patch = async |tag: &str, name: &str| {
        let body = json!({"first_name": name}).to_string().into_bytes();
        app.owner.send(Method::PATCH, &path, &[("if-match", tag)], Some(body)).await
    };
    let changed = patch(&tag, "Second").await;
    let newer = changed.headers["etag"].to_str().unwrap().to_owned();
    changed.expect(200);
    assert_eq!(patch(&tag, "Third").await.problem(412), "stale");
    assert_eq!(patch("\"rubbish\"", "Third").await.problem(412), "stale");
    patch(&newer, "Third").await.expect(200);
    app.owner.patch(&path, json!({"first_name": "Fourth"})).await.expect(200);
    let stale = app.owner.send(Method::DELETE, &path, &[("if-match", &tag)], None).await;
    assert_eq!(stale.problem(412), "stale");
    app.owner.delete(&path).await.expect(204);
    assert_eq!(app.owner.get(&path).await.problem(404), "not_found");
}

#[tokio::test]
async fn lists_come_in_pages_that_neither_skip_nor_repeat() {
    let app = TestApp::start().await;
    for n in 0..7 {
        let status = if n % 2 == 0 { "hot" } else { "new" };
        app.owner.post("/leads", json!({"first_name": format!("L{n}"), "status": status})).await.expect(201);
    }
    let seen = app.owner.all("/leads?limit=3").await;
    let seen: Vec<&str> = seen.iter().map(|lead| lead["first_name"].as_str().unwrap()).collect();
    assert_eq!(seen, ["L6", "L5", "L4", "L3", "L2", "L1", "L0"]);
    let hot = app.owner.get("/leads?status=hot&limit=1000").await.expect(200);
    assert_eq!(hot.as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn counters_equal_a_recount() {
    let app = TestApp::start().await;
    let id = lead(&app.owner, "+919876543210").await;
    for n in 0..5 {
        app.owner.post("/leads", json!({"first_name": format!("L{n}"), "status": "hot"})).await.expect(201);
    }
    app.owner.patch(&format!("/leads/{id}"), json!({"status": "qualified"})).await.expect(200);
    let gone = app.owner.post("/leads", json!({"first_name": "Gone"})).await.expect(201);
    app.owner.delete(&format!("/leads/{}", gone["id"].as_str().unwrap())).await.expect(204);
    let counts = app.store().counts(&"demo".parse().unwrap(), "lead").await.unwrap();
    let expected = [("all", 6), ("client#prospect", 6), ("status#hot", 5), ("status#qualified", 1)];
    let expected = expected.into_iter().map(|(dimension, count)| (dimension.to_owned(), count)).collect();
    assert_eq!(counts, expected);
    crate::analytics::counters_are_what_records_say(&app, &"demo".parse().unwrap()).await;
}
