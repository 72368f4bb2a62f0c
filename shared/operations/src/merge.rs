//! JSON merge patch (RFC 7396), and reading the result.

use crate::error::{Error, Result};
use domain::Invalid;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A document with a merge patch applied: members that are null go, objects merge, all else is replaced.
///
/// The result is read as strictly as a new document, so a patch can do nothing that a new document could not.
pub fn merge_patch<T: Serialize + DeserializeOwned>(document: &T, patch: &Value) -> Result<T> {
    if !patch.is_object() {
        return Err(Invalid::new("must be a JSON object with the fields to change").into());
    }
    let mut value = serde_json::to_value(document).map_err(|_| Error::Internal("the record is no JSON"))?;
    merge(&mut value, patch);
    read(value)
}

/// Reads a document, naming the field that does not fit.
pub(crate) fn read<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = Invalid::pointer_of(error.path());
        Invalid::at(pointer, error.into_inner().to_string()).into()
    })
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn a_patch_merges_as_the_rfc_says() {
        let document: BTreeMap<String, Value> =
            serde_json::from_value(json!({"a": {"b": 1, "c": 2}, "d": [1], "e": "x"})).unwrap();
        let patched =
            merge_patch(&document, &json!({"a": {"b": null, "f": 3}, "d": [2], "e": null})).unwrap();
        assert_eq!(serde_json::to_value(patched).unwrap(), json!({"a": {"c": 2, "f": 3}, "d": [2]}));
        assert!(merge_patch(&document, &json!([1])).is_err());
    }
}
