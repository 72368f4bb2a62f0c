//! E-mail and SMS, and the outbox of all three channels.

use crate::meta::{Meta, text};
use crate::support::World;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use simulators::{Channel, Lie, Sent};

const SIGNATURE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn signed(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/eu-west-1/{service}/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature={SIGNATURE}"
    )
}

/// Status, name of the error, and body.
async fn answer(request: RequestBuilder) -> (u16, String, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let header = response.headers().get("x-amzn-errortype").map(|name| name.to_str().unwrap().to_owned());
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default();
    let named = body["__type"].as_str().and_then(|name| name.rsplit('#').next()).map(ToOwned::to_owned);
    (status, header.or(named).unwrap_or_default(), body)
}

async fn mail(world: &World, body: &Value) -> (u16, String, Value) {
    let url = format!("{}/v2/email/outbound-emails", world.simulators.ses_base_url());
    answer(world.http.post(url).header("authorization", signed("ses")).json(body)).await
}

async fn sms(world: &World, body: &Value) -> (u16, String, Value) {
    answer(sms_request(world, body).header("authorization", signed("sms-voice"))).await
}

fn sms_request(world: &World, body: &Value) -> RequestBuilder {
    world
        .http
        .post(format!("{}/", world.simulators.sms_base_url()))
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", "PinpointSMSVoiceV2.SendTextMessage")
        .body(body.to_string())
}

fn letter() -> Value {
    json!({
        "FromEmailAddress": "Front desk <desk@example.com>",
        "Destination": { "ToAddresses": ["Asha <asha@example.org>"], "CcAddresses": ["ravi@example.org"] },
        "Content": { "Simple": { "Subject": { "Data": "Your visit" },
            "Body": { "Text": { "Data": "Tomorrow at 4." }, "Html": { "Data": "<p>Tomorrow at 4.</p>" } } } },
    })
}

fn note() -> Value {
    json!({ "DestinationPhoneNumber": "+393331234567", "OriginationIdentity": "FRONTDESK",
        "MessageBody": "Tomorrow at 4.", "MessageType": "TRANSACTIONAL" })
}

/// The body with the value at a pointer replaced.
fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name] = value;
    body
}

#[tokio::test]
async fn an_email_is_accepted_and_kept() {
    let world = World::start().await;
    let (status, _, body) = mail(&world, &letter()).await;
    assert_eq!(status, 200, "{body}");
    let sent = world.simulators.sent().remove(0);
    assert_eq!(sent.id, body["MessageId"].as_str().unwrap());
    assert_eq!((sent.channel, sent.account.as_str()), (Channel::Email, "desk@example.com"));
    assert_eq!(sent.to, "asha@example.org, ravi@example.org");
    assert_eq!(sent.text, "Your visit\n\nTomorrow at 4.");
    let asked = world.simulators.requests().remove(0);
    assert_eq!((asked.provider, asked.path_template.as_str()), ("ses", "/v2/email/outbound-emails"));
    assert_eq!(
        mail(&world, &with(letter(), "/Destination/ToAddresses", json!(["bounce@x.org"]))).await.0,
        200
    );
    assert_eq!(world.simulators.sent().len(), 2);
    assert!(world.simulators.next_due().is_none());
}

#[tokio::test]
async fn a_raw_email_says_itself_what_it_is() {
    let world = World::start().await;
    let raw = "From: desk@example.com\r\nTo: Asha <asha@example.org>, ravi@example.org\r\n\
               Subject: =?utf-8?B?UHJvbWVtb3JpYSDDqA==?=\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n\
               --b\r\nContent-Type: text/html\r\n\r\n<p>Domani</p>\r\n\
               --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nDomani alle 4\r\n--b--\r\n";
    let body = json!({ "Content": { "Raw": { "Data": STANDARD.encode(raw) } } });
    assert_eq!(mail(&world, &body).await.0, 200);
    let over = with(
        with(body, "/Destination", json!({ "ToAddresses": ["other@example.org"] })),
        "/FromEmailAddress",
        json!("sales@example.com"),
    );
    assert_eq!(mail(&world, &over).await.0, 200);
    let sent = world.simulators.sent();
    assert_eq!(
        (sent[0].account.as_str(), sent[0].to.as_str()),
        ("desk@example.com", "asha@example.org, ravi@example.org")
    );
    assert_eq!(sent[0].text, "Promemoria è\n\nDomani alle 4");
    assert_eq!((sent[1].account.as_str(), sent[1].to.as_str()), ("sales@example.com", "other@example.org"));
}

