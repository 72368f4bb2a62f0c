//! Deals: exact money, stages with their history, and what an agent is told of them.

use crate::analytics::{counters_are_what_records_say, demo};
use crate::story::{agent, lead, lead_of};
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Client, TestApp};

const BENGALI: &str =
    "\u{9ac}\u{9be}\u{997}\u{9be}\u{9a8} \u{9b8}\u{9b9} \u{9ac}\u{9be}\u{9a1}\u{9bc}\u{9bf}";
const HINDI: &str = "\u{92c}\u{917}\u{940}\u{91a}\u{947} \u{935}\u{93e}\u{932}\u{93e} \u{918}\u{930}";
const ITALIAN: &str = "Villa \u{ab}La Citt\u{e0}\u{bb}: pi\u{f9} giardino";

async fn somebody(client: &Client) -> String {
    lead_of(client, json!({"first_name": "Asha"})).await
}

async fn deal(client: &Client, body: Value) -> Value {
    client.post("/deals", body).await.expect(201)
}

fn path(deal: &Value) -> String {
    format!("/deals/{}", deal["id"].as_str().unwrap())
}

async fn titles(client: &Client, query: &str) -> Vec<String> {
    let deals = client.all(&format!("/deals?{query}")).await;
    deals.iter().map(|deal| deal["title"].as_str().unwrap().to_owned()).collect()
}

/// What stands open in a contact's partition.
pub(crate) fn cards(app: &TestApp, contact: &str) -> Vec<Value> {
    let partition = format!("t#demo#CON#{contact}");
    let items = app.database.engine.dump().unwrap().into_iter().filter(|item| item["pk"]["S"] == partition);
    items.filter_map(|item| serde_json::from_str(item["card"]["S"].as_str()?).ok()).collect()
}

#[tokio::test]
async fn a_deal_has_the_documents_fields_and_defaults() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let contact = somebody(owner).await;
    let answer = owner.post("/deals", json!({"contact_id": contact, "title": " A garden "})).await;
    assert_eq!(answer.headers["etag"], "\"1\"");
    let made = answer.expect(201);
    let expected = json!({"id": made["id"], "contact_id": contact, "title": "A garden", "value": 0, "currency": "USD",
        "stage": "prospecting", "status": "open", "probability": 0, "stage_history": [],
        "created_at": made["created_at"], "updated_at": made["created_at"], "closed_at": null});
    assert_eq!(made, expected);
    let printed = json!({"contact_id": contact, "title": "Enterprise Software License", "value": 50000,
        "currency": "USD", "stage": "proposal", "probability": 75});
    let made = deal(owner, printed.clone()).await;
    for (field, value) in printed.as_object().unwrap() {
        assert_eq!(made[field], *value);
    }
    let read = owner.get(&path(&made)).await;
    assert_eq!(read.headers["etag"], "\"1\"");
    assert_eq!(read.expect(200), made);

    // What is null is as good as not given, and a deal may begin anywhere.
    owner.put("/business-config", json!({"currency": "BDT"})).await.expect(200);
    let nulls = json!({"contact_id": contact, "title": BENGALI, "value": null, "currency": null, "stage": null,
        "probability": null});
    let made = deal(owner, nulls).await;
    assert_eq!(
        (&made["title"], &made["currency"], &made["stage"]),
        (&json!(BENGALI), &json!("BDT"), &json!("prospecting"))
    );
    let made = deal(owner, json!({"contact_id": contact, "title": HINDI, "stage": "Closed Won"})).await;
    assert_eq!(
        (&made["stage"], &made["status"], &made["closed_at"]),
        (&json!("closed_won"), &json!("won"), &made["created_at"])
    );
    let kinds: Vec<Value> = cards(&app, &contact).iter().map(|card| card["title"].clone()).collect();
    assert_eq!(kinds, [json!("A garden"), json!("Enterprise Software License"), json!(BENGALI)]);
}

