//! The client against a server that answers as the Graph API does.

use super::*;
use crate::{Content, Recipient, graph_code};
use serde_json::json;
use wiremock::matchers::{any, body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const MESSAGES: &str = "/v26.0/106540352242922/messages";

fn client_at(base_url: &str) -> Client {
    Client::new(Http::new(), base_url, Client::VERSION, "106540352242922", Secret::new("token-1"))
}

fn client(server: &MockServer) -> Client {
    client_at(&server.uri())
}

fn message() -> Outgoing {
    Outgoing {
        to: Recipient::Phone("+919876543210".to_owned()),
        content: Content::Text { body: "Hello".to_owned(), preview_url: false },
        reply_to: None,
        callback_data: "msg_1".to_owned(),
    }
}

/// A server that answers everything with this, and expects to be asked `times`.
async fn answering(response: ResponseTemplate, times: u64) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).expect(times).mount(&server).await;
    server
}

fn json_answer(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

fn graph_error(code: i64) -> Value {
    json!({"error": {"message": format!("(#{code}) refused"), "type": "OAuthException", "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": "919876543210 is odd"}, "fbtrace_id": "A1"}})
}

async fn send(status: u16, body: Value) -> Result<Accepted, ProviderError> {
    client(&answering(json_answer(status, body), 1).await).send(&message()).await
}

#[tokio::test]
async fn a_message_is_sent_with_the_token() {
    let server = MockServer::start().await;
    let answer = json!({"messaging_product": "whatsapp",
        "contacts": [{"input": "919876543210", "wa_id": "919876543210", "user_id": "IN.1349"}],
        "messages": [{"id": "wamid.A", "message_status": "held_for_quality_assessment"}]});
    Mock::given(method("POST"))
        .and(path(MESSAGES))
        .and(header("authorization", "Bearer token-1"))
        .and(header("content-type", "application/json"))
        .and(body_json(json!({"messaging_product": "whatsapp", "recipient_type": "individual",
            "to": "919876543210", "biz_opaque_callback_data": "msg_1", "type": "text",
            "text": {"body": "Hello", "preview_url": false}})))
        .respond_with(json_answer(200, answer))
        .expect(1)
        .mount(&server)
        .await;
    let accepted = Accepted {
        message_id: "wamid.A".to_owned(),
        wa_id: Some("919876543210".to_owned()),
        user_id: Some("IN.1349".to_owned()),
        message_status: Some(AcceptedStatus::HeldForQualityAssessment),
    };
    assert_eq!(client(&server).send(&message()).await, Ok(accepted));
}

#[tokio::test]
async fn an_answer_may_tell_the_id_alone() {
    let bare = json!({"messages": [{"id": "wamid.A"}]});
    let expected =
        Accepted { message_id: "wamid.A".to_owned(), wa_id: None, user_id: None, message_status: None };
    assert_eq!(send(200, bare).await, Ok(expected.clone()));
    let odd = json!({"messaging_product": null, "contacts": [{"input": "IN.1", "wa_id": null, "user_id": ""}],
        "messages": [{"id": "wamid.A", "message_status": 5.5}, {"id": "wamid.B"}]});
    assert_eq!(send(200, odd).await, Ok(expected));
}

#[tokio::test]
async fn an_answer_without_an_id_leaves_the_message_unknown() {
    for body in
        [json!({}), json!({"messages": []}), json!({"messages": [{"id": ""}]}), json!("ok"), json!(null)]
    {
        let error = send(200, body).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unexpected { status: Some(200), .. }), "{error:?}");
        assert!(error.effect_unknown() && !error.is_retryable());
    }
    let page = answering(ResponseTemplate::new(200).set_body_string("<html>"), 1).await;
    assert!(client(&page).send(&message()).await.unwrap_err().effect_unknown());
}

#[tokio::test]
async fn a_graph_error_means_that_nothing_was_sent() {
    for (status, code, consequence) in [
        (400, 131_047, Consequence::WindowClosed),
        (400, 131_056, Consequence::WaitForPair),
        (401, 190, Consequence::Alarm),
        (403, 131_031, Consequence::Stop),
        (404, 132_001, Consequence::FixTemplate),
        (408, 131_000, Consequence::Retry),
        (503, 131_016, Consequence::Retry),
        (500, 100, Consequence::NoRetry),
        (200, 131_026, Consequence::Undeliverable),
        (400, 999_999, Consequence::Unknown),
        // The number is blocked, and a 429 must not hide it.
        (429, 131_048, Consequence::Stop),
        (429, 131_056, Consequence::WaitForPair),
    ] {
        let error = send(status, graph_error(code)).await.unwrap_err();
        assert_eq!(graph_code(&error), Some(code), "{error:?}");
        assert_eq!(Consequence::of_error(&error), Some(consequence));
        assert!(!error.effect_unknown());
        assert_eq!(
            error.to_string(),
            format!("the provider refused the request (status {status}, code {code})")
        );
        let ProviderError::Rejected { message, .. } = error else { panic!("{error:?}") };
        assert_eq!(message, format!("(#{code}) refused: 919876543210 is odd"));
    }
}