#[tokio::test]
async fn an_email_that_is_wrong_is_refused_by_name() {
    let world = World::start().await;
    let template = |part: Value| with(letter(), "/Content", json!({ "Template": part }));
    let many: Vec<String> = (0..51).map(|n| format!("a{n}@example.org")).collect();
    for (body, status, name) in [
        (
            with(letter(), "/FromEmailAddress", json!("a@unverified.example")),
            400,
            "MailFromDomainNotVerifiedException",
        ),
        (with(letter(), "/FromEmailAddress", Value::Null), 400, "BadRequestException"),
        (with(letter(), "/FromEmailAddress", json!("desk")), 400, "BadRequestException"),
        (with(letter(), "/Destination", json!({})), 400, "BadRequestException"),
        (with(letter(), "/Destination/ToAddresses", json!("a@b.org")), 400, "BadRequestException"),
        (with(letter(), "/Destination/ToAddresses", json!(["a b@c.org"])), 400, "BadRequestException"),
        (with(letter(), "/Destination/ToAddresses", json!(many)), 400, "BadRequestException"),
        (
            with(letter(), "/Destination/BccAddresses", json!(["throttle@x.org"])),
            429,
            "TooManyRequestsException",
        ),
        (with(letter(), "/Destination/ToAddresses", json!(["rejected@x.org"])), 400, "MessageRejected"),
        (with(letter(), "/Content", json!({})), 400, "BadRequestException"),
        (with(letter(), "/Content/Raw", json!({ "Data": "eA==" })), 400, "BadRequestException"),
        (with(letter(), "/Content/Simple/Subject", json!({})), 400, "BadRequestException"),
        (with(letter(), "/Content/Simple/Body", json!({})), 400, "BadRequestException"),
        (
            with(letter(), "/Content/Simple/Attachments", json!([{ "FileName": "a" }])),
            400,
            "BadRequestException",
        ),
        (with(letter(), "/Content", json!({ "Raw": { "Data": "%%" } })), 400, "SerializationException"),
        (template(json!({ "TemplateName": "welcome" })), 404, "NotFoundException"),
        (template(json!({ "TemplateContent": {}, "TemplateData": "[" })), 400, "BadRequestException"),
        (json!([]), 400, "SerializationException"),
    ] {
        let (got, got_name, answer) = mail(&world, &body).await;
        assert_eq!((got, got_name.as_str()), (status, name), "{body}");
        assert!(answer["message"].is_string(), "{answer}");
    }
    assert!(world.simulators.sent().is_empty());
    let given = json!({ "TemplateContent": { "Subject": "Hi", "Text": "There" }, "TemplateData": "{}" });
    assert_eq!(mail(&world, &template(given)).await.0, 200);
}

#[tokio::test]
async fn who_does_not_sign_is_not_heard() {
    let world = World::start().await;
    let url = format!("{}/v2/email/outbound-emails", world.simulators.ses_base_url());
    let post = |authorization: Option<String>| {
        let request = world.http.post(&url).json(&letter());
        match authorization {
            Some(header) => request.header("authorization", header),
            None => request,
        }
    };
    for (header, name) in [
        (None, "MissingAuthenticationTokenException"),
        (Some("Bearer x".to_owned()), "IncompleteSignatureException"),
        (Some(signed("ses").replace("Signature=0", "Signature=")), "IncompleteSignatureException"),
        (Some(signed("ses").replace("/20261121", "")), "IncompleteSignatureException"),
        (Some(signed("sqs")), "InvalidSignatureException"),
    ] {
        let (status, got, _) = answer(post(header)).await;
        assert_eq!((status, got.as_str()), (403, name));
    }
    let (status, name, _) = answer(sms_request(&world, &note())).await;
    assert_eq!((status, name.as_str()), (403, "MissingAuthenticationTokenException"));
    let lost = world.http.post(format!("{}/v2/email/identities", world.simulators.ses_base_url()));
    assert_eq!(answer(lost).await.0, 404);
    assert!(world.simulators.sent().is_empty());
}

#[tokio::test]
async fn a_text_is_sent_and_kept() {
    let world = World::start().await;
    let (status, _, body) = sms(&world, &note()).await;
    assert_eq!(status, 200, "{body}");
    let in_india = with(
        with(note(), "/DestinationPhoneNumber", json!("919876543210")),
        "/DestinationCountryParameters",
        json!({ "IN_ENTITY_ID": "1101", "IN_TEMPLATE_ID": "1107" }),
    );
    assert_eq!(sms(&world, &in_india).await.0, 200);
    assert_eq!(sms(&world, &with(note(), "/DryRun", json!(true))).await.0, 200);
    let sent = world.simulators.sent();
    assert_eq!(sent.len(), 2, "a dry run sends nothing");
    let Sent { channel, account, to, text, id, .. } = &sent[0];
    assert_eq!((channel, account.as_str(), to.as_str()), (&Channel::Sms, "FRONTDESK", "+393331234567"));
    assert_eq!((text.as_str(), id.as_str()), ("Tomorrow at 4.", body["MessageId"].as_str().unwrap()));
    assert_eq!(sent[1].to, "+919876543210");
    let asked = world.simulators.requests().remove(0);
    assert_eq!((asked.provider, asked.path_template.as_str(), &asked.body), ("sms", "/", &note()));
}