#[tokio::test]
async fn money_comes_back_as_it_was_written() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let contact = somebody(owner).await;
    for (value, currency) in [
        (json!(50000), "USD"),
        (json!(0.1), "EUR"),
        (json!(9_999_999_999.99), "INR"),
        (json!(15_000_000), "IDR"),
        (json!(1200), "JPY"),
        (json!(0.001), "KWD"),
    ] {
        let made =
            deal(owner, json!({"contact_id": contact, "title": "x", "value": value, "currency": currency}))
                .await;
        assert_eq!((&made["value"], &made["currency"]), (&value, &json!(currency)));
        assert_eq!(owner.get(&path(&made)).await.expect(200)["value"], value);
    }
    for (value, currency, pointer) in [
        (json!(0.001), "USD", "/value"),
        (json!(12.5), "JPY", "/value"),
        (json!(-1), "USD", "/value"),
        (json!("50000"), "USD", "/value"),
        (json!(1e13), "USD", "/value"),
        (json!(1), "DOLLAR", "/currency"),
    ] {
        let body = json!({"contact_id": contact, "title": "x", "value": value, "currency": currency});
        let answer = owner.post("/deals", body.clone()).await;
        assert_eq!(answer.problem(422), "invalid", "{body}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{body}");
    }
    let made =
        deal(owner, json!({"contact_id": contact, "title": "x", "value": 12.5, "currency": "USD"})).await;
    let yen = owner.patch(&path(&made), json!({"currency": "JPY"})).await;
    assert_eq!(yen.problem(422), "invalid", "there is no half yen");
    let changed = owner.patch(&path(&made), json!({"currency": "JPY", "value": 13})).await.expect(200);
    assert_eq!((&changed["value"], &changed["currency"]), (&json!(13), &json!("JPY")));
    assert_eq!(cards(&app, &contact).last().unwrap()["value"], json!({"minor": 13, "currency": "JPY"}));
}

#[tokio::test]
async fn moves_are_kept_with_who_made_them_and_when() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let contact = somebody(owner).await;
    let made = deal(owner, json!({"contact_id": contact, "title": ITALIAN, "value": 1000.5})).await;
    let path = path(&made);
    let member = app.member("member").await;
    let first = member.patch(&path, json!({"stage": " Proposal-Sent ", "probability": 40})).await;
    assert_eq!(first.headers["etag"], "\"2\"");
    let first = first.expect(200);
    assert_eq!(
        (&first["title"], &first["value"]),
        (&json!(ITALIAN), &json!(1000.5)),
        "what is not named stays"
    );
    let by = first["stage_history"][0]["by"].as_str().unwrap();
    assert!(by.starts_with("key_"), "{by}");
    let moved = json!([{"from": "prospecting", "to": "proposal_sent", "at": first["updated_at"], "by": by}]);
    assert_eq!(first["stage_history"], moved);
    let same = owner
        .patch(&path, json!({"stage": "PROPOSAL SENT", "probability": null, "value": null}))
        .await
        .expect(200);
    assert_eq!(same["stage_history"], moved, "it is there already");
    assert_eq!(
        (&same["probability"], &same["value"]),
        (&json!(40), &json!(1000.5)),
        "null leaves what always has a value"
    );

    let won = owner.patch(&path, json!({"stage": "won"})).await.expect(200);
    assert_eq!((&won["status"], &won["closed_at"]), (&json!("won"), &won["updated_at"]));
    assert_ne!(won["stage_history"][1]["by"], json!(by));
    assert!(cards(&app, &contact).is_empty(), "what is won is not open");
    assert_eq!(
        owner.get(&format!("/leads/{contact}")).await.expect(200)["status"],
        "new",
        "nothing follows by itself"
    );
    let again = owner.patch(&path, json!({"stage": "negotiation"})).await.expect(200);
    assert_eq!((&again["status"], &again["closed_at"]), (&json!("open"), &Value::Null));
    assert_eq!(cards(&app, &contact)[0]["stage"], "negotiation");

    for n in 0..60 {
        owner.patch(&path, json!({"stage": format!("round {n}")})).await.expect(200);
    }
    let long = owner.get(&path).await.expect(200)["stage_history"].as_array().unwrap().clone();
    assert_eq!((long.len(), &long[0]["from"], &long[49]["to"]), (50, &json!("round_9"), &json!("round_59")));
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn a_stale_copy_changes_nothing_and_a_repeated_request_is_done_once() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let contact = somebody(owner).await;
    let body = json!({"contact_id": contact, "title": "Once"}).to_string().into_bytes();
    let headers = [("idempotency-key", "deal-1")];
    let made = owner.send(Method::POST, "/deals", &headers, Some(body.clone())).await.expect(201);
    let again = owner.send(Method::POST, "/deals", &headers, Some(body)).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.expect(201), made);
    let other = json!({"contact_id": contact, "title": "Twice"}).to_string().into_bytes();
    let other = owner.send(Method::POST, "/deals", &headers, Some(other)).await;
    assert_eq!(other.problem(422), "idempotency_key_reused");
    assert_eq!(titles(owner, "").await, ["Once"]);

    let path = path(&made);
    let patch = async |tag: &str, body: Value| {
        owner.send(Method::PATCH, &path, &[("if-match", tag)], Some(body.to_string().into_bytes())).await
    };
    patch("\"1\"", json!({"probability": 10})).await.expect(200);
    assert_eq!(patch("\"1\"", json!({"probability": 20})).await.problem(412), "stale");
    assert_eq!(owner.get(&path).await.expect(200)["probability"], 10);
    let stale = owner.send(Method::DELETE, &path, &[("if-match", "\"1\"")], None).await;
    assert_eq!(stale.problem(412), "stale");
    // Who names no version changes the deal as it then is.
    let changes = (1..=8).map(|n| owner.patch(&path, json!({"stage": format!("s{n}")})));
    let answers = futures::future::join_all(changes).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 200 | 412)), "{answers:?}");
    let history = owner.get(&path).await.expect(200)["stage_history"].as_array().unwrap().clone();
    assert_eq!(history.len(), done, "each is there once");
    assert!(history.windows(2).all(|pair| pair[0]["to"] == pair[1]["from"]));

    owner.delete(&path).await.expect(204);
    assert_eq!(owner.get(&path).await.problem(404), "not_found");
    assert_eq!(owner.delete(&path).await.problem(404), "not_found");
    assert!(cards(&app, &contact).is_empty() && titles(owner, "").await.is_empty());
    counters_are_what_records_say(&app, &demo()).await;
    let changes = owner.get("/changes?limit=100").await.expect(200)["changes"].as_array().unwrap().clone();
    let told: Vec<&str> = changes
        .iter()
        .filter(|change| change["kind"] == "deal" && change["id"] == made["id"])
        .map(|change| change["what"].as_str().unwrap())
        .collect();
    assert_eq!((told[0], told[1], told.last()), ("created", "updated", Some(&"deleted")));
}

