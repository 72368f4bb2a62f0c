//! Leads into files.

mod writing;

pub use writing::{BUDGET, work};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::leads::{self, Lead, LeadSearch};
use crate::{Listing, Page, business_config};
use contracts::Job;
use domain::business::{BusinessConfig, FieldKind};
use domain::contact::Consent;
use domain::import::columns::{Field, Statement, consent_columns};
use domain::import::{Export, ExportStatus};
use domain::{Email, ExportId, Invalid, Role};
use files::{Key, Kind};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How long a file can be had: the bucket forgets it then.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long the address of a file is good; the next `GET` shows another one.
const LINK_VALID: SignedDuration = SignedDuration::from_mins(15);

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// Comma-separated values in UTF-8, with a line of names, as `POST /leads/import` reads them.
    #[default]
    Csv,
}

/// What to export.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExportInput {
    /// In which form: `csv`.
    pub format: ExportFormat,
    /// Which leads, by the parameters of `GET /leads`; all if not given.
    #[schema(value_type = BTreeMap<String, String>)]
    pub filter: BTreeMap<String, String>,
}

/// An export, as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExportView {
    /// The export's id.
    pub id: ExportId,
    /// Where it stands.
    pub status: ExportStatus,
    /// In which form.
    pub format: ExportFormat,
    /// Which leads.
    pub filter: BTreeMap<String, String>,
    /// How many leads were written so far.
    pub rows: u32,
    /// Where to have the file with `GET`, for 15 minutes; no other credential is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download_url: Option<String>,
    /// Until when the file is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub available_until: Option<Timestamp>,
    /// Why it could not be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// When it was asked for.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it was complete.
    #[schema(value_type = Option<String>)]
    pub finished_at: Option<Timestamp>,
}

impl ExportView {
    fn of(export: &Export) -> Self {
        Self {
            id: export.id,
            status: export.status,
            format: ExportFormat::Csv,
            filter: export.filter.clone(),
            rows: export.rows,
            download_url: None,
            available_until: export.finished_at.map(|at| at + KEPT),
            failure: export.failure.clone(),
            created_at: export.created_at,
            finished_at: export.finished_at,
        }
    }
}

/// Begins to write the leads that fit into a file.
pub async fn create(ctx: &Context, input: ExportInput) -> Result<ExportView> {
    ctx.require(Role::Member)?;
    let search = search(&input.filter)?;
    // What the list would refuse is refused before anything is promised.
    leads::list(ctx, &search, &Page { limit: 1, cursor: None }).await.map_err(of_filter)?;
    let config = business_config::get(ctx).await?;
    let now = ctx.now();
    let export = Export {
        id: ctx.new_id(),
        status: ExportStatus::Running,
        filter: input.filter,
        custom_fields: config.config.open_fields().map(|field| field.name.clone()).collect(),
        cursor: None,
        rows: 0,
        upload: None,
        parts: Vec::new(),
        rest: None,
        failure: None,
        created_at: now,
        updated_at: now,
        finished_at: None,
    };
    let view = ExportView::of(&export);
    let mut step = ctx.step();
    step.create(&export)?;
    step.enqueue(Job::RunExport { export: export.id });
    ctx.audited(&mut step, "export.created", export.id, None, Some(&view))?;
    ctx.remember(&mut step, 202, &view)?;
    ctx.store().commit(step).await?;
    Ok(view)
}

/// One export; once its file is there, with an address to have it from.
pub async fn get(ctx: &Context, id: ExportId) -> Result<ExportView> {
    ctx.require(Role::Member)?;
    let export = ctx.store().get::<Export>(&ctx.tenant, &id).await?.ok_or(Error::NotFound("export"))?;
    let mut view = ExportView::of(&export);
    if view.available_until.is_some_and(|until| until > ctx.now()) && export.status == ExportStatus::Completed
    {
        view.download_url =
            Some(ctx.platform.files.download_link(&key(ctx, id), "leads.csv", LINK_VALID).url);
    }
    Ok(view)
}

