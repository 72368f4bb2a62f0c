use crate::support::{KEY, SECRET, World, agent, call};
use reqwest::Method;
use serde_json::{Value, json};
use simulators::{Script, Webhook};

#[tokio::test]
async fn a_call_lives_by_the_clock_and_ends_in_a_signed_webhook() {
    let world = World::start().await;
    let agent_id = world.create_agent(agent()).await;
    let body = call(&agent_id, "+919876543210");
    let id = world.dial(body.clone()).await;

    let before = world.conversation(&id).await;
    assert_eq!((&before["status"], &before["transcript"]), (&json!("initiated"), &json!([])));
    assert_eq!((&before["analysis"], &before["user_id"]), (&Value::Null, &json!("att_1")));
    let mut statuses = Vec::new();
    while world.step().await.is_some() {
        statuses.push(world.conversation(&id).await["status"].clone());
    }
    assert_eq!(statuses, ["in-progress", "processing", "done"]);

    let received = world.receiver.all();
    assert_eq!(received.len(), 1);
    assert!(received[0].is_genuine());
    let envelope = received[0].json();
    assert_eq!(envelope["type"], "post_call_transcription");
    let data = &envelope["data"];
    assert_eq!(*data, world.conversation(&id).await);
    assert_eq!(data["transcript"][0]["message"], "Hello Asha Rao, this is Acme.");
    assert_eq!(data["transcript"][0]["tool_calls"], Value::Null);
    assert_eq!(data["transcript"][1]["tool_calls"], json!([]));
    let last = data["transcript"].as_array().unwrap().last().unwrap();
    assert_eq!(last["tool_calls"][0]["tool_name"], "end_call");
    assert!(last["message"].as_str().unwrap().contains("Asha"));
    assert!(data["metadata"]["cost"].as_i64().unwrap() > 0);
    assert!(data["metadata"]["call_duration_secs"].as_i64().unwrap() > 5);
    assert_eq!(data["metadata"]["phone_call"]["external_number"], "+919876543210");
    assert_eq!(data["analysis"]["evaluation_criteria_results"]["qualified"]["result"], "success");
    assert_eq!(data["analysis"]["data_collection_results"]["budget"]["value"], "around 50,000");
    assert_eq!(data["analysis"]["data_collection_results"]["callback_time"]["value"], Value::Null);
    let variables = &data["conversation_initiation_client_data"]["dynamic_variables"];
    assert_eq!((&variables["attempt"], &variables["company"]), (&json!(2), &json!("Acme")));
    assert_eq!(variables["system__conversation_id"], json!(id));

    let dials = world.simulators.dials();
    assert_eq!((dials.len(), &dials[0].account[..], dials[0].user_id.as_deref()), (1, KEY, Some("att_1")));
    assert_eq!((&dials[0].body, &dials[0].conversation_id), (&body, &id));
    let requests = world.simulators.requests();
    let dialled = requests.iter().find(|request| request.path_template.ends_with("outbound-call")).unwrap();
    assert_eq!(dialled.path_template, "/v1/convai/twilio/outbound-call");
    assert_eq!((dialled.provider, &dialled.method[..], &dialled.body), ("elevenlabs", "POST", &body));
    assert!(requests.iter().any(|r| r.path_template == "/v1/convai/conversations/{conversation_id}"));
}

#[tokio::test]
async fn agents_are_created_changed_listed_and_deleted() {
    let world = World::start().await;
    let first = world.create_agent(agent()).await;
    let second = world.create_agent(json!({ "name": "Other", "conversation_config": {} })).await;
    let path = format!("/v1/convai/agents/{first}");

    let (_, before) = world.get(&path).await;
    assert_eq!(before["conversation_config"]["agent"]["prompt"]["llm"], "gemini-2.5-flash");
    let change = json!({
        "name": "Renamed", "conversation_config": { "agent": { "language": "hi" } },
        "platform_settings": { "data_collection": { "city": { "type": "string" } } } });
    let (status, after) = world.ask_as(KEY, Method::PATCH, &path, change).await;
    assert_eq!((status, &after["name"]), (200, &json!("Renamed")));
    assert_eq!(
        after["conversation_config"]["agent"]["first_message"],
        "Hello {{lead_name}}, this is {{company}}."
    );
    assert_eq!(after["platform_settings"]["data_collection"], json!({ "city": { "type": "string" } }));
    assert_ne!(before["version_id"], after["version_id"]);
    assert_eq!(world.get(&path).await.1, after);

    let (_, page) = world.get("/v1/convai/agents?page_size=1").await;
    assert_eq!((&page["agents"][0]["agent_id"], &page["has_more"]), (&json!(second), &json!(true)));
    let cursor = page["next_cursor"].as_str().unwrap();
    let (_, page) = world.get(&format!("/v1/convai/agents?page_size=1&cursor={cursor}")).await;
    assert_eq!((&page["agents"][0]["agent_id"], &page["has_more"]), (&json!(first), &json!(false)));
    let (_, page) = world.get("/v1/convai/agents?search=renam").await;
    assert_eq!(page["agents"].as_array().unwrap().len(), 1);

    let refused = json!({ "conversation_config": { "tts": { "model_id": "eleven_flash_v2" } } });
    assert_eq!(world.ask_as(KEY, Method::PATCH, &path, refused).await.0, 400);
    assert_eq!(world.ask_as(KEY, Method::DELETE, &path, Value::Null).await, (204, Value::Null));
    assert_eq!(world.get(&path).await.0, 404);
    let (status, answer) = world.post("/v1/convai/twilio/outbound-call", call(&first, "+919876543210")).await;
    assert_eq!((status, &answer["detail"]["type"]), (404, &json!("not_found")));
}

