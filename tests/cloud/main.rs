//! The stack in an emulator of AWS: the cases that hold everywhere, and those that only a cloud has. `tests/cloud/run`
//! makes the stack and runs them.

#![expect(clippy::unwrap_used, reason = "tests")]

mod after;
mod edge;
mod queues;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use integration::{Stack, Stage};

integration::tests_everywhere!(Stage::deployed());

/// A client of the emulator's SQS, as the account's root.
fn sqs(stack: &Stack) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(stack.region.clone()))
        .credentials_provider(root(stack))
        .endpoint_url(&stack.aws_endpoint)
        .http_client(standins::http_client());
    aws_sdk_sqs::Client::from_conf(config.build())
}

/// A client of the emulator's DynamoDB, as the account's root.
fn dynamodb(stack: &Stack) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(stack.region.clone()))
        .credentials_provider(root(stack))
        .endpoint_url(&stack.aws_endpoint)
        .http_client(standins::http_client());
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

fn root(stack: &Stack) -> Credentials {
    Credentials::new(&stack.access_key, &stack.secret_key, None, None, "test")
}
