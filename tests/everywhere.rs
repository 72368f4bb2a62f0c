//! The cases. Each makes a tenant of its own, so that they may run side by side.

use crate::stage::{Stage, ask_link};
use crate::{Issuer, Tenant};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use simulators::{Lie, Person, Script, phone_number_id};
use testkit::Client;

/// A test for each case, each on a stage that the expression makes: `tests_everywhere!(Stage::local())`.
#[macro_export]
macro_rules! tests_everywhere {
    ($stage:expr) => {
        $crate::tests_everywhere! {
            $stage;
            a_call_is_made_at_its_time
            a_campaign_calls_its_leads
            a_chat_is_answered
            a_tenant_without_credentials_is_told_so
            an_end_counts_once
            files_go_by_links
            a_conversation_fills_the_record
            a_person_is_erased_for_good
            a_practice_goes_its_way
            two_records_become_one_and_two_again
            tenants_never_see_each_other
            what_is_wrong_is_a_problem
        }
    };
    ($stage:expr; $($case:ident)*) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::everywhere::$case(&$stage.await).await;
            }
        )*
    };
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn consent() -> Value {
    json!({"voice": {"granted": true, "basis": "opt_in", "source": "web_form"}})
}

/// A new agent's id.
pub async fn agent(client: &Client, name: &str) -> String {
    let body = json!({"name": name, "system_prompt": "You qualify leads.", "first_message": "Hello {{first_name}}!"});
    let made = client.post("/agents", body).await.expect(201);
    assert_eq!(made["sync"], "in_sync");
    text(&made["id"])
}

/// The id of a new lead who may be called.
pub async fn lead(client: &Client, name: &str, phone: &str) -> String {
    let body = json!({"first_name": name, "phone": phone, "source": "Fair", "consent": consent()});
    text(&client.post("/leads", body).await.expect(201)["id"])
}

/// The call, once it has this status.
pub async fn call_that_is(stage: &Stage, client: &Client, id: &str, status: &str) -> Value {
    let path = format!("/calls/{id}");
    stage
        .until(&format!("{id} to be {status}"), async || {
            let call = client.get(&path).await.expect(200);
            (call["status"] == status).then_some(call)
        })
        .await
}

/// The actions of a lead, once there is one of this kind.
async fn actions_with(stage: &Stage, client: &Client, lead: &str, kind: &str) -> Vec<Value> {
    let path = format!("/leads/{lead}/actions");
    stage
        .until(kind, async || {
            let actions = client.get(&path).await.expect(200).as_array().unwrap().clone();
            actions.iter().any(|action| action["kind"] == kind).then_some(actions)
        })
        .await
}

