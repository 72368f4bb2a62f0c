//! The process dies at each write between a message and its answer, and comes back: one answer, and none lost.

use super::{ASHA, asha, conversation, secs, sent_to, text, writes};
use crate::analytics::{counters_are_what_records_say, demo};
use crate::story::minutes;
use testkit::{Fault, TestApp};

/// Lets the process die after `n` writes, come back, and finish; answers whether it died.
async fn dies_after(n: usize) -> bool {
    let app = TestApp::start().await;
    let owner = &app.owner;
    writes(&app, &asha(), text("Hello"));
    app.database.faults.die_after(n);
    let target = app.now() + minutes(2);
    let _ = app.runner.pump.advance_to(target).await;
    let died = app.database.faults.live();
    assert!(app.advance(minutes(60)).await.is_empty(), "after {n} writes a job is stuck");
    assert_eq!(owner.all("/leads").await.len(), 1, "after {n} writes");
    let talk = conversation(owner).await;
    let all = talk["messages"].as_array().unwrap();
    let received = all.iter().filter(|message| message["direction"] == "inbound").count();
    let replies: Vec<_> = all.iter().filter(|message| message["author"]["kind"] == "bot").collect();
    assert_eq!((received, replies.len()), (1, 1), "after {n} writes: {talk:#}");
    let sent = sent_to(&app, ASHA).len();
    let status = replies[0]["status"].as_str().unwrap();
    let tasks = owner.all("/tasks").await.len();
    // Where the intent is stored and the process dies before anybody knows of the request, nobody may send again:
    // a person looks.
    assert!(
        (sent, status, tasks) == (1, "read", 0) || (sent, status, tasks) == (0, "ambiguous", 1),
        "after {n} writes: {sent} sent, {status}, {tasks} tasks"
    );
    counters_are_what_records_say(&app, &demo()).await;
    died
}

#[tokio::test]
async fn whenever_the_process_dies_the_answer_goes_once() {
    let mut n = 0;
    while dies_after(n).await {
        n += 1;
        assert!(n < 60, "a message has no sixty writes");
    }
    assert!(n > 5, "only {n} writes");
}

#[tokio::test]
async fn conflicts_throttles_and_lost_answers_say_nothing_twice() {
    for fault in [Fault::Conflict, Fault::Throttle, Fault::InternalError, Fault::SuccessThenTimeout] {
        let app = TestApp::start().await;
        writes(&app, &asha(), text("Hello"));
        for _ in 0..12 {
            app.database.faults.next([fault; 2]);
            assert!(app.advance(secs(20)).await.is_empty(), "{fault:?}");
        }
        assert_eq!(sent_to(&app, ASHA).len(), 1, "{fault:?}");
        let figures = app.owner.get("/analytics/chat").await.expect(200);
        assert_eq!((&figures["messages"], &figures["replies"]), (&1.into(), &1.into()), "{fault:?}");
        counters_are_what_records_say(&app, &demo()).await;
    }
}
