//! To which campaign a lead belongs: the one that somebody names, else the one of its source.

use crate::context::Context;
use crate::error::Result;
use contracts::Job;
use domain::Invalid;
use domain::campaign::{Campaign, CampaignStatus};
use domain::contact::Contact;
use store::{Stored, Transaction};

/// The campaign that a lead with these fields comes into, seen from the lead as it was before. A campaign that
/// somebody names must be there.
pub(crate) async fn campaign_for(
    ctx: &Context,
    before: Option<&Contact>,
    after: &Contact,
) -> Result<Option<Stored<Campaign>>> {
    let (was, is) = (before.map(|contact| &contact.details), &after.details);
    if let Some(id) = is.campaign_id {
        if was.is_some_and(|was| was.campaign_id == Some(id)) {
            return Ok(None);
        }
        let campaign = ctx.store().get::<Campaign>(&ctx.tenant, &id).await?;
        return Ok(Some(campaign.ok_or_else(|| Invalid::at("/campaign_id", "is no campaign of yours"))?));
    }
    if !after.is_free() || was.is_some_and(|was| was.source == is.source) {
        return Ok(None);
    }
    Ok(ctx.store().campaign_for_source(&ctx.tenant, &is.source).await?)
}

/// Brings a lead into the campaign that [`campaign_for`] found, with one of its agents, and has it called where the
/// campaign runs.
pub(crate) fn join(ctx: &Context, step: &mut Transaction, contact: &mut Contact, campaign: &Campaign) {
    if contact.details.campaign_id == Some(campaign.id) {
        contact.agent_id = campaign.agent_for(contact.id);
    } else {
        contact.join(campaign, ctx.now());
    }
    if campaign.status == CampaignStatus::Running {
        step.enqueue(Job::RunCampaign { campaign: campaign.id });
    }
}
