//! The client against a server that answers as SES does.

use super::*;
use serde_json::{Value, json};
use sigv4::Asked;
use wiremock::matchers::{any, body_json, header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const PATH: &str = "/v2/email/outbound-emails";
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

fn mail() -> Mail {
    Mail {
        from: "hello@acme.example".to_owned(),
        reply_to: Some("desk@acme.example".to_owned()),
        to: "ana@example.com".to_owned(),
        subject: "Your visit – नमस्ते".to_owned(),
        text: "Hello Ana,\n\"tomorrow\" at 9?\n".to_owned(),
        configuration_set: Some("frontdesk".to_owned()),
        tag: Some(("message_id".to_owned(), "msg_01JD".to_owned())),
        list_unsubscribe: Some("https://acme.example/out?t=a,b".to_owned()),
    }
}

/// A server that answers everything with this, and expects to be asked `times`.
async fn answering(response: ResponseTemplate, times: u64) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).expect(times).mount(&server).await;
    server
}

fn accepted() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "MessageId": "0100018f-1" }))
}

async fn send(response: ResponseTemplate) -> Result<String, ProviderError> {
    client_at(&answering(response, 1).await.uri()).send(&mail(), NOW).await
}

/// A refusal as SES writes it: the name in a header, the words in the body.
fn refusal(status: u16, name: &str) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .insert_header("x-amzn-errortype", name)
        .set_body_json(json!({ "message": "ana@example.com is odd" }))
}

/// Of what was sent, the signature, and the one that it must have.
fn signatures(request: &Request, session_token: Option<&str>) -> (String, String) {
    let value = |name: &str| request.headers[name].to_str().unwrap();
    let asked = Asked {
        method: request.method.as_str(),
        host: value("host"),
        path: request.url.path(),
        parameters: &[],
        headers: &[("content-type", value("content-type"))],
    };
    let signer = Signer::new(credentials(session_token), "eu-west-1", "ses");
    let own = signer.headers(asked, &request.body, NOW);
    let (_, expected) = own.into_iter().find(|(name, _)| *name == "authorization").unwrap();
    (value("authorization").to_owned(), expected)
}

#[tokio::test]
async fn a_mail_is_sent_as_ses_wants_it() {
    let server = MockServer::start().await;
    let body: Value = serde_json::from_str(include_str!("../../fixtures/send_email.json")).unwrap();
    Mock::given(method("POST"))
        .and(path(PATH))
        .and(header("content-type", "application/json"))
        .and(header("x-amz-date", "20270115T080000Z"))
        .and(header("x-amz-security-token", "token"))
        .and(body_json(body))
        .respond_with(accepted())
        .expect(1)
        .mount(&server)
        .await;
    assert_eq!(client_at(&server.uri()).send(&mail(), NOW).await, Ok("0100018f-1".to_owned()));

    let requests = server.received_requests().await.unwrap();
    let (sent, expected) = signatures(&requests[0], Some("token"));
    assert_eq!(sent, expected);
    assert!(
        sent.starts_with(
            "AWS4-HMAC-SHA256 Credential=AKID/20270115/eu-west-1/ses/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature="
        ),
        "{sent}"
    );
}

#[tokio::test]
async fn what_a_mail_lacks_is_left_out() {
    let server = answering(accepted(), 2).await;
    let client =
        Client::new(Http::new(), "eu-west-1", Some(&format!("{}/ses/", server.uri())), credentials(None));
    let bare = Mail { reply_to: None, configuration_set: None, tag: None, list_unsubscribe: None, ..mail() };
    client.send(&bare, NOW).await.unwrap();
    let by_mail = Mail { list_unsubscribe: Some("mailto:out@acme.example".to_owned()), ..bare };
    client.send(&by_mail, NOW).await.unwrap();

    let requests = server.received_requests().await.unwrap();
    let mut expected = json!({
        "FromEmailAddress": "hello@acme.example",
        "Destination": { "ToAddresses": ["ana@example.com"] },
        "Content": { "Simple": {
            "Subject": { "Data": "Your visit – नमस्ते", "Charset": "UTF-8" },
            "Body": { "Text": { "Data": "Hello Ana,\n\"tomorrow\" at 9?\n", "Charset": "UTF-8" } },
        } },
    });
    assert_eq!(requests[0].body_json::<Value>().unwrap(), expected);
    expected["Content"]["Simple"]["Headers"] =
        json!([{ "Name": "List-Unsubscribe", "Value": "<mailto:out@acme.example>" }]);
    assert_eq!(requests[1].body_json::<Value>().unwrap(), expected);
    for request in &requests {
        assert_eq!(request.url.path(), format!("/ses{PATH}"));
        assert!(!request.headers.contains_key("x-amz-security-token"));
        let (sent, expected) = signatures(request, None);
        assert_eq!(sent, expected);
    }
}

