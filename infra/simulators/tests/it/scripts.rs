use crate::support::{World, agent, call};
use serde_json::{Value, json};
use simulators::Script;

#[tokio::test]
async fn every_script_makes_a_well_formed_conversation() {
    let world = World::start().await;
    let agent_id = world.create_agent(agent()).await;
    for script in Script::ALL {
        world.simulators.set_script("+919876543210", vec![script]).unwrap();
        let id = world.dial(call(&agent_id, "+919876543210")).await;
        world.finish().await;
        let conversation = world.conversation(&id).await;
        let expected = if script.is_answered() { "done" } else { "failed" };
        assert_eq!(conversation["status"], expected, "{script:?}");
        let turns = conversation["transcript"].as_array().unwrap();
        assert_eq!(turns.is_empty(), !script.is_answered(), "{script:?}");
        let times: Vec<i64> = turns.iter().map(|turn| turn["time_in_call_secs"].as_i64().unwrap()).collect();
        assert!(times.is_sorted(), "{script:?}");
        assert!(turns.iter().all(|turn| turn["role"] == "agent" || turn["role"] == "user"));
        let said = |turn: &Value| turn["message"].as_str().is_none_or(|text| !text.contains(['{', '}']));
        assert!(turns.iter().all(said), "{script:?}: {turns:?}");
        let duration = conversation["metadata"]["call_duration_secs"].as_i64().unwrap();
        assert!(times.last().is_none_or(|last| *last <= duration), "{script:?}");
        assert!(!conversation["metadata"]["termination_reason"].as_str().unwrap().is_empty(), "{script:?}");
        let last = world.receiver.all().pop().unwrap();
        let kind = if script.is_answered() { "post_call_transcription" } else { "call_initiation_failure" };
        assert_eq!((last.kind(), last.conversation_id(), last.is_genuine()), (kind.to_owned(), id, true));
    }
    assert_eq!(world.receiver.all().len(), Script::ALL.len());
}

#[tokio::test]
async fn a_machine_is_recognised_only_by_an_agent_with_the_tool() {
    let world = World::start().await;
    let mut deaf = agent();
    deaf["conversation_config"]["agent"]["prompt"]["built_in_tools"] = json!({});
    let mut reasons = Vec::new();
    for body in [agent(), deaf] {
        let agent_id = world.create_agent(body).await;
        // The last digit 9 is a machine.
        let id = world.dial(call(&agent_id, "+919876543219")).await;
        world.finish().await;
        let conversation = world.conversation(&id).await;
        let last = conversation["transcript"].as_array().unwrap().last().unwrap().clone();
        let reason = conversation["metadata"]["termination_reason"].as_str().unwrap().to_owned();
        reasons.push((reason, last["tool_calls"][0]["tool_name"].clone()));
    }
    assert_eq!(reasons[0], ("voicemail_detection tool was called.".to_owned(), json!("voicemail_detection")));
    assert_eq!(reasons[1], ("Ending conversation after 40 seconds of silence.".to_owned(), Value::Null));
}

#[tokio::test]
async fn the_override_chooses_the_language() {
    let world = World::start().await;
    let agent_id = world.create_agent(agent()).await;
    world.simulators.set_script("+919876543210", vec![Script::Callback; 4]).unwrap();
    for (language, word) in [("hi", "गुरुवार"), ("bn", "বৃহস্পতিবার"), ("it-IT", "giovedì"), ("id", "Kamis")]
    {
        let mut body = call(&agent_id, "+919876543210");
        body["conversation_initiation_client_data"]["conversation_config_override"] =
            json!({ "agent": { "language": language } });
        let id = world.dial(body).await;
        world.finish().await;
        let conversation = world.conversation(&id).await;
        assert_eq!(conversation["metadata"]["main_language"], language[..2]);
        let turns = conversation["transcript"].as_array().unwrap();
        let says = |turn: &&Value| turn["role"] == "user" && turn["message"].as_str().unwrap().contains(word);
        assert_eq!(turns.iter().filter(says).count(), 1, "{language}");
    }
}

#[tokio::test]
async fn chosen_scripts_are_used_up_and_then_the_last_digit_decides() {
    let world = World::start().await;
    let agent_id = world.create_agent(agent()).await;
    // The last digit 8 is busy.
    world.simulators.set_script("+919876543218", vec![Script::Interested]).unwrap();
    let first = world.dial(call(&agent_id, "+919876543218")).await;
    let second = world.dial(call(&agent_id, "+919876543218")).await;
    world.finish().await;
    assert_eq!(world.conversation(&first).await["status"], "done");
    assert_eq!(world.conversation(&second).await["status"], "failed");
    assert_eq!(serde_json::to_value(Script::NotInterested).unwrap(), json!("not_interested"));
}

#[tokio::test]
async fn ringing_lasts_as_long_as_asked() {
    let world = World::start().await;
    let agent_id = world.create_agent(agent()).await;
    let mut body = call(&agent_id, "+919876543217");
    body["telephony_call_config"] = json!({ "ringing_timeout_secs": 25 });
    world.dial(body).await;
    let placed = world.simulators.dials()[0].at;
    assert_eq!(world.simulators.next_due().unwrap().duration_since(placed).as_secs(), 25);
}
