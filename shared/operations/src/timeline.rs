//! What happened with a client, or with a practice, in one ordered list.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::{Listing, Page, clients};
use domain::action::Step;
use domain::analysis::WishKind;
use domain::call::Direction;
use domain::chat::MessageAuthor;
use domain::contact::Standing;
use domain::{ContactId, PracticeId, Role, text};
use jiff::Timestamp;
use serde::Serialize;
use store::Moment;
use utoipa::ToSchema;

/// How much of a text a line shows, in characters.
const SHOWN: usize = 1_000;

/// One thing that happened.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TimelineEntry {
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// What.
    pub kind: TimelineKind,
    /// The record that has the rest.
    pub id: String,
    /// What it was about, in a line.
    pub title: String,
    /// What was said or done, 1,000 characters of it.
    pub detail: String,
    /// On which channel, if on one.
    pub channel: Option<&'static str>,
    /// Who began it: `inbound` is the client.
    pub direction: Option<Direction>,
    /// Who did it, as far as it is known.
    pub by: Option<String>,
}

/// What a thing that happened was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineKind {
    /// A call of an agent's was asked for, or the client called.
    Call,
    /// A message was written, or something happened in a conversation.
    Message,
    /// Somebody noted what was said.
    Interaction,
    /// Something followed from a call.
    Action,
    /// The client asked for an appointment.
    Booking,
    /// The client moved in the sale.
    LeadStatus,
    /// The client moved as a client.
    ClientStatus,
    /// A practice was begun.
    PracticeCreated,
    /// A practice moved from status to status.
    PracticeStatus,
    /// A practice was renewed.
    PracticeRenewed,
    /// Money came in for a practice, or was given back.
    Payment,
    /// A deal was begun.
    DealCreated,
    /// A deal moved from stage to stage.
    DealStage,
}

/// What happened with a client, the latest first.
pub async fn of_client(ctx: &Context, id: ContactId, page: &Page) -> Result<Listing<TimelineEntry>> {
    ctx.require(Role::Viewer)?;
    let listing = ctx.store().timeline(&ctx.tenant, id, page).await?;
    match listing {
        Some(listing) => Ok(shown(listing)),
        None => Err(clients::absent(ctx, id).await?),
    }
}

/// What happened with a practice, the latest first.
pub async fn of_practice(ctx: &Context, id: PracticeId, page: &Page) -> Result<Listing<TimelineEntry>> {
    ctx.require(Role::Viewer)?;
    let listing = ctx.store().practice_history(&ctx.tenant, id, page).await?;
    Ok(shown(listing.ok_or(Error::NotFound("practice"))?))
}

fn shown(listing: Listing<Moment>) -> Listing<TimelineEntry> {
    Listing { items: listing.items.into_iter().map(TimelineEntry::of).collect(), next: listing.next }
}

impl TimelineEntry {
    fn of(moment: Moment) -> Self {
        let at = moment.at();
        let entry = |kind, id: String, title: &str, detail: &str| Self {
            at,
            kind,
            id,
            title: title.to_owned(),
            detail: text::shortened(detail, SHOWN),
            channel: None,
            direction: None,
            by: None,
        };
        match moment {
            Moment::Call(call) => Self {
                channel: Some("voice"),
                direction: Some(call.direction),
                ..entry(TimelineKind::Call, call.id.to_string(), &call.objective, call.status.as_str())
            },
            Moment::Message(message) => Self {
                channel: Some(message.channel.as_str()),
                direction: Some(message.direction),
                by: Some(match &message.author {
                    MessageAuthor::Member { name } => name.clone(),
                    other => other.as_str().to_owned(),
                }),
                ..entry(TimelineKind::Message, message.id.to_string(), "", &message.content.shown())
            },
            Moment::Interaction(said) => Self {
                channel: said.channel.map(domain::interaction::InteractionChannel::as_str),
                by: Some(said.team_member.map_or(said.created_by, String::from)),
                ..entry(
                    TimelineKind::Interaction,
                    said.id.to_string(),
                    if said.subject.is_empty() { said.kind.as_str() } else { &said.subject },
                    &said.summary,
                )
            },
            Moment::Action(action) => {
                let kind = match action.step {
                    Step::Task { wish: Some(WishKind::Appointment), .. } => TimelineKind::Booking,
                    _ => TimelineKind::Action,
                };
                entry(kind, action.id.to_string(), title_of(&action.step), &action.reason)
            }
            Moment::Moved(id, moved) => {
                let (from, to) = moved.standing.ends();
                let kind = match moved.standing {
                    Standing::Lead { .. } => TimelineKind::LeadStatus,
                    Standing::Client { .. } => TimelineKind::ClientStatus,
                };
                let by = Some(moved.by.as_str().to_owned());
                Self { by, ..entry(kind, id.to_string(), "", &format!("{from} → {to}")) }
            }
            Moment::PracticeBegun(practice) => Self {
                by: Some(practice.created_by.clone()),
                ..entry(TimelineKind::PracticeCreated, practice.id.to_string(), &practice.type_name, "")
            },
            Moment::PracticeMoved(practice, moved) => Self {
                by: Some(moved.by),
                ..entry(
                    TimelineKind::PracticeStatus,
                    practice.id.to_string(),
                    &practice.type_name,
                    &format!("{} → {}", moved.from.as_str(), moved.to.as_str()),
                )
            },
            Moment::PracticeRenewed(practice, renewal) => Self {
                by: Some(renewal.by),
                ..entry(
                    TimelineKind::PracticeRenewed,
                    practice.id.to_string(),
                    &practice.type_name,
                    &renewal.to.to_string(),
                )
            },
            Moment::Paid(practice, payment) => Self {
                by: Some(payment.by),
                ..entry(
                    TimelineKind::Payment,
                    practice.id.to_string(),
                    &practice.type_name,
                    &payment.money.written(),
                )
            },
            Moment::DealBegun(deal) => {
                entry(TimelineKind::DealCreated, deal.id.to_string(), &deal.title, &deal.value.written())
            }
            Moment::DealMoved(deal, moved) => Self {
                by: Some(moved.by),
                ..entry(
                    TimelineKind::DealStage,
                    deal.id.to_string(),
                    &deal.title,
                    &format!("{} → {}", moved.from, moved.to),
                )
            },
        }
    }
}

/// What a step is called.
fn title_of(step: &Step) -> &'static str {
    match step {
        Step::FollowUpCall { .. } => "follow_up_call",
        Step::Task { .. } => "task",
        Step::StatusChange { .. } => "status_change",
        Step::ScoreChange { .. } => "score_change",
        Step::Message(_) => "message",
        Step::FieldsFilled { .. } => "fields_filled",
        Step::Suppression { .. } => "suppression",
        Step::None => "none",
    }
}
