//! The client against a server that answers as ElevenLabs does.

use super::*;
use crate::conversation::ConversationStatus;
use serde_json::{Value, json};
use wiremock::matchers::{any, body_partial_json, header, method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const CONVERSATION: &str = include_str!("../../fixtures/conversation.json");

fn client(server: &MockServer) -> Client {
    Client::new(Http::new(), &server.uri(), Secret::new("xi-1"))
}

fn spec() -> AgentSpec {
    AgentSpec {
        name: "Lead caller".to_owned(),
        system_prompt: "Qualify.".to_owned(),
        first_message: "Hello.".to_owned(),
        language: "en".to_owned(),
        voice_id: None,
        llm: None,
        tags: vec!["agt_1".to_owned()],
        data_collection: [].into(),
        evaluation: Vec::new(),
        post_call_webhook_id: None,
        max_duration_secs: None,
        placeholders: [].into(),
    }
}

fn call() -> OutboundCall {
    OutboundCall {
        agent_id: "agent_1".to_owned(),
        agent_phone_number_id: "phnum_1".to_owned(),
        to_number: "+919876543210".to_owned(),
        user_id: "att_1".to_owned(),
        dynamic_variables: [].into(),
        prompt: None,
        first_message: None,
        language: None,
        ringing_timeout_secs: None,
    }
}

/// A server that answers everything with this, and expects to be asked `times`.
async fn answering(status: u16, body: Value, times: u64) -> MockServer {
    let server = MockServer::start().await;
    let response = ResponseTemplate::new(status).set_body_json(body);
    Mock::given(any()).respond_with(response).expect(times).mount(&server).await;
    server
}

async fn place(status: u16, body: Value) -> Result<Placed, ProviderError> {
    client(&answering(status, body, 1).await).outbound_call(PhoneProvider::Twilio, &call()).await
}

fn rejected(status: u16, code: &str, message: &str) -> ProviderError {
    ProviderError::Rejected { status, code: code.to_owned(), message: message.to_owned() }
}

#[tokio::test]
async fn an_agent_is_created_changed_and_deleted() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/convai/agents/create"))
        .and(header("xi-api-key", "xi-1"))
        .and(body_partial_json(json!({"name": "Lead caller", "tags": ["agt_1"]})))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"agent_id": "agent_1"})))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("PATCH"))
        .and(path("/v1/convai/agents/agent_1"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"agent_id": "agent_1"})))
        .expect(1)
        .mount(&server)
        .await;
    for (id, status) in [("agent_1", 200), ("agent_2", 204), ("agent_3", 404)] {
        Mock::given(method("DELETE"))
            .and(path(format!("/v1/convai/agents/{id}")))
            .respond_with(ResponseTemplate::new(status))
            .expect(1)
            .mount(&server)
            .await;
    }
    let client = client(&server);
    assert_eq!(client.create_agent(&spec()).await, Ok("agent_1".to_owned()));
    assert_eq!(client.update_agent("agent_1", &spec()).await, Ok(true));
    assert_eq!(client.update_agent("agent_4", &spec()).await, Ok(false), "there is none");
    for id in ["agent_1", "agent_2", "agent_3"] {
        assert_eq!(client.delete_agent(id).await, Ok(()), "{id}");
    }
}

#[tokio::test]
async fn an_agent_is_looked_up() {
    let mut body = serde_json::to_value(crate::wire::Agent::from(&spec())).unwrap();
    body["agent_id"] = json!("agent_1");
    body["name"] = json!("Renamed");
    let agent = client(&answering(200, body, 1).await).get_agent("agent_1").await.unwrap().unwrap();
    assert_eq!((agent.agent_id.as_str(), agent.drift(&spec())), ("agent_1", vec![crate::ManagedField::Name]));
    let gone = answering(404, json!({"detail": {"status": "agent_not_found", "message": "no"}}), 1).await;
    assert_eq!(client(&gone).get_agent("agent_1").await, Ok(None));
}

