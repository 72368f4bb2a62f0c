//! Tasks: what people have to do, found by lead, status, assignee and by when it is due where the business is.

use crate::analytics::{counters_are_what_records_say, demo};
use crate::deals::cards;
use crate::story::{agent, call, lead, lead_of, minutes};
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use simulators::Script;
use testkit::{Client, TestApp};

const BENGALI: &str = "\u{9aa}\u{9cd}\u{9b0}\u{9b8}\u{9cd}\u{9a4}\u{9be}\u{9ac} \u{9a8}\u{9bf}\u{9af}\u{9bc}\u{9c7} \u{9ab}\u{9cb}\u{9a8}";
const HINDI: &str = "\u{915}\u{932} \u{92b}\u{93c}\u{94b}\u{928} \u{915}\u{930}\u{947}\u{902}\n\u{926}\u{94b} \u{92c}\u{93e}\u{930}";
const ITALIAN: &str = "Richiamare perch\u{e9} \u{e8} gi\u{e0} interessat\u{f2}";

async fn somebody(client: &Client) -> String {
    lead_of(client, json!({"first_name": "Asha"})).await
}

async fn task(client: &Client, body: Value) -> Value {
    client.post("/tasks", body).await.expect(201)
}

fn path(task: &Value) -> String {
    format!("/tasks/{}", task["id"].as_str().unwrap())
}

