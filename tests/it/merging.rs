//! Two records of one person as one, and two again.

use crate::analytics::{counters_are_what_records_say, demo};
use crate::chat::{ASHA, asha, says};
use crate::clients::client_of;
use crate::imports::import;
use crate::story::{agent, minutes};
use domain::interaction::{Interaction, InteractionType};
use http::Method;
use serde_json::{Value, json};
use simulators::Script;
use testkit::{Client, TestApp};

const OTHER: &str = "+919812345678";

/// Asha's two records: one of the office's, and one that calls, chats and letters made.
pub(crate) async fn two_records(app: &TestApp) -> (String, String) {
    let owner = &app.owner;
    agent(owner).await;
    owner.post("/admin/apply-migration-007", json!({})).await.expect(200);
    let kept = client_of(
        owner,
        json!({"full_name": "Asha Rao", "email": "asha@example.com", "phone": OTHER, "status": "active", "tags": ["vip"],
            "notes": "Pays in time.", "consent": {"voice": {"granted": true}, "sms": {"granted": true}}}),
    )
    .await;
    app.simulators().set_script(&format!("+{ASHA}"), vec![Script::Interested]).unwrap();
    let gone = client_of(
        owner,
        json!({"full_name": "Rao Asha", "email": "asha.rao@work.example", "phone": ASHA, "nationality": "Indian",
            "company": "Acme", "tags": ["kitas", "vip"], "notes": "Writes in বাংলা.",
            "consent": {"voice": {"granted": true}, "sms": {"granted": false}, "email": {"granted": true}},
            "custom_fields": {}}),
    )
    .await;
    owner.post("/calls", json!({"lead_id": gone})).await.expect(202);
    assert_eq!(app.advance(minutes(30)).await, Vec::<String>::new());
    says(app, &asha(), "Hello, do you do a PT PMA?").await;
    for (client, code) in [(&kept, "PT_PMA"), (&gone, "KITAS"), (&gone, "PT_PMA")] {
        let practice = json!({"client_id": client, "practice_type_code": code, "expiry_date": "2027-02-01"});
        owner.post("/crm/practices", practice).await.expect(201);
    }
    owner.post("/deals", json!({"contact_id": gone, "title": "Villa", "value": 12})).await.expect(201);
    owner.post("/tasks", json!({"contact_id": gone, "title": "Send the list"})).await.expect(201);
    let note = json!({"client_id": gone, "interaction_type": "note", "summary": "Likes mornings."});
    owner.post("/crm/interactions", note).await.expect(201);
    let saved = json!({"user_email": "asha.rao@work.example", "session_id": "s1", "messages": [
        {"role": "user", "content": "I want a working KITAS, please."}, {"role": "assistant", "content": "Sure."}]});
    owner.post("/conversations/save", saved).await.expect(200);
    assert_eq!(app.advance(minutes(1)).await, Vec::<String>::new());
    (kept, gone)
}

/// All that can be read of a client, but for when it was changed.
async fn all_of(owner: &Client, id: &str) -> Value {
    let mut all = json!({});
    for path in [format!("/crm/clients/{id}"), format!("/leads/{id}"), format!("/crm/clients/{id}/summary")] {
        all[path.clone()] = owner.get(&path).await.expect(200);
    }
    for list in [
        format!("/crm/clients/{id}/provenance"),
        format!("/crm/shared-memory/client/{id}/full-context"),
        format!("/leads/{id}/score"),
    ] {
        all[list.clone()] = owner.get(&list).await.expect(200);
    }
    for list in [
        format!("/crm/interactions/client/{id}/timeline"),
        format!("/crm/practices?client_id={id}"),
        format!("/crm/interactions?client_id={id}"),
        format!("/deals?contact_id={id}"),
        format!("/tasks?contact_id={id}"),
        format!("/calls?lead_id={id}"),
        format!("/leads/{id}/actions"),
    ] {
        all[list.clone()] = owner.all(&list).await.into();
    }
    without_times_of_change(&mut all);
    all
}

fn without_times_of_change(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !["updated_at", "as_of", "generated_at"].contains(&name.as_str()));
            fields.values_mut().for_each(without_times_of_change);
        }
        Value::Array(items) => items.iter_mut().for_each(without_times_of_change),
        _ => {}
    }
}

async fn count(owner: &Client, list: &str) -> usize {
    owner.all(list).await.len()
}

