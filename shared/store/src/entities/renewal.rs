//! Alerts that something has to be renewed.

use crate::Store;
use crate::entity::{Entity, Row, Stored};
use crate::error::Result;
use crate::key::Key;
use crate::read::{Listing, Page, Stretch};
use domain::renewal::{AlertStatus, RenewalAlert};
use domain::{ContactId, Email, PracticeId, RenewalAlertId, TenantId};

const ALERT: &str = "renewal";
/// How many alerts of one practice are read: those of one end, and more.
const OF_PRACTICE: usize = 50;

/// The list of alerts with this status, of one assignee if one is named; the first that ends first.
fn alerts_in(status: AlertStatus, assignee: Option<&Email>) -> String {
    let assignee = assignee.map(|assignee| format!("#assignee#{}", assignee.canonical())).unwrap_or_default();
    format!("renewal#{}{assignee}", status.as_str())
}

/// The list of a client's alerts.
pub(super) fn alerts_for(client: ContactId) -> String {
    format!("renewal#client#{client}")
}

fn alerts_of(practice: PracticeId) -> String {
    format!("renewal#practice#{practice}")
}

impl Entity for RenewalAlert {
    const KIND: &'static str = "renewal_alert";
    type Id = RenewalAlertId;

    fn key_of(tenant: &TenantId, id: &RenewalAlertId) -> Key {
        Key::of(tenant, format_args!("REN#{id}"), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        let sort = format!("{}#{}", self.expiry_date, self.id);
        let listed = |list: String| Row::Listed { list, sort: sort.clone() };
        let mut rows = vec![
            listed(alerts_in(self.status, None)),
            listed(alerts_of(self.practice_id)),
            listed(alerts_for(self.contact_id)),
            Row::Claim {
                name: ALERT,
                value: format!("{}#{}#{}", self.practice_id, self.expiry_date, self.lead_days),
                owner: self.id.to_string(),
            },
        ];
        rows.extend(self.assignee.as_ref().map(|assignee| listed(alerts_in(self.status, Some(assignee)))));
        rows
    }
}

impl Store {
    /// The alerts with this status, the first that ends first.
    pub async fn renewal_alerts(
        &self,
        tenant: &TenantId,
        status: AlertStatus,
        assignee: Option<&Email>,
        page: &Page,
    ) -> Result<Listing<Stored<RenewalAlert>>> {
        self.list(tenant, &alerts_in(status, assignee), page).await
    }

    /// The last alerts of a practice, the latest end last.
    pub async fn renewal_alerts_of(
        &self,
        tenant: &TenantId,
        practice: PracticeId,
    ) -> Result<Vec<Stored<RenewalAlert>>> {
        let stretch = Stretch::of_list(tenant, &alerts_of(practice));
        let page = Page { limit: OF_PRACTICE, cursor: None };
        Ok(self.walk(stretch, &page, |_| true, |_: &RenewalAlert| true).await?.items)
    }
}
