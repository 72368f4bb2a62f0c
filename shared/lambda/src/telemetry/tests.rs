use super::*;
use serde_json::json;
use std::io;
use std::sync::{Arc, Mutex};
use tracing::{debug, error, info, info_span, warn};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `work` logs.
fn lines_of(level: Level, work: impl FnOnce()) -> Vec<Value> {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = subscriber("leads", level, move || writer.clone());
    tracing::subscriber::with_default(subscriber, work);
    let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[derive(Debug, thiserror::Error)]
#[error("outer")]
struct Outer(#[source] io::Error);

#[test]
fn a_line_is_flat_and_carries_the_fields_of_all_spans() {
    let lines = lines_of(Level::INFO, || {
        let request = info_span!("request", request_id = "r1", tenant = tracing::field::Empty, level = "x");
        let _request = request.enter();
        request.record("tenant", "demo");
        let _job = info_span!("job", attempt = 2, tenant = %"inner").entered();
        let error = Outer(io::Error::other("cause"));
        let error: &(dyn std::error::Error + 'static) = &error;
        warn!(target: "leads::store", error, ok = true, ratio = 0.5, "two\nlines {}", 1);
    });
    let [line] = &lines[..] else { panic!("{lines:?}") };
    let mut line = line.clone();
    let at: jiff::Timestamp = line["timestamp"].as_str().unwrap().parse().unwrap();
    assert!((Clock::default().now() - at).get_seconds() < 60);
    line["timestamp"] = Value::Null;
    let expected = json!({
        "timestamp": null, "level": "WARN", "service": "leads", "message": "two\nlines 1",
        "target": "leads::store", "request_id": "r1", "tenant": "inner", "attempt": 2, "level_": "x",
        "error": "outer: cause", "ok": true, "ratio": 0.5,
    });
    assert_eq!(line, expected);
}

#[test]
fn a_metric_becomes_an_embedded_metric_record() {
    let lines = lines_of(Level::ERROR, || {
        let _request = info_span!("request", request_id = "r1").entered();
        info!(
            target: "metric",
            provider = "elevenlabs", operation = "start_call", outcome = "ok", duration_ms = 12_u64, tenant = %"demo",
            "provider call"
        );
    });
    let [line] = &lines[..] else { panic!("{lines:?}") };
    let mut line = line.clone();
    assert!(line["_aws"]["Timestamp"].as_i64().unwrap() > 1_700_000_000_000);
    line["_aws"]["Timestamp"] = Value::Null;
    let expected = json!({
        "_aws": {"Timestamp": null, "CloudWatchMetrics": [{
            "Namespace": "Frontdesk",
            "Dimensions": [["service", "operation", "outcome", "provider"]],
            "Metrics": [
                {"Name": "provider_call", "Unit": "Count"},
                {"Name": "provider_call_duration", "Unit": "Milliseconds"},
            ],
        }]},
        "service": "leads", "provider": "elevenlabs", "operation": "start_call", "outcome": "ok",
        "provider_call": 1, "provider_call_duration": 12, "tenant": "demo", "request_id": "r1",
    });
    assert_eq!(line, expected);
}

#[test]
fn a_metric_may_have_its_own_name_count_and_numbers() {
    let lines = lines_of(Level::INFO, || {
        info!(target: "metric", metric = "import", outcome = "ok", count = 40, size_bytes = 9_u64, skipped = 2);
    });
    let line = &lines[0];
    let metrics = &line["_aws"]["CloudWatchMetrics"][0]["Metrics"];
    let units: Vec<_> = metrics
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| (metric["Name"].as_str().unwrap(), metric["Unit"].as_str().unwrap()))
        .collect();
    assert_eq!(units, [("import", "Count"), ("import_size", "Bytes"), ("import_skipped", "Count")]);
    assert_eq!(
        (&line["import"], &line["import_size"], &line["import_skipped"]),
        (&json!(40), &json!(9), &json!(2))
    );
}

#[test]
fn a_level_hides_events_but_never_the_fields_of_spans() {
    let lines = lines_of(Level::ERROR, || {
        let _request = info_span!("request", request_id = "r1").entered();
        warn!("hidden");
        error!("shown");
    });
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["message"], &lines[0]["request_id"]), (&json!("shown"), &json!("r1")));
}

#[test]
fn other_crates_are_heard_from_warn_on() {
    let lines = lines_of(Level::TRACE, || {
        let _span = info_span!(target: "lambda_runtime::layers::trace", "invoke", requestId = "r1").entered();
        debug!(target: "aws_smithy_runtime::client", "a request body");
        info!(target: "hyper_util::client", "a connection");
        warn!(target: "hyper_util::client", "a broken connection");
        debug!(target: "lambda::jobs", "ours");
    });
    let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["a broken connection", "ours"]);
    assert!(lines.iter().all(|line| line.get("requestId").is_none()));
}

#[test]
fn a_panic_is_one_line_and_goes_on() {
    let _turn = crate::TURNS.blocking_lock();
    panics::log_them();
    let lines = lines_of(Level::INFO, || {
        let _job = info_span!("job", message_id = "m1").entered();
        let caught = std::panic::catch_unwind(|| panic!("no {}", "way"));
        assert!(caught.is_err());
    });
    drop(std::panic::take_hook());
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(
        (&line["message"], &line["level"], &line["message_id"]),
        (&json!("panicked: no way"), &json!("ERROR"), &json!("m1"))
    );
    assert!(line["location"].as_str().unwrap().contains("tests.rs:"), "{line}");
}
