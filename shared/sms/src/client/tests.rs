//! The client against a server that answers as the service does.

use super::*;
use crate::Kind;
use serde_json::{Value, json};
use sigv4::Asked;
use wiremock::matchers::{any, body_json, header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn credentials(session_token: Option<&str>) -> Credentials {
    Credentials {
        access_key: "AKID".to_owned(),
        secret_key: "secret".into(),
        session_token: session_token.map(Into::into),
    }
}

fn client_at(endpoint: &str) -> Client {
    Client::new(Http::new(), "eu-west-1", Some(endpoint), credentials(Some("token")))
}

fn message() -> TextMessage {
    TextMessage {
        to: "+919876543210".to_owned(),
        from: "ACMEDN".to_owned(),
        body: "नमस्ते Ana, your visit is \"tomorrow\" at 9.".to_owned(),
        kind: Kind::Transactional,
        in_entity_id: Some("1701158019630577568".to_owned()),
        in_template_id: Some("1707158029630577568".to_owned()),
        context: Some(("message_id".to_owned(), "msg_01JD".to_owned())),
    }
}

/// A server that answers everything with this, and expects to be asked `times`.
async fn answering(response: ResponseTemplate, times: u64) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).expect(times).mount(&server).await;
    server
}

fn accepted() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "MessageId": "0c1f-1" }))
}

async fn send(response: ResponseTemplate) -> Result<String, ProviderError> {
    client_at(&answering(response, 1).await.uri()).send(&message(), NOW).await
}

fn refusal(status: u16, name: &str, reason: Option<&str>) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({
        "__type": format!("com.amazonaws.pinpointsmsvoicev2#{name}"),
        "Message": "+919876543210 is odd",
        "Reason": reason,
    }))
}

fn code(error: ProviderError) -> String {
    let ProviderError::Rejected { code, .. } = error else { panic!("{error:?}") };
    code
}

/// Of what was sent, the signature, and the one that it must have.
fn signatures(request: &Request, session_token: Option<&str>) -> (String, String) {
    let value = |name: &str| request.headers[name].to_str().unwrap();
    let signed = ["content-type", "x-amz-target"].map(|name| (name, value(name)));
    let asked = Asked {
        method: request.method.as_str(),
        host: value("host"),
        path: request.url.path(),
        parameters: &[],
        headers: &signed,
    };
    let signer = Signer::new(credentials(session_token), "eu-west-1", "sms-voice");
    let own = signer.headers(asked, &request.body, NOW);
    let (_, expected) = own.into_iter().find(|(name, _)| *name == "authorization").unwrap();
    (value("authorization").to_owned(), expected)
}

#[tokio::test]
async fn a_message_is_sent_as_the_service_wants_it() {
    let server = MockServer::start().await;
    let body: Value =
        serde_json::from_str(include_str!("../../fixtures/send_text_message_india.json")).unwrap();
    Mock::given(method("POST"))
        .and(path("/"))
        .and(header("content-type", "application/x-amz-json-1.0"))
        .and(header("x-amz-target", "PinpointSMSVoiceV2.SendTextMessage"))
        .and(header("x-amz-date", "20270115T080000Z"))
        .and(header("x-amz-security-token", "token"))
        .and(body_json(body))
        .respond_with(accepted())
        .expect(1)
        .mount(&server)
        .await;
    assert_eq!(client_at(&server.uri()).send(&message(), NOW).await, Ok("0c1f-1".to_owned()));

    let requests = server.received_requests().await.unwrap();
    let (sent, expected) = signatures(&requests[0], Some("token"));
    assert_eq!(sent, expected);
    assert!(
        sent.starts_with(
            "AWS4-HMAC-SHA256 Credential=AKID/20270115/eu-west-1/sms-voice/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature="
        ),
        "{sent}"
    );
}

