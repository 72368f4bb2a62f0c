//! Conversations that another system led and saves here. Each is stored first; then a model reads it, and the record fills
//! itself: client, practice, interaction.

mod reading;
pub(crate) mod writing;

pub use reading::read;

use crate::budget::Cost;
use crate::business_config;
use crate::context::{Actor, Context};
use crate::error::{Error, Result, retrying};
use contracts::Job;
use domain::business::BusinessConfig;
use domain::cost::{Spending, Tokens};
use domain::extraction::Extraction;
use domain::saved::{Outcome, SavedConversation, SavedMessage};
use domain::{
    ContactId, Email, InteractionId, Invalid, PracticeId, ReviewId, Role, SavedConversationId, text,
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use store::{SavedPart, Stored};
use utoipa::ToSchema;

/// How long a save waits for what comes of it.
const PATIENCE: Duration = Duration::from_secs(2);
/// When a job takes over from a save that did not wait longer.
const LATER: SignedDuration = SignedDuration::from_secs(3);
/// How many messages a conversation may have.
const MESSAGES_MAX: usize = 2_000;
/// How large another system's own words about a conversation may be, in bytes.
const METADATA_MAX: usize = 20_000;

/// A conversation to save.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct SaveInput {
    /// Whose it is: the address of who wrote to the business.
    pub user_email: Email,
    /// What was written, the first first: 1 to 2,000 messages. `user` is the client.
    pub messages: Vec<SavedMessage>,
    /// What the other system calls it: a later save with it replaces the earlier.
    #[serde(default)]
    pub session_id: Option<String>,
    /// What the other system says of it. `team_member` is the e-mail address of who led it.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub metadata: BTreeMap<String, Value>,
}

/// What a save came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SaveAnswer {
    /// The conversation is stored.
    pub success: bool,
    /// Its id.
    pub conversation_id: SavedConversationId,
    /// How many messages the request had.
    pub messages_saved: usize,
    /// What came of it.
    pub crm: CrmResult,
}

/// What came of a conversation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CrmResult {
    /// Whether it was read. If not, the job goes on with it.
    pub processed: bool,
    /// Whose record it is; none where a person is asked first.
    pub client_id: Option<ContactId>,
    /// Whether that record was made of this conversation.
    pub client_created: bool,
    /// The practice that it is about.
    pub practice_id: Option<PracticeId>,
    /// Whether that practice was made of this conversation.
    pub practice_created: bool,
    /// What was noted of it.
    pub interaction_id: Option<InteractionId>,
    /// What a person is asked: `GET /crm/review`.
    pub review_ids: Vec<ReviewId>,
    /// `GET /conversations/jobs/{id}` says how far it is.
    pub job_id: SavedConversationId,
    /// Why it could not be read, if it could not: `not_configured`, or what the model did.
    pub reason: Option<String>,
}

/// How far the reading of a conversation is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JobView {
    /// The job's id, which is the conversation's.
    pub id: SavedConversationId,
    /// How far it is.
    pub status: JobStatus,
    /// What came of it.
    pub crm: CrmResult,
    /// What was read, held to the client's own words.
    pub extraction: Option<Extraction>,
    /// What reading it cost so far.
    pub cost: Cost,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// It is still to be done.
    Pending,
    /// It is done.
    Completed,
    /// It could not be done.
    Failed,
}

/// Stores a conversation, and has it read: within the answer, if that takes two seconds at most, else by a job. Saved again
/// with nothing new, it changes nothing.
pub async fn save(ctx: &Context, input: SaveInput) -> Result<SaveAnswer> {
    ctx.require(Role::Member)?;
    let messages_saved = input.messages.len();
    let (id, is_read) = keep(ctx, checked(input)?).await?;
    if !is_read {
        // What is not done in time, the job does; it sees what was done.
        let system = Context { actor: Actor::System, idempotency: None, ..ctx.clone() };
        if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, reading::read(&system, id)).await {
            tracing::info!(%error, "a conversation is read later");
        }
    }
    let saved = find(ctx, id).await?;
    Ok(SaveAnswer { success: true, conversation_id: id, messages_saved, crm: CrmResult::of(&saved) })
}

/// How far the reading of a conversation is, and what came of it.
pub async fn job(ctx: &Context, id: SavedConversationId) -> Result<JobView> {
    ctx.require(Role::Viewer)?;
    let (saved, settings) = tokio::try_join!(find(ctx, id), business_config::get(ctx))?;
    let status = match (saved.is_unread(), &saved.failure) {
        (true, _) => JobStatus::Pending,
        (false, None) => JobStatus::Completed,
        (false, Some(_)) => JobStatus::Failed,
    };
    let cost = cost_of(&saved, &settings.config);
    let crm = CrmResult::of(&saved);
    Ok(JobView { id, status, crm, extraction: saved.value.extraction, cost })
}

pub(crate) async fn find(ctx: &Context, id: SavedConversationId) -> Result<Stored<SavedConversation>> {
    ctx.store().get::<SavedConversation>(&ctx.tenant, &id).await?.ok_or(Error::NotFound("saved conversation"))
}

