//! All that is known of a client, at one glance.

use super::Client;
use crate::Page;
use crate::business_config;
use crate::context::Context;
use crate::error::Result;
use crate::interactions::InteractionView;
use crate::leads;
use crate::practices::{PracticeView, Renewable};
use domain::action::Card;
use domain::contact::Contact;
use domain::interaction::Interaction;
use domain::practice::{Practice, PracticeStatus};
use domain::{ContactId, Role};
use jiff::Timestamp;
use serde::Serialize;
use store::{InteractionFilter, PracticeFilter, Stored};
use utoipa::ToSchema;

/// How many of the latest interactions are shown.
const RECENT: usize = 20;
/// How many of a client's interactions are counted.
const COUNTED: usize = 1_000;
/// How many of a client's practices are read: the latest.
const PRACTICES_READ: usize = 300;
/// How many days before and after the end of its validity a practice is shown as a renewal.
const RENEWAL_DAYS: i64 = 90;

/// A client with counts and the latest of what there is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClientSummary {
    /// The client.
    pub client: Client,
    /// How many practices they have: of 300 at most.
    pub total_practices: usize,
    /// Those that there is work left on.
    pub active_practices: usize,
    /// Those that were completed or approved.
    pub completed_practices: usize,
    /// Their practices, newest first.
    pub practices: Vec<PracticeView>,
    /// How many interactions there were; 1,000 at most are counted.
    pub total_interactions: usize,
    /// The last 20 of them, the latest first.
    pub recent_interactions: Vec<InteractionView>,
    /// When they were last spoken to.
    #[schema(value_type = Option<String>)]
    pub last_interaction_date: Option<Timestamp>,
    /// What has to be renewed, the first that ends first.
    pub upcoming_renewals: Vec<Renewable>,
}

/// All that is known of a client.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClientContext {
    /// The client.
    pub client: Client,
    /// All their practices; of more than 300, the latest.
    pub practices: ClientPractices,
    /// What was said.
    pub interactions: ClientInteractions,
    /// What has to be renewed: practices whose validity ends within 90 days, or ended within 90, the first first.
    pub renewals: Vec<Renewable>,
    /// What somebody has to do: open tasks, the first that is due first, then what the shown interactions left.
    pub action_items: Vec<ActionItem>,
}

/// A client's practices, newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClientPractices {
    /// How many.
    pub total: usize,
    /// Those that there is work left on.
    pub active: Vec<PracticeView>,
    /// Those that were completed or approved.
    pub completed: Vec<PracticeView>,
    /// Those that came to nothing.
    pub cancelled: Vec<PracticeView>,
}

/// What was said with a client.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClientInteractions {
    /// How many interactions there were; 1,000 at most are counted.
    pub total: usize,
    /// The last 20, the latest first.
    pub recent: Vec<InteractionView>,
}

/// Something that somebody has to do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ActionItem {
    /// What.
    pub text: String,
    /// The task, or the interaction that left it.
    pub id: String,
    /// Until when, if that is known.
    #[schema(value_type = Option<String>)]
    pub due_at: Option<Timestamp>,
    /// When the interaction was that left it.
    #[schema(value_type = Option<String>)]
    pub interaction_date: Option<Timestamp>,
}

/// A client with their practices, interactions and renewals.
pub async fn summary(ctx: &Context, id: ContactId) -> Result<Stored<ClientSummary>> {
    let picture = Picture::read(ctx, id).await?;
    let count = |fits: fn(PracticeStatus) -> bool| {
        picture.practices.iter().filter(|practice| fits(practice.status)).count()
    };
    let summary = ClientSummary {
        client: Client::of(&picture.contact),
        total_practices: picture.practices.len(),
        active_practices: count(PracticeStatus::is_active),
        completed_practices: count(is_done),
        practices: picture.practices.iter().map(|practice| PracticeView::of(practice)).collect(),
        total_interactions: picture.interactions_counted,
        recent_interactions: picture.recent(),
        last_interaction_date: picture.contact.last_contact_at,
        upcoming_renewals: picture.renewals,
    };
    Ok(Stored { value: summary, version: picture.contact.version })
}

