//! Whom a question names: a colleague, or clients, of whom there may be many of one name.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::{Page, leads};
use domain::contact::Contact;
use domain::{ContactId, Email, text};
use std::str::FromStr;
use store::{LeadFilter, Listing, Stored};

/// How many clients of a name are looked at together for what is theirs.
const NAMESAKES: usize = 5;

/// The clients whom a question names.
pub(super) struct Named {
    by: By,
    /// The first of them.
    first: Listing<Stored<Contact>>,
}

/// By what they are named.
enum By {
    /// A telephone number or an e-mail address.
    Address(String),
    /// Words of their names, folded.
    Words(Vec<String>),
}

/// Where a page of what is the clients' of a name begins: behind what page of the clients, with which of them, and
/// where with them.
#[derive(Default)]
struct Place {
    clients: Option<String>,
    index: usize,
    theirs: Option<String>,
}

impl Named {
    /// Those who have the address.
    pub(super) async fn with_address(ctx: &Context, address: String) -> Result<Self> {
        Self::of(ctx, By::Address(address)).await
    }

    /// Those whose names have words that begin so.
    pub(super) async fn with_words(ctx: &Context, words: Vec<String>) -> Result<Self> {
        Self::of(ctx, By::Words(words)).await
    }

    async fn of(ctx: &Context, by: By) -> Result<Self> {
        let first = people(ctx, &by, LeadFilter::default(), &Page { limit: NAMESAKES, cursor: None }).await?;
        Ok(Self { by, first })
    }

    /// Whether somebody of the name was found at once.
    pub(super) fn is_somebody(&self) -> bool {
        !self.first.items.is_empty()
    }

    /// Whether there is nobody of the name.
    pub(super) fn is_nobody(&self) -> bool {
        self.first.items.is_empty() && self.first.next.is_none()
    }

    /// One page of those who fit beside.
    pub(super) async fn fitting(
        &self,
        ctx: &Context,
        filter: LeadFilter,
        page: &Page,
    ) -> Result<Listing<Stored<Contact>>> {
        people(ctx, &self.by, filter, page).await
    }

    /// One page of what is theirs, client by client: of those who fit, what `read` reads of one.
    pub(super) async fn theirs<T, F>(
        &self,
        ctx: &Context,
        page: &Page,
        fits: impl Fn(&Contact) -> bool,
        read: impl Fn(ContactId, Page) -> F,
    ) -> Result<Listing<T>>
    where
        F: Future<Output = Result<Listing<T>>>,
    {
        let mut place = page.cursor.as_deref().map(str::parse::<Place>).transpose()?.unwrap_or_default();
        let clients = match &place.clients {
            None => self.first.clone(),
            after => {
                let page = Page { limit: NAMESAKES, cursor: after.clone() };
                people(ctx, &self.by, LeadFilter::default(), &page).await?
            }
        };
        let (limit, mut items) = (page.clamped(), Vec::new());
        for (index, client) in clients.items.iter().enumerate().skip(place.index) {
            if items.len() == limit {
                let next = Place { index, theirs: None, ..place };
                return Ok(Listing { items, next: Some(next.to_string()) });
            }
            if !fits(client) {
                continue;
            }
            let part = Page { limit: limit - items.len(), cursor: place.theirs.take() };
            let listing = read(client.id, part).await?;
            items.extend(listing.items);
            if listing.next.is_some() {
                let next = Place { index, theirs: listing.next, ..place };
                return Ok(Listing { items, next: Some(next.to_string()) });
            }
        }
        let next = clients.next.map(|clients| Place { clients: Some(clients), ..Place::default() });
        Ok(Listing { items, next: next.map(|next| next.to_string()) })
    }
}

async fn people(ctx: &Context, by: &By, filter: LeadFilter, page: &Page) -> Result<Listing<Stored<Contact>>> {
    match by {
        By::Address(address) => leads::finding::found(ctx, filter, Some(address), page).await,
        By::Words(words) => {
            let filter = LeadFilter { name: words.clone(), ..filter };
            Ok(ctx.store().leads(&ctx.tenant, &filter, page).await?)
        }
    }
}

/// Its parts are cursors of lists, which have no full stop.
impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [clients, theirs] =
            [&self.clients, &self.theirs].map(|cursor| cursor.as_deref().unwrap_or_default());
        write!(f, "{clients}.{}.{theirs}", self.index)
    }
}

impl FromStr for Place {
    type Err = Error;
    fn from_str(cursor: &str) -> Result<Self> {
        let mut parts = cursor.split('.');
        let given = |part: &str| (!part.is_empty()).then(|| part.to_owned());
        match (parts.next(), parts.next().map(str::parse), parts.next(), parts.next()) {
            (Some(clients), Some(Ok(index)), Some(theirs), None) => {
                Ok(Self { clients: given(clients), index, theirs: given(theirs) })
            }
            _ => Err(store::Error::BadCursor.into()),
        }
    }
}

/// The colleague whom one of these words means, by the local part of their address or a word of their name, and the words
/// that do: a member, or whoever has work to do.
pub(super) async fn colleague(ctx: &Context, words: &[String]) -> Result<Option<(Email, Vec<String>)>> {
    let (members, practices, clients) = tokio::try_join!(
        async { Ok::<_, Error>(ctx.store().members(&ctx.tenant).await?) },
        async { Ok(ctx.store().practice_figures(&ctx.tenant).await?) },
        async { Ok(ctx.store().lead_counts(&ctx.tenant).await?) },
    )?;
    let mut known: Vec<(Email, Vec<String>)> =
        members.iter().map(|member| (member.email.clone(), text::words(&member.name))).collect();
    let others = practices.active_of.keys().chain(clients.by_assignee.keys());
    known.extend(others.filter_map(|email| Some((email.parse().ok()?, Vec::new()))));
    for word in words {
        let local = |email: &Email| text::folded(&email.local_part());
        let exact = known.iter().find(|(email, _)| local(email) == *word);
        let part = || known.iter().find(|(email, _)| text::words(&local(email)).contains(word));
        let by_name = || known.iter().find(|(_, name)| name.contains(word));
        if let Some((email, name)) = exact.or_else(part).or_else(by_name) {
            let of_them = |word: &&String| name.contains(word) || text::words(&local(email)).contains(word);
            return Ok(Some((email.clone(), words.iter().filter(of_them).cloned().collect())));
        }
    }
    Ok(None)
}
