//! Whatever a person should know of is watched.

use super::{Template, Trigger, target, targets};
use contracts::JOB_KINDS;
use serde_yaml_ng::Value;
use std::collections::BTreeSet;

/// Name and dimensions of every metric that an alarm looks at.
fn watched(alarm: &Value) -> BTreeSet<(String, Vec<(String, String)>)> {
    let metrics = match alarm["Metrics"].as_sequence() {
        Some(metrics) => metrics.iter().map(|metric| &metric["MetricStat"]["Metric"]).collect(),
        None => vec![alarm],
    };
    let metrics = metrics.into_iter().filter(|metric| !metric.is_null());
    metrics
        .map(|metric| {
            let dimensions = metric["Dimensions"].as_sequence().into_iter().flatten();
            let pair = |d: &Value| (target(&d["Name"]).to_owned(), target(&d["Value"]).to_owned());
            (target(&metric["MetricName"]).to_owned(), dimensions.map(pair).collect())
        })
        .collect()
}

/// Such a set with one dimension: the same metric of many things.
fn one_of_each(
    metric: &str,
    dimension: &str,
    of: impl IntoIterator<Item = String>,
) -> BTreeSet<(String, Vec<(String, String)>)> {
    of.into_iter().map(|value| (metric.to_owned(), vec![(dimension.to_owned(), value)])).collect()
}

fn alarm<'a>(template: &'a Template, name: &str) -> &'a Value {
    template.resource("AWS::CloudWatch::Alarm", &format!("{name}Alarm"))
}

/// What the alarms look at whose names begin so: one alarm on an expression has ten metrics at most.
fn watched_by_all(template: &Template, name: &str) -> BTreeSet<(String, Vec<(String, String)>)> {
    let alarms = template.of_type("AWS::CloudWatch::Alarm").into_iter();
    alarms.filter(|(id, _)| id.starts_with(name)).flat_map(|(_, alarm)| watched(alarm)).collect()
}

#[test]
fn every_alarm_tells_a_person_and_can_be_made() {
    let template = Template::read();
    let alarms = template.of_type("AWS::CloudWatch::Alarm");
    assert!((10..=16).contains(&alarms.len()), "{}", alarms.len());
    for (id, alarm) in alarms {
        assert!(id.ends_with("Alarm") && !target(&alarm["AlarmDescription"]).is_empty(), "{id}");
        assert_eq!(targets(&alarm["AlarmActions"]), ["AlarmTopic"], "{id}");
        assert_eq!(targets(&alarm["OKActions"]), ["AlarmTopic"], "{id}");
        assert!(!alarm["TreatMissingData"].is_null(), "{id}");
        // CloudWatch's own limit for an alarm on an expression.
        assert!(watched(alarm).len() <= 10, "{id}");
    }
}

#[test]
fn every_queue_is_watched() {
    let template = Template::read();
    let letters = template.of_type("AWS::SQS::Queue").into_keys().filter(|id| id.ends_with("DeadLetters"));
    let letters = letters.map(|id| format!("{id}.QueueName"));
    assert_eq!(
        watched_by_all(&template, "DeadLetters"),
        one_of_each("ApproximateNumberOfMessagesVisible", "QueueName", letters)
    );
    let queues = JOB_KINDS.iter().map(|kind| format!("{}Queue.QueueName", kind.name));
    assert_eq!(
        watched_by_all(&template, "OldJobs"),
        one_of_each("ApproximateAgeOfOldestMessage", "QueueName", queues)
    );
}

#[test]
fn every_function_whose_failure_nobody_is_told_is_watched() {
    let template = Template::read();
    let functions = template.functions();
    let told = [Trigger::Http, Trigger::Hand];
    let hidden = functions.iter().filter(|function| !told.contains(&function.trigger()));
    assert_eq!(
        watched_by_all(&template, "Errors"),
        one_of_each("Errors", "FunctionName", hidden.map(|function| function.id.to_owned()))
    );
    assert_eq!(watched(alarm(&template, "ApiErrors")), one_of_each("5xx", "ApiId", ["Api".to_owned()]));
}

#[test]
fn a_stack_that_stands_still_is_noticed() {
    let template = Template::read();
    let tick = alarm(&template, "NoTick");
    assert_eq!(watched(tick), one_of_each("Invocations", "FunctionName", ["TickFunction".to_owned()]));
    assert_eq!(tick["TreatMissingData"], "breaching");
    let lag = alarm(&template, "RelayLag");
    assert_eq!(watched(lag), one_of_each("IteratorAge", "FunctionName", ["OutboxRelayFunction".to_owned()]));
}
