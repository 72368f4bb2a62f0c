//! What a model read and a person is asked about.

use crate::context::Context;
use crate::error::{Error, Result, retrying};
use crate::saved_conversations::writing::{self, Accepted};
use crate::{Listing, Page};
use domain::saved::{Doubt, ReviewEntry, ReviewStatus};
use domain::{ContactId, Email, ReviewId, Role, SavedConversationId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use store::Stored;
use utoipa::ToSchema;

/// What a person is asked, as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReviewView {
    /// The record's id.
    pub id: ReviewId,
    /// Whether it is a client who wrote, or whether they want a service.
    pub about: Doubt,
    /// Where it was read.
    pub conversation_id: SavedConversationId,
    /// Whose conversation it is.
    pub user_email: Email,
    /// Whose record it is, if there is one.
    pub client_id: Option<ContactId>,
    /// What was read, with the sentences that it rests on.
    #[schema(value_type = Object)]
    pub proposal: Value,
    /// How sure the model is, 0 to 1.
    pub confidence: f64,
    /// What was answered.
    pub status: ReviewStatus,
    /// By whom, as the audit names them.
    pub decided_by: Option<String>,
    /// When.
    #[schema(value_type = Option<String>)]
    pub decided_at: Option<Timestamp>,
    /// When it was asked.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
}

/// What people are asked, or answered so, the oldest first.
pub async fn list(ctx: &Context, status: ReviewStatus, page: &Page) -> Result<Listing<ReviewView>> {
    ctx.require(Role::Viewer)?;
    let listing = ctx.store().reviews(&ctx.tenant, status, page).await?;
    Ok(Listing {
        items: listing.items.iter().map(|entry| ReviewView::of(entry)).collect(),
        next: listing.next,
    })
}

/// It is so: what was read is written. Who wants a service is a client. Said again, it changes nothing.
pub async fn accept(ctx: &Context, id: ReviewId) -> Result<ReviewView> {
    ctx.require(Role::Member)?;
    retrying!(
        async {
            let entry = find(ctx, id).await?;
            if is_decided(&entry, ReviewStatus::Accepted)? {
                return Ok(ReviewView::of(&entry));
            }
            let practice = entry.about == Doubt::Practice;
            let accepted = Accepted { client: true, practice, review: Some(id) };
            writing::accept(ctx, entry.conversation, accepted).await?;
            Ok(ReviewView::of(&*find(ctx, id).await?))
        }
        .await
    )
}

/// It is not so: nothing is written, and the same is not asked again of this conversation.
pub async fn reject(ctx: &Context, id: ReviewId) -> Result<ReviewView> {
    ctx.require(Role::Member)?;
    retrying!(
        async {
            let old = find(ctx, id).await?;
            if is_decided(&old, ReviewStatus::Rejected)? {
                return Ok(ReviewView::of(&old));
            }
            let now = ctx.now();
            let entry = ReviewEntry {
                status: ReviewStatus::Rejected,
                decided_by: Some(ctx.actor.name()),
                decided_at: Some(now),
                updated_at: now,
                ..old.value.clone()
            };
            let view = ReviewView::of(&entry);
            let mut step = ctx.step();
            step.replace(&old, &entry)?;
            ctx.audited(&mut step, "review.rejected", id, Some(&ReviewView::of(&old)), Some(&view))?;
            ctx.store().commit(step).await?;
            Ok(view)
        }
        .await
    )
}

/// Whether it was answered like this; answered otherwise it stays.
fn is_decided(entry: &ReviewEntry, status: ReviewStatus) -> Result<bool> {
    if entry.status == ReviewStatus::Open {
        return Ok(false);
    }
    if entry.status == status {
        return Ok(true);
    }
    Err(Error::Conflict(format!("it was answered already: {}", entry.status.as_str())))
}

async fn find(ctx: &Context, id: ReviewId) -> Result<Stored<ReviewEntry>> {
    ctx.store().get::<ReviewEntry>(&ctx.tenant, &id).await?.ok_or(Error::NotFound("review"))
}

impl ReviewView {
    fn of(entry: &ReviewEntry) -> Self {
        let entry = entry.clone();
        Self {
            id: entry.id,
            about: entry.about,
            conversation_id: entry.conversation,
            user_email: entry.user_email,
            client_id: entry.contact_id,
            proposal: entry.proposal,
            confidence: entry.confidence,
            status: entry.status,
            decided_by: entry.decided_by,
            decided_at: entry.decided_at,
            created_at: entry.created_at,
        }
    }
}
