//! What happened with a person: merged on reading from the lists that each kind keeps in its own order, so that nothing is
//! written twice for it.

use super::StoredAction;
use super::call::calls_of_lead;
use super::contact::place_of_action;
use super::conversation::place_of_message;
use super::deal::deals_of;
use super::interaction::{interactions_about, interactions_with};
use super::practice::practices_of;
use crate::Store;
use crate::entity::{Entity, newest_first};
use crate::error::{Error, Result};
use crate::key::{instant_of, partition};
use crate::read::{Listing, Page, Stretch, cursor};
use domain::action::Action;
use domain::call::Call;
use domain::chat::Message;
use domain::contact::{Contact, Move};
use domain::deal::{Deal, StageChange};
use domain::interaction::Interaction;
use domain::practice::{Payment, Practice, Renewal, StatusChange};
use domain::{ContactId, PracticeId, TenantId};
use futures::future::try_join_all;
use futures::try_join;
use jiff::Timestamp;
use std::fmt::Display;
use std::sync::Arc;

/// Of how many practices, and of how many deals, the moves are shown: the latest.
const RECORDS: usize = 100;
/// How many messages of one conversation may have been written in one millisecond.
const AT_ONCE: usize = 20;

/// One thing that happened with a person.
#[derive(Debug, Clone, PartialEq)]
pub enum Moment {
    /// A call was asked for.
    Call(Call),
    /// A message was written, or something happened in a conversation.
    Message(Message),
    /// Somebody noted what was said.
    Interaction(Interaction),
    /// Something followed from a call.
    Action(Action),
    /// The person moved from one standing to another.
    Moved(ContactId, Move),
    /// A practice was begun.
    PracticeBegun(Arc<Practice>),
    /// A practice moved.
    PracticeMoved(Arc<Practice>, StatusChange),
    /// What a practice got is valid for longer.
    PracticeRenewed(Arc<Practice>, Renewal),
    /// Money came in for a practice, or was given back.
    Paid(Arc<Practice>, Payment),
    /// A deal was begun.
    DealBegun(Arc<Deal>),
    /// A deal moved.
    DealMoved(Arc<Deal>, StageChange),
}

impl Moment {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Call(call) => call.created_at,
            Self::Message(message) => message.at,
            Self::Interaction(interaction) => interaction.at,
            Self::Action(action) => action.created_at,
            Self::Moved(_, moved) => moved.at,
            Self::PracticeBegun(practice) => practice.created_at,
            Self::PracticeMoved(_, moved) => moved.at,
            Self::PracticeRenewed(_, renewal) => renewal.at,
            Self::Paid(_, payment) => payment.at,
            Self::DealBegun(deal) => deal.created_at,
            Self::DealMoved(_, moved) => moved.at,
        }
    }
}

/// A moment with its place among all: the latest first, as lists have it.
type Placed = (String, Moment);

impl Store {
    /// What happened with a person, the latest first: their calls, messages, interactions, actions, their own last moves, and
    /// those of their latest practices and deals; none if there is no such person. Each source is read from where the page begins, side by side.
    pub async fn timeline(
        &self,
        tenant: &TenantId,
        contact: ContactId,
        page: &Page,
    ) -> Result<Option<Listing<Moment>>> {
        let Part { limit, wanted, after } = Part::of(page)?;
        let after = after.as_deref();
        let (person, calls, interactions, actions, messages, practices, deals) = try_join!(
            self.get::<Contact>(tenant, &contact),
            self.stretch_of_list(tenant, calls_of_lead(contact), after, wanted, |call: Call| {
                (newest_first(call.created_at, call.id), Moment::Call(call))
            }),
            self.stretch_of_list(tenant, interactions_with(contact), after, wanted, placed_interaction),
            self.followed(tenant, contact, after, wanted),
            self.written(tenant, contact, after, wanted),
            self.stretch_of_list(tenant, practices_of(contact), None, RECORDS, Arc::<Practice>::new),
            self.stretch_of_list(tenant, deals_of(contact), None, RECORDS, Arc::<Deal>::new),
        )?;
        let Some(person) = person else { return Ok(None) };
        let moves = practices.into_iter().flat_map(of_practice).chain(deals.into_iter().flat_map(of_deal));
        let sources = [of_person(&person), calls, interactions, actions, messages];
        Ok(Some(merged(sources.into_iter().flatten().chain(moves), after, limit)))
    }

    /// What happened with a practice, the latest first: its moves and renewals, and what was said about it. None if there is
    /// no such practice.
    pub async fn practice_history(
        &self,
        tenant: &TenantId,
        id: PracticeId,
        page: &Page,
    ) -> Result<Option<Listing<Moment>>> {
        let Part { limit, wanted, after } = Part::of(page)?;
        let after = after.as_deref();
        let (practice, said) = try_join!(
            self.get::<Practice>(tenant, &id),
            self.stretch_of_list(tenant, interactions_about(id), after, wanted, placed_interaction),
        )?;
        Ok(practice.map(|practice| {
            let moves = of_practice(Arc::new(practice.value));
            merged(said.into_iter().chain(moves), after, limit)
        }))
    }

