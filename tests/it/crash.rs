//! The process dies at each write of the thread, and comes back: one dial, one analysis, a final state.

use crate::story::{actions, agent, call, lead, minutes, status};
use simulators::Script;
use testkit::{Fault, TestApp};

/// Lets the process die after `writes` writes of the thread, come back, and finish; answers whether it died.
async fn dies_after(writes: usize) -> bool {
    let app = TestApp::start().await;
    let owner = &app.owner;
    agent(owner).await;
    let lead = lead(owner, "+919876543210").await;
    app.simulators().set_script("+919876543210", vec![Script::Callback]).unwrap();
    let id = call(owner, &lead).await;
    app.database.faults.die_after(writes);
    // What the dead process would have done is not done; what reached the table is there.
    let target = app.now() + minutes(2);
    let _ = app.runner.pump.advance_to(target).await;
    let died = app.database.faults.live();
    assert!(app.advance(minutes(60)).await.is_empty(), "after {writes} writes a job is stuck");
    let call = owner.get(&format!("/calls/{id}")).await.expect(200);
    assert_eq!(call["status"], "completed", "after {writes} writes: {call:#}");
    assert_eq!(app.simulators().dials().len(), 1, "after {writes} writes it was dialed twice");
    let analyses =
        app.simulators().requests().into_iter().filter(|r| r.path_template == "/chat/completions").count();
    assert!(analyses <= 2, "after {writes} writes");
    let done = actions(owner, &lead).await;
    assert_eq!(
        done.iter().filter(|kind| *kind == "follow_up_call").count(),
        1,
        "after {writes} writes: {done:?}"
    );
    let calls = owner.get(&format!("/calls?lead_id={lead}")).await.expect(200);
    assert_eq!(calls.as_array().unwrap().len(), 2, "the call and one follow-up");
    died
}

#[tokio::test]
async fn whenever_the_process_dies_the_thread_comes_to_its_end() {
    let mut writes = 0;
    while dies_after(writes).await {
        writes += 1;
        assert!(writes < 100, "the thread has no hundred writes");
    }
    assert!(writes > 10, "only {writes} writes");
}

#[tokio::test]
async fn conflicts_throttles_and_lost_answers_change_nothing_twice() {
    let faults = [Fault::Conflict, Fault::Throttle, Fault::InternalError, Fault::SuccessThenTimeout];
    for fault in faults {
        let app = TestApp::start().await;
        let owner = &app.owner;
        agent(owner).await;
        app.database.faults.next([fault; 3]);
        let id = lead(owner, "+919876543210").await;
        assert_eq!(owner.get("/leads").await.expect(200).as_array().unwrap().len(), 1, "{fault:?}");
        app.simulators().set_script("+919876543210", vec![Script::NotInterested]).unwrap();
        app.database.faults.next([fault; 2]);
        let call = call(owner, &id).await;
        for _ in 0..12 {
            app.database.faults.next([fault]);
            assert!(app.advance(minutes(1)).await.is_empty(), "{fault:?}");
        }
        assert_eq!(status(owner, &call).await.0, "completed", "{fault:?}");
        assert_eq!(app.simulators().dials().len(), 1, "{fault:?}");
        let counts = app.store().counts(&"demo".parse().unwrap(), "lead").await.unwrap();
        assert_eq!(counts["all"], 1, "{fault:?}");
        let counts = app.store().counts(&"demo".parse().unwrap(), "call").await.unwrap();
        assert_eq!((counts["all"], counts["status#completed"], counts.len()), (1, 1, 2), "{fault:?}");
    }
}
