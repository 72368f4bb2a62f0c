//! Job `AnswerMessages`: makes one answer to what a person wrote, if it is the bot's to answer.
//!
//! One answer at a time for each conversation: the right to it is a lease on the conversation. Where no answer can be
//! made the person is told so and a member gets a task. What is to be sent goes on as `SendMessage`.

use contracts::{Envelope, Failure, Job};
use operations::{Context, Error, Platform, chat};

/// Runs one `AnswerMessages`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let Job::AnswerMessages { conversation, up_to } = message.job else {
        return Err(Failure::drop("not a AnswerMessages"));
    };
    let ctx = Context::of_job(platform, &message);
    chat::answering::answer(&ctx, conversation, up_to).await.map_err(Error::into_failure)
}
