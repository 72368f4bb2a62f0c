//! The sample events: what AWS hands to each function, read and served as the function would.

use crate::template::routes;
use aws_lambda_events::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::sqs::SqsEvent;
use bytes::Bytes;
use contracts::{Envelope, JOB_KINDS, Job};
use elevenlabs::initiation::Ringing;
use elevenlabs::webhook::{Event, EventBody};
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use provider::Verified;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use store::{Message, Transaction};
use testkit::{Database, TestApp};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// What the sample webhooks are signed with, for the tenant `demo`, and when they arrive.
const SECRET: &str = "wsec_sample";
const ARRIVAL: &str = "2026-11-21T10:02:06Z";

/// A sample event.
struct Sample {
    function: String,
    /// Its file, for messages.
    file: String,
    text: String,
}

impl Sample {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{}: {e}", self.file))
    }
}

fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(format!("{ROOT}/{folder}")).unwrap().map(Result::unwrap);
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

/// The samples of these functions, or of all of them.
fn samples(wanted: impl Fn(&str) -> bool) -> Vec<Sample> {
    let mut samples = Vec::new();
    for function in names("events").into_iter().filter(|function| wanted(function)) {
        for name in names(&format!("events/{function}")) {
            let file = format!("events/{function}/{name}");
            let text = fs::read_to_string(format!("{ROOT}/{file}")).unwrap();
            samples.push(Sample { function: function.clone(), file, text });
        }
    }
    assert!(!samples.is_empty());
    samples
}

fn is_job_function(name: &str) -> bool {
    JOB_KINDS.iter().any(|kind| kind.function == name)
}

fn http_samples() -> Vec<Sample> {
    let others = ["outbox-relay", "platform-setup", "tick"];
    samples(|function| !is_job_function(function) && !others.contains(&function))
}

/// The records of a stream event.
fn records(sample: &Sample) -> Vec<EventRecord> {
    let event = serde_json::from_str::<StreamEvent>(&sample.text);
    event.unwrap_or_else(|e| panic!("{}: {e}", sample.file)).records
}

#[test]
fn every_function_has_samples_and_every_sample_its_function() {
    assert_eq!(names("events"), names("functions"));
    let with_samples: BTreeSet<_> = samples(|_| true).into_iter().map(|sample| sample.function).collect();
    assert_eq!(with_samples, names("functions"));
}

#[test]
fn http_samples_are_requests_that_the_api_hands_to_their_function() {
    for sample in http_samples() {
        let request = lambda_http::request::from_str(&sample.text).expect(&sample.file);
        let (method, path) = (request.method().as_str(), request.uri().path());
        let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() else {
            panic!("{} is no request of an HTTP API", sample.file);
        };
        let json = sample.json();
        assert_eq!(json["version"], "2.0", "{}", sample.file);
        assert_eq!(json["rawPath"], path, "{}", sample.file);
        let (function, key) = routes::choice(method, path);
        assert_eq!(function, sample.function, "{}", sample.file);
        assert_eq!(context.route_key.as_deref(), Some(key.as_str()), "{}", sample.file);
        assert_eq!(json["routeKey"], key, "{}", sample.file);
        assert!(routes::describes(&function, method, path) || function == "not-found", "{}", sample.file);
        let length = json["headers"]["content-length"].as_str().map_or(0, |length| length.parse().unwrap());
        assert_eq!(length, request.body().len(), "{}", sample.file);
    }
}

#[tokio::test]
async fn http_samples_are_understood() {
    let app = TestApp::start_at(ARRIVAL).await;
    app.runner.simulate_providers(&"demo".parse().unwrap(), SECRET).await.unwrap();
    for sample in http_samples() {
        let request = lambda_http::request::from_str(&sample.text).expect(&sample.file);
        let uri = request.uri().path_and_query().unwrap().as_str().to_owned();
        let kept = [
            "elevenlabs-signature",
            "idempotency-key",
            "x-frontdesk-initiation-secret",
            "x-hub-signature-256",
        ];
        let headers: Vec<_> = kept
            .iter()
            .filter_map(|name| Some((*name, request.headers().get(*name)?.to_str().ok()?)))
            .collect();
        let body = Some(request.body().to_vec()).filter(|body| !body.is_empty());
        let answer = app.owner.send(request.method().clone(), &uri, &headers, body).await;
        match answer.status.as_u16() {
            200..300 => {}
            // The records that a sample names are not there.
            404 => {
                let expected = if sample.function == "not-found" { "no_route" } else { "not_found" };
                assert_eq!(answer.problem(404), expected, "{}", sample.file);
            }
            _ => panic!("{}: {} {:#}", sample.file, answer.status, answer.body),
        }
    }
}

