//! Writing a step, and telling what its refusal means.
//!
//! The table's own client never retries here: a step carries one token, so that repeating it after a lost
//! answer is safe, and conflicts are repeated with jitter until a bound. Where the token has been forgotten,
//! the write id in an item that stands in the way tells that the way is blocked by ourselves.

use crate::Store;
use crate::error::{Error, Result};
use crate::item::{WRITE, text_in};
use crate::retry::{Fault, pause};
use crate::transaction::{Guard, Operation, Transaction};
use crate::wire;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};

/// How often a step is tried: conflicts on a busy record clear within milliseconds.
const TRIES: u32 = 8;

impl Store {
    /// Stores a step, whole or not at all.
    pub async fn commit(&self, mut step: Transaction) -> Result<()> {
        step.finish()?;
        if step.operations.is_empty() {
            return Ok(());
        }
        let mut token = step.write.clone();
        let mut last = Error::Throttled;
        for attempt in 0..TRIES {
            pause(attempt).await;
            let items = step.operations.iter().map(|operation| self.addressed(&operation.write)).collect();
            let request = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items))
                .client_request_token(&token);
            let Err(error) = wire::transact(request).await else {
                return Ok(());
            };
            if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
                error.as_service_error()
            {
                match verdict(cancelled.cancellation_reasons(), &step.operations, &step.write) {
                    Verdict::Done => return Ok(()),
                    Verdict::Again(error) => last = error,
                    Verdict::Without(index) => {
                        step.operations.remove(index);
                        // Another step needs another token.
                        token = format!("{}-{attempt}", step.write);
                    }
                    Verdict::Refused(error) => return Err(error),
                }
            } else {
                match classify(&error) {
                    Fault::Passing(error) => last = error,
                    Fault::Final(error) => return Err(error),
                }
            }
        }
        Err(last)
    }

    /// The same write, addressed to our table.
    fn addressed(&self, write: &TransactWriteItem) -> TransactWriteItem {
        let mut write = write.clone();
        let table = || self.table.to_string();
        if let Some(put) = &mut write.put {
            put.table_name = table();
        }
        if let Some(update) = &mut write.update {
            update.table_name = table();
        }
        if let Some(delete) = &mut write.delete {
            delete.table_name = table();
        }
        if let Some(check) = &mut write.condition_check {
            check.table_name = table();
        }
        write
    }
}

enum Verdict {
    /// It was ourselves: an earlier try succeeded.
    Done,
    /// It may go well next time.
    Again(Error),
    /// It goes on without this operation.
    Without(usize),
    /// It is refused.
    Refused(Error),
}

fn verdict(reasons: &[CancellationReason], operations: &[Operation], write: &str) -> Verdict {
    let mut again = None;
    for (index, (reason, operation)) in reasons.iter().zip(operations).enumerate() {
        let old = reason.item();
        match reason.code().unwrap_or("None") {
            "None" => {}
            "ConditionalCheckFailed" => {
                if old.and_then(|item| text_in(item, WRITE)) == Some(write) {
                    return Verdict::Done;
                }
                let owner = || old.and_then(|item| text_in(item, "owner")).unwrap_or_default().to_owned();
                return match operation.guard {
                    Guard::Record(kind) => Verdict::Refused(Error::Stale { kind }),
                    Guard::Claim(name) => Verdict::Refused(Error::Taken { name, owner: owner() }),
                    Guard::Slot => Verdict::Refused(Error::SlotTaken),
                    Guard::Answer => Verdict::Refused(Error::Answered),
                    Guard::None | Guard::Yield => Verdict::Without(index),
                };
            }
            "TransactionConflict" | "ProvisionedThroughputExceeded" | "ThrottlingError" => {
                again = Some(Error::Throttled);
            }
            code => {
                let detail = format!("{code}: {}", reason.message().unwrap_or_default());
                return Verdict::Refused(Error::Malformed { kind: "transaction", detail });
            }
        }
    }
    Verdict::Again(again.unwrap_or(Error::Throttled))
}

/// Whether a failed request to the table may go well if repeated.
pub(crate) fn classify<E>(error: &SdkError<E>) -> Fault
where
    E: ProvideErrorMetadata,
{
    match error {
        SdkError::ServiceError(context) => {
            let code = context.err().code().unwrap_or_default();
            let status = context.raw().status().as_u16();
            let throttled = matches!(
                code,
                "ProvisionedThroughputExceededException"
                    | "ThrottlingException"
                    | "RequestLimitExceeded"
                    | "TransactionInProgressException"
                    | "TransactionConflictException"
            );
            if throttled {
                Fault::Passing(Error::Throttled)
            } else if status >= 500 {
                Fault::Passing(Error::Unavailable(code.to_owned()))
            } else {
                let detail = context.err().message().unwrap_or_default();
                Fault::Final(Error::Refused(format!("{code}: {detail}")))
            }
        }
        SdkError::TimeoutError(_) => Fault::Passing(Error::Unavailable("timeout".to_owned())),
        SdkError::DispatchFailure(_) => Fault::Passing(Error::Unavailable("no connection".to_owned())),
        SdkError::ResponseError(_) => Fault::Passing(Error::Unavailable("broken answer".to_owned())),
        _ => Fault::Final(Error::Refused("the request could not be built".to_owned())),
    }
}
