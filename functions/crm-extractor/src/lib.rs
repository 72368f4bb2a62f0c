//! Job `ExtractConversation`: has the tenant's model read a saved conversation, if the save did not wait for it, and writes
//! what comes of it: client, practice, interaction, and what a person is asked.
//!
//! A model that fails is asked again until the message goes to the dead letters; the conversation then says why.

use contracts::{Envelope, Failure, Job};
use operations::{Context, Error, Platform, saved_conversations};

/// Runs one `ExtractConversation`.
pub async fn handle(platform: Platform, message: Envelope) -> Result<(), Failure> {
    let Job::ExtractConversation { conversation } = message.job else {
        return Err(Failure::drop("not an ExtractConversation"));
    };
    let ctx = Context::of_job(platform, &message);
    saved_conversations::read(&ctx, conversation).await.map_err(Error::into_failure)
}
