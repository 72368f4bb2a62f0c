//! Clients: people whom the business serves, or may serve. A client is the same record as a lead, by the names that
//! an office uses.

mod picture;
mod provenance;
mod removal;

pub use picture::{ActionItem, ClientContext, ClientInteractions, ClientPractices, ClientSummary};
pub use picture::{full_context, summary};
pub use provenance::{ClientProvenance, FieldProvenance, provenance, revert};
pub(crate) use removal::come_back;
pub use removal::{DeletedClient, delete, deleted, restore};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::leads::{self, LeadInput};
use crate::{Listing, Page, business_config, merge_patch};
use domain::contact::{Channel, ClientStatus, Consent, Contact, LeadStatus, Suppression, split_name};
use domain::period::Period;
use domain::zone::ZoneName;
use domain::{AgentId, CampaignId, ContactId, Email, Invalid, Phone, Role, nationality, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use store::{DeletedContact, LeadFilter, Stored};
use utoipa::{IntoParams, ToSchema};

/// What one writes of a client.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClientInput {
    /// Their whole name; its last word is kept as the family name.
    pub full_name: String,
    /// E-mail address; one client has it.
    pub email: Option<Email>,
    /// Telephone number in any form that names its country, or in the default country's own; one client has it.
    pub phone: Option<String>,
    /// Of which nationality they are.
    pub nationality: String,
    /// Where they live, 500 characters at most.
    pub address: String,
    /// Whom they work for.
    pub company: String,
    /// What they do there.
    pub position: String,
    /// Where they stand as a client; `prospect` if not given.
    pub status: Option<ClientStatus>,
    /// Who looks after them: the e-mail address of a member, or of anybody.
    pub assigned_to: Option<Email>,
    /// Where they came from.
    pub source: String,
    /// Their own IANA zone.
    pub timezone: Option<ZoneName>,
    /// Free labels, 50 at most.
    pub tags: Vec<String>,
    /// How they like to be treated.
    #[schema(value_type = Object)]
    pub preferences: BTreeMap<String, Value>,
    /// What people noted, 10,000 characters at most.
    pub notes: String,
    /// The business's own fields, as its configuration defines them.
    #[schema(value_type = Object)]
    pub custom_fields: BTreeMap<String, Value>,
    /// What they said yes or no to.
    #[schema(value_type = BTreeMap<String, Consent>)]
    pub consent: BTreeMap<Channel, Consent>,
}

/// A client as the API shows them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Client {
    /// The client's id, by which they are known as a lead too.
    pub id: ContactId,
    /// The fields that one writes; the phone in E.164.
    #[serde(flatten)]
    pub fields: ClientInput,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Where they stand in the sale.
    pub lead_status: LeadStatus,
    /// How promising they are, 0 to 100.
    pub score: u8,
    /// The campaign that they belong to.
    pub campaign_id: Option<CampaignId>,
    /// The agent that speaks with them in it.
    pub agent_id: Option<AgentId>,
    /// Numbers that reach them too, or reached them: those of records that went into theirs.
    #[schema(value_type = Vec<String>)]
    pub other_phones: Vec<Phone>,
    /// E-mail addresses of the same kind.
    #[schema(value_type = Vec<String>)]
    pub other_emails: Vec<Email>,
    /// Channels on which they are not contacted.
    #[schema(value_type = BTreeMap<String, Suppression>)]
    pub suppression: BTreeMap<Channel, Suppression>,
    /// When we last spoke.
    #[schema(value_type = Option<String>)]
    pub last_interaction_date: Option<Timestamp>,
    /// When we mean to speak next.
    #[schema(value_type = Option<String>)]
    pub next_follow_up_at: Option<Timestamp>,
    /// When the record was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// Which clients to list: those that fit all that is given.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct ClientSearch {
    /// Those who stand there as clients.
    pub status: Option<ClientStatus>,
    /// Those whom this member looks after, by e-mail address.
    #[param(value_type = Option<String>)]
    pub assigned_to: Option<Email>,
    /// Those of this nationality, however it is written: `Italian`, `Italy` and `IT` are one.
    pub nationality: Option<String>,
    /// Those with this label, in any case; the first 20 labels of a client count.
    pub tag: Option<String>,
    /// A telephone number in any form, an e-mail address, or beginnings of words of name and company.
    pub search: Option<String>,
}

