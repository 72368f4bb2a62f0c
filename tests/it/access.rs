//! Who may do what: keys, roles, tenants, tokens, rates, and the audit of it all.

use crate::analytics::demo;
use crate::story::{agent, call, lead};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use integration::Issuer;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::Rate;
use testkit::{Client, TestApp};

#[tokio::test]
async fn a_key_is_shown_once_works_and_is_taken_back() {
    let app = TestApp::start().await;
    let made =
        app.owner.post("/admin/api-keys", json!({"name": "Reports", "role": "viewer"})).await.expect(201);
    let secret = made["api_key"].as_str().unwrap();
    assert!(secret.starts_with("fd_") && secret.len() > 40);
    let viewer = app.client(Some(secret));
    viewer.get("/leads").await.expect(200);
    let by_header = app.client(None).send(Method::GET, "/leads", &[("x-api-key", secret)], None).await;
    by_header.expect(200);
    let listed = app.owner.get("/admin/api-keys").await.expect(200);
    assert!(!listed.to_string().contains(secret));
    assert!(!serde_json::to_string(&app.database.engine.dump().unwrap()).unwrap().contains(secret));

    let id = made["id"].as_str().unwrap();
    app.owner.delete(&format!("/admin/api-keys/{id}")).await.expect(204);
    app.owner.delete(&format!("/admin/api-keys/{id}")).await.expect(204);
    app.advance(SignedDuration::from_secs(61)).await;
    assert_eq!(viewer.get("/leads").await.problem(401), "unauthenticated");
    assert_eq!(app.client(Some("fd_nonsense")).get("/leads").await.problem(401), "unauthenticated");
    assert_eq!(app.client(None).get("/leads").await.problem(401), "unauthenticated");
}

#[tokio::test]
async fn each_role_may_do_what_it_may_and_refusals_are_in_the_audit() {
    let app = TestApp::start().await;
    let lead_id = lead(&app.owner, "+919876543210").await;
    let [viewer, member, manager] =
        [app.member("viewer").await, app.member("member").await, app.member("manager").await];
    let new_lead = |n: u32| json!({"first_name": "X", "phone": format!("+91987654330{n}")});
    for client in [&viewer, &member, &manager] {
        client.get(&format!("/leads/{lead_id}")).await.expect(200);
    }
    assert_eq!(viewer.post("/leads", new_lead(0)).await.problem(403), "forbidden");
    member.post("/leads", new_lead(1)).await.expect(201);
    for path in ["/deals", "/tasks"] {
        let about = json!({"contact_id": lead_id, "title": "X"});
        assert_eq!(viewer.post(path, about.clone()).await.problem(403), "forbidden");
        let made = member.post(path, about).await.expect(201);
        let one = format!("{path}/{}", made["id"].as_str().unwrap());
        viewer.get(&one).await.expect(200);
        assert_eq!(viewer.patch(&one, json!({"title": "Y"})).await.problem(403), "forbidden");
        assert_eq!(viewer.delete(&one).await.problem(403), "forbidden");
        member.delete(&one).await.expect(204);
    }
    assert_eq!(member.put("/business-config", json!({})).await.problem(403), "forbidden");
    manager.put("/business-config", json!({"name": "M"})).await.expect(200);
    for _ in 0..7 {
        assert_eq!(manager.get("/admin/audit").await.problem(403), "forbidden");
    }
    assert_eq!(
        manager.post("/admin/api-keys", json!({"name": "x", "role": "owner"})).await.problem(403),
        "forbidden"
    );

    let audit = app.owner.get("/admin/audit?limit=100").await.expect(200);
    let lines: Vec<&Value> = audit.as_array().unwrap().iter().collect();
    let flood: Vec<_> = lines
        .iter()
        .filter(|line| line["outcome"] == "refused" && line["action"] == "GET /admin/audit")
        .collect();
    assert_eq!(flood.len(), 1, "a flood is one line");
    assert_eq!(flood[0]["after"]["times"], 7);
    let changed = lines.iter().find(|line| line["action"] == "business_config.updated").unwrap();
    assert_eq!((&changed["before"]["name"], &changed["after"]["name"]), (&json!(""), &json!("M")));
    assert!(changed["actor"].as_str().unwrap().starts_with("key_"));
}

