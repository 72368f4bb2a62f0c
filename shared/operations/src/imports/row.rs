//! What a row of a file says about a lead.

use crate::leads::LeadInput;
use domain::business::{BusinessConfig, FieldKind};
use domain::contact::{Channel, ClientStatus, Consent, LeadStatus, split_name};
use domain::import::columns::{self, Field, Statement};
use domain::import::{Header, RowError};
use domain::money::{Amount, Sum};
use domain::zone::ZoneName;
use domain::{CampaignId, ContactId, Currency, Email, Invalid, Phone, csv, text};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How many mistakes of one row are told.
const ERRORS_OF_ROW: usize = 10;

/// A row: which lead it names, and what it says. A cell that is empty says nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) number: u32,
    pub(super) id: Option<ContactId>,
    pub(super) phone: Option<Phone>,
    pub(super) email: Option<Email>,
    pub(super) source: Option<String>,
    pub(super) campaign_id: Option<CampaignId>,
    name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    position: Option<String>,
    nationality: Option<String>,
    address: Option<String>,
    assignee: Option<Email>,
    status: Option<LeadStatus>,
    client_status: Option<ClientStatus>,
    score: Option<u8>,
    timezone: Option<ZoneName>,
    tags: Option<Vec<String>>,
    preferences: Map<String, Value>,
    notes: Option<String>,
    custom_fields: Map<String, Value>,
    value: Option<Amount>,
    currency: Option<Currency>,
    consent: BTreeMap<Channel, Said>,
}

/// A statement of consent, as far as the row makes one.
#[derive(Debug, Clone, Default)]
struct Said {
    granted: Option<bool>,
    basis: Option<String>,
    source: Option<String>,
    at: Option<Timestamp>,
}

/// A mistake, with the field and the file's own name of it.
pub(super) fn mistake(number: u32, field: &str, header: &Header, detail: &str) -> RowError {
    RowError {
        row: number,
        field: text::shortened(field, 100),
        column: header.column_of(field).map(|column| text::shortened(column, 60)),
        detail: text::shortened(detail, 300),
    }
}

/// The field that a pointer into a lead's document means.
pub(super) fn field_of(pointer: &str) -> String {
    let mut parts = pointer.trim_start_matches('/').split('/');
    match (parts.next().unwrap_or_default(), parts.next()) {
        ("custom_fields", Some(name)) => format!("custom_fields.{name}"),
        (field, _) => field.to_owned(),
    }
}

impl Row {
    /// Reads the cells of row `number`; every mistake is told.
    pub(super) fn read(
        number: u32,
        cells: csv::Cells,
        header: &Header,
        config: &BusinessConfig,
    ) -> Result<Self, Vec<RowError>> {
        let whole = |detail: &str| vec![mistake(number, "", header, detail)];
        let cells = match cells {
            csv::Cells::Read(cells) => cells,
            csv::Cells::NotUtf8 => return Err(whole(&columns::not_utf8().message)),
            csv::Cells::Unclosed => return Err(whole("opens a quote that is never closed")),
        };
        if cells.iter().skip(header.columns.len()).any(|cell| !cell.trim().is_empty()) {
            return Err(whole("has more cells than the first line names"));
        }
        let mut row = Self { number, ..Self::default() };
        let mut errors = Vec::new();
        for (cell, column) in cells.iter().zip(&header.columns) {
            let (Some(field), false) = (&column.field, cell.trim().is_empty()) else { continue };
            if let Err(invalid) = row.take(field, csv::as_meant(cell), config) {
                errors.push(mistake(number, &field.to_string(), header, &invalid.message));
            }
        }
        errors.truncate(ERRORS_OF_ROW);
        if errors.is_empty() { Ok(row) } else { Err(errors) }
    }

