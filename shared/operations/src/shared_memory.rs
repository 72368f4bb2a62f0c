//! What the whole team knows: questions in people's own words, what has to be renewed, a client at a glance, who has how much
//! to do.

mod asking;
mod named;
mod searching;

pub use crate::clients::{ClientContext, full_context};
pub use searching::{Found, Reader, SearchInput, SearchSummary, search};

use crate::business_config;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::practices::{Renewable, RenewalSearch};
use crate::{Listing, Page, practices};
use domain::contact::{ClientStatus, Contact};
use domain::practice::PracticeStatus;
use domain::{ContactId, Email, Phone, Role};
use jiff::ToSpan;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use utoipa::ToSchema;

/// How many ends are counted ahead, in days.
const RENEWALS_AHEAD: i32 = 90;

/// A practice that ends soon, with whom to tell.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UpcomingRenewal {
    /// The practice.
    #[serde(flatten)]
    pub renewal: Renewable,
    /// Whose it is; none if they are gone.
    pub client: Option<ClientName>,
}

/// Who a client is and how they are reached.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClientName {
    /// The client's id.
    pub id: ContactId,
    /// Their whole name.
    pub full_name: String,
    /// E-mail address.
    pub email: Option<Email>,
    /// Telephone number in E.164.
    pub phone: Option<Phone>,
}

/// Who has how much to do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TeamOverview {
    /// All clients.
    pub total_clients: i64,
    /// Those in each status.
    pub clients_by_status: BTreeMap<ClientStatus, i64>,
    /// Practices that there is work left on.
    pub active_practices: i64,
    /// Practices in each status; every status is there.
    pub practices_by_status: BTreeMap<PracticeStatus, i64>,
    /// What was said in all.
    pub total_interactions: i64,
    /// Practices that end within 90 days.
    pub upcoming_renewals: i64,
    /// What people are asked about and have not answered.
    pub open_reviews: i64,
    /// Everybody who has something to do or is a member, the one with the most active practices first.
    pub team: Vec<TeamMemberLoad>,
}

/// What one colleague has to do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TeamMemberLoad {
    /// Their e-mail address in lower case.
    pub email: String,
    /// What people call them; empty for an address that is no member's.
    pub name: String,
    /// What they do.
    pub role: String,
    /// Practices of theirs that there is work left on.
    pub active_practices: i64,
    /// Clients whom they look after.
    pub clients: i64,
    /// Interactions in which they took part.
    pub interactions: i64,
}

/// The practices that may have to be renewed within some days from today on, the first that ends first, with whom to tell.
pub async fn upcoming_renewals(
    ctx: &Context,
    search: &RenewalSearch,
    page: &Page,
) -> Result<Listing<UpcomingRenewal>> {
    let (settings, listing) =
        tokio::try_join!(business_config::get(ctx), practices::expiring(ctx, search, page))?;
    let today = settings.config.day_of(ctx.now());
    let ids: BTreeSet<ContactId> = listing.items.iter().map(|practice| practice.contact_id).collect();
    let names = names_of(ctx, &ids).await?;
    let items = listing.items.iter().filter_map(|practice| {
        let client = names.get(&practice.contact_id).cloned();
        Some(UpcomingRenewal { renewal: Renewable::of(practice, today)?, client })
    });
    Ok(Listing { items: items.collect(), next: listing.next })
}

async fn names_of(
    ctx: &Context,
    ids: impl IntoIterator<Item = &ContactId>,
) -> Result<HashMap<ContactId, ClientName>> {
    let contacts = ctx.store().get_many::<Contact>(&ctx.tenant, ids).await?;
    Ok(contacts.iter().map(|contact| (contact.id, ClientName::of(contact))).collect())
}

/// Who has how much to do, from counters.
pub async fn team_overview(ctx: &Context) -> Result<TeamOverview> {
    ctx.require(Role::Viewer)?;
    let (store, tenant) = (ctx.store(), &ctx.tenant);
    let renewals = async {
        let today = business_config::get(ctx).await?.config.day_of(ctx.now());
        let span = (today, today.saturating_add(RENEWALS_AHEAD.days()));
        Ok::<_, Error>(store.count_expiring(tenant, span).await?)
    };
    let (clients, practices, interactions, members, open_reviews, upcoming_renewals) = tokio::try_join!(
        async { Ok(store.lead_counts(tenant).await?) },
        async { Ok(store.practice_figures(tenant).await?) },
        async { Ok(store.interaction_figures(tenant).await?) },
        async { Ok(store.members(tenant).await?) },
        async { Ok(store.open_reviews(tenant).await?) },
        renewals,
    )?;
    let mut team: BTreeMap<String, TeamMemberLoad> = BTreeMap::new();
    let empty = |email: &str| TeamMemberLoad {
        email: email.to_owned(),
        name: String::new(),
        role: String::new(),
        active_practices: 0,
        clients: 0,
        interactions: 0,
    };
    let load =
        |email: &str, team: &mut BTreeMap<String, TeamMemberLoad>, add: &dyn Fn(&mut TeamMemberLoad)| {
            add(team.entry(email.to_owned()).or_insert_with(|| empty(email)));
        };
    for member in members.iter().filter(|member| member.active) {
        load(&member.email.canonical(), &mut team, &|load| {
            load.name.clone_from(&member.name);
            load.role.clone_from(&member.role);
        });
    }
    for (email, n) in &practices.active_of {
        load(email, &mut team, &|load| load.active_practices = *n);
    }
    for (email, n) in &clients.by_assignee {
        load(email, &mut team, &|load| load.clients = *n);
    }
    for (email, n) in &interactions.by_member {
        load(email, &mut team, &|load| load.interactions = *n);
    }
    let mut team: Vec<TeamMemberLoad> = team.into_values().collect();
    team.sort_by_key(|load| (-load.active_practices, -load.clients));
    let in_status = |status| (status, practices.by_status.get(&status).copied().unwrap_or_default());
    let practices_by_status: BTreeMap<_, _> = PracticeStatus::ALL.map(in_status).into();
    let active = practices_by_status.iter().filter(|(status, _)| status.is_active());
    Ok(TeamOverview {
        total_clients: clients.total,
        clients_by_status: clients.by_client_status,
        active_practices: active.map(|(_, n)| n).sum(),
        practices_by_status,
        total_interactions: interactions.total,
        upcoming_renewals,
        open_reviews,
        team,
    })
}

impl ClientName {
    fn of(contact: &Contact) -> Self {
        Self {
            id: contact.id,
            full_name: contact.name(),
            email: contact.details.email.clone(),
            phone: contact.details.phone.clone(),
        }
    }
}
