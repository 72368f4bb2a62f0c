//! Clients who may be one person. A number and an address belong to one client alone, so that what is looked for is what is
//! alike and not the same.

use crate::clients::Client;
use crate::context::Context;
use crate::error::Result;
use crate::{Listing, Page};
use domain::contact::{Contact, Likeness};
use domain::{Invalid, Role};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use store::Stored;
use utoipa::{IntoParams, ToSchema};

/// Which duplicates to list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct DuplicateSearch {
    /// Those who are alike in this; without it in each, one after another.
    pub reason: Option<Likeness>,
}

impl DuplicateSearch {
    /// The query's parameters, to be kept in the link to the next page.
    pub fn as_parameters(&self) -> [(&'static str, Option<String>); 1] {
        [("reason", self.reason.map(|reason| reason.as_str().to_owned()))]
    }
}

/// Clients who may be one person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DuplicateGroup {
    /// In what they are alike.
    pub reason: Likeness,
    /// They, the one whose record is oldest first; 20 at most.
    pub clients: Vec<Client>,
}

/// Clients who may be one person: first those whose numbers are alike, then addresses, then names. A page may be short.
pub async fn list(ctx: &Context, search: &DuplicateSearch, page: &Page) -> Result<Listing<DuplicateGroup>> {
    ctx.require(Role::Viewer)?;
    let no_cursor = || Invalid::at("?cursor", "is not a cursor of this list");
    // A place in one list is none in another, so the cursor says which list it is of.
    let begun =
        page.cursor.as_ref().map(|cursor| cursor.split_once('.').ok_or_else(no_cursor)).transpose()?;
    let mut asked = Likeness::ALL
        .into_iter()
        .filter(|reason| search.reason.is_none_or(|asked| asked == *reason))
        .skip_while(|reason| begun.is_some_and(|(begun, _)| begun != reason.as_str()));
    let reason = asked.next().ok_or_else(no_cursor)?;
    let cursor = begun.map(|(_, place)| place.to_owned()).filter(|place| !place.is_empty());
    let page = Page { limit: page.limit, cursor };
    let found = ctx.store().alike(&ctx.tenant, reason, &page).await?;
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
    let next = match found.next {
        Some(next) => Some(format!("{}.{next}", reason.as_str())),
        None => asked.next().map(|reason| format!("{}.", reason.as_str())),
    };
    Ok(Listing { items, next })
}
