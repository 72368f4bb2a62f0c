//! Fields of a lead that are the business's own.

use super::{BusinessConfig, bound};
use crate::{Invalid, text};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One field that the business keeps about a lead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CustomField {
    /// The field's key in `custom_fields`.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// The allowed values of a `select` or `multi_select`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Whether a lead's custom fields, when given at all, must have it.
    #[serde(default)]
    pub required: bool,
    /// Whether its values are kept encrypted: they are in no view, list, export or prompt, are read and written at a
    /// place of their own, and who read them is noted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
}

/// What a custom field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Any text.
    #[serde(alias = "string", alias = "textarea")]
    Text,
    /// A JSON number.
    #[serde(alias = "integer")]
    Number,
    /// True or false.
    #[serde(alias = "checkbox")]
    Boolean,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// One of the options.
    Select,
    /// Some of the options.
    #[serde(alias = "multiselect")]
    MultiSelect,
}

impl BusinessConfig {
    /// The business's own fields that stand in a lead's record.
    pub fn open_fields(&self) -> impl Iterator<Item = &CustomField> {
        self.custom_fields.iter().filter(|field| !field.sensitive)
    }

    /// Checks the value of a sensitive field.
    pub fn check_sensitive(&self, name: &str, value: &Value) -> Result<(), Invalid> {
        let field = self.custom_fields.iter().find(|field| field.sensitive && field.name == name);
        let field = field.ok_or_else(|| Invalid::new("is not a sensitive field of this business"))?;
        field.check_value(value)
    }

    /// Checks that what was kept in the open is not called sensitive from now on, nor the other way round: the values that are
    /// there would stay where they are.
    pub fn check_change_from(&self, before: &Self) -> Result<(), Invalid> {
        let differs = |field: &CustomField| {
            let same = |was: &&CustomField| was.name == field.name;
            before.custom_fields.iter().find(same).is_some_and(|was| was.sensitive != field.sensitive)
        };
        match self.custom_fields.iter().position(differs) {
            Some(n) => {
                let pointer = format!("/customFields/{n}/sensitive");
                Err(Invalid::at(pointer, "stays as it is: values are there; define a field of another name"))
            }
            None => Ok(()),
        }
    }

    /// Checks a lead's custom fields. Where the business has defined none, any plain value is kept.
    pub fn check_custom_fields(&self, values: &BTreeMap<String, Value>) -> Result<(), Invalid> {
        bound("", values.len(), 100)?;
        for (name, value) in values {
            let checked = match self.custom_fields.iter().find(|field| field.name == *name) {
                Some(field) if field.sensitive => {
                    Err(Invalid::new("is sensitive: PATCH /crm/clients/{id}/sensitive writes it"))
                }
                Some(field) => field.check_value(value),
                None if self.custom_fields.is_empty() => check_plain(value),
                None => Err(Invalid::new("is not a custom field of this business")),
            };
            checked.map_err(|e| e.within(&format!("/{name}")))?;
        }
        let missing = self.custom_fields.iter().find(|f| f.required && !values.contains_key(&f.name));
        match missing {
            Some(field) if !values.is_empty() => Err(Invalid::at(format!("/{}", field.name), "is required")),
            _ => Ok(()),
        }
    }
}

impl CustomField {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let fits = self.name.len() <= 60
            && self.name.starts_with(|c: char| c.is_ascii_lowercase())
            && self.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !fits {
            return Err(Invalid::at("/name", "must be of a-z, 0-9 and _, beginning with a letter"));
        }
        bound("/options", self.options.len(), 200)?;
        let needs_options = matches!(self.kind, FieldKind::Select | FieldKind::MultiSelect);
        if needs_options == self.options.is_empty() {
            let message = if needs_options { "must name the choices" } else { "only a select has options" };
            return Err(Invalid::at("/options", message));
        }
        if self.sensitive && self.required {
            return Err(Invalid::at(
                "/required",
                "cannot be asked of a sensitive field, which is written apart",
            ));
        }
        Ok(())
    }

    /// Checks one value of the field.
    pub fn check_value(&self, value: &Value) -> Result<(), Invalid> {
        let is_option =
            |value: &Value| value.as_str().is_some_and(|text| self.options.iter().any(|o| o == text));
        let (fits, wanted) = match self.kind {
            FieldKind::Text => {
                (value.as_str().is_some_and(|t| text::prose(t, 2_000).is_ok()), "a text".to_owned())
            }
            FieldKind::Number => (value.is_number(), "a number".to_owned()),
            FieldKind::Boolean => (value.is_boolean(), "true or false".to_owned()),
            FieldKind::Date => {
                (value.as_str().is_some_and(|t| t.parse::<Date>().is_ok()), "a day, YYYY-MM-DD".to_owned())
            }
            FieldKind::Select => (is_option(value), format!("one of: {}", self.options.join(", "))),
            FieldKind::MultiSelect => {
                let fits = value.as_array().is_some_and(|items| items.iter().all(is_option));
                (fits, format!("a list of: {}", self.options.join(", ")))
            }
        };
        if fits { Ok(()) } else { Err(Invalid::new(format!("must be {wanted}"))) }
    }
}

fn check_plain(value: &Value) -> Result<(), Invalid> {
    match value {
        Value::String(text) => text::prose(text, 2_000).map(drop),
        Value::Number(_) | Value::Bool(_) => Ok(()),
        Value::Array(items) if items.len() <= 100 && items.iter().all(Value::is_string) => Ok(()),
        _ => Err(Invalid::new("must be a text, a number, true or false, or a list of texts")),
    }
}
