//! Leads come from files and go into files, each row once, and can be taken back.

mod dying;
mod exports;
mod rehearsing;

use domain::ContactId;
use http::Method;
use operations::Context;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use testkit::{Answer, Client, TestApp};

/// Sends a file in the request.
async fn send(client: &Client, query: &str, file: impl AsRef<[u8]>) -> Answer {
    client.send(Method::POST, &format!("/leads/import{query}"), &[], Some(file.as_ref().to_vec())).await
}

/// Sends a file in the request, lets it be read, and answers what became of it.
pub(crate) async fn import(app: &TestApp, query: &str, file: impl AsRef<[u8]>) -> Value {
    let accepted = send(&app.owner, query, file).await.expect(202);
    assert_eq!(app.settle().await, Vec::<String>::new());
    report(&app.owner, &accepted).await
}

async fn report(client: &Client, import: &Value) -> Value {
    client.get(&format!("/imports/{}", import["id"].as_str().unwrap())).await.expect(200)
}

/// How many rows were read, made leads, changed them, said nothing new, were left out, are wrong.
fn tally(report: &Value) -> [u64; 6] {
    ["rows", "created", "updated", "unchanged", "skipped", "failed"]
        .map(|name| report[name].as_u64().unwrap())
}

/// What is wrong, as row, field and detail.
fn errors(report: &Value) -> Vec<(u64, String, String)> {
    let errors = report["errors"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    errors.map(|e| (e["row"].as_u64().unwrap(), text(&e["field"]), text(&e["detail"]))).collect()
}

/// Every lead, without when and by whom it was last written.
async fn leads(client: &Client) -> Vec<Value> {
    let mut leads = client.all("/leads?limit=100").await;
    for lead in &mut leads {
        lead.as_object_mut().unwrap().remove("updated_at");
    }
    leads
}

/// As a job's function works for the tenant.
fn job_context(app: &TestApp) -> Context {
    Context::of_system(app.runner.platform.clone(), "demo".parse().unwrap(), "req_test")
}

/// The lead of this first name.
async fn named(client: &Client, name: &str) -> Value {
    let mut found: Vec<Value> =
        leads(client).await.into_iter().filter(|lead| lead["first_name"] == name).collect();
    assert_eq!(found.len(), 1, "{name}");
    found.remove(0)
}

/// Everything that is stored of leads and imports, by its key.
fn stored(app: &TestApp) -> BTreeMap<String, Value> {
    let items = app.database.engine.dump().unwrap().into_iter();
    let text = |item: &Value, name: &str| item[name]["S"].as_str().unwrap().to_owned();
    let is_theirs =
        |key: &str| ["#AUD#", "#LIST#audit#", "#RATE#", "#CHG#"].iter().all(|other| !key.contains(other));
    items
        .map(|item| (format!("{} {}", text(&item, "pk"), text(&item, "sk")), item))
        .filter(|(key, _)| is_theirs(key))
        .collect()
}

#[tokio::test]
async fn a_file_with_the_printed_columns_becomes_leads() {
    let app = TestApp::start().await;
    let config = json!({"default_country": "BD", "timezone": "Asia/Dhaka", "customFields": [
        {"name": "budget_range", "type": "select", "options": ["low", "high"]}, {"name": "rooms", "type": "number"}]});
    app.owner.put("/business-config", config).await.expect(200);
    let file = "\u{feff}First Name,last_name,Phone Number,E-mail,company,status,score,tags,notes,Budget Range,custom_fields.rooms,\
        consent_voice,consent_voice_basis,consent_voice_source,consent_voice_at,consent_sms,Shoe size\r\n\
        \u{9b0}\u{9b9}\u{9bf}\u{9ae}\u{9be},\u{996}\u{9be}\u{9a4}\u{9c1}\u{9a8},01712-345678,Rahima@Example.com,\"Padma, Ltd\",hot,80,\u{9a2}\u{9be}\u{995}\u{9be};VIP,\"Three rooms.\nSays \"\"now\"\".\",high,3,\
        yes,opt_in,web_form,2026-11-20,,42\r\n\
        \u{906}\u{936}\u{93e},\u{936}\u{930}\u{94d}\u{92e}\u{93e},+91 98765 43210,,,,,,,,,no,,,2026-11-20T08:00:00Z,granted,\r\n\
        \r\n\
        Giulia,D'Angelo,+39 06 6982 1234,,,,,,Citt\u{e0},,,,,,,,\r\n";
    let report = import(&app, "?filename=leads.csv", file).await;
    assert_eq!(tally(&report), [3, 3, 0, 0, 0, 0], "{report:#}");
    assert_eq!((&report["status"], &report["filename"]), (&json!("completed"), &json!("leads.csv")));
    assert_eq!((&report["errors"], &report["ignored_columns"]), (&json!([]), &json!(["Shoe size"])));
    assert_eq!(report["columns"][2], json!({"column": "Phone Number", "field": "phone"}));
    let rahima = named(&app.owner, "\u{9b0}\u{9b9}\u{9bf}\u{9ae}\u{9be}").await;
    let expected = json!({
        "last_name": "\u{996}\u{9be}\u{9a4}\u{9c1}\u{9a8}", "phone": "+8801712345678", "email": "Rahima@Example.com",
        "company": "Padma, Ltd", "status": "hot", "score": 80, "tags": ["\u{9a2}\u{9be}\u{995}\u{9be}", "VIP"],
        "notes": "Three rooms.\nSays \"now\".", "custom_fields": {"budget_range": "high", "rooms": 3},
        "consent": {"voice": {"granted": true, "basis": "opt_in", "source": "web_form", "at": "2026-11-19T18:00:00Z"}},
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(rahima[field], *value, "{field}");
    }
    assert_eq!(rahima["provenance"]["phone"]["by"], "human");
    let asha = named(&app.owner, "\u{906}\u{936}\u{93e}").await;
    assert_eq!(asha["consent"]["voice"]["granted"], false);
    assert_eq!(asha["consent"]["sms"]["granted"], true);
    assert_eq!(named(&app.owner, "Giulia").await["consent"], json!({}), "an empty cell is no statement");
    assert_eq!(app.owner.get("/leads/pipeline").await.expect(200)["total"], 3);
    let found = app.owner.get("/leads?search=01712345678").await.expect(200);
    assert_eq!(found[0]["id"], rahima["id"]);
}

#[tokio::test]
async fn columns_are_mapped_and_cells_stand_between_what_the_file_uses() {
    let app = TestApp::start().await;
    let mapping =
        "?mapping=%7B%22Telefono%22%3A%22phone%22%2C%22Nome%22%3A%22name%22%2C%22Note%22%3A%22%22%7D";
    let report =
        import(&app, mapping, "Nome;Telefono;Note\nAnna Maria Rossi;+39 06 6982 1234;segreto\n").await;
    assert_eq!(tally(&report), [1, 1, 0, 0, 0, 0], "{report:#}");
    let anna = named(&app.owner, "Anna Maria").await;
    assert_eq!((&anna["last_name"], &anna["notes"]), (&json!("Rossi"), &json!("")));
    let report = import(&app, "", "first_name\tphone\rTab\t+39 06 6982 1235\r").await;
    assert_eq!(tally(&report), [1, 1, 0, 0, 0, 0], "{report:#}");
    for (query, said) in [
        ("?mapping=%7B%22Fax%22%3A%22phone%22%7D", "no such column"),
        ("?mapping=%7B%22Nome%22%3A%22fax%22%7D", "no field of a lead"),
        ("?mapping=nonsense", "?mapping"),
        ("?on_duplicate=merge", "?on_duplicate"),
    ] {
        let answer = send(&app.owner, query, "Nome\nX\n").await;
        assert_eq!(answer.problem(422), "invalid", "{query}");
        assert!(answer.body["detail"].as_str().unwrap().contains(said), "{query}: {}", answer.body);
    }
}

#[tokio::test]
async fn wrong_rows_are_named_and_right_ones_are_taken() {
    let app = TestApp::start().await;
    let mut file = b"first_name,Telefono,email,score,consent_voice,consent_voice_basis\n\
        Right,+919876543210,,,,\n\
        Phone,12,,,,\n\
        Two,+919876543211,nobody,101,,\n\
        Basis,+919876543212,,,,opt_in\n\
        Maybe,+919876543213,,,perhaps,\n\
        ,,,5,,\n\
        Long,,,,,,,x\n\
        M\xfcller,+919876543214,,,,\n\
        Last,+919876543215,,,\"yes\nopen"
        .to_vec();
    let mapping = "?mapping=%7B%22Telefono%22%3A%22phone%22%7D";
    let rehearsed = send(&app.owner, &format!("{mapping}&dry_run=true"), &file).await.expect(200);
    let report = import(&app, mapping, &file).await;
    assert_eq!(tally(&report), [9, 2, 0, 0, 0, 7], "{report:#}");
    assert_eq!(named(&app.owner, "Basis").await["consent"], json!({}), "a basis alone is no statement");
    let number = "is not a telephone number that can be called: give it with its country code, such as +39 06 1234 5678";
    let expected = [
        (2, "phone", number),
        (3, "email", "is not an e-mail address"),
        (3, "score", "must be a whole number from 0 to 100"),
        (
            5,
            "consent_voice",
            "must be yes or no (true or false, 1 or 0, granted or denied); empty says nothing",
        ),
        (6, "", "a name, a phone or an e-mail is needed"),
        (7, "", "has more cells than the first line names"),
        (8, "", "is not UTF-8, and may be Windows-1252: save the file as \"CSV UTF-8\""),
        (9, "", "opens a quote that is never closed"),
    ];
    let expected = expected.map(|(row, field, detail)| (row, field.to_owned(), detail.to_owned()));
    assert_eq!(errors(&report), expected);
    assert_eq!(report["errors"][0]["column"], "Telefono");
    assert_eq!((errors(&rehearsed), tally(&rehearsed)), (errors(&report), tally(&report)));
    // What lies in the file as a whole is said at once, and nothing is begun.
    let before = stored(&app);
    file.clear();
    for (file, said) in [
        (&b""[..], "empty"),
        (b"Asha,Rao\n", "names no field"),
        (b"\xff\xfef\0", "UTF-16"),
        (b"Stra\xdfe,phone\n", "Windows-1252"),
        (b"\"phone\nx", "never closed"),
    ] {
        let answer = send(&app.owner, "", file).await;
        assert_eq!(answer.problem(422), "invalid");
        assert!(answer.body["detail"].as_str().unwrap().contains(said), "{}", answer.body);
    }
    assert_eq!(stored(&app), before);
}

#[tokio::test]
async fn a_row_of_a_lead_who_is_there_changes_it_or_is_left_out() {
    let app = TestApp::start().await;
    let body = json!({"first_name": "Asha", "phone": "+919876543210", "company": "Acme", "tags": ["old"],
        "consent": {"voice": {"granted": true, "basis": "opt_in", "source": "web", "at": "2026-01-01T00:00:00Z"}}});
    let made = app.owner.post("/leads", body).await.expect(201);
    let file = "id,first_name,phone,company,tags,consent_voice,status\n\
        ,Asha,00919876543210,,new|tag,yes,qualified\n\
        4711,Asha,919876543210@s.whatsapp.net,,,,\n";
    let skipped = import(&app, "?on_duplicate=skip", file).await;
    assert_eq!(tally(&skipped), [2, 0, 0, 0, 2, 0], "{skipped:#}");
    let report = import(&app, "", file).await;
    assert_eq!(tally(&report), [2, 0, 1, 1, 0, 0], "{report:#}");
    let lead = app.owner.get(&format!("/leads/{}", made["id"].as_str().unwrap())).await.expect(200);
    assert_eq!((&lead["company"], &lead["tags"]), (&json!("Acme"), &json!(["new", "tag"])));
    assert_eq!((&lead["status"], &lead["consent"]), (&json!("qualified"), &made["consent"]));
    let other = app.owner.post("/leads", json!({"email": "other@example.com"})).await.expect(201);
    let file = format!(
        "id,email,first_name\n{},ASHA@example.com,Asha B\n{},asha@example.com,X\n",
        made["id"].as_str().unwrap(),
        other["id"].as_str().unwrap()
    );
    let report = import(&app, "", file).await;
    assert_eq!(tally(&report), [2, 0, 1, 0, 0, 1], "{report:#}");
    assert_eq!(errors(&report)[0].1, "email");
    let counts = app.store().counts(&"demo".parse().unwrap(), "lead").await.unwrap();
    let expected = [("all", 2), ("client#prospect", 2), ("status#qualified", 1), ("status#new", 1)];
    assert_eq!(counts, expected.into_iter().map(|(name, n)| (name.to_owned(), n)).collect());
}

#[tokio::test]
async fn an_import_is_taken_back_but_for_what_people_changed_since() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    for n in 0..3 {
        let body =
            json!({"first_name": format!("Old{n}"), "phone": format!("+91987654321{n}"), "tags": ["a"]});
        owner.post("/leads", body).await.expect(201);
    }
    let before = leads(owner).await;
    let lists = |app: &TestApp| {
        let keys =
            stored(app).into_keys().filter(|key| key.contains("#LIST#lead") || key.contains("#U#lead"));
        keys.collect::<Vec<_>>()
    };
    let rows_before = lists(&app);
    let mut file = "first_name,phone,email,tags\nOld0,+919876543210,o0@example.com,b\nOld1,+919876543211,,b;c\nOld2,+919876543212,o2@example.com,\n".to_owned();
    file.extend((0..30).map(|n| format!("New{n},+9198765440{n:02},,x\n")));
    let report = import(&app, "", &file).await;
    assert_eq!(tally(&report), [33, 30, 3, 0, 0, 0], "{report:#}");
    let path = format!("/imports/{}/undo", report["id"].as_str().unwrap());
    let patch = async |name: &str, change: Value| {
        let lead = named(owner, name).await;
        owner.patch(&format!("/leads/{}", lead["id"].as_str().unwrap()), change).await.expect(200)
    };
    let edited = patch("Old1", json!({"notes": "Called back."})).await;
    patch("New7", json!({"notes": "Called back."})).await;
    let gone = named(owner, "New8").await["id"].as_str().unwrap().to_owned();
    owner.delete(&format!("/leads/{gone}")).await.expect(204);
    let undoing = owner.post(&path, json!({})).await.expect(202);
    assert_eq!(undoing["status"], "undoing");
    assert_eq!(owner.post(&path, json!({})).await.problem(409), "conflict");
    assert_eq!(app.settle().await, Vec::<String>::new());
    let report = crate::imports::report(owner, &report).await;
    assert_eq!(report["status"], "undone", "{report:#}");
    let undo = &report["undo"];
    assert_eq!((&undo["removed"], &undo["restored"], &undo["kept"]), (&json!(28), &json!(2), &json!(2)));
    let kept = named(owner, "New7").await;
    assert_eq!(undo["kept_leads"].as_array().unwrap().len(), 2);
    assert!(undo["kept_leads"].as_array().unwrap().contains(&kept["id"]));
    // All but the two that a person changed are as before, and nothing points to what is gone.
    let after = leads(owner).await;
    assert_eq!(after.len(), 4);
    for lead in &after {
        let was = before.iter().find(|was| was["id"] == lead["id"]);
        match lead["first_name"].as_str().unwrap() {
            "New7" => assert!(was.is_none()),
            "Old1" => assert_eq!((&lead["notes"], &lead["tags"]), (&edited["notes"], &json!(["b", "c"]))),
            _ => assert_eq!(was, Some(lead)),
        }
    }
    owner.delete(&format!("/leads/{}", kept["id"].as_str().unwrap())).await.expect(204);
    patch("Old1", json!({"tags": ["a"]})).await;
    assert_eq!(lists(&app), rows_before);
    let counts = app.store().counts(&"demo".parse().unwrap(), "lead").await.unwrap();
    assert_eq!((counts["all"], counts["status#new"], counts.len()), (3, 3, 3));
    assert_eq!(owner.post(&path, json!({})).await.problem(409), "conflict");
}

#[tokio::test]
async fn a_value_that_is_anothers_by_now_stays_with_them() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    owner
        .post("/leads", json!({"first_name": "A", "email": "a@example.com", "phone": "+919876543210"}))
        .await
        .expect(201);
    let report =
        import(&app, "", "first_name,email,phone\nA,a@example.com,+919876543211\nB,,+919876543212\n").await;
    assert_eq!(tally(&report), [2, 1, 1, 0, 0, 0], "{report:#}");
    owner.post("/leads", json!({"first_name": "C", "phone": "+919876543210"})).await.expect(201);
    owner.post(&format!("/imports/{}/undo", report["id"].as_str().unwrap()), json!({})).await.expect(202);
    assert_eq!(app.settle().await, Vec::<String>::new());
    let undo = crate::imports::report(owner, &report).await["undo"].clone();
    assert_eq!((&undo["removed"], &undo["restored"], &undo["kept"]), (&json!(1), &json!(0), &json!(1)));
    assert_eq!(named(owner, "A").await["phone"], "+919876543211");
    assert_eq!(named(owner, "C").await["phone"], "+919876543210");
}

