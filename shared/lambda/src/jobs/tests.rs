use super::*;
use contracts::Job;
use domain::id::PrefixedId;
use domain::{Clock, Ids, JobId};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::time::Duration;

fn envelope(correlation: &str) -> Envelope {
    Envelope {
        v: Envelope::VERSION,
        id: JobId::from_ulid(Ids::default().ulid(Clock::default().now())),
        tenant: "demo".parse().unwrap(),
        correlation: correlation.to_owned(),
        job: Job::PlanCalls,
    }
}

fn body(correlation: &str) -> String {
    serde_json::to_string(&envelope(correlation)).unwrap()
}

/// A batch of these bodies, whose message ids are `m0`, `m1`, …
fn batch(bodies: &[String]) -> SqsEvent {
    let records: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(index, body)| {
            json!({
                "messageId": format!("m{index}"), "receiptHandle": "r", "body": body,
                "attributes": {"ApproximateReceiveCount": "3", "SentTimestamp": "1"}, "messageAttributes": {},
                "md5OfBody": "x", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:1:q",
                "awsRegion": "eu-west-1",
            })
        })
        .collect();
    serde_json::from_value(json!({"Records": records})).unwrap()
}

async fn answer<R: Future<Output = Result<(), Failure>>>(
    run: impl Fn(Envelope) -> R,
    event: SqsEvent,
) -> Value {
    let _turn = crate::TURNS.lock().await;
    serde_json::to_value(run_batch(&run, event).await.unwrap()).unwrap()
}

fn failed(ids: &[&str]) -> Value {
    let failures: Vec<_> = ids.iter().map(|id| json!({"itemIdentifier": id})).collect();
    json!({"batchItemFailures": failures})
}

#[tokio::test]
async fn each_record_succeeds_and_fails_alone() {
    let unknown = body("unknown").replace(r#""v":1"#, r#""v":2"#);
    let bodies = [
        body("ok"),
        "no json".to_owned(),
        unknown,
        body("retry"),
        body("panic"),
        body("drop"),
        body("ok"),
        body("panic-at-once"),
        String::new(),
        body("ok"),
    ];
    let ran = RefCell::new(Vec::new());
    let run = |envelope: Envelope| {
        ran.borrow_mut().push(envelope.correlation.clone());
        assert_ne!(envelope.correlation, "panic-at-once");
        async move {
            match envelope.correlation.as_str() {
                "retry" => {
                    Err(Failure::Retry { reason: "busy".to_owned(), after: Some(Duration::from_secs(3)) })
                }
                "drop" => Err(Failure::drop("gone")),
                "panic" => panic!("a bug"),
                _ => Ok(()),
            }
        }
    };
    assert_eq!(answer(run, batch(&bodies)).await, failed(&["m1", "m2", "m3", "m4", "m5", "m7", "m8"]));
    assert_eq!(ran.into_inner(), ["ok", "retry", "panic", "drop", "ok", "panic-at-once", "ok"]);
}

#[tokio::test]
async fn at_most_five_run_at_a_time() {
    let (running, most) = (Cell::new(0), Cell::new(0));
    let run = |_| async {
        running.set(running.get() + 1);
        most.set(most.get().max(running.get()));
        tokio::task::yield_now().await;
        running.set(running.get() - 1);
        Ok(())
    };
    let bodies: Vec<_> = (0..10).map(|_| body("x")).collect();
    assert_eq!(answer(run, batch(&bodies)).await, failed(&[]));
    assert_eq!(most.get(), CONCURRENCY);
}

#[tokio::test]
async fn a_failed_record_without_an_id_fails_the_batch() {
    let mut event = batch(&[body("ok"), body("retry")]);
    event.records[1].message_id = Some(String::new());
    let run = |_| async { Err(Failure::retry("busy")) };
    let _turn = crate::TURNS.lock().await;
    assert!(run_batch(&run, event).await.is_err());
}

#[test]
fn a_poison_body_is_told_apart_and_not_shown() {
    assert_eq!(parse(r#"{"v":7,"job":{"name":"Fly"}}"#), Err(Poison::Version(7)));
    for body in ["", "{}", r#"{"v":1}"#, r#"{"v":"secret"}"#, "secret", "[]"] {
        let problem = parse(body).unwrap_err();
        assert!(matches!(problem, Poison::Form { .. }), "{problem:?}");
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }
    let unknown = body("x").replace("PlanCalls", "Fly");
    assert!(matches!(parse(&unknown), Err(Poison::Form { .. })));
}

#[tokio::test]
async fn what_a_job_logs_names_the_job() {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);
    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let _turn = crate::TURNS.lock().await;
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber =
        crate::telemetry::subscriber("call-planner", crate::telemetry::Level::INFO, move || writer.clone());
    let guard = tracing::subscriber::set_default(subscriber);
    let run = |_| async {
        info!("inside");
        Ok(())
    };
    run_batch(&run, batch(&[body("c1")])).await.unwrap();
    drop(guard);

    let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [inside, metric] = &lines[..] else { panic!("{text}") };
    for line in [inside, metric] {
        assert_eq!(
            (&line["job"], &line["tenant"], &line["correlation"]),
            (&json!("PlanCalls"), &json!("demo"), &json!("c1"))
        );
        assert_eq!((&line["message_id"], &line["deliveries"]), (&json!("m0"), &json!("3")));
    }
    assert_eq!((&metric["outcome"], &metric["job"]), (&json!("ok"), &json!("PlanCalls")));
}
