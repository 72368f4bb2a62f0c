//! Leads: people whom the business may call.

pub(crate) mod arrival;
pub(crate) mod finding;
mod scoring;
pub(crate) mod suppression;

pub use finding::{LeadSearch, Pipeline, PipelineStatus, list, pipeline};
pub use scoring::{LeadScore, score};
pub use suppression::{Channels, suppress, unsuppress};

use crate::context::Context;
use crate::error::{Error, Result, expect, retrying};
use crate::merge::merge_patch;
use crate::{Listing, Page, business_config, planning};
use domain::action::{Action, Step};
use domain::business::BusinessConfig;
use domain::contact::{Channel, ClientStatus, Consent, Contact, Details, LeadStatus, Suppression};
use domain::money::Sum;
use domain::zone::ZoneName;
use domain::{
    ActionId, AgentId, Author, CallId, CampaignId, ContactId, Email, Invalid, Money, Phone, Provenance, Role,
    text,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use store::{ContactRecord, MergedContact, Stored};
use utoipa::ToSchema;

/// How many merges in a row an id is followed through.
const MERGES_IN_A_ROW: usize = 10;

/// The fields of a lead that its keeper writes.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LeadInput {
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// E-mail address; one lead has it.
    pub email: Option<Email>,
    /// Telephone number in any form that names its country, or in the default country's own; one lead has it.
    pub phone: Option<String>,
    /// Whom the lead works for.
    pub company: String,
    /// What they do there.
    pub position: String,
    /// Of which nationality they are.
    pub nationality: String,
    /// Where they live, 500 characters at most.
    pub address: String,
    /// Where the lead came from.
    pub source: String,
    /// The campaign it belongs to.
    pub campaign_id: Option<CampaignId>,
    /// Who looks after it: the e-mail address of a member, or of anybody.
    pub assignee: Option<Email>,
    /// Where it stands; `new` if not given.
    pub status: Option<LeadStatus>,
    /// Where it stands as a client; `prospect` if not given.
    pub client_status: Option<ClientStatus>,
    /// How promising it is, 0 to 100; 0 if not given.
    pub score: Option<u8>,
    /// The lead's own IANA zone.
    pub timezone: Option<ZoneName>,
    /// Free labels, 50 at most.
    pub tags: Vec<String>,
    /// How the lead likes to be treated.
    #[schema(value_type = Object)]
    pub preferences: BTreeMap<String, Value>,
    /// What people noted, 10,000 characters at most.
    pub notes: String,
    /// The business's own fields, as its configuration defines them.
    #[schema(value_type = Object)]
    pub custom_fields: BTreeMap<String, Value>,
    /// What the lead said yes or no to.
    #[schema(value_type = BTreeMap<String, Consent>)]
    pub consent: BTreeMap<Channel, Consent>,
    /// What the lead bought for, or is expected to. It counts as revenue once the lead is a customer.
    pub value: Option<Sum>,
}

/// A lead as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Lead {
    /// The lead's id.
    pub id: ContactId,
    /// The fields that its keeper writes; the phone in E.164.
    #[serde(flatten)]
    pub fields: LeadInput,
    /// The agent that speaks with the lead in its campaign, once that is settled.
    pub agent_id: Option<AgentId>,
    /// Channels on which the lead is not contacted.
    #[schema(value_type = BTreeMap<String, Suppression>)]
    pub suppression: BTreeMap<Channel, Suppression>,
    /// Who wrote each field.
    pub provenance: BTreeMap<String, Provenance>,
    /// When we last spoke.
    #[schema(value_type = Option<String>)]
    pub last_contact_at: Option<Timestamp>,
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

/// A step that followed from a call, as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ActionView {
    /// The action's id.
    pub id: ActionId,
    /// The lead.
    pub lead_id: ContactId,
    /// The call it follows from.
    pub call_id: CallId,
    /// What was done: `kind` and its details.
    #[serde(flatten)]
    pub step: Step,
    /// Why, in a sentence.
    pub reason: String,
    /// When it was done.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
}