impl ClientSearch {
    /// The query's parameters, to be kept in the link to the next page.
    pub fn as_parameters(&self) -> [(&'static str, Option<String>); 5] {
        [
            ("status", self.status.map(|status| status.as_str().to_owned())),
            ("assigned_to", self.assigned_to.as_ref().map(Email::to_string)),
            ("nationality", self.nationality.clone()),
            ("tag", self.tag.clone()),
            ("search", self.search.clone()),
        ]
    }
}

/// How many clients there are.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClientOverview {
    /// All of them; those who were deleted do not count.
    pub total_clients: i64,
    /// Those in each status; every status is there.
    pub by_status: BTreeMap<ClientStatus, i64>,
    /// Those who stand there in the sale; every status is there.
    pub by_lead_status: BTreeMap<LeadStatus, i64>,
    /// Those whom each member looks after, by e-mail address in lower case.
    pub by_team_member: BTreeMap<String, i64>,
    /// Those of each nationality, by the country's code in lower case, else as it was written.
    pub by_nationality: BTreeMap<String, i64>,
    /// Those whose record was made within the last 30 days, by the business's own calendar.
    pub new_last_30_days: i64,
}

/// Stores a new client. One with the same phone or e-mail is a duplicate.
pub async fn create(ctx: &Context, input: ClientInput) -> Result<Stored<Client>> {
    let input = input.into_lead(LeadInput::default(), "")?;
    match leads::store_new(ctx, input, Client::of).await {
        Err(Error::Duplicate { field, existing_id, .. }) => Err(duplicate(ctx, field, existing_id).await?),
        other => other.map_err(of_client),
    }
}

/// One client.
pub async fn get(ctx: &Context, id: ContactId) -> Result<Stored<Client>> {
    ctx.require(Role::Viewer)?;
    let contact = find(ctx, id).await?;
    Ok(Stored { value: Client::of(&contact), version: contact.version })
}

/// The client who has this e-mail address, in any case.
pub async fn with_email(ctx: &Context, email: &Email) -> Result<Stored<Client>> {
    ctx.require(Role::Viewer)?;
    let id = ctx.store().contact_with_email(&ctx.tenant, email).await?.ok_or(Error::NotFound("client"))?;
    get(ctx, id).await
}

/// The clients who fit, newest first; those that a name is searched for by are in the order of the word that was found.
pub async fn list(ctx: &Context, search: &ClientSearch, page: &Page) -> Result<Listing<Client>> {
    let filter = LeadFilter {
        client_status: search.status,
        assignee: search.assigned_to.clone(),
        nationality: search.nationality.as_deref().and_then(nationality::key),
        tag: search.tag.clone(),
        ..LeadFilter::default()
    };
    let listing = leads::finding::found(ctx, filter, search.search.as_deref(), page).await?;
    Ok(Listing {
        items: listing.items.iter().map(|contact| Client::of(contact)).collect(),
        next: listing.next,
    })
}

/// Changes the fields that the merge patch names. `expected` is the version that the caller saw, if they care.
pub async fn update(
    ctx: &Context,
    id: ContactId,
    patch: &Value,
    expected: Option<u64>,
) -> Result<Stored<Client>> {
    let edit = |contact: &Contact| {
        let input = merge_patch(&ClientInput::of(contact), patch)?;
        input.into_lead(LeadInput::of(contact), &contact.name())
    };
    leads::change(ctx, id, expected, edit, Client::of).await.map_err(of_client)
}

/// How many clients there are, from counters.
pub async fn overview(ctx: &Context) -> Result<ClientOverview> {
    ctx.require(Role::Viewer)?;
    let today = business_config::get(ctx).await?.config.day_of(ctx.now());
    let period = Period::new(None, None, today)?;
    let (counts, made) = tokio::try_join!(
        ctx.store().lead_counts(&ctx.tenant),
        ctx.store().lead_figures(&ctx.tenant, period)
    )?;
    Ok(ClientOverview {
        total_clients: counts.total,
        by_status: counts.by_client_status,
        by_lead_status: counts.by_status,
        by_team_member: counts.by_assignee,
        by_nationality: counts.by_nationality,
        new_last_30_days: made.iter().map(|figures| figures.leads).sum(),
    })
}

