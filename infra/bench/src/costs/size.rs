//! How much room an item takes, as DynamoDB counts it.
//!
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>

use serde_json::Value;
use std::ops::Sub;

/// What DynamoDB adds to each item that it stores.
const INDEXED: u64 = 100;

/// So many items of so many bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) items: u64,
    pub(super) bytes: u64,
}

impl Stored {
    /// All of these, in DynamoDB's JSON.
    pub(super) fn of(items: &[Value]) -> Self {
        let bytes = items.iter().map(|item| attributes(item) + INDEXED).sum();
        Self { items: items.len() as u64, bytes }
    }
}

impl Sub for Stored {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            items: self.items.saturating_sub(earlier.items),
            bytes: self.bytes.saturating_sub(earlier.bytes),
        }
    }
}

fn attributes(item: &Value) -> u64 {
    let item = item.as_object().into_iter().flatten();
    item.map(|(name, value)| name.len() as u64 + size(value)).sum()
}

fn size(value: &Value) -> u64 {
    let Some((kind, value)) = value.as_object().and_then(|value| value.iter().next()) else { return 0 };
    let length = |value: &Value| value.as_str().unwrap_or_default().len() as u64;
    let list = || value.as_array().into_iter().flatten();
    match kind.as_str() {
        "S" => length(value),
        "N" => length(value).div_ceil(2) + 1,
        // Base64 has four letters for three bytes.
        "B" => length(value) / 4 * 3,
        "SS" => list().map(length).sum(),
        "NS" => list().map(|number| length(number).div_ceil(2) + 1).sum(),
        "L" => 3 + list().map(|element| 1 + size(element)).sum::<u64>(),
        "M" => {
            let entries = value.as_object().map_or(0, |map| map.len() as u64);
            3 + entries + attributes(value)
        }
        // True, false and null.
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_and_values_count() {
        let item = json!({"pk": {"S": "t#demo"}, "n": {"N": "1234"}, "b": {"BOOL": true}});
        assert_eq!(attributes(&item), (2 + 6) + (1 + 3) + (1 + 1));
        assert_eq!(
            attributes(&json!({"l": {"L": [{"S": "ab"}, {"NULL": true}]}})),
            1 + 3 + (1 + 2) + (1 + 1)
        );
        assert_eq!(attributes(&json!({"m": {"M": {"k": {"S": "é"}}}})), 1 + 3 + 1 + (1 + 2));
    }

    #[test]
    fn each_item_takes_a_hundred_bytes_more() {
        let stored = Stored::of(&[json!({"pk": {"S": "a"}}), json!({"pk": {"S": "b"}})]);
        assert_eq!(stored, Stored { items: 2, bytes: 206 });
        assert_eq!(Stored::default() - stored, Stored::default());
    }
}
