//! Practices: the catalogue, exact money, how far each is, until when it is valid, and who works on it.

use crate::analytics::{counters_are_what_records_say, demo};
use crate::deals::cards;
use crate::story::{agent, lead_of};
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Answer, Client, TestApp};

async fn client(owner: &Client, name: &str) -> String {
    lead_of(owner, json!({"first_name": name})).await
}

async fn practice(owner: &Client, body: Value) -> Value {
    owner.post("/crm/practices", body).await.expect(201)
}

fn path(practice: &Value) -> String {
    format!("/crm/practices/{}", practice["id"].as_str().unwrap())
}

/// The field that was refused.
fn refused_at(answer: &Answer) -> &str {
    assert_eq!(answer.problem(422), "invalid", "{}", answer.body);
    answer.body["errors"][0]["pointer"].as_str().unwrap()
}

/// Uses an address that needs no credential.
pub(crate) async fn by_link(app: &TestApp, method: Method, link: &Value, body: Option<Vec<u8>>) -> Answer {
    let path = link.as_str().unwrap().strip_prefix(&app.url).unwrap().to_owned();
    app.client(None).send(method, &path, &[], body).await
}

/// The notes of what a list shows, which tell one practice from another.
async fn notes(client: &Client, path: &str) -> Vec<String> {
    let practices = client.all(path).await;
    practices.iter().map(|practice| practice["notes"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_catalogue_is_the_businesss_own() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let all = owner.get("/crm/practice-types").await.expect(200);
    let codes: Vec<&str> =
        all.as_array().unwrap().iter().map(|kind| kind["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["BPJS", "IMTA", "INVESTOR_VISA", "KITAS", "NPWP", "PT_PMA", "RETIREMENT_VISA"]);
    assert_eq!(all[3]["name"], "KITAS (Limited Stay Permit)");
    assert_eq!((&all[5]["base_price"], &all[5]["currency"]), (&json!(25_000_000), &json!("IDR")));

    let body = json!({"code": "golden visa", "name": "Golden Visa", "base_price": 0.5, "validity_months": 60,
        "required_documents": ["Passport", "passport", "Città"]});
    let answer = owner.post("/crm/practice-types", body.clone()).await;
    assert_eq!(answer.headers["etag"], "\"1\"");
    let made = answer.expect(201);
    let expected = json!({"code": "GOLDEN_VISA", "name": "Golden Visa", "description": "", "base_price": 0.5,
        "currency": "USD", "duration_days": null, "validity_months": 60, "required_documents": ["Passport", "Città"],
        "offered": true, "created_at": made["created_at"], "updated_at": made["created_at"]});
    assert_eq!(made, expected);
    let again = owner.post("/crm/practice-types", body).await;
    assert_eq!(again.problem(409), "duplicate");
    assert_eq!(again.body["existing_id"], "GOLDEN_VISA");

    let one = "/crm/practice-types/golden-visa";
    assert_eq!(owner.get(one).await.expect(200), made);
    let patched = owner.patch(one, json!({"base_price": null, "offered": false})).await.expect(200);
    assert_eq!((&patched["base_price"], &patched["offered"]), (&Value::Null, &json!(false)));
    let contact = client(owner, "Asha").await;
    let closed = json!({"client_id": contact, "practice_type_code": "GOLDEN_VISA"});
    let closed = owner.post("/crm/practices", closed).await;
    assert_eq!(refused_at(&closed), "/practice_type_code");

    let begun = practice(owner, json!({"client_id": contact, "practice_type_code": "npwp"})).await;
    assert_eq!(owner.delete("/crm/practice-types/NPWP").await.problem(409), "conflict");
    owner.delete(&path(&begun)).await.expect(204);
    owner.delete("/crm/practice-types/NPWP").await.expect(204);
    assert_eq!(owner.get("/crm/practice-types/NPWP").await.problem(404), "not_found");

    for (body, pointer) in [
        (json!({"name": ""}), "/name"),
        (json!({"code": "--"}), "/code"),
        (json!({"base_price": -1}), "/base_price"),
        (json!({"base_price": 0.001}), "/base_price"),
        (json!({"duration_days": 0}), "/duration_days"),
        (json!({"validity_months": 1201}), "/validity_months"),
        (json!({"required_documents": ["x".repeat(121)]}), "/required_documents/0"),
        (json!({"required_documents": vec!["x"; 51]}), "/required_documents"),
    ] {
        let mut whole = json!({"code": "X", "name": "x"});
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let answer = owner.post("/crm/practice-types", whole).await;
        assert_eq!(refused_at(&answer), pointer, "{body}");
    }
    assert_eq!(refused_at(&owner.patch(one, json!({"code": "SILVER"})).await), "/code");
    let member = app.member("member").await;
    let refused = member.post("/crm/practice-types", json!({"code": "X", "name": "x"})).await;
    assert_eq!(refused.problem(403), "forbidden");
    let theirs = app.tenant("acme").await;
    assert_eq!(theirs.get("/crm/practice-types").await.expect(200), json!([]));
    assert_eq!(theirs.get(one).await.problem(404), "not_found");
}

#[tokio::test]
async fn a_practice_has_the_documents_fields_and_its_money_is_exact() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let contact = client(owner, "Test").await;
    let printed = json!({"client_id": contact, "practice_type_code": "KITAS", "quoted_price": 15_000_000,
        "assigned_to": "test@balizero.com"});
    // `created_by` in the query grants nothing and changes nothing.
    let answer = owner.post("/crm/practices?created_by=system", printed.clone()).await;
    assert_eq!(answer.headers["etag"], "\"1\"");
    let made = answer.expect(201);
    let by = made["created_by"].as_str().unwrap();
    assert!(by.starts_with("key_"), "{by}");
    let expected = json!({"id": made["id"], "client_id": contact, "practice_type_code": "KITAS",
        "practice_type_name": "KITAS (Limited Stay Permit)", "status": "inquiry", "active": true, "priority": "normal",
        "quoted_price": 15_000_000, "actual_price": null, "paid_amount": 0, "outstanding_amount": 15_000_000,
        "currency": "IDR", "payment_status": "unpaid", "assigned_to": "test@balizero.com", "start_date": null,
        "completion_date": null, "expiry_date": null, "notes": "", "status_history": [], "renewals": [], "payments": [],
        "created_by": by, "created_at": made["created_at"], "updated_at": made["created_at"]});
    assert_eq!(made, expected);
    let read = owner.get(&path(&made)).await;
    assert_eq!(read.headers["etag"], "\"1\"");
    let read = read.expect(200);
    assert_eq!((&read["documents"], &read["missing_documents"][0]), (&json!([]), &json!("Passport")));
    assert!(made.as_object().unwrap().iter().all(|(field, value)| read[field] == *value), "{read:#}");

    // The price of the type is the client's unless it is said, or is in another currency.
    let company = practice(owner, json!({"client_id": contact, "practice_type_code": "pt pma"})).await;
    assert_eq!((&company["quoted_price"], &company["currency"]), (&json!(25_000_000), &json!("IDR")));
    let dollars =
        practice(owner, json!({"client_id": contact, "practice_type_code": "PT_PMA", "currency": "USD"}))
            .await;
    assert_eq!((&dollars["quoted_price"], &dollars["currency"]), (&Value::Null, &json!("USD")));

    let paid = owner.patch(&path(&made), json!({"paid_amount": 5_000_000.5})).await.expect(200);
    assert_eq!(
        (&paid["payment_status"], &paid["outstanding_amount"]),
        (&json!("partial"), &json!(9_999_999.5))
    );
    let patch = json!({"actual_price": 16_000_000, "paid_amount": 16_000_000});
    let paid = owner.patch(&path(&made), patch).await.expect(200);
    assert_eq!(paid["payment_status"], "paid");
    let payments: Vec<(&Value, &Value)> =
        paid["payments"].as_array().unwrap().iter().map(|it| (&it["amount"], &it["currency"])).collect();
    let rupiah = json!("IDR");
    assert_eq!(payments, [(&json!(5_000_000.5), &rupiah), (&json!(10_999_999.5), &rupiah)]);
    owner.patch(&path(&company), json!({"paid_amount": 1_000, "status": "cancelled"})).await.expect(200);
    owner.patch(&path(&dollars), json!({"quoted_price": 99.99, "status": "completed"})).await.expect(200);
    let overview = owner.get("/crm/practices/stats/overview").await.expect(200);
    assert_eq!((&overview["total_practices"], &overview["active_practices"]), (&json!(3), &json!(1)));
    assert_eq!(overview["by_status"]["cancelled"], 1);
    assert_eq!(overview["by_status"]["in_progress"], 0, "every status is there");
    assert_eq!(overview["by_type"], json!({"KITAS": 1, "PT_PMA": 2}));
    assert_eq!(overview["active_by_assignee"], json!({"test@balizero.com": 1}));
    let revenue = json!([
        {"currency": "IDR", "total_revenue": 16_000_000, "paid_revenue": 16_001_000, "outstanding_revenue": 0},
        {"currency": "USD", "total_revenue": 99.99, "paid_revenue": 0, "outstanding_revenue": 99.99},
    ]);
    assert_eq!(overview["revenue"], revenue);
    counters_are_what_records_say(&app, &demo()).await;
    for practice in [&made, &company, &dollars] {
        owner.delete(&path(practice)).await.expect(204);
    }
    let empty = owner.get("/crm/practices/stats/overview").await.expect(200);
    assert_eq!((&empty["total_practices"], &empty["revenue"]), (&json!(0), &json!([])));
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn it_goes_its_way_and_is_valid_from_when_it_is_completed() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    // In Jayapura it is the next day already.
    owner.put("/business-config", json!({"timezone": "Asia/Jayapura"})).await.expect(200);
    app.advance(SignedDuration::from_hours(9)).await;
    let today = app.runner.platform.now().to_zoned(jiff::tz::TimeZone::get("Asia/Jayapura").unwrap()).date();
    let contact = client(owner, "Asha").await;
    let made = practice(owner, json!({"client_id": contact, "practice_type_code": "KITAS"})).await;
    let path = path(&made);
    let to = async |status: &str| owner.patch(&path, json!({"status": status})).await.expect(200);
    to("quotation_sent").await;
    let begun = to("in_progress").await;
    assert_eq!(begun["start_date"], today.to_string());
    assert_eq!(cards(&app, &contact)[0]["status"], "in_progress");
    let done = to("completed").await;
    let expiry = today.checked_add(jiff::Span::new().months(12)).unwrap();
    assert_eq!(
        (&done["completion_date"], &done["expiry_date"], &done["active"]),
        (&json!(today), &json!(expiry), &json!(false))
    );
    assert!(cards(&app, &contact).is_empty(), "nothing is left to do");
    let steps: Vec<_> =
        done["status_history"].as_array().unwrap().iter().map(|step| step["to"].as_str().unwrap()).collect();
    assert_eq!(steps, ["quotation_sent", "in_progress", "completed"]);

    // A renewal begins where the present validity ends; it happens once, however often it is asked for.
    let body = Some(b"{}".to_vec());
    let renew = async || {
        owner.send(Method::POST, &format!("{path}/renew"), &[("idempotency-key", "r1")], body.clone()).await
    };
    let renewed = renew().await.expect(200);
    let later = today.checked_add(jiff::Span::new().months(24)).unwrap();
    assert_eq!(renewed["expiry_date"], json!(later));
    assert_eq!(renew().await.expect(200), renewed);
    assert_eq!(
        (&renewed["renewals"][0]["from"], &renewed["renewals"][0]["to"]),
        (&json!(expiry), &json!(later))
    );
    let back = owner.post(&format!("{path}/renew"), json!({"expiry_date": "2020-01-01"})).await;
    assert_eq!(refused_at(&back), "/expiry_date");
    let endless = practice(owner, json!({"client_id": contact, "practice_type_code": "PT_PMA"})).await;
    let endless =
        owner.post(&format!("/crm/practices/{}/renew", endless["id"].as_str().unwrap()), json!({})).await;
    assert_eq!(endless.problem(422), "invalid", "it says no validity");
    to("cancelled").await;
    assert_eq!(owner.post(&format!("{path}/renew"), json!({})).await.problem(409), "conflict");
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn documents_are_links_or_files_and_what_is_missing_is_told() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let contact = client(owner, "Asha").await;
    let made = practice(owner, json!({"client_id": contact, "practice_type_code": "KITAS"})).await;
    let one = path(&made);
    let add = format!("{one}/documents/add");
    let missing = async || owner.get(&one).await.expect(200)["missing_documents"].clone();
    assert_eq!(missing().await, json!(["Passport", "Photo", "Sponsor letter"]));

    let link = json!({"document_type": "passport", "name": "Passaporto di Città", "expiry_date": "2031-05-01",
        "link": "https://drive.google.com/file/d/1AbC/view"});
    let answer = owner
        .send(Method::POST, &add, &[("idempotency-key", "d1")], Some(link.to_string().into_bytes()))
        .await;
    let passport = answer.expect(201);
    let expected = json!({"id": passport["id"], "practice_id": made["id"], "document_type": "passport",
        "name": "Passaporto di Città", "link": "https://drive.google.com/file/d/1AbC/view", "available": true,
        "size_bytes": null, "expiry_date": "2031-05-01", "notes": "", "created_by": made["created_by"],
        "created_at": passport["created_at"]});
    assert_eq!(passport, expected);
    let again = owner
        .send(Method::POST, &add, &[("idempotency-key", "d1")], Some(link.to_string().into_bytes()))
        .await;
    assert_eq!(again.expect(201), passport);
    assert_eq!(missing().await, json!(["Photo", "Sponsor letter"]));
    assert_ne!(owner.get(&one).await.headers["etag"], "\"1\"", "it is shown with its documents");

    // A file is there when it was put and that was said.
    let photo =
        owner.post(&add, json!({"document_type": "Photo", "name": "ছবি \"১\".png"})).await.expect(201);
    assert_eq!((&photo["available"], &photo["link"]), (&json!(false), &Value::Null));
    let file = format!("{one}/documents/{}", photo["id"].as_str().unwrap());
    assert_eq!(owner.post(&format!("{file}/complete"), json!({})).await.problem(409), "conflict");
    assert_eq!(missing().await, json!(["Photo", "Sponsor letter"]));
    assert_eq!(by_link(&app, Method::PUT, &photo["upload_url"], Some(b"PNG".to_vec())).await.status, 200);
    let complete = owner.post(&format!("{file}/complete"), json!({})).await.expect(200);
    assert_eq!((&complete["available"], &complete["size_bytes"]), (&json!(true), &json!(3)));
    owner.post(&format!("{file}/complete"), json!({})).await.expect(200);
    assert_eq!(missing().await, json!(["Sponsor letter"]));
    let shown = owner.get(&file).await.expect(200);
    let had = by_link(&app, Method::GET, &shown["download_url"], None).await;
    let disposition = had.headers["content-disposition"].to_str().unwrap().to_owned();
    assert_eq!(had.expect(200), "PNG");
    let name = "filename*=UTF-8''%E0%A6%9B%E0%A6%AC%E0%A6%BF%20%22%E0%A7%A7%22.png";
    assert!(disposition.ends_with(name), "{disposition}");
    // Nobody else has the address, and it is kept nowhere.
    let kept = app.database.engine.dump().unwrap().iter().any(|item| item.to_string().contains("signature="));
    assert!(!kept);

    let theirs = app.tenant("acme").await;
    assert_eq!(theirs.get(&file).await.problem(404), "not_found");
    assert_eq!(theirs.post(&add, json!({"document_type": "x"})).await.problem(404), "not_found");
    assert_eq!(theirs.delete(&file).await.problem(404), "not_found");
    for (body, pointer) in [
        (json!({"document_type": ""}), "/document_type"),
        (json!({"document_type": "x", "link": "drive"}), "/link"),
        (json!({"document_type": "x", "name": "a\nb"}), "/name"),
        (json!({"document_type": "x", "expiry_date": "soon"}), "/expiry_date"),
    ] {
        assert_eq!(refused_at(&owner.post(&add, body.clone()).await), pointer, "{body}");
    }
    let old =
        json!({"document_type": "sponsor LETTER", "expiry_date": "2020-01-01", "link": "https://a.b/c"});
    owner.post(&add, old).await.expect(201);
    assert_eq!(missing().await, json!(["Sponsor letter"]), "it is not valid any more");

    // Its file goes with it, and all go with the practice; fifty are the most.
    owner.delete(&file).await.expect(204);
    assert_eq!(by_link(&app, Method::GET, &shown["download_url"], None).await.status, 404);
    assert_eq!(owner.get(&file).await.problem(404), "not_found");
    let adds =
        (0..48).map(|n| owner.post(&add, json!({"document_type": format!("D{n}"), "link": "https://a.b/c"})));
    for answer in futures::future::join_all(adds.take(8)).await {
        assert!(matches!(answer.status.as_u16(), 201 | 412), "{}", answer.body);
    }
    for n in owner.get(&one).await.expect(200)["documents"].as_array().unwrap().len()..50 {
        owner
            .post(&add, json!({"document_type": format!("E{n}"), "link": "https://a.b/c"}))
            .await
            .expect(201);
    }
    assert_eq!(owner.post(&add, json!({"document_type": "x"})).await.problem(409), "conflict");
    owner.delete(&one).await.expect(204);
    let left = app.database.engine.dump().unwrap();
    assert!(!left.iter().any(|item| item["pk"]["S"].as_str().unwrap().contains("#PRC#")));
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn practices_are_found_by_client_status_type_and_assignee() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let (first, second) = (client(owner, "Asha").await, client(owner, "Mario").await);
    for (n, (contact, kind, status, assignee)) in [
        (&first, "KITAS", "in_progress", "Antonello@balizero.com"),
        (&second, "PT_PMA", "in_progress", "antonello@balizero.com"),
        (&first, "PT_PMA", "completed", "antonello@balizero.com"),
        (&second, "KITAS", "inquiry", "maria@balizero.com"),
        (&first, "KITAS", "submitted_to_gov", "antonello@balizero.com"),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({"client_id": contact, "practice_type_code": kind, "status": status, "assigned_to": assignee,
            "notes": format!("P{n}")});
        practice(owner, body).await;
    }
    for limit in [1, 2, 50] {
        for (path, expected) in [
            ("/crm/practices?x=1".to_owned(), vec!["P4", "P3", "P2", "P1", "P0"]),
            (format!("/crm/practices?client_id={first}"), vec!["P4", "P2", "P0"]),
            ("/crm/practices?status=in_progress".to_owned(), vec!["P1", "P0"]),
            ("/crm/practices?type=kitas".to_owned(), vec!["P4", "P3", "P0"]),
            ("/crm/practices?practice_type_code=PT%20PMA".to_owned(), vec!["P2", "P1"]),
            // Use case 2: the workload of a colleague.
            (
                "/crm/practices?assigned_to=antonello@balizero.com&status=in_progress".to_owned(),
                vec!["P1", "P0"],
            ),
            ("/crm/practices/active?assigned_to=ANTONELLO@balizero.com".to_owned(), vec!["P4", "P1", "P0"]),
            ("/crm/practices/active?type=KITAS".to_owned(), vec!["P4", "P3", "P0"]),
            (format!("/crm/practices/active?client_id={first}"), vec!["P4", "P0"]),
            ("/crm/practices/active?status=completed".to_owned(), vec![]),
            ("/crm/practices/active?x=1".to_owned(), vec!["P4", "P3", "P1", "P0"]),
        ] {
            assert_eq!(notes(owner, &format!("{path}&limit={limit}")).await, expected, "{path}");
        }
    }
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn renewals_come_in_the_order_in_which_they_are_due() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let today = app.runner.platform.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let contact = client(owner, "Asha").await;
    let in_days = |days: i32| today.checked_add(jiff::Span::new().days(days)).unwrap().to_string();
    for (days, status) in [
        (60, "completed"),
        (-1, "completed"),
        (0, "approved"),
        (61, "completed"),
        (30, "cancelled"),
        (7, "in_progress"),
    ] {
        let body = json!({"client_id": contact, "practice_type_code": "KITAS", "status": status,
            "expiry_date": in_days(days), "notes": format!("in {days}"), "assigned_to": "maria@balizero.com"});
        practice(owner, body).await;
    }
    let upcoming = "/crm/practices/renewals/upcoming";
    for limit in [1, 50] {
        let sixty = notes(owner, &format!("{upcoming}?days=60&limit={limit}")).await;
        assert_eq!(sixty, ["in 0", "in 7", "in 60"]);
        let all = notes(owner, &format!("{upcoming}?limit={limit}")).await;
        assert_eq!(all, ["in 0", "in 7", "in 60", "in 61"]);
    }
    assert_eq!(notes(owner, &format!("{upcoming}?days=7")).await, ["in 0", "in 7"]);
    assert_eq!(
        notes(owner, &format!("{upcoming}?assigned_to=nobody@balizero.com")).await,
        Vec::<String>::new()
    );
    let first = owner.get(&format!("{upcoming}?days=1")).await.expect(200)[0].clone();
    owner.post(&format!("{}/renew", path(&first)), json!({})).await.expect(200);
    assert_eq!(notes(owner, &format!("{upcoming}?days=60")).await, ["in 7", "in 60"], "it is renewed");
    for days in ["0", "3661", "x"] {
        assert_eq!(refused_at(&owner.get(&format!("{upcoming}?days={days}")).await), "?days");
    }
}

#[tokio::test]
async fn a_wrong_practice_changes_nothing_and_is_nobody_elses() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let contact = client(owner, "Asha").await;
    let made = practice(owner, json!({"client_id": contact, "practice_type_code": "KITAS"})).await;
    let one = path(&made);
    let made = owner.get(&one).await.expect(200);
    for (body, pointer) in [
        (json!({"practice_type_code": "NOPE"}), "/practice_type_code"),
        (json!({"practice_type_code": 5}), "/practice_type_code"),
        (json!({"status": "done"}), "/status"),
        (json!({"priority": "asap"}), "/priority"),
        (json!({"quoted_price": -1}), "/quoted_price"),
        (json!({"actual_price": 0.001}), "/actual_price"),
        (json!({"paid_amount": "many"}), "/paid_amount"),
        (json!({"currency": "RUPIAH"}), "/currency"),
        (json!({"assigned_to": "antonello"}), "/assigned_to"),
        (json!({"start_date": "2026-02-30"}), "/start_date"),
        (json!({"expiry_date": "1066-10-14"}), "/expiry_date"),
        (json!({"start_date": "2026-05-02", "expiry_date": "2026-05-01"}), "/expiry_date"),
        (json!({"start_date": "2026-05-02", "completion_date": "2026-05-01"}), "/completion_date"),
        (json!({"notes": "a\u{0}b"}), "/notes"),
        (json!({"client_id": "1"}), "/client_id"),
        (json!({"payment_status": "paid"}), "/payment_status"),
    ] {
        let mut whole = json!({"client_id": contact, "practice_type_code": "KITAS"});
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        for answer in [owner.post("/crm/practices", whole).await, owner.patch(&one, body.clone()).await] {
            assert_eq!(refused_at(&answer), pointer, "{body}: {}", answer.body);
        }
    }
    let nobody = json!({"client_id": "con_01JAAAAAAAAAAAAAAAAAAAAAAA", "practice_type_code": "KITAS"});
    assert_eq!(owner.post("/crm/practices", nobody).await.problem(404), "not_found");
    let theirs = app.tenant("acme").await;
    let taken = json!({"client_id": contact, "practice_type_code": "KITAS"});
    assert_eq!(theirs.post("/crm/practices", taken).await.problem(404), "not_found");
    assert_eq!(theirs.get(&one).await.problem(404), "not_found");
    assert_eq!(theirs.patch(&one, json!({"notes": "Stolen"})).await.problem(404), "not_found");
    assert_eq!(theirs.post(&format!("{one}/renew"), json!({})).await.problem(404), "not_found");
    assert_eq!(theirs.delete(&one).await.problem(404), "not_found");
    assert_eq!(theirs.get("/crm/practices").await.expect(200), json!([]));
    let viewer = app.member("viewer").await;
    viewer.get(&one).await.expect(200);
    assert_eq!(viewer.patch(&one, json!({"notes": "x"})).await.problem(403), "forbidden");
    assert_eq!(viewer.delete(&one).await.problem(403), "forbidden");
    let stale = owner.send(Method::PATCH, &one, &[("if-match", "\"7\"")], Some(b"{}".to_vec())).await;
    assert_eq!(stale.problem(412), "stale");
    assert_eq!(owner.get(&one).await.expect(200), made);

    // A practice keeps what its type was called when it was chosen.
    owner.patch("/crm/practice-types/KITAS", json!({"name": "Limited Stay"})).await.expect(200);
    let named = owner.patch(&one, json!({"priority": "high"})).await.expect(200);
    assert_eq!(named["practice_type_name"], "KITAS (Limited Stay Permit)");
    assert_eq!(owner.delete(&format!("/leads/{contact}")).await.status, 204);
    let kept = owner.patch(&one, json!({"notes": "più tardi"})).await.expect(200);
    assert_eq!(kept["notes"], "più tardi", "a client who is gone keeps their practices");
}

#[tokio::test]
async fn an_agent_and_the_bot_are_told_what_is_being_done() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let contact = lead_of(owner, json!({"first_name": "Asha", "phone": "+919876543210"})).await;
    let body = json!({"client_id": contact, "practice_type_code": "KITAS", "status": "waiting_documents"});
    let made = practice(owner, body).await;
    let packet = owner.post("/context", json!({"lead_id": contact})).await.expect(200);
    let prompt = packet["prompt"].as_str().unwrap();
    assert!(
        prompt.contains("ACTIVE PRACTICES:\n- KITAS (Limited Stay Permit) (waiting documents)"),
        "{prompt}"
    );
    let known = owner.get("/api/customer-context/919876543210").await.expect(200);
    let expected = json!([{"practice_id": made["id"], "title": "KITAS (Limited Stay Permit)", "status": "waiting_documents"}]);
    assert_eq!(known["data"]["practices"], expected);
    owner.patch(&path(&made), json!({"status": "completed"})).await.expect(200);
    let known = owner.get("/api/customer-context/919876543210").await.expect(200);
    assert_eq!(known["data"]["practices"], json!([]));
}
