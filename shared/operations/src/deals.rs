//! Deals: what leads may buy.

use crate::context::Context;
use crate::error::{Error, Result, expect, retrying};
use crate::{Listing, Page, business_config, deleting, leads, merge_patch};
use domain::deal::{Deal, DealStatus, Stage, StageChange};
use domain::money::{Amount, Sum};
use domain::{ContactId, Currency, DealId, Invalid, Money, Role, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{DealFilter, Stored};
use utoipa::{IntoParams, ToSchema};

/// What one writes of a deal.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DealInput {
    /// The lead that may buy.
    pub contact_id: ContactId,
    /// What, in a line of at most 255 characters.
    pub title: String,
    /// What it is worth, in the currency's major unit; 0 if not given.
    #[serde(default)]
    pub value: Option<Amount>,
    /// Of which currency; the business's own if not given.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// How far it is; `prospecting` if not given.
    #[serde(default)]
    pub stage: Option<Stage>,
    /// How likely it is, 0 to 100; 0 if not given.
    #[serde(default)]
    pub probability: Option<u8>,
}

/// A deal as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DealView {
    /// The deal's id.
    pub id: DealId,
    /// The lead that may buy.
    pub contact_id: ContactId,
    /// What, in a line.
    pub title: String,
    /// What it is worth, in the currency's major unit.
    pub value: Amount,
    /// Of which currency.
    pub currency: Currency,
    /// How far it is.
    pub stage: Stage,
    /// What that means: whether it is open, won or lost.
    pub status: DealStatus,
    /// How likely it is, 0 to 100.
    pub probability: u8,
    /// Its last 50 moves from stage to stage, the last one last.
    pub stage_history: Vec<StageChange>,
    /// When the record was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
    /// When it was won or lost.
    #[schema(value_type = Option<String>)]
    pub closed_at: Option<Timestamp>,
}

/// Stores a new deal of a lead.
pub async fn create(ctx: &Context, input: DealInput) -> Result<Stored<DealView>> {
    ctx.require(Role::Member)?;
    let (settings, lead) = tokio::try_join!(business_config::get(ctx), leads::named(ctx, input.contact_id))?;
    let (title, value) = checked(&input, Money { minor: 0, currency: settings.config.currency })?;
    let now = ctx.now();
    let stage = input.stage.unwrap_or_default();
    let deal = Deal {
        id: ctx.new_id(),
        contact_id: lead.id,
        title,
        value,
        closed_at: stage.is_closed().then_some(now),
        stage,
        probability: input.probability.unwrap_or_default(),
        stage_history: Vec::new(),
        created_at: now,
        updated_at: now,
    };
    let view = DealView::of(&deal);
    let mut step = ctx.step();
    step.create(&deal)?;
    ctx.audited(&mut step, "deal.created", deal.id, None, Some(&view))?;
    ctx.remember(&mut step, 201, &view)?;
    ctx.store().commit(step).await?;
    Ok(Stored { value: view, version: 1 })
}

/// One deal.
pub async fn get(ctx: &Context, id: DealId) -> Result<Stored<DealView>> {
    ctx.require(Role::Viewer)?;
    let deal = find(ctx, id).await?;
    Ok(Stored { value: DealView::of(&deal), version: deal.version })
}

/// Which deals to list: those that fit all that is given.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct DealSearch {
    /// Those of this lead.
    #[param(value_type = Option<String>)]
    pub contact_id: Option<ContactId>,
    /// Those in this stage, however it is written.
    #[param(value_type = Option<String>)]
    pub stage: Option<Stage>,
}