async fn titles(client: &Client, query: &str) -> Vec<String> {
    let tasks = client.all(&format!("/tasks?{query}")).await;
    tasks.iter().map(|task| task["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_task_has_the_documents_fields_and_defaults() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let contact = somebody(owner).await;
    let answer = owner.post("/tasks", json!({"contact_id": contact, "title": BENGALI})).await;
    assert_eq!(answer.headers["etag"], "\"1\"");
    let made = answer.expect(201);
    let expected = json!({"id": made["id"], "contact_id": contact, "title": BENGALI, "description": "",
        "due_date": null, "overdue": false, "priority": "medium", "status": "pending", "assignee": null,
        "completed_at": null, "created_at": made["created_at"], "updated_at": made["created_at"]});
    assert_eq!(made, expected);
    let printed = json!({"contact_id": contact, "title": "Follow up on proposal", "description": "Call to discuss feedback",
        "due_date": "2024-06-15T14:00:00Z", "priority": "high", "assignee": "Mira@Example.com"});
    let made = task(owner, printed.clone()).await;
    for (field, value) in printed.as_object().unwrap() {
        assert_eq!(made[field], *value);
    }
    assert_eq!((&made["overdue"], &made["status"]), (&json!(true), &json!("pending")));
    assert_eq!(owner.get(&path(&made)).await.expect(200), made);
    let nulls = json!({"contact_id": contact, "title": ITALIAN, "description": HINDI, "due_date": null,
        "priority": null, "status": null, "assignee": null});
    let made = task(owner, nulls).await;
    assert_eq!((&made["description"], &made["priority"]), (&json!(HINDI), &json!("medium")));
    let done = task(owner, json!({"contact_id": contact, "title": "Done", "status": "completed"})).await;
    assert_eq!(done["completed_at"], done["created_at"]);

    // A card tells the beginning of what is to be known.
    let long = HINDI.repeat(100);
    let body = json!({"contact_id": contact, "title": "\u{9aa}".repeat(255), "description": long, "priority": "urgent"});
    let made = task(owner, body).await;
    assert_eq!((made["title"].as_str().unwrap().chars().count(), &made["description"]), (255, &json!(long)));
    let cards = cards(&app, &contact);
    assert_eq!(cards.len(), 4, "what is done is not open");
    let card = cards.last().unwrap();
    assert_eq!((&card["priority"], &card["task_id"]), (&json!("urgent"), &made["id"]));
    assert_eq!(card["detail"].as_str().unwrap().chars().count(), 200);
}

#[tokio::test]
async fn a_day_is_due_at_its_end_where_the_business_is() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let contact = somebody(owner).await;
    let due = async |due: &str| {
        task(owner, json!({"contact_id": contact, "title": "x", "due_date": due})).await["due_date"].clone()
    };
    assert_eq!(due("2027-01-11").await, "2027-01-11T23:59:59Z");
    assert_eq!(due("2027-01-11T20:00:00+05:30").await, "2027-01-11T14:30:00Z");
    owner.put("/business-config", json!({"timezone": "Asia/Dhaka"})).await.expect(200);
    assert_eq!(due("2027-01-11").await, "2027-01-11T17:59:59Z");
    for bad in ["tomorrow", "2027-02-30", "2027-01-11T20:00:00", "20270111", "0001-01-01", "9999-12-31", ""] {
        let answer =
            owner.post("/tasks", json!({"contact_id": contact, "title": "x", "due_date": bad})).await;
        assert_eq!(answer.problem(422), "invalid", "{bad}");
        assert_eq!(answer.body["errors"][0]["pointer"], "/due_date", "{bad}");
    }
}

#[tokio::test]
async fn what_is_due_goes_by_the_days_of_the_business() {
    // It is Tuesday already in Dhaka: half past one in the night.
    let app = TestApp::start_at("2027-01-11T19:30:00Z").await;
    let owner = &app.owner;
    owner.put("/business-config", json!({"timezone": "Asia/Dhaka"})).await.expect(200);
    let (first, second) = (somebody(owner).await, somebody(owner).await);
    for (title, contact, due, more) in [
        ("next week", &first, "2027-01-19T00:00:00+06:00", json!({})),
        ("in six days", &first, "2027-01-18", json!({"assignee": "mira@example.com"})),
        ("tomorrow", &second, "2027-01-13T00:00:00+06:00", json!({})),
        ("tonight", &first, "2027-01-12", json!({"assignee": "MIRA@example.com", "status": "in_progress"})),
        ("at breakfast", &second, "2027-01-12T09:00:00+06:00", json!({"assignee": "ravi@example.com"})),
        ("an hour ago", &first, "2027-01-11T18:30:00Z", json!({"assignee": "mira@example.com"})),
        ("yesterday", &second, "2027-01-11", json!({"priority": "urgent"})),
        ("done", &first, "2027-01-11", json!({"status": "completed"})),
        ("dropped", &first, "2027-01-12", json!({"status": "cancelled"})),
    ] {
        let mut body = json!({"contact_id": contact, "title": title, "due_date": due});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = task(owner, body).await;
        assert_eq!(made["overdue"], json!(["an hour ago", "yesterday"].contains(&title)), "{title}");
    }
    task(owner, json!({"contact_id": first, "title": "some time"})).await;
    for limit in [1, 2, 50] {
        for (query, expected) in [
            ("due=overdue".to_owned(), vec!["yesterday", "an hour ago"]),
            ("due=today".to_owned(), vec!["an hour ago", "at breakfast", "tonight"]),
            (
                "due=week".to_owned(),
                vec!["an hour ago", "at breakfast", "tonight", "tomorrow", "in six days"],
            ),
            ("due=2027-01-13".to_owned(), vec!["tomorrow"]),
            ("due=2027-01-11".to_owned(), vec!["yesterday"]),
            ("due=2027-01-20".to_owned(), vec![]),
            (
                "due=week&assignee=mira%40example.com".to_owned(),
                vec!["an hour ago", "tonight", "in six days"],
            ),
            (format!("due=week&contact_id={second}"), vec!["at breakfast", "tomorrow"]),
            ("due=today&status=in_progress".to_owned(), vec!["tonight"]),
            ("due=overdue&status=completed".to_owned(), vec![]),
        ] {
            assert_eq!(titles(owner, &format!("{query}&limit={limit}")).await, expected, "{query}");
        }
    }
    // The same instants are other days in Los Angeles.
    owner.put("/business-config", json!({"timezone": "America/Los_Angeles"})).await.expect(200);
    assert_eq!(titles(owner, "due=today").await, ["yesterday", "an hour ago", "at breakfast"]);
    // Time alone makes tasks overdue, and work ends it.
    app.advance(SignedDuration::from_hours(24)).await;
    let overdue = owner.all("/tasks?due=overdue").await;
    let late = ["yesterday", "an hour ago", "at breakfast", "tonight", "tomorrow"];
    assert_eq!(overdue.iter().map(|task| task["title"].as_str().unwrap()).collect::<Vec<_>>(), late);
    assert!(overdue.iter().all(|task| task["overdue"] == true));
    let done = owner.patch(&path(&overdue[0]), json!({"status": "completed"})).await.expect(200);
    assert_eq!((&done["overdue"], &done["completed_at"]), (&json!(false), &done["updated_at"]));
    let later = owner.patch(&path(&overdue[1]), json!({"due_date": "2027-02-01"})).await.expect(200);
    assert_eq!(later["overdue"], false);
    let none = owner.patch(&path(&overdue[2]), json!({"due_date": null})).await.expect(200);
    assert_eq!((&none["overdue"], &none["due_date"]), (&json!(false), &Value::Null));
    owner.delete(&path(&overdue[3])).await.expect(204);
    assert_eq!(titles(owner, "due=overdue").await, ["tomorrow"]);
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn tasks_are_found_by_lead_status_and_assignee_page_after_page() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let (first, second) = (somebody(owner).await, somebody(owner).await);
    for (n, (contact, status, assignee)) in [
        (&first, "pending", json!("Mira@example.com")),
        (&second, "pending", json!("mira@example.com")),
        (&first, "completed", Value::Null),
        (&first, "in_progress", json!("mira@EXAMPLE.com")),
        (&second, "cancelled", json!("ravi@example.com")),
    ]
    .into_iter()
    .enumerate()
    {
        let body =
            json!({"contact_id": contact, "title": format!("T{n}"), "status": status, "assignee": assignee});
        task(owner, body).await;
    }
    for limit in [1, 2, 50] {
        for (query, expected) in [
            (String::new(), vec!["T4", "T3", "T2", "T1", "T0"]),
            (format!("contact_id={first}"), vec!["T3", "T2", "T0"]),
            ("status=pending".to_owned(), vec!["T1", "T0"]),
            ("assignee=MIRA@example.com".to_owned(), vec!["T3", "T1", "T0"]),
            (format!("assignee=mira@example.com&contact_id={first}&status=pending"), vec!["T0"]),
            ("assignee=nobody@example.com".to_owned(), vec![]),
        ] {
            assert_eq!(titles(owner, &format!("{query}&limit={limit}")).await, expected, "{query}");
        }
    }
    let moved = owner.all("/tasks?status=in_progress").await.remove(0);
    let change = json!({"contact_id": second, "assignee": null, "status": "pending"});
    owner.patch(&path(&moved), change).await.expect(200);
    assert_eq!(titles(owner, &format!("contact_id={second}")).await, ["T4", "T3", "T1"]);
    assert_eq!(titles(owner, "assignee=mira@example.com").await, ["T1", "T0"]);
    assert_eq!(titles(owner, "status=pending").await, ["T3", "T1", "T0"]);
    assert_eq!((cards(&app, &first).len(), cards(&app, &second).len()), (1, 2));
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn a_stale_copy_changes_nothing_and_a_repeated_request_is_done_once() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let contact = somebody(owner).await;
    let body =
        json!({"contact_id": contact, "title": "Once", "due_date": "2027-01-12"}).to_string().into_bytes();
    let headers = [("idempotency-key", "task-1")];
    let made = owner.send(Method::POST, "/tasks", &headers, Some(body.clone())).await.expect(201);
    let again = owner.send(Method::POST, "/tasks", &headers, Some(body)).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.expect(201), made);
    assert_eq!(titles(owner, "").await, ["Once"]);
    let path = path(&made);
    let patch = async |tag: &str, body: Value| {
        owner.send(Method::PATCH, &path, &[("if-match", tag)], Some(body.to_string().into_bytes())).await
    };
    let changed = patch("\"1\"", json!({"description": "More", "priority": null, "status": null})).await;
    assert_eq!(changed.headers["etag"], "\"2\"");
    let changed = changed.expect(200);
    assert_eq!((&changed["description"], &changed["due_date"]), (&json!("More"), &made["due_date"]));
    assert_eq!((&changed["priority"], &changed["status"]), (&json!("medium"), &json!("pending")));
    assert_eq!(patch("\"1\"", json!({"title": "Other"})).await.problem(412), "stale");
    let stale = owner.send(Method::DELETE, &path, &[("if-match", "\"1\"")], None).await;
    assert_eq!(stale.problem(412), "stale");
    assert_eq!(owner.get(&path).await.expect(200), changed);
    owner.delete(&path).await.expect(204);
    assert_eq!(owner.get(&path).await.problem(404), "not_found");
    assert_eq!((titles(owner, "").await.len(), titles(owner, "due=week").await.len()), (0, 0));
    assert!(cards(&app, &contact).is_empty());
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn bad_input_and_strangers_change_nothing() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let contact = somebody(owner).await;
    let made = task(owner, json!({"contact_id": contact, "title": "Mine", "due_date": "2027-01-10"})).await;
    let path = path(&made);
    let nobody = "con_01JAAAAAAAAAAAAAAAAAAAAAAA";
    for (body, pointer) in [
        (json!({"title": " "}), "/title"),
        (json!({"title": "x".repeat(256)}), "/title"),
        (json!({"description": "x".repeat(10_001)}), "/description"),
        (json!({"description": "a\u{0}"}), "/description"),
        (json!({"due_date": 5}), "/due_date"),
        (json!({"due_date": "soon"}), "/due_date"),
        (json!({"priority": "highest"}), "/priority"),
        (json!({"status": "done"}), "/status"),
        (json!({"assignee": "Mira"}), "/assignee"),
        (json!({"contact_id": "cal_01JAAAAAAAAAAAAAAAAAAAAAAA"}), "/contact_id"),
        (json!({"call_id": "cal_01JAAAAAAAAAAAAAAAAAAAAAAA"}), "/call_id"),
        (json!({"overdue": false}), "/overdue"),
    ] {
        let mut whole = json!({"contact_id": contact, "title": "x"});
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        for answer in [owner.post("/tasks", whole).await, owner.patch(&path, body.clone()).await] {
            assert_eq!(answer.problem(422), "invalid", "{body}");
            assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{body}: {}", answer.body);
        }
    }
    assert_eq!(owner.post("/tasks", json!({"title": "x"})).await.problem(422), "invalid");
    assert_eq!(
        owner.post("/tasks", json!({"contact_id": nobody, "title": "x"})).await.problem(404),
        "not_found"
    );
    assert_eq!(owner.patch(&path, json!({"contact_id": nobody})).await.problem(404), "not_found");

    let theirs = app.tenant("acme").await;
    assert_eq!(
        theirs.post("/tasks", json!({"contact_id": contact, "title": "x"})).await.problem(404),
        "not_found"
    );
    assert_eq!(theirs.get(&path).await.problem(404), "not_found");
    assert_eq!(theirs.patch(&path, json!({"status": "completed"})).await.problem(404), "not_found");
    assert_eq!(theirs.delete(&path).await.problem(404), "not_found");
    for query in [String::new(), "due=overdue".to_owned(), format!("contact_id={contact}")] {
        assert_eq!(titles(&theirs, &query).await, Vec::<String>::new());
    }
    let viewer = app.member("viewer").await;
    viewer.get("/tasks?due=overdue").await.expect(200);
    assert_eq!(viewer.patch(&path, json!({"status": "completed"})).await.problem(403), "forbidden");
    assert_eq!(viewer.delete(&path).await.problem(403), "forbidden");
    assert_eq!(
        viewer.post("/tasks", json!({"contact_id": contact, "title": "x"})).await.problem(403),
        "forbidden"
    );
    let read = owner.get(&path).await.expect(200);
    assert_eq!(read, made);
    assert_eq!(titles(owner, "").await, ["Mine"]);
}