#[test]
fn each_region_has_its_address() {
    let client = Client::new(Http::new(), "ap-south-1", None, credentials(None));
    assert_eq!(client.base_url, "https://email.ap-south-1.amazonaws.com");
}

#[tokio::test]
async fn a_refusal_has_the_exceptions_name_and_no_effect() {
    for (status, name, code) in [
        (400, "MessageRejected", "MessageRejected"),
        (400, "MailFromDomainNotVerifiedException", "MailFromDomainNotVerifiedException"),
        (400, "AccountSuspendedException:http://internal.amazon.com/coral/", "AccountSuspendedException"),
        (400, "com.amazonaws.sesv2#SendingPausedException", "SendingPausedException"),
        (400, "LimitExceededException", "LimitExceededException"),
        (400, "BadRequestException", "BadRequestException"),
        (403, "InvalidSignatureException", "InvalidSignatureException"),
        (404, "NotFoundException", "NotFoundException"),
        (400, "ana@example.com is odd", "unspecified"),
    ] {
        let error = send(refusal(status, name)).await.unwrap_err();
        assert!(!error.effect_unknown() && !error.is_retryable(), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!("the provider refused the request (status {status}, code {code})")
        );
        let ProviderError::Rejected { message, .. } = error else { panic!("{error:?}") };
        assert_eq!(message, "ana@example.com is odd");
    }
}

#[tokio::test]
async fn a_name_may_stand_in_the_body_or_nowhere() {
    for (body, expected) in [
        (
            json!({ "__type": "com.amazonaws.sesv2#MessageRejected", "Message": "odd" }),
            ("MessageRejected", "odd"),
        ),
        (json!({ "code": "MessageRejected", "message": null }), ("MessageRejected", "")),
        (json!({ "message": "odd" }), ("unspecified", "odd")),
        (json!("<html>"), ("unspecified", "")),
    ] {
        let error = send(ResponseTemplate::new(400).set_body_json(body)).await.unwrap_err();
        let ProviderError::Rejected { code, message, .. } = error else { panic!("{error:?}") };
        assert_eq!((code.as_str(), message.as_str()), expected);
    }
}

#[tokio::test]
async fn too_much_is_told_by_name_or_by_status() {
    for response in [
        refusal(429, "TooManyRequestsException"),
        refusal(400, "ThrottlingException"),
        refusal(503, "Throttling"),
        refusal(429, "SomethingElse"),
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
async fn a_failure_of_theirs_leaves_the_mail_unknown() {
    for response in [
        refusal(500, "InternalServiceErrorException"),
        refusal(503, "ServiceUnavailable"),
        ResponseTemplate::new(502).set_body_string("<html>"),
    ] {
        let error = send(response).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unexpected { .. }), "{error:?}");
        assert!(error.effect_unknown() && error.is_retryable());
    }
    assert_eq!(send(ResponseTemplate::new(408)).await, Err(ProviderError::Timeout));
}

#[tokio::test]
async fn an_answer_without_an_id_leaves_the_mail_unknown() {
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
async fn a_mail_without_an_answer_may_have_been_sent() {
    let slow = answering(accepted().set_delay(Duration::from_secs(5)), 1).await;
    let limits = Limits { timeout: Duration::from_millis(100), ..LIMITS };
    let error = Client { limits, ..client_at(&slow.uri()) }.send(&mail(), NOW).await.unwrap_err();
    assert!(error == ProviderError::Timeout && error.effect_unknown());

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let breaking = tokio::spawn(async move { drop(listener.accept().await.unwrap()) });
    let error = client_at(&address).send(&mail(), NOW).await.unwrap_err();
    breaking.await.unwrap();
    assert!(matches!(error, ProviderError::Unexpected { status: None, .. }) && error.effect_unknown());

    let error = client_at(&address).send(&mail(), NOW).await.unwrap_err();
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
    let long = Mail { text: String::new(), ..mail() };
    assert_eq!(client_at(&server.uri()).send(&long, NOW).await, Err(ProviderError::unsent("over_limit")));
    assert_eq!(client_at("nonsense").send(&mail(), NOW).await, Err(ProviderError::unsent("invalid_url")));
    let broken = Client::new(Http::new(), "eu-west-1", Some(&server.uri()), credentials(Some("a\nb")));
    assert_eq!(broken.send(&mail(), NOW).await, Err(ProviderError::unsent("invalid_request")));
}
