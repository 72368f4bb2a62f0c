//! Answering a question: the grammar's query, run over the lists that it leads to.

use super::asking;
use super::named::{Named, colleague};
use crate::clients::Client;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::interactions::InteractionView;
use crate::practices::PracticeView;
use crate::{Page, business_config};
use domain::contact::Contact;
use domain::practice::{Practice, PracticeType};
use domain::question::{Question, Subject};
use domain::{ContactId, Email, Role, nationality, text};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use store::{InteractionFilter, LeadFilter, Listing, PracticeFilter, Stored};
use utoipa::{IntoParams, ToSchema};

/// How many pages of a list one question may read, where few of its records fit.
const PAGES: usize = 5;

/// A question.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct SearchInput {
    /// The question in one's own words, 1 to 300 characters: English, Italian, Indonesian, Hindi or Bengali.
    pub q: String,
}

/// What was found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Found {
    /// The question.
    pub query: String,
    /// As what it was read.
    pub interpreted_as: Question,
    /// The same in words.
    pub interpretation: String,
    /// Who read it.
    pub read_by: Reader,
    /// The colleague whom it names.
    pub assigned_to: Option<Email>,
    /// Words that name nobody who is known here.
    pub not_understood: Vec<String>,
    /// The clients that were found.
    pub clients: Vec<Client>,
    /// The practices that were found.
    pub practices: Vec<PracticeView>,
    /// The interactions that were found.
    pub interactions: Vec<InteractionView>,
    /// How many of each there are here.
    pub summary: SearchSummary,
    /// Where the next page begins, if there may be more: the `cursor` to ask it with.
    pub next_cursor: Option<String>,
}

/// How many were found.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct SearchSummary {
    /// Clients on this page.
    pub clients_found: usize,
    /// Practices on this page.
    pub practices_found: usize,
    /// Interactions on this page.
    pub interactions_found: usize,
}

/// Who read a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    /// A grammar, without any model.
    Grammar,
    /// The tenant's model.
    Model,
}

/// Answers a question.
pub async fn search(ctx: &Context, input: &SearchInput, page: &Page) -> Result<Found> {
    ctx.require(Role::Viewer)?;
    let asked = text::line(&input.q, 300).map_err(|error| error.within("?q"))?;
    let (settings, types) = tokio::try_join!(business_config::get(ctx), async {
        Ok(ctx.store().practice_types(&ctx.tenant).await?)
    })?;
    let types: Vec<PracticeType> = types.into_iter().map(|kind| kind.value).collect();
    let today = settings.config.day_of(ctx.now());
    let read = Query::of(ctx, Question::read(&asked, &types), today).await?;
    let is_understood = read.question.says_something() || read.assignee.is_some() || read.names_somebody();
    if is_understood && read.not_understood.is_empty() {
        return read.answer(ctx, asked, Reader::Grammar, page).await;
    }
    // What the grammar makes nothing of may say something to a model; without one, what was understood is answered.
    let by_model = match asking::ask(ctx, &asked, &types).await {
        Ok(question) => question,
        Err(Error::NotConfigured(_) | Error::Model(_)) => None,
        Err(error) => return Err(error),
    };
    if let Some(question) = by_model {
        let asked_model = Query::of(ctx, question, today).await?;
        if asked_model.not_understood.len() < read.not_understood.len() {
            return asked_model.answer(ctx, asked, Reader::Model, page).await;
        }
    }
    read.answer(ctx, asked, Reader::Grammar, page).await
}

/// A question with whom its names mean.
struct Query {
    question: Question,
    assignee: Option<Email>,
    /// The clients whom it names, if it names any.
    named: Option<Named>,
    not_understood: Vec<String>,
    today: Date,
}