/// Leads of a campaign are called, their talks read, and what follows is done; a person with a token sees it.
pub async fn a_campaign_calls_its_leads(stage: &Stage) {
    let Tenant { id: tenant, owner, account } = stage.tenant("campaign").await;
    let maya = agent(&owner, "Maya").await;
    let numbers = [1, 16, 13].map(|ending| stage.callee.number(ending));
    let [curious, busy, unwilling] = &numbers;
    let asha = lead(&owner, "আশা", curious).await;
    let giulia = lead(&owner, "Giulia", busy).await;
    let ravi = lead(&owner, "रवि", unwilling).await;
    let silent = json!({"first_name": "No", "phone": stage.callee.number(22), "source": "Fair"});
    let silent = text(&owner.post("/leads", silent).await.expect(201)["id"]);

    let campaign = json!({"name": "Fair", "source": "fair", "agents": [{"agent_id": maya}]});
    let campaign = text(&owner.post("/campaigns", campaign).await.expect(201)["id"]);
    let plan = owner.post(&format!("/campaigns/{campaign}/plan"), json!({})).await.expect(200);
    assert_eq!((&plan["planned"], &plan["skipped"]), (&json!(3), &json!({"no_consent": 1})));
    owner.post(&format!("/campaigns/{campaign}/start"), json!({})).await.expect(202);
    stage
        .until("three dials", async || {
            let dials = stage.simulators().dials().into_iter();
            (dials.filter(|dial| dial.account == account).count() == 3).then_some(())
        })
        .await;
    let list = format!("/calls?campaign_id={campaign}");
    let on_the_line = stage
        .until("three calls on the line, one blocked", async || {
            let calls = owner.all(&list).await;
            let count = |status: &str| calls.iter().filter(|call| call["status"] == status).count();
            (count("in_progress") == 3 && count("blocked") == 1).then_some(calls)
        })
        .await;
    let call_of = |lead: &str| text(&on_the_line.iter().find(|call| call["lead_id"] == lead).unwrap()["id"]);
    let blocked = owner.get(&format!("/calls/{}", call_of(&silent))).await.expect(200);
    assert_eq!(blocked["reason"], "no_consent");

    stage.talks_end().await;
    for lead in [&asha, &giulia, &ravi] {
        let call = call_that_is(stage, &owner, &call_of(lead), "completed").await;
        assert!(call["attempts"][0]["duration_secs"].as_u64().unwrap() > 0);
    }
    let callback = actions_with(stage, &owner, &giulia, "follow_up_call").await;
    let callback = callback.iter().find(|action| action["kind"] == "follow_up_call").unwrap();
    let again = owner.get(&format!("/calls/{}", text(&callback["new_call_id"]))).await.expect(200);
    assert_eq!((&again["status"], &again["follows"]), (&json!("queued"), &json!(call_of(&giulia))));
    let asked: Timestamp = text(&callback["due_at"]).parse().unwrap();
    assert_eq!(asked.in_tz(stage.callee.zone).unwrap().strftime("%a %H:%M").to_string(), "Thu 15:00");
    actions_with(stage, &owner, &asha, "task").await;
    let read = owner.get(&format!("/calls/{}", call_of(&asha))).await.expect(200);
    assert_eq!(read["transcript"][0]["message"], "Hello আশা!");
    assert_eq!(
        (&read["analysis"]["outcome"], &read["analysis"]["model"]),
        (&json!("interested"), &json!("simulator"))
    );

    let figures = stage
        .until("figures of three talks", async || {
            let figures = owner.get("/analytics/calls").await.expect(200);
            (figures["outcomes"]["interested"] == 1 && figures["by_status"]["completed"] == 3)
                .then_some(figures)
        })
        .await;
    assert_eq!(figures["outcomes"]["callback_requested"], 1, "{figures:#}");

    let issuer = Issuer::start().await.named(&tenant);
    owner.put("/admin/jwt-issuer", issuer.settings()).await.expect(200);
    let maria = stage.client(Some(&issuer.bearer("maria", "viewer", stage.now())));
    assert_eq!(maria.all("/leads").await.len(), 4);
    assert_eq!(maria.post("/leads", json!({"first_name": "X"})).await.problem(403), "forbidden");
    let forger = Issuer::start().await.named(&tenant);
    let forged = stage.client(Some(&forger.bearer("maria", "owner", stage.now())));
    assert_eq!(forged.get("/leads").await.problem(401), "unauthenticated");
    let feed = owner.get("/changes?limit=100").await.expect(200);
    assert!(!feed["cursor"].is_null());
}

/// A call that is wished for later is made when its time has come, and not before.
pub async fn a_call_is_made_at_its_time(stage: &Stage) {
    let Tenant { owner, account, .. } = stage.tenant("later").await;
    agent(&owner, "Maya").await;
    let lead = lead(&owner, "Asha", &stage.callee.number(1)).await;
    // Further away than the next tick looks.
    let due = stage.now() + SignedDuration::from_secs(100);
    let wish = json!({"lead_id": lead, "scheduled_at": due.to_string()});
    let call = text(&owner.post("/calls", wish).await.expect(202)["id"]);
    let dialed = async || stage.simulators().dials().into_iter().find(|dial| dial.account == account);
    stage.pass(SignedDuration::from_secs(30)).await;
    assert!(dialed().await.is_none(), "too early");
    stage.pass(due.duration_since(stage.now())).await;
    let dial = stage.until("the dial", dialed).await;
    let late = dial.at.duration_since(due);
    assert!(late >= SignedDuration::from_secs(-1) && late < SignedDuration::from_secs(20), "{late:#}");
    call_that_is(stage, &owner, &call, "in_progress").await;
}

