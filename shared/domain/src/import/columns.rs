//! What the columns of a file of leads mean.

use super::Header;
use crate::business::BusinessConfig;
use crate::contact::Channel;
use crate::{Invalid, csv};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Where a mapping is wrong.
pub const MAPPING: &str = "?mapping";
/// How many columns a file may have.
pub const MAX: usize = 300;

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Column {
    /// Its name in the file.
    pub column: String,
    /// The lead's field that it is; none if it is left out.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub field: Option<Field>,
}

/// A field of a lead, as a column holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[expect(missing_docs, reason = "the names are the lead's own")]
pub enum Field {
    /// The lead's id, as an export writes it.
    Id,
    /// The whole name: its last word is the family name.
    Name,
    FirstName,
    LastName,
    Email,
    Phone,
    Company,
    Position,
    Nationality,
    Address,
    Source,
    CampaignId,
    Assignee,
    Status,
    ClientStatus,
    Score,
    Timezone,
    Tags,
    Preferences,
    Notes,
    Value,
    /// The currency of the value; says nothing without one.
    ValueCurrency,
    /// All custom fields, as a JSON object.
    CustomFields,
    /// One custom field.
    Custom(String),
    Consent(Channel, Statement),
}

/// A part of a statement of consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `Consent`")]
pub enum Statement {
    Granted,
    Basis,
    Source,
    At,
}

/// Names of fields, with what else people call them: without case, spaces, `_`, `-` and `.`.
const NAMES: [(Field, &str, &[&str]); 22] = [
    (Field::Id, "id", &["leadid"]),
    (Field::Name, "name", &["fullname", "contactname", "leadname", "contact"]),
    (Field::FirstName, "first_name", &["givenname", "forename", "fname"]),
    (Field::LastName, "last_name", &["surname", "familyname", "lname"]),
    (Field::Email, "email", &["emailaddress", "mail"]),
    (
        Field::Phone,
        "phone",
        &[
            "phonenumber",
            "telephone",
            "telephonenumber",
            "tel",
            "mobile",
            "mobilephone",
            "mobilenumber",
            "cell",
            "cellphone",
            "contactnumber",
        ],
    ),
    (Field::Company, "company", &["companyname", "organization", "organisation", "business"]),
    (Field::Position, "position", &["jobtitle", "title", "role"]),
    (Field::Nationality, "nationality", &["citizenship"]),
    (Field::Address, "address", &["streetaddress", "fulladdress"]),
    (Field::Source, "source", &["leadsource"]),
    (Field::CampaignId, "campaign_id", &["campaign"]),
    (Field::Assignee, "assignee", &["assignedto", "owner", "leadowner"]),
    (Field::Status, "status", &["leadstatus"]),
    (Field::ClientStatus, "client_status", &["customerstatus"]),
    (Field::Score, "score", &["leadscore"]),
    (Field::Timezone, "timezone", &["tz"]),
    (Field::Tags, "tags", &["tag", "labels"]),
    (Field::Preferences, "preferences", &[]),
    (Field::Notes, "notes", &["note", "comment", "comments"]),
    (Field::Value, "value", &["leadvalue", "dealvalue", "expectedvalue"]),
    (Field::ValueCurrency, "value_currency", &["currency"]),
];

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CustomFields => f.write_str("custom_fields"),
            Self::Custom(name) => write!(f, "custom_fields.{name}"),
            Self::Consent(channel, part) => write!(f, "consent_{}{}", channel.as_str(), part.suffix()),
            named => {
                let name = NAMES.iter().find(|(field, ..)| field == named).map_or("", |(_, name, _)| name);
                f.write_str(name)
            }
        }
    }
}

impl Statement {
    const ALL: [Self; 4] = [Self::Granted, Self::Basis, Self::Source, Self::At];

    fn suffix(self) -> &'static str {
        match self {
            Self::Granted => "",
            Self::Basis => "_basis",
            Self::Source => "_source",
            Self::At => "_at",
        }
    }
}

impl From<Field> for String {
    fn from(field: Field) -> Self {
        field.to_string()
    }
}

impl TryFrom<String> for Field {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        exact(&text).ok_or_else(|| Invalid::new("is not a field of a lead"))
    }
}

/// The columns of consent, as an export writes them.
pub fn consent_columns() -> Vec<Field> {
    let parts = |channel| Statement::ALL.map(|part| Field::Consent(channel, part));
    Channel::ALL.into_iter().flat_map(parts).collect()
}

/// The field of exactly this name.
fn exact(name: &str) -> Option<Field> {
    if let Some(custom) = name.strip_prefix("custom_fields.").filter(|custom| !custom.is_empty()) {
        return Some(Field::Custom(custom.to_owned()));
    }
    if name == "custom_fields" {
        return Some(Field::CustomFields);
    }
    let named = NAMES.iter().find(|(_, own, _)| *own == name).map(|(field, ..)| field.clone());
    named.or_else(|| consent_columns().into_iter().find(|field| field.to_string() == name))
}