impl Query {
    async fn of(ctx: &Context, question: Question, today: Date) -> Result<Self> {
        let mut query = Self { assignee: None, named: None, not_understood: Vec::new(), question, today };
        if let Some(address) = query.question.address.clone() {
            let named = Named::with_address(ctx, address.clone()).await?;
            query.assignee = address.parse().ok().filter(|_| named.is_nobody());
            query.named = Some(named).filter(|_| query.assignee.is_none());
        }
        let words = query.question.named.clone();
        if words.is_empty() {
            return Ok(query);
        }
        // A client's whole name is the client's, whoever of the business has one of its words.
        let (colleague, namesakes) =
            tokio::try_join!(colleague(ctx, &words), Named::with_words(ctx, words.clone()))?;
        let Some((email, taken)) = colleague else {
            query.name(namesakes, words);
            return Ok(query);
        };
        let rest: Vec<String> = words.iter().filter(|word| !taken.contains(word)).cloned().collect();
        if !rest.is_empty() && namesakes.is_somebody() {
            query.name(namesakes, words);
            return Ok(query);
        }
        query.assignee = Some(email);
        if !rest.is_empty() {
            query.name(Named::with_words(ctx, rest.clone()).await?, rest);
        }
        Ok(query)
    }

    /// Whether it names a client who is known.
    fn names_somebody(&self) -> bool {
        self.named.as_ref().is_some_and(|named| !named.is_nobody())
    }

    /// Takes those who have these words in their names for those who are meant, unless an address tells who is.
    fn name(&mut self, namesakes: Named, words: Vec<String>) {
        if self.names_somebody() {
            return;
        }
        if namesakes.is_nobody() {
            self.not_understood = words;
        }
        self.named = Some(namesakes);
    }

    async fn answer(self, ctx: &Context, query: String, read_by: Reader, page: &Page) -> Result<Found> {
        let (mut clients, mut practices, mut interactions) = (Vec::new(), Vec::new(), Vec::new());
        let next_cursor;
        match self.question.subject {
            Subject::Practices => {
                let listing = self.practices(ctx, page).await?;
                practices = listing.items.iter().map(|practice| PracticeView::of(practice)).collect();
                next_cursor = listing.next;
            }
            Subject::Clients => {
                let listing = self.clients(ctx, page).await?;
                clients = listing.items.iter().map(|contact| Client::of(contact)).collect();
                next_cursor = listing.next;
            }
            Subject::Interactions => {
                let listing = self.interactions(ctx, page).await?;
                interactions = listing.items;
                next_cursor = listing.next;
            }
        }
        let summary = SearchSummary {
            clients_found: clients.len(),
            practices_found: practices.len(),
            interactions_found: interactions.len(),
        };
        let assignee = self.assignee.as_ref().map(Email::as_str);
        Ok(Found {
            query,
            interpretation: self.question.in_words(assignee),
            interpreted_as: self.question,
            read_by,
            assigned_to: self.assignee,
            not_understood: self.not_understood,
            clients,
            practices,
            interactions,
            summary,
            next_cursor,
        })
    }

    fn practice_filter(&self, contact: Option<ContactId>) -> PracticeFilter {
        PracticeFilter {
            contact,
            status: self.question.status,
            type_code: self.question.practice_type_code.clone(),
            assignee: self.assignee.clone(),
            active: self.question.active,
        }
    }

    /// One page of the practices that fit, without regard to whose they are, unless one is named.
    async fn page_of_practices(
        &self,
        ctx: &Context,
        contact: Option<ContactId>,
        page: &Page,
    ) -> Result<Listing<Stored<Practice>>> {
        let filter = self.practice_filter(contact);
        Ok(match self.question.expiring_within_days {
            Some(days) => {
                let span = (self.today, self.today.saturating_add(i32::from(days).days()));
                ctx.store().expiring_practices(&ctx.tenant, span, &filter, page).await?
            }
            None => ctx.store().practices(&ctx.tenant, &filter, page).await?,
        })
    }

