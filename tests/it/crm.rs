//! Who works at the business, what it set of its clients and practices, and what an older system called its tables.

use crate::openapi::operations;
use http::Method;
use serde_json::{Value, json};
use testkit::TestApp;

#[tokio::test]
async fn members_are_kept_and_one_has_an_address() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let whole = json!({"name": "Antonello Siano", "email": "Antonello@balizero.com", "phone": "+62 812 3456 7890", "role": "CEO"});
    let made = owner.post("/crm/team", whole.clone()).await.expect(201);
    assert_eq!((&made["phone"], &made["active"]), (&json!("+6281234567890"), &json!(true)));
    let path = format!("/crm/team/{}", made["id"].as_str().unwrap());
    assert_eq!(owner.get(&path).await.expect(200), made);
    let taken =
        owner.post("/crm/team", json!({"name": "A", "email": "antonello@BALIZERO.com"})).await.expect(409);
    assert_eq!(taken["existing_id"], made["id"]);
    for (body, pointer) in [
        (json!({"name": " ", "email": "a@example.com"}), "/name"),
        (json!({"name": "A", "email": "a"}), "/email"),
        (json!({"name": "A", "email": "a@example.com", "phone": "12"}), "/phone"),
        (json!({"name": "A"}), ""),
    ] {
        assert_eq!(owner.post("/crm/team", body).await.expect(422)["errors"][0]["pointer"], pointer);
    }
    let ruslan =
        owner.post("/crm/team", json!({"name": "রুসলান", "email": "ruslan@balizero.com"})).await.expect(201);
    let patched = owner.patch(&path, json!({"active": false, "phone": null})).await.expect(200);
    assert_eq!(
        (&patched["active"], &patched["phone"], &patched["role"]),
        (&json!(false), &Value::Null, &json!("CEO"))
    );
    assert_eq!(owner.get("/crm/team").await.expect(200).as_array().unwrap().len(), 2);
    assert_eq!(owner.get("/crm/team?active=true").await.expect(200), json!([ruslan]));
    let viewer = app.member("viewer").await;
    assert_eq!(viewer.get("/crm/team").await.expect(200).as_array().unwrap().len(), 2);
    assert_eq!(viewer.delete(&path).await.problem(403), "forbidden");
    let stranger = app.tenant("other").await;
    assert_eq!(stranger.get(&path).await.problem(404), "not_found");
    owner.delete(&path).await.expect(204);
    owner.post("/crm/team", whole).await.expect(201);
}

#[tokio::test]
async fn settings_begin_with_the_documents_and_say_from_where_pages_may_ask() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let fresh = owner.get("/crm/settings").await;
    assert_eq!(fresh.headers["etag"], "\"0\"");
    let defaults = json!({"client_confidence": 0.5, "practice_confidence": 0.7, "renewal_lead_days": [90, 60, 30, 7],
        "remind_clients": true, "renewal_template": null, "allowed_origins": []});
    assert_eq!(fresh.expect(200), defaults);
    for (patch, pointer) in [
        (json!({"client_confidence": 2}), "/client_confidence"),
        (json!({"renewal_lead_days": [0]}), "/renewal_lead_days"),
        (json!({"allowed_origins": ["balizero.com"]}), "/allowed_origins/0"),
        (json!({"thresholds": 1}), "/thresholds"),
    ] {
        assert_eq!(owner.patch("/crm/settings", patch).await.expect(422)["errors"][0]["pointer"], pointer);
    }
    let patch = json!({"renewal_lead_days": [7, 45], "practice_confidence": 0.8, "allowed_origins": ["https://crm.example.com/"]});
    let set = owner.patch("/crm/settings", patch).await.expect(200);
    assert_eq!((&set["renewal_lead_days"], &set["client_confidence"]), (&json!([45, 7]), &json!(0.5)));
    assert_eq!(
        owner.patch("/crm/settings", json!({"renewal_lead_days": null})).await.expect(200)["renewal_lead_days"],
        json!([90, 60, 30, 7])
    );
    let stale =
        owner.send(Method::PATCH, "/crm/settings", &[("if-match", "\"0\"")], Some(b"{}".to_vec())).await;
    assert_eq!(stale.problem(412), "stale");
    let manager = app.member("manager").await;
    assert_eq!(app.member("member").await.patch("/crm/settings", json!({})).await.problem(403), "forbidden");
    let from =
        async |origin: &str| manager.send(Method::GET, "/crm/clients", &[("origin", origin)], None).await;
    from("https://crm.example.com").await.expect(200);
    assert_eq!(from("https://evil.example.com").await.problem(403), "origin_not_allowed");
    manager.get("/crm/clients").await.expect(200);
    let other = app.tenant("other").await;
    other
        .send(Method::GET, "/crm/clients", &[("origin", "https://evil.example.com")], None)
        .await
        .expect(200);
}