/// Exports, newest first.
pub async fn list(ctx: &Context, page: &Page) -> Result<Listing<ExportView>> {
    ctx.require(Role::Member)?;
    let listing = ctx.store().list::<Export>(&ctx.tenant, store::EXPORTS, page).await?;
    let views = listing.items.iter().map(|export| ExportView::of(export));
    Ok(Listing { items: views.collect(), next: listing.next })
}

fn key(ctx: &Context, id: ExportId) -> Key {
    Key::of(&ctx.tenant, Kind::Export, id)
}

/// The list's search that a filter means.
fn search(filter: &BTreeMap<String, String>) -> Result<LeadSearch> {
    let known = LeadSearch::default().as_parameters();
    for name in filter.keys() {
        if known.iter().all(|(own, _)| own != name) {
            let names = known.map(|(own, _)| own).join(", ");
            return Err(Invalid::at(format!("/filter/{name}"), format!("is none of {names}")).into());
        }
    }
    let value = serde_json::to_value(filter).map_err(|_| Error::Internal("a filter is no JSON"))?;
    crate::merge::read(value).map_err(|error| match error {
        Error::Invalid(invalid) => invalid.within("/filter").into(),
        other => other,
    })
}

/// A refusal of the list, as one of the filter.
fn of_filter(error: Error) -> Error {
    match error {
        Error::Invalid(mut invalid) => {
            invalid.pointer = format!("/filter/{}", invalid.pointer.trim_start_matches('?'));
            invalid.into()
        }
        other => other,
    }
}

/// A column of the file.
#[derive(Debug)]
enum Column {
    /// One that an import reads.
    Field(Field),
    /// What an import leaves out.
    Suppressed,
    CreatedAt,
    UpdatedAt,
    LastContactAt,
}

fn columns(custom_fields: &[String]) -> Vec<(String, Column)> {
    let mut fields = vec![
        Field::Id,
        Field::FirstName,
        Field::LastName,
        Field::Email,
        Field::Phone,
        Field::Company,
        Field::Position,
        Field::Nationality,
        Field::Address,
        Field::Source,
        Field::CampaignId,
        Field::Assignee,
        Field::Status,
        Field::ClientStatus,
        Field::Score,
        Field::Timezone,
        Field::Tags,
        Field::Notes,
        Field::Value,
        Field::ValueCurrency,
        Field::Preferences,
    ];
    fields.extend(custom_fields.iter().map(|name| Field::Custom(name.clone())));
    fields.push(Field::CustomFields);
    fields.extend(consent_columns());
    let mut columns: Vec<(String, Column)> =
        fields.into_iter().map(|field| (field.to_string(), Column::Field(field))).collect();
    for (name, column) in [
        ("suppressed", Column::Suppressed),
        ("created_at", Column::CreatedAt),
        ("updated_at", Column::UpdatedAt),
        ("last_contact_at", Column::LastContactAt),
    ] {
        columns.push((name.to_owned(), column));
    }
    columns
}

