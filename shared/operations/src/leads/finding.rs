//! Finding leads, and how many there are.

use super::Lead;
use crate::context::Context;
use crate::error::Result;
use crate::{Listing, Page, business_config};
use domain::contact::{Contact, LeadStatus};
use domain::{CampaignId, ContactId, Email, Invalid, Phone, Role, text};
use serde::{Deserialize, Serialize};
use store::{LeadFilter, Stored};
use utoipa::{IntoParams, ToSchema};

/// Which leads to list: those that fit all that is given.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct LeadSearch {
    /// Those in this status.
    pub status: Option<LeadStatus>,
    /// Those of this campaign.
    #[param(value_type = Option<String>)]
    pub campaign_id: Option<CampaignId>,
    /// Those whom this member looks after, by e-mail address.
    #[param(value_type = Option<String>)]
    pub assignee: Option<Email>,
    /// Those who came from there, in any case.
    pub source: Option<String>,
    /// Those with this label, in any case; the first 20 labels of a lead count.
    pub tag: Option<String>,
    /// A telephone number in any form, an e-mail address, or beginnings of words of name and company.
    pub search: Option<String>,
}

/// The leads that fit, newest first; those that a name is searched for by are in the order of the word that was
/// found.
pub async fn list(ctx: &Context, search: &LeadSearch, page: &Page) -> Result<Listing<Lead>> {
    let filter = LeadFilter {
        status: search.status,
        campaign: search.campaign_id,
        assignee: search.assignee.clone(),
        source: search.source.clone(),
        tag: search.tag.clone(),
        ..LeadFilter::default()
    };
    let listing = found(ctx, filter, search.search.as_deref(), page).await?;
    Ok(Listing { items: listing.items.iter().map(|contact| Lead::of(contact)).collect(), next: listing.next })
}

/// The contacts that fit, of those that a text finds: a telephone number in any form, an e-mail address, or beginnings of
/// words of name and company.
pub(crate) async fn found(
    ctx: &Context,
    mut filter: LeadFilter,
    search: Option<&str>,
    page: &Page,
) -> Result<Listing<Stored<Contact>>> {
    ctx.require(Role::Viewer)?;
    if let Some(search) = search.map(str::trim).filter(|search| !search.is_empty()) {
        match address(ctx, search).await? {
            Some(Address::Email(email)) => {
                let owner = ctx.store().contact_with_email(&ctx.tenant, &email).await?;
                return the_one(ctx, owner, &filter).await;
            }
            Some(Address::Phone(phone)) => {
                let owner = ctx.store().contact_with_phone(&ctx.tenant, &phone).await?;
                return the_one(ctx, owner, &filter).await;
            }
            None => {}
        }
        filter.name = text::words(&text::line(search, 200).map_err(|error| error.within("?search"))?);
        if filter.name.is_empty() {
            return Err(Invalid::at("?search", "has no letter and no digit").into());
        }
    }
    Ok(ctx.store().leads(&ctx.tenant, &filter, page).await?)
}

/// What one lead alone can have.
enum Address {
    Email(Email),
    Phone(Phone),
}

/// The address that is searched for; none where it is none that a lead can have, such as a part of one: then words
/// are searched for.
async fn address(ctx: &Context, search: &str) -> Result<Option<Address>> {
    if search.contains('@') && !search.contains(".whatsapp.net") {
        return Ok(search.parse().ok().map(Address::Email));
    }
    if !is_number(search) {
        return Ok(None);
    }
    let config = business_config::get(ctx).await?;
    Ok(Phone::parse(search, config.config.default_country).ok().map(Address::Phone))
}

/// Whether somebody who searches for this means a telephone number: digits of any script, and what stands between.
fn is_number(search: &str) -> bool {
    let digits = search.split('@').next().unwrap_or_default();
    digits.chars().filter(|c| c.is_numeric()).count() >= 6 && !digits.chars().any(char::is_alphabetic)
}

async fn the_one(
    ctx: &Context,
    owner: Option<ContactId>,
    filter: &LeadFilter,
) -> Result<Listing<Stored<Contact>>> {
    let found = match owner {
        Some(id) => ctx.store().get::<Contact>(&ctx.tenant, &id).await?,
        None => None,
    };
    Ok(Listing { items: found.into_iter().filter(|contact| filter.fits(contact)).collect(), next: None })
}

impl LeadSearch {
    /// The query's parameters, to be kept in the link to the next page.
    pub fn as_parameters(&self) -> [(&'static str, Option<String>); 6] {
        [
            ("status", self.status.map(|status| status.as_str().to_owned())),
            ("campaign_id", self.campaign_id.map(|id| id.to_string())),
            ("assignee", self.assignee.as_ref().map(Email::to_string)),
            ("source", self.source.clone()),
            ("tag", self.tag.clone()),
            ("search", self.search.clone()),
        ]
    }
}

/// How many leads stand where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pipeline {
    /// How many leads there are.
    pub total: i64,
    /// Every status, in the order of the sale.
    pub statuses: Vec<PipelineStatus>,
}

/// A column of the pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PipelineStatus {
    /// The status; `GET /leads?status=` lists its leads.
    pub status: LeadStatus,
    /// How many leads are in it.
    pub count: i64,
}

/// How many leads stand where, from counters.
pub async fn pipeline(ctx: &Context) -> Result<Pipeline> {
    ctx.require(Role::Viewer)?;
    let counts = ctx.store().lead_counts(&ctx.tenant).await?;
    let count = |status| counts.by_status.get(&status).copied().unwrap_or_default();
    let statuses = LeadStatus::ALL.map(|status| PipelineStatus { status, count: count(status) });
    Ok(Pipeline { total: counts.total, statuses: statuses.into() })
}
