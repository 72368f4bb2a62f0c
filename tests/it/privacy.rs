//! What a person may ask of a business that stores things about them.

use crate::analytics::{counters_are_what_records_say, demo};
use crate::chat::{ASHA, asha, says};
use crate::clients::client_of;
use crate::imports::import;
use crate::merging::two_records;
use crate::practices::by_link;
use crate::story::{agent, call, consent, lead_of, minutes, status};
use files::{Key, Kind};
use http::Method;
use serde_json::{Value, json};
use simulators::Script;
use std::collections::BTreeSet;
use testkit::TestApp;

#[tokio::test]
async fn all_that_is_stored_of_one_person_and_nothing_of_another() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let (other, asha) = two_records(&app).await;
    let path = format!("/crm/clients/{asha}/export");
    let answer = owner.post(&path, Value::Null).await;
    assert_eq!(answer.headers["cache-control"], "private, no-store");
    let dossier = answer.expect(200);
    assert_eq!(dossier["client"], owner.get(&format!("/crm/clients/{asha}")).await.expect(200));
    let kinds: BTreeSet<&str> = dossier["records"].as_object().unwrap().keys().map(String::as_str).collect();
    for kind in [
        "lead",
        "history",
        "action",
        "call",
        "transcript",
        "analysis",
        "context",
        "conversation",
        "message",
        "practice",
        "deal",
        "task",
        "interaction",
        "saved_conversation",
        "saved_messages",
    ] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
    let text = dossier.to_string();
    for said in [
        "Hello, do you do a PT PMA?",
        "I want a working KITAS, please.",
        "Likes mornings.",
        "Villa",
        "Send the list",
    ] {
        assert!(text.contains(said), "{said}");
    }
    assert!(!text.contains(&other) && !text.contains("Pays in time."), "what is somebody else's");
    // Whatever names the person is told, but for what machines make of it.
    let kept = app.database.engine.dump().unwrap();
    let theirs = kept.iter().filter(|item| item["data"].to_string().contains(&asha));
    let stored: BTreeSet<&str> = theirs.filter_map(|item| item["kind"]["S"].as_str()).collect();
    let beside = ["answer", "audit", "change", "meaning"];
    let missing: Vec<_> =
        stored.iter().filter(|kind| !kinds.contains(*kind) && !beside.contains(kind)).collect();
    assert!(missing.is_empty(), "{missing:?}");

    let audit = owner.get("/admin/audit").await.expect(200);
    assert_eq!((&audit[0]["action"], &audit[0]["subject"]), (&json!("lead.exported"), &json!(asha)));
    owner.delete(&format!("/crm/clients/{asha}")).await.expect(204);
    assert_eq!(owner.post(&path, Value::Null).await.expect(200)["is_deleted"], true);
    assert_eq!(app.member("member").await.post(&path, Value::Null).await.problem(403), "forbidden");
    assert_eq!(app.tenant("other").await.post(&path, Value::Null).await.problem(404), "not_found");
}

#[tokio::test]
async fn what_is_too_large_for_an_answer_is_a_file() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let id = client_of(owner, json!({"full_name": "Asha Rao", "email": "asha@example.com"})).await;
    for session in 0..6 {
        let messages = [
            json!({"role": "assistant", "content": "x".repeat(900_000)}),
            json!({"role": "user", "content": "Hello."}),
        ];
        let saved = json!({"user_email": "asha@example.com", "session_id": format!("s{session}"), "messages": messages});
        let saved = owner.post("/conversations/save", saved).await.expect(200);
        assert_eq!(saved["crm"]["client_id"], id, "{saved}");
    }
    let answer = owner.post(&format!("/crm/clients/{id}/export"), Value::Null).await;
    let link = answer.headers["location"].to_str().unwrap().to_owned();
    answer.expect(303);
    let dossier = by_link(&app, Method::GET, &json!(link), None).await.expect(200);
    assert_eq!(dossier["records"]["saved_messages"].as_array().unwrap().len(), 6);
}