    fn take(&mut self, field: &Field, cell: &str, config: &BusinessConfig) -> Result<(), Invalid> {
        let trimmed = cell.trim();
        let owned = || Some(trimmed.to_owned());
        match field {
            // The id of another system names no lead of ours.
            Field::Id => self.id = trimmed.parse().ok(),
            Field::Name => self.name = owned(),
            Field::FirstName => self.first_name = owned(),
            Field::LastName => self.last_name = owned(),
            Field::Email => self.email = Some(trimmed.parse()?),
            Field::Phone => self.phone = Some(Phone::parse(trimmed, config.default_country)?),
            Field::Company => self.company = owned(),
            Field::Position => self.position = owned(),
            Field::Nationality => self.nationality = owned(),
            Field::Address => self.address = owned(),
            Field::Source => self.source = owned(),
            Field::CampaignId => self.campaign_id = Some(trimmed.parse()?),
            Field::Assignee => self.assignee = Some(trimmed.parse()?),
            Field::Status => self.status = Some(status(trimmed)?),
            Field::ClientStatus => self.client_status = Some(client_status(trimmed)?),
            Field::Score => self.score = Some(score(trimmed)?),
            Field::Timezone => self.timezone = Some(trimmed.parse()?),
            Field::Tags => self.tags = Some(several(trimmed)?),
            Field::Preferences => self.preferences = object(trimmed)?,
            Field::Notes => self.notes = Some(cell.to_owned()),
            Field::Value => self.value = Some(amount(trimmed)?),
            Field::ValueCurrency => self.currency = Some(trimmed.to_ascii_uppercase().parse()?),
            Field::CustomFields => {
                for (name, value) in object(trimmed)? {
                    self.custom_fields.entry(name).or_insert(value);
                }
            }
            Field::Custom(name) => {
                let kind = config.custom_fields.iter().find(|own| own.name == *name).map(|own| own.kind);
                self.custom_fields.insert(name.clone(), custom(kind, cell)?);
            }
            Field::Consent(channel, part) => {
                let said = self.consent.entry(*channel).or_default();
                match part {
                    Statement::Granted => said.granted = Some(granted(trimmed)?),
                    Statement::Basis => said.basis = Some(text::line(trimmed, 200)?),
                    Statement::Source => said.source = Some(text::line(trimmed, 200)?),
                    Statement::At => said.at = Some(instant(trimmed, config)?),
                }
            }
        }
        Ok(())
    }

    /// Lays what the row says over what is known.
    pub(super) fn lay_over(&self, input: &mut LeadInput) {
        let (mut first, mut last) = (self.first_name.clone(), self.last_name.clone());
        if let (None, None, Some(name)) = (&first, &last, &self.name) {
            let (given, family) = split_name(name);
            (first, last) = (Some(given), Some(family));
        }
        let texts = [
            (&mut input.first_name, &first),
            (&mut input.last_name, &last),
            (&mut input.company, &self.company),
            (&mut input.position, &self.position),
            (&mut input.nationality, &self.nationality),
            (&mut input.address, &self.address),
            (&mut input.source, &self.source),
            (&mut input.notes, &self.notes),
        ];
        for (target, said) in texts {
            if let Some(said) = said {
                target.clone_from(said);
            }
        }
        if let Some(phone) = &self.phone {
            input.phone = Some(phone.to_string());
        }
        if let Some(tags) = &self.tags {
            input.tags.clone_from(tags);
        }
        // The spelling of an address that is known stays: addresses compare without case.
        if self.email.is_some() && input.email != self.email {
            input.email.clone_from(&self.email);
        }
        if self.assignee.is_some() && input.assignee != self.assignee {
            input.assignee.clone_from(&self.assignee);
        }
        if let Some(amount) = self.value {
            let currency = self.currency.or(input.value.and_then(|known| known.currency));
            input.value = Some(Sum { amount, currency });
        }
        input.campaign_id = self.campaign_id.or(input.campaign_id);
        input.status = self.status.or(input.status);
        input.client_status = self.client_status.or(input.client_status);
        input.score = self.score.or(input.score);
        input.timezone = self.timezone.clone().or(input.timezone.take());
        input.preferences.extend(self.preferences.clone());
        input.custom_fields.extend(self.custom_fields.clone());
        for (channel, said) in &self.consent {
            // Whence and when without a yes or no, such as a source that is the same in every row, is no statement.
            let Some(granted) = said.granted else { continue };
            // A statement that is made again keeps what was known of it; another answer is another statement.
            let known = input.consent.remove(channel).filter(|known| known.granted == granted);
            let mut consent =
                known.unwrap_or(Consent { granted, basis: String::new(), source: String::new(), at: None });
            consent.basis = said.basis.clone().unwrap_or(consent.basis);
            consent.source = said.source.clone().unwrap_or(consent.source);
            consent.at = said.at.or(consent.at);
            input.consent.insert(*channel, consent);
        }
    }
}