#[tokio::test]
async fn a_text_that_is_wrong_is_refused_by_name() {
    let world = World::start().await;
    let to = |number: &str| with(note(), "/DestinationPhoneNumber", json!(number));
    for (body, field, reason) in [
        (to("+03331234567"), "DestinationPhoneNumber", "FIELD_VALIDATION_FAILED"),
        (to("tel:1"), "DestinationPhoneNumber", "FIELD_VALIDATION_FAILED"),
        (with(note(), "/DestinationPhoneNumber", Value::Null), "DestinationPhoneNumber", "MISSING_PARAMETER"),
        (with(note(), "/MessageBody", json!(" \n")), "MessageBody", "FIELD_VALIDATION_FAILED"),
        (with(note(), "/MessageBody", json!("x".repeat(1601))), "MessageBody", "FIELD_VALIDATION_FAILED"),
        (with(note(), "/MessageType", json!("SPAM")), "MessageType", "FIELD_VALIDATION_FAILED"),
        (
            with(note(), "/OriginationIdentity", json!("a b")),
            "OriginationIdentity",
            "FIELD_VALIDATION_FAILED",
        ),
        (with(note(), "/TimeToLive", json!(4)), "TimeToLive", "FIELD_VALIDATION_FAILED"),
        (
            with(note(), "/Context", json!({"a":"","b":"","c":"","d":"","e":"","f":""})),
            "Context",
            "FIELD_VALIDATION_FAILED",
        ),
        (to("+919876543210"), "DestinationCountryParameters", "MISSING_PARAMETER"),
    ] {
        let (status, name, answer) = sms(&world, &body).await;
        assert_eq!((status, name.as_str()), (400, "ValidationException"), "{body}");
        assert_eq!((&answer["Reason"], &answer["Fields"][0]["Name"]), (&json!(reason), &json!(field)));
        assert!(answer["Message"].is_string(), "{answer}");
    }
    let base = format!("{}/", world.simulators.sms_base_url());
    let post =
        || world.http.post(&base).header("authorization", signed("sms-voice")).body(note().to_string());
    let (status, name, _) = answer(post()).await;
    assert_eq!((status, name.as_str()), (400, "UnknownOperationException"));
    let typed = post().header("x-amz-target", "PinpointSMSVoiceV2.SendTextMessage");
    let (status, name, _) = answer(typed).await;
    assert_eq!((status, name.as_str()), (400, "SerializationException"));
    assert_eq!(sms(&world, &json!([])).await.1, "SerializationException");
    assert!(world.simulators.sent().is_empty());
}

#[tokio::test]
async fn emails_and_texts_are_lied_about_too() {
    let world = World::start().await;
    for (lie, email, text, sent) in [
        (Lie::RateLimit429, (429, "TooManyRequestsException"), (400, "ThrottlingException"), 0),
        (Lie::ServerError5xx, (503, "ServiceUnavailable"), (503, "ServiceUnavailableException"), 0),
        (Lie::SuccessThen5xx, (500, "InternalFailure"), (500, "InternalServerException"), 2),
    ] {
        world.simulators.force_next_message_lie(lie);
        let (status, name, _) = mail(&world, &letter()).await;
        assert_eq!((status, name.as_str()), email);
        world.simulators.force_next_message_lie(lie);
        let (status, name, _) = sms(&world, &note()).await;
        assert_eq!((status, name.as_str()), text);
        assert_eq!(world.simulators.sent().len(), sent);
    }
}

#[tokio::test]
async fn the_outbox_has_all_channels_in_order() {
    let meta = Meta::start().await;
    meta.accepted(text("One")).await;
    assert_eq!(mail(&meta.world, &letter()).await.0, 200);
    assert_eq!(sms(&meta.world, &note()).await.0, 200);
    meta.accepted(text("Four")).await;
    let sent = meta.world.simulators.sent();
    let shown: Vec<&str> = sent.iter().map(|sent| sent.channel.name()).collect();
    assert_eq!(shown, ["whatsapp", "email", "sms", "whatsapp"]);
    assert!(sent.windows(2).all(|pair| pair[0].at <= pair[1].at));
}