/// Stores a new lead. A lead with the same phone or e-mail is a duplicate.
pub async fn create(ctx: &Context, input: LeadInput) -> Result<Stored<Lead>> {
    store_new(ctx, input, Lead::of).await
}

/// Stores a new contact, and answers as `show` shows it.
pub(crate) async fn store_new<V: Serialize>(
    ctx: &Context,
    input: LeadInput,
    show: impl Fn(&Contact) -> V,
) -> Result<Stored<V>> {
    ctx.require(Role::Member)?;
    let config = business_config::get(ctx).await?;
    let now = ctx.now();
    let mut contact = Contact::new(ctx.new_id(), Details::default(), ctx.actor.author(), now);
    apply(&mut contact, input, &config.config, ctx.actor.author(), now)?;
    let mut step = ctx.step();
    let (campaign, shut) = tokio::try_join!(
        arrival::campaign_for(ctx, None, &contact),
        suppression::remembered(ctx, None, &contact)
    )?;
    contact.keep_shut(shut);
    if let Some(campaign) = campaign {
        arrival::join(ctx, &mut step, &mut contact, &campaign);
    }
    let shown = show(&contact);
    step.create(&contact)?;
    ctx.audited(&mut step, "lead.created", contact.id, None, Some(&Lead::of(&contact)))?;
    ctx.remember(&mut step, 201, &shown)?;
    ctx.store().commit(step).await.map_err(duplicate)?;
    Ok(Stored { value: shown, version: 1 })
}

/// One lead.
pub async fn get(ctx: &Context, id: ContactId) -> Result<Stored<Lead>> {
    ctx.require(Role::Viewer)?;
    let contact = find(ctx, id).await?;
    Ok(Stored { value: Lead::of(&contact), version: contact.version })
}

/// Changes the fields that the merge patch names. `expected` is the version that the caller saw, if they care.
pub async fn update(
    ctx: &Context,
    id: ContactId,
    patch: &Value,
    expected: Option<u64>,
) -> Result<Stored<Lead>> {
    let edit = |contact: &Contact| merge_patch(&LeadInput::of(contact), patch);
    change(ctx, id, expected, edit, Lead::of).await
}

/// Changes a contact to what `edit` makes of it, and answers as `show` shows it.
pub(crate) async fn change<V>(
    ctx: &Context,
    id: ContactId,
    expected: Option<u64>,
    edit: impl Fn(&Contact) -> Result<LeadInput>,
    show: impl Fn(&Contact) -> V,
) -> Result<Stored<V>> {
    ctx.require(Role::Member)?;
    let config = business_config::get(ctx).await?;
    retrying!(
        async {
            let old = find(ctx, id).await?;
            expect(&old, expected)?;
            let mut contact = old.value.clone();
            apply(&mut contact, edit(&old)?, &config.config, ctx.actor.author(), ctx.now())?;
            let mut step = ctx.step();
            let (campaign, shut) = tokio::try_join!(
                arrival::campaign_for(ctx, Some(&old), &contact),
                suppression::remembered(ctx, Some(&old), &contact)
            )?;
            contact.keep_shut(shut);
            if let Some(campaign) = campaign {
                arrival::join(ctx, &mut step, &mut contact, &campaign);
            }
            if planning::hours_differ(&old, &contact) {
                planning::ask_anew_about(ctx, &mut step, id).await?;
            }
            step.replace(&old, &contact)?;
            ctx.audited(&mut step, "lead.updated", id, Some(&Lead::of(&old)), Some(&Lead::of(&contact)))?;
            ctx.store().commit(step).await.map_err(duplicate)?;
            Ok(Stored { value: show(&contact), version: old.version + 1 })
        }
        .await
    )
}

