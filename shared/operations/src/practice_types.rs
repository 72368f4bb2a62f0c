//! Types of practice: the services that the business offers.

use crate::context::Context;
use crate::error::{Error, Result, expect, retrying};
use crate::{business_config, merge_patch};
use domain::money::{Amount, Sum};
use domain::practice::{PracticeType, TypeCode, examples};
use domain::{Currency, Invalid, Money, Role, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{PRACTICE_TYPES_MAX, PracticeFilter, Stored, Transaction};
use utoipa::ToSchema;

/// How many documents a type may ask for.
const REQUIRED_MAX: usize = 50;

/// What one writes of a type of practice.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PracticeTypeInput {
    /// By which it is named, such as `PT_PMA`; it stays.
    pub code: TypeCode,
    /// What people call it, in a line of at most 120 characters.
    pub name: String,
    /// What it is, 2,000 characters at most.
    #[serde(default)]
    pub description: Option<String>,
    /// What it costs, in the currency's major unit, where that is fixed.
    #[serde(default)]
    pub base_price: Option<Amount>,
    /// In which currency; the business's own if not given.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// How many days it takes, as a rule: 1 to 3,650.
    #[serde(default)]
    pub duration_days: Option<u16>,
    /// For how many months what was got is valid: 1 to 1,200; not given where it does not expire.
    #[serde(default)]
    pub validity_months: Option<u16>,
    /// The documents that a client has to bring: 50 at most, each a line of at most 120 characters.
    #[serde(default)]
    pub required_documents: Vec<String>,
    /// Whether new practices of it are begun; they are if not given.
    #[serde(default)]
    pub offered: Option<bool>,
}

/// A type of practice as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PracticeTypeView {
    /// By which it is named.
    pub code: TypeCode,
    /// What people call it.
    pub name: String,
    /// What it is.
    pub description: String,
    /// What it costs, in the currency's major unit.
    pub base_price: Option<Amount>,
    /// In which currency.
    pub currency: Currency,
    /// How many days it takes, as a rule.
    pub duration_days: Option<u16>,
    /// For how many months what was got is valid.
    pub validity_months: Option<u16>,
    /// The documents that a client has to bring.
    pub required_documents: Vec<String>,
    /// Whether new practices of it are begun.
    pub offered: bool,
    /// When the record was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// Stores a new type.
pub async fn create(ctx: &Context, input: PracticeTypeInput) -> Result<Stored<PracticeTypeView>> {
    ctx.require(Role::Manager)?;
    let (settings, all) = tokio::try_join!(business_config::get(ctx), async {
        Ok(ctx.store().practice_types(&ctx.tenant).await?)
    })?;
    check_count(all.len() + 1)?;
    let kind = checked(input, settings.config.currency, ctx.now(), ctx.now())?;
    let view = PracticeTypeView::of(&kind);
    let mut step = ctx.step();
    step.create(&kind)?;
    ctx.audited(&mut step, "practice_type.created", &kind.code, None, Some(&view))?;
    ctx.remember(&mut step, 201, &view)?;
    let duplicate =
        || Error::Duplicate { noun: "practice type", field: "code", existing_id: kind.code.to_string() };
    ctx.store().commit(step).await.map_err(|error| match error {
        store::Error::Stale { .. } => duplicate(),
        other => other.into(),
    })?;
    Ok(Stored { value: view, version: 1 })
}

/// All types, by their codes.
pub async fn list(ctx: &Context) -> Result<Vec<PracticeTypeView>> {
    ctx.require(Role::Viewer)?;
    let all = ctx.store().practice_types(&ctx.tenant).await?;
    Ok(all.iter().map(|kind| PracticeTypeView::of(kind)).collect())
}

/// One type.
pub async fn get(ctx: &Context, code: &TypeCode) -> Result<Stored<PracticeTypeView>> {
    ctx.require(Role::Viewer)?;
    let kind = find(ctx, code).await?;
    Ok(Stored { value: PracticeTypeView::of(&kind), version: kind.version })
}

/// Changes the fields that the merge patch names; practices that were begun stay as they are. `expected` is the version
/// that the caller saw, if they care.
pub async fn update(
    ctx: &Context,
    code: &TypeCode,
    patch: &Value,
    expected: Option<u64>,
) -> Result<Stored<PracticeTypeView>> {
    ctx.require(Role::Manager)?;
    retrying!(
        async {
            let old = find(ctx, code).await?;
            expect(&old, expected)?;
            let input = merge_patch(&PracticeTypeInput::of(&old), patch)?;
            if input.code != *code {
                return Err(Invalid::at("/code", "stays: practices name it").into());
            }
            let kind = checked(input, old.currency, old.created_at, ctx.now())?;
            let view = PracticeTypeView::of(&kind);
            let mut step = ctx.step();
            step.replace(&old, &kind)?;
            ctx.audited(
                &mut step,
                "practice_type.updated",
                code,
                Some(&PracticeTypeView::of(&old)),
                Some(&view),
            )?;
            ctx.store().commit(step).await?;
            Ok(Stored { value: view, version: old.version + 1 })
        }
        .await
    )
}