/// An end that is told twice counts once; one that a stranger tells does not count.
pub async fn an_end_counts_once(stage: &Stage) {
    let Tenant { id: tenant, owner, account } = stage.tenant("twice").await;
    agent(&owner, "Maya").await;
    let number = stage.callee.number(1);
    stage.simulators().set_script(&number, vec![Script::NotInterested]).unwrap();
    let lead = lead(&owner, "Asha", &number).await;
    let call = text(&owner.post("/calls", json!({"lead_id": lead})).await.expect(202)["id"]);
    call_that_is(stage, &owner, &call, "in_progress").await;
    let forged = json!({"type": "post_call_transcription", "event_timestamp": 1, "data": {}}).to_string();
    let webhook = format!("/webhooks/elevenlabs/{tenant}");
    let signature = format!("t={},v0={:064}", stage.now().as_second(), 0);
    let headers = [("elevenlabs-signature", signature.as_str())];
    let answer = stage.client(None).send(Method::POST, &webhook, &headers, Some(forged.into_bytes())).await;
    assert_eq!(answer.status, 401, "{:#}", answer.body);
    stage.simulators().force_next(Lie::Duplicate);
    stage.talks_end().await;
    stage.talks_end().await;
    call_that_is(stage, &owner, &call, "completed").await;
    stage
        .until("one talk in the figures", async || {
            let figures = owner.get("/analytics/calls").await.expect(200);
            (figures["outcomes"]["not_interested"] == 1).then_some(())
        })
        .await;
    let figures = owner.get("/analytics/calls").await.expect(200);
    assert_eq!(figures["by_status"]["completed"], 1, "{figures:#}");
    let dials = stage.simulators().dials().into_iter().filter(|dial| dial.account == account);
    assert_eq!(dials.count(), 1);
}

