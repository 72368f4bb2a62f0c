//! Queues, stream and schedule, and what the functions find in their environment.

use super::{Function, Template, Trigger, target, targets};
use contracts::{JOB_KINDS, JobKind};
use lambda::env::{KEYS, SetBy};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const QUEUE: &str = "AWS::SQS::Queue";
const FOURTEEN_DAYS: u64 = 14 * 24 * 3600;

fn function<'a>(functions: &'a [Function<'a>], kind: &JobKind) -> &'a Function<'a> {
    functions.iter().find(|function| function.name == kind.function).unwrap()
}

#[test]
fn every_kind_of_job_has_its_queue_and_its_function_and_no_queue_is_left_over() {
    let template = Template::read();
    let functions = template.functions();
    let mut left: BTreeSet<_> = template.of_type(QUEUE).into_keys().collect();
    for kind in JOB_KINDS {
        for id in [format!("{}Queue", kind.name), format!("{}DeadLetters", kind.name)] {
            assert!(left.remove(id.as_str()), "{id}");
        }
        let mapping = function(&functions, &kind).only_event("SQS");
        assert_eq!(target(&mapping["Queue"]), format!("{}Queue.Arn", kind.name));
    }
    assert_eq!(Vec::from_iter(left), ["RelayDeadLetters"]);
    let consumers = functions.iter().filter(|function| function.trigger() == Trigger::Jobs);
    assert_eq!(consumers.count(), JOB_KINDS.len());
}

#[test]
fn a_job_has_its_time_and_its_deliveries() {
    let template = Template::read();
    let functions = template.functions();
    for kind in JOB_KINDS {
        let function = function(&functions, &kind);
        assert_eq!(function.timeout(), u64::from(kind.timeout_secs), "{}", kind.name);
        let queue = template.resource(QUEUE, &format!("{}Queue", kind.name));
        assert!(queue["VisibilityTimeout"].as_u64().unwrap() >= 6 * function.timeout(), "{}", kind.name);
        let redrive = &queue["RedrivePolicy"];
        assert_eq!(target(&redrive["deadLetterTargetArn"]), format!("{}DeadLetters.Arn", kind.name));
        assert_eq!(redrive["maxReceiveCount"].as_u64(), Some(kind.max_deliveries.into()), "{}", kind.name);
    }
}

#[test]
fn a_batch_fails_by_its_records_and_fits_into_the_timeout() {
    let template = Template::read();
    let functions = template.functions();
    for kind in JOB_KINDS {
        let mapping = function(&functions, &kind).only_event("SQS");
        assert_eq!(targets(&mapping["FunctionResponseTypes"]), ["ReportBatchItemFailures"], "{}", kind.name);
        // As many as a function runs at the same time, so that each has the timeout to itself.
        assert_eq!(mapping["BatchSize"], lambda::CONCURRENCY, "{}", kind.name);
        assert!(mapping["ScalingConfig"]["MaximumConcurrency"].as_u64().unwrap() >= 2, "{}", kind.name);
    }
}

#[test]
fn queues_are_standard_and_encrypted_and_keep_dead_letters() {
    let template = Template::read();
    for (id, queue) in template.of_type(QUEUE) {
        assert_eq!(queue["SqsManagedSseEnabled"], true, "{id}");
        assert!(queue["FifoQueue"].is_null() && queue["QueueName"].is_null(), "{id}");
        if id.ends_with("DeadLetters") {
            assert_eq!(queue["MessageRetentionPeriod"].as_u64(), Some(FOURTEEN_DAYS), "{id}");
            assert!(queue["RedrivePolicy"].is_null(), "{id}");
        }
    }
}