#[tokio::test]
async fn a_large_file_is_put_where_the_answer_says() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let large = vec![b'x'; 4 * 1024 * 1024 + 1];
    let refused = send(owner, "", large).await;
    assert_eq!(refused.problem(413), "too_large");
    assert!(refused.body["detail"].as_str().unwrap().contains("POST /imports"));
    let nobody = app.client(None);
    let put = async |url: &str, file: &str| {
        let path = url.strip_prefix(&app.url).expect("a link to this product").to_owned();
        nobody.send(Method::PUT, &path, &[], Some(file.as_bytes().to_vec())).await
    };
    for dry_run in [true, false] {
        let body = json!({"filename": "big.csv", "mapping": {"Nome": "first_name"}, "dry_run": dry_run});
        let upload = owner.post("/imports", body).await.expect(201);
        let id = upload["id"].as_str().unwrap().to_owned();
        let start = format!("/imports/{id}/start");
        assert_eq!(owner.post(&start, json!({})).await.problem(409), "conflict");
        let url = upload["upload_url"].as_str().unwrap();
        let forged = url.replace("signature=", "signature=0");
        assert_eq!(put(&forged, "x").await.problem(403), "forbidden");
        assert_eq!(put(url, "Nome,phone\nAsha,+919876543210\nBad,1\n").await.status, 200);
        assert_eq!(owner.post(&start, json!({})).await.expect(202)["status"], "running");
        assert_eq!(owner.post(&start, json!({})).await.problem(409), "conflict");
        assert_eq!(app.settle().await, Vec::<String>::new());
        let report = owner.get(&format!("/imports/{id}")).await.expect(200);
        assert_eq!(
            (&report["status"], tally(&report)),
            (&json!("completed"), [2, 1, 0, 0, 0, 1]),
            "{report:#}"
        );
        assert_eq!(errors(&report).len(), 1);
        assert_eq!(leads(owner).await.len(), usize::from(!dry_run));
        let undo = owner.post(&format!("/imports/{id}/undo"), json!({})).await;
        assert_eq!(undo.status, if dry_run { 409 } else { 202 });
        app.settle().await;
    }
    let listed = owner.get("/imports?limit=1").await.expect(200);
    assert_eq!((&listed[0]["status"], &listed[0]["errors"]), (&json!("undone"), &Value::Null));
    // A file that turns out to be none ends the import, with the reason.
    let upload = owner.post("/imports", json!({})).await.expect(201);
    assert_eq!(put(upload["upload_url"].as_str().unwrap(), "Asha,Rao\n").await.status, 200);
    owner.post(&format!("/imports/{}/start", upload["id"].as_str().unwrap()), json!({})).await.expect(202);
    assert_eq!(app.settle().await, Vec::<String>::new());
    let failed = report(owner, &upload).await;
    assert_eq!(failed["status"], "failed");
    assert!(failed["failure"].as_str().unwrap().contains("names no field"));
    let later = jiff::SignedDuration::from_hours(2);
    let upload = owner.post("/imports", json!({})).await.expect(201);
    app.advance(later).await;
    assert_eq!(put(upload["upload_url"].as_str().unwrap(), "x").await.problem(403), "forbidden");
}