/// Who writes is answered with what is known of them, until a person takes over or they want no more.
pub async fn a_chat_is_answered(stage: &Stage) {
    let Tenant { id: tenant, owner, .. } = stage.tenant("chat").await;
    let phone = stage.callee.number(1);
    let digits = phone.trim_start_matches('+').to_owned();
    let asha = lead(&owner, "আশা", &phone).await;
    let deal =
        json!({"contact_id": asha, "title": "Flat", "value": 50000, "currency": "USD", "stage": "proposal"});
    owner.post("/deals", deal).await.expect(201);
    let known = owner.get(&format!("/api/customer-context/{digits}")).await.expect(200);
    assert_eq!(known["data"]["contact_id"], json!(asha));

    let person = Person { phone: Some(digits.clone()), user_id: None, name: Some("Asha".to_owned()) };
    let says = async |words: &str| {
        let content = json!({"type": "text", "text": {"body": words}});
        stage.simulators().receive_whatsapp(&phone_number_id(&tenant), &person, content).unwrap();
        stage.talks_end().await;
    };
    let sent =
        || stage.simulators().sent().into_iter().filter(|sent| sent.to == digits).map(|sent| sent.text);
    let replies = async |count: usize| {
        stage.until("a reply", async || (sent().count() >= count).then_some(())).await;
        assert_eq!(sent().count(), count, "{:?}", sent().collect::<Vec<_>>());
        sent().next_back().unwrap()
    };
    says("What is the price?").await;
    let reply = replies(1).await;
    assert!(reply.contains("আশা") && reply.contains("USD 50,000"), "{reply}");
    stage.talks_end().await;
    let conversation = stage
        .until("the reply to be read", async || {
            let talk = owner.get("/conversations").await.expect(200)[0].clone();
            let talk = owner.get(&format!("/conversations/{}", text(&talk["id"]))).await.expect(200);
            (talk["messages"][0]["status"] == "read").then_some(talk)
        })
        .await;
    let path = format!("/conversations/{}", text(&conversation["id"]));
    owner.post(&format!("{path}/messages"), json!({"text": "Ravi here"})).await.expect(202);
    assert_eq!(replies(2).await, "Ravi here");
    assert_eq!(owner.get(&path).await.expect(200)["status"], "human");
    owner.post(&format!("{path}/release"), json!({})).await.expect(200);
    says("STOP").await;
    assert!(replies(3).await.contains("START"));
    let lead = owner.get(&format!("/leads/{asha}")).await.expect(200);
    assert_eq!(lead["suppression"]["whatsapp"]["reason"], "opted_out");
    let refused = owner.post(&format!("{path}/messages"), json!({"text": "Please"})).await;
    assert_eq!(refused.problem(409), "suppressed");
    let mail = json!({"contact_id": asha, "channel": "email", "subject": "Hello", "text": "Hello"});
    assert_eq!(owner.post("/conversations", mail).await.problem(409), "suppressed");
    let (nobody, webhook) = (stage.client(None), format!("/webhooks/whatsapp/{tenant}"));
    let forged = [("x-hub-signature-256", "sha256=00")];
    let forged = nobody.send(Method::POST, &webhook, &forged, Some(b"{}".to_vec())).await;
    assert_eq!(forged.problem(401), "unauthenticated");
    let question =
        |token: &str| format!("{webhook}?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=42");
    let known = nobody.get(&question(&format!("verify_wsec_{tenant}"))).await.expect(200);
    assert_eq!(known, json!(42));
    assert_eq!(nobody.get(&question("wrong")).await.problem(403), "forbidden");
}

/// Leads come from a file that is put by a link, and go into one that is had by a link.
pub async fn files_go_by_links(stage: &Stage) {
    let owner = stage.tenant("files").await.owner;
    let upload = owner.post("/imports", json!({"filename": "leads.csv"})).await.expect(201);
    let file =
        format!("first_name,phone\nরহিমা,{}\nआशा,{}\nBad,1\n", stage.callee.number(1), stage.callee.number(2));
    let put = ask_link(Method::PUT, &text(&upload["upload_url"]), Some(&file)).await;
    assert_eq!(put.status, 200, "{:#}", put.body);
    let import = text(&upload["id"]);
    owner.post(&format!("/imports/{import}/start"), json!({})).await.expect(202);
    let done = finished(stage, &owner, &format!("/imports/{import}")).await;
    assert_eq!((&done["created"], &done["failed"]), (&json!(2), &json!(1)), "{done:#}");

    let export = text(&owner.post("/exports", json!({"format": "csv"})).await.expect(202)["id"]);
    let done = finished(stage, &owner, &format!("/exports/{export}")).await;
    let got = ask_link(Method::GET, &text(&done["download_url"]), None).await;
    let got = text(&got.expect(200));
    assert!(got.contains("রহিমা") && got.contains("आशा") && got.lines().count() == 3, "{got}");
}

/// The import, export or reading, once it is completed.
async fn finished(stage: &Stage, client: &Client, path: &str) -> Value {
    stage
        .until(path, async || {
            let record = client.get(path).await.expect(200);
            assert_ne!(record["status"], "failed", "{record:#}");
            (record["status"] == "completed").then_some(record)
        })
        .await
}

