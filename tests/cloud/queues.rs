//! What queues and the table's stream do when jobs and functions fail.

use crate::{dynamodb, sqs};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::QueueAttributeName;
use futures::future::join_all;
use integration::everywhere::{agent, call_that_is, lead};
use integration::{Queue, Stack, Stage, Tenant};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::Duration;
use testkit::Client;

/// A lead's call that is on the line.
async fn call_on_the_line(stage: &Stage, client: &Client, phone: &str) -> String {
    let lead = lead(client, "Asha", phone).await;
    let call = client.post("/calls", json!({"lead_id": lead})).await.expect(202)["id"].clone();
    let call = call.as_str().unwrap().to_owned();
    call_that_is(stage, client, &call, "in_progress").await;
    call
}

/// What the template says: six times the functions' 30 seconds.
const USUAL: &str = "180";

/// Has failed jobs come again after so many seconds: the tests do not wait for minutes.
async fn come_again_after(sqs: &aws_sdk_sqs::Client, queue: &Queue, seconds: &str) {
    let name = QueueAttributeName::VisibilityTimeout;
    sqs.set_queue_attributes().queue_url(&queue.url).attributes(name, seconds).send().await.unwrap();
}

/// The bodies of the dead letters, which stay where they are.
async fn letters(sqs: &aws_sdk_sqs::Client, queue: &Queue) -> Vec<String> {
    let request = sqs.receive_message().queue_url(&queue.dead_letters).max_number_of_messages(10);
    let messages = request.visibility_timeout(0).send().await.unwrap().messages.unwrap_or_default();
    messages.into_iter().map(|message| message.body.unwrap()).collect()
}

/// A job that fails whenever it is tried goes to the dead letters, alone; once its cause is mended, it is done.
#[tokio::test]
async fn a_poison_job_lands_alone_in_its_dead_letters_and_a_redrive_does_it() {
    let stage = Stage::deployed().await;
    let (sqs, table) = (sqs(stage.stack()), dynamodb(stage.stack()));
    let queue = &stage.stack().queues["IngestConversation"];
    let Tenant { id: tenant, owner, .. } = stage.tenant("poison").await;
    agent(&owner, "Maya").await;
    let damaged = call_on_the_line(&stage, &owner, &stage.callee.number(1)).await;
    let sound = call_on_the_line(&stage, &owner, &stage.callee.number(2)).await;

    let key = [("pk", format!("t#{tenant}#CAL#{damaged}")), ("sk", "0".to_owned())];
    let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
    let set_status = async |status: &str| {
        let update = table.update_item().table_name(&stage.stack().table).set_key(Some(key.clone().into()));
        let update = update.update_expression("SET #data.#status = :status");
        let update = update.condition_expression("attribute_exists(pk)");
        let update = update.expression_attribute_names("#data", "data");
        let update = update.expression_attribute_names("#status", "status");
        let status = AttributeValue::S(status.to_owned());
        update.expression_attribute_values(":status", status).send().await.unwrap();
    };
    come_again_after(&sqs, queue, "1").await;
    // A record that cannot be read.
    set_status("damaged").await;
    stage.talks_end().await;
    call_that_is(&stage, &owner, &sound, "completed").await;
    let dead = stage
        .until("the dead letter", async || {
            let letters = letters(&sqs, queue).await;
            (!letters.is_empty()).then_some(letters)
        })
        .await;
    assert_eq!(dead.len(), 1, "{dead:?}");
    assert!(dead[0].contains(&tenant) && dead[0].contains("IngestConversation"), "{dead:?}");

    set_status("in_progress").await;
    call_that_is(&stage, &owner, &damaged, "in_progress").await;
    redrive(&sqs, queue).await;
    call_that_is(&stage, &owner, &damaged, "completed").await;
    come_again_after(&sqs, queue, USUAL).await;
    assert_eq!(letters(&sqs, queue).await, Vec::<String>::new());
}

/// What `aws sqs start-message-move-task` does, which the emulator does not have.
async fn redrive(sqs: &aws_sdk_sqs::Client, queue: &Queue) {
    let received =
        sqs.receive_message().queue_url(&queue.dead_letters).max_number_of_messages(10).send().await;
    for message in received.unwrap().messages.unwrap_or_default() {
        sqs.send_message().queue_url(&queue.url).message_body(message.body.unwrap()).send().await.unwrap();
        let delete = sqs.delete_message().queue_url(&queue.dead_letters);
        delete.receipt_handle(message.receipt_handle.unwrap()).send().await.unwrap();
    }
}

