//! Contacts who may be one person: those whose names, numbers or addresses are alike stand next to each other in a list.

use crate::Store;
use crate::entity::Row;
use crate::error::Result;
use crate::item::text_in;
use crate::read::{Listing, Page, Stretch, cursor};
use domain::contact::{Contact, Likeness};
use domain::{ContactId, TenantId};

/// How many rows of a list one request looks at.
const READ: usize = 1_000;
/// How many rows are read at a time.
const AT_A_TIME: usize = 500;
/// How many contacts of one group are shown.
const GROUP_MAX: usize = 20;

fn list(likeness: Likeness) -> String {
    format!("lead#like#{}", likeness.as_str())
}

/// The rows by which a contact stands next to those who are like them.
pub(super) fn rows(contact: &Contact) -> impl Iterator<Item = Row> {
    Likeness::ALL.into_iter().filter_map(|likeness| {
        let value = contact.compared_by(likeness)?;
        Some(Row::Listed { list: list(likeness), sort: format!("{value}#{}", contact.id) })
    })
}

impl Store {
    /// Groups of contacts who are alike, as many as a page has. At most 1,000 contacts are looked at, so that a page may be
    /// short.
    pub async fn alike(
        &self,
        tenant: &TenantId,
        likeness: Likeness,
        page: &Page,
    ) -> Result<Listing<Vec<ContactId>>> {
        let mut groups: Vec<Vec<ContactId>> = Vec::new();
        let (mut value, mut group, mut after) = (String::new(), Vec::new(), page.position()?);
        let mut read = 0;
        loop {
            let stretch = Stretch {
                after: after.clone(),
                limit: AT_A_TIME,
                ..Stretch::of_list(tenant, &list(likeness))
            };
            let rows = self.stretch(&stretch).await?;
            for row in &rows {
                let Some((of, id)) = text_in(row, "sk").and_then(|sk| sk.rsplit_once('#')) else { continue };
                if of != value {
                    groups.extend(Some(std::mem::take(&mut group)).filter(|group| group.len() > 1));
                    // The next page begins behind the groups that this one shows.
                    if groups.len() == page.clamped() || read >= READ {
                        return Ok(Listing { items: groups, next: after.as_deref().map(cursor) });
                    }
                    of.clone_into(&mut value);
                }
                if group.len() < GROUP_MAX {
                    group.extend(id.parse::<ContactId>().ok());
                }
                after = text_in(row, "sk").map(str::to_owned);
                read += 1;
                // However many have one name, a request ends.
                if read >= 2 * READ {
                    groups.extend(Some(group).filter(|group| group.len() > 1));
                    return Ok(Listing { items: groups, next: after.as_deref().map(cursor) });
                }
            }
            if rows.len() < AT_A_TIME {
                groups.extend(Some(group).filter(|group| group.len() > 1));
                return Ok(Listing { items: groups, next: None });
            }
        }
    }
}