#[tokio::test]
async fn files_are_their_tenants_own_and_for_members() {
    let app = TestApp::start().await;
    let report = import(&app, "", "first_name\nAsha\n").await;
    let export = app.owner.post("/exports", json!({})).await.expect(202);
    app.settle().await;
    let (import, export) = (report["id"].as_str().unwrap(), export["id"].as_str().unwrap());
    let stranger = app.tenant("acme").await;
    for path in [format!("/imports/{import}"), format!("/exports/{export}")] {
        assert_eq!(stranger.get(&path).await.problem(404), "not_found");
    }
    for verb in ["start", "undo"] {
        let answer = stranger.post(&format!("/imports/{import}/{verb}"), json!({})).await;
        assert_eq!(answer.problem(404), "not_found");
    }
    assert_eq!(stranger.get("/imports").await.expect(200), json!([]));
    assert_eq!(stranger.get("/exports").await.expect(200), json!([]));
    let viewer = app.member("viewer").await;
    viewer.get(&format!("/imports/{import}")).await.expect(200);
    assert_eq!(send(&viewer, "", "first_name\nX\n").await.problem(403), "forbidden");
    assert_eq!(send(&viewer, "?dry_run=true", "first_name\nX\n").await.problem(403), "forbidden");
    for path in ["/imports".to_owned(), "/exports".to_owned(), format!("/imports/{import}/undo")] {
        assert_eq!(viewer.post(&path, json!({})).await.problem(403), "forbidden", "{path}");
    }
    assert_eq!(viewer.get(&format!("/exports/{export}")).await.problem(403), "forbidden");
}