/// A conversation that another system saves makes client and practice; what ends soon is alerted of, and whoever asks is told.
pub async fn a_conversation_fills_the_record(stage: &Stage) {
    let owner = stage.tenant("records").await.owner;
    // Alerts are made by day.
    owner.put("/business-config", json!({"timezone": stage.callee.zone})).await.expect(200);
    let seeded = owner.post("/admin/apply-migration-007", json!({})).await.expect(200);
    assert_eq!(seeded["total_practice_types"], 7);
    let body = json!({"user_email": "john.smith@email.com", "session_id": "test-session-001",
        "messages": [{"role": "user", "content": "Hi, my name is John Smith, I am from Italy. I want to open a PT PMA."}],
        "metadata": {"team_member": "antonello@balizero.com"}});
    let saved = owner.post("/bali-zero/conversations/save", body.clone()).await.expect(200);
    assert_eq!((&saved["success"], &saved["messages_saved"]), (&json!(true), &json!(1)));
    let job = format!("/conversations/jobs/{}", text(&saved["crm"]["job_id"]));
    let done = finished(stage, &owner, &job).await;
    assert_eq!(done["crm"]["practice_created"], true);
    let client = owner.get("/crm/clients/by-email/john.smith@email.com").await.expect(200);
    assert_eq!((&client["full_name"], &client["status"]), (&json!("John Smith"), &json!("prospect")));
    let again = owner.post("/bali-zero/conversations/save", body).await.expect(200);
    assert_eq!(again["crm"]["client_id"], client["id"]);
    let found = owner.get("/crm/shared-memory/search?q=active+practices+antonello").await.expect(200);
    assert_eq!(found["practices"][0]["id"], done["crm"]["practice_id"]);

    let soon = stage.now().checked_add(jiff::SignedDuration::from_hours(20 * 24)).unwrap();
    let soon = soon.strftime("%Y-%m-%d").to_string();
    let kitas = json!({"client_id": client["id"], "practice_type_code": "KITAS", "status": "completed", "expiry_date": soon});
    owner.post("/crm/practices", kitas).await.expect(201);
    let alert =
        stage.until("the alert", async || owner.all("/crm/renewal-alerts").await.into_iter().next()).await;
    assert_eq!((&alert["lead_days"], &alert["client_id"]), (&json!(30), &client["id"]));
    let known = format!("/crm/shared-memory/client/{}/full-context", text(&client["id"]));
    let known = owner.get(&known).await.expect(200);
    assert_eq!((&known["practices"]["total"], &known["interactions"]["total"]), (&json!(2), &json!(1)));
    owner.delete(&format!("/crm/clients/{}", text(&client["id"]))).await.expect(204);
    assert!(owner.all("/crm/clients").await.is_empty());
    owner.post(&format!("/crm/clients/{}/restore", text(&client["id"])), json!({})).await.expect(200);
}

/// One person has two records, which are made one, and two again; all that is stored of them is told.
pub async fn two_records_become_one_and_two_again(stage: &Stage) {
    let owner = stage.tenant("duplicates").await.owner;
    let made = async |body: Value| text(&owner.post("/crm/clients", body).await.expect(201)["id"]);
    let kept = made(json!({"full_name": "Giulia Décaro", "email": "giulia@example.it"})).await;
    let gone = made(json!({"full_name": "decaro GIULIA", "phone": "+39 333 123 4567"})).await;
    for n in 0..20 {
        let note = json!({"client_id": gone, "interaction_type": "note", "summary": format!("Note {n}")});
        owner.post("/crm/interactions", note).await.expect(201);
    }
    let alike = owner.all("/crm/duplicates").await;
    assert_eq!((alike.len(), &alike[0]["reason"]), (1, &json!("name")));
    let merge =
        owner.post(&format!("/crm/clients/{kept}/merge"), json!({"other_id": gone})).await.expect(200);
    let path = format!("/crm/merges/{}", text(&merge["merge_id"]));
    let stands = async |status: &'static str| {
        stage
            .until(status, async || {
                Some(owner.get(&path).await.expect(200)).filter(|it| it["status"] == status)
            })
            .await
    };
    assert_eq!(stands("done").await["moved"], json!({"interactions": 20}));
    let moved = owner.get(&format!("/crm/clients/{gone}")).await;
    assert_eq!(moved.headers["location"], format!("/crm/clients/{kept}"));
    assert_eq!(moved.problem(307), "merged");
    let one = owner.get(&format!("/crm/clients/{kept}")).await.expect(200);
    assert_eq!((&one["phone"], &one["email"]), (&json!("+393331234567"), &json!("giulia@example.it")));
    let dossier = owner.post(&format!("/crm/clients/{kept}/export"), Value::Null).await.expect(200);
    assert_eq!(dossier["records"]["interaction"].as_array().unwrap().len(), 20);
    owner.post(&format!("{path}/undo"), json!({})).await.expect(200);
    stands("undone").await;
    assert_eq!(owner.all(&format!("/crm/interactions?client_id={gone}")).await.len(), 20);
    assert_eq!(owner.get(&format!("/crm/clients/{kept}")).await.expect(200)["phone"], Value::Null);
}