#[tokio::test]
async fn deals_are_found_by_lead_and_stage_page_after_page() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let (first, second) = (somebody(owner).await, somebody(owner).await);
    for (n, (contact, stage)) in [
        (&first, "proposal"),
        (&second, "proposal"),
        (&first, "won"),
        (&first, "Proposal"),
        (&second, "lost"),
    ]
    .into_iter()
    .enumerate()
    {
        deal(owner, json!({"contact_id": contact, "title": format!("D{n}"), "stage": stage})).await;
    }
    for limit in [1, 2, 50] {
        for (query, expected) in [
            (String::new(), vec!["D4", "D3", "D2", "D1", "D0"]),
            (format!("contact_id={first}"), vec!["D3", "D2", "D0"]),
            ("stage=PROPOSAL".to_owned(), vec!["D3", "D1", "D0"]),
            (format!("stage=proposal&contact_id={second}"), vec!["D1"]),
            ("stage=closed%20won".to_owned(), vec![]),
        ] {
            assert_eq!(titles(owner, &format!("{query}&limit={limit}")).await, expected, "{query}");
        }
    }
    // What moves to another lead or stage is found there and nowhere else.
    let moved = owner.all("/deals?stage=won").await.remove(0);
    owner.patch(&path(&moved), json!({"contact_id": second, "stage": "review"})).await.expect(200);
    assert_eq!(titles(owner, &format!("contact_id={second}")).await, ["D4", "D2", "D1"]);
    assert_eq!((titles(owner, "stage=won").await.len(), titles(owner, "stage=review").await.len()), (0, 1));
    assert_eq!((cards(&app, &first).len(), cards(&app, &second).len()), (2, 2));
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn bad_input_and_strangers_change_nothing() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let contact = somebody(owner).await;
    let made = deal(owner, json!({"contact_id": contact, "title": "Mine", "stage": "proposal"})).await;
    let path = path(&made);
    let nobody = "con_01JAAAAAAAAAAAAAAAAAAAAAAA";
    for (body, pointer) in [
        (json!({"title": ""}), "/title"),
        (json!({"title": "x".repeat(256)}), "/title"),
        (json!({"title": "a\nb"}), "/title"),
        (json!({"title": 5}), "/title"),
        (json!({"stage": "x".repeat(51)}), "/stage"),
        (json!({"stage": "--"}), "/stage"),
        (json!({"probability": 101}), "/probability"),
        (json!({"probability": -1}), "/probability"),
        (json!({"probability": 50.5}), "/probability"),
        (json!({"contact_id": "con_1"}), "/contact_id"),
        (json!({"status": "won"}), "/status"),
        (json!({"stage_history": []}), "/stage_history"),
    ] {
        let mut whole = json!({"contact_id": contact, "title": "x"});
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        for answer in [owner.post("/deals", whole).await, owner.patch(&path, body.clone()).await] {
            assert_eq!(answer.problem(422), "invalid", "{body}");
            assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{body}: {}", answer.body);
        }
    }
    assert_eq!(owner.patch(&path, json!({"title": null})).await.problem(422), "invalid");
    assert_eq!(
        owner.post("/deals", json!({"contact_id": nobody, "title": "x"})).await.problem(404),
        "not_found"
    );
    assert_eq!(owner.patch(&path, json!({"contact_id": nobody})).await.problem(404), "not_found");

    let theirs = app.tenant("acme").await;
    assert_eq!(
        theirs.post("/deals", json!({"contact_id": contact, "title": "x"})).await.problem(404),
        "not_found"
    );
    assert_eq!(theirs.get(&path).await.problem(404), "not_found");
    assert_eq!(theirs.patch(&path, json!({"stage": "won"})).await.problem(404), "not_found");
    assert_eq!(theirs.delete(&path).await.problem(404), "not_found");
    let own = somebody(&theirs).await;
    let taken = deal(&theirs, json!({"contact_id": own, "title": "Theirs"})).await;
    let moved = theirs
        .patch(&format!("/deals/{}", taken["id"].as_str().unwrap()), json!({"contact_id": contact}))
        .await;
    assert_eq!(moved.problem(404), "not_found");
    assert_eq!(titles(&theirs, "").await, ["Theirs"]);
    assert_eq!(titles(&theirs, &format!("contact_id={contact}")).await, Vec::<String>::new());

    let viewer = app.member("viewer").await;
    viewer.get(&path).await.expect(200);
    assert_eq!(viewer.patch(&path, json!({"stage": "won"})).await.problem(403), "forbidden");
    assert_eq!(viewer.delete(&path).await.problem(403), "forbidden");
    assert_eq!(
        viewer.post("/deals", json!({"contact_id": contact, "title": "x"})).await.problem(403),
        "forbidden"
    );
    assert_eq!(owner.get(&path).await.expect(200), made);
    assert_eq!(titles(owner, "").await, ["Mine"]);
}

