//! Practices: services that clients are being given.

pub mod documents;
mod view;

pub use view::{PracticeDetail, PracticeOverview, PracticeRevenue, PracticeView, Renewable};

use crate::context::Context;
use crate::error::{Error, Result, expect, retrying};
use crate::practice_types::{self, money};
use crate::{Listing, Page, business_config, crm_settings, leads, merge_patch, renewals};
use documents::DocumentView;
use domain::crm::CrmSettings;
use domain::money::Amount;
use domain::practice::{
    Document, Practice, PracticePriority, PracticeStatus, PracticeType, Price, TypeCode, missing,
};
use domain::{ContactId, Currency, Day, Email, Invalid, PracticeId, Role, text};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{PracticeFilter, Settings, Stored};
use utoipa::{IntoParams, ToSchema};

/// How many days ahead renewals are looked for unless it is said.
const DAYS_AHEAD: u16 = 90;
/// How many days ahead they may be looked for: ten years.
const DAYS_AHEAD_MAX: u16 = 3_660;
/// How many alerts go in one step, with some six rows each.
const ALERTS_A_STEP: usize = 10;

/// What one writes of a practice.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PracticeInput {
    /// The client, who is the same record as a lead.
    pub client_id: ContactId,
    /// Of what type it is, however the code is written.
    pub practice_type_code: TypeCode,
    /// How far it is; `inquiry` if not given.
    #[serde(default)]
    pub status: Option<PracticeStatus>,
    /// How much it presses; `normal` if not given.
    #[serde(default)]
    pub priority: Option<PracticePriority>,
    /// What the client was told that it costs, in the currency's major unit; a new one has its type's price if not given.
    #[serde(default)]
    pub quoted_price: Option<Amount>,
    /// What it came to.
    #[serde(default)]
    pub actual_price: Option<Amount>,
    /// What the client has paid; 0 if not given.
    #[serde(default)]
    pub paid_amount: Option<Amount>,
    /// In which currency all of it is; the type's if not given.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// Who works on it: the e-mail address of a member, or of anybody.
    #[serde(default)]
    pub assigned_to: Option<Email>,
    /// The day on which work begins; that on which it is first in progress if not given.
    #[serde(default)]
    pub start_date: Option<Day>,
    /// The day on which it was completed; that on which its status says so if not given.
    #[serde(default)]
    pub completion_date: Option<Day>,
    /// The last day on which what was got is valid; after the type's validity if not given when it is completed.
    #[serde(default)]
    pub expiry_date: Option<Day>,
    /// What to know, 10,000 characters at most.
    #[serde(default)]
    pub notes: Option<String>,
}

/// Until when a practice is renewed.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RenewalInput {
    /// The last day of validity; after the type's validity if not given, from the present one, or from today where that has
    /// passed.
    pub expiry_date: Option<Day>,
}

/// Which practices to list: those that fit all that is given.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct PracticeSearch {
    /// Those of this client.
    #[param(value_type = Option<String>)]
    pub client_id: Option<ContactId>,
    /// Those in this status.
    pub status: Option<PracticeStatus>,
    /// Those of this type, however the code is written.
    #[serde(alias = "practice_type_code", alias = "practice_type")]
    #[param(value_type = Option<String>)]
    pub r#type: Option<TypeCode>,
    /// Those that this member works on, by e-mail address.
    #[param(value_type = Option<String>)]
    pub assigned_to: Option<Email>,
}

