//! Reading what may be null, missing or of another type, without failing the whole message.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;

/// The value, or its default if it is null or of another type.
pub(crate) fn value<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    json: D,
) -> Result<T, D::Error> {
    Ok(T::deserialize(Value::deserialize(json)?).unwrap_or_default())
}

/// The readable items of a list; none if it is null or no list.
pub(crate) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(json: D) -> Result<Vec<T>, D::Error> {
    let Value::Array(items) = Value::deserialize(json)? else {
        return Ok(Vec::new());
    };
    Ok(items.into_iter().filter_map(|item| T::deserialize(item).ok()).collect())
}

/// The number without its fraction; `None` if it is null or no number.
#[expect(clippy::cast_possible_truncation, reason = "a fraction is to be dropped, and `as` saturates")]
pub(crate) fn whole<'de, D: Deserializer<'de>>(json: D) -> Result<Option<i64>, D::Error> {
    let number = Value::deserialize(json)?;
    Ok(number.as_i64().or_else(|| number.as_f64().map(|number| number as i64)))
}