    /// The first records of a list behind a place.
    async fn stretch_of_list<E: Entity, T>(
        &self,
        tenant: &TenantId,
        list: String,
        after: Option<&str>,
        limit: usize,
        make: impl Fn(E) -> T,
    ) -> Result<Vec<T>> {
        let stretch = Stretch { after: after.map(str::to_owned), ..Stretch::of_list(tenant, &list) };
        let page = Page { limit, cursor: None };
        let listing = self.walk(stretch, &page, |_| true, |_: &E| true).await?;
        Ok(listing.items.into_iter().map(|record| make(record.value)).collect())
    }

    async fn followed(
        &self,
        tenant: &TenantId,
        contact: ContactId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Placed>> {
        let actions = Stretch::within(partition(tenant, format_args!("CON#{contact}")), "3#");
        let stretch = Stretch { after: after.map(|after| format!("3#{after}")), limit, ..actions };
        let actions = self.records::<StoredAction>(&stretch).await?.into_iter();
        Ok(actions.map(|action| (place_of_action(action.0.id), Moment::Action(action.value.0))).collect())
    }

    async fn written(
        &self,
        tenant: &TenantId,
        contact: ContactId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Placed>> {
        let conversations = self.conversations_of(tenant, contact).await?;
        let (until, limit) = (after.and_then(instant_of), limit + AT_ONCE);
        let pages = conversations.into_iter().map(|talk| self.messages_until(tenant, talk, until, limit));
        let messages = try_join_all(pages).await?.into_iter().flatten();
        Ok(messages.map(|message| (place_of_message(message.id), Moment::Message(message))).collect())
    }
}

/// Which part of a timeline is asked for.
struct Part {
    /// How much of it is shown.
    limit: usize,
    /// How much of each source is read: one more, so that it is known whether there is another.
    wanted: usize,
    /// Behind which place.
    after: Option<String>,
}

impl Part {
    fn of(page: &Page) -> Result<Self> {
        let limit = page.clamped().min(RECORDS - 1);
        let after = page.position()?;
        if after.as_deref().is_some_and(|after| instant_of(after).is_none()) {
            return Err(Error::BadCursor);
        }
        Ok(Self { limit, wanted: limit + 1, after })
    }
}

/// The first of all moments behind a place, in their order.
fn merged(all: impl Iterator<Item = Placed>, after: Option<&str>, limit: usize) -> Listing<Moment> {
    let mut all: Vec<Placed> =
        all.filter(|(place, _)| after.is_none_or(|after| place.as_str() > after)).collect();
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    let is_more = all.len() > limit;
    all.truncate(limit);
    let next = all.last().filter(|_| is_more).map(|(place, _)| cursor(place));
    Listing { items: all.into_iter().map(|(_, moment)| moment).collect(), next }
}

fn placed_interaction(said: Interaction) -> Placed {
    (newest_first(said.at, said.id), Moment::Interaction(said))
}

/// A place among moments of one instant: the later of them first.
fn place(at: Timestamp, id: impl Display, n: usize) -> String {
    newest_first(at, format_args!("{id}.{:02}", 99_usize.saturating_sub(n)))
}

fn of_person(person: &Contact) -> Vec<Placed> {
    let moves = person.moves.iter().enumerate();
    moves.map(|(n, moved)| (place(moved.at, person.id, n), Moment::Moved(person.id, moved.clone()))).collect()
}

fn of_practice(practice: Arc<Practice>) -> Vec<Placed> {
    let begun = (place(practice.created_at, practice.id, 0), Moment::PracticeBegun(practice.clone()));
    let moves = practice.status_history.iter().enumerate().map(|(n, moved)| {
        (place(moved.at, practice.id, n + 1), Moment::PracticeMoved(practice.clone(), moved.clone()))
    });
    let renewals = practice.renewals.iter().enumerate().map(|(n, renewal)| {
        let id = format_args!("{}.renewed", practice.id);
        (place(renewal.at, id, n), Moment::PracticeRenewed(practice.clone(), renewal.clone()))
    });
    let payments = practice.payments.iter().enumerate().map(|(n, payment)| {
        let id = format_args!("{}.paid", practice.id);
        (place(payment.at, id, n), Moment::Paid(practice.clone(), payment.clone()))
    });
    std::iter::once(begun).chain(moves).chain(renewals).chain(payments).collect()
}

fn of_deal(deal: Arc<Deal>) -> Vec<Placed> {
    let begun = (place(deal.created_at, deal.id, 0), Moment::DealBegun(deal.clone()));
    let moves =
        deal.stage_history.iter().enumerate().map(|(n, moved)| {
            (place(moved.at, deal.id, n + 1), Moment::DealMoved(deal.clone(), moved.clone()))
        });
    std::iter::once(begun).chain(moves).collect()
}