/// What is stored beside what every tenant has, by kind and place: a row by the list it is in.
fn stored(app: &TestApp) -> BTreeSet<String> {
    let items = app.database.engine.dump().unwrap();
    let place =
        |item: &Value| format!("{} {}", item["pk"]["S"].as_str().unwrap(), item["sk"]["S"].as_str().unwrap());
    items.iter().map(place).collect()
}

#[tokio::test]
async fn of_an_erased_person_nothing_is_left_but_that_they_were_erased() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let (other, gone) = two_records(&app).await;
    // Whatever keeps values of theirs: the audit, an import that changed them, a file, an event as it arrived, a read.
    owner.patch(&format!("/crm/clients/{gone}"), json!({"address": "Jalan Ashram 1"})).await.expect(200);
    let file = format!("phone,company\n+{ASHA},Ashram Ltd\n");
    assert_eq!(import(&app, "", file).await["updated"], 1);
    assert_eq!(import(&app, "", format!("phone,company\n+{ASHA},Ashram Srl\n")).await["updated"], 1);
    let practices = owner.all(&format!("/crm/practices?client_id={gone}")).await;
    let add = format!("/crm/practices/{}/documents/add", practices[0]["id"].as_str().unwrap());
    let photo = owner.post(&add, json!({"document_type": "Photo"})).await.expect(201);
    assert_eq!(by_link(&app, Method::PUT, &photo["upload_url"], Some(b"PNG".to_vec())).await.status, 200);
    let document = format!("{}/{}", add.strip_suffix("/add").unwrap(), photo["id"].as_str().unwrap());
    owner.post(&format!("{document}/complete"), json!({})).await.expect(200);
    let key = Key::of(&demo(), Kind::Document, photo["id"].as_str().unwrap());
    let file_size = async || app.runner.platform.files.size(&key).await.unwrap();
    assert_eq!(file_size().await, Some(3));
    let talk = owner.all("/conversations").await;
    owner
        .post(&format!("/conversations/{}/rate", talk[0]["id"].as_str().unwrap()), json!({"rating": 5}))
        .await;
    owner
        .post(&format!("/leads/{gone}/suppress"), json!({"channel": "sms", "reason": "asked"}))
        .await
        .expect(200);
    // What was deleted of theirs is in the audit.
    let task = json!({"contact_id": gone, "title": "Ashram's task"});
    let task = owner.post("/tasks", task).await.expect(201);
    owner.delete(&format!("/tasks/{}", task["id"].as_str().unwrap())).await.expect(204);
    let letter = json!({"document_type": "Ashram's letter", "link": "https://a.b/c"});
    let letter = owner.post(&add, letter).await.expect(201);
    let letter = format!("{}/{}", add.strip_suffix("/add").unwrap(), letter["id"].as_str().unwrap());
    owner.delete(&letter).await.expect(204);
    let calls = owner.all(&format!("/calls?lead_id={gone}")).await;
    let heard = owner.get(&format!("/calls/{}", calls[0]["id"].as_str().unwrap())).await.expect(200);
    let conversation = heard["attempts"][0]["conversation_id"].as_str().unwrap().to_owned();
    assert_eq!(app.advance(minutes(5)).await, Vec::<String>::new());

    let path = format!("/crm/clients/{gone}/erase");
    assert_eq!(app.member("manager").await.post(&path, Value::Null).await.problem(403), "forbidden");
    assert_eq!(app.tenant("other").await.post(&path, Value::Null).await.problem(404), "not_found");
    let accepted = owner.post(&path, Value::Null).await.expect(202);
    assert_eq!((&accepted["client_id"], &accepted["status"]), (&json!(gone), &json!("running")));
    assert_eq!(owner.get(&format!("/crm/clients/{gone}")).await.problem(404), "not_found");
    assert_eq!(owner.get("/crm/clients/by-email/asha.rao@work.example").await.problem(404), "not_found");
    assert_eq!(app.advance(minutes(30)).await, Vec::<String>::new());
    let erased = owner.get(&format!("/crm/erasures/{gone}")).await.expect(200);
    assert_eq!((&erased["status"], &erased["left_at_provider"]), (&json!("done"), &json!([])), "{erased}");
    for (kind, count) in
        [("calls", 1), ("practices", 2), ("deals", 1), ("saved_conversations", 1), ("conversations", 2)]
    {
        assert_eq!(erased["removed"][kind], count, "{kind}: {erased}");
    }
    assert_eq!(owner.post(&path, Value::Null).await.expect(202), erased, "asked for again");
    assert_eq!(owner.get("/crm/erasures").await.expect(200), json!([erased]));

    // What names them is the note, the audit's facts, and what ends within a day or a week by itself.
    let kept = app.database.engine.dump().unwrap();
    for item in &kept {
        let (text, kind) = (item.to_string(), item["kind"]["S"].as_str().unwrap_or("row"));
        for told in [ASHA, "asha.rao@work", "Acme", "Ashram", "Likes mornings", "Villa", "KITAS, please"] {
            assert!(!text.contains(told) || kind == "answer", "{told}: {text}");
        }
        if text.contains(&gone) {
            let is_fact = kind == "audit"
                && item["data"]["M"]["before"]["NULL"] == json!(true)
                && item["data"]["M"]["after"]["NULL"] == json!(true);
            let stays = ["answer", "change", "erasure", "import_step"].contains(&kind) || is_fact;
            let is_row = item["pk"]["S"] == json!("t#demo#LIST#erasure");
            assert!(stays || is_row, "{text}");
        }
        if kind == "import_step" {
            assert!(!text.contains("Rao"), "{text}");
        }
    }
    // The other one has none of these.
    let theirs = ["CAL#", "DEA#", "SAV#", "INT#", "EVT#"];
    let left: Vec<String> = stored(&app)
        .into_iter()
        .filter(|place| theirs.iter().any(|kind| place.contains(&format!("#{kind}"))))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(file_size().await, None);
    let (client, _) = operations::integrations::elevenlabs(&app.runner.platform, &demo()).await.unwrap();
    assert_eq!(client.conversation(&conversation).await, Ok(None), "the recording");
    counters_are_what_records_say(&app, &demo()).await;
    let audit = owner.all("/admin/audit").await;
    assert!(audit.iter().any(|line| line["action"] == "lead.erased" && line["subject"] == json!(gone)));

    // The other one is untouched; and who comes again is somebody new, to whom what was shut stays shut.
    assert_eq!(owner.all(&format!("/crm/practices?client_id={other}")).await.len(), 1);
    says(&app, &asha(), "Hello again").await;
    let again = owner.all("/leads").await;
    let again = again.iter().find(|lead| lead["phone"] == json!(format!("+{ASHA}"))).unwrap();
    assert_ne!(again["id"], json!(gone));
    assert_eq!(again["suppression"]["sms"]["reason"], "asked");
}

