//! What is exported is what can be imported.

use super::{errors, import, job_context, leads, send, stored, tally};
use domain::ExportId;
use files::{Key, Kind};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::TestApp;

/// Exports leads, and answers the export and its file.
async fn export(app: &TestApp, body: Value) -> (Value, String) {
    let accepted = app.owner.post("/exports", body).await.expect(202);
    assert_eq!((&accepted["status"], &accepted["download_url"]), (&json!("running"), &Value::Null));
    assert_eq!(app.settle().await, Vec::<String>::new());
    let export = app.owner.get(&format!("/exports/{}", accepted["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(export["status"], "completed", "{export:#}");
    let path = export["download_url"].as_str().unwrap().strip_prefix(&app.url).unwrap().to_owned();
    let answer = app.client(None).get(&path).await;
    assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"leads.csv\"");
    (export, answer.expect(200).as_str().unwrap().to_owned())
}

async fn some_leads(app: &TestApp) {
    let config = json!({"customFields": [{"name": "rooms", "type": "number"}, {"name": "wants", "type": "multi_select",
        "options": ["garden; large", "sea"]}, {"name": "loan", "type": "boolean"}]});
    app.owner.put("/business-config", config).await.expect(200);
    let campaign = app.owner.post("/campaigns", json!({"name": "Spring"})).await.expect(201)["id"].clone();
    for body in [
        json!({"first_name": "=cmd()", "last_name": "'=x", "phone": "+919876543210", "email": "Asha@Example.com",
            "company": "@Home, \"Ltd\"", "notes": "- one\n- two;\r\n ", "tags": ["a", "+b", "c;d"], "score": 70, "status": "hot",
            "timezone": "Asia/Kolkata", "assignee": "mira@example.com", "source": "Fair",
            "campaign_id": campaign, "preferences": {"language": "hi", "times": [9, 10]},
            "value": {"amount": 1250.5, "currency": "EUR"}, "custom_fields": {"rooms": 3.5, "wants": ["garden; large", "sea"], "loan": false},
            "consent": {"voice": {"granted": true, "basis": "opt_in", "source": "web", "at": "2026-01-01T00:00:00.5Z"},
                "email": {"granted": false}}}),
        json!({"first_name": "\u{985}\u{9b0}\u{9c1}\u{9a3}", "tags": ["x", "y"]}),
        json!({"company": "Solo S.p.A."}),
    ] {
        app.owner.post("/leads", body).await.expect(201);
    }
}

#[tokio::test]
async fn an_export_that_is_imported_changes_nothing() {
    let app = TestApp::start().await;
    some_leads(&app).await;
    let before = leads(&app.owner).await;
    let (view, file) = export(&app, json!({"format": "csv"})).await;
    assert_eq!(view["rows"], 3);
    for cell in ["'=cmd()", "''=x", "'+919876543210", "\"'@Home, \"\"Ltd\"\"\"", "\"'- one"] {
        assert!(file.contains(cell), "{cell} in {file}");
    }
    let unrun = |line: &str| !line.split(',').any(|cell| cell.starts_with(['=', '+', '@']));
    assert!(file.lines().all(unrun), "{file}");
    let rehearsed = send(&app.owner, "?dry_run=true", &file).await.expect(200);
    assert_eq!(tally(&rehearsed), [3, 0, 0, 3, 0, 0], "{rehearsed:#}");
    let (mut was, report) = (stored(&app), import(&app, "", &file).await);
    assert_eq!((tally(&report), errors(&report)), ([3, 0, 0, 3, 0, 0], Vec::new()), "{report:#}");
    let mut is = stored(&app);
    for items in [&mut was, &mut is] {
        items.retain(|key, _| !key.contains("#IMP#") && !key.contains("#LIST#import"));
    }
    assert_eq!(is, was);
    // In another tenant the file makes the same leads.
    let other = app.tenant("acme").await;
    let config = app.owner.get("/business-config").await.expect(200);
    other.put("/business-config", config).await.expect(200);
    let refused = send(&other, "?dry_run=true", &file).await.expect(200);
    assert_eq!(errors(&refused)[0].1, "campaign_id", "a campaign is its tenant's own");
    send(&other, "?mapping=%7B%22campaign_id%22%3A%22%22%7D", &file).await.expect(202);
    app.settle().await;
    let strip = |leads: Vec<Value>| {
        let mut leads = leads;
        for lead in &mut leads {
            let lead = lead.as_object_mut().unwrap();
            for own in ["id", "created_at", "provenance", "campaign_id", "agent_id"] {
                lead.remove(own);
            }
        }
        leads.sort_by_key(ToString::to_string);
        leads
    };
    assert_eq!(strip(leads(&other).await), strip(before.clone()));
}

#[tokio::test]
async fn an_export_has_the_leads_that_fit_and_ends() {
    let app = TestApp::start().await;
    some_leads(&app).await;
    let (view, file) = export(&app, json!({"filter": {"status": "hot", "tag": "A"}})).await;
    assert_eq!((&view["rows"], file.lines().filter(|line| line.starts_with("con_")).count()), (&json!(1), 1));
    for (body, pointer) in [
        (json!({"filter": {"colour": "red"}}), "/filter/colour"),
        (json!({"filter": {"status": "lukewarm"}}), "/filter/status"),
        (json!({"filter": {"search": "##"}}), "/filter/search"),
        (json!({"format": "pdf"}), "/format"),
    ] {
        let answer = app.owner.post("/exports", body).await;
        assert_eq!(answer.problem(422), "invalid");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer);
    }
    let path = view["download_url"].as_str().unwrap().strip_prefix(&app.url).unwrap().to_owned();
    app.advance(jiff::SignedDuration::from_mins(16)).await;
    assert_eq!(app.client(None).get(&path).await.problem(403), "forbidden");
    let id = view["id"].as_str().unwrap();
    assert!(app.owner.get(&format!("/exports/{id}")).await.expect(200)["download_url"].is_string());
    app.advance(jiff::SignedDuration::from_hours(24 * 7)).await;
    assert_eq!(app.owner.get(&format!("/exports/{id}")).await.expect(200)["download_url"], Value::Null);
}

/// Four hundred leads that fill two parts of a file and begin a third.
async fn large_leads(app: &TestApp) {
    let notes = "\u{985}".repeat(10_000);
    let mut file = "first_name,notes\n".to_owned();
    file.extend((0..400).map(|n| format!("L{n},{notes}\n")));
    let upload = app.owner.post("/imports", json!({})).await.expect(201);
    let path = upload["upload_url"].as_str().unwrap().strip_prefix(&app.url).unwrap().to_owned();
    let put = app.client(None).send(http::Method::PUT, &path, &[], Some(file.into_bytes())).await;
    assert_eq!(put.status, 200);
    app.owner
        .post(&format!("/imports/{}/start", upload["id"].as_str().unwrap()), json!({}))
        .await
        .expect(202);
    assert_eq!(app.settle().await, Vec::<String>::new());
    let made = app.owner.get("/leads/pipeline").await.expect(200);
    assert_eq!(made["total"], 400);
}

/// The export is complete, and each of the four hundred leads stands in its file once.
async fn is_whole(app: &TestApp, accepted: &Value, at: &str) {
    let path = format!("/exports/{}", accepted["id"].as_str().unwrap());
    let export = app.owner.get(&path).await.expect(200);
    assert_eq!((&export["status"], &export["rows"]), (&json!("completed"), &json!(400)), "{at}");
    let path = export["download_url"].as_str().unwrap().strip_prefix(&app.url).unwrap().to_owned();
    let file = app.client(None).get(&path).await.expect(200);
    let file = file.as_str().unwrap();
    assert!(file.len() > 10_000_000, "{at}: {}", file.len());
    let mut ids: Vec<&str> = file.lines().filter_map(|line| line.split(',').next()).collect();
    assert_eq!(ids.len(), 401, "{at}: a line of names and a line for each lead");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 401, "{at}");
}

#[tokio::test]
async fn a_file_of_several_parts_is_whole_even_if_the_process_dies() {
    let app = TestApp::start().await;
    large_leads(&app).await;
    for writes in 0..12 {
        let accepted = app.owner.post("/exports", json!({})).await.expect(202);
        app.database.faults.die_after(writes);
        let _ = app.runner.pump.settle().await;
        let died = app.database.faults.live();
        assert!(app.advance(jiff::SignedDuration::from_mins(5)).await.is_empty());
        is_whole(&app, &accepted, &format!("after {writes} writes")).await;
        if !died {
            assert!(writes > 5, "only {writes} writes: the file has several parts");
            return;
        }
    }
    panic!("an export of three parts has no twelve writes");
}

#[tokio::test]
async fn a_file_is_whole_even_if_two_write_it_or_there_is_time_for_one_page_only() {
    let app = TestApp::start().await;
    large_leads(&app).await;
    let ctx = job_context(&app);
    for (budget, deliveries) in [(operations::exports::BUDGET, 2), (Duration::ZERO, 1)] {
        let accepted = app.owner.post("/exports", json!({})).await.expect(202);
        let id = accepted["id"].as_str().unwrap().parse().unwrap();
        let work = || operations::exports::work(&ctx, id, budget);
        for _ in 0..8 {
            let done = futures::future::try_join_all((0..deliveries).map(|_| work())).await;
            done.unwrap();
        }
        is_whole(&app, &accepted, &format!("{budget:?}")).await;
        assert_eq!(app.settle().await, Vec::<String>::new());
    }
}

/// An upload that is forgotten takes no part any more, however often one is sent.
#[tokio::test]
async fn an_export_whose_file_is_refused_fails() {
    let app = TestApp::start().await;
    large_leads(&app).await;
    let accepted = app.owner.post("/exports", json!({})).await.expect(202);
    let id: ExportId = accepted["id"].as_str().unwrap().parse().unwrap();
    let ctx = job_context(&app);
    for _ in 0..2 {
        operations::exports::work(&ctx, id, Duration::ZERO).await.unwrap();
    }
    let upload = Key::of(&ctx.tenant, Kind::Export, format_args!("{id}.upload"));
    assert!(ctx.platform.files.size(&upload).await.unwrap().is_some());
    ctx.platform.files.delete(&upload).await.unwrap();
    assert_eq!(app.settle().await, Vec::<String>::new());
    let export = app.owner.get(&format!("/exports/{id}")).await.expect(200);
    assert_eq!(
        (&export["status"], &export["failure"]),
        (&json!("failed"), &json!("The file could not be written.")),
    );
}