#[tokio::test]
async fn a_service_that_does_not_know_what_failed_may_have_sent_the_message() {
    for code in [1, 2, 131_000] {
        let error = send(500, graph_error(code)).await.unwrap_err();
        assert!(error.effect_unknown(), "{code}: {error:?}");
        assert!(!send(400, graph_error(code)).await.unwrap_err().effect_unknown(), "{code}");
    }
}

#[tokio::test]
async fn too_much_is_told_by_code_or_by_status() {
    for (status, body) in [
        (400, graph_error(4)),
        (400, graph_error(80_007)),
        (400, graph_error(130_429)),
        (500, graph_error(130_429)),
        (429, graph_error(130_429)),
        (429, graph_error(131_000)),
        (429, graph_error(777)),
        (429, json!({"error": "slow down"})),
    ] {
        let response = json_answer(status, body).insert_header("retry-after", "3");
        let error = client(&answering(response, 1).await).send(&message()).await.unwrap_err();
        assert_eq!(error, ProviderError::RateLimited { after: Some(Duration::from_secs(3)) });
        assert_eq!(Consequence::of_error(&error), Some(Consequence::BackOff));
    }
}

#[tokio::test]
async fn a_failure_without_a_graph_error_leaves_the_message_unknown() {
    for body in [
        json!({}),
        json!({"error": {}}),
        json!({"error": {"code": "internal", "message": "x"}}),
        json!({"error": {"code": null}}),
        json!([{"error": {"code": 1}}]),
    ] {
        for status in [500, 502, 503] {
            let error = send(status, body.clone()).await.unwrap_err();
            assert!(matches!(error, ProviderError::Unexpected { .. }) && error.effect_unknown(), "{error:?}");
            assert_eq!((graph_code(&error), Consequence::of_error(&error)), (None, None));
        }
    }
    let error = send(404, json!("<html>")).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Rejected { status: 404, code, .. } if code == "unspecified"));
}

#[tokio::test]
async fn a_message_without_an_answer_may_have_been_sent() {
    let slow = answering(json_answer(200, json!({})).set_delay(Duration::from_secs(5)), 1).await;
    let client = Client { send_timeout: Duration::from_millis(100), ..client(&slow) };
    let error = client.send(&message()).await.unwrap_err();
    assert!(error == ProviderError::Timeout && error.effect_unknown());

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let breaking = tokio::spawn(async move { drop(listener.accept().await.unwrap()) });
    let error = client_at(&address).send(&message()).await.unwrap_err();
    breaking.await.unwrap();
    assert!(matches!(error, ProviderError::Unexpected { status: None, .. }) && error.effect_unknown());

    let error = client_at(&address).send(&message()).await.unwrap_err();
    assert!(error == ProviderError::Unreachable && !error.effect_unknown());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = answering(ResponseTemplate::new(200), 0).await;
    let response = ResponseTemplate::new(302).insert_header("location", elsewhere.uri());
    let error = client(&answering(response, 1).await).send(&message()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unexpected { status: Some(302), .. }), "{error:?}");
    assert!(!error.effect_unknown());
}

#[tokio::test]
async fn a_message_beyond_the_limits_is_not_sent() {
    let server = answering(ResponseTemplate::new(200), 0).await;
    let long = Outgoing { callback_data: "a".repeat(513), ..message() };
    assert_eq!(client(&server).send(&long).await, Err(ProviderError::unsent("over_limit")));
}

#[tokio::test]
async fn a_message_of_theirs_is_marked_as_read() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(MESSAGES))
        .and(header("authorization", "Bearer token-1"))
        .and(body_json(json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.A",
            "typing_indicator": {"type": "text"}})))
        .respond_with(json_answer(200, json!({"success": true})))
        .expect(1)
        .mount(&server)
        .await;
    assert_eq!(client(&server).mark_read("wamid.A", true).await, Ok(()));

    let mark = async |status, body| {
        client(&answering(json_answer(status, body), 1).await).mark_read("wamid.A", false).await.unwrap_err()
    };
    let refused = mark(200, json!({"success": false})).await;
    assert!(matches!(&refused, ProviderError::Rejected { code, .. } if code == "not_marked"), "{refused:?}");
    assert!(mark(200, json!({})).await.effect_unknown());
    assert_eq!(graph_code(&mark(400, graph_error(100)).await), Some(100));
}