impl DealSearch {
    /// The query's parameters, to be kept in the link to the next page.
    pub fn as_parameters(&self) -> [(&'static str, Option<String>); 2] {
        [
            ("contact_id", self.contact_id.map(|id| id.to_string())),
            ("stage", self.stage.as_ref().map(Stage::to_string)),
        ]
    }
}

/// The deals that fit, newest first. A page may be short where few fit both filters.
pub async fn list(ctx: &Context, search: &DealSearch, page: &Page) -> Result<Listing<DealView>> {
    ctx.require(Role::Viewer)?;
    let filter = DealFilter { contact: search.contact_id, stage: search.stage.clone() };
    let listing = ctx.store().deals(&ctx.tenant, &filter, page).await?;
    Ok(Listing { items: listing.items.iter().map(|deal| DealView::of(deal)).collect(), next: listing.next })
}

/// Changes the fields that the merge patch names. `expected` is the version that the caller saw, if they care.
pub async fn update(
    ctx: &Context,
    id: DealId,
    patch: &Value,
    expected: Option<u64>,
) -> Result<Stored<DealView>> {
    ctx.require(Role::Member)?;
    retrying!(
        async {
            let old = find(ctx, id).await?;
            expect(&old, expected)?;
            let was = &old.value;
            let mut input = merge_patch(&DealInput::of(was), patch)?;
            // A lead that is gone keeps its deals.
            if input.contact_id != was.contact_id {
                input.contact_id = leads::named(ctx, input.contact_id).await?.id;
            }
            let (title, value) = checked(&input, was.value)?;
            let now = ctx.now();
            let mut deal = Deal {
                contact_id: input.contact_id,
                title,
                value,
                probability: input.probability.unwrap_or(was.probability),
                updated_at: now,
                ..was.clone()
            };
            if let Some(stage) = input.stage {
                deal.move_to(stage, &ctx.actor.name(), now);
            }
            let view = DealView::of(&deal);
            let mut step = ctx.step();
            step.replace(&old, &deal)?;
            ctx.audited(&mut step, "deal.updated", id, Some(&DealView::of(was)), Some(&view))?;
            ctx.store().commit(step).await?;
            Ok(Stored { value: view, version: old.version + 1 })
        }
        .await
    )
}

/// Deletes a deal.
pub async fn delete(ctx: &Context, id: DealId, expected: Option<u64>) -> Result<()> {
    ctx.require(Role::Member)?;
    deleting::delete::<Deal, _>(ctx, &id, expected, "deal", DealView::of).await
}

async fn find(ctx: &Context, id: DealId) -> Result<Stored<Deal>> {
    ctx.store().get::<Deal>(&ctx.tenant, &id).await?.ok_or(Error::NotFound("deal"))
}

/// What was written, checked: the title, and the worth. What is not written of it is as it `was`.
fn checked(input: &DealInput, was: Money) -> Result<(String, Money)> {
    if input.probability.is_some_and(|probability| probability > 100) {
        return Err(Invalid::at("/probability", "must be from 0 to 100").into());
    }
    let amount = input.value.unwrap_or_else(|| was.printed().amount);
    let sum = Sum { amount, currency: input.currency };
    let value = Money::of(sum, was.currency).map_err(|error| Invalid::at("/value", error.message))?;
    Ok((text::line(&input.title, 255).map_err(|e| e.within("/title"))?, value))
}

impl DealInput {
    fn of(deal: &Deal) -> Self {
        Self {
            contact_id: deal.contact_id,
            title: deal.title.clone(),
            value: Some(deal.value.printed().amount),
            currency: Some(deal.value.currency),
            stage: Some(deal.stage.clone()),
            probability: Some(deal.probability),
        }
    }
}

impl DealView {
    fn of(deal: &Deal) -> Self {
        Self {
            id: deal.id,
            contact_id: deal.contact_id,
            title: deal.title.clone(),
            value: deal.value.printed().amount,
            currency: deal.value.currency,
            stage: deal.stage.clone(),
            status: deal.stage.status(),
            probability: deal.probability,
            stage_history: deal.stage_history.clone(),
            created_at: deal.created_at,
            updated_at: deal.updated_at,
            closed_at: deal.closed_at,
        }
    }
}