/// What is no job of ours holds up none, and is kept for a person to look at.
#[tokio::test]
async fn what_is_no_job_is_put_aside() {
    let stage = Stage::deployed().await;
    let sqs = sqs(stage.stack());
    let queue = &stage.stack().queues["PlanNextActions"];
    come_again_after(&sqs, queue, "1").await;
    for body in ["{\"not\": ", "{\"v\": 1, \"job\": {\"Dance\": {}}}"] {
        sqs.send_message().queue_url(&queue.url).message_body(body).send().await.unwrap();
    }
    stage
        .until("two dead letters", async || {
            let letters: BTreeSet<_> = letters(&sqs, queue).await.into_iter().collect();
            (letters.len() == 2).then_some(())
        })
        .await;
    come_again_after(&sqs, queue, USUAL).await;
    sqs.purge_queue().queue_url(&queue.dead_letters).send().await.unwrap();
}

/// The relay is killed again and again while it works: no job is lost, and no call is made twice.
#[tokio::test]
async fn a_relay_that_dies_half_way_loses_nothing() {
    const CALLS: u8 = 12;
    let stage = Stage::deployed().await;
    let Tenant { id: tenant, owner, account } = stage.tenant("relay").await;
    let rules = json!({"name": "Acme", "default_country": stage.callee.country, "timezone": stage.callee.zone,
        "calling": {"max_concurrent": 50}});
    owner.put("/business-config", rules).await.expect(200);
    agent(&owner, "Maya").await;
    let relay = &stage.stack().functions["OutboxRelayFunction"];
    let calls = join_all((30..30 + CALLS).map(|ending| {
        let (owner, phone) = (&owner, stage.callee.number(ending));
        async move {
            let lead = lead(owner, "Asha", &phone).await;
            owner.post("/calls", json!({"lead_id": lead})).await.expect(202);
        }
    }));
    let killing = async {
        let mut killed = 0;
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            killed += kill(stage.stack(), relay);
        }
        killed
    };
    let (_, killed) = tokio::join!(calls, killing);
    assert!(killed > 1, "the relay was killed {killed} times");
    stage
        .until("every call to be made", async || {
            let calls = owner.all("/calls").await;
            let made = calls.iter().filter(|call| call["status"] == "in_progress").count();
            (made == usize::from(CALLS)).then_some(())
        })
        .await;
    let dials: Vec<_> =
        stage.simulators().dials().into_iter().filter(|dial| dial.account == account).collect();
    let attempts: BTreeSet<_> = dials.iter().map(|dial| &dial.user_id).collect();
    assert_eq!((dials.len(), attempts.len()), (usize::from(CALLS), usize::from(CALLS)));
    stage.until("an empty outbox", async || (outbox(&stage, &tenant).await == 0).then_some(())).await;
}

/// How many messages of the tenant wait in the outbox.
async fn outbox(stage: &Stage, tenant: &str) -> usize {
    let table = dynamodb(stage.stack());
    let (tenant, mut found) = (format!("\"{tenant}\""), 0);
    for shard in 0..16 {
        let query = table.query().table_name(&stage.stack().table).key_condition_expression("pk = :pk");
        let pk = AttributeValue::S(format!("sys#out#{shard}"));
        let items = query.expression_attribute_values(":pk", pk).send().await.unwrap().items.unwrap();
        found += items.iter().filter(|item| item["envelope"].as_s().unwrap().contains(&tenant)).count();
    }
    found
}

/// Kills the processes of a function; answers how many there were. They are children of the emulator, which is ours.
fn kill(stack: &Stack, function: &str) -> usize {
    let named = format!("AWS_LAMBDA_FUNCTION_NAME={function}");
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let process = entry.ok()?.path();
        let status = fs::read_to_string(process.join("status")).ok()?;
        let parent =
            status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse::<u32>().ok()?;
        let environment = fs::read(process.join("environ")).ok()?;
        let is_it = environment.split(|byte| *byte == 0).any(|variable| variable == named.as_bytes());
        (parent == stack.pid && is_it).then(|| process.file_name().unwrap().to_owned())
    });
    processes
        .filter(|id| Command::new("kill").arg("-9").arg(id).status().is_ok_and(|status| status.success()))
        .count()
}
