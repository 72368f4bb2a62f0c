//! A dry run says what would be, and does nothing.

use super::{errors, import, leads, named, report, send, stored, tally};
use http::Method;
use serde_json::{Value, json};
use testkit::TestApp;

#[tokio::test]
async fn a_dry_run_says_what_would_be_and_stores_nothing() {
    let app = TestApp::start().await;
    import(&app, "", "first_name,phone,company\nOld,+919876543210,Acme\nSame,+919876543211,\n").await;
    let before = stored(&app);
    // Row 4 is row 3's lead, row 6 is a lead of two others', row 7 names one by the number that row 5 gives up.
    let file = "first_name,phone,email,company\nOlder,+919876543210,,\nSame,+919876543211,,\nNew,+919876543212,n@example.com,\n\
        Newer,,N@example.com,Basis\nMoved,+919876543219,,\nBoth,+919876543210,n@example.com,\nOld again,+919876543210,,Acme\n";
    let rehearsed = send(&app.owner, "?dry_run=true", file).await.expect(200);
    assert_eq!(stored(&app), before);
    assert_eq!(tally(&rehearsed), [7, 2, 3, 1, 0, 1], "{rehearsed:#}");
    assert_eq!((&rehearsed["id"], &rehearsed["dry_run"]), (&Value::Null, &json!(true)));
    assert_eq!(errors(&rehearsed)[0].1, "email");
    let report = import(&app, "", file).await;
    assert_eq!((tally(&report), errors(&report)), (tally(&rehearsed), errors(&rehearsed)));
    assert_eq!(leads(&app.owner).await.len(), 4);
    assert_eq!(named(&app.owner, "Newer").await["company"], "Basis");
}

#[tokio::test]
async fn a_dry_run_of_too_many_rows_says_so() {
    let app = TestApp::start().await;
    let owner = &app.owner;
    // A status alone makes no lead: the rows are wrong, and cost no look-up.
    let file = format!("status,name\n{}", "hot\n".repeat(100_001));
    let answer = send(owner, "?dry_run=true", &file).await;
    assert_eq!(answer.problem(422), "invalid");
    let said = "has more than 100000 rows";
    assert!(answer.body["detail"].as_str().unwrap().contains(said), "{}", answer.body);
    let upload = owner.post("/imports", json!({"dry_run": true})).await.expect(201);
    let path = upload["upload_url"].as_str().unwrap().strip_prefix(&app.url).unwrap().to_owned();
    let put = app.client(None).send(Method::PUT, &path, &[], Some(file.into_bytes())).await;
    assert_eq!(put.status, 200);
    owner.post(&format!("/imports/{}/start", upload["id"].as_str().unwrap()), json!({})).await.expect(202);
    assert_eq!(app.settle().await, Vec::<String>::new());
    let failed = report(owner, &upload).await;
    assert_eq!((&failed["status"], tally(&failed)), (&json!("failed"), [0; 6]), "{failed:#}");
    assert!(failed["failure"].as_str().unwrap().contains(said), "{failed:#}");
}