#[tokio::test]
async fn the_older_systems_tables_are_there_and_the_catalogue_is_seeded_once() {
    let app = TestApp::start().await;
    let about = app.client(None).get("/").await.expect(200);
    assert_eq!((&about["name"], &about["version"]), (&json!("Frontdesk"), &json!(env!("CARGO_PKG_VERSION"))));
    let tables = json!([
        "activity_log",
        "clients",
        "crm_settings",
        "documents",
        "interactions",
        "practice_types",
        "practices",
        "renewal_alerts",
        "team_members"
    ]);
    let ready = json!({"exists": true, "tables_found": tables, "total": 9, "expected": 9, "ready": true});
    assert_eq!(app.owner.get("/admin/check-crm-tables").await.expect(200), ready, "demo has a catalogue");

    let fresh = app.tenant("fresh").await;
    let before = fresh.get("/admin/check-crm-tables").await.expect(200);
    assert_eq!(
        (&before["exists"], &before["ready"], &before["total"]),
        (&json!(false), &json!(false), &json!(8))
    );
    fresh.post("/crm/practice-types", json!({"code": "KITAS", "name": "Our own KITAS"})).await.expect(201);
    let both = tokio::join!(
        fresh.post("/admin/apply-migration-007", json!({})),
        fresh.post("/admin/apply-migration-007", json!({}))
    );
    let (one, other) = (both.0.expect(200), both.1.expect(200));
    let sorted = |answer: &Value| {
        let mut codes: Vec<String> = answer["practice_types_loaded"]
            .as_array()
            .unwrap()
            .iter()
            .map(|kind| kind["code"].as_str().unwrap().to_owned())
            .collect();
        codes.sort();
        codes
    };
    assert_eq!(sorted(&one), ["BPJS", "IMTA", "INVESTOR_VISA", "KITAS", "NPWP", "PT_PMA", "RETIREMENT_VISA"]);
    assert_eq!(sorted(&one), sorted(&other));
    assert_eq!(
        (&one["success"], &one["total_tables"], &one["total_practice_types"], &one["tables_created"]),
        (&json!(true), &json!(9), &json!(7), &tables)
    );
    let kitas =
        one["practice_types_loaded"].as_array().unwrap().iter().find(|kind| kind["code"] == "KITAS").unwrap();
    assert_eq!(kitas["name"], "Our own KITAS", "what is there stays");
    assert_eq!(fresh.get("/admin/check-crm-tables").await.expect(200), ready);
    assert_eq!(fresh.get("/crm/practice-types").await.expect(200).as_array().unwrap().len(), 7);
    let manager = app.member("manager").await;
    assert_eq!(manager.post("/admin/apply-migration-007", json!({})).await.problem(403), "forbidden");
    assert_eq!(manager.get("/admin/check-crm-tables").await.problem(403), "forbidden");
}

#[tokio::test]
async fn admin_has_a_rate_of_its_own() {
    let app = TestApp::start().await;
    let key = app
        .owner
        .post("/admin/api-keys", json!({"name": "fast", "role": "owner", "per_second": 500, "burst": 2000}))
        .await
        .expect(201);
    let fast = app.client(key["api_key"].as_str());
    let mut refused = 0;
    for _ in 0..120 {
        let answer = fast.get("/admin/check-crm-tables").await;
        if answer.status == 429 {
            assert_eq!(answer.problem(429), "too_many_requests");
            assert!(answer.headers.contains_key("retry-after"));
            refused += 1;
        }
        assert_eq!(fast.get("/crm/team").await.status, 200, "elsewhere the key's own rate holds");
    }
    assert!(refused > 0, "120 requests are more than four windows of 30");
    assert!(operations().iter().any(|(_, path, _)| path.starts_with("/admin/")));
}
