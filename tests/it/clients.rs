//! Clients: the same record as a lead under an office's names; found, counted, deleted and brought back.

use crate::analytics::{counters_are_what_records_say, demo};
use crate::chat::{ASHA, asha, says};
use crate::imports::import;
use crate::story::{agent, lead_of};
use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use testkit::{Client, TestApp};

pub(crate) async fn client_of(owner: &Client, body: Value) -> String {
    owner.post("/crm/clients", body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

fn path(id: &str) -> String {
    format!("/crm/clients/{id}")
}

async fn names(owner: &Client, query: &str) -> Vec<String> {
    let all = owner.all(&format!("/crm/clients?limit=2&{query}")).await;
    all.iter().map(|client| client["full_name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_client_is_the_same_record_as_a_lead() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let whole = json!({"full_name": "Maria  Grazia De Luca", "email": "Maria@Example.it", "phone": "+62 859 1234 5678",
        "nationality": "Italiana", "address": "Jalan Raya Ubud 12\nBali", "company": "Acme", "position": "Owner",
        "assigned_to": "antonello@balizero.com", "source": "referral", "tags": ["kitas"], "notes": "Parla bengalese: বাংলা"});
    let answer = owner.post("/crm/clients?created_by=system", whole.clone()).await;
    assert_eq!(answer.headers["etag"], "\"1\"");
    let made = answer.expect(201);
    for (field, value) in whole.as_object().unwrap().iter().filter(|(name, _)| *name != "phone") {
        let expected = if field == "full_name" { &json!("Maria Grazia De Luca") } else { value };
        assert_eq!(made[field], *expected, "{field}");
    }
    assert_eq!((&made["phone"], &made["status"]), (&json!("+6285912345678"), &json!("prospect")));
    assert_eq!((&made["first_name"], &made["last_name"]), (&json!("Maria Grazia De"), &json!("Luca")));
    let id = made["id"].as_str().unwrap();
    assert_eq!(owner.get(&path(id)).await.expect(200), made);
    assert_eq!(owner.get("/crm/clients/by-email/maria%40EXAMPLE.it").await.expect(200), made);

    let lead = format!("/leads/{id}");
    let as_lead = owner.get(&lead).await.expect(200);
    assert_eq!((&as_lead["status"], &as_lead["client_status"]), (&json!("new"), &json!("prospect")));
    assert_eq!(as_lead["nationality"], "Italiana");
    // Neither name of the record loses what the other knows.
    owner.patch(&lead, json!({"first_name": "Maria Grazia", "last_name": "De Luca", "value": {"amount": 7, "currency": "EUR"}, "score": 61})).await.expect(200);
    let patched = owner.patch(&path(id), json!({"status": "active", "notes": null})).await.expect(200);
    assert_eq!((&patched["first_name"], &patched["last_name"]), (&json!("Maria Grazia"), &json!("De Luca")));
    assert_eq!(
        (&patched["status"], &patched["score"], &patched["notes"]),
        (&json!("active"), &json!(61), &json!(""))
    );
    let as_lead = owner.patch(&lead, json!({"status": "qualified"})).await.expect(200);
    assert_eq!((&as_lead["address"], &as_lead["value"]["amount"]), (&whole["address"], &json!(7)));
    assert_eq!(as_lead["provenance"]["client_status"]["by"], "human");

    let timeline = owner.all(&format!("/crm/interactions/client/{id}/timeline")).await;
    let moves: Vec<(&str, &str)> = timeline
        .iter()
        .map(|entry| (entry["kind"].as_str().unwrap(), entry["detail"].as_str().unwrap()))
        .collect();
    assert_eq!(moves, [("lead_status", "new → qualified"), ("client_status", "prospect → active")]);
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn bad_input_is_told_in_the_clients_own_words() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let id = client_of(
        owner,
        json!({"full_name": "Asha Rao", "phone": "+919876543210", "email": "a@example.com"}),
    )
    .await;
    for (body, pointer) in [
        (json!({}), ""),
        (json!({"full_name": "A\u{0}b"}), "/full_name"),
        (json!({"full_name": "x".repeat(120)}), "/full_name"),
        (json!({"full_name": "A B", "phone": "12"}), "/phone"),
        (json!({"full_name": "A B", "email": "nobody"}), "/email"),
        (json!({"full_name": "A B", "status": "vip"}), "/status"),
        (json!({"full_name": "A B", "address": "x".repeat(501)}), "/address"),
        (json!({"full_name": "A B", "lead_status": "hot"}), "/lead_status"),
    ] {
        let problem = owner.post("/crm/clients", body.clone()).await.expect(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
    let other =
        owner.post("/crm/clients", json!({"full_name": "B", "phone": "0091 98765 43210"})).await.expect(409);
    assert_eq!(other["existing_id"], id);
    let beside = client_of(owner, json!({"full_name": "Beside Her"})).await;
    let taken = owner.patch(&path(&beside), json!({"email": "A@EXAMPLE.com"})).await.expect(409);
    assert_eq!(taken["existing_id"], id);
    assert_eq!(owner.get("/crm/clients/by-email/x@example.com").await.problem(404), "not_found");
    let stale = owner.send(Method::PATCH, &path(&id), &[("if-match", "\"7\"")], Some(b"{}".to_vec())).await;
    assert_eq!(stale.problem(412), "stale");
    let stranger = app.tenant("other").await;
    assert_eq!(stranger.get(&path(&id)).await.problem(404), "not_found");
    assert_eq!(stranger.post(&format!("{}/restore", path(&id)), json!({})).await.problem(404), "not_found");
    assert_eq!(stranger.get(&format!("{}/summary", path(&id))).await.problem(404), "not_found");
}

#[tokio::test]
async fn clients_are_found_by_status_colleague_country_label_name_and_number() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    for (name, nationality, status, assigned, phone) in [
        ("Giulia Décaro", "Italian", "active", "antonello@balizero.com", "+39 333 123 4567"),
        ("অরুণ সেন", "Bangladeshi", "prospect", "Antonello@balizero.com", "+880 1712 345678"),
        ("John Smith", "Italy", "prospect", "ruslan@balizero.com", "+1 202 555 0123"),
        ("राहुल शर्मा", "Indian", "inactive", "ruslan@balizero.com", "+91 98765 43210"),
    ] {
        client_of(
            owner,
            json!({"full_name": name, "nationality": nationality, "status": status, "assigned_to": assigned,
            "phone": phone, "tags": ["Expat"]}),
        )
        .await;
    }
    for (query, expected) in [
        ("", vec!["राहुल शर्मा", "John Smith", "অরুণ সেন", "Giulia Décaro"]),
        ("status=prospect", vec!["John Smith", "অরুণ সেন"]),
        ("assigned_to=antonello@balizero.com", vec!["অরুণ সেন", "Giulia Décaro"]),
        ("assigned_to=antonello@balizero.com&status=active", vec!["Giulia Décaro"]),
        ("nationality=IT", vec!["John Smith", "Giulia Décaro"]),
        ("nationality=italiana&status=active", vec!["Giulia Décaro"]),
        ("nationality=Martian", vec![]),
        ("tag=EXPAT&status=inactive", vec!["राहुल शर्मा"]),
        ("search=decaro", vec!["Giulia Décaro"]),
        ("search=%E0%A6%85%E0%A6%B0%E0%A7%81", vec!["অরুণ সেন"]),
        ("search=smi&status=active", vec![]),
        ("search=01712345678", vec![]),
        ("search=%2B880-1712-345678", vec!["অরুণ সেন"]),
        ("search=919876543210", vec!["राहुल शर्मा"]),
    ] {
        assert_eq!(names(owner, query).await, expected, "{query}");
    }
    let overview = owner.get("/crm/clients/stats/overview").await.expect(200);
    let expected = json!({"total_clients": 4, "by_status": {"prospect": 2, "active": 1, "inactive": 1},
        "by_lead_status": {"new": 4, "contacted": 0, "qualified": 0, "hot": 0, "customer": 0, "lost": 0},
        "by_team_member": {"antonello@balizero.com": 2, "ruslan@balizero.com": 2},
        "by_nationality": {"it": 2, "bd": 1, "in": 1}, "new_last_30_days": 4});
    assert_eq!(overview, expected);
}

#[tokio::test]
async fn who_is_deleted_is_in_no_list_keeps_their_number_and_comes_back_whole() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let agent = agent(owner).await;
    let id = lead_of(owner, json!({"first_name": "Asha", "last_name": "Rao", "phone": "+919876543210", "email": "asha@example.com",
        "nationality": "Indian", "consent": {"voice": {"granted": true}}, "timezone": "Asia/Kolkata"})).await;
    let practice = owner
        .post("/crm/practices", json!({"client_id": id, "practice_type_code": "KITAS"}))
        .await
        .expect(201);
    let before = owner.patch(&path(&id), json!({"status": "active"})).await;
    assert_eq!(before.headers["etag"], "\"2\"");
    let before = before.expect(200);
    let later = app.now().checked_add(jiff::SignedDuration::from_hours(2)).unwrap();
    let waiting = owner
        .post("/calls", json!({"lead_id": id, "agent_id": agent["id"], "scheduled_at": later.to_string()}))
        .await
        .expect(202);

    let stale = owner.send(Method::DELETE, &path(&id), &[("if-match", "\"1\"")], None).await;
    assert_eq!(stale.problem(412), "stale");
    owner.delete(&path(&id)).await.expect(204);
    assert_eq!(owner.delete(&path(&id)).await.problem(404), "not_found");
    for gone in [
        path(&id),
        format!("/leads/{id}"),
        format!("{}/summary", path(&id)),
        "/crm/clients/by-email/asha@example.com".to_owned(),
        format!("/crm/interactions/client/{id}/timeline"),
    ] {
        assert_eq!(owner.get(&gone).await.problem(404), "not_found", "{gone}");
    }
    for list in [
        "/crm/clients",
        "/leads",
        "/crm/clients?search=asha",
        "/leads?search=%2B919876543210",
        "/crm/clients?nationality=IN",
    ] {
        assert_eq!(owner.all(list).await, Vec::<Value>::new(), "{list}");
    }
    assert_eq!(owner.get("/crm/clients/stats/overview").await.expect(200)["total_clients"], 0);
    counters_are_what_records_say(&app, &demo()).await;
    let deleted = owner.all("/crm/clients/deleted").await;
    assert_eq!((&deleted[0]["id"], deleted.len()), (&json!(id), 1));
    assert!(deleted[0]["deleted_by"].as_str().unwrap().starts_with("key_"));

    let again = owner
        .post("/crm/clients", json!({"full_name": "Asha R", "phone": "+919876543210"}))
        .await
        .expect(409);
    assert_eq!(again["existing_id"], id);
    assert!(again["detail"].as_str().unwrap().contains("deleted client"), "{again}");
    assert_eq!(
        owner
            .post("/crm/practices", json!({"client_id": id, "practice_type_code": "NPWP"}))
            .await
            .problem(404),
        "not_found"
    );
    let import = import(&app, "", "first_name,phone\nAsha,+919876543210\nNew,+919876500000\n").await;
    assert_eq!((&import["created"], &import["failed"]), (&json!(1), &json!(1)), "{import}");
    app.advance(jiff::SignedDuration::from_hours(3)).await;
    let call = owner.get(&format!("/calls/{}", waiting["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&call["status"], &call["reason"]), (&json!("blocked"), &json!("no_lead")), "{call}");

    let restored = owner.post(&format!("{}/restore", path(&id)), json!({})).await;
    assert_eq!(restored.headers["etag"], "\"3\"");
    let mut restored = restored.expect(200);
    restored["updated_at"] = before["updated_at"].clone();
    assert_eq!(restored, before);
    let again = owner.post(&format!("{}/restore", path(&id)), json!({})).await;
    assert_eq!(again.headers["etag"], "\"3\"", "who is there stays as they are");
    assert_eq!(owner.all("/crm/clients/deleted").await.len(), 0);
    assert_eq!(owner.all(&format!("/crm/practices?client_id={id}")).await[0]["id"], practice["id"]);
    counters_are_what_records_say(&app, &demo()).await;
    let audit = owner.all("/admin/audit").await;
    let actions: Vec<&str> = audit
        .iter()
        .filter(|line| line["subject"] == id)
        .map(|line| line["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["lead.restored", "lead.deleted", "lead.updated", "lead.created"]);
}

#[tokio::test]
async fn who_was_deleted_and_writes_again_is_there_again() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let id = client_of(owner, json!({"full_name": "Asha Rao", "phone": format!("+{ASHA}")})).await;
    owner.delete(&path(&id)).await.expect(204);
    says(&app, &asha(), "Are you open today?").await;
    assert_eq!(owner.get(&path(&id)).await.expect(200)["full_name"], "Asha Rao");
    assert_eq!(owner.all("/crm/clients").await.len(), 1);
    assert_eq!(owner.all("/conversations").await[0]["contact_id"], id);
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn a_summary_shows_what_there_is_and_what_ends_soon() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let id = client_of(owner, json!({"full_name": "John Smith"})).await;
    let practice = async |code: &str, rest: Value| {
        let mut body = json!({"client_id": id, "practice_type_code": code});
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        owner.post("/crm/practices", body).await.expect(201)["id"].clone()
    };
    let soon = practice("KITAS", json!({"status": "completed", "expiry_date": "2027-03-01"})).await;
    let over = practice("BPJS", json!({"status": "approved", "expiry_date": "2027-01-01"})).await;
    practice("NPWP", json!({"status": "completed", "expiry_date": "2028-01-01"})).await;
    practice("IMTA", json!({"status": "cancelled", "expiry_date": "2027-02-01"})).await;
    let active = practice("PT_PMA", json!({"quoted_price": 25_000_000})).await;
    for n in 0..22 {
        owner.post("/crm/interactions", json!({"client_id": id, "interaction_type": "call", "summary": format!("I{n}"),
            "interaction_date": format!("2027-01-{:02}T08:00:00Z", 1 + n / 3), "action_items": if n == 21 { vec!["Call back"] } else { vec![] }})).await.expect(201);
    }
    owner
        .post("/tasks", json!({"contact_id": id, "title": "Send the quote", "due_date": "2027-01-20"}))
        .await
        .expect(201);
    let summary = owner.get(&format!("{}/summary", path(&id))).await.expect(200);
    let counts = ["total_practices", "active_practices", "completed_practices", "total_interactions"]
        .map(|name| summary[name].as_u64().unwrap());
    assert_eq!(counts, [5, 1, 3, 22]);
    assert_eq!(summary["recent_interactions"].as_array().unwrap().len(), 20);
    assert_eq!(summary["recent_interactions"][0]["summary"], "I21");
    assert_eq!(summary["last_interaction_date"], "2027-01-08T08:00:00Z");
    let renewals: Vec<(&Value, i64)> = summary["upcoming_renewals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|renewal| (&renewal["id"], renewal["days_until_expiry"].as_i64().unwrap()))
        .collect();
    assert_eq!(renewals, [(&over, -10), (&soon, 49)]);
    assert_eq!(summary["practices"][0]["id"], active);
    assert_eq!(summary["practices"][0]["quoted_price"], 25_000_000);
}

#[tokio::test]
async fn fifty_that_make_one_person_at_once_make_one_record() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let spellings = [
        "+62 859 1234 5678",
        "0062-859-1234-5678",
        "6285912345678",
        "6285912345678@s.whatsapp.net",
        "+62 (859) 12345678",
    ];
    let all = (0..50).map(|n| {
        let body = json!({"full_name": format!("Test User {n}"), "phone": spellings[n % 5], "email": format!("Test{}@example.com", if n % 2 == 0 { "" } else { "2" })});
        let (path, body) = if n % 3 == 0 { ("/leads", json!({"first_name": "Test", "phone": body["phone"]})) } else { ("/crm/clients", body) };
        async move { owner.post(path, body).await }
    });
    let answers = join_all(all).await;
    let mut made = Vec::new();
    let mut refused = Vec::new();
    for answer in answers {
        match answer.status.as_u16() {
            201 => made.push(answer.expect(201)["id"].clone()),
            _ => refused.push(answer.expect(409)["existing_id"].clone()),
        }
    }
    assert_eq!((made.len(), refused.len()), (1, 49));
    assert!(refused.iter().all(|id| *id == made[0]), "{refused:?}");
    assert_eq!(owner.all("/crm/clients").await.len(), 1);
    counters_are_what_records_say(&app, &demo()).await;
}
