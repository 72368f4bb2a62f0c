//! The function behind the table's stream.

use crate::aws::Aws;
use crate::batch::Answer;
use crate::boot::{self, Error};
use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::{LambdaEvent, service_fn};
use operations::Platform;
use queues::Queues;
use std::collections::HashMap;
use std::future::Future;
use tracing::{Instrument, error, info_span};

/// An item as the table has it, by attribute.
pub type Item = HashMap<String, AttributeValue>;

/// The whole `main` of a function behind the table's stream.
///
/// `handle` gets the new images of the records in their order, those without one left out, and tells of each
/// whether it was handled. The stream comes again from the first that was not: later ones too, handled or not.
pub fn serve_stream<F, R>(handle: F) -> Result<(), Error>
where
    F: Fn(Platform, Queues, Vec<Item>) -> R,
    R: Future<Output = Vec<bool>>,
{
    boot::run(true, |environment| async move {
        let aws = Aws::new(&environment);
        let (platform, queues) = (aws.platform(), aws.queues());
        aws.open_table().await;
        let run = |items| handle(platform.clone(), queues.clone(), items);
        lambda_runtime::run(service_fn(|event: LambdaEvent<Event>| {
            let span = info_span!("batch", request_id = event.context.request_id);
            run_batch(&run, event.payload).instrument(span)
        }))
        .await
    })
}

async fn run_batch<F, R>(run: &F, event: Event) -> Result<Answer, lambda_runtime::Error>
where
    F: Fn(Vec<Item>) -> R,
    R: Future<Output = Vec<bool>>,
{
    let (sequences, items): (Vec<_>, Vec<_>) = event.records.into_iter().filter_map(image).unzip();
    if items.is_empty() {
        return Ok(Answer::default());
    }
    let handled = run(items).await;
    let first = (0..sequences.len()).find(|index| handled.get(*index) != Some(&true));
    if let Some(index) = first {
        error!(of = sequences.len(), "the batch comes again from record {index}");
    }
    Ok(Answer::of(first.and_then(|index| sequences.into_iter().nth(index)))?)
}

/// The sequence number and the new image of a record that has one.
fn image(record: EventRecord) -> Option<(Option<String>, Item)> {
    let image: serde_dynamo::Item = record.change.new_image;
    let image = Item::from(image);
    (!image.is_empty()).then_some((record.change.sequence_number, image))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn record(sequence: &str, image: &Value) -> Value {
        json!({
            "eventID": sequence, "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "eu-west-1", "eventSourceARN": "arn:aws:dynamodb:eu-west-1:1:table/t/stream/s",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_795_255_200.0, "Keys": {"pk": {"S": "p"}, "sk": {"S": sequence}},
                "NewImage": image, "SequenceNumber": sequence, "SizeBytes": 10, "StreamViewType": "NEW_IMAGE",
            },
        })
    }

    fn inserted(sequence: &str) -> Value {
        record(
            sequence,
            &json!({"pk": {"S": "p"}, "n": {"N": "7"}, "ok": {"BOOL": true}, "l": {"L": [{"S": "x"}]}}),
        )
    }

    async fn answer(records: &[Value], handled: Vec<bool>) -> Value {
        let event = serde_json::from_value(json!({"Records": records})).unwrap();
        let run = |items: Vec<Item>| {
            for item in &items {
                assert_eq!(item["pk"], AttributeValue::S("p".to_owned()));
                assert_eq!(item["n"], AttributeValue::N("7".to_owned()));
                assert_eq!(item["l"], AttributeValue::L(vec![AttributeValue::S("x".to_owned())]));
            }
            async { handled.clone() }
        };
        serde_json::to_value(run_batch(&run, event).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn the_stream_comes_again_from_the_first_that_failed() {
        let records = [inserted("10"), inserted("11"), inserted("12")];
        let failed = |id: &str| json!({"batchItemFailures": [{"itemIdentifier": id}]});
        let fine = json!({"batchItemFailures": []});
        assert_eq!(answer(&records, vec![true, true, true]).await, fine);
        assert_eq!(answer(&records, vec![true, false, false]).await, failed("11"));
        assert_eq!(answer(&records, vec![false, true, true]).await, failed("10"));
        assert_eq!(answer(&records, vec![true, true]).await, failed("12"));
    }

    #[tokio::test]
    async fn a_record_without_image_is_left_out() {
        let removed = record("10", &Value::Null);
        assert_eq!(
            answer(&[removed.clone(), inserted("11")], vec![false]).await,
            json!({"batchItemFailures": [{"itemIdentifier": "11"}]})
        );
        assert_eq!(answer(&[removed], vec![]).await, json!({"batchItemFailures": []}));
    }
}