#[tokio::test]
async fn the_same_request_imports_once() {
    let app = TestApp::start().await;
    let post = async |file: &str| {
        let key = [("idempotency-key", "file-1")];
        app.owner.send(Method::POST, "/leads/import", &key, Some(file.as_bytes().to_vec())).await
    };
    let first = post("first_name\nAsha\n").await.expect(202);
    let again = post("first_name\nAsha\n").await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.expect(202)["id"], first["id"]);
    assert_eq!(post("first_name\nOther\n").await.problem(422), "idempotency_key_reused");
    app.settle().await;
    assert_eq!(leads(&app.owner).await.len(), 1);
}

#[tokio::test]
async fn leads_come_into_the_campaign_that_a_row_names_or_that_takes_its_source() {
    // 23:00 in Kolkata: a call waits.
    let app = TestApp::start_at("2027-01-11T17:30:00Z").await;
    let owner = &app.owner;
    let agent = crate::story::agent(owner).await["id"].clone();
    let campaign = async |body: Value| owner.post("/campaigns", body).await.expect(201)["id"].clone();
    let agents = json!([{"agent_id": agent}]);
    let spring = campaign(json!({"name": "Spring", "source": "Trade Fair", "agents": agents})).await;
    let autumn = campaign(json!({"name": "Autumn", "agents": agents})).await;
    let text = |id: &Value| id.as_str().unwrap().to_owned();
    owner.post(&format!("/campaigns/{}/start", text(&spring)), json!({})).await.expect(202);
    app.settle().await;
    let file = format!(
        "first_name,phone,source,campaign_id,consent_voice\nA,+919876543210,trade fair,,yes\nB,+919876543211,Trade Fair,{},yes\n\
         C,+919876543212,web,,yes\nD,+919876543213,,cmp_01JAAAAAAAAAAAAAAAAAAAAAAA,\n",
        text(&autumn)
    );
    let report = import(&app, "", file).await;
    assert_eq!(tally(&report), [4, 3, 0, 0, 0, 1], "{report:#}");
    assert_eq!(errors(&report), [(4, "campaign_id".to_owned(), "is no campaign of yours".to_owned())]);
    let belongs = async |name: &str| named(owner, name).await["campaign_id"].clone();
    assert_eq!(
        (belongs("A").await, belongs("B").await, belongs("C").await),
        (spring.clone(), autumn, Value::Null)
    );
    assert_eq!(named(owner, "A").await["provenance"]["campaign_id"]["by"], "system");
    // The campaign that runs calls whom it got; that alone does not keep a lead from going again.
    let calls = owner.get(&format!("/calls?campaign_id={}", text(&spring))).await.expect(200);
    assert_eq!((calls.as_array().unwrap().len(), &calls[0]["lead_id"]), (1, &named(owner, "A").await["id"]));
    owner.post(&format!("/imports/{}/undo", text(&report["id"])), json!({})).await.expect(202);
    assert_eq!(app.settle().await, Vec::<String>::new());
    let undo = crate::imports::report(owner, &report).await["undo"].clone();
    assert_eq!((&undo["removed"], &undo["kept"]), (&json!(3), &json!(0)), "{undo:#}");
    assert_eq!(leads(owner).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_file_may_name_more_campaigns_and_sources_than_a_step_has_items() {
    let app = TestApp::start().await;
    let mut file = "first_name,campaign_id,source\n".to_owned();
    for n in 0..150 {
        let body = json!({"name": format!("Campaign {n}")});
        let id = app.owner.post("/campaigns", body).await.expect(201)["id"].clone();
        writeln!(file, "L{n},{},S{n}", id.as_str().unwrap()).unwrap();
    }
    let report = import(&app, "", file).await;
    assert_eq!(tally(&report), [150, 150, 0, 0, 0, 0], "{report:#}");
    assert_eq!(report["status"], "completed");
}

#[tokio::test]
async fn five_thousand_rows_are_five_thousand_leads() {
    let app = TestApp::start().await;
    let mut file = "first_name,last_name,phone,email,source,consent_voice\n".to_owned();
    let row = |n| format!("Asha{n},Rao,+919{:09},lead{n}@example.com,fair,yes\n", 100_000_000 + n);
    file.extend((0..5_000).map(row));
    // Two that were there before: one is changed, and one said again.
    file.push_str("Asha0,Rao,+919100000000,,,\nAsha1,Roy,+919100000001,,,\n");
    let report = import(&app, "", &file).await;
    assert_eq!(tally(&report), [5_002, 5_000, 1, 1, 0, 0], "{report:#}");
    let pipeline = app.owner.get("/leads/pipeline").await.expect(200);
    assert_eq!(pipeline["total"], 5_000);
    let last = app.owner.get("/leads?search=lead4999@example.com").await.expect(200);
    assert_eq!(last[0]["first_name"], "Asha4999");
    last[0]["id"].as_str().unwrap().parse::<ContactId>().unwrap();
}