#[tokio::test]
async fn tenants_never_see_each_other() {
    let app = TestApp::start().await;
    let (ours, theirs) = (app.owner.clone(), app.tenant("acme").await);
    let agent_id = agent(&ours).await["id"].as_str().unwrap().to_owned();
    let lead_id = lead(&ours, "+919876543210").await;
    let call_id = call(&ours, &lead_id).await;
    let template = json!({"name": "Ours", "instructions": "Be kind."});
    let template =
        ours.post("/context-templates", template).await.expect(201)["id"].as_str().unwrap().to_owned();
    let about = json!({"contact_id": lead_id, "title": "Ours"});
    let deal_id = ours.post("/deals", about.clone()).await.expect(201)["id"].as_str().unwrap().to_owned();
    let task_id = ours.post("/tasks", about.clone()).await.expect(201)["id"].as_str().unwrap().to_owned();
    assert!(app.settle().await.is_empty());
    ours.get(&format!("/calls/{call_id}/context")).await.expect(200);
    for path in [
        format!("/leads/{lead_id}"),
        format!("/leads/{lead_id}/actions"),
        format!("/agents/{agent_id}"),
        format!("/calls/{call_id}"),
        format!("/calls/{call_id}/why"),
        format!("/calls/{call_id}/context"),
        format!("/context-templates/{template}"),
        format!("/deals/{deal_id}"),
        format!("/tasks/{task_id}"),
    ] {
        assert_eq!(theirs.get(&path).await.problem(404), "not_found", "{path}");
    }
    let patch = json!({"first_name": "Stolen"});
    assert_eq!(theirs.patch(&format!("/leads/{lead_id}"), patch.clone()).await.problem(404), "not_found");
    assert_eq!(
        theirs.patch(&format!("/agents/{agent_id}"), json!({"name": "Stolen"})).await.problem(404),
        "not_found"
    );
    assert_eq!(theirs.delete(&format!("/leads/{lead_id}")).await.problem(404), "not_found");
    assert_eq!(theirs.delete(&format!("/agents/{agent_id}")).await.problem(404), "not_found");
    assert_eq!(theirs.delete(&format!("/context-templates/{template}")).await.problem(404), "not_found");
    for (path, id) in [("/deals", &deal_id), ("/tasks", &task_id)] {
        assert_eq!(theirs.post(path, about.clone()).await.problem(404), "not_found", "{path}");
        let (one, patch) = (format!("{path}/{id}"), json!({"title": "Stolen"}));
        assert_eq!(theirs.patch(&one, patch).await.problem(404), "not_found", "{path}");
        assert_eq!(theirs.delete(&one).await.problem(404), "not_found", "{path}");
    }
    assert_eq!(theirs.post("/calls", json!({"lead_id": lead_id})).await.problem(404), "not_found");
    assert_eq!(theirs.post("/context", json!({"lead_id": lead_id})).await.problem(404), "not_found");
    assert_eq!(
        theirs.post("/admin/tenants", json!({"id": "more", "name": "x"})).await.problem(403),
        "forbidden"
    );
    for list in ["/leads", "/agents", "/calls", "/context-templates", "/deals", "/tasks"] {
        assert_eq!(theirs.get(list).await.expect(200), json!([]), "{list}");
    }
    // The same person may be a lead of both.
    lead(&theirs, "+919876543210").await;
    let again = app.owner.post("/admin/tenants", json!({"id": "acme", "name": "x"})).await;
    assert_eq!(again.problem(409), "duplicate");

    // Every item begins with its tenant, or is of the closed list.
    for item in app.database.engine.dump().unwrap() {
        let pk = item["pk"]["S"].as_str().unwrap();
        let of_tenant = pk.starts_with("t#demo#") || pk.starts_with("t#acme#");
        let system = ["sys#key#", "sys#issuer#", "sys#tenant#", "sys#due#", "sys#out#"];
        assert!(of_tenant || system.iter().any(|prefix| pk.starts_with(prefix)), "{pk}");
        if !of_tenant {
            for personal in ["9876543210", "Asha", "Rao"] {
                assert!(!item.to_string().contains(personal), "{item}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_that_is_used_too_often_has_to_wait() {
    let app = TestApp::start().await;
    let body = json!({"name": "Slow", "role": "viewer", "per_second": 1, "burst": 5});
    let made = app.owner.post("/admin/api-keys", body).await.expect(201);
    let client = app.client(made["api_key"].as_str());
    let mut refused = None;
    for _ in 0..11 {
        let answer = client.get("/leads").await;
        if answer.status == 429 {
            assert_eq!(answer.problem(429), "too_many_requests");
            refused = answer.headers["retry-after"].to_str().unwrap().parse::<i64>().ok();
            break;
        }
    }
    let wait = refused.expect("eleven in a row are too many");
    assert!((1..=5).contains(&wait), "{wait}");
    app.advance(SignedDuration::from_secs(wait)).await;
    client.get("/leads").await.expect(200);
    for _ in 0..20 {
        app.owner.get("/leads").await.expect(200);
    }
}

#[tokio::test]
async fn all_tokens_of_one_subject_have_one_rate() {
    let app = TestApp::start().await;
    let issuer = Issuer::start().await;
    app.owner.put("/admin/jwt-issuer", issuer.settings()).await.expect(200);
    let exp = app.now().as_second() + 600;
    let bearer = |subject: &str, n: i64| {
        let claims = json!({"iss": "https://id.example", "aud": "frontdesk", "sub": subject, "exp": exp + n, "fd_role": "viewer"});
        app.client(Some(&issuer.token(&claims)))
    };
    let (first, second) = (bearer("maria", 0), bearer("maria", 1));
    first.get("/agents").await.expect(200);
    second.get("/agents").await.expect(200);
    // The owner's key has no rate.
    let rated = |item: &Value| Some(item["pk"]["S"].as_str()?.split_once("#RATE#")?.1.to_owned());
    let counted: BTreeSet<_> = app.database.engine.dump().unwrap().iter().filter_map(rated).collect();
    assert_eq!(counted.len(), 1, "{counted:?}");
    // Used up for as long as the test may take, on a machine that may be slow.
    let (tenant, user, rate) = (demo(), counted.first().unwrap(), Rate::default());
    let windows = (0..8).map(|n| app.now() + SignedDuration::from_secs(4 * n));
    for window in windows.collect::<Vec<_>>().into_iter().rev() {
        for _ in 0..rate.burst {
            app.store().count_use(&tenant, user, rate, window).await.unwrap();
        }
    }
    assert_eq!(first.get("/agents").await.problem(429), "too_many_requests");
    assert_eq!(second.get("/agents").await.problem(429), "too_many_requests");
    bearer("john", 0).get("/agents").await.expect(200);
}

#[tokio::test]
async fn tokens_of_the_tenants_own_issuer_are_accepted() {
    let app = TestApp::start().await;
    let issuer = Issuer::start().await;
    let set = issuer.settings();
    app.owner.put("/admin/jwt-issuer", set.clone()).await.expect(200);
    let now = app.now().as_second();
    let claims = |change: Value| {
        let mut claims = json!({"iss": "https://id.example", "aud": "frontdesk", "sub": "maria", "exp": now + 600, "fd_role": "member"});
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        claims
    };
    let bearer = |claims: Value| -> Client { app.client(Some(&issuer.token(&claims))) };
    let maria = bearer(claims(json!({})));
    maria.post("/leads", json!({"first_name": "Via token"})).await.expect(201);
    assert_eq!(maria.put("/business-config", json!({})).await.problem(403), "forbidden");
    bearer(claims(json!({"aud": ["other", "frontdesk"], "fd_role": ["viewer", "manager"]})))
        .put("/business-config", json!({}))
        .await
        .expect(200);
    for wrong in [
        json!({"iss": "https://evil.example"}),
        json!({"aud": "another"}),
        json!({"exp": now - 120}),
        json!({"nbf": now + 600}),
        json!({"fd_role": "emperor"}),
        json!({"sub": "m".repeat(256)}),
    ] {
        assert_eq!(
            bearer(claims(wrong.clone())).get("/leads").await.problem(401),
            "unauthenticated",
            "{wrong}"
        );
    }
    let other = Issuer::start().await;
    let forged = app.client(Some(&other.token(&claims(json!({})))));
    assert_eq!(forged.get("/leads").await.problem(401), "unauthenticated");
    let unsigned = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
        URL_SAFE_NO_PAD.encode(claims(json!({})).to_string())
    );
    assert_eq!(app.client(Some(&unsigned)).get("/leads").await.problem(401), "unauthenticated");

    // Another tenant cannot take the same tokens over.
    let acme = app.tenant("acme").await;
    assert_eq!(acme.put("/admin/jwt-issuer", set).await.problem(409), "conflict");
}

#[tokio::test]
async fn credentials_are_sealed_and_never_shown() {
    let app = TestApp::start().await;
    let acme = app.tenant("acme").await;
    let secret = "sk-very-secret-4711";
    acme.put(
        "/admin/integrations/openai",
        json!({"api_key": secret, "base_url": "https://api.openai.com/v1"}),
    )
    .await
    .expect(200);
    let shown = acme.get("/admin/integrations").await.expect(200);
    assert!(
        shown.as_array().unwrap().iter().any(|one| one["provider"] == "openai" && one["configured"] == true)
    );
    let stored = serde_json::to_string(&app.database.engine.dump().unwrap()).unwrap();
    assert!(!shown.to_string().contains(secret) && !stored.contains(secret));
    let bad = acme
        .put("/admin/integrations/openai", json!({"api_key": secret, "base_url": "http://api.openai.com"}))
        .await;
    assert_eq!(bad.problem(422), "invalid");
    assert_eq!(bad.body["errors"][0]["pointer"], "/base_url");
    assert_eq!(acme.put("/admin/integrations/unknown", json!({})).await.problem(404), "not_found");
}

#[tokio::test]
async fn the_feed_tells_every_change_once() {
    let app = TestApp::start().await;
    let mut cursor =
        app.owner.get("/changes?limit=100").await.expect(200)["cursor"].as_str().unwrap().to_owned();
    let mut told = Vec::new();
    for n in 0..7 {
        lead(&app.owner, &format!("+91987654350{n}")).await;
        if n % 2 == 0 {
            app.advance(SignedDuration::from_secs(45)).await;
        }
        let feed = app.owner.get(&format!("/changes?limit=2&after={cursor}")).await.expect(200);
        feed["cursor"].as_str().unwrap().clone_into(&mut cursor);
        told.extend(feed["changes"].as_array().unwrap().clone());
    }
    let ids: BTreeSet<&str> = told.iter().map(|change| change["id"].as_str().unwrap()).collect();
    assert_eq!((told.len(), ids.len()), (7, 7));
    assert!(told.iter().all(|change| change["kind"] == "lead" && change["what"] == "created"));
    assert_eq!(app.owner.get("/changes?after=nonsense").await.problem(422), "invalid");
}