#[tokio::test]
async fn the_registrys_ids_go_to_india_alone() {
    let server = answering(accepted(), 3).await;
    let client =
        Client::new(Http::new(), "eu-west-1", Some(&format!("{}/sms", server.uri())), credentials(None));
    let abroad = TextMessage { to: "+14155550100".to_owned(), kind: Kind::Promotional, ..message() };
    client.send(&abroad, NOW).await.unwrap();
    client.send(&TextMessage { in_entity_id: None, context: None, ..message() }, NOW).await.unwrap();
    client.send(&TextMessage { in_entity_id: None, in_template_id: None, ..message() }, NOW).await.unwrap();

    let requests = server.received_requests().await.unwrap();
    let bodies: Vec<Value> = requests.iter().map(|request| request.body_json().unwrap()).collect();
    let expected = json!({
        "DestinationPhoneNumber": "+14155550100",
        "OriginationIdentity": "ACMEDN",
        "MessageBody": message().body,
        "MessageType": "PROMOTIONAL",
        "Context": { "message_id": "msg_01JD" },
    });
    assert_eq!(bodies[0], expected);
    assert_eq!(bodies[1]["DestinationCountryParameters"], json!({ "IN_TEMPLATE_ID": "1707158029630577568" }));
    assert_eq!(bodies[1].get("Context"), None);
    assert_eq!(bodies[2].get("DestinationCountryParameters"), None);
    for request in &requests {
        assert_eq!(request.url.path(), "/sms");
        assert!(!request.headers.contains_key("x-amz-security-token"));
        let (sent, expected) = signatures(request, None);
        assert_eq!(sent, expected);
    }
}

#[test]
fn each_region_has_its_address() {
    let client = Client::new(Http::new(), "ap-south-1", None, credentials(None));
    assert_eq!(client.base_url, "https://sms-voice.ap-south-1.amazonaws.com");
}

#[tokio::test]
async fn a_number_that_wants_no_messages_is_told_by_the_code() {
    let body: Value = serde_json::from_str(include_str!("../../fixtures/opted_out.json")).unwrap();
    let error = send(ResponseTemplate::new(400).set_body_json(body)).await.unwrap_err();
    assert!(!error.effect_unknown() && !error.is_retryable());
    assert_eq!(code(error), "ConflictException.DESTINATION_PHONE_NUMBER_OPTED_OUT");
}

#[tokio::test]
async fn a_refusal_has_the_exceptions_name_and_no_effect() {
    for (status, name, reason, expected) in [
        (400, "AccessDeniedException", Some("ACCOUNT_DISABLED"), "AccessDeniedException.ACCOUNT_DISABLED"),
        (400, "AccessDeniedException", None, "AccessDeniedException"),
        (400, "ResourceNotFoundException", None, "ResourceNotFoundException"),
        (
            400,
            "ValidationException",
            Some("FIELD_VALIDATION_FAILED"),
            "ValidationException.FIELD_VALIDATION_FAILED",
        ),
        (403, "InvalidSignatureException", None, "InvalidSignatureException"),
        // A reason is words in capitals, and nothing that could be a person's.
        (400, "ConflictException", Some("+919876543210 opted out"), "ConflictException"),
        (400, "ConflictException", Some(""), "ConflictException"),
        (400, "+919876543210", None, "unspecified"),
    ] {
        let error = send(refusal(status, name, reason)).await.unwrap_err();
        assert!(!error.effect_unknown() && !error.is_retryable(), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!("the provider refused the request (status {status}, code {expected})")
        );
        let ProviderError::Rejected { message, .. } = error else { panic!("{error:?}") };
        assert_eq!(message, "+919876543210 is odd");
    }
}

#[tokio::test]
async fn a_long_reason_is_cut_and_still_tells_itself() {
    for (name, reason, expected) in [
        (
            "ConflictException",
            "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION",
            "ConflictException.DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGU",
        ),
        (
            "ConflictException",
            "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE",
            "ConflictException.DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NU",
        ),
        (
            "ServiceQuotaExceededException",
            "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT",
            "ServiceQuotaExceededException.MONTHLY_SPEND_LIMIT_REACHED_FOR_TE",
        ),
    ] {
        assert_eq!(code(send(refusal(400, name, Some(reason))).await.unwrap_err()), expected);
    }
}

