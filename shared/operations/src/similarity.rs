//! Finding the earlier conversations that are like what a call is for, where the tenant has an embedding model.
//!
//! It only ever adds to what an agent knows: when the model does not answer, the latest conversations must do.

use crate::context::Context;
use crate::error::Result;
use crate::integrations;
use domain::context::{CallFacts, HistoryEntry, Meaning, most_similar};
use domain::text::shortened;
use domain::{AttemptId, ContactId};
use std::time::Duration;
use store::{MeaningRecord, Transaction};

/// How many conversations a lead must have had for the likest of them to be looked for: so many fit, however long the
/// rest of what the agent is told.
const MANY: usize = 5;
/// How many of them are named at most.
const NAMED: usize = 10;
/// How long a call that is about to be made waits for it.
const AT_DIAL: Duration = Duration::from_secs(4);
/// How long the analysis of one waits for it.
const AT_ANALYSIS: Duration = Duration::from_secs(10);

/// What a conversation means, by its summary; none without an embedding model, or if it does not answer.
pub(crate) async fn meaning_of(ctx: &Context, summary: &str) -> Option<Meaning> {
    ask(ctx, summary, AT_ANALYSIS).await
}

/// Keeps what a conversation means, with the conversation in short, so that nothing else is read to name it.
pub(crate) fn remember(
    step: &mut Transaction,
    contact: ContactId,
    attempt: AttemptId,
    entry: &HistoryEntry,
    meaning: Option<&Meaning>,
) -> Result<()> {
    let Some(meaning) = meaning else { return Ok(()) };
    let entry = HistoryEntry { summary: shortened(&entry.summary, 300), ..entry.clone() };
    Ok(step.put(&MeaningRecord { contact, attempt, entry, meaning: meaning.clone() })?)
}

/// The earlier conversations of a lead that are like what the call is for, the likest first. `talks` is how many
/// the lead has had, as far as they were read.
pub(crate) async fn related(
    ctx: &Context,
    contact: ContactId,
    call: &CallFacts,
    talks: usize,
) -> Vec<HistoryEntry> {
    let purpose = format!("{}\n{}", call.objective, call.instructions);
    let purpose = purpose.trim();
    if talks <= MANY || purpose.is_empty() {
        return Vec::new();
    }
    let (purpose, meanings) =
        tokio::join!(ask(ctx, purpose, AT_DIAL), ctx.store().meanings(&ctx.tenant, contact));
    match (purpose, meanings) {
        (Some(purpose), Ok(meanings)) => {
            let mut related = most_similar(&purpose, meanings);
            related.truncate(NAMED);
            related
        }
        (_, Err(error)) => {
            tracing::warn!(%contact, %error, "earlier conversations were not compared");
            Vec::new()
        }
        (None, _) => Vec::new(),
    }
}

async fn ask(ctx: &Context, text: &str, patience: Duration) -> Option<Meaning> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let answer = async {
        let Some(model) = integrations::embeddings(&ctx.platform, &ctx.tenant).await? else {
            return Ok(None);
        };
        let embedded = model.embed(text, patience).await?;
        Result::Ok(Meaning::of(&embedded.model, &embedded.vector))
    };
    match answer.await {
        Ok(meaning) => meaning,
        Err(error) => {
            tracing::warn!(%error, "the embedding model did not answer");
            None
        }
    }
}