/// A name as columns are compared.
fn loose(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '.'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The field that a column of this name is, if its name says so.
fn meant(name: &str, config: &BusinessConfig) -> Option<Field> {
    let name = name.trim();
    if let Some(field) = exact(name) {
        return Some(field);
    }
    let wanted = loose(name);
    let named = |(_, own, others): &&(Field, &str, &[&str])| {
        loose(own) == wanted || others.contains(&wanted.as_str())
    };
    if let Some((field, ..)) = NAMES.iter().find(named) {
        return Some(field.clone());
    }
    if let Some(field) = consent_columns().into_iter().find(|field| loose(&field.to_string()) == wanted) {
        return Some(field);
    }
    let custom = config.custom_fields.iter().find(|field| {
        loose(&field.name) == wanted || format!("customfields{}", loose(&field.name)) == wanted
    });
    custom.map(|field| Field::Custom(field.name.clone()))
}

impl Header {
    /// Finds out what the columns are. What the mapping says goes before what a name says; of two columns that are
    /// one field, the one of the field's own name is taken, else the first.
    pub fn resolve(
        names: Vec<String>,
        delimiter: u8,
        mapping: &BTreeMap<String, String>,
        config: &BusinessConfig,
    ) -> Result<Self, Invalid> {
        if names.len() > MAX {
            return Err(Invalid::new(format!("has more than {MAX} columns")));
        }
        let mapping = mapped(&names, mapping, config)?;
        let mut columns: Vec<Column> =
            names.into_iter().map(|name| Column { column: name.trim().to_owned(), field: None }).collect();
        let mut taken: Vec<Field> = mapping.values().flatten().cloned().collect();
        for (index, field) in &mapping {
            columns[*index].field.clone_from(field);
        }
        for own_name_only in [true, false] {
            for (index, column) in columns.iter_mut().enumerate() {
                if column.field.is_some() || mapping.contains_key(&index) {
                    continue;
                }
                let field = meant(&column.column, config).filter(|field| {
                    !taken.contains(field)
                        && (!own_name_only || loose(&field.to_string()) == loose(&column.column))
                });
                taken.extend(field.clone());
                column.field = field;
            }
        }
        if taken.is_empty() {
            let message = "names no field of a lead in its first line, such as first_name, phone or email";
            return Err(Invalid::new(message));
        }
        Ok(Self { delimiter: char::from(delimiter), columns })
    }

    /// The names of the columns that are left out.
    pub fn ignored(&self) -> Vec<String> {
        let left_out =
            self.columns.iter().filter(|column| column.field.is_none() && !column.column.is_empty());
        left_out.map(|column| column.column.clone()).collect()
    }

    /// The file's own name of the column that is this field.
    pub fn column_of(&self, field: &str) -> Option<&str> {
        let is_it = |column: &&Column| column.field.as_ref().is_some_and(|own| own.to_string() == field);
        self.columns.iter().find(is_it).map(|column| column.column.as_str())
    }
}

/// What the mapping says of the columns, by their place.
fn mapped(
    names: &[String],
    mapping: &BTreeMap<String, String>,
    config: &BusinessConfig,
) -> Result<BTreeMap<usize, Option<Field>>, Invalid> {
    let mut found = BTreeMap::new();
    let mut taken = Vec::new();
    for (name, to) in mapping {
        let index = names.iter().position(|own| own.trim() == name.trim());
        let index = index.or_else(|| names.iter().position(|own| loose(own) == loose(name)));
        let index = index.ok_or_else(|| {
            Invalid::at(MAPPING, format!("names the column {name:?}, and the file has no such column"))
        })?;
        let field =
            if to.trim().is_empty() {
                None
            } else {
                let field = meant(to, config);
                Some(field.ok_or_else(|| {
                    Invalid::at(MAPPING, format!("names {to:?}, which is no field of a lead"))
                })?)
            };
        if field.is_some() && taken.contains(&field) {
            return Err(Invalid::at(MAPPING, format!("gives {to:?} to two columns")));
        }
        taken.push(field.clone());
        found.insert(index, field);
    }
    Ok(found)
}

/// The first line of a file, and where the rows begin; none if `bytes` end before it does.
pub fn header(
    bytes: &[u8],
    at_end: bool,
    mapping: &BTreeMap<String, String>,
    config: &BusinessConfig,
) -> Result<Option<(Header, usize)>, Invalid> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Invalid::new("is UTF-16: save it as \"CSV UTF-8\""));
    }
    let mark: &[u8] = "\u{feff}".as_bytes();
    let mut start = if bytes.starts_with(mark) { mark.len() } else { 0 };
    let mut told = None;
    loop {
        let rest = &bytes[start..];
        let Some(line) = csv::record(rest, b',', at_end) else {
            return if at_end { Err(Invalid::new("is empty")) } else { Ok(None) };
        };
        let text = &rest[..line.len];
        // A line of spreadsheets' own, which says what separates the cells.
        if let Some(separator) = separator_line(text).filter(|_| told.is_none()) {
            told = Some(separator);
            start += line.len;
            continue;
        }
        let delimiter = told.unwrap_or_else(|| csv::delimiter_of(text));
        let Some(record) = csv::record(rest, delimiter, at_end) else { return Ok(None) };
        return match record.cells {
            csv::Cells::Read(names) if names.iter().all(|name| name.trim().is_empty()) => {
                Err(Invalid::new("has an empty first line, which must name the columns"))
            }
            csv::Cells::Read(names) => Header::resolve(names, delimiter, mapping, config)
                .map(|header| Some((header, start + record.len))),
            csv::Cells::NotUtf8 => Err(not_utf8()),
            csv::Cells::Unclosed => Err(Invalid::new("opens a quote in its first line that is never closed")),
        };
    }
}