#[tokio::test]
async fn a_stranger_sees_nothing() {
    let world = World::start().await;
    let agent_id = world.create_agent(agent()).await;
    let id = world.dial(call(&agent_id, "+919876543210")).await;
    let (status, answer) = world.ask_as("nobody", Method::GET, "/v1/convai/agents", Value::Null).await;
    assert_eq!((status, &answer["detail"]["type"]), (401, &json!("authentication_error")));
    for field in ["code", "message", "status", "request_id"] {
        assert!(answer["detail"][field].is_string(), "{field}");
    }

    let webhook = Webhook {
        url: "http://127.0.0.1:9/".to_owned(),
        secret: SECRET.to_owned(),
        webhook_id: "wh_2".to_owned(),
    };
    world.simulators.register_account("xi_other", webhook).unwrap();
    for path in [format!("/v1/convai/agents/{agent_id}"), format!("/v1/convai/conversations/{id}")] {
        assert_eq!(world.ask_as("xi_other", Method::GET, &path, Value::Null).await.0, 404, "{path}");
    }
    let (_, list) = world.ask_as("xi_other", Method::GET, "/v1/convai/conversations", Value::Null).await;
    assert_eq!(list["conversations"], json!([]));
    let outbound = "/v1/convai/twilio/outbound-call";
    let body = call(&agent_id, "+919876543210");
    assert_eq!(world.ask_as("xi_other", Method::POST, outbound, body).await.0, 404);
    assert_eq!(world.simulators.dials().len(), 1);
}

#[tokio::test]
async fn bad_input_is_answered_as_the_real_service_does() {
    let world = World::start().await;
    let agent_id = world.create_agent(agent()).await;
    let (status, answer) = world.post("/v1/convai/twilio/outbound-call", json!({ "agent_id": 5 })).await;
    assert_eq!(status, 422);
    let places: Vec<&Value> =
        answer["detail"].as_array().unwrap().iter().map(|error| &error["loc"]).collect();
    assert_eq!(
        places,
        [
            &json!(["body", "agent_id"]),
            &json!(["body", "agent_phone_number_id"]),
            &json!(["body", "to_number"])
        ]
    );
    assert_eq!(answer["detail"][1]["type"], "missing");
    assert_eq!(world.post("/v1/convai/agents/create", json!({ "name": "x" })).await.0, 422);
    assert_eq!(world.get("/v1/convai/conversations?page_size=101").await.0, 422);
    assert_eq!(world.get("/v1/convai/outbound-calls").await, (404, json!({ "detail": "Not Found" })));

    let (status, answer) = world.post("/v1/convai/twilio/outbound-call", call(&agent_id, "98765")).await;
    assert_eq!((status, &answer["success"], &answer["callSid"]), (200, &json!(false), &Value::Null));
    assert!(world.simulators.dials().is_empty());
}

