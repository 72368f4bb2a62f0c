//! Doors that are shut to a lead: by whom they open again, and that they outlive the record.

use crate::story::{agent, call, consent, lead, minutes, status};
use serde_json::{Value, json};
use simulators::Script;
use testkit::{Client, TestApp};

const PHONE: &str = "+919876543210";

async fn suppress(client: &Client, lead: &str) {
    let body = json!({"channel": "all", "reason": "asked not to be called"});
    client.post(&format!("/leads/{lead}/suppress"), body).await.expect(200);
}

async fn shut(client: &Client, lead: &str) -> Vec<String> {
    let lead = client.get(&format!("/leads/{lead}")).await.expect(200);
    lead["suppression"].as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn another_number_opens_what_a_wrong_one_shut() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    app.simulators().set_script(PHONE, vec![Script::WrongNumber]).unwrap();
    let lead_id = lead(owner, PHONE).await;
    call(owner, &lead_id).await;
    assert!(app.advance(minutes(10)).await.is_empty());
    assert_eq!(shut(owner, &lead_id).await, ["sms", "voice", "whatsapp"]);
    owner.patch(&format!("/leads/{lead_id}"), json!({"phone": "+919876543213"})).await.expect(200);
    assert!(shut(owner, &lead_id).await.is_empty());
    let again = call(owner, &lead_id).await;
    assert!(app.settle().await.is_empty());
    assert_eq!(status(owner, &again).await.0, "in_progress");
}

#[tokio::test]
async fn a_manager_opens_a_door_again() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let lead_id = lead(owner, PHONE).await;
    suppress(owner, &lead_id).await;
    let path = format!("/leads/{lead_id}/unsuppress");
    let body = json!({"channel": "voice", "reason": "She rang us and wants to be called."});
    assert_eq!(app.member("member").await.post(&path, body.clone()).await.problem(403), "forbidden");
    assert_eq!(owner.post(&path, json!({"channel": "fax", "reason": "x"})).await.problem(422), "invalid");
    let acme = app.tenant("acme").await;
    assert_eq!(acme.post(&path, body.clone()).await.problem(404), "not_found");
    assert_eq!(shut(owner, &lead_id).await.len(), 4, "nothing changed");
    app.member("manager").await.post(&path, body).await.expect(200);
    assert_eq!(shut(owner, &lead_id).await, ["email", "sms", "whatsapp"]);
    let id = call(owner, &lead_id).await;
    assert!(app.settle().await.is_empty());
    assert_eq!(status(owner, &id).await.0, "in_progress");
}

#[tokio::test]
async fn a_door_stays_shut_though_the_record_is_gone() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    owner.put("/business-config", json!({"default_country": "IN"})).await.expect(200);
    let person = |email: &str, phone: Option<&str>| json!({"first_name": "Asha", "email": email, "phone": phone, "consent": consent()});
    let made = |client: Client, body: Value| async move {
        client.post("/leads", body).await.expect(201)["id"].as_str().unwrap().to_owned()
    };
    let first = made(owner.clone(), person("Asha@Example.com", Some(PHONE))).await;
    suppress(owner, &first).await;
    owner.delete(&format!("/leads/{first}")).await.expect(204);
    let kept = app.database.engine.dump().unwrap();
    let kept = kept.iter().filter(|item| item["pk"]["S"].as_str().unwrap().contains("#SUP#"));
    assert!(kept.clone().count() == 2 && kept.clone().all(|item| !item.to_string().contains("9876543210")));

    let by_phone = made(owner.clone(), person("else@example.com", Some("98765 43210"))).await;
    assert_eq!(shut(owner, &by_phone).await, ["sms", "voice", "whatsapp"]);
    let by_email = made(owner.clone(), person("asha@example.com", None)).await;
    assert_eq!(shut(owner, &by_email).await, ["email"]);
    let file = format!("first_name,phone,consent_voice\nAsha,{PHONE},yes\n");
    owner.delete(&format!("/leads/{by_phone}")).await.expect(204);
    let csv = [("content-type", "text/csv")];
    owner.send(http::Method::POST, "/leads/import", &csv, Some(file.into_bytes())).await.expect(202);
    assert!(app.settle().await.is_empty());
    let found = owner.get("/leads?search=%2B919876543210").await.expect(200);
    let imported = found[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(shut(owner, &imported).await, ["sms", "voice", "whatsapp"], "a file opens nothing");

    let acme = app.tenant("acme").await;
    let theirs = made(acme.clone(), person("asha@example.com", Some(PHONE))).await;
    assert!(shut(&acme, &theirs).await.is_empty(), "another tenant's list is its own");

    let open = json!({"channel": "all", "reason": "She asked us to call."});
    owner.post(&format!("/leads/{imported}/unsuppress"), open).await.expect(200);
    owner.delete(&format!("/leads/{imported}")).await.expect(204);
    let again = made(owner.clone(), person("third@example.com", Some(PHONE))).await;
    assert!(shut(owner, &again).await.is_empty(), "what a manager opened is open");
}