/// That a file, or a row of one, is in another encoding.
pub fn not_utf8() -> Invalid {
    Invalid::new("is not UTF-8, and may be Windows-1252: save the file as \"CSV UTF-8\"")
}

fn separator_line(line: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(line).ok()?.trim_end_matches(['\r', '\n']).trim_matches('"');
    match text.strip_prefix("sep=")?.as_bytes() {
        [separator @ (b',' | b';' | b'\t')] => Some(*separator),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config() -> BusinessConfig {
        serde_json::from_value(json!({"customFields": [{"name": "budget_range", "type": "text"}]})).unwrap()
    }

    fn fields(first_line: &str, mapping: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let mapping = mapping.iter().map(|(name, to)| ((*name).to_owned(), (*to).to_owned())).collect();
        let read = header(first_line.as_bytes(), true, &mapping, &config()).map_err(|error| error.message)?;
        let columns = read.unwrap().0.columns;
        Ok(columns.into_iter().map(|column| column.field.map_or("-".to_owned(), String::from)).collect())
    }

    #[test]
    fn columns_are_known_by_the_names_of_fields_however_they_are_written() {
        assert_eq!(
            fields("First Name;e-mail;PHONE NUMBER;Consent Voice Basis;Budget Range;Shoe size", &[]).unwrap(),
            ["first_name", "email", "phone", "consent_voice_basis", "custom_fields.budget_range", "-"]
        );
        assert_eq!(
            fields("\u{feff}sep=;\r\n\"name\";custom_fields.colour;custom_fields", &[]).unwrap(),
            ["name", "custom_fields.colour", "custom_fields"],
            "after a byte-order mark and a separator line"
        );
    }

    #[test]
    fn every_field_is_known_by_its_own_name() {
        let mut all: Vec<Field> = NAMES.iter().map(|(field, ..)| field.clone()).collect();
        all.extend([Field::CustomFields, Field::Custom("x".to_owned())]);
        all.extend(consent_columns());
        for field in all {
            assert_eq!(Field::try_from(field.to_string()).unwrap(), field);
        }
    }

    #[test]
    fn the_mapping_goes_before_names_and_two_columns_are_never_one_field() {
        let read =
            fields("Telefono,Mobile,phone,Note interne", &[("telefono", "phone"), ("Note interne", "notes")]);
        assert_eq!(read.unwrap(), ["phone", "-", "-", "notes"]);
        assert_eq!(fields("Mobile,Phone,Tel", &[]).unwrap(), ["-", "phone", "-"]);
        assert_eq!(fields("phone,email", &[("email", "")]).unwrap(), ["phone", "-"]);
        for (mapping, said) in [
            (vec![("Tel", "phone")], "no such column"),
            (vec![("a", "fax")], "no field of a lead"),
            (vec![("a", "phone"), ("b", "Phone")], "two columns"),
        ] {
            let error = fields("a,b", &mapping).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_first_line_that_is_none_is_refused_with_a_reason() {
        for (line, said) in [
            ("", "empty"),
            (",,\n", "empty"),
            ("Asha,Rao\n", "names no field"),
            ("\"first_name,phone\n", "never closed"),
        ] {
            let error = fields(line, &[]).unwrap_err();
            assert!(error.contains(said), "{line:?}: {error}");
        }
        let none = BTreeMap::new();
        let wide = header(&[0xff, 0xfe, b'n', 0], true, &none, &config()).unwrap_err();
        assert!(wide.message.contains("UTF-16"));
        let narrow = header(b"first_name,stra\xdfe\n", true, &none, &config()).unwrap_err();
        assert!(narrow.message.contains("Windows-1252"));
        assert_eq!(header(b"first_name,pho", false, &none, &config()).unwrap(), None);
    }
}