/// Of a person who is erased nothing is left: the talk, the sealed fields and the document go, and whoever comes back is new.
pub async fn a_person_is_erased_for_good(stage: &Stage) {
    let owner = stage.tenant("erased").await.owner;
    let fields = json!([{"name": "passport", "type": "text", "sensitive": true}]);
    owner.put("/business-config", json!({"customFields": fields})).await.expect(200);
    agent(&owner, "Maya").await;
    let number = stage.callee.number(1);
    let id = lead(&owner, "রহিমা", &number).await;
    let client = format!("/crm/clients/{id}");
    let sealed = format!("{client}/sensitive");
    owner.patch(&sealed, json!({"passport": "YA1234567"})).await.expect(200);
    assert_eq!(owner.get(&sealed).await.expect(200)[0]["value"], "YA1234567");
    owner.post("/admin/apply-migration-007", json!({})).await.expect(200);
    let practice = json!({"client_id": id, "practice_type_code": "KITAS"});
    let practice = text(&owner.post("/crm/practices", practice).await.expect(201)["id"]);
    let call = text(&owner.post("/calls", json!({"lead_id": id})).await.expect(202)["id"]);
    call_that_is(stage, &owner, &call, "in_progress").await;
    stage.talks_end().await;
    call_that_is(stage, &owner, &call, "completed").await;

    owner.post(&format!("{client}/erase"), json!({})).await.expect(202);
    assert_eq!(owner.get(&client).await.problem(404), "not_found");
    let erased = stage
        .until("the erasure", async || {
            let erased = owner.get(&format!("/crm/erasures/{id}")).await.expect(200);
            (erased["status"] == "done").then_some(erased)
        })
        .await;
    assert_eq!(
        (&erased["removed"]["calls"], &erased["removed"]["practices"]),
        (&json!(1), &json!(1)),
        "{erased:#}"
    );
    for gone in [format!("/calls/{call}"), format!("/crm/practices/{practice}"), sealed] {
        assert_eq!(owner.get(&gone).await.problem(404), "not_found", "{gone}");
    }
    assert!(owner.all("/crm/clients").await.is_empty());
    assert_ne!(lead(&owner, "রহিমা", &number).await, id);
}