#[test]
fn the_relay_sees_the_outbox_and_is_held_up_for_a_while_at_most() {
    let template = Template::read();
    let functions = template.functions();
    let relay = functions.iter().find(|function| function.trigger() == Trigger::Stream).unwrap();
    let mapping = relay.only_event("DynamoDB");
    assert_eq!(target(&mapping["Stream"]), "Table.StreamArn");
    assert_eq!(mapping["StartingPosition"], "TRIM_HORIZON");
    let filters = mapping["FilterCriteria"]["Filters"].as_sequence().unwrap();
    let patterns: Vec<serde_json::Value> =
        filters.iter().map(|filter| serde_json::from_str(target(&filter["Pattern"])).unwrap()).collect();
    let outbox = json!({"Keys": {"pk": {"S": [{"prefix": "sys#out#"}]}}});
    assert_eq!(patterns, [json!({"eventName": ["INSERT"], "dynamodb": outbox})]);
    assert_eq!(targets(&mapping["FunctionResponseTypes"]), ["ReportBatchItemFailures"]);
    assert_eq!(mapping["BisectBatchOnFunctionError"], true);
    assert!((1..=10).contains(&mapping["MaximumRetryAttempts"].as_u64().unwrap()));
    assert!((60..=600).contains(&mapping["MaximumRecordAgeInSeconds"].as_u64().unwrap()));
    let letters = &mapping["DestinationConfig"]["OnFailure"];
    assert_eq!((target(&letters["Type"]), target(&letters["Destination"])), ("SQS", "RelayDeadLetters.Arn"));
}

#[test]
fn the_tick_comes_every_minute_and_once() {
    let template = Template::read();
    let functions = template.functions();
    let tick = functions.iter().find(|function| function.trigger() == Trigger::Schedule).unwrap();
    let schedule = tick.only_event("ScheduleV2");
    assert_eq!(schedule["ScheduleExpression"], "rate(1 minute)");
    // The name that SAM gives would be the same in every stack.
    assert_eq!(schedule["OmitName"], true);
    // The scheduler retries, and so does the queue before every function that is invoked asynchronously.
    assert_eq!(schedule["RetryPolicy"]["MaximumRetryAttempts"].as_u64(), Some(0));
    assert_eq!(tick.properties["EventInvokeConfig"]["MaximumRetryAttempts"].as_u64(), Some(0));
    assert!(tick.timeout() < 60);
}

#[test]
fn an_answer_comes_before_the_gateway_gives_up() {
    let template = Template::read();
    for function in template.functions() {
        if function.trigger() == Trigger::Http {
            assert!(function.timeout() < 30, "{}", function.name);
        }
    }
}

#[test]
fn the_environment_is_what_the_code_reads() {
    let template = Template::read();
    let own = |function: &Function| {
        let own = function.properties["Environment"]["Variables"].as_mapping();
        own.into_iter().flatten().map(|(key, _)| target(key).to_owned()).collect::<BTreeSet<_>>()
    };
    let set_by = |by: SetBy| -> BTreeSet<String> {
        KEYS.iter().filter(|key| key.set_by == by).map(|key| key.name.to_owned()).collect()
    };
    let globals = template.0["Globals"]["Function"]["Environment"]["Variables"].as_mapping().unwrap();
    let globals: BTreeMap<_, _> = globals.iter().map(|(key, value)| (target(key), target(value))).collect();
    assert_eq!(globals.keys().map(ToString::to_string).collect::<BTreeSet<_>>(), set_by(SetBy::Template));
    assert_eq!(globals["TABLE_NAME"], "Table");
    assert_eq!(globals["KMS_KEY_ID"], "CredentialKey");
    assert_eq!(globals["FILES_BUCKET"], "FilesBucket");
    assert_eq!(globals["LOG_LEVEL"], "LogLevel");
    for function in template.functions() {
        let sends = matches!(function.trigger(), Trigger::Stream | Trigger::Schedule);
        let expected = if sends { set_by(SetBy::SenderTemplate) } else { BTreeSet::new() };
        assert_eq!(own(&function), expected, "{}", function.name);
    }
}

#[test]
fn the_log_levels_are_those_that_the_code_knows() {
    let template = Template::read();
    let levels = targets(&template.0["Parameters"]["LogLevel"]["AllowedValues"]);
    assert_eq!(levels, ["error", "warn", "info"]);
    for level in levels {
        level.parse::<lambda::telemetry::Level>().unwrap();
    }
}

#[test]
fn who_sends_knows_the_queue_of_every_kind() {
    let template = Template::read();
    let expected: BTreeMap<String, String> =
        JOB_KINDS.iter().map(|kind| (kind.name.to_owned(), format!("${{{}Queue}}", kind.name))).collect();
    let functions = template.functions();
    let senders = functions.iter().map(|function| &function.properties["Environment"]["Variables"]);
    let urls: Vec<_> = senders.map(|variables| &variables["QUEUE_URLS"]).filter(|v| !v.is_null()).collect();
    assert_eq!(urls.len(), 2);
    for urls in urls {
        assert_eq!(serde_json::from_str::<BTreeMap<String, String>>(target(urls)).unwrap(), expected);
    }
}
