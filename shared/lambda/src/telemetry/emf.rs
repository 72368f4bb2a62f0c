//! Metrics, in CloudWatch's embedded metric format.
//!
//! `tracing::info!(target: "metric", metric = "job", job, outcome, duration_ms)` counts one `job` and measures
//! a `job_duration`. Without the field `metric` the name is `provider_call`.
//!
//! - A field given as a `str` is a dimension, `service` another; such values come from closed sets, for
//!   CloudWatch keeps, and charges for, every combination.
//! - A printed field (`%tenant`) and the fields of the spans around are not: they are in the line, where a query
//!   over the logs finds them.
//! - A number is a metric: `count` is the value of `<name>` (1 if it is not given), and `x` the value of
//!   `<name>_x`, in milliseconds if it is `x_ms`, in bytes if it is `x_bytes`.
//!
//! Format: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use super::fields::Fields;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The target of events that are metrics.
pub(super) const TARGET: &str = "metric";
const NAMESPACE: &str = "Frontdesk";
const DEFAULT_NAME: &str = "provider_call";

/// The line of a metric; `around` are the fields of the spans around its event.
pub(super) fn record(service: &str, now: Timestamp, mut own: Fields, around: Map<String, Value>) -> Value {
    let name = own.take_text("metric").unwrap_or_else(|| DEFAULT_NAME.to_owned());
    own.take_text("message");

    let mut line = around;
    line.insert("service".to_owned(), service.into());
    line.insert(name.clone(), 1.into());
    let mut dimensions = vec![Value::from("service")];
    let mut metrics = vec![json!({"Name": name, "Unit": "Count"})];
    for (field, value) in own.values {
        if own.words.contains(field.as_str()) {
            dimensions.push(field.clone().into());
            line.insert(field, value);
        } else if field == "count" {
            line.insert(name.clone(), value);
        } else if value.is_number() {
            let (rest, unit) = unit(&field);
            let full = format!("{name}_{rest}");
            metrics.push(json!({"Name": full, "Unit": unit}));
            line.insert(full, value);
        } else {
            line.insert(field, value);
        }
    }
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics});
    let aws = json!({"Timestamp": now.as_millisecond(), "CloudWatchMetrics": [directive]});
    line.insert("_aws".to_owned(), aws);
    Value::Object(line)
}

/// What a field measures, and in what unit.
fn unit(field: &str) -> (&str, &'static str) {
    if let Some(rest) = field.strip_suffix("_ms") {
        (rest, "Milliseconds")
    } else if let Some(rest) = field.strip_suffix("_bytes") {
        (rest, "Bytes")
    } else {
        (field, "Count")
    }
}
