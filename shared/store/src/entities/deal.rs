//! Deals, and finding them.

use crate::Store;
use crate::entity::{Entity, OPEN, Row, Stored, newest_first};
use crate::error::Result;
use crate::key::Key;
use crate::read::{Listing, Page, Stretch};
use domain::action::Card;
use domain::deal::{Deal, Stage};
use domain::{ContactId, DealId, TenantId};

/// The list of all deals, newest first.
pub const DEALS: &str = "deal";

fn deals_in(stage: &Stage) -> String {
    format!("deal#stage#{stage}")
}

pub(super) fn deals_of(contact: ContactId) -> String {
    format!("deal#contact#{contact}")
}

impl Entity for Deal {
    const KIND: &'static str = "deal";
    type Id = DealId;

    fn key_of(tenant: &TenantId, id: &DealId) -> Key {
        Key::of(tenant, format_args!("DEA#{id}"), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        let sort = newest_first(self.created_at, self.id);
        let listed = |list: String| Row::Listed { list, sort: sort.clone() };
        let counted = |dimension: String| Row::Counted { stat: "deal", dimension };
        let mut rows = vec![
            listed(DEALS.to_owned()),
            listed(deals_in(&self.stage)),
            listed(deals_of(self.contact_id)),
            counted("all".to_owned()),
            counted(format!("stage#{}", self.stage)),
        ];
        if !self.stage.is_closed() {
            let (contact, sort) = (self.contact_id, format!("DEA#{}", self.id));
            rows.push(Row::AtContact { contact, section: OPEN, sort, card: Card::of_deal(self) });
        }
        rows
    }
}

/// Which deals are looked for: those that all given fields fit.
#[derive(Debug, Clone, Default)]
pub struct DealFilter {
    /// Who may buy.
    pub contact: Option<ContactId>,
    /// How far they are.
    pub stage: Option<Stage>,
}

impl DealFilter {
    /// The list that is likely to be the shortest.
    fn leading_list(&self) -> String {
        let stage = || self.stage.as_ref().map(deals_in);
        self.contact.map(deals_of).or_else(stage).unwrap_or_else(|| DEALS.to_owned())
    }

    fn fits(&self, deal: &Deal) -> bool {
        self.contact.is_none_or(|contact| deal.contact_id == contact)
            && self.stage.as_ref().is_none_or(|stage| deal.stage == *stage)
    }
}

impl Store {
    /// The deals that fit, newest first. One of the fields leads: its list is read, and the other is checked on the
    /// records.
    pub async fn deals(
        &self,
        tenant: &TenantId,
        filter: &DealFilter,
        page: &Page,
    ) -> Result<Listing<Stored<Deal>>> {
        let stretch = Stretch::of_list(tenant, &filter.leading_list());
        self.walk(stretch, page, |_| true, |deal| filter.fits(deal)).await
    }
}