impl PracticeSearch {
    /// The query's parameters, to be kept in the link to the next page.
    pub fn as_parameters(&self) -> [(&'static str, Option<String>); 4] {
        [
            ("client_id", self.client_id.map(|id| id.to_string())),
            ("status", self.status.map(|status| status.as_str().to_owned())),
            ("type", self.r#type.as_ref().map(TypeCode::to_string)),
            ("assigned_to", self.assigned_to.as_ref().map(Email::to_string)),
        ]
    }

    fn filter(&self, active: bool) -> PracticeFilter {
        PracticeFilter {
            contact: self.client_id,
            status: self.status,
            type_code: self.r#type.clone(),
            assignee: self.assigned_to.clone(),
            active,
        }
    }
}

/// Which renewals are looked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct RenewalSearch {
    /// Within how many days from today, today included: 1 to 3,660; 90 if not given.
    #[param(value_type = Option<u16>)]
    pub days: Option<u16>,
    /// Those that this member works on, by e-mail address.
    #[param(value_type = Option<String>)]
    pub assigned_to: Option<Email>,
}

impl RenewalSearch {
    /// The query's parameters, to be kept in the link to the next page.
    pub fn as_parameters(&self) -> [(&'static str, Option<String>); 2] {
        [
            ("days", self.days.map(|days| days.to_string())),
            ("assigned_to", self.assigned_to.as_ref().map(Email::to_string)),
        ]
    }
}

/// Stores a new practice of a client.
pub async fn create(ctx: &Context, input: PracticeInput) -> Result<Stored<PracticeView>> {
    ctx.require(Role::Member)?;
    let (rules, client, kind) = tokio::join!(
        Rules::read(ctx),
        leads::named(ctx, input.client_id),
        chosen_type(ctx, &input.practice_type_code),
    );
    // Whose the client is comes before what the type is.
    let (client, kind, rules) = (client?, kind?, rules?);
    let input = PracticeInput { client_id: client.id, ..input };
    if !kind.offered {
        return Err(Invalid::at("/practice_type_code", "is not offered any more").into());
    }
    let now = ctx.now();
    let mut practice = Practice::new(ctx.new_id(), input.client_id, &kind, ctx.actor.name(), now);
    let fixed = kind.base_price.filter(|price| input.currency.is_none_or(|own| own == price.currency));
    let quoted_price = input.quoted_price.or_else(|| fixed.map(|price| price.printed().amount));
    let input = PracticeInput { quoted_price, ..input };
    apply(&mut practice, input, &kind, &ctx.actor.name(), rules.today(ctx), now)?;
    rules.arm(ctx, &mut practice);
    // A practice begins where it is said to be.
    practice.status_history.clear();
    let view = PracticeView::of(&practice);
    let mut step = ctx.step();
    step.create(&practice)?;
    ctx.audited(&mut step, "practice.created", practice.id, None, Some(&view))?;
    ctx.remember(&mut step, 201, &view)?;
    ctx.store().commit(step).await?;
    Ok(Stored { value: view, version: 1 })
}

/// One practice, with its documents and what is missing of them.
pub async fn get(ctx: &Context, id: PracticeId) -> Result<Stored<PracticeDetail>> {
    ctx.require(Role::Viewer)?;
    let (settings, (practice, documents)) =
        tokio::try_join!(business_config::get(ctx), documents::with_documents(ctx, id))?;
    let kind = known_type(ctx, &practice).await?;
    let there: Vec<Document> = documents.into_iter().map(|document| document.value).collect();
    let detail = PracticeDetail {
        practice: PracticeView::of(&practice),
        missing_documents: missing(&kind.required_documents, &there, settings.config.day_of(ctx.now())),
        documents: there.iter().map(|document| DocumentView::with_address(ctx, document)).collect(),
    };
    Ok(Stored { value: detail, version: practice.version })
}

/// The practices that fit, newest first; with `active`, only those that there is work left on. A page may be short where
/// few fit several filters.
pub async fn list(
    ctx: &Context,
    search: &PracticeSearch,
    active: bool,
    page: &Page,
) -> Result<Listing<PracticeView>> {
    ctx.require(Role::Viewer)?;
    let listing = ctx.store().practices(&ctx.tenant, &search.filter(active), page).await?;
    Ok(shown(listing))
}

/// The practices that may have to be renewed within some days from today on, the first that expires first.
pub async fn upcoming_renewals(
    ctx: &Context,
    search: &RenewalSearch,
    page: &Page,
) -> Result<Listing<PracticeView>> {
    Ok(shown(expiring(ctx, search, page).await?))
}

/// The same, as they are stored.
pub(crate) async fn expiring(
    ctx: &Context,
    search: &RenewalSearch,
    page: &Page,
) -> Result<Listing<Stored<Practice>>> {
    ctx.require(Role::Viewer)?;
    let days = search.days.unwrap_or(DAYS_AHEAD);
    if days == 0 || days > DAYS_AHEAD_MAX {
        return Err(Invalid::at("?days", format!("must be from 1 to {DAYS_AHEAD_MAX}")).into());
    }
    let today = business_config::get(ctx).await?.config.day_of(ctx.now());
    let until = today.saturating_add(i32::from(days).days());
    let filter = PracticeFilter { assignee: search.assigned_to.clone(), ..PracticeFilter::default() };
    Ok(ctx.store().expiring_practices(&ctx.tenant, (today, until), &filter, page).await?)
}

/// How many practices there are, and what they bring in, from counters.
pub async fn overview(ctx: &Context) -> Result<PracticeOverview> {
    ctx.require(Role::Viewer)?;
    Ok(PracticeOverview::of(ctx.store().practice_figures(&ctx.tenant).await?))
}

/// Changes the fields that the merge patch names. `expected` is the version that the caller saw, if they care.
pub async fn update(
    ctx: &Context,
    id: PracticeId,
    patch: &Value,
    expected: Option<u64>,
) -> Result<Stored<PracticeView>> {
    ctx.require(Role::Member)?;
    let rules = Rules::read(ctx).await?;
    let today = rules.today(ctx);
    retrying!(
        async {
            let old = find(ctx, id).await?;
            expect(&old, expected)?;
            let mut input: PracticeInput = merge_patch(&PracticeInput::of(&old), patch)?;
            // A client who is gone keeps their practices, and a type that is gone stays theirs.
            if input.client_id != old.contact_id {
                input.client_id = leads::named(ctx, input.client_id).await?.id;
            }
            let kind = if input.practice_type_code == old.type_code {
                known_type(ctx, &old).await?
            } else {
                chosen_type(ctx, &input.practice_type_code).await?
            };
            let mut practice = old.value.clone();
            apply(&mut practice, input, &kind, &ctx.actor.name(), today, ctx.now())?;
            rules.arm(ctx, &mut practice);
            replace(ctx, &old, &practice, "practice.updated").await
        }
        .await
    )
}

/// Makes what was got valid until a later day.
pub async fn renew(
    ctx: &Context,
    id: PracticeId,
    input: &RenewalInput,
    expected: Option<u64>,
) -> Result<Stored<PracticeView>> {
    ctx.require(Role::Member)?;
    let rules = Rules::read(ctx).await?;
    let today = rules.today(ctx);
    retrying!(
        async {
            let old = find(ctx, id).await?;
            expect(&old, expected)?;
            if old.status == PracticeStatus::Cancelled {
                return Err(Error::Conflict("the practice is cancelled".to_owned()));
            }
            let (validity, now) = (known_type(ctx, &old).await?.validity_months, ctx.now());
            let mut practice = Practice { updated_at: now, ..old.value.clone() };
            practice.renew(input.expiry_date.map(Day::date), validity, today, &ctx.actor.name(), now)?;
            rules.arm(ctx, &mut practice);
            replace(ctx, &old, &practice, "practice.renewed").await
        }
        .await
    )
}

/// Deletes a practice with its documents, and the alerts of its end.
pub async fn delete(ctx: &Context, id: PracticeId, expected: Option<u64>) -> Result<()> {
    ctx.require(Role::Member)?;
    retrying!(
        async {
            let (old, documents) = documents::with_documents(ctx, id).await?;
            expect(&old, expected)?;
            documents::remove_files(ctx, documents.iter().map(|document| &document.value)).await?;
            for alerts in ctx.store().renewal_alerts_of(&ctx.tenant, id).await?.chunks(ALERTS_A_STEP) {
                let mut step = ctx.step();
                for alert in alerts {
                    step.delete(alert);
                }
                ctx.store().commit(step).await?;
            }
            let mut step = ctx.step();
            step.delete(&old);
            for document in &documents {
                step.delete(document);
            }
            ctx.audited(&mut step, "practice.deleted", id, Some(&PracticeView::of(&old)), None)?;
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
}

/// By what practices are kept: the business's calendar, and when it wants to be alerted.
struct Rules {
    config: Stored<Settings>,
    crm: Stored<CrmSettings>,
}

impl Rules {
    async fn read(ctx: &Context) -> Result<Self> {
        let (config, crm) = tokio::try_join!(business_config::get(ctx), crm_settings::get(ctx))?;
        Ok(Self { config, crm })
    }

    fn today(&self, ctx: &Context) -> Date {
        self.config.config.day_of(ctx.now())
    }

    /// Notes when somebody is to be alerted of the practice's end.
    fn arm(&self, ctx: &Context, practice: &mut Practice) {
        renewals::arm(ctx, practice, &self.config.config, &self.crm);
    }
}

/// Stores another state of a practice.
async fn replace(
    ctx: &Context,
    old: &Stored<Practice>,
    practice: &Practice,
    action: &str,
) -> Result<Stored<PracticeView>> {
    let view = PracticeView::of(practice);
    let mut step = ctx.step();
    step.replace(old, practice)?;
    ctx.audited(&mut step, action, practice.id, Some(&PracticeView::of(old)), Some(&view))?;
    ctx.remember(&mut step, 200, &view)?;
    ctx.store().commit(step).await?;
    Ok(Stored { value: view, version: old.version + 1 })
}

pub(crate) async fn find(ctx: &Context, id: PracticeId) -> Result<Stored<Practice>> {
    ctx.store().get::<Practice>(&ctx.tenant, &id).await?.ok_or(Error::NotFound("practice"))
}

/// The type that a caller names.
async fn chosen_type(ctx: &Context, code: &TypeCode) -> Result<PracticeType> {
    match practice_types::find(ctx, code).await {
        Ok(kind) => Ok(kind.value),
        Err(Error::NotFound(_)) => Err(Invalid::at(
            "/practice_type_code",
            "is not a practice type of this business; GET /crm/practice-types lists them",
        )
        .into()),
        Err(other) => Err(other),
    }
}

/// The type that a practice is of; where it is gone, what the practice itself says of it.
async fn known_type(ctx: &Context, practice: &Practice) -> Result<PracticeType> {
    let kind = ctx.store().get::<PracticeType>(&ctx.tenant, &practice.type_code).await?;
    Ok(kind.map_or_else(|| PracticeType::gone(practice), |kind| kind.value))
}

fn shown(listing: Listing<Stored<Practice>>) -> Listing<PracticeView> {
    Listing {
        items: listing.items.iter().map(|practice| PracticeView::of(practice)).collect(),
        next: listing.next,
    }
}

/// Checks what was written and makes it the practice's. What always has a value and is not written stays as it is.
fn apply(
    practice: &mut Practice,
    input: PracticeInput,
    kind: &PracticeType,
    by: &str,
    today: Date,
    now: Timestamp,
) -> Result<()> {
    let currency = input.currency.unwrap_or(practice.price.currency);
    let minor = |pointer: &str, amount: Option<Amount>| {
        amount.map(|amount| Ok::<_, Error>(money(pointer, amount, currency)?.minor)).transpose()
    };
    let notes = input.notes.unwrap_or_default();
    let begins = input.start_date;
    for (pointer, ends) in [("/completion_date", input.completion_date), ("/expiry_date", input.expiry_date)]
    {
        if begins.is_some_and(|begins| ends.is_some_and(|ends| ends < begins)) {
            return Err(Invalid::at(pointer, "must not be before start_date").into());
        }
    }
    let price = Price {
        currency,
        quoted: minor("/quoted_price", input.quoted_price)?,
        actual: minor("/actual_price", input.actual_price)?,
        paid: minor("/paid_amount", input.paid_amount)?.unwrap_or_default(),
    };
    practice.set_price(price, by, now);
    // What a person wrote is theirs.
    practice.read_in = None;
    practice.notes = text::prose(&notes, 10_000).map_err(|e| e.within("/notes"))?;
    practice.contact_id = input.client_id;
    if practice.type_code != kind.code {
        practice.type_code = kind.code.clone();
        practice.type_name.clone_from(&kind.name);
    }
    practice.priority = input.priority.unwrap_or(practice.priority);
    practice.assignee = input.assigned_to;
    practice.start_date = input.start_date.map(Day::date);
    practice.completion_date = input.completion_date.map(Day::date);
    practice.expiry_date = input.expiry_date.map(Day::date);
    let status = input.status.unwrap_or(practice.status);
    practice.move_to(status, kind.validity_months, today, by, now);
    practice.updated_at = now;
    Ok(())
}

/// So many minor units as the API prints them.
fn amount(price: &Price, minor: Option<i64>) -> Option<Amount> {
    minor.map(|minor| price.money(minor).printed().amount)
}

fn day(date: Option<Date>) -> Option<Day> {
    date.and_then(|date| date.try_into().ok())
}

impl PracticeInput {
    fn of(practice: &Practice) -> Self {
        let price = &practice.price;
        Self {
            client_id: practice.contact_id,
            practice_type_code: practice.type_code.clone(),
            status: Some(practice.status),
            priority: Some(practice.priority),
            quoted_price: amount(price, price.quoted),
            actual_price: amount(price, price.actual),
            paid_amount: amount(price, Some(price.paid)),
            currency: Some(price.currency),
            assigned_to: practice.assignee.clone(),
            start_date: day(practice.start_date),
            completion_date: day(practice.completion_date),
            expiry_date: day(practice.expiry_date),
            notes: Some(practice.notes.clone()),
        }
    }
}
