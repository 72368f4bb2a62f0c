//! Clients who may be one person. A number and an address belong to one client alone, so that what is looked for is what is
//! alike and not the same.

use crate::clients::Client;
use crate::context::Context;
use crate::error::Result;
use crate::{Listing, Page};
use domain::contact::Contact;
use domain::{Invalid, Role};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use store::{Likeness, Stored};
use utoipa::{IntoParams, ToSchema};

/// In what clients are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The last eight digits of their numbers.
    Phone,
    /// What stands before the `@` of their addresses, without dots and without what follows a `+`.
    Email,
    /// Their whole names, in whatever order, case and accents.
    Name,
}

/// Which duplicates to list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct DuplicateSearch {
    /// Those who are alike in this; without it in each, one after another.
    pub reason: Option<Reason>,
}

impl DuplicateSearch {
    /// The query's parameters, to be kept in the link to the next page.
    pub fn as_parameters(&self) -> [(&'static str, Option<String>); 1] {
        [("reason", self.reason.map(|reason| Likeness::from(reason).as_str().to_owned()))]
    }
}

/// Clients who may be one person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DuplicateGroup {
    /// In what they are alike.
    pub reason: Reason,
    /// They, the one whose record is oldest first; 20 at most.
    pub clients: Vec<Client>,
}

/// Clients who may be one person: first those whose numbers are alike, then addresses, then names. A page may be short.
pub async fn list(ctx: &Context, search: &DuplicateSearch, page: &Page) -> Result<Listing<DuplicateGroup>> {
    ctx.require(Role::Viewer)?;
    let reasons = [Reason::Phone, Reason::Email, Reason::Name];
    let asked = reasons.into_iter().filter(|reason| search.reason.is_none_or(|asked| asked == *reason));
    let (begun, cursor) = match &page.cursor {
        // A place in one list is none in another, so the cursor says which list it is of.
        Some(cursor) => match cursor.split_once('.') {
            Some((reason, rest)) => (Some(reason), Some(rest.to_owned()).filter(|rest| !rest.is_empty())),
            None => return Err(Invalid::at("?cursor", "is not a cursor of this list").into()),
        },
        None => (None, None),
    };
    let mut asked: Vec<Reason> = asked.collect();
    if let Some(begun) = begun {
        asked = asked.into_iter().skip_while(|reason| Likeness::from(*reason).as_str() != begun).collect();
    }
    let Some(reason) = asked.first().copied() else {
        return Err(Invalid::at("?cursor", "is not a cursor of this list").into());
    };
    let page = Page { limit: page.limit, cursor };
    let found = ctx.store().alike(&ctx.tenant, reason.into(), &page).await?;
    let ids = found.items.iter().flatten();
    let contacts = ctx.store().get_many::<Contact>(&ctx.tenant, ids).await?;
    let contacts: HashMap<_, Stored<Contact>> =
        contacts.into_iter().map(|contact| (contact.id, contact)).collect();
    let groups = found.items.into_iter().map(|group| {
        let mut group: Vec<&Stored<Contact>> = group.iter().filter_map(|id| contacts.get(id)).collect();
        group.sort_by_key(|contact| (contact.created_at, contact.id));
        DuplicateGroup { reason, clients: group.into_iter().map(|contact| Client::of(contact)).collect() }
    });
    let items = groups.filter(|group| group.clients.len() > 1).collect();
    let next = match (found.next, asked.get(1)) {
        (Some(next), _) => Some(format!("{}.{next}", Likeness::from(reason).as_str())),
        (None, Some(reason)) => Some(format!("{}.", Likeness::from(*reason).as_str())),
        (None, None) => None,
    };
    Ok(Listing { items, next })
}

impl From<Reason> for Likeness {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Phone => Self::Phone,
            Reason::Email => Self::Email,
            Reason::Name => Self::Name,
        }
    }
}