#[tokio::test]
async fn an_agent_is_found_on_a_later_page() {
    let server = MockServer::start().await;
    let page = |agents: Value, next: Value, more: bool| {
        ResponseTemplate::new(200)
            .set_body_json(json!({"agents": agents, "next_cursor": next, "has_more": more}))
    };
    Mock::given(path("/v1/convai/agents"))
        .and(query_param("search", "Lead caller"))
        .and(query_param("page_size", "100"))
        .and(query_param_is_missing("cursor"))
        .respond_with(page(json!([{"agent_id": "agent_1", "name": "a", "tags": null}]), json!("c 2"), true))
        .expect(2)
        .mount(&server)
        .await;
    Mock::given(path("/v1/convai/agents"))
        .and(query_param("search", "Lead caller"))
        .and(query_param("cursor", "c 2"))
        .respond_with(page(
            json!([{"agent_id": "agent_2", "name": "b", "tags": ["x", "agt_1"]}]),
            json!("c 3"),
            false,
        ))
        .expect(2)
        .mount(&server)
        .await;
    let client = client(&server);
    assert_eq!(client.find_agent_by_tag(Some("Lead caller"), "agt_1").await, Ok(Some("agent_2".to_owned())));
    assert_eq!(client.find_agent_by_tag(Some("Lead caller"), "agt_2").await, Ok(None));
}

#[tokio::test]
async fn each_carrier_has_its_path_and_its_answer() {
    let carriers = [
        (PhoneProvider::Twilio, "twilio", json!({"callSid": "CA1"}), "CA1"),
        (PhoneProvider::SipTrunk, "sip-trunk", json!({"sip_call_id": "sip1"}), "sip1"),
        (PhoneProvider::Exotel, "exotel", json!({"callSid": "ex1"}), "ex1"),
    ];
    for (phone, segment, mut body, sid) in carriers {
        body["success"] = true.into();
        body["message"] = "ok".into();
        body["conversation_id"] = "conv_1".into();
        let server = answering(200, body, 1).await;
        let placed = client(&server).outbound_call(phone, &call()).await.unwrap();
        assert_eq!(
            placed,
            Placed { conversation_id: Some("conv_1".to_owned()), call_sid: Some(sid.to_owned()) }
        );
        let requests: Vec<Request> = server.received_requests().await.unwrap();
        assert_eq!(requests[0].url.path(), format!("/v1/convai/{segment}/outbound-call"));
        let sent: Value = requests[0].body_json().unwrap();
        assert_eq!(sent["conversation_initiation_client_data"]["user_id"], "att_1");
    }
}

#[tokio::test]
async fn a_success_that_is_none_is_a_refusal() {
    let body = json!({
        "success": false,
        "message": "+919876543210 unverified",
        "conversation_id": null,
        "callSid": null,
    });
    let error = place(200, body).await.unwrap_err();
    assert_eq!(error, rejected(200, "not_placed", "+919876543210 unverified"));
    assert!(!error.effect_unknown() && !error.to_string().contains("91987"));
}

#[tokio::test]
async fn a_placed_call_may_have_no_ids_yet() {
    let body = json!({"success": true, "message": "ok", "conversation_id": null, "callSid": null});
    assert_eq!(place(200, body).await, Ok(Placed { conversation_id: None, call_sid: None }));
}

#[tokio::test]
async fn an_answer_without_a_verdict_leaves_the_call_unknown() {
    for (status, body) in
        [(200, json!({"message": "ok"})), (200, json!("ok")), (500, json!({})), (503, json!({}))]
    {
        let error = place(status, body).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unexpected { .. }) && error.effect_unknown(), "{error:?}");
    }
}

#[tokio::test]
async fn the_four_shapes_of_error_are_read() {
    let now = json!({"detail": {
        "type": "validation_error",
        "code": "invalid_parameters",
        "message": "bad voice",
        "status": "old",
        "request_id": "r",
        "param": "voice_id",
    }});
    assert_eq!(place(400, now).await, Err(rejected(400, "invalid_parameters", "bad voice")));
    let old = json!({"detail": {"status": "quota_exceeded", "message": "no credits"}});
    assert_eq!(place(401, old).await, Err(rejected(401, "quota_exceeded", "no credits")));
    let fields = json!({"detail": [
        {"loc": ["body", "to_number"], "msg": "Field required", "type": "missing"},
        {"loc": ["body", "tags", 0], "msg": "Input should be a string", "type": "string_type"},
    ]});
    let message = "body.to_number: Field required; body.tags.0: Input should be a string";
    assert_eq!(place(422, fields).await, Err(rejected(422, "missing", message)));
    assert_eq!(
        place(403, json!({"detail": "Forbidden"})).await,
        Err(rejected(403, "unspecified", "Forbidden"))
    );
    assert_eq!(place(400, json!([])).await, Err(rejected(400, "unspecified", "")));
}

