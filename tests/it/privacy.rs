//! What a person may ask of a business that stores things about them.

use crate::clients::client_of;
use crate::merging::two_records;
use crate::practices::by_link;
use http::Method;
use serde_json::{Value, json};
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