#[test]
fn webhook_samples_are_events_of_elevenlabs() {
    let mut kinds = BTreeSet::new();
    for sample in samples(|function| function == "elevenlabs-webhook") {
        let request = lambda_http::request::from_str(&sample.text).expect(&sample.file);
        let body = Bytes::from(request.body().to_vec());
        if request.uri().path().ends_with("/initiation") {
            let ringing = Ringing::parse(&body).expect(&sample.file);
            assert!(ringing.caller_id.starts_with('+') && !ringing.agent_id.is_empty(), "{}", sample.file);
            kinds.insert("initiation".to_owned());
            continue;
        }
        let event = Event::parse(&Verified::assert_stored(body)).expect(&sample.file);
        assert_ne!(event.body, EventBody::Other, "{}", sample.file);
        kinds.insert(event.kind);
    }
    let expected = ["call_initiation_failure", "initiation", "post_call_transcription"];
    assert_eq!(Vec::from_iter(kinds), expected);
}

#[test]
fn job_samples_are_messages_for_their_function() {
    let mut seen = BTreeSet::new();
    for sample in samples(is_job_function) {
        let event: SqsEvent = serde_json::from_str(&sample.text).expect(&sample.file);
        assert!(!event.records.is_empty(), "{}", sample.file);
        for record in event.records {
            let body = record.body.unwrap();
            let envelope: Envelope = serde_json::from_str(&body).expect(&sample.file);
            let kind = envelope.job.kind();
            assert_eq!(kind.function, sample.function, "{}", sample.file);
            assert_eq!(envelope.v, Envelope::VERSION, "{}", sample.file);
            // As the relay sends it.
            assert_eq!(serde_json::to_string(&envelope).unwrap(), body, "{}", sample.file);
            assert_eq!(record.attributes["MessageGroupId"], envelope.tenant.to_string(), "{}", sample.file);
            let correlation = record.message_attributes["correlation"].string_value.as_deref();
            assert_eq!(correlation, Some(envelope.correlation.as_str()), "{}", sample.file);
            let queue = record.event_source_arn.unwrap();
            assert!(queue.contains(&format!("-{}Queue-", kind.name)), "{}", sample.file);
            assert!(record.message_id.is_some_and(|id| !id.is_empty()), "{}", sample.file);
            seen.insert(kind.name);
        }
    }
    assert_eq!(seen, JOB_KINDS.iter().map(|kind| kind.name).collect());
}

#[tokio::test]
async fn stream_samples_are_rows_of_the_outbox() {
    let row = stored_message().await;
    for sample in samples(|function| function == "outbox-relay") {
        let json = sample.json();
        for (record, json) in records(&sample).into_iter().zip(json["Records"].as_array().unwrap()) {
            assert_eq!(record.event_name, "INSERT", "{}", sample.file);
            let image = &json["dynamodb"]["NewImage"];
            assert_eq!(types(image), types(&row), "{}", sample.file);
            for key in ["pk", "sk"] {
                assert_eq!(json["dynamodb"]["Keys"][key], image[key], "{}", sample.file);
            }
            let message = Message::from_item(&record.change.new_image.into()).expect(&sample.file).unwrap();
            assert_eq!(message.envelope.v, Envelope::VERSION, "{}", sample.file);
            assert!(record.change.sequence_number.is_some(), "{}", sample.file);
        }
    }
}

/// A row of the outbox as the store writes it, in DynamoDB's JSON.
async fn stored_message() -> Value {
    let database = Database::start().await;
    let (store, ids) = (database.store(), domain::Ids::default());
    let mut step = Transaction::new("demo".parse().unwrap(), "sample", &ids, store.clock().now());
    step.enqueue(Job::PlanCalls);
    store.commit(step).await.unwrap();
    let rows = database.engine.dump().unwrap();
    let is_message = |row: &&Value| row["pk"]["S"].as_str().unwrap().starts_with("sys#out#");
    rows.iter().find(is_message).unwrap().clone()
}

/// The type of each of an item's attributes.
fn types(item: &Value) -> BTreeMap<String, Vec<String>> {
    let attributes = item.as_object().unwrap().iter();
    let kind = |value: &Value| value.as_object().unwrap().keys().cloned().collect();
    attributes.map(|(name, value)| (name.clone(), kind(value))).collect()
}

#[test]
fn the_schedules_sample_is_what_the_scheduler_sends() {
    for sample in samples(|function| function == "tick") {
        let json = sample.json();
        assert_eq!(json["source"], "aws.scheduler", "{}", sample.file);
        assert_eq!(json["detail-type"], "Scheduled Event", "{}", sample.file);
        json["time"].as_str().unwrap().parse::<jiff::Timestamp>().expect(&sample.file);
    }
}

#[tokio::test]
async fn the_sample_of_a_first_tenant_makes_one() {
    let app = TestApp::start().await;
    for sample in samples(|function| function == "platform-setup") {
        let input = serde_json::from_str(&sample.text).expect(&sample.file);
        let made = platform_setup::handle(app.runner.platform.clone(), input).await.expect(&sample.file);
        app.client(Some(&made.api_key)).get("/business-config").await.expect(200);
    }
}
