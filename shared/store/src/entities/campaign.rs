//! Campaigns, and the leads and calls that wait in them.

use crate::Store;
use crate::entity::{Entity, Row, Stored, newest_first, oldest_first};
use crate::error::Result;
use crate::key::Key;
use crate::read::{Page, Stretch};
use domain::campaign::{Campaign, CampaignStatus};
use domain::{CampaignId, TenantId, text};

/// The list of all campaigns, newest first.
pub const CAMPAIGNS: &str = "campaign";

/// The list of the campaigns in one status, newest first.
pub fn campaigns_in(status: CampaignStatus) -> String {
    format!("campaign#status#{}", status.as_str())
}

/// The list of a campaign's leads for which no call was made yet, in the order in which they came.
pub fn waiting_leads(campaign: CampaignId) -> String {
    format!("lead#waiting#{campaign}")
}

/// The list of the leads of a source that belong to no campaign, in the order in which they came.
pub fn free_leads(source: &str) -> String {
    format!("lead#free#{}", text::folded(source))
}

/// The list of a campaign's calls, newest first.
pub fn calls_of_campaign(campaign: CampaignId) -> String {
    format!("call#campaign#{campaign}")
}

/// The list of a campaign's calls that are not over, in the order in which they came.
pub fn open_calls_of_campaign(campaign: CampaignId) -> String {
    format!("call#campaign_open#{campaign}")
}

/// The list of a campaign's calls that are put aside until it is resumed, in the order in which they came.
pub fn held_calls_of_campaign(campaign: CampaignId) -> String {
    format!("call#campaign_held#{campaign}")
}

/// The campaigns to which leads of a source belong when they arrive, the first that was started first.
fn takers_of(source: &str) -> String {
    format!("campaign#source#{}", text::folded(source))
}

impl Entity for Campaign {
    const KIND: &'static str = "campaign";
    type Id = CampaignId;

    fn key_of(tenant: &TenantId, id: &CampaignId) -> Key {
        Key::of(tenant, format_args!("CMP#{id}"), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        let sort = newest_first(self.created_at, self.id);
        let mut rows = vec![
            Row::Listed { list: CAMPAIGNS.to_owned(), sort: sort.clone() },
            Row::Listed { list: campaigns_in(self.status), sort },
        ];
        if let Some(started_at) = self.started_at.filter(|_| self.status.takes_leads())
            && !self.terms.source.is_empty()
        {
            let sort = oldest_first(started_at, self.id);
            rows.push(Row::Listed { list: takers_of(&self.terms.source), sort });
        }
        rows
    }
}

impl Store {
    /// The campaign to which a lead of this source belongs when it arrives.
    pub async fn campaign_for_source(
        &self,
        tenant: &TenantId,
        source: &str,
    ) -> Result<Option<Stored<Campaign>>> {
        let page = Page { limit: 1, cursor: None };
        let takers = Stretch::of_list(tenant, &takers_of(source));
        let mut listing = self.walk(takers, &page, |_| true, |_: &Campaign| true).await?;
        Ok(listing.items.pop())
    }
}
