//! WhatsApp end to end: who writes is known, answered once, and can stop it.

mod channels;
mod crash;
mod hostile;
mod inbox;
mod order;
pub(crate) mod windows;

use crate::story::lead_of;
use jiff::SignedDuration;
use serde_json::{Value, json};
use simulators::{Person, phone_number_id};
use testkit::{Client, TestApp};

pub(crate) fn secs(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

pub(crate) const ASHA: &str = "919876543210";

pub(crate) fn asha() -> Person {
    Person { phone: Some(ASHA.to_owned()), user_id: None, name: Some("Asha Rao".to_owned()) }
}

pub(crate) fn text(body: &str) -> Value {
    json!({"type": "text", "text": {"body": body}})
}

/// Somebody writes, and the webhook is posted; nothing else follows yet.
pub(crate) fn writes(app: &TestApp, who: &Person, content: Value) -> String {
    app.simulators().receive_whatsapp(&phone_number_id("demo"), who, content).unwrap()
}

/// Somebody writes, and whatever follows within ten seconds follows.
pub(crate) async fn says(app: &TestApp, who: &Person, words: &str) {
    writes(app, who, text(words));
    assert_eq!(app.advance(secs(10)).await, Vec::<String>::new());
}

/// What a number was sent, oldest first.
pub(crate) fn sent_to(app: &TestApp, to: &str) -> Vec<String> {
    app.simulators().sent().into_iter().filter(|sent| sent.to.ends_with(to)).map(|sent| sent.text).collect()
}

pub(crate) async fn conversation(owner: &Client) -> Value {
    let all = owner.all("/conversations").await;
    assert_eq!(all.len(), 1, "{all:#?}");
    owner.get(&format!("/conversations/{}", all[0]["id"].as_str().unwrap())).await.expect(200)
}

/// John Doe, as the document has him.
pub(crate) async fn john(owner: &Client) -> String {
    let john = lead_of(
        owner,
        json!({
            "first_name": "John", "last_name": "Doe", "email": "john.doe@techcorp.com", "phone": "+919876543210",
            "company": "Tech Corp Solutions", "position": "Senior Manager", "status": "hot", "score": 92,
            "source": "website", "notes": "Very interested in premium package"
        }),
    )
    .await;
    let deal = json!({"contact_id": john, "title": "Enterprise Software License", "value": 50000, "currency": "USD",
        "stage": "proposal", "probability": 75});
    owner.post("/deals", deal).await.expect(201);
    let task = json!({"contact_id": john, "title": "Follow up on proposal", "description": "Call to discuss feedback",
        "due_date": "2027-06-15T14:00:00Z", "priority": "high"});
    owner.post("/tasks", task).await.expect(201);
    john
}

#[tokio::test]
async fn the_customer_context_is_printed_as_the_document_prints_it() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let john = john(owner).await;
    let answer = owner.get("/api/customer-context/919876543210").await.expect(200);
    assert_eq!(answer["status"], "success");
    let data = &answer["data"];
    let printed = json!({
        "phone_number": "919876543210@s.whatsapp.net",
        "contact_id": john,
        "name": "John Doe",
        "email": "john.doe@techcorp.com",
        "company": "Tech Corp Solutions",
        "position": "Senior Manager",
        "lead_status": "hot",
        "lead_score": 92,
        "source": "website",
        "notes": "Very interested in premium package",
        "is_new_customer": false,
        "context_summary": "Customer: John Doe | Company: Tech Corp Solutions | Lead Status: Hot (Score: 92/100) | Active Deals: Enterprise Software License (USD 50,000 - proposal)"
    });
    for (name, value) in printed.as_object().unwrap() {
        assert_eq!(&data[name], value, "{name}");
    }
    let deal = json!({"title": "Enterprise Software License", "value": 50000, "currency": "USD", "stage": "proposal",
        "probability": 75});
    assert_eq!(data["deals"], json!([deal]));
    let task = &data["pending_tasks"][0];
    assert_eq!(
        (&task["title"], &task["description"], &task["due_date"], &task["priority"]),
        (
            &json!("Follow up on proposal"),
            &json!("Call to discuss feedback"),
            &json!("2027-06-15T14:00:00Z"),
            &json!("high")
        )
    );
    for form in
        ["+91 98765 43210", "919876543210@s.whatsapp.net", "00919876543210", "%E0%A5%AF%E0%A5%A7 98765 43210"]
    {
        let path = format!("/api/customer-context/{}", form.replace(' ', "%20").replace('+', "%2B"));
        assert_eq!(owner.get(&path).await.expect(200)["data"]["contact_id"], john, "{form}");
    }
    let unknown = owner.get("/api/customer-context/919999999999").await.expect(200);
    assert_eq!(
        (&unknown["data"]["is_new_customer"], &unknown["data"]["contact_id"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(owner.get("/api/customer-context/12").await.problem(422), "invalid");
    let theirs = app.tenant("acme").await;
    let other = theirs.get("/api/customer-context/919876543210").await.expect(200);
    assert_eq!(other["data"]["is_new_customer"], true);
}

#[tokio::test]
async fn the_documents_commands_answer_after_a_sample_import() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let sample = "name,email,phone,company,position,lead_status,lead_score,source,notes\n\
        John Doe,john.doe@techcorp.com,919876543210@s.whatsapp.net,Tech Corp Solutions,Senior Manager,hot,92,website,\
        Very interested in premium package\n\
        राहुल वर्मा,,+91 98123 45678,,,qualified,65,fair,\n";
    let report = crate::imports::import(&app, "", sample).await;
    assert_eq!((&report["created"], &report["failed"]), (&json!(2), &json!(0)), "{report:#}");

    let known = owner.get("/api/customer-context/919876543210").await.expect(200);
    let data = &known["data"];
    assert_eq!(
        (&known["status"], &data["name"], &data["lead_status"], &data["lead_score"]),
        (&json!("success"), &json!("John Doe"), &json!("hot"), &json!(92))
    );
    assert_eq!(
        data["context_summary"],
        "Customer: John Doe | Company: Tech Corp Solutions | Lead Status: Hot (Score: 92/100)"
    );
    assert_eq!((&data["deals"], &data["pending_tasks"]), (&json!([]), &json!([])));
    let new = owner.get("/api/customer-context/919999999999").await.expect(200);
    assert_eq!(
        (&new["status"], &new["data"]["is_new_customer"], &new["data"]["context_summary"]),
        (&json!("success"), &json!(true), &json!("New customer"))
    );
    let bot = owner.get("/api/bot/status-summary").await.expect(200);
    let names: Vec<&str> = bot.as_object().unwrap().keys().map(String::as_str).collect();
    for name in
        ["status", "uptime", "messages_today", "replies_today", "fallback_rate", "queue_depth", "last_error"]
    {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
}

#[tokio::test]
async fn a_changed_record_shows_in_the_next_reply() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let john = john(owner).await;
    says(&app, &asha(), "What's your pricing?").await;
    let replies = sent_to(&app, ASHA);
    assert_eq!(replies.len(), 1, "{replies:?}");
    assert!(replies[0].contains("John") && replies[0].contains("USD 50,000"), "{}", replies[0]);
    owner.patch(&format!("/leads/{john}"), json!({"first_name": "Johnny"})).await.expect(200);
    says(&app, &asha(), "Any news about the price?").await;
    assert!(sent_to(&app, ASHA)[1].contains("Johnny"), "{:?}", sent_to(&app, ASHA));

    let talk = conversation(owner).await;
    assert_eq!((&talk["contact_id"], &talk["status"]), (&json!(john), &json!("bot")));
    let latest = &talk["messages"][0];
    assert_eq!((&latest["direction"], &latest["author"]["kind"]), (&json!("outbound"), &json!("bot")));
    assert_eq!(latest["status"], "read");
    let statuses: Vec<&str> =
        latest["statuses"].as_array().unwrap().iter().map(|step| step["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["queued", "sending", "sent", "delivered", "read"]);
    // Their messages were marked read, and the typing indicator was shown.
    let requests = app.simulators().requests();
    let marked: Vec<_> = requests.iter().filter(|request| request.body["status"] == "read").collect();
    assert_eq!(marked.len(), 2);
    assert!(marked.iter().all(|request| request.body["typing_indicator"]["type"] == "text"));
    let figures = owner.get("/analytics/chat").await.expect(200);
    assert_eq!((&figures["messages"], &figures["replies"]), (&json!(2), &json!(2)));
    assert_eq!(figures["context_hit_rate"]["rate"], 1.0);
    assert_eq!(figures["personalisation_rate"]["rate"], 1.0);
    assert!(figures["reply_time"]["p50_ms"].as_i64().unwrap() >= 2_000);
    let bot = owner.get("/api/bot/status-summary").await.expect(200);
    assert_eq!(
        (&bot["status"], &bot["messages_today"], &bot["queue_depth"]),
        (&json!("running"), &json!(2), &json!(0))
    );
    assert_eq!(bot["last_error"], Value::Null);
}

#[tokio::test]
async fn who_writes_first_becomes_a_lead_once() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    crate::story::agent(owner).await;
    let campaign = json!({"name": "Chat", "source": "whatsapp"});
    let campaign = owner.post("/campaigns", campaign).await.expect(201)["id"].clone();
    owner.post(&format!("/campaigns/{}/start", campaign.as_str().unwrap()), json!({})).await.expect(202);
    let rahima = Person {
        phone: Some("8801712345678".to_owned()),
        user_id: Some("BD.13491208655302741918".to_owned()),
        name: Some("রহিমা বেগম".to_owned()),
    };
    let ten = (0..10).map(|n| (rahima.clone(), text(&format!("বার্তা {n}")))).collect();
    app.simulators().receive_whatsapp_batch(&phone_number_id("demo"), ten).unwrap();
    writes(&app, &rahima, text("নমস্কার"));
    assert_eq!(app.advance(secs(10)).await, Vec::<String>::new());
    let leads = owner.all("/leads").await;
    assert_eq!(leads.len(), 1, "{leads:#?}");
    assert_eq!((&leads[0]["phone"], &leads[0]["first_name"]), (&json!("+8801712345678"), &json!("রহিমা")));
    assert_eq!((&leads[0]["source"], &leads[0]["campaign_id"]), (&json!("whatsapp"), &campaign));
    let talk = conversation(owner).await;
    let received = talk["messages"].as_array().unwrap().iter().filter(|m| m["direction"] == "inbound");
    let said: Vec<&str> = received.map(|message| message["text"].as_str().unwrap()).collect();
    assert_eq!(said.len(), 11, "{said:?}");
    assert_eq!(sent_to(&app, "8801712345678").len(), 1, "all is answered at once");
    assert!(sent_to(&app, "8801712345678")[0].contains("নমস্কার রহিমা"));
    assert_eq!(talk["language"], "bn");

    // Without a number they are the same person, by WhatsApp's own id.
    let shy = Person { phone: None, ..rahima.clone() };
    says(&app, &shy, "আবার আমি").await;
    assert_eq!(owner.all("/leads").await.len(), 1);
    assert_eq!(sent_to(&app, "8801712345678").len(), 2, "a known number is written to");
    // Somebody without a number is somebody, too, and answered by their id.
    let nobody = Person { phone: None, user_id: Some("IT.77".to_owned()), name: Some("Giulia".to_owned()) };
    says(&app, &nobody, "Buongiorno, sono Giulia, non conosco i prezzi").await;
    let leads = owner.all("/leads").await;
    assert_eq!(leads.len(), 2);
    let to = app.simulators().sent().last().unwrap().body.clone();
    assert_eq!((&to["recipient"], to.get("to")), (&json!("IT.77"), None), "{to:#}");
}

#[tokio::test]
async fn groups_own_numbers_and_echoes_are_no_customers() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    owner.put("/business-config", json!({"chat": {"own_numbers": ["0039 333 123 4567"]}})).await.expect(200);
    let config = owner.get("/business-config").await.expect(200);
    assert_eq!(config["chat"]["own_numbers"], json!(["+393331234567"]));
    let wrong = owner.put("/business-config", json!({"chat": {"own_numbers": ["12"]}})).await;
    assert_eq!(wrong.body["errors"][0]["pointer"], "/chat/own_numbers/0");
    let mut in_group = text("Hello all");
    in_group["group_id"] = json!("Y2FwaV9ncm91cDox");
    writes(&app, &asha(), in_group);
    let own = Person { phone: Some("393331234567".to_owned()), ..Person::default() };
    writes(&app, &own, text("Test"));
    app.simulators().echo_whatsapp(&phone_number_id("demo"), "919999999999", "Hello from my phone").unwrap();
    assert_eq!(app.advance(secs(10)).await, Vec::<String>::new());
    assert_eq!(owner.all("/leads").await, Vec::<Value>::new());
    assert_eq!(owner.all("/conversations").await, Vec::<Value>::new());
    assert_eq!(app.simulators().sent(), Vec::new());
}
