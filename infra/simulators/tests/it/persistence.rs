use crate::support::{World, agent, call};
use simulators::Script;

#[tokio::test]
async fn nothing_is_lost_by_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state/simulators.sqlite");
    let before = World::with_database(Some(file.clone())).await;
    let agent_id = before.create_agent(agent()).await;
    let number = "+919876543210";
    before.simulators.set_script(number, vec![Script::Interested, Script::Stop, Script::Callback]).unwrap();
    let done = before.dial(call(&agent_id, number)).await;
    // The first webhook finds its receiver down, and waits for its second attempt.
    before.receiver.answer_next(&[503]);
    while before.receiver.all().is_empty() {
        before.step().await.unwrap();
    }
    let running = before.dial(call(&agent_id, number)).await;
    before.step().await.unwrap();
    let (status, due) = (before.conversation(&running).await, before.simulators.next_due());
    assert_eq!(status["status"], "in-progress");
    // No stop: a process that is killed says no goodbye.

    let after = World::with_database(Some(file)).await;
    after.clock.advance_to(before.clock.now());
    assert_eq!(after.simulators.next_due(), due);
    assert_eq!(after.conversation(&running).await, status);
    assert_eq!(after.simulators.dials(), before.simulators.dials());
    after.finish().await;
    let mut told: Vec<String> =
        after.receiver.all().iter().map(crate::support::Received::conversation_id).collect();
    told.sort_unstable();
    let mut expected = [done, running];
    expected.sort_unstable();
    assert_eq!(told, expected);

    // The last chosen script still waits.
    let third = after.dial(call(&agent_id, number)).await;
    after.finish().await;
    let spoken = after.conversation(&third).await["transcript"].to_string();
    assert!(spoken.contains("call me back on Thursday"), "{spoken}");
}