/// A conversation as it is to be stored.
struct Checked {
    user_email: Email,
    session_id: Option<String>,
    team_member: Option<Email>,
    metadata: BTreeMap<String, Value>,
    messages: Vec<SavedMessage>,
    digest: String,
}

fn checked(input: SaveInput) -> Result<Checked> {
    let SaveInput { user_email, messages, session_id, metadata } = input;
    if messages.is_empty() || messages.len() > MESSAGES_MAX {
        return Err(Invalid::at("/messages", format!("must be 1 to {MESSAGES_MAX}")).into());
    }
    for (n, message) in messages.iter().enumerate() {
        text::line(&message.role, 40).map_err(|error| error.within(&format!("/messages/{n}/role")))?;
    }
    let session_id = session_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
    let session_id = session_id.map(|id| text::line(id, 200)).transpose();
    let large = serde_json::to_vec(&metadata).map_or(0, |json| json.len()) > METADATA_MAX;
    if large {
        return Err(Invalid::at("/metadata", format!("must be at most {METADATA_MAX} bytes")).into());
    }
    // Whom the other system names otherwise than by an address is nobody whom work can be assigned to.
    let team_member = metadata.get("team_member").and_then(Value::as_str).and_then(|it| it.parse().ok());
    let json = serde_json::to_vec(&messages).map_err(|_| Error::Internal("the messages are no JSON"))?;
    Ok(Checked {
        user_email,
        session_id: session_id.map_err(|error| error.within("/session_id"))?,
        team_member,
        metadata,
        digest: provider::sha256_hex(&json),
        messages,
    })
}

/// Stores a conversation, with the job that reads it; answers its id, and whether it is read already.
async fn keep(ctx: &Context, input: Checked) -> Result<(SavedConversationId, bool)> {
    retrying!(
        async {
            let session = SavedConversation::key_of_session(input.session_id.as_deref(), &input.digest);
            let known = ctx.store().saved_session(&ctx.tenant, &input.user_email, &session).await?;
            let old = match known {
                Some(id) => ctx.store().get::<SavedConversation>(&ctx.tenant, &id).await?,
                None => None,
            };
            if let Some(old) = old.as_ref().filter(|old| old.digest == input.digest) {
                return Ok((old.id, !old.is_unread() && old.failure.is_none()));
            }
            let now = ctx.now();
            let id = old.as_ref().map_or_else(|| ctx.new_id(), |old| old.id);
            let parts = SavedPart::of(id, &input.messages);
            let saved = SavedConversation {
                id,
                user_email: input.user_email.clone(),
                session_id: input.session_id.clone(),
                team_member: input.team_member.clone(),
                metadata: input.metadata.clone(),
                messages: u32::try_from(input.messages.len()).unwrap_or(u32::MAX),
                digest: input.digest.clone(),
                parts: u32::try_from(parts.len()).unwrap_or(u32::MAX),
                generation: old.as_ref().map_or(1, |old| old.generation + 1),
                read: old.as_ref().map_or(0, |old| old.read),
                failures: 0,
                extraction: old.as_ref().and_then(|old| old.extraction.clone()),
                outcome: old.as_ref().and_then(|old| old.outcome.clone()),
                failure: None,
                spent: old.as_ref().map(|old| old.spent.clone()).unwrap_or_default(),
                created_at: old.as_ref().map_or(now, |old| old.created_at),
                updated_at: now,
            };
            let mut step = ctx.step();
            for part in &parts {
                step.put(part)?;
            }
            for part in saved.parts..old.as_ref().map_or(0, |old| old.parts) {
                step.forget::<SavedPart>(&(id, part));
            }
            step.save(old.as_ref(), &saved)?;
            step.enqueue_at(Job::ExtractConversation { conversation: id }, now + LATER);
            ctx.changed(
                &mut step,
                "saved_conversation",
                id,
                if old.is_some() { "updated" } else { "created" },
            )?;
            match ctx.store().commit(step).await {
                // The same session was saved beside us.
                Err(store::Error::Taken { .. }) => Err(Error::Stale),
                other => other.map(|()| (id, false)).map_err(Into::into),
            }
        }
        .await
    )
}

fn cost_of(saved: &SavedConversation, config: &BusinessConfig) -> Cost {
    let mut spending = Spending::default();
    for spent in &saved.spent {
        let tokens = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let tokens = Tokens { input: tokens(spent.input_tokens), output: tokens(spent.output_tokens) };
        spending.spend(&spent.model, tokens);
    }
    Cost::of(config.prices.bill(&spending, config.currency))
}

impl CrmResult {
    /// What is known of a conversation's reading. What an earlier save of it came to is shown until the next is read.
    fn of(saved: &SavedConversation) -> Self {
        let processed = !saved.is_unread() && saved.failure.is_none();
        let outcome = saved.outcome.clone().unwrap_or_default();
        let Outcome {
            client_id,
            client_created,
            practice_id,
            practice_created,
            interaction_id,
            reviews: review_ids,
            ..
        } = outcome;
        Self {
            processed,
            client_id,
            client_created,
            practice_id,
            practice_created,
            interaction_id,
            review_ids,
            job_id: saved.id,
            reason: saved.failure.clone(),
        }
    }
}