fn status(text: &str) -> Result<LeadStatus, Invalid> {
    let known = LeadStatus::ALL.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(text));
    known.ok_or_else(|| {
        let words = LeadStatus::ALL.map(LeadStatus::as_str).join(", ");
        Invalid::new(format!("is not a status: {words} are expected"))
    })
}

fn client_status(text: &str) -> Result<ClientStatus, Invalid> {
    let known = ClientStatus::ALL.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(text));
    known.ok_or_else(|| Invalid::new("is not a client status: prospect, active or inactive is expected"))
}

fn score(text: &str) -> Result<u8, Invalid> {
    let score = text.parse().ok().filter(|score| *score <= 100);
    score.ok_or_else(|| Invalid::new("must be a whole number from 0 to 100"))
}

/// A sum as it stands in `POST /leads`: a point before the decimals, and nothing between the thousands.
fn amount(text: &str) -> Result<Amount, Invalid> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| Invalid::new("must be a number such as 1250000 or 99.5"))?.try_into()
}

fn granted(text: &str) -> Result<bool, Invalid> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" | "granted" | "opt_in" | "opt-in" | "s\u{ec}" | "si" => Ok(true),
        "no" | "n" | "false" | "0" | "denied" | "opt_out" | "opt-out" => Ok(false),
        _ => Err(Invalid::new(
            "must be yes or no (true or false, 1 or 0, granted or denied); empty says nothing",
        )),
    }
}

/// An instant, or the beginning of a day where the business is.
fn instant(text: &str, config: &BusinessConfig) -> Result<Timestamp, Invalid> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let day = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    let start = day.and_then(|day| day.to_zoned(config.timezone.time_zone()).ok());
    start
        .map(|start| start.timestamp())
        .ok_or_else(|| Invalid::new("must be a day (YYYY-MM-DD) or an instant such as 2026-11-21T09:00:00Z"))
}

/// The entries of a cell that holds several: as a JSON array, or between `;` or `|`, or between commas.
fn several(cell: &str) -> Result<Vec<String>, Invalid> {
    if cell.starts_with('[') {
        return serde_json::from_str(cell)
            .map_err(|_| Invalid::new("begins with [ and is no JSON array of texts"));
    }
    let separators: &[char] = if cell.contains([';', '|']) { &[';', '|'] } else { &[','] };
    let entries = cell.split(separators).map(str::trim).filter(|entry| !entry.is_empty());
    Ok(entries.map(str::to_owned).collect())
}

fn object(cell: &str) -> Result<Map<String, Value>, Invalid> {
    serde_json::from_str(cell).map_err(|_| Invalid::new("must be a JSON object"))
}

fn custom(kind: Option<FieldKind>, cell: &str) -> Result<Value, Invalid> {
    let trimmed = cell.trim();
    match kind {
        Some(FieldKind::Number) => number(trimmed).ok_or_else(|| Invalid::new("must be a number")),
        Some(FieldKind::Boolean) => {
            granted(trimmed).map(Value::Bool).map_err(|_| Invalid::new("must be yes or no, or true or false"))
        }
        Some(FieldKind::MultiSelect) => several(trimmed).map(Value::from),
        Some(FieldKind::Date | FieldKind::Select) => Ok(trimmed.into()),
        Some(FieldKind::Text) | None => Ok(cell.into()),
    }
}