impl Column {
    fn cell(&self, lead: &Lead, config: &BusinessConfig, custom_fields: &[String]) -> String {
        let fields = &lead.fields;
        let address = |email: &Option<Email>| email.as_ref().map(Email::to_string).unwrap_or_default();
        let field = match self {
            Self::Field(field) => field,
            Self::Suppressed => {
                let channels: Vec<&str> = lead.suppression.keys().map(|channel| channel.as_str()).collect();
                return channels.join(";");
            }
            Self::CreatedAt => return lead.created_at.to_string(),
            Self::UpdatedAt => return lead.updated_at.to_string(),
            Self::LastContactAt => return lead.last_contact_at.map(|at| at.to_string()).unwrap_or_default(),
        };
        match field {
            Field::Id => lead.id.to_string(),
            Field::Name => String::new(),
            Field::FirstName => fields.first_name.clone(),
            Field::LastName => fields.last_name.clone(),
            Field::Email => address(&fields.email),
            Field::Phone => fields.phone.clone().unwrap_or_default(),
            Field::Company => fields.company.clone(),
            Field::Position => fields.position.clone(),
            Field::Nationality => fields.nationality.clone(),
            Field::Address => fields.address.clone(),
            Field::Source => fields.source.clone(),
            Field::CampaignId => fields.campaign_id.map(|id| id.to_string()).unwrap_or_default(),
            Field::Assignee => address(&fields.assignee),
            Field::Status => fields.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            Field::ClientStatus => {
                fields.client_status.map(|status| status.as_str().to_owned()).unwrap_or_default()
            }
            Field::Score => fields.score.map(|score| score.to_string()).unwrap_or_default(),
            Field::Timezone => fields.timezone.as_ref().map(ToString::to_string).unwrap_or_default(),
            Field::Tags => several(&fields.tags),
            Field::Notes => fields.notes.clone(),
            Field::Value => fields.value.map(|sum| json(&sum.amount)).unwrap_or_default(),
            Field::ValueCurrency => fields
                .value
                .and_then(|sum| sum.currency)
                .map(|currency| currency.to_string())
                .unwrap_or_default(),
            Field::Preferences => object(fields.preferences.clone().into_iter().collect()),
            Field::CustomFields => {
                let apart = |name: &String| {
                    custom_fields.contains(name) && own_cell(config, name, &fields.custom_fields).is_some()
                };
                let rest = fields.custom_fields.iter().filter(|(name, _)| !apart(name));
                object(rest.map(|(name, value)| (name.clone(), value.clone())).collect())
            }
            Field::Custom(name) => own_cell(config, name, &fields.custom_fields).unwrap_or_default(),
            Field::Consent(channel, part) => consent(fields.consent.get(channel), *part),
        }
    }
}

/// A custom field in a cell of its own, if it is what its definition says: else it goes with the rest.
fn own_cell(config: &BusinessConfig, name: &str, values: &BTreeMap<String, Value>) -> Option<String> {
    let kind = config.custom_fields.iter().find(|field| field.name == name)?.kind;
    match (kind, values.get(name)?) {
        (FieldKind::Text | FieldKind::Select | FieldKind::Date, Value::String(text)) => Some(text.clone()),
        (FieldKind::Number, Value::Number(number)) => Some(number.to_string()),
        (FieldKind::Boolean, Value::Bool(yes)) => Some(yes.to_string()),
        (FieldKind::MultiSelect, Value::Array(entries)) => {
            let entries = entries.iter().map(|entry| entry.as_str().map(str::to_owned));
            entries.collect::<Option<Vec<_>>>().map(|entries| several(&entries))
        }
        _ => None,
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Several texts in one cell; as JSON where one of them holds what separates them.
fn several(entries: &[String]) -> String {
    let separates = |entry: &String| entry.contains([';', '|', ',']) || entry.starts_with('[');
    if entries.iter().any(separates) { json(&entries) } else { entries.join(";") }
}

fn object(values: Map<String, Value>) -> String {
    if values.is_empty() { String::new() } else { Value::Object(values).to_string() }
}

fn consent(consent: Option<&Consent>, part: Statement) -> String {
    let Some(consent) = consent else { return String::new() };
    match part {
        Statement::Granted => if consent.granted { "yes" } else { "no" }.to_owned(),
        Statement::Basis => consent.basis.clone(),
        Statement::Source => consent.source.clone(),
        Statement::At => consent.at.map(|at| at.to_string()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leads::LeadInput;

    #[test]
    fn every_field_of_a_lead_has_its_column_on_the_way_in_and_out() {
        let written: Vec<String> = columns(&[]).into_iter().map(|(name, _)| name).collect();
        let lead = serde_json::to_value(LeadInput::default()).unwrap();
        for name in lead.as_object().unwrap().keys() {
            // A statement of consent has columns for each channel.
            let name = if name == "consent" { "consent_voice" } else { name };
            assert!(Field::try_from(name.to_owned()).is_ok(), "{name} is not read");
            assert!(written.iter().any(|column| column == name), "{name} is not written");
        }
    }
}
