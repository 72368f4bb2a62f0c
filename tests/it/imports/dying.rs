//! The process dies while a file is read or taken back, and comes back: each row is done once.

use super::{job_context, leads, report, send, tally};
use serde_json::{Value, json};
use testkit::{Fault, TestApp};

/// A lead who is there, 24 new ones, one of these twice, and a row that is wrong.
fn file() -> String {
    let mut file = "first_name,phone,company\nOld,+919876543210,Acme\n".to_owned();
    file.extend((0..24).map(|n| format!("New{n},+9198765440{n:02},\n")));
    file + "New3,+919876544003,Later\nWrong,1,\n"
}

async fn begun() -> (TestApp, Value) {
    let app = TestApp::start().await;
    app.owner.post("/leads", json!({"first_name": "Old", "phone": "+919876543210"})).await.expect(201);
    let accepted = send(&app.owner, "", file()).await.expect(202);
    (app, accepted)
}

async fn is_complete(app: &TestApp, import: &Value, at: &str) {
    let report = report(&app.owner, import).await;
    assert_eq!(report["status"], "completed", "{at}: {report:#}");
    assert_eq!(tally(&report), [27, 24, 2, 0, 0, 1], "{at}: {report:#}");
    assert_eq!(report["errors"].as_array().unwrap().len(), 1, "{at}");
    let leads = leads(&app.owner).await;
    assert_eq!(leads.len(), 25, "{at}");
    let later = leads.iter().filter(|lead| lead["company"] == "Later" || lead["company"] == "Acme").count();
    assert_eq!(later, 2, "{at}");
    let counts = app.store().counts(&"demo".parse().unwrap(), "lead").await.unwrap();
    assert_eq!((counts["all"], counts["status#new"], counts.len()), (25, 25, 3), "{at}");
}

/// Lets the process die after so many writes, come back and finish; answers whether it died.
async fn dies(app: &TestApp, writes: usize) -> bool {
    app.database.faults.die_after(writes);
    let _ = app.runner.pump.settle().await;
    let died = app.database.faults.live();
    let stuck = app.advance(jiff::SignedDuration::from_mins(10)).await;
    assert_eq!(stuck, Vec::<String>::new(), "after {writes} writes");
    died
}

#[tokio::test]
async fn whenever_the_process_dies_each_row_is_done_once() {
    for writes in 0.. {
        let (app, import) = begun().await;
        let died = dies(&app, writes).await;
        is_complete(&app, &import, &format!("after {writes} writes")).await;
        if !died {
            assert!(writes > 5, "only {writes} writes");
            break;
        }
        assert!(writes < 60, "a small file has no sixty writes");
    }
}

#[tokio::test]
async fn whenever_the_process_dies_all_is_taken_back_once() {
    for writes in 0.. {
        let (app, import) = begun().await;
        app.settle().await;
        let undo = format!("/imports/{}/undo", import["id"].as_str().unwrap());
        app.owner.post(&undo, json!({})).await.expect(202);
        let died = dies(&app, writes).await;
        let report = report(&app.owner, &import).await;
        assert_eq!(report["status"], "undone", "after {writes} writes");
        let undo = &report["undo"];
        assert_eq!(
            (&undo["removed"], &undo["restored"], &undo["kept"]),
            (&json!(24), &json!(1), &json!(0)),
            "after {writes} writes"
        );
        let leads = leads(&app.owner).await;
        assert_eq!((leads.len(), &leads[0]["company"]), (1, &json!("")), "after {writes} writes");
        if !died {
            assert!(writes > 3, "only {writes} writes");
            break;
        }
        assert!(writes < 60, "a small file has no sixty writes");
    }
}

#[tokio::test]
async fn conflicts_throttles_and_lost_answers_do_no_row_twice() {
    for fault in [Fault::Conflict, Fault::Throttle, Fault::InternalError, Fault::SuccessThenTimeout] {
        let (app, import) = begun().await;
        app.database.faults.next([fault; 12]);
        assert!(app.advance(jiff::SignedDuration::from_mins(5)).await.is_empty(), "{fault:?}");
        is_complete(&app, &import, &format!("{fault:?}")).await;
    }
}

#[tokio::test]
async fn two_deliveries_side_by_side_do_each_row_once() {
    let (app, import) = begun().await;
    let ctx = job_context(&app);
    let id = import["id"].as_str().unwrap().parse().unwrap();
    let (one, other) = tokio::join!(operations::imports::work(&ctx, id), operations::imports::work(&ctx, id));
    assert!(one.is_ok() || other.is_ok(), "{one:?} {other:?}");
    assert!(app.advance(jiff::SignedDuration::from_mins(5)).await.is_empty());
    is_complete(&app, &import, "twice").await;
}