#[tokio::test]
async fn an_agent_is_told_what_a_lead_may_buy_until_it_is_closed() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let contact = lead(owner, "+919876543210").await;
    let template = json!({"name": "Deals", "instructions": "{% for deal in deals %}{{ deal.title }}|{{ deal.value }}|{{ deal.stage }}|{{ deal.probability }};{% endfor %}"});
    owner.post("/context-templates", template).await.expect(201);
    let printed = json!({"contact_id": contact, "title": "Enterprise Software License", "value": 50000,
        "currency": "USD", "stage": "in review", "probability": 75});
    let made = deal(owner, printed).await;
    deal(owner, json!({"contact_id": contact, "title": HINDI, "stage": "lost"})).await;
    let prompt = async || {
        let packet = owner.post("/context", json!({"lead_id": contact})).await.expect(200);
        packet["prompt"].as_str().unwrap().to_owned()
    };
    let told = prompt().await;
    assert!(
        told.contains("OPEN DEALS:\n- Enterprise Software License (USD 50,000 - in review)\n\n"),
        "{told}"
    );
    assert!(told.ends_with("Enterprise Software License|USD 50,000|in review|75;"), "{told}");
    owner.patch(&path(&made), json!({"stage": "won"})).await.expect(200);
    assert!(!prompt().await.contains("OPEN DEALS"));
}

#[tokio::test]
async fn a_deal_outlives_its_lead() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let (contact, other) = (somebody(owner).await, somebody(owner).await);
    let made = deal(owner, json!({"contact_id": contact, "title": "Left"})).await;
    owner.delete(&format!("/leads/{contact}")).await.expect(204);
    app.advance(SignedDuration::from_mins(1)).await;
    assert_eq!(titles(owner, &format!("contact_id={contact}")).await, ["Left"]);
    owner.patch(&path(&made), json!({"stage": "lost"})).await.expect(200);
    let back = owner.patch(&path(&made), json!({"contact_id": other})).await.expect(200);
    assert_eq!(back["contact_id"], json!(other));
    assert_eq!(owner.patch(&path(&made), json!({"contact_id": contact})).await.problem(404), "not_found");
}