#[tokio::test]
async fn a_call_is_sent_once_even_when_the_service_is_busy() {
    let body = json!({"detail": {"code": "concurrent_limit_exceeded", "message": "wait"}});
    let response = ResponseTemplate::new(429).insert_header("retry-after", "3").set_body_json(body);
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).expect(1).mount(&server).await;
    let error = client(&server).outbound_call(PhoneProvider::Exotel, &call()).await.unwrap_err();
    assert_eq!(error, ProviderError::RateLimited { after: Some(Duration::from_secs(3)) });
}

#[tokio::test]
async fn conversations_are_found_by_the_attempt() {
    let server = MockServer::start().await;
    let body = json!({"conversations": [
        {"conversation_id": "conv_2", "status": "in-progress", "start_time_unix_secs": 1_790_000_000},
        {"conversation_id": "conv_1", "status": "paused", "start_time_unix_secs": null},
    ], "next_cursor": null, "has_more": false});
    Mock::given(path("/v1/convai/conversations"))
        .and(query_param("user_id", "att_1"))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(&server)
        .await;
    let [first, second] = client(&server).conversations_of_user("att_1").await.unwrap().try_into().unwrap();
    assert_eq!(
        (first.status, first.start_time_unix_secs),
        (ConversationStatus::InProgress, Some(1_790_000_000))
    );
    assert_eq!(second.status, ConversationStatus::Other("paused".to_owned()));
}

#[tokio::test]
async fn a_list_that_cannot_be_read_proves_nothing() {
    for body in [json!({}), json!({"conversations": null}), json!({"conversations": [{"status": "done"}]})] {
        let error = client(&answering(200, body, 1).await).conversations_of_user("att_1").await.unwrap_err();
        assert!(matches!(error, ProviderError::Unexpected { status: Some(200), .. }));
    }
    let wrong_host = answering(404, json!({"detail": "Not Found"}), 1).await;
    assert!(client(&wrong_host).conversations_of_user("att_1").await.is_err());
}

#[tokio::test]
async fn a_conversation_is_read_or_absent() {
    let body: Value = serde_json::from_str(CONVERSATION).unwrap();
    let conversation = client(&answering(200, body, 1).await).conversation("conv_1").await.unwrap().unwrap();
    assert_eq!(conversation.user_id.as_deref(), Some("att_01JD3Q8XKZ5V9T2M4N6P8R0SAB_1"));
    let gone =
        answering(404, json!({"detail": {"code": "conversation_not_found", "message": "no"}}), 1).await;
    assert_eq!(client(&gone).conversation("conv_1").await, Ok(None));
    let page = answering(200, json!("<html>"), 1).await;
    assert!(client(&page).conversation("conv_1").await.is_err());
}

#[tokio::test]
async fn a_read_is_repeated_twice_where_that_can_help() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(1)
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "0"))
        .up_to_n_times(1)
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string(CONVERSATION))
        .expect(1)
        .mount(&server)
        .await;
    assert!(client(&server).conversation("conv_1").await.unwrap().is_some());

    let failing = answering(500, json!({}), 3).await;
    assert!(client(&failing).conversation("conv_1").await.is_err());
    let refusing = answering(401, json!({"detail": "no"}), 1).await;
    assert!(client(&refusing).conversation("conv_1").await.is_err());
}

#[tokio::test]
async fn a_recording_is_fetched_as_it_is() {
    let server = MockServer::start().await;
    // Larger than any JSON that is read, and no text.
    let recording = vec![0xff; 9 * 1024 * 1024];
    Mock::given(path("/v1/convai/conversations/conv_1/audio"))
        .and(header("xi-api-key", "xi-1"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes(recording.clone()))
        .mount(&server)
        .await;
    let client = client(&server);
    assert_eq!(client.conversation_audio("conv_1").await.unwrap().unwrap(), recording);
    assert_eq!(client.conversation_audio("conv_2").await, Ok(None));
}
