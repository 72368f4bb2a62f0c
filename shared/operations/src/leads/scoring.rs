//! How promising a lead is, worked out anew.

use crate::business_config;
use crate::context::Context;
use crate::error::Result;
use domain::contact::LeadStatus;
use domain::score::{self, ScoreReason};
use domain::{ContactId, Role};
use jiff::Timestamp;
use serde::Serialize;
use store::ContactRecord;
use utoipa::ToSchema;

/// How promising a lead is and where it stands, by the rules and what is stored at an instant.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LeadScore {
    /// The lead.
    pub lead_id: ContactId,
    /// How promising it is, 0 to 100.
    pub score: u8,
    /// What the record says; it was worked out when the last call was analysed, or set by somebody since.
    pub stored_score: u8,
    /// Of what the score is made. The points may add up to less than 0 or more than 100.
    pub reasons: Vec<ScoreReason>,
    /// Where the lead stands.
    pub status: LeadStatus,
    /// What the record says.
    pub stored_status: LeadStatus,
    /// Why it stands there.
    pub status_reason: String,
    /// The instant.
    #[schema(value_type = String)]
    pub as_of: Timestamp,
}

/// Works out a lead's score and status from what is stored, by the same rules that an analysed call goes by. Changes
/// nothing.
pub async fn score(ctx: &Context, id: ContactId) -> Result<LeadScore> {
    ctx.require(Role::Viewer)?;
    let (record, settings) = tokio::try_join!(super::found(ctx, id), business_config::get(ctx))?;
    let ContactRecord { contact, signals, .. } = record;
    let as_of = ctx.now();
    let score = score::score(&contact, &signals, &settings.config, as_of);
    let (status, status_reason) = score::status(&contact, &signals);
    Ok(LeadScore {
        lead_id: id,
        score: score.score,
        stored_score: contact.score,
        reasons: score.reasons,
        status,
        stored_status: contact.status,
        status_reason,
        as_of,
    })
}