#[tokio::test]
async fn a_file_is_looked_up_and_fetched() {
    let server = MockServer::start().await;
    let url = format!("{}/attachments/?mid=1003&hash=x", server.uri());
    let found = json!({"url": url, "mime_type": "image/jpeg", "sha256": "ab12", "file_size": 4,
        "id": "1003", "messaging_product": "whatsapp"});
    Mock::given(method("GET"))
        .and(path("/v26.0/1003"))
        .and(header("authorization", "Bearer token-1"))
        .respond_with(json_answer(200, found))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path("/attachments/"))
        .and(header("authorization", "Bearer token-1"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes(vec![0xff; 4]))
        .expect(1)
        .mount(&server)
        .await;
    let client = client(&server);
    let media = client.media("1003").await.unwrap();
    let expected = Media {
        id: "1003".to_owned(),
        url,
        mime_type: Some("image/jpeg".to_owned()),
        file_size: Some(4),
        sha256: Some("ab12".to_owned()),
    };
    assert_eq!(media, expected);
    assert_eq!(client.download(&media, 4).await.unwrap(), vec![0xff; 4]);
    assert_eq!(client.download(&media, 3).await, Err(ProviderError::unsent("too_large")));
}

#[tokio::test]
async fn a_file_without_an_address_is_none() {
    let look_up = async |body| client(&answering(json_answer(200, body), 1).await).media("1003").await;
    let bare = look_up(json!({"url": "https://lookaside.test/1", "file_size": "303833"})).await.unwrap();
    assert_eq!((bare.id.as_str(), bare.file_size, bare.mime_type), ("1003", Some(303_833), None));
    let error = look_up(json!({"id": "1003"})).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unexpected { status: Some(200), .. }), "{error:?}");
}

#[tokio::test]
async fn an_id_cannot_leave_its_place_in_the_path() {
    let server = answering(json_answer(400, graph_error(100)), 1).await;
    assert!(client(&server).media("../me?fields=a").await.is_err());
    let [request] = &server.received_requests().await.unwrap()[..] else { panic!("one request") };
    assert_eq!((request.url.path(), request.url.query()), ("/v26.0/..%2Fme%3Ffields=a", None));
}

#[tokio::test]
async fn the_token_goes_to_no_other_address_in_the_clear() {
    let elsewhere = answering(ResponseTemplate::new(200), 0).await;
    let media = |url: &str| Media {
        id: "1003".to_owned(),
        url: url.to_owned(),
        mime_type: None,
        file_size: None,
        sha256: None,
    };
    let client = client_at("http://127.0.0.1:9");
    for url in [&elsewhere.uri(), "http://127.0.0.1:10/x", "ftp://127.0.0.1:9/x", "http://localhost:9/x"] {
        let fetched = client.download(&media(url), 1024).await;
        assert_eq!(fetched, Err(ProviderError::unsent("insecure_url")), "{url}");
    }
    for url in ["", "/attachments", "lookaside"] {
        let fetched = client.download(&media(url), 1024).await;
        assert_eq!(fetched, Err(ProviderError::unsent("invalid_url")), "{url}");
    }
}

#[tokio::test]
async fn a_file_is_read_up_to_its_limit() {
    let large = answering(ResponseTemplate::new(200).set_body_bytes(vec![0; 1025]), 1).await;
    let media =
        Media { id: "1003".to_owned(), url: large.uri(), mime_type: None, file_size: None, sha256: None };
    let error = client(&large).download(&media, 1024).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unexpected { status: Some(200), .. }), "{error:?}");
    let gone = answering(ResponseTemplate::new(404), 1).await;
    let error = client(&gone).download(&Media { url: gone.uri(), ..media }, 1024).await.unwrap_err();
    assert!(matches!(error, ProviderError::Rejected { status: 404, .. }), "{error:?}");
}

#[tokio::test]
async fn a_read_is_repeated_twice_where_that_can_help() {
    let server = MockServer::start().await;
    for response in
        [json_answer(400, graph_error(131_016)), ResponseTemplate::new(429).insert_header("retry-after", "0")]
    {
        Mock::given(any()).respond_with(response).up_to_n_times(1).expect(1).mount(&server).await;
    }
    let found = json_answer(200, json!({"url": "https://lookaside.test/1"}));
    Mock::given(any()).respond_with(found).expect(1).mount(&server).await;
    assert!(client(&server).media("1003").await.is_ok());

    let refusing = answering(json_answer(400, graph_error(100)), 1).await;
    assert_eq!(graph_code(&client(&refusing).media("1003").await.unwrap_err()), Some(100));
    let failing = answering(ResponseTemplate::new(503), 3).await;
    assert!(client(&failing).media("1003").await.is_err());
}

#[test]
fn the_token_is_not_debugged() {
    let shown = format!("{:?}", client_at("https://graph.facebook.com"));
    assert!(shown.contains("v26.0") && !shown.contains("token-1"), "{shown}");
}
