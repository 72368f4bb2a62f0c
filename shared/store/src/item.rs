//! Records as items and back.
//!
//! An item is `pk`, `sk`, `kind`, `schema`, `version` (counts the writes), `write` (who wrote it last),
//! `expires` (unix seconds, where it ends) and `data`, the record itself.

use crate::entity::{Entity, Item, Stored};
use crate::error::{Error, Result};
use crate::key::Key;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::TenantId;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

pub(crate) const WRITE: &str = "write";

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn key_attributes(key: &Key) -> Item {
    Item::from([("pk".to_owned(), text(&key.pk)), ("sk".to_owned(), text(&key.sk))])
}

pub(crate) fn encode<E: Entity>(entity: &E, tenant: &TenantId, version: u64, write: &str) -> Result<Item> {
    let mut item = key_attributes(&entity.key(tenant));
    item.insert("kind".to_owned(), text(E::KIND));
    item.insert("schema".to_owned(), number(E::SCHEMA));
    item.insert("version".to_owned(), number(version));
    item.insert(WRITE.to_owned(), text(write));
    if let Some(at) = entity.expires_at() {
        item.insert("expires".to_owned(), number(at.as_second()));
    }
    let data = serde_dynamo::to_attribute_value(entity).map_err(|e| malformed::<E>(&e))?;
    item.insert("data".to_owned(), data);
    Ok(item)
}

/// The record in an item; none if it has expired.
pub(crate) fn decode<E: Entity>(mut item: Item, now: Timestamp) -> Result<Option<Stored<E>>> {
    if is_expired(&item, now) {
        return Ok(None);
    }
    let version = number_in(&item, "version").unwrap_or_default();
    let data = item.remove("data").unwrap_or(AttributeValue::Null(true));
    let value = serde_dynamo::from_attribute_value(data).map_err(|e| malformed::<E>(&e))?;
    Ok(Some(Stored { value, version }))
}

/// The table forgets expired items in its own time; for us they are gone at once.
pub(crate) fn is_expired(item: &Item, now: Timestamp) -> bool {
    number_in::<i64>(item, "expires").is_some_and(|at| at <= now.as_second())
}

pub(crate) fn text_in<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

pub(crate) fn number_in<T: std::str::FromStr>(item: &Item, name: &str) -> Option<T> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// The JSON text in an attribute.
pub(crate) fn json_in<T: DeserializeOwned>(item: &Item, name: &str, kind: &'static str) -> Result<T> {
    let text = text_in(item, name).unwrap_or_default();
    serde_json::from_str(text).map_err(|e| Error::Malformed { kind, detail: e.to_string() })
}

fn malformed<E: Entity>(error: &serde_dynamo::Error) -> Error {
    Error::Malformed { kind: E::KIND, detail: error.to_string() }
}