#[tokio::test]
async fn who_went_into_an_erased_person_goes_too_and_a_call_ends_first() {
    let app = TestApp::start_at("2027-01-11T02:30:00Z").await;
    let owner = &app.owner;
    let (into, gone) = two_records(&app).await;
    let merge =
        owner.post(&format!("/crm/clients/{into}/merge"), json!({"other_id": gone})).await.expect(200);
    assert_eq!(app.advance(minutes(1)).await, Vec::<String>::new());
    agent(owner).await;
    let ringing = lead_of(
        owner,
        json!({"first_name": "M", "phone": "+61291234567", "timezone": "Australia/Sydney", "consent": consent()}),
    )
    .await;
    app.simulators().set_script("+61291234567", vec![Script::NotInterested]).unwrap();
    let under_way = call(owner, &ringing).await;
    app.settle().await;
    assert_eq!(status(owner, &under_way).await.0, "in_progress");

    assert_eq!(owner.post(&format!("/crm/clients/{gone}/erase"), Value::Null).await.status, 307);
    for id in [&into, &ringing] {
        owner.post(&format!("/crm/clients/{id}/erase"), Value::Null).await.expect(202);
    }
    app.settle().await;
    assert_eq!(status(owner, &under_way).await.0, "in_progress", "nobody hangs up on them");
    let erasure = async |id: &str| owner.get(&format!("/crm/erasures/{id}")).await.expect(200);
    assert_eq!(erasure(&ringing).await["status"], "running");
    assert_eq!(app.advance(minutes(60)).await, Vec::<String>::new());
    for id in [&into, &ringing] {
        assert_eq!(erasure(id).await["status"], "done");
    }
    assert_eq!(erasure(&ringing).await["removed"]["calls"], 1);
    assert_eq!(owner.get(&format!("/calls/{under_way}")).await.problem(404), "not_found");
    let merge = format!("/crm/merges/{}", merge["merge_id"].as_str().unwrap());
    assert_eq!(owner.get(&merge).await.problem(404), "not_found");
    assert_eq!(owner.post(&format!("{merge}/undo"), Value::Null).await.problem(404), "not_found");
    let left: Vec<String> = stored(&app)
        .into_iter()
        .filter(|place| {
            ["CON#", "CAL#", "CNV#", "PRC#", "MRG#", "EVT#"]
                .iter()
                .any(|kind| place.contains(&format!("#{kind}")))
        })
        .filter(|place| !place.ends_with(" erased"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn whenever_the_process_dies_an_erasure_comes_to_its_end() {
    for writes in [0, 1, 2, 5, 9, 14] {
        let app = TestApp::start().await;
        let owner = &app.owner;
        let gone = client_of(owner, json!({"full_name": "Asha Rao", "phone": ASHA})).await;
        for n in 0..5 {
            let note = json!({"client_id": gone, "interaction_type": "note", "summary": format!("Note {n}")});
            owner.post("/crm/interactions", note).await.expect(201);
            owner.post("/tasks", json!({"contact_id": gone, "title": format!("Task {n}")})).await.expect(201);
        }
        owner.post(&format!("/crm/clients/{gone}/erase"), Value::Null).await.expect(202);
        app.database.faults.die_after(writes);
        let _ = app.runner.pump.settle().await;
        assert!(app.database.faults.live(), "it died");
        assert_eq!(app.advance(minutes(30)).await, Vec::<String>::new());
        let erasure = owner.get(&format!("/crm/erasures/{gone}")).await.expect(200);
        assert_eq!(erasure["removed"], json!({"interactions": 5, "tasks": 5}), "after {writes} writes");
        assert_eq!(erasure["status"], "done");
        counters_are_what_records_say(&app, &demo()).await;
    }
}

const PASSPORT: &str = "YA-পাসপোর্ট-1234567";

#[tokio::test]
async fn a_sensitive_field_is_encrypted_and_who_reads_it_is_noted() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    // A value that was written before the field was defined is taken from the record when it is written again.
    let asha = json!({"full_name": "Asha Rao", "phone": ASHA, "custom_fields": {"passport": "old and open"}});
    let asha = client_of(owner, asha).await;
    let other = client_of(owner, json!({"full_name": "Rao Asha"})).await;
    let config = |sensitive: bool| {
        json!({"customFields": [
            {"name": "passport", "type": "text", "sensitive": sensitive}, {"name": "born", "type": "date", "sensitive": true},
            {"name": "colour", "type": "text"}]})
    };
    owner.put("/business-config", config(true)).await.expect(200);
    let refused = owner.put("/business-config", config(false)).await;
    assert_eq!(refused.problem(422), "invalid");
    let client = format!("/crm/clients/{asha}");
    let path = format!("{client}/sensitive");
    let patch = json!({"passport": PASSPORT, "born": "1990-02-28"});
    let written = owner.patch(&path, patch).await.expect(200);
    assert_eq!(
        (&written[0]["name"], &written[1]["name"], &written[0]["value"]),
        (&json!("born"), &json!("passport"), &Value::Null)
    );
    assert_eq!(owner.get(&client).await.expect(200)["custom_fields"], json!({}));
    owner.patch(&client, json!({"custom_fields": {"colour": "red"}})).await.expect(200);

    for (patch, pointer) in [
        (json!({"colour": "red"}), "/colour"),
        (json!({"unknown": "x"}), "/unknown"),
        (json!({"born": "long ago"}), "/born"),
    ] {
        let answer = owner.patch(&path, patch).await;
        assert_eq!(
            (answer.problem(422).as_str(), &answer.body["errors"][0]["pointer"]),
            ("invalid", &json!(pointer))
        );
    }
    let open = owner.patch(&client, json!({"custom_fields": {"passport": "x"}})).await;
    assert_eq!(
        (open.problem(422).as_str(), &open.body["errors"][0]["pointer"]),
        ("invalid", &json!("/custom_fields/passport"))
    );
    let (viewer, member) = (app.member("viewer").await, app.member("member").await);
    assert_eq!(viewer.get(&path).await.problem(403), "forbidden");
    assert_eq!(member.get(&format!("{path}/reads")).await.problem(403), "forbidden");
    let theirs = app.tenant("other").await;
    for method in [Method::GET, Method::PATCH] {
        let answer = theirs.send(method, &path, &[], Some(b"{\"passport\": null}".to_vec())).await;
        assert_eq!(answer.problem(404), "not_found");
    }
    assert_eq!(owner.all(&format!("{path}/reads")).await, Vec::<Value>::new());

    let answer = member.get(&path).await;
    assert_eq!(answer.headers["cache-control"], "private, no-store");
    let read = answer.expect(200);
    assert_eq!((&read[0]["value"], &read[1]["value"]), (&json!("1990-02-28"), &json!(PASSPORT)));
    let exported = owner.post(&format!("{client}/export"), Value::Null).await.expect(200);
    let values: BTreeSet<&str> = exported["records"]["sensitive_field"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|field| field["value"].as_str())
        .collect();
    assert_eq!(values, BTreeSet::from(["1990-02-28", PASSPORT]));
    let reads = owner.all(&format!("{path}/reads")).await;
    assert_eq!(reads.len(), 2, "{reads:?}");
    assert_eq!(reads[1]["fields"], json!(["born", "passport"]));
    assert_ne!(reads[0]["by"], reads[1]["by"]);

    // It is nowhere in the clear, and in no other answer.
    let is_told = |text: String| text.contains(PASSPORT) || text.contains("1990-02-28");
    assert!(!app.database.engine.dump().unwrap().iter().any(|item| is_told(item.to_string())));
    for path in [
        client.clone(),
        format!("/leads/{asha}"),
        format!("{client}/summary"),
        format!("{client}/provenance"),
        format!("/crm/shared-memory/client/{asha}/full-context"),
        "/admin/audit".to_owned(),
    ] {
        assert!(!is_told(owner.get(&path).await.expect(200).to_string()), "{path}");
    }

    // It goes with the person into another record, and back; what that one has of its own stays.
    let others = format!("/crm/clients/{other}/sensitive");
    owner.patch(&others, json!({"born": "1991-01-01"})).await.expect(200);
    let merge =
        owner.post(&format!("/crm/clients/{other}/merge"), json!({"other_id": asha})).await.expect(200);
    let of = |fields: Value| {
        fields.as_array().unwrap().iter().map(|field| field["value"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of(owner.get(&others).await.expect(200)), [json!("1991-01-01"), json!(PASSPORT)]);
    assert_eq!(owner.get(&path).await.status, 307);
    assert_eq!(owner.all(&format!("{others}/reads")).await.len(), 3);
    let undo = format!("/crm/merges/{}/undo", merge["merge_id"].as_str().unwrap());
    owner.post(&undo, Value::Null).await.expect(200);
    assert_eq!(of(owner.get(&path).await.expect(200)), [json!("1990-02-28"), json!(PASSPORT)]);
    assert_eq!(of(owner.get(&others).await.expect(200)), [json!("1991-01-01")]);

    owner.patch(&path, json!({"born": null, "passport": "another"})).await.expect(200);
    assert_eq!(of(owner.get(&path).await.expect(200)), [json!("another")]);
    owner.post(&format!("{client}/erase"), Value::Null).await.expect(202);
    assert_eq!(app.advance(minutes(15)).await, Vec::<String>::new());
    let place = format!("CON#{asha}");
    let left: Vec<String> = stored(&app).into_iter().filter(|at| at.contains(&place)).collect();
    assert_eq!(left, [format!("t#demo#{place} erased")]);
}