#[tokio::test]
async fn two_records_become_one_and_two_again() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let (kept, gone) = two_records(&app).await;
    let before = (all_of(owner, &kept).await, all_of(owner, &gone).await);
    let talks = count(owner, "/conversations").await;

    let merge =
        owner.post(&format!("/crm/clients/{kept}/merge"), json!({"other_id": gone})).await.expect(200);
    assert_eq!(
        (&merge["status"], &merge["client_id"], &merge["other_id"]),
        (&json!("done"), &json!(kept), &json!(gone))
    );
    for kind in [
        "calls",
        "talks",
        "actions",
        "conversations",
        "practices",
        "deals",
        "tasks",
        "interactions",
        "saved_conversations",
    ] {
        assert!(merge["moved"][kind].as_u64() >= Some(1), "{kind}: {merge}");
    }
    counters_are_what_records_say(&app, &demo()).await;

    // What the one had stays, what it lacked is the other's, and the no counts.
    let one = owner.get(&format!("/crm/clients/{kept}")).await.expect(200);
    for (field, expected) in [
        ("full_name", json!("Asha Rao")),
        ("email", json!("asha@example.com")),
        ("phone", json!(OTHER)),
        ("nationality", json!("Indian")),
        ("company", json!("Acme")),
        ("tags", json!(["vip", "kitas"])),
        ("notes", json!("Pays in time.\n\nWrites in বাংলা.")),
        ("other_phones", json!([format!("+{ASHA}")])),
        ("other_emails", json!(["asha.rao@work.example"])),
    ] {
        assert_eq!(one[field], expected, "{field}");
    }
    let granted = |channel: &str| one["consent"][channel]["granted"].as_bool();
    assert_eq!(["voice", "sms", "email"].map(granted), [Some(true), Some(false), Some(true)]);
    let counts = [
        (format!("/crm/practices?client_id={kept}"), 3),
        (format!("/deals?contact_id={kept}"), 1),
        ("/conversations".to_owned(), talks),
        ("/crm/clients".to_owned(), 1),
        (format!("/crm/practices?client_id={gone}"), 0),
        (format!("/deals?contact_id={gone}"), 0),
    ];
    for (list, expected) in counts {
        assert_eq!(count(owner, &list).await, expected, "{list}");
    }
    let timeline = owner.all(&format!("/crm/interactions/client/{kept}/timeline")).await;
    for kind in ["call", "message", "interaction", "action", "practice_created", "deal_created"] {
        assert!(timeline.iter().any(|entry| entry["kind"] == kind), "{kind}");
    }

    // The other's id leads to the one, and so do the other's number and address.
    for path in ["", "/summary", "/provenance"] {
        let answer = owner.get(&format!("/crm/clients/{gone}{path}?a=b")).await;
        assert_eq!(answer.headers["location"], format!("/crm/clients/{kept}{path}?a=b"));
        assert_eq!(answer.problem(307), "merged");
    }
    assert_eq!(owner.get(&format!("/leads/{gone}")).await.headers["location"], format!("/leads/{kept}"));
    let patched = owner.patch(&format!("/crm/clients/{gone}"), json!({"company": "X"})).await;
    assert_eq!(patched.problem(307), "merged");
    assert_eq!(owner.get("/crm/clients/by-email/Asha.Rao@work.example").await.expect(200)["id"], kept);
    assert_eq!(owner.get(&format!("/crm/clients?search={ASHA}")).await.expect(200)[0]["id"], kept);
    let taken = owner.post("/crm/clients", json!({"full_name": "A B", "phone": ASHA})).await.expect(409);
    assert_eq!(taken["existing_id"], kept);
    // A record that names the other is the one's.
    let task = owner.post("/tasks", json!({"contact_id": gone, "title": "Since"})).await.expect(201);
    let note = json!({"client_id": gone, "interaction_type": "note", "summary": "Since"});
    let note = owner.post("/crm/interactions", note).await.expect(201);
    let practice = json!({"client_id": gone, "practice_type_code": "NPWP"});
    let practice = owner.post("/crm/practices", practice).await.expect(201);
    assert_eq!([&note["client_id"], &practice["client_id"]], [&json!(kept), &json!(kept)]);
    assert_eq!(task["contact_id"], kept);
    let stranger = app.tenant("other").await;
    let path = format!("/crm/merges/{}", merge["merge_id"].as_str().unwrap());
    assert_eq!(stranger.get(&path).await.problem(404), "not_found");
    assert_eq!(stranger.post(&format!("{path}/undo"), json!({})).await.problem(404), "not_found");
    assert_eq!(stranger.get(&format!("/crm/clients/{gone}")).await.problem(404), "not_found");

    // Asked for again it is the same, and the job that stood by finds nothing to do.
    let again =
        owner.post(&format!("/crm/clients/{kept}/merge"), json!({"other_id": gone})).await.expect(200);
    assert_eq!(again, merge);
    assert_eq!(app.advance(minutes(1)).await, Vec::<String>::new());
    assert_eq!(owner.all("/crm/merges").await, std::slice::from_ref(&merge));

    owner.delete(&format!("/tasks/{}", task["id"].as_str().unwrap())).await.expect(204);
    owner.delete(&format!("/crm/interactions/{}", note["id"].as_str().unwrap())).await.expect(204);
    owner.delete(&format!("/crm/practices/{}", practice["id"].as_str().unwrap())).await.expect(204);
    let undone = owner.post(&format!("{path}/undo"), json!({})).await.expect(200);
    assert_eq!(undone["status"], "undone");
    assert_eq!(app.advance(minutes(1)).await, Vec::<String>::new());
    assert_eq!(owner.post(&format!("{path}/undo"), json!({})).await.expect(200), undone);
    let after = (all_of(owner, &kept).await, all_of(owner, &gone).await);
    for (after, before) in [(after.0, before.0), (after.1, before.1)] {
        for (path, was) in before.as_object().unwrap() {
            assert_eq!(after[path], *was, "{path}");
        }
    }
    assert_eq!(count(owner, "/conversations").await, talks);
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn what_changes_meanwhile_stays_where_it_was_changed() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let kept = client_of(owner, json!({"full_name": "Asha Rao", "phone": OTHER, "tags": ["a"]})).await;
    says(&app, &asha(), "Hello?").await;
    let gone = owner.all("/crm/clients").await.into_iter().find(|client| client["id"] != kept).unwrap();
    let gone = gone["id"].as_str().unwrap().to_owned();
    let merge =
        owner.post(&format!("/crm/clients/{kept}/merge"), json!({"other_id": gone})).await.expect(200);
    let path = format!("/crm/merges/{}", merge["merge_id"].as_str().unwrap());

    // A record that was being written at that moment is found a little later.
    let (id, now) = (gone.parse().unwrap(), app.now());
    let ids = &app.runner.platform.ids;
    let late = Interaction::new(ids.next(now), id, InteractionType::Note, "late".to_owned(), now);
    let mut step = store::Transaction::new(demo(), "late", ids, now);
    step.create(&late).unwrap();
    app.store().commit(step).await.unwrap();

    // They write from the other's number: it is the one who writes, in the same conversation.
    says(&app, &asha(), "And what does it cost?").await;
    assert_eq!((count(owner, "/crm/clients").await, count(owner, "/conversations").await), (1, 1));
    owner
        .patch(&format!("/crm/clients/{kept}"), json!({"company": "Acme", "tags": ["a", "b"]}))
        .await
        .expect(200);
    // A file's row with the other's number is theirs.
    let report = import(&app, "", format!("phone,position\n+{ASHA},Owner\n")).await;
    assert_eq!((&report["created"], &report["updated"]), (&json!(0), &json!(1)), "{report}");
    // The number that was theirs goes on reaching them where the other's becomes the first.
    let exchanged = owner.patch(&format!("/crm/clients/{kept}"), json!({"phone": ASHA})).await.expect(200);
    assert_eq!(exchanged["other_phones"], json!([OTHER]));
    says(&app, &asha(), "STOP").await;
    let one = owner.get(&format!("/crm/clients/{kept}")).await.expect(200);
    assert!(one["suppression"]["whatsapp"].is_object(), "{one}");
    assert_eq!(
        count(owner, &format!("/crm/interactions?client_id={kept}")).await,
        1,
        "what came late is here too"
    );

    let second = client_of(owner, json!({"full_name": "Third Party"})).await;
    let chain =
        owner.post(&format!("/crm/clients/{second}/merge"), json!({"other_id": kept})).await.expect(200);
    let refused = owner.post(&format!("{path}/undo"), json!({})).await;
    assert_eq!(refused.problem(409), "conflict");
    // Through two merges an id still leads somewhere.
    let task = owner.post("/tasks", json!({"contact_id": gone, "title": "x"})).await.expect(201);
    assert_eq!(task["contact_id"], second);
    let chain = format!("/crm/merges/{}", chain["merge_id"].as_str().unwrap());
    owner.post(&format!("{chain}/undo"), json!({})).await.expect(200);

    owner.post(&format!("{path}/undo"), json!({})).await.expect(200);
    let (one, other) = (
        owner.get(&format!("/crm/clients/{kept}")).await.expect(200),
        owner.get(&format!("/crm/clients/{gone}")).await.expect(200),
    );
    assert_eq!((&one["company"], &one["tags"]), (&json!("Acme"), &json!(["a", "b"])));
    assert_eq!((&other["company"], &other["phone"]), (&json!(""), &json!(format!("+{ASHA}"))));
    assert_eq!((&one["phone"], &one["other_phones"]), (&json!(OTHER), &json!([])));
    assert!(other["suppression"]["whatsapp"].is_object(), "who said stop said it for both: {other}");
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn whenever_the_process_dies_a_merge_comes_to_its_end() {
    for writes in 0..4 {
        let app = TestApp::start().await;
        let owner = &app.owner;
        let kept = client_of(owner, json!({"full_name": "Asha Rao"})).await;
        let gone = client_of(owner, json!({"full_name": "Asha Rao", "phone": ASHA})).await;
        for n in 0..40 {
            let note = json!({"client_id": gone, "interaction_type": "note", "summary": format!("Note {n}")});
            owner.post("/crm/interactions", note).await.expect(201);
        }
        app.database.faults.die_after(writes);
        let _ = owner.post(&format!("/crm/clients/{kept}/merge"), json!({"other_id": gone})).await;
        app.database.faults.live();
        assert_eq!(app.advance(minutes(1)).await, Vec::<String>::new());
        let merges = owner.all("/crm/merges").await;
        let notes = count(owner, &format!("/crm/interactions?client_id={kept}")).await;
        let expected = if writes == 0 { (0, 0) } else { (1, 40) };
        assert_eq!((merges.len(), notes), expected, "after {writes} writes");
        let Some(merge) = merges.first() else { continue };
        assert_eq!((&merge["status"], &merge["moved"]["interactions"]), (&json!("done"), &json!(40)));
        let path = format!("/crm/merges/{}", merge["merge_id"].as_str().unwrap());
        app.database.faults.die_after(writes);
        let _ = owner.post(&format!("{path}/undo"), json!({})).await;
        app.database.faults.live();
        assert_eq!(app.advance(minutes(1)).await, Vec::<String>::new());
        let merge = owner.get(&path).await.expect(200);
        assert_eq!(merge["status"], "undone", "after {writes} writes");
        assert_eq!(count(owner, &format!("/crm/interactions?client_id={gone}")).await, 40);
        counters_are_what_records_say(&app, &demo()).await;
    }
}

