//! What the whole team knows: the document's use cases, questions in five languages, and who has how much to do.

use crate::clients::client_of;
use serde_json::{Value, json};
use simulators::ModelBehaviour;
use std::fmt::Write;
use testkit::{Client, TestApp};

async fn practice(owner: &Client, client: &str, code: &str, rest: Value) -> String {
    let mut body = json!({"client_id": client, "practice_type_code": code});
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    owner.post("/crm/practices", body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

/// A question's answer.
async fn ask(owner: &Client, question: &str) -> Value {
    let mut q = String::new();
    for byte in question.bytes() {
        write!(q, "%{byte:02X}").unwrap();
    }
    owner.get(&format!("/crm/shared-memory/search?q={q}")).await.expect(200)
}

fn names(found: &Value) -> Vec<&str> {
    let mut names: Vec<&str> =
        found["clients"].as_array().unwrap().iter().map(|it| it["full_name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names
}

fn ids(list: &Value) -> Vec<&str> {
    let mut ids: Vec<&str> = list.as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

/// Two Italians, one of them with an open KITAS, an Indian with one, and what they want.
async fn office(owner: &Client) -> Vec<String> {
    owner
        .post(
            "/crm/team",
            json!({"name": "Antonello Siano", "email": "antonello@balizero.com", "role": "CEO"}),
        )
        .await
        .expect(201);
    let mut all = Vec::new();
    for (name, nationality, phone, assigned) in [
        ("Giulia Décaro", "Italian", "+39 333 123 4567", "antonello@balizero.com"),
        ("Marco Rossi", "Italy", "+39 333 123 4568", "ruslan@balizero.com"),
        ("অরুণ সেন", "Indian", "+91 98765 43210", "antonello@balizero.com"),
    ] {
        all.push(
            client_of(
                owner,
                json!({"full_name": name, "nationality": nationality, "phone": phone, "assigned_to": assigned,
            "email": format!("c{}@example.com", all.len())}),
            )
            .await,
        );
    }
    practice(
        owner,
        &all[0],
        "KITAS",
        json!({"assigned_to": "antonello@balizero.com", "status": "in_progress"}),
    )
    .await;
    practice(
        owner,
        &all[0],
        "NPWP",
        json!({"assigned_to": "antonello@balizero.com", "status": "completed", "expiry_date": "2027-02-01"}),
    )
    .await;
    practice(
        owner,
        &all[1],
        "KITAS",
        json!({"assigned_to": "ruslan@balizero.com", "status": "completed", "expiry_date": "2027-03-01"}),
    )
    .await;
    practice(owner, &all[2], "KITAS", json!({"assigned_to": "antonello@balizero.com"})).await;
    practice(
        owner,
        &all[2],
        "PT_PMA",
        json!({"assigned_to": "ruslan@balizero.com", "status": "waiting_documents"}),
    )
    .await;
    all
}

#[tokio::test]
async fn a_clients_history_is_two_requests() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let all = office(owner).await;
    for n in 0..25 {
        owner
            .post(
                "/crm/interactions",
                json!({"client_id": all[0], "interaction_type": "call", "summary": format!("I{n}"),
            "action_items": if n == 24 { vec!["Send the list"] } else { vec![] }}),
            )
            .await
            .expect(201);
    }
    owner.post("/tasks", json!({"contact_id": all[0], "title": "Call back"})).await.expect(201);
    let client = owner.get("/crm/clients/by-email/C0@example.com").await.expect(200);
    let path = format!("/crm/shared-memory/client/{}/full-context", client["id"].as_str().unwrap());
    let known = owner.get(&path).await.expect(200);
    assert_eq!(known["client"], client_without_news(&known, &client));
    let counts =
        ["active", "completed", "cancelled"].map(|part| known["practices"][part].as_array().unwrap().len());
    assert_eq!((counts, &known["practices"]["total"]), ([1, 1, 0], &json!(2)));
    assert_eq!(
        (known["interactions"]["recent"].as_array().unwrap().len(), &known["interactions"]["total"]),
        (20, &json!(25))
    );
    assert_eq!(
        (&known["renewals"][0]["practice_type_code"], &known["renewals"][0]["days_until_expiry"]),
        (&json!("NPWP"), &json!(21))
    );
    let items: Vec<&str> =
        known["action_items"].as_array().unwrap().iter().map(|it| it["text"].as_str().unwrap()).collect();
    assert_eq!(items, ["Call back", "Send the list"]);
    let stranger = app.tenant("other").await;
    assert_eq!(stranger.get(&path).await.problem(404), "not_found");
}

/// A client as the interactions since left them.
fn client_without_news(known: &Value, client: &Value) -> Value {
    let mut client = client.clone();
    client["last_interaction_date"] = known["client"]["last_interaction_date"].clone();
    client
}

#[tokio::test]
async fn a_colleagues_workload_is_the_same_by_question_and_by_list() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    office(owner).await;
    let listed = Value::Array(owner.all("/crm/practices/active?assigned_to=antonello@balizero.com").await);
    assert_eq!(ids(&listed).len(), 2);
    for question in [
        "active practices antonello",
        "Quante pratiche attive ha Antonello?",
        "berkas aktif antonello",
        "antonello के सक्रिय मामले",
        "antonello এর সক্রিয় কাজ",
        "active practices of siano",
        "active practices antonello@balizero.com",
    ] {
        let found = ask(owner, question).await;
        assert_eq!(
            (&found["read_by"], &found["assigned_to"]),
            (&json!("grammar"), &json!("antonello@balizero.com")),
            "{question}: {found:#}"
        );
        assert_eq!(found["practices"], listed, "{question}");
        assert_eq!(found["interpreted_as"]["active"], true);
    }
    assert_eq!(
        ask(owner, "active practices antonello").await["interpretation"],
        "active practices of antonello@balizero.com"
    );
    // A client's whole name is the client's, though a colleague has one of its words.
    let namesake = client_of(owner, json!({"full_name": "Antonello Verdi"})).await;
    practice(owner, &namesake, "NPWP", json!({"assigned_to": "ruslan@balizero.com"})).await;
    let of_client = ask(owner, "practices of antonello verdi").await;
    assert_eq!((ids(&of_client["practices"]).len(), &of_client["assigned_to"]), (1, &Value::Null));
    assert_eq!(ask(owner, "active practices antonello").await["practices"], listed);
    // Nobody who works here is called so, but a client is.
    let of_client = ask(owner, "practices of decaro").await;
    assert_eq!((ids(&of_client["practices"]).len(), &of_client["assigned_to"]), (2, &Value::Null));
}

#[tokio::test]
async fn questions_lead_to_clients_renewals_and_talks() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let all = office(owner).await;
    owner
        .post(
            "/crm/interactions",
            json!({"client_id": all[1], "interaction_type": "call", "summary": "Rang."}),
        )
        .await
        .expect(201);
    for (question, expected) in [
        ("clients from Italy with an open KITAS", vec!["Giulia Décaro"]),
        ("clienti italiani con una KITAS aperta", vec!["Giulia Décaro"]),
        ("klien dari Italia dengan KITAS aktif", vec!["Giulia Décaro"]),
        ("इटली के ग्राहक जिनके पास सक्रिय KITAS", vec!["Giulia Décaro"]),
        ("ইতালি থেকে গ্রাহক যাদের সক্রিয় KITAS আছে", vec!["Giulia Décaro"]),
        ("clients from Italy", vec!["Giulia Décaro", "Marco Rossi"]),
        ("clients of ruslan", vec!["Marco Rossi"]),
        ("ros", vec!["Marco Rossi"]),
        ("অরুণ", vec!["অরুণ সেন"]),
        ("who is 0091 98765 43210?", vec!["অরুণ সেন"]),
        ("c1@example.com", vec!["Marco Rossi"]),
        ("prospects from India", vec!["অরুণ সেন"]),
        ("inactive clients", vec![]),
    ] {
        let found = ask(owner, question).await;
        assert_eq!(names(&found), expected, "{question}: {found:#}");
        assert_eq!(found["summary"]["clients_found"], expected.len());
    }
    for (question, expected) in [
        ("practices expiring in 30 days", 1),
        ("pratiche in scadenza entro 60 giorni", 2),
        ("berkas yang berakhir dalam 2 bulan dari klien italia", 2),
        ("waiting for documents", 1),
        ("KITAS", 3),
        ("permesso di soggiorno di ruslan", 1),
        ("practices of marco rossi", 1),
        ("Italian practices", 3),
    ] {
        let found = ask(owner, question).await;
        assert_eq!(found["summary"]["practices_found"], expected, "{question}: {found:#}");
    }
    let calls = ask(owner, "calls with marco").await;
    assert_eq!(
        (&calls["interpreted_as"]["subject"], &calls["interactions"][0]["summary"]),
        (&json!("interactions"), &json!("Rang."))
    );

    // What nobody understands is said, and no model makes an answer up.
    app.simulators().set_model_behaviour(ModelBehaviour::Error500);
    let found = ask(owner, "qwertz").await;
    assert_eq!(
        (&found["not_understood"], &found["summary"]["clients_found"], &found["read_by"]),
        (&json!(["qwertz"]), &json!(0), &json!("grammar"))
    );
    app.simulators().set_model_behaviour(ModelBehaviour::Honest);
    assert_eq!(owner.get("/crm/shared-memory/search").await.problem(422), "invalid");
    assert_eq!(
        owner.get(&format!("/crm/shared-memory/search?q={}", "x".repeat(301))).await.problem(422),
        "invalid"
    );
    let stranger = app.tenant("other").await;
    let found = ask(&stranger, "active practices antonello").await;
    assert_eq!(found["summary"], json!({"clients_found": 0, "practices_found": 0, "interactions_found": 0}));
}

#[tokio::test]
async fn what_is_the_clients_of_a_name_is_paged_client_by_client() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let (mut clients, mut practices) = (Vec::new(), Vec::new());
    for n in 0..12 {
        let client = client_of(owner, json!({"full_name": format!("Hari Sharma {n}")})).await;
        for code in ["KITAS", "NPWP", "BPJS"].into_iter().take(n % 4) {
            practices.push(practice(owner, &client, code, json!({})).await);
        }
        let said = json!({"client_id": client, "interaction_type": "call", "summary": format!("Talk {n}")});
        owner.post("/crm/interactions", said).await.expect(201);
        clients.push(client);
    }
    clients.sort_unstable();
    practices.sort_unstable();
    for (question, list, expected, limit) in [
        ("hari+sharma", "clients", clients.clone(), 5),
        ("practices+of+hari+sharma", "practices", practices.clone(), 2),
        ("practices+of+hari+sharma", "practices", practices, 100),
        ("calls+with+hari+sharma", "interactions", Vec::new(), 1),
    ] {
        let (mut found, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let path = format!("/crm/shared-memory/search?q={question}&limit={limit}{cursor}");
            let page = owner.get(&path).await.expect(200);
            assert!(page["not_understood"].as_array().unwrap().is_empty(), "{page:#}");
            let items = page[list].as_array().unwrap();
            assert!(items.len() <= limit, "{question}");
            found.extend(items.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
            pages += 1;
            assert!(pages < 50, "{question}");
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let count = found.len();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), count, "{question}: nothing twice");
        if list == "interactions" {
            assert_eq!(count, 12);
        } else {
            assert_eq!(found, expected, "{question}");
        }
    }
    for cursor in ["abc", "..", "!!.0.", ".9.!!", "a.b.c.d"] {
        let path = format!("/crm/shared-memory/search?q=practices+of+hari+sharma&cursor={cursor}");
        let status = owner.get(&path).await.status;
        assert!(status == 422 || cursor == ".9.!!", "{cursor}: {status}");
    }
}

#[tokio::test]
async fn renewals_name_whom_to_tell_and_the_team_sees_its_load() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let all = office(owner).await;
    let renewals = owner.all("/crm/shared-memory/upcoming-renewals?days=60&limit=1").await;
    let seen: Vec<(&Value, &Value)> =
        renewals.iter().map(|it| (&it["client"]["full_name"], &it["days_until_expiry"])).collect();
    assert_eq!(seen, [(&json!("Giulia Décaro"), &json!(21)), (&json!("Marco Rossi"), &json!(49))]);
    assert_eq!(renewals[0]["client"]["phone"], "+393331234567");
    assert_eq!(owner.get("/crm/shared-memory/upcoming-renewals?days=0").await.problem(422), "invalid");
    owner.delete(&format!("/crm/clients/{}", all[1])).await.expect(204);
    assert_eq!(
        owner.all("/crm/shared-memory/upcoming-renewals?days=60").await[1]["client"],
        Value::Null,
        "no renewal is lost"
    );
    owner.post(&format!("/crm/clients/{}/restore", all[1]), json!({})).await.expect(200);
    let team = owner.get("/crm/shared-memory/team-overview").await.expect(200);
    let totals = ["total_clients", "active_practices", "upcoming_renewals", "open_reviews"]
        .map(|name| team[name].as_i64().unwrap());
    assert_eq!(totals, [3, 3, 2, 0]);
    let antonello = json!({"email": "antonello@balizero.com", "name": "Antonello Siano", "role": "CEO", "active_practices": 2, "clients": 2, "interactions": 0});
    assert_eq!((&team["team"][0], &team["team"][1]["email"]), (&antonello, &json!("ruslan@balizero.com")));
}