/// All that is known of a client.
pub async fn full_context(ctx: &Context, id: ContactId) -> Result<ClientContext> {
    let picture = Picture::read(ctx, id).await?;
    let those = |fits: fn(PracticeStatus) -> bool| {
        let those = picture.practices.iter().filter(|practice| fits(practice.status));
        those.map(|practice| PracticeView::of(practice)).collect()
    };
    Ok(ClientContext {
        client: Client::of(&picture.contact),
        practices: ClientPractices {
            total: picture.practices.len(),
            active: those(PracticeStatus::is_active),
            completed: those(is_done),
            cancelled: those(|status| status == PracticeStatus::Cancelled),
        },
        interactions: ClientInteractions { total: picture.interactions_counted, recent: picture.recent() },
        action_items: picture.action_items(),
        renewals: picture.renewals,
    })
}

fn is_done(status: PracticeStatus) -> bool {
    !status.is_active() && status != PracticeStatus::Cancelled
}

/// What is read of a client: some reads side by side.
struct Picture {
    contact: Stored<Contact>,
    open: Vec<Card>,
    practices: Vec<Stored<Practice>>,
    interactions: Vec<Stored<Interaction>>,
    interactions_counted: usize,
    renewals: Vec<Renewable>,
}

impl Picture {
    async fn read(ctx: &Context, id: ContactId) -> Result<Self> {
        ctx.require(Role::Viewer)?;
        let of_client = InteractionFilter { contact: Some(id), ..InteractionFilter::default() };
        let recent = Page { limit: RECENT, cursor: None };
        let (record, settings, practices, interactions, interactions_counted) = tokio::try_join!(
            leads::found(ctx, id),
            business_config::get(ctx),
            practices_of(ctx, id),
            async { Ok(ctx.store().interactions(&ctx.tenant, &of_client, &recent).await?) },
            async { Ok(ctx.store().count_interactions(&ctx.tenant, id, COUNTED).await?) },
        )?;
        let today = settings.config.day_of(ctx.now());
        let mut renewals: Vec<Renewable> = practices
            .iter()
            .filter_map(|practice| Renewable::of(practice, today))
            .filter(|renewal| renewal.days_until_expiry.abs() <= RENEWAL_DAYS)
            .collect();
        renewals.sort_by_key(|renewal| renewal.days_until_expiry);
        let (contact, open, interactions) = (record.contact, record.open, interactions.items);
        Ok(Self { contact, open, practices, interactions, interactions_counted, renewals })
    }

    fn recent(&self) -> Vec<InteractionView> {
        self.interactions.iter().map(|interaction| InteractionView::of(interaction)).collect()
    }

    fn action_items(&self) -> Vec<ActionItem> {
        let tasks = self.open.iter().filter_map(|card| match card {
            Card::Task { task_id, title, due_at, .. } => Some(ActionItem {
                text: title.clone(),
                id: task_id.to_string(),
                due_at: *due_at,
                interaction_date: None,
            }),
            _ => None,
        });
        let mut items: Vec<ActionItem> = tasks.collect();
        items.sort_by_key(|item| item.due_at.unwrap_or(Timestamp::MAX));
        let left = self.interactions.iter().flat_map(|interaction| {
            interaction.action_items.iter().map(|text| ActionItem {
                text: text.clone(),
                id: interaction.id.to_string(),
                due_at: None,
                interaction_date: Some(interaction.at),
            })
        });
        items.extend(left);
        items
    }
}

/// The latest practices of a client, newest first.
async fn practices_of(ctx: &Context, id: ContactId) -> Result<Vec<Stored<Practice>>> {
    let filter = PracticeFilter { contact: Some(id), ..PracticeFilter::default() };
    let (mut practices, mut cursor) = (Vec::new(), None);
    while practices.len() < PRACTICES_READ {
        let listing = ctx.store().practices(&ctx.tenant, &filter, &Page { limit: 100, cursor }).await?;
        practices.extend(listing.items);
        cursor = listing.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(practices)
}