    /// The practices that fit; where clients are spoken of too, a few pages are read and those of others left out.
    async fn practices(&self, ctx: &Context, page: &Page) -> Result<Listing<Stored<Practice>>> {
        if let Some(named) = &self.named {
            let of_client =
                |id, page: Page| async move { self.page_of_practices(ctx, Some(id), &page).await };
            return named.theirs(ctx, page, |client| self.fits(client), of_client).await;
        }
        if self.question.nationality.is_none() && self.question.client_status.is_none() {
            return self.page_of_practices(ctx, None, page).await;
        }
        let (mut items, mut page) = (Vec::new(), page.clone());
        for _ in 0..PAGES {
            let listing = self.page_of_practices(ctx, None, &page).await?;
            let owners = self.owners(ctx, &listing.items).await?;
            items.extend(
                listing.items.into_iter().filter(|practice| owners.contains_key(&practice.contact_id)),
            );
            page.cursor = listing.next;
            if page.cursor.is_none() || !items.is_empty() {
                break;
            }
        }
        Ok(Listing { items, next: page.cursor })
    }

    /// The clients of these practices who fit.
    async fn owners(
        &self,
        ctx: &Context,
        practices: &[Stored<Practice>],
    ) -> Result<HashMap<ContactId, Stored<Contact>>> {
        let ids: BTreeSet<ContactId> = practices.iter().map(|practice| practice.contact_id).collect();
        let contacts = ctx.store().get_many::<Contact>(&ctx.tenant, &ids).await?.into_iter();
        Ok(contacts.filter(|contact| self.fits(contact)).map(|contact| (contact.id, contact)).collect())
    }

    /// The clients who fit; where practices are spoken of too, those who have one that fits.
    async fn clients(&self, ctx: &Context, page: &Page) -> Result<Listing<Stored<Contact>>> {
        if self.question.active || self.question.speaks_of_practices() {
            return self.clients_of_practices(ctx, page).await;
        }
        let filter = LeadFilter {
            client_status: self.question.client_status,
            nationality: self.question.nationality.clone(),
            assignee: self.assignee.clone(),
            ..LeadFilter::default()
        };
        match &self.named {
            Some(named) => named.fitting(ctx, filter, page).await,
            None => Ok(ctx.store().leads(&ctx.tenant, &filter, page).await?),
        }
    }

    async fn clients_of_practices(&self, ctx: &Context, page: &Page) -> Result<Listing<Stored<Contact>>> {
        let (mut items, mut seen, mut page) = (Vec::new(), BTreeSet::new(), page.clone());
        for _ in 0..PAGES {
            let listing = if self.named.is_some() {
                self.practices(ctx, &page).await?
            } else {
                self.page_of_practices(ctx, None, &page).await?
            };
            let mut owners = self.owners(ctx, &listing.items).await?;
            let found = listing.items.iter().filter_map(|practice| owners.remove(&practice.contact_id));
            items.extend(found.filter(|contact| seen.insert(contact.id)));
            page.cursor = listing.next;
            if page.cursor.is_none() || !items.is_empty() {
                break;
            }
        }
        Ok(Listing { items, next: page.cursor })
    }

    async fn interactions(&self, ctx: &Context, page: &Page) -> Result<Listing<InteractionView>> {
        let filter = InteractionFilter {
            kind: self.question.interaction_type,
            team_member: self.assignee.clone(),
            ..InteractionFilter::default()
        };
        let listing = match &self.named {
            Some(named) => {
                let of_client = |id, page: Page| {
                    let filter = InteractionFilter { contact: Some(id), ..filter.clone() };
                    async move { Ok(ctx.store().interactions(&ctx.tenant, &filter, &page).await?) }
                };
                named.theirs(ctx, page, |client| self.fits(client), of_client).await?
            }
            None => ctx.store().interactions(&ctx.tenant, &filter, page).await?,
        };
        let shown = listing.items.iter().map(|interaction| InteractionView::of(interaction));
        Ok(Listing { items: shown.collect(), next: listing.next })
    }

    /// Whether a client is as the question wants clients.
    fn fits(&self, contact: &Contact) -> bool {
        let wanted = &self.question;
        wanted.client_status.is_none_or(|status| status == contact.client_status)
            && (wanted.nationality.is_none()
                || wanted.nationality == nationality::key(&contact.details.nationality))
    }
}