#[tokio::test]
async fn a_name_may_stand_elsewhere_or_nowhere() {
    let named = |name: &str, body: Value| {
        ResponseTemplate::new(400).insert_header("x-amzn-errortype", name).set_body_json(body)
    };
    for (response, expected) in [
        (named("ConflictException:http://internal.amazon.com/coral/", json!({})), "ConflictException"),
        (
            named("Other", json!({ "__type": "ConflictException", "Reason": "OPTED_OUT", "message": "x" })),
            "ConflictException.OPTED_OUT",
        ),
        (ResponseTemplate::new(400).set_body_json(json!({ "Reason": "OPTED_OUT" })), "unspecified"),
        (ResponseTemplate::new(413).set_body_string("<html>"), "unspecified"),
    ] {
        assert_eq!(code(send(response).await.unwrap_err()), expected);
    }
}

#[tokio::test]
async fn too_much_is_told_by_name_or_by_status() {
    for response in [
        refusal(400, "ThrottlingException", None),
        refusal(503, "Throttling", None),
        refusal(429, "SomethingElse", None),
        ResponseTemplate::new(429),
    ] {
        let error = send(response.clone()).await.unwrap_err();
        assert_eq!(error, ProviderError::RateLimited { after: None });
        let error = send(response.insert_header("retry-after", "3")).await.unwrap_err();
        assert_eq!(error, ProviderError::RateLimited { after: Some(Duration::from_secs(3)) });
        assert!(!error.effect_unknown());
    }
}

#[tokio::test]
async fn a_failure_of_theirs_leaves_the_message_unknown() {
    for response in [
        refusal(500, "InternalServerException", None),
        refusal(503, "ServiceUnavailableException", None),
        ResponseTemplate::new(502).set_body_string("<html>"),
    ] {
        let error = send(response).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unexpected { .. }), "{error:?}");
        assert!(error.effect_unknown() && error.is_retryable());
    }
    assert_eq!(send(ResponseTemplate::new(408)).await, Err(ProviderError::Timeout));
}

#[tokio::test]
async fn an_answer_without_an_id_leaves_the_message_unknown() {
    let large = format!("{{\"MessageId\": \"{}\"}}", "a".repeat(64 * 1024));
    for response in [
        ResponseTemplate::new(200).set_body_json(json!({})),
        ResponseTemplate::new(200).set_body_json(json!({ "MessageId": null })),
        ResponseTemplate::new(200).set_body_json(json!({ "MessageId": "" })),
        ResponseTemplate::new(200).set_body_json(json!({ "MessageId": 5 })),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(204),
        ResponseTemplate::new(200).set_body_string(large),
    ] {
        let error = send(response).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unexpected { .. }), "{error:?}");
        assert!(error.effect_unknown() && !error.is_retryable());
    }
}

#[tokio::test]
async fn a_message_without_an_answer_may_have_been_sent() {
    let slow = answering(accepted().set_delay(Duration::from_secs(5)), 1).await;
    let limits = Limits { timeout: Duration::from_millis(100), ..LIMITS };
    let error = Client { limits, ..client_at(&slow.uri()) }.send(&message(), NOW).await.unwrap_err();
    assert!(error == ProviderError::Timeout && error.effect_unknown());

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let breaking = tokio::spawn(async move { drop(listener.accept().await.unwrap()) });
    let error = client_at(&address).send(&message(), NOW).await.unwrap_err();
    breaking.await.unwrap();
    assert!(matches!(error, ProviderError::Unexpected { status: None, .. }) && error.effect_unknown());

    let error = client_at(&address).send(&message(), NOW).await.unwrap_err();
    assert!(error == ProviderError::Unreachable && !error.effect_unknown());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = answering(accepted(), 0).await;
    let response = ResponseTemplate::new(307).insert_header("location", elsewhere.uri());
    let error = send(response).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unexpected { status: Some(307), .. }), "{error:?}");
    assert!(!error.effect_unknown());
}

#[tokio::test]
async fn what_cannot_be_formed_is_not_sent() {
    let server = answering(accepted(), 0).await;
    let blank = TextMessage { body: " ".to_owned(), ..message() };
    assert_eq!(client_at(&server.uri()).send(&blank, NOW).await, Err(ProviderError::unsent("over_limit")));
    assert_eq!(client_at("nonsense").send(&message(), NOW).await, Err(ProviderError::unsent("invalid_url")));
    let broken = Client::new(Http::new(), "eu-west-1", Some(&server.uri()), credentials(Some("a\nb")));
    assert_eq!(broken.send(&message(), NOW).await, Err(ProviderError::unsent("invalid_request")));
}
