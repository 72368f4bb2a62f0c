//! Interactions: what people note of their talks, found by client, practice, type and colleague, and counted; and all that
//! happened with a client in one list.

use crate::analytics::{counters_are_what_records_say, demo};
use crate::chat::{ASHA, asha, says};
use crate::story::{agent, call, consent, lead_of, minutes};
use http::Method;
use serde_json::{Value, json};
use testkit::{Client, TestApp};

async fn interaction(owner: &Client, body: Value) -> Value {
    owner.post("/crm/interactions", body).await.expect(201)
}

fn path(interaction: &Value) -> String {
    format!("/crm/interactions/{}", interaction["id"].as_str().unwrap())
}

async fn summaries(client: &Client, path: &str) -> Vec<String> {
    let all = client.all(path).await;
    all.iter().map(|interaction| interaction["summary"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_interaction_has_the_documents_fields_and_says_when_they_were_spoken_to() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let client = lead_of(owner, json!({"first_name": "Asha"})).await;
    let kind = json!({"client_id": client, "practice_type_code": "KITAS"});
    let practice = owner.post("/crm/practices", kind).await.expect(201)["id"].clone();
    let whole = json!({"client_id": client, "practice_id": practice, "interaction_type": "meeting", "channel": "web",
        "subject": "KITAS", "summary": "Ha chiesto quando arriva il visto.\nউত্তর: জানুয়ারি।", "sentiment": "positive",
        "action_items": ["Send the list of documents"], "team_member": "Maria@balizero.com", "duration_minutes": 45,
        "interaction_date": "2027-01-11T08:00:00Z"});
    let answer = owner.post("/crm/interactions?created_by=system", whole.clone()).await;
    assert_eq!(answer.headers["etag"], "\"1\"");
    let made = answer.expect(201);
    for (field, value) in whole.as_object().unwrap() {
        assert_eq!(made[field], *value, "{field}");
    }
    assert!(made["created_by"].as_str().unwrap().starts_with("key_"));
    assert_eq!(owner.get(&path(&made)).await.expect(200), made);
    let spoken_to =
        async || owner.get(&format!("/leads/{client}")).await.expect(200)["last_contact_at"].clone();
    assert_eq!(spoken_to().await, "2027-01-11T08:00:00Z");
    // What was earlier, and a note, say nothing new of that.
    let call = json!({"client_id": client, "interaction_type": "call", "summary": "Rang.",
        "interaction_date": "2027-01-10T08:00:00Z"});
    assert_eq!(interaction(owner, call).await["channel"], "phone");
    let note = json!({"client_id": client, "interaction_type": "note", "summary": "Likes gardens."});
    assert_eq!(interaction(owner, note).await["channel"], Value::Null);
    assert_eq!(spoken_to().await, "2027-01-11T08:00:00Z");

    let patch =
        json!({"sentiment": "negative", "practice_id": null, "team_member": null, "action_items": []});
    let patched = owner.patch(&path(&made), patch).await.expect(200);
    assert_eq!(
        (&patched["sentiment"], &patched["practice_id"], &patched["summary"]),
        (&json!("negative"), &Value::Null, &made["summary"])
    );
    let overview = owner.get("/crm/interactions/stats/overview").await.expect(200);
    let expected = json!({"total_interactions": 3,
        "by_type": {"call": 1, "chat": 0, "email": 0, "whatsapp": 0, "meeting": 1, "note": 1},
        "by_channel": {"phone": 1, "whatsapp": 0, "email": 0, "web": 1, "in_person": 0},
        "by_sentiment": {"negative": 1}, "by_team_member": {}});
    assert_eq!(overview, expected);
    counters_are_what_records_say(&app, &demo()).await;
    owner.delete(&path(&made)).await.expect(204);
    assert_eq!(owner.get(&path(&made)).await.problem(404), "not_found");
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn the_latest_come_first_page_after_page() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let (asha, mario) = (
        lead_of(owner, json!({"first_name": "Asha"})).await,
        lead_of(owner, json!({"first_name": "Mario"})).await,
    );
    let kind = json!({"client_id": asha, "practice_type_code": "KITAS"});
    let practice = owner.post("/crm/practices", kind).await.expect(201)["id"].as_str().unwrap().to_owned();
    for (n, (client, kind, about, member, hour)) in [
        (&asha, "call", Some(&practice), "maria@balizero.com", 3),
        (&mario, "call", None, "Maria@balizero.com", 1),
        (&asha, "note", None, "ruslan@balizero.com", 2),
        (&asha, "email", Some(&practice), "maria@balizero.com", 4),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({"client_id": client, "interaction_type": kind, "practice_id": about, "team_member": member,
            "summary": format!("I{n}"), "interaction_date": format!("2027-01-11T0{hour}:00:00Z")});
        interaction(owner, body).await;
    }
    for limit in [1, 2, 50] {
        for (query, expected) in [
            ("x=1".to_owned(), vec!["I3", "I0", "I2", "I1"]),
            (format!("client_id={asha}"), vec!["I3", "I0", "I2"]),
            (format!("practice_id={practice}"), vec!["I3", "I0"]),
            ("interaction_type=call".to_owned(), vec!["I0", "I1"]),
            (format!("type=call&client_id={mario}"), vec!["I1"]),
            ("team_member=MARIA@balizero.com".to_owned(), vec!["I3", "I0", "I1"]),
        ] {
            let path = format!("/crm/interactions?{query}&limit={limit}");
            assert_eq!(summaries(owner, &path).await, expected, "{query}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_and_what_is_anothers_is_not_there() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let client = lead_of(owner, json!({"first_name": "Asha"})).await;
    let other = lead_of(owner, json!({"first_name": "Mario"})).await;
    let kind = json!({"client_id": other, "practice_type_code": "KITAS"});
    let of_other = owner.post("/crm/practices", kind).await.expect(201)["id"].clone();
    let whole = json!({"client_id": client, "interaction_type": "call", "summary": "Rang."});
    let made = interaction(owner, whole.clone()).await;
    let one = path(&made);
    for (body, pointer) in [
        (json!({"interaction_type": "fax"}), "/interaction_type"),
        (json!({"channel": "pigeon"}), "/channel"),
        (json!({"summary": " "}), "/summary"),
        (json!({"summary": "x".repeat(10_001)}), "/summary"),
        (json!({"subject": "a\nb"}), "/subject"),
        (json!({"sentiment": "great"}), "/sentiment"),
        (json!({"action_items": ["ok", ""]}), "/action_items/1"),
        (json!({"action_items": vec!["x"; 51]}), "/action_items"),
        (json!({"duration_minutes": 1441}), "/duration_minutes"),
        (json!({"team_member": "maria"}), "/team_member"),
        (json!({"interaction_date": "2027-01-12T10:00:00Z"}), "/interaction_date"),
        (json!({"interaction_date": "yesterday"}), "/interaction_date"),
        (json!({"practice_id": of_other}), "/practice_id"),
        (json!({"created_by": "me"}), "/created_by"),
    ] {
        let mut new = whole.clone();
        new.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        for answer in [owner.post("/crm/interactions", new).await, owner.patch(&one, body.clone()).await] {
            assert_eq!(answer.problem(422), "invalid", "{body}");
            assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{body}: {}", answer.body);
        }
    }
    let nobody =
        json!({"client_id": "con_01JAAAAAAAAAAAAAAAAAAAAAAA", "interaction_type": "call", "summary": "x"});
    assert_eq!(owner.post("/crm/interactions", nobody).await.problem(404), "not_found");
    let gone = json!({"practice_id": "prc_01JAAAAAAAAAAAAAAAAAAAAAAA"});
    assert_eq!(owner.patch(&one, gone).await.problem(404), "not_found");

    let headers = [("idempotency-key", "i1")];
    let send = async || {
        owner.send(Method::POST, "/crm/interactions", &headers, Some(whole.to_string().into_bytes())).await
    };
    assert_eq!(send().await.expect(201), send().await.expect(201));
    assert_eq!(owner.all("/crm/interactions?limit=100").await.len(), 2);

    let theirs = app.tenant("acme").await;
    assert_eq!(theirs.post("/crm/interactions", whole.clone()).await.problem(404), "not_found");
    assert_eq!(theirs.get(&one).await.problem(404), "not_found");
    assert_eq!(theirs.patch(&one, json!({"summary": "Stolen"})).await.problem(404), "not_found");
    assert_eq!(theirs.delete(&one).await.problem(404), "not_found");
    assert_eq!(theirs.get("/crm/interactions").await.expect(200), json!([]));
    let viewer = app.member("viewer").await;
    viewer.get(&one).await.expect(200);
    assert_eq!(viewer.post("/crm/interactions", whole).await.problem(403), "forbidden");
    assert_eq!(viewer.delete(&one).await.problem(403), "forbidden");
    let stale = owner.send(Method::DELETE, &one, &[("if-match", "\"7\"")], None).await;
    assert_eq!(stale.problem(412), "stale");
    assert_eq!(owner.get(&one).await.expect(200), made);
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn all_that_happened_with_a_client_is_one_list() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let body = json!({"first_name": "Asha", "phone": format!("+{ASHA}"), "consent": consent()});
    let client = lead_of(owner, body).await;
    let kind = json!({"client_id": client, "practice_type_code": "KITAS"});
    let practice = owner.post("/crm/practices", kind).await.expect(201);
    let practice = practice["id"].as_str().unwrap();
    let deal = json!({"contact_id": client, "title": "Villa", "value": 5});
    let deal = owner.post("/deals", deal).await.expect(201);
    app.advance(minutes(1)).await;
    says(&app, &asha(), "Ciao, quanto costa?").await;
    app.advance(minutes(1)).await;
    call(owner, &client).await;
    assert_eq!(app.advance(minutes(20)).await, Vec::<String>::new());
    let one = format!("/crm/practices/{practice}");
    owner.patch(&one, json!({"status": "in_progress"})).await.expect(200);
    owner.patch(&one, json!({"status": "completed"})).await.expect(200);
    owner.post(&format!("{one}/renew"), json!({})).await.expect(200);
    // Two of one instant with others have places of their own, and what is set right is told.
    for paid in [5_000_000, 15_000_000, 12_000_000] {
        owner.patch(&one, json!({"paid_amount": paid})).await.expect(200);
    }
    owner
        .patch(&format!("/deals/{}", deal["id"].as_str().unwrap()), json!({"stage": "won"}))
        .await
        .expect(200);
    let said = json!({"client_id": client, "practice_id": practice, "interaction_type": "meeting", "summary": "È contenta.",
        "team_member": "maria@balizero.com"});
    interaction(owner, said).await;
    // Somebody else's is not there.
    let other = lead_of(owner, json!({"first_name": "Mario"})).await;
    interaction(owner, json!({"client_id": other, "interaction_type": "note", "summary": "No."})).await;

    let path = format!("/crm/interactions/client/{client}/timeline");
    let whole = owner.all(&path).await;
    let instants: Vec<jiff::Timestamp> =
        whole.iter().map(|entry| entry["at"].as_str().unwrap().parse().unwrap()).collect();
    assert!(
        instants.windows(2).all(|pair| pair[0].as_millisecond() >= pair[1].as_millisecond()),
        "{whole:#?}"
    );
    let kinds: Vec<&str> = whole.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    for (kind, times) in [
        ("call", 1),
        ("interaction", 1),
        ("practice_created", 1),
        ("practice_status", 2),
        ("practice_renewed", 1),
        ("payment", 3),
        ("deal_created", 1),
        ("deal_stage", 1),
    ] {
        assert_eq!(kinds.iter().filter(|is| **is == kind).count(), times, "{kind}: {kinds:?}");
    }
    assert!(kinds.contains(&"action"), "{kinds:?}");
    let messages: Vec<&Value> = whole.iter().filter(|entry| entry["kind"] == "message").collect();
    let first = messages.last().unwrap();
    assert_eq!(
        (&first["detail"], &first["direction"], &first["channel"], &first["by"]),
        (&json!("Ciao, quanto costa?"), &json!("inbound"), &json!("whatsapp"), &json!("customer"))
    );
    assert_eq!(messages[0]["direction"], "outbound");
    let top = &whole[0];
    assert_eq!(
        (&top["title"], &top["detail"], &top["by"]),
        (&json!("meeting"), &json!("È contenta."), &json!("maria@balizero.com"))
    );
    let moved = whole.iter().find(|entry| entry["kind"] == "practice_status").unwrap();
    assert_eq!(moved["detail"], "in_progress → completed");
    let payments: Vec<&Value> =
        whole.iter().filter(|entry| entry["kind"] == "payment").map(|it| &it["detail"]).collect();
    assert_eq!(payments, ["IDR -3,000,000", "IDR 10,000,000", "IDR 5,000,000"]);
    for limit in [1, 2, 3, 7] {
        assert_eq!(owner.all(&format!("{path}?limit={limit}")).await, whole, "{limit}");
    }
    let history = owner.all(&format!("/crm/interactions/practice/{practice}/history?limit=2")).await;
    let expected: Vec<Value> = whole
        .iter()
        .filter(|entry| entry["id"] == practice || entry["kind"] == "interaction")
        .cloned()
        .collect();
    assert_eq!(history, expected);

    assert_eq!(owner.get(&format!("{path}?cursor=!!")).await.problem(422), "invalid");
    assert_eq!(owner.get(&format!("{path}?cursor=YWJj")).await.problem(422), "invalid");
    let theirs = app.tenant("acme").await;
    assert_eq!(theirs.get(&path).await.problem(404), "not_found");
    let history = format!("/crm/interactions/practice/{practice}/history");
    assert_eq!(theirs.get(&history).await.problem(404), "not_found");
}
