//! To which campaign a lead belongs: the one that somebody names, else the one of its source.

use crate::context::Context;
use crate::error::Result;
use contracts::Job;
use domain::campaign::{Campaign, CampaignStatus};
use domain::contact::Contact;
use domain::{CampaignId, Invalid};
use store::{Stored, Transaction};

/// What decides which campaign a lead comes into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecidedBy<'a> {
    /// Somebody names it, and it must be there.
    Name(CampaignId),
    /// It takes the leads of this source, if there is one.
    Source(&'a str),
}

/// What decides which campaign a lead with these fields comes into, seen from the lead as it was before; nothing if it
/// comes into none.
pub(crate) fn decided_by<'a>(before: Option<&Contact>, after: &'a Contact) -> Option<DecidedBy<'a>> {
    let (was, is) = (before.map(|contact| &contact.details), &after.details);
    if let Some(id) = is.campaign_id {
        let is_new = was.is_none_or(|was| was.campaign_id != Some(id));
        return is_new.then_some(DecidedBy::Name(id));
    }
    let is_new = was.is_none_or(|was| was.source != is.source);
    (after.is_free() && is_new).then_some(DecidedBy::Source(&is.source))
}

/// That somebody names a campaign which is not there.
pub(crate) fn no_campaign() -> Invalid {
    Invalid::at("/campaign_id", "is no campaign of yours")
}

/// The campaign that a lead with these fields comes into, seen from the lead as it was before.
pub(crate) async fn campaign_for(
    ctx: &Context,
    before: Option<&Contact>,
    after: &Contact,
) -> Result<Option<Stored<Campaign>>> {
    match decided_by(before, after) {
        None => Ok(None),
        Some(DecidedBy::Name(id)) => {
            let campaign = ctx.store().get::<Campaign>(&ctx.tenant, &id).await?;
            Ok(Some(campaign.ok_or_else(no_campaign)?))
        }
        Some(DecidedBy::Source(source)) => Ok(ctx.store().campaign_for_source(&ctx.tenant, source).await?),
    }
}

/// Brings a lead into the campaign that [`campaign_for`] found, with one of its agents, and has it called where the
/// campaign runs.
pub(crate) fn join(ctx: &Context, step: &mut Transaction, contact: &mut Contact, campaign: &Campaign) {
    contact.join(campaign, ctx.now());
    // One that is started at this moment may not find the lead by itself; one that is not on does nothing.
    if campaign.status != CampaignStatus::Cancelled {
        step.enqueue(Job::RunCampaign { campaign: campaign.id });
    }
}