/// A client is given a service: what it costs, what they bring, how far it is, and until when it is valid.
pub async fn a_practice_goes_its_way(stage: &Stage) {
    let owner = stage.tenant("practices").await.owner;
    let kind = json!({"code": "kitas", "name": "KITAS (Limited Stay Permit)", "currency": "IDR", "validity_months": 12,
        "required_documents": ["Passport"]});
    owner.post("/crm/practice-types", kind).await.expect(201);
    let client = lead(&owner, "আশা", &stage.callee.number(1)).await;
    let body = json!({"client_id": client, "practice_type_code": "KITAS", "quoted_price": 15_000_000,
        "assigned_to": "test@balizero.com"});
    let made = owner.post("/crm/practices", body).await.expect(201);
    assert_eq!((&made["quoted_price"], &made["status"]), (&json!(15_000_000), &json!("inquiry")));
    let one = format!("/crm/practices/{}", text(&made["id"]));

    let passport = json!({"document_type": "passport", "name": "পাসপোর্ট.pdf"});
    let passport = owner.post(&format!("{one}/documents/add"), passport).await.expect(201);
    let document = format!("{one}/documents/{}", text(&passport["id"]));
    assert_eq!(owner.post(&format!("{document}/complete"), json!({})).await.problem(409), "conflict");
    let put = ask_link(Method::PUT, &text(&passport["upload_url"]), Some("%PDF")).await;
    assert_eq!(put.status, 200, "{:#}", put.body);
    owner.post(&format!("{document}/complete"), json!({})).await.expect(200);
    let shown = owner.get(&one).await.expect(200);
    assert_eq!((&shown["missing_documents"], &shown["documents"][0]["size_bytes"]), (&json!([]), &json!(4)));
    let got = ask_link(Method::GET, &text(&shown["documents"][0]["download_url"]), None).await;
    let name = text(&json!(got.headers["content-disposition"].to_str().unwrap()));
    assert!(name.contains("filename*=UTF-8''%E0%A6%AA"), "{name}");
    assert_eq!(got.expect(200), "%PDF");

    let of_colleague = "/crm/practices/active?assigned_to=TEST@balizero.com";
    assert_eq!(owner.all(of_colleague).await.len(), 1);
    let done = owner.patch(&one, json!({"status": "completed", "paid_amount": 15_000_000})).await.expect(200);
    assert_eq!((&done["payment_status"], &done["active"]), (&json!("paid"), &json!(false)));
    assert_eq!(owner.all(of_colleague).await.len(), 0);
    let upcoming = owner.all("/crm/practices/renewals/upcoming?days=367").await;
    assert_eq!((upcoming.len(), &upcoming[0]["expiry_date"]), (1, &done["expiry_date"]));
    let said = json!({"client_id": client, "practice_id": made["id"], "interaction_type": "call", "summary": "È pronto."});
    owner.post("/crm/interactions", said).await.expect(201);
    let said = owner.all(&format!("/crm/interactions?practice_id={}", text(&made["id"]))).await;
    assert_eq!((said.len(), &said[0]["channel"]), (1, &json!("phone")));
    let renewed = owner.post(&format!("{one}/renew"), json!({})).await.expect(200);
    assert_eq!(renewed["renewals"][0]["from"], done["expiry_date"]);
    assert!(owner.all("/crm/practices/renewals/upcoming?days=367").await.is_empty());
    let overview = owner.get("/crm/practices/stats/overview").await.expect(200);
    let revenue = json!([{"currency": "IDR", "total_revenue": 15_000_000, "paid_revenue": 15_000_000,
        "outstanding_revenue": 0}]);
    assert_eq!((&overview["by_status"]["completed"], &overview["revenue"]), (&json!(1), &revenue));
    owner.delete(&one).await.expect(204);
    let gone = ask_link(Method::GET, &text(&shown["documents"][0]["download_url"]), None).await;
    assert_eq!(gone.status, 404, "its file goes with it");
}