#[tokio::test]
async fn what_a_call_left_to_do_is_seen_and_done() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let phone = "+919876543210";
    let contact = lead(owner, phone).await;
    app.simulators().set_script(phone, vec![Script::Appointment]).unwrap();
    let call_id = call(owner, &contact).await;
    assert!(app.advance(minutes(10)).await.is_empty());
    let left = owner.all(&format!("/tasks?contact_id={contact}")).await;
    let [left] = left.as_slice() else { panic!("{left:#?}") };
    assert_eq!(
        (&left["call_id"], &left["wish"], &left["status"]),
        (&json!(call_id), &json!("appointment"), &json!("pending"))
    );
    assert_eq!((&left["priority"], &left["overdue"]), (&json!("medium"), &json!(false)));
    let prompt = async || {
        let packet = owner.post("/context", json!({"lead_id": contact})).await.expect(200);
        packet["prompt"].as_str().unwrap().to_owned()
    };
    assert!(prompt().await.contains("UPCOMING APPOINTMENTS:\n- Arrange the appointment"));
    let begun =
        owner.patch(&path(left), json!({"status": "in_progress", "assignee": "mira@example.com"})).await;
    let begun = begun.expect(200);
    assert_eq!((&begun["call_id"], &begun["wish"]), (&left["call_id"], &left["wish"]), "it stays the call's");
    assert!(prompt().await.contains("UPCOMING APPOINTMENTS"), "it is not done yet");
    owner.patch(&path(left), json!({"status": "completed"})).await.expect(200);
    assert!(!prompt().await.contains("UPCOMING APPOINTMENTS"));
    // A task outlives its lead.
    owner.delete(&format!("/leads/{contact}")).await.expect(204);
    owner.patch(&path(left), json!({"status": "cancelled"})).await.expect(200);
    assert_eq!(titles(owner, &format!("contact_id={contact}")).await.len(), 1);
    counters_are_what_records_say(&app, &demo()).await;
}
