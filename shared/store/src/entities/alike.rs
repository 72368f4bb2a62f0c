//! Contacts who may be one person: those whose names, numbers or addresses are alike stand next to each other in a list.

use crate::Store;
use crate::entity::Row;
use crate::error::Result;
use crate::item::text_in;
use crate::read::{Listing, Page, Stretch, cursor};
use domain::contact::Contact;
use domain::{ContactId, TenantId, text};

/// How many rows of a list one request looks at.
const READ: usize = 2_000;
/// How many rows are read at a time.
const AT_A_TIME: usize = 500;
/// How many contacts of one group are shown.
const GROUP_MAX: usize = 20;
/// How many of a number's last digits are compared: without the country, and without what a country puts in front.
const DIGITS: usize = 8;
/// The shortest part before the `@` that says who somebody is.
const LOCAL_MIN: usize = 5;
/// Parts before the `@` that are an office and nobody's name.
const OFFICES: [&str; 12] = [
    "admin",
    "booking",
    "bookings",
    "contact",
    "enquiries",
    "hello",
    "inquiry",
    "office",
    "reception",
    "reservations",
    "sales",
    "support",
];

/// In what contacts are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// The last digits of their numbers.
    Phone,
    /// What stands before the `@` of their addresses.
    Email,
    /// Their names, in whatever order and spelling of accents.
    Name,
}

impl Likeness {
    /// Every likeness.
    pub const ALL: [Self; 3] = [Self::Phone, Self::Email, Self::Name];

    /// The likeness in a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Name => "name",
        }
    }

    fn list(self) -> String {
        format!("lead#like#{}", self.as_str())
    }

    /// What is compared of a contact, if there is enough of it.
    fn of(self, contact: &Contact) -> Option<String> {
        let details = &contact.details;
        match self {
            Self::Phone => {
                let digits = details.phone.as_ref()?.as_str().trim_start_matches('+');
                digits.get(digits.len().checked_sub(DIGITS)?..).map(str::to_owned)
            }
            Self::Email => {
                let address = details.email.as_ref()?.canonical();
                let local = address.split('@').next()?.split('+').next()?.replace('.', "");
                (local.len() >= LOCAL_MIN && !OFFICES.contains(&local.as_str())).then_some(local)
            }
            Self::Name => {
                let mut words = text::words(&contact.name());
                words.sort();
                (words.len() > 1).then(|| words.join(" ").replace('#', " ").chars().take(120).collect())
            }
        }
    }
}

/// The rows by which a contact stands next to those who are like them.
pub(super) fn rows(contact: &Contact) -> impl Iterator<Item = Row> {
    Likeness::ALL.into_iter().filter_map(|likeness| {
        let value = likeness.of(contact)?;
        Some(Row::Listed { list: likeness.list(), sort: format!("{value}#{}", contact.id) })
    })
}

impl Store {
    /// Groups of contacts who are alike, as many as a page has. At most 2,000 contacts are looked at, so that a page may be
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
                ..Stretch::of_list(tenant, &likeness.list())
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