/// Deletes a lead. Calls that wait for it are blocked when they come up; what was shut to it stays shut to whoever
/// comes with its number or address.
pub async fn delete(ctx: &Context, id: ContactId, expected: Option<u64>) -> Result<()> {
    ctx.require(Role::Member)?;
    retrying!(
        async {
            let old = find(ctx, id).await?;
            expect(&old, expected)?;
            let mut step = ctx.step();
            step.delete(&old);
            suppression::remember(ctx, &mut step, &old)?;
            ctx.audited(&mut step, "lead.deleted", id, Some(&Lead::of(&old)), None)?;
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
}

/// What followed from a lead's calls, newest first.
pub async fn actions(ctx: &Context, id: ContactId, page: &Page) -> Result<Listing<ActionView>> {
    ctx.require(Role::Viewer)?;
    find(ctx, id).await?;
    let listing = ctx.store().actions(&ctx.tenant, id, page).await?;
    Ok(Listing { items: listing.items.into_iter().map(ActionView::of).collect(), next: listing.next })
}

/// The lead of this id. Of one who went into another the error says into whom: a caller is told by which id to ask.
pub(crate) async fn find(ctx: &Context, id: ContactId) -> Result<Stored<Contact>> {
    match ctx.store().get::<Contact>(&ctx.tenant, &id).await? {
        Some(lead) => Ok(lead),
        None => Err(absent(ctx, id).await?),
    }
}

/// The lead of this id with what is open and what was talked about.
pub(crate) async fn found(ctx: &Context, id: ContactId) -> Result<ContactRecord> {
    match ctx.store().contact(&ctx.tenant, id).await? {
        Some(record) => Ok(record),
        None => Err(absent(ctx, id).await?),
    }
}

/// What is to be said of a lead who is not there.
pub(crate) async fn absent(ctx: &Context, id: ContactId) -> Result<Error> {
    let merged = ctx.store().get::<MergedContact>(&ctx.tenant, &id).await?;
    Ok(merged.map_or(Error::NotFound("lead"), |merged| Error::Moved { from: id, to: merged.into }))
}

/// The lead whom a record names, or a request beside its path: where they went into another, that one.
pub(crate) async fn known(ctx: &Context, id: ContactId) -> Result<Option<Stored<Contact>>> {
    let mut id = id;
    for _ in 0..MERGES_IN_A_ROW {
        if let Some(lead) = ctx.store().get::<Contact>(&ctx.tenant, &id).await? {
            return Ok(Some(lead));
        }
        match ctx.store().get::<MergedContact>(&ctx.tenant, &id).await? {
            Some(merged) => id = merged.into,
            None => break,
        }
    }
    Ok(None)
}

/// The same, with what is open and what was talked about.
pub(crate) async fn known_record(ctx: &Context, id: ContactId) -> Result<Option<ContactRecord>> {
    let record = ctx.store().contact(&ctx.tenant, id).await?;
    if record.is_some() {
        return Ok(record);
    }
    match known(ctx, id).await? {
        Some(lead) => Ok(ctx.store().contact(&ctx.tenant, lead.id).await?),
        None => Ok(None),
    }
}

/// The same; they must be there.
pub(crate) async fn named(ctx: &Context, id: ContactId) -> Result<Stored<Contact>> {
    known(ctx, id).await?.ok_or(Error::NotFound("lead"))
}

pub(crate) fn duplicate(error: store::Error) -> Error {
    match error {
        store::Error::Taken { name, owner } => {
            let field = if name.ends_with("phone") { "phone" } else { "email" };
            Error::Duplicate { noun: "lead", field, existing_id: owner }
        }
        other => other.into(),
    }
}

/// Checks the fields and makes them the contact's.
pub(crate) fn apply(
    contact: &mut Contact,
    input: LeadInput,
    config: &BusinessConfig,
    author: Author,
    now: Timestamp,
) -> Result<()> {
    let line = |pointer: &str, value: &str, max: usize| match value.trim() {
        "" => Ok(String::new()),
        value => text::line(value, max).map_err(|e| e.within(pointer)),
    };
    let phone = input.phone.as_deref().map(str::trim).filter(|phone| !phone.is_empty());
    let phone = phone.map(|phone| Phone::parse(phone, config.default_country)).transpose();
    if input.score.is_some_and(|score| score > 100) {
        return Err(Invalid::at("/score", "must be from 0 to 100").into());
    }
    if input.tags.len() > 50 {
        return Err(Invalid::at("/tags", "must have at most 50 entries").into());
    }
    if input.preferences.len() > 50
        || serde_json::to_vec(&input.preferences).map_or(0, |json| json.len()) > 10_000
    {
        return Err(Invalid::at("/preferences", "must be at most 50 entries and 10,000 bytes").into());
    }
    // Fields that nobody touches may be older than their definition.
    if input.custom_fields != contact.details.custom_fields {
        config.check_custom_fields(&input.custom_fields).map_err(|e| e.within("/custom_fields"))?;
    }
    let value = input.value.map(|sum| Money::of(sum, config.currency)).transpose();
    let details = Details {
        first_name: line("/first_name", &input.first_name, 100)?,
        last_name: line("/last_name", &input.last_name, 100)?,
        email: input.email,
        phone: phone.map_err(|e| e.within("/phone"))?,
        company: line("/company", &input.company, 200)?,
        position: line("/position", &input.position, 200)?,
        nationality: line("/nationality", &input.nationality, 100)?,
        address: text::prose(input.address.trim(), 500).map_err(|e| e.within("/address"))?,
        source: line("/source", &input.source, 100)?,
        campaign_id: input.campaign_id,
        assignee: input.assignee,
        timezone: input.timezone,
        tags: input
            .tags
            .iter()
            .map(|tag| text::line(tag, 60))
            .collect::<std::result::Result<_, _>>()
            .map_err(|e| e.within("/tags"))?,
        preferences: input.preferences,
        notes: text::prose(&input.notes, 10_000).map_err(|e| e.within("/notes"))?,
        custom_fields: input.custom_fields,
        value: value.map_err(|e| e.within("/value"))?,
    };
    let nameless =
        details.first_name.is_empty() && details.last_name.is_empty() && details.company.is_empty();
    if nameless && details.phone.is_none() && details.email.is_none() {
        return Err(Invalid::new("a name, a phone or an e-mail is needed").into());
    }
    contact.set_details(details, author, now);
    contact.created_on.get_or_insert_with(|| config.day_of(contact.created_at));
    let provenance = || Provenance::new(author, now);
    if let Some(status) = input.status {
        contact.set_status(status, provenance());
    }
    if let Some(status) = input.client_status {
        contact.set_client_status(status, provenance());
    }
    if let Some(score) = input.score {
        contact.set_score(score, provenance());
    }
    contact.consent = input.consent;
    for consent in contact.consent.values_mut() {
        consent.at.get_or_insert(now);
    }
    Ok(())
}

impl LeadInput {
    pub(crate) fn of(contact: &Contact) -> Self {
        let details = contact.details.clone();
        Self {
            first_name: details.first_name,
            last_name: details.last_name,
            email: details.email,
            phone: details.phone.map(String::from),
            company: details.company,
            position: details.position,
            nationality: details.nationality,
            address: details.address,
            source: details.source,
            campaign_id: details.campaign_id,
            assignee: details.assignee,
            status: Some(contact.status),
            client_status: Some(contact.client_status),
            score: Some(contact.score),
            timezone: details.timezone,
            tags: details.tags,
            preferences: details.preferences,
            notes: details.notes,
            custom_fields: details.custom_fields,
            consent: contact.consent.clone(),
            value: details.value.map(Money::printed),
        }
    }
}

impl ActionView {
    fn of(action: Action) -> Self {
        let Action { id, contact_id, call_id, step, reason, created_at } = action;
        Self { id, lead_id: contact_id, call_id, step, reason, created_at }
    }
}

impl Lead {
    pub(crate) fn of(contact: &Contact) -> Self {
        Self {
            id: contact.id,
            fields: LeadInput::of(contact),
            agent_id: contact.agent_id,
            suppression: contact.suppression.clone(),
            provenance: contact.provenance.clone(),
            last_contact_at: contact.last_contact_at,
            next_follow_up_at: contact.next_follow_up_at,
            created_at: contact.created_at,
            updated_at: contact.updated_at,
        }
    }
}
