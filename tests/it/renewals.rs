//! Renewals: an alert for each practice, end and number of days, once; a reminder over a channel that was allowed; no client
//! lost.

use crate::analytics::{counters_are_what_records_say, demo};
use crate::chat::sent_to;
use crate::clients::client_of;
use jiff::SignedDuration;
use serde_json::{Value, json};
use simulators::{TemplateCategory, phone_number_id};
use testkit::{Client, TestApp};

fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

async fn practice(owner: &Client, client: &str, rest: Value) -> String {
    let mut body = json!({"client_id": client, "practice_type_code": "KITAS", "status": "completed", "assigned_to": "antonello@balizero.com"});
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    owner.post("/crm/practices", body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

/// Lead days and status of all alerts.
async fn alerts(owner: &Client) -> Vec<(i64, String)> {
    let mut all = Vec::new();
    for status in ["open", "acknowledged", "superseded"] {
        for alert in owner.all(&format!("/crm/renewal-alerts?status={status}&limit=2")).await {
            all.push((alert["lead_days"].as_i64().unwrap(), status.to_owned()));
        }
    }
    all.sort_by_key(|alert| -alert.0);
    all
}

#[tokio::test]
async fn an_alert_comes_at_each_lead_once_and_again_after_a_renewal() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let client = client_of(
        owner,
        json!({"full_name": "Giulia Décaro", "email": "giulia@example.it", "preferences": {"language": "it"},
        "consent": {"email": {"granted": true}}}),
    )
    .await;
    let id = practice(owner, &client, json!({"expiry_date": "2027-06-30"})).await;
    assert_eq!(app.settle().await, Vec::<String>::new());
    assert_eq!(alerts(owner).await, []);
    let open = |lead: i64| (lead, "open".to_owned());
    let past = |lead: i64| (lead, "superseded".to_owned());
    // 2027-04-01, 05-01, 05-31, 06-23.
    for (advance, expected) in [
        (81, vec![open(90)]),
        (30, vec![open(60)]),
        (30, vec![open(30)]),
        (23, vec![open(7)]),
        (30, vec![open(7)]),
    ] {
        assert_eq!(app.advance(days(advance)).await, Vec::<String>::new());
        let now = alerts(owner).await;
        let is_open: Vec<_> = now.iter().filter(|alert| alert.1 == "open").cloned().collect();
        assert_eq!(is_open, expected, "{now:?}");
    }
    assert_eq!(alerts(owner).await, [past(90), past(60), past(30), open(7)]);
    let mails = sent_to(&app, "giulia@example.it");
    assert_eq!(mails.len(), 4, "{mails:?}");
    assert!(mails[0].contains("scade il 2027-06-30"), "{mails:?}");
    let tasks = owner.all("/tasks").await;
    assert_eq!(tasks.len(), 1, "one task for one end");
    assert_eq!(
        (&tasks[0]["title"], &tasks[0]["assignee"]),
        (&json!("Renew KITAS (Limited Stay Permit) of Giulia Décaro"), &json!("antonello@balizero.com"))
    );

    let alert = owner.all("/crm/renewal-alerts?assigned_to=Antonello@balizero.com").await.remove(0);
    assert_eq!(
        (&alert["practice_id"], &alert["task_id"], &alert["reminder"]["channel"]),
        (&json!(id), &tasks[0]["id"], &json!("email"))
    );
    assert_eq!(owner.all("/crm/renewal-alerts?assigned_to=ruslan@balizero.com").await.len(), 0);
    let path = format!("/crm/renewal-alerts/{}/acknowledge", alert["id"].as_str().unwrap());
    assert_eq!(app.tenant("other").await.post(&path, json!({})).await.problem(404), "not_found");
    let taken = owner.post(&path, json!({})).await.expect(200);
    assert_eq!(taken["status"], "acknowledged");
    assert_eq!(owner.post(&path, json!({})).await.expect(200), taken);

    // What is renewed comes again, and what it said of the old end is closed.
    owner.post(&format!("/crm/practices/{id}/renew"), json!({"expiry_date": "2028-06-30"})).await.expect(200);
    assert_eq!(app.advance(days(300)).await, Vec::<String>::new());
    let again: Vec<Value> = owner.all("/crm/renewal-alerts").await;
    assert_eq!(
        (again.len(), &again[0]["lead_days"], &again[0]["expiry_date"]),
        (1, &json!(60), &json!("2028-06-30"))
    );
    assert_eq!(sent_to(&app, "giulia@example.it").len(), 6);
    assert_eq!(owner.all("/tasks").await.len(), 2);
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn what_ends_soon_is_told_at_once_and_what_is_over_or_cancelled_not() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let client = client_of(owner, json!({"full_name": "John Smith", "phone": "+39 333 123 4567"})).await;
    let soon = practice(owner, &client, json!({"expiry_date": "2027-01-31"})).await;
    practice(owner, &client, json!({"expiry_date": "2027-01-01"})).await;
    practice(owner, &client, json!({"expiry_date": "2027-01-20", "status": "cancelled"})).await;
    practice(owner, &client, json!({})).await;
    assert_eq!(app.advance(SignedDuration::from_mins(2)).await, Vec::<String>::new());
    let open = owner.all("/crm/renewal-alerts").await;
    assert_eq!(
        (open.len(), &open[0]["practice_id"], &open[0]["lead_days"], &open[0]["days_until_expiry"]),
        (1, &json!(soon), &json!(30), &json!(20))
    );
    let withheld: Vec<&str> =
        open[0]["reminder"]["withheld"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(withheld, ["whatsapp: no_template", "email: no_address", "sms: no_consent"]);
    // The job again, and any edit, make nothing twice.
    owner.patch(&format!("/crm/practices/{soon}"), json!({"notes": "Call first."})).await.expect(200);
    app.advance(SignedDuration::from_mins(2)).await;
    assert_eq!(alerts(owner).await.len(), 1);
    // What is deleted has no alerts, and what is cancelled needs no renewal.
    let deleted = practice(owner, &client, json!({"expiry_date": "2027-02-01"})).await;
    app.advance(SignedDuration::from_mins(2)).await;
    assert_eq!(alerts(owner).await.len(), 2);
    owner.delete(&format!("/crm/practices/{deleted}")).await.expect(204);
    assert_eq!(alerts(owner).await.len(), 1);
    owner.patch(&format!("/crm/practices/{soon}"), json!({"status": "cancelled"})).await.expect(200);
    app.advance(days(30)).await;
    assert_eq!(alerts(owner).await, [(30, "superseded".to_owned())]);
}

#[tokio::test]
async fn other_lead_days_hold_for_what_is_stored_already() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    let client = client_of(owner, json!({"full_name": "John Smith"})).await;
    for n in 0..60 {
        practice(owner, &client, json!({"expiry_date": format!("2027-0{}-{:02}", 5 + n / 30, 1 + n % 28)}))
            .await;
    }
    owner.patch("/crm/settings", json!({"renewal_lead_days": [10]})).await.expect(200);
    assert_eq!(app.advance(days(100)).await, Vec::<String>::new(), "until 2027-04-21");
    let open = owner.all("/crm/renewal-alerts").await;
    assert!(
        !open.is_empty()
            && open
                .iter()
                .all(|alert| alert["lead_days"] == 10
                    && alert["expiry_date"].as_str().unwrap() <= "2027-05-01"),
        "{open:#?}"
    );
    app.advance(days(90)).await;
    assert_eq!(alerts(owner).await.len(), 60, "no client is lost");
    counters_are_what_records_say(&app, &demo()).await;
}

#[tokio::test]
async fn whatsapp_reminds_by_the_businesss_template_where_they_agreed() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    for (language, body) in
        [("en", "Hello {{1}}, your {{2}} is valid until {{3}}."), ("bn", "{{1}}, {{2}}: {{3}}")]
    {
        let (line, utility) = (phone_number_id("demo"), TemplateCategory::Utility);
        app.simulators().register_template(&line, "renewal_reminder", language, 3, utility).unwrap();
        owner
            .put(
                &format!("/whatsapp/templates/renewal_reminder/{language}"),
                json!({"category": "utility", "body": body}),
            )
            .await
            .expect(200);
    }
    owner.patch("/crm/settings", json!({"renewal_template": "renewal_reminder"})).await.expect(200);
    let agreed = json!({"whatsapp": {"granted": true}});
    let arun = client_of(owner, json!({"full_name": "অরুণ সেন", "phone": "+880 1712 345678", "preferences": {"language": "bn"}, "consent": agreed})).await;
    let john =
        client_of(owner, json!({"full_name": "John Smith", "phone": "+39 333 123 4567", "consent": agreed}))
            .await;
    for client in [&arun, &john] {
        practice(owner, client, json!({"expiry_date": "2027-01-31"})).await;
    }
    assert_eq!(app.advance(SignedDuration::from_mins(2)).await, Vec::<String>::new());
    let alerts = owner.all("/crm/renewal-alerts").await;
    assert!(alerts.iter().all(|alert| alert["reminder"]["channel"] == "whatsapp"), "{alerts:#?}");
    let sent = sent_to(&app, "8801712345678");
    assert!(sent.len() == 1 && sent[0].contains("অরুণ সেন"), "{sent:?}");
    assert_eq!(sent_to(&app, "393331234567").len(), 1);
    let talks = owner.all("/conversations").await;
    assert!(talks.iter().all(|talk| talk["status"] == "bot"), "a reminder is no takeover: {talks:#?}");
    // Who said stop is not reminded.
    owner
        .post(&format!("/leads/{john}/suppress"), json!({"channel": "all", "reason": "asked"}))
        .await
        .expect(200);
    app.advance(days(14)).await;
    assert_eq!((sent_to(&app, "8801712345678").len(), sent_to(&app, "393331234567").len()), (2, 1));
    owner.patch("/crm/settings", json!({"remind_clients": false})).await.expect(200);
}