/// Deletes a type that no practice is of.
pub async fn delete(ctx: &Context, code: &TypeCode, expected: Option<u64>) -> Result<()> {
    ctx.require(Role::Manager)?;
    retrying!(
        async {
            let old = find(ctx, code).await?;
            expect(&old, expected)?;
            let of_type = PracticeFilter { type_code: Some(code.clone()), ..PracticeFilter::default() };
            let one = crate::Page { limit: 1, cursor: None };
            if !ctx.store().practices(&ctx.tenant, &of_type, &one).await?.items.is_empty() {
                let detail = "there are practices of this type; with `offered` false no more are begun";
                return Err(Error::Conflict(detail.to_owned()));
            }
            let mut step = ctx.step();
            step.delete(&old);
            ctx.audited(&mut step, "practice_type.deleted", code, Some(&PracticeTypeView::of(&old)), None)?;
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
}

/// Adds to the step those of the example types that the tenant has none of by their codes, and says which there are then.
pub(crate) fn add_examples(
    ctx: &Context,
    step: &mut Transaction,
    present: &[Stored<PracticeType>],
) -> Result<Vec<PracticeType>> {
    let mut all: Vec<PracticeType> = present.iter().map(|kind| kind.value.clone()).collect();
    for kind in examples(ctx.now()) {
        if !all.iter().any(|present| present.code == kind.code) {
            step.create(&kind)?;
            all.push(kind);
        }
    }
    if all.len() > present.len() {
        check_count(all.len())?;
    }
    Ok(all)
}

fn check_count(types: usize) -> Result<()> {
    if types > PRACTICE_TYPES_MAX {
        let detail = format!("there can be {PRACTICE_TYPES_MAX} practice types, and there would be {types}");
        return Err(Error::Conflict(detail));
    }
    Ok(())
}

pub(crate) async fn find(ctx: &Context, code: &TypeCode) -> Result<Stored<PracticeType>> {
    ctx.store().get(&ctx.tenant, code).await?.ok_or(Error::NotFound("practice type"))
}

fn checked(
    input: PracticeTypeInput,
    currency: Currency,
    created_at: Timestamp,
    now: Timestamp,
) -> Result<PracticeType> {
    let currency = input.currency.unwrap_or(currency);
    let base_price = input.base_price.map(|amount| money("/base_price", amount, currency)).transpose()?;
    let within = |pointer: &str, number: Option<u16>, max: u16| match number {
        Some(number) if number == 0 || number > max => {
            Err(Invalid::at(pointer, format!("must be from 1 to {max}")))
        }
        number => Ok(number),
    };
    if input.required_documents.len() > REQUIRED_MAX {
        return Err(Invalid::at("/required_documents", format!("must be at most {REQUIRED_MAX}")).into());
    }
    let mut required_documents: Vec<String> = Vec::new();
    for (n, document) in input.required_documents.iter().enumerate() {
        let document =
            text::line(document, 120).map_err(|e| e.within(&format!("/required_documents/{n}")))?;
        if !required_documents.iter().any(|known| text::folded(known) == text::folded(&document)) {
            required_documents.push(document);
        }
    }
    let description = input.description.unwrap_or_default();
    Ok(PracticeType {
        code: input.code,
        name: text::line(&input.name, 120).map_err(|e| e.within("/name"))?,
        description: text::prose(&description, 2_000).map_err(|e| e.within("/description"))?,
        base_price,
        currency,
        duration_days: within("/duration_days", input.duration_days, 3_650)?,
        validity_months: within("/validity_months", input.validity_months, 1_200)?,
        required_documents,
        offered: input.offered.unwrap_or(true),
        created_at,
        updated_at: now,
    })
}

/// What somebody has to pay: so much of the currency, and not less than nothing.
pub(crate) fn money(pointer: &str, amount: Amount, currency: Currency) -> Result<Money> {
    if amount < Amount::default() {
        return Err(Invalid::at(pointer, "must not be less than 0").into());
    }
    let sum = Sum { amount, currency: Some(currency) };
    Ok(Money::of(sum, currency).map_err(|error| Invalid::at(pointer, error.message))?)
}

impl PracticeTypeInput {
    fn of(kind: &PracticeType) -> Self {
        Self {
            code: kind.code.clone(),
            name: kind.name.clone(),
            description: Some(kind.description.clone()),
            base_price: kind.base_price.map(|price| price.printed().amount),
            currency: Some(kind.currency),
            duration_days: kind.duration_days,
            validity_months: kind.validity_months,
            required_documents: kind.required_documents.clone(),
            offered: Some(kind.offered),
        }
    }
}

impl PracticeTypeView {
    fn of(kind: &PracticeType) -> Self {
        Self {
            code: kind.code.clone(),
            name: kind.name.clone(),
            description: kind.description.clone(),
            base_price: kind.base_price.map(|price| price.printed().amount),
            currency: kind.currency,
            duration_days: kind.duration_days,
            validity_months: kind.validity_months,
            required_documents: kind.required_documents.clone(),
            offered: kind.offered,
            created_at: kind.created_at,
            updated_at: kind.updated_at,
        }
    }
}
