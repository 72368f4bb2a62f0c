//! What the product logs while something is measured: bytes, and the metrics among them.

use serde_json::Value;
use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::{info, info_span};

/// Logs that are counted instead of shown. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Logs {
    sum: Arc<Mutex<Written>>,
}

/// What was written.
#[derive(Debug, Clone, Default)]
pub(super) struct Written {
    pub(super) bytes: u64,
    /// Each metric with the values of its dimensions, but for the function's name: CloudWatch charges for each.
    pub(super) metrics: BTreeSet<String>,
}

impl Logs {
    /// Has the process log as a function does at the level `info`, into this.
    pub(super) fn heard() -> Self {
        let logs = Self::default();
        let writer = logs.clone();
        lambda::telemetry::init_with("bench", lambda::telemetry::Level::INFO, move || writer.clone());
        logs
    }

    /// What was written since it was last taken.
    pub(super) fn take(&self) -> Written {
        std::mem::take(&mut *self.sum.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count(&self, line: &[u8]) {
        let told: Value = serde_json::from_slice(line).unwrap_or_default();
        let is_ours = |target: &str| !["local", "simulators"].iter().any(|other| target.starts_with(other));
        if !told["target"].as_str().is_none_or(is_ours) {
            return;
        }
        let mut sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        sum.bytes += line.len() as u64;
        sum.metrics.extend(metrics(&told));
    }
}

/// The metrics of a line in CloudWatch's embedded format.
fn metrics(line: &Value) -> Vec<String> {
    let directive = &line["_aws"]["CloudWatchMetrics"][0];
    let texts = |list: &Value, of: fn(&Value) -> &Value| -> Vec<String> {
        let list = list.as_array().into_iter().flatten();
        list.filter_map(|entry| of(entry).as_str()).map(str::to_owned).collect()
    };
    let dimensions = texts(&directive["Dimensions"][0], |name| name);
    let values: Vec<_> = dimensions
        .iter()
        .filter(|name| *name != "service")
        .map(|name| format!(" {name}={}", line[name].as_str().unwrap_or_default()))
        .collect();
    let names = texts(&directive["Metrics"], |metric| &metric["Name"]);
    names.into_iter().map(|name| format!("{name}{}", values.concat())).collect()
}

/// The line that `lambda` writes for each job. The local run hands jobs over without that, so it is written here.
pub(super) fn job_done(job: &str) {
    const ID: &str = "00000000-0000-4000-8000-000000000000";
    const SUBJECT: &str = "att_00000000000000000000000000_1";
    let _batch = info_span!("batch", request_id = ID).entered();
    let _job = info_span!(
        "job",
        message_id = ID,
        deliveries = "1",
        subject = SUBJECT,
        tenant = %"demo",
        correlation = ID
    )
    .entered();
    info!(target: "metric", metric = "job", job, outcome = "ok", duration_ms = 1_000_u64, "job");
}

impl io::Write for Logs {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.count(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_ours_count_and_each_metric_once() {
        let logs = Logs::default();
        logs.count(br#"{"target":"simulators::calls","message":"not ours"}"#);
        assert_eq!(logs.take().bytes, 0);
        let line = br#"{"_aws":{"CloudWatchMetrics":[{"Dimensions":[["service","outcome"]],"Metrics":[{"Name":"job"},{"Name":"job_duration"}]}]},"service":"x","outcome":"ok"}"#;
        logs.count(line);
        logs.count(line);
        let written = logs.take();
        assert_eq!(written.bytes, 2 * line.len() as u64);
        assert_eq!(
            written.metrics.into_iter().collect::<Vec<_>>(),
            ["job outcome=ok", "job_duration outcome=ok"]
        );
        assert_eq!(logs.take().bytes, 0);
    }
}