#[tokio::test]
async fn each_carrier_has_its_own_shape() {
    let world = World::start().await;
    let agent_id = world.create_agent(agent()).await;
    world
        .simulators
        .set_script("+919876543210", vec![Script::Busy, Script::NoAnswer, Script::Failed])
        .unwrap();
    let body = call(&agent_id, "+919876543210");
    let carriers = [("twilio", "callSid"), ("sip-trunk", "sip_call_id"), ("exotel", "callSid")];
    for (carrier, sid) in carriers {
        let (status, answer) = world.post(&format!("/v1/convai/{carrier}/outbound-call"), body.clone()).await;
        assert_eq!((status, answer[sid].is_string()), (200, true), "{answer}");
        assert_eq!(answer.as_object().unwrap().len(), 4);
    }
    world.finish().await;

    let mut received: Vec<Value> = world.receiver.all().iter().map(super::support::Received::json).collect();
    received.sort_by_key(|envelope| envelope["data"]["failure_reason"].as_str().unwrap().to_owned());
    assert_eq!(received.len(), 3);
    for envelope in &received {
        assert_eq!(envelope["type"], "call_initiation_failure");
        assert_eq!(envelope["data"].as_object().unwrap().len(), 4);
        assert!(envelope["data"].get("user_id").is_none());
    }
    let (busy, sip) = (&received[0]["data"], &received[1]["data"]);
    assert_eq!((&busy["failure_reason"], &busy["metadata"]["type"]), (&json!("busy"), &json!("twilio")));
    assert!(busy["metadata"]["body"].as_object().unwrap().values().all(Value::is_string));
    assert_eq!(busy["metadata"]["body"]["CallStatus"], "busy");
    assert_eq!((&sip["failure_reason"], &sip["metadata"]["type"]), (&json!("no-answer"), &json!("sip")));
    assert_eq!(sip["metadata"]["body"]["sip_status_code"], 480);
    assert_eq!(received[2]["data"]["failure_reason"], "unknown");
}

#[tokio::test]
async fn conversations_are_found_by_the_attempt() {
    let world = World::start().await;
    let agent_id = world.create_agent(agent()).await;
    for n in 0..3 {
        let mut body = call(&agent_id, "+919876543210");
        body["conversation_initiation_client_data"]["user_id"] = json!(format!("att_{n}"));
        world.dial(body).await;
    }
    let (_, found) = world.get("/v1/convai/conversations?user_id=att_1").await;
    assert_eq!(found["conversations"].as_array().unwrap().len(), 1);
    assert_eq!(found["conversations"][0]["status"], "initiated");
    let (_, found) = world.get("/v1/convai/conversations?user_id=att_9").await;
    assert_eq!((&found["conversations"], &found["has_more"]), (&json!([]), &json!(false)));

    let (mut seen, mut query) = (0, format!("?agent_id={agent_id}&page_size=2"));
    loop {
        let (_, page) = world.get(&format!("/v1/convai/conversations{query}")).await;
        seen += page["conversations"].as_array().unwrap().len();
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        query = format!("?agent_id={agent_id}&page_size=2&cursor={cursor}");
    }
    assert_eq!(seen, 3);
    world.finish().await;
    let (_, found) = world.get("/v1/convai/conversations?summary_mode=include").await;
    assert_eq!(found["conversations"][0]["call_successful"], "success");
    assert!(found["conversations"][0]["transcript_summary"].is_string());
    assert_eq!(found["conversations"][0]["tool_names"], json!(["end_call"]));
}

#[tokio::test]
async fn a_wrong_override_or_a_missing_variable_fails_the_call() {
    let world = World::start().await;
    let agent_id = world.create_agent(agent()).await;
    let mut forbidden = call(&agent_id, "+919876543210");
    forbidden["conversation_initiation_client_data"]["conversation_config_override"] =
        json!({ "agent": { "language": "en", "prompt": { "prompt": "Sell." } } });
    let mut missing = call(&agent_id, "+919876543210");
    missing["conversation_initiation_client_data"]["dynamic_variables"] = json!({ "company": "Acme" });
    for (body, reason) in [
        (forbidden, "Override for field 'prompt' is not allowed by config."),
        (missing, "Missing required dynamic variables in first message: {'lead_name'}"),
    ] {
        let id = world.dial(body).await;
        world.finish().await;
        let conversation = world.conversation(&id).await;
        assert_eq!((&conversation["status"], &conversation["transcript"]), (&json!("failed"), &json!([])));
        assert_eq!(conversation["metadata"]["error"], json!({ "code": 1008, "reason": reason }));
        let last = world.receiver.all().pop().unwrap().json();
        assert_eq!((&last["type"], &last["data"]), (&json!("post_call_transcription"), &conversation));
    }
}

#[tokio::test]
async fn the_agents_own_webhook_settings_hold() {
    let world = World::start().await;
    for (webhooks, expected) in [
        (json!({ "post_call_webhook_id": "wh_1", "events": ["transcript"] }), 1),
        (json!({ "events": ["call_initiation_failure"] }), 0),
        (json!({ "post_call_webhook_id": "wh_of_another_workspace" }), 0),
    ] {
        let mut body = agent();
        body["platform_settings"]["workspace_overrides"] = json!({ "webhooks": webhooks });
        let agent_id = world.create_agent(body).await;
        let before = world.receiver.all().len();
        world.dial(call(&agent_id, "+919876543210")).await;
        world.finish().await;
        assert_eq!(world.receiver.all().len() - before, expected, "{webhooks}");
    }
}