#[tokio::test]
async fn a_call_that_waits_is_made_though_its_lead_went_into_another() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let kept = client_of(owner, json!({"full_name": "Asha Rao"})).await;
    let gone = json!({"full_name": "Asha Rao", "phone": ASHA, "consent": {"voice": {"granted": true}}});
    let gone = client_of(owner, gone).await;
    app.simulators().set_script(&format!("+{ASHA}"), vec![Script::Interested]).unwrap();
    let call = owner.post("/calls", json!({"lead_id": gone})).await.expect(202);
    // The records are one, and the process dies before the call is the one's.
    app.database.faults.die_after(1);
    let _ = owner.post(&format!("/crm/clients/{kept}/merge"), json!({"other_id": gone})).await;
    assert!(app.database.faults.live(), "it died");
    assert_eq!(app.advance(minutes(30)).await, Vec::<String>::new());
    let call = owner.get(&format!("/calls/{}", call["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&call["status"], &call["lead_id"]), (&json!("completed"), &json!(kept)));
    assert_eq!(app.simulators().dials().len(), 1);
    assert!(!owner.all(&format!("/leads/{kept}/actions")).await.is_empty());
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn a_merge_that_cannot_be_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let one = client_of(owner, json!({"full_name": "One"})).await;
    let two = client_of(owner, json!({"full_name": "Two"})).await;
    let deleted = client_of(owner, json!({"full_name": "Three"})).await;
    owner.delete(&format!("/crm/clients/{deleted}")).await.expect(204);
    let before = app.database.engine.dump().unwrap().len();
    let nobody = "con_01JAAAAAAAAAAAAAAAAAAAAAAA";
    let merge = |id: &str| format!("/crm/clients/{id}/merge");
    for (into, body, status, problem) in [
        (one.as_str(), json!({"other_id": one}), 422, "invalid"),
        (&one, json!({"other_id": "x"}), 422, "invalid"),
        (&one, json!({}), 422, "invalid"),
        (&one, json!({"other_id": two, "force": true}), 422, "invalid"),
        (&one, json!({"other_id": nobody}), 404, "not_found"),
        (nobody, json!({"other_id": two}), 404, "not_found"),
        (&one, json!({"other_id": deleted}), 409, "conflict"),
        (&deleted, json!({"other_id": two}), 404, "not_found"),
    ] {
        assert_eq!(owner.post(&merge(into), body.clone()).await.problem(status), problem, "{body}");
    }
    let viewer = app.member("viewer").await;
    assert_eq!(viewer.post(&merge(&one), json!({"other_id": two})).await.problem(403), "forbidden");
    let stranger = app.tenant("other").await;
    assert_eq!(stranger.post(&merge(&one), json!({"other_id": two})).await.problem(404), "not_found");
    let theirs = client_of(&stranger, json!({"full_name": "Theirs"})).await;
    assert_eq!(owner.post(&merge(&one), json!({"other_id": theirs})).await.problem(404), "not_found");
    assert!(app.database.engine.dump().unwrap().len() >= before);
    assert_eq!(count(owner, "/crm/clients").await, 2);
    assert_eq!(count(owner, "/crm/merges").await, 0);
    // Two at once: one merge.
    let path = merge(&one);
    let both = futures::future::join_all((0..8).map(|_| owner.post(&path, json!({"other_id": two})))).await;
    let ids: Vec<Value> = both.into_iter().map(|answer| answer.expect(200)["merge_id"].clone()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
    assert_eq!(count(owner, "/crm/merges").await, 1);
    // A request that is repeated by its key has the answer that it had, and makes nothing again.
    let three = client_of(owner, json!({"full_name": "Three again"})).await;
    let send = async || {
        let body = json!({"other_id": three}).to_string().into_bytes();
        owner.send(Method::POST, &path, &[("idempotency-key", "m-1")], Some(body)).await.expect(200)
    };
    let first = send().await;
    let undo = format!("/crm/merges/{}/undo", first["merge_id"].as_str().unwrap());
    owner.post(&undo, json!({})).await.expect(200);
    assert_eq!(send().await, first);
    assert_eq!(owner.get(&format!("/crm/clients/{three}")).await.status, 200);
}

#[tokio::test]
async fn who_may_be_one_person_is_found() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    for body in [
        json!({"full_name": "Giulia Décaro", "phone": "+39 333 123 4567"}),
        json!({"full_name": "decaro GIULIA"}),
        json!({"full_name": "John Smith", "email": "j.smith@example.com", "phone": "+1 202 555 0123"}),
        json!({"full_name": "J. Smith", "email": "jsmith+crm@work.example"}),
        json!({"full_name": "অরুণ সেন", "phone": "+880 1712 345678"}),
        json!({"full_name": "Arun Sen", "email": "info@example.org", "phone": "+62 812 12 345 678"}),
        json!({"full_name": "Anna"}),
        json!({"full_name": "Anna", "email": "info@example.net"}),
    ] {
        client_of(owner, body).await;
    }
    let shown = |groups: &[Value]| {
        let names = |group: &Value| {
            let clients = group["clients"].as_array().unwrap().iter();
            clients
                .map(|client| client["full_name"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
                .join(", ")
        };
        groups
            .iter()
            .map(|group| (group["reason"].as_str().unwrap().to_owned(), names(group)))
            .collect::<Vec<_>>()
    };
    let expected = [
        ("phone", "অরুণ সেন, Arun Sen"),
        ("email", "John Smith, J. Smith"),
        ("name", "Giulia Décaro, decaro GIULIA"),
    ]
    .map(|(reason, names)| (reason.to_owned(), names.to_owned()));
    assert_eq!(shown(&owner.all("/crm/duplicates?limit=1").await), expected);
    assert_eq!(shown(&owner.all("/crm/duplicates?reason=name").await), expected[2..]);
    for query in ["reason=face", "cursor=x", "cursor=face."] {
        assert_eq!(owner.get(&format!("/crm/duplicates?{query}")).await.problem(422), "invalid", "{query}");
    }
    assert!(app.tenant("other").await.all("/crm/duplicates").await.is_empty());
    // Once they are one, they are none.
    let group = &owner.all("/crm/duplicates?reason=email").await[0]["clients"];
    let path = format!("/crm/clients/{}/merge", group[0]["id"].as_str().unwrap());
    owner.post(&path, json!({"other_id": group[1]["id"]})).await.expect(200);
    assert!(owner.all("/crm/duplicates?reason=email").await.is_empty());
}