/// What one tenant has, another does not see.
pub async fn tenants_never_see_each_other(stage: &Stage) {
    let (ours, theirs) = (stage.tenant("ours").await.owner, stage.tenant("theirs").await.owner);
    let agent = agent(&ours, "Maya").await;
    let lead = lead(&ours, "Asha", &stage.callee.number(1)).await;
    let call = text(&ours.post("/calls", json!({"lead_id": lead})).await.expect(202)["id"]);
    for path in [format!("/leads/{lead}"), format!("/agents/{agent}"), format!("/calls/{call}")] {
        ours.get(&path).await.expect(200);
        assert_eq!(theirs.get(&path).await.problem(404), "not_found", "{path}");
    }
    let stolen = theirs.patch(&format!("/leads/{lead}"), json!({"first_name": "Stolen"})).await;
    assert_eq!(stolen.problem(404), "not_found");
    assert_eq!(theirs.post("/calls", json!({"lead_id": lead})).await.problem(404), "not_found");
    for list in ["/leads", "/agents", "/calls"] {
        assert_eq!(theirs.get(list).await.expect(200), json!([]), "{list}");
    }
    let more = json!({"id": "more", "name": "More"});
    assert_eq!(theirs.post("/admin/tenants", more).await.problem(403), "forbidden");
    assert_eq!(stage.client(None).get("/leads").await.problem(401), "unauthenticated");
}

/// Without credentials a tenant is told what is missing, and nothing is lost.
pub async fn a_tenant_without_credentials_is_told_so(stage: &Stage) {
    let owner = stage.bare_tenant("bare").await.owner;
    let refused = owner.post("/agents", json!({"name": "Maya", "system_prompt": "Be kind."})).await;
    assert_eq!(refused.problem(409), "not_configured");
    assert!(text(&refused.body["detail"]).contains("/admin/integrations"), "{:#}", refused.body);
    assert_eq!(owner.get("/agents").await.expect(200), json!([]));
    let lead = lead(&owner, "Asha", &stage.callee.number(1)).await;
    let call = text(&owner.post("/calls", json!({"lead_id": lead})).await.expect(202)["id"]);
    let reason = stage
        .until("the reason why nobody calls", async || {
            let call = owner.get(&format!("/calls/{call}")).await.expect(200);
            call["reason"].as_str().map(str::to_owned)
        })
        .await;
    assert!(["no_agent", "not_configured"].contains(&reason.as_str()), "{reason}");
}

/// What is no route, no method, no JSON or no such record is answered with a problem, and changes nothing.
pub async fn what_is_wrong_is_a_problem(stage: &Stage) {
    let owner = stage.tenant("wrong").await.owner;
    for path in ["/nowhere", "/nowhere/at/all", "/leads/con_1/nothing/here", "/প্রথম"] {
        assert_eq!(owner.get(&encoded(path)).await.problem(404), "no_route", "{path}");
    }
    for (method, path) in [(Method::PUT, "/leads"), (Method::DELETE, "/agents"), (Method::POST, "/health")] {
        let answer = owner.send(method.clone(), path, &[], Some(b"{}".to_vec())).await;
        assert_eq!(answer.problem(405), "method_not_allowed", "{method} {path}");
    }
    let send = async |body: &[u8]| owner.send(Method::POST, "/leads", &[], Some(body.to_vec())).await;
    assert_eq!(send(b"{\"first_name\": ").await.problem(400), "malformed");
    let long = format!("{{\"first_name\": \"{}\"}}", "x".repeat(1024 * 1024));
    assert_eq!(send(long.as_bytes()).await.problem(413), "too_large");
    let invalid = send(br#"{"first_name": "Asha", "phone": "12"}"#).await;
    assert_eq!(invalid.problem(422), "invalid");
    assert_eq!(invalid.body["errors"][0]["pointer"], "/phone");
    assert_eq!(owner.get("/leads").await.expect(200), json!([]));
    let body = json!({"first_name": "Once"}).to_string().into_bytes();
    let key = [("idempotency-key", "the-same")];
    let first = owner.send(Method::POST, "/leads", &key, Some(body.clone())).await.expect(201);
    assert_eq!(owner.send(Method::POST, "/leads", &key, Some(body)).await.expect(201), first);
    assert_eq!(owner.all("/leads").await.len(), 1);
    assert_eq!(stage.client(None).get("/health").await.expect(200)["status"], "ok");
}

fn encoded(path: &str) -> String {
    path.bytes().map(|b| if b.is_ascii() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