/// A number as the table keeps it: one without a fraction is whole.
fn number(text: &str) -> Option<Value> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite())?;
    let whole = number.fract() == 0.0 && number.abs() < 9e15;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and far from the end")]
    if whole { Some((number as i64).into()) } else { Some(number.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config() -> BusinessConfig {
        serde_json::from_value(json!({
            "default_country": "IT", "timezone": "Asia/Kolkata",
            "customFields": [{"name": "rooms", "type": "number"}, {"name": "wants", "type": "multi_select", "options": ["a", "b;c"]}]
        }))
        .unwrap()
    }

    /// What a row with these columns and cells comes to, over what is known, or its mistakes.
    fn read(known: &Value, columns: &[(&str, &str)]) -> Result<Value, Vec<(String, String)>> {
        let names = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let header = Header::resolve(names, b',', &BTreeMap::new(), &config()).unwrap();
        let cells = columns.iter().map(|(_, cell)| (*cell).to_owned()).collect();
        let row = Row::read(1, csv::Cells::Read(cells), &header, &config())
            .map_err(|errors| errors.into_iter().map(|e| (e.field, e.detail)).collect::<Vec<_>>())?;
        let mut input: LeadInput = serde_json::from_value(known.clone()).unwrap();
        row.lay_over(&mut input);
        Ok(serde_json::to_value(input).unwrap())
    }

    #[test]
    fn a_cell_becomes_a_value_of_its_field() {
        let lead = read(
            &json!({"company": "Acme", "tags": ["old"], "custom_fields": {"rooms": 1, "other": "x"}}),
            &[
                ("name", "Anna Maria Rossi"),
                ("phone", "06 6982 1234"),
                ("company", " "),
                ("status", "HOT"),
                ("score", "70"),
                ("tags", "vip; Roma |"),
                ("rooms", "3.0"),
                ("wants", "[\"b;c\"]"),
                ("notes", "'=1+1"),
                ("value", "1250000.5"),
                ("currency", "inr"),
                ("consent_voice", "S\u{ec}"),
                ("consent_voice_at", "2026-11-21"),
                ("consent_sms", ""),
            ],
        )
        .unwrap();
        assert_eq!((&lead["first_name"], &lead["last_name"]), (&json!("Anna Maria"), &json!("Rossi")));
        assert_eq!((&lead["phone"], &lead["company"]), (&json!("+390669821234"), &json!("Acme")));
        assert_eq!((&lead["status"], &lead["score"]), (&json!("hot"), &json!(70)));
        assert_eq!(lead["value"], json!({"amount": 1_250_000.5, "currency": "INR"}));
        assert_eq!((&lead["tags"], &lead["notes"]), (&json!(["vip", "Roma"]), &json!("=1+1")));
        assert_eq!(lead["custom_fields"], json!({"rooms": 3, "other": "x", "wants": ["b;c"]}));
        let consent = json!({"granted": true, "basis": "", "source": "", "at": "2026-11-20T18:30:00Z"});
        assert_eq!(lead["consent"], json!({"voice": consent}));
    }

    #[test]
    fn a_statement_made_again_keeps_what_is_known_of_it_and_another_answer_does_not() {
        let known = json!({"consent": {"voice": {"granted": true, "basis": "opt_in", "source": "web", "at": "2026-01-01T00:00:00Z"}}});
        let again = read(&known, &[("consent_voice", "yes"), ("consent_voice_source", "fair")]).unwrap();
        let expected =
            json!({"granted": true, "basis": "opt_in", "source": "fair", "at": "2026-01-01T00:00:00Z"});
        assert_eq!(again["consent"]["voice"], expected);
        let other = read(&known, &[("consent_voice", "denied")]).unwrap();
        let expected = json!({"granted": false, "basis": "", "source": "", "at": null});
        assert_eq!(other["consent"]["voice"], expected);
    }

    #[test]
    fn whence_and_when_without_a_yes_or_no_is_no_statement() {
        let told = [
            ("name", "Asha"),
            ("consent_voice", " "),
            ("consent_voice_basis", "opt_in"),
            ("consent_voice_source", "fair"),
            ("consent_voice_at", "2026-11-21"),
        ];
        assert_eq!(read(&json!({}), &told).unwrap()["consent"], json!({}));
        let known =
            json!({"consent": {"voice": {"granted": false, "basis": "", "source": "call", "at": null}}});
        assert_eq!(read(&known, &told).unwrap()["consent"], known["consent"]);
    }

    #[test]
    fn every_mistake_of_a_row_is_told() {
        let mistakes = read(
            &json!({}),
            &[
                ("phone", "12"),
                ("email", "nobody"),
                ("score", "101"),
                ("value", "1.250,00"),
                ("status", "lukewarm"),
                ("rooms", "many"),
                ("custom_fields", "[]"),
                ("consent_voice", "maybe"),
                ("consent_whatsapp_at", "yesterday"),
            ],
        )
        .unwrap_err();
        let fields: Vec<&str> = mistakes.iter().map(|(field, _)| field.as_str()).collect();
        let expected = [
            "phone",
            "email",
            "score",
            "value",
            "status",
            "custom_fields.rooms",
            "custom_fields",
            "consent_voice",
            "consent_whatsapp_at",
        ];
        assert_eq!(fields, expected);
    }

    #[test]
    fn a_pointer_names_its_field() {
        assert_eq!(field_of("/custom_fields/budget"), "custom_fields.budget");
        assert_eq!(field_of("/tags/3"), "tags");
        assert_eq!(field_of(""), "");
    }
}