/// What is to be said of a client who is not there.
pub(crate) async fn absent(ctx: &Context, id: ContactId) -> Result<Error> {
    leads::absent(ctx, id).await.map(of_client)
}

async fn find(ctx: &Context, id: ContactId) -> Result<Stored<Contact>> {
    leads::find(ctx, id).await.map_err(of_client)
}

/// That another client has the number or the address: one who was deleted can be brought back.
async fn duplicate(ctx: &Context, field: &'static str, existing_id: String) -> Result<Error> {
    let deleted = match existing_id.parse() {
        Ok(id) => ctx.store().get::<DeletedContact>(&ctx.tenant, &id).await?,
        Err(_) => None,
    };
    let noun = if deleted.is_some() { "deleted client" } else { "client" };
    Ok(Error::Duplicate { noun, field, existing_id })
}

/// What goes wrong with a lead, in a client's words.
fn of_client(error: Error) -> Error {
    match error {
        Error::NotFound("lead") => Error::NotFound("client"),
        Error::Duplicate { noun: "lead", field, existing_id } => {
            Error::Duplicate { noun: "client", field, existing_id }
        }
        Error::Invalid(invalid) if ["/first_name", "/last_name"].contains(&invalid.pointer.as_str()) => {
            Invalid::at("/full_name", invalid.message).into()
        }
        other => other,
    }
}

impl ClientInput {
    /// Lays what was written over what is known of a lead, whose name is `known_as`.
    fn into_lead(self, known: LeadInput, known_as: &str) -> Result<LeadInput> {
        let name = match self.full_name.trim() {
            "" => String::new(),
            name => text::line(name, 200).map_err(|error| error.within("/full_name"))?,
        };
        let (first_name, last_name) =
            if name == known_as { (known.first_name, known.last_name) } else { split_name(&name) };
        Ok(LeadInput {
            first_name,
            last_name,
            email: self.email,
            phone: self.phone,
            company: self.company,
            position: self.position,
            nationality: self.nationality,
            address: self.address,
            source: self.source,
            client_status: self.status.or(known.client_status),
            assignee: self.assigned_to,
            timezone: self.timezone,
            tags: self.tags,
            preferences: self.preferences,
            notes: self.notes,
            custom_fields: self.custom_fields,
            consent: self.consent,
            campaign_id: known.campaign_id,
            status: known.status,
            score: known.score,
            value: known.value,
        })
    }

    fn of(contact: &Contact) -> Self {
        let lead = LeadInput::of(contact);
        Self {
            full_name: contact.name(),
            email: lead.email,
            phone: lead.phone,
            nationality: lead.nationality,
            address: lead.address,
            company: lead.company,
            position: lead.position,
            status: Some(contact.client_status),
            assigned_to: lead.assignee,
            source: lead.source,
            timezone: lead.timezone,
            tags: lead.tags,
            preferences: lead.preferences,
            notes: lead.notes,
            custom_fields: lead.custom_fields,
            consent: lead.consent,
        }
    }
}

impl Client {
    pub(crate) fn of(contact: &Contact) -> Self {
        Self {
            id: contact.id,
            fields: ClientInput::of(contact),
            first_name: contact.details.first_name.clone(),
            last_name: contact.details.last_name.clone(),
            lead_status: contact.status,
            score: contact.score,
            campaign_id: contact.details.campaign_id,
            agent_id: contact.agent_id,
            other_phones: contact.aliases.phones.clone(),
            other_emails: contact.aliases.emails.clone(),
            suppression: contact.suppression.clone(),
            last_interaction_date: contact.last_contact_at,
            next_follow_up_at: contact.next_follow_up_at,
            created_at: contact.created_at,
            updated_at: contact.updated_at,
        }
    }
}
