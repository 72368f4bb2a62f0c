//! Reading what may be null, missing or of another type, without failing the whole message. A place that cannot be
//! read is `None`.

use jiff::Timestamp;
use serde_json::Value;

/// A text, perhaps an empty one.
pub(crate) fn text(json: &Value) -> Option<String> {
    json.as_str().map(str::to_owned)
}

/// A text that says something. Ids come as numbers too, in the templates' webhooks for example.
pub(crate) fn id(json: &Value) -> Option<String> {
    match json {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// A phone number as Meta writes it: digits with the country code, a plus taken off.
pub(crate) fn digits(json: &Value) -> Option<String> {
    let number = id(json)?;
    let digits = number.strip_prefix('+').unwrap_or(&number);
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.to_owned())
}

/// A whole number, or a text of one.
pub(crate) fn whole(json: &Value) -> Option<i64> {
    json.as_i64().or_else(|| json.as_str()?.parse().ok())
}

/// A finite number, or a text of one.
pub(crate) fn number(json: &Value) -> Option<f64> {
    json.as_f64().or_else(|| json.as_str()?.parse().ok()).filter(|number| number.is_finite())
}

/// Unix seconds, as a text or as a number.
pub(crate) fn time(json: &Value) -> Option<Timestamp> {
    Timestamp::from_second(whole(json)?).ok()
}

/// The items of a list; none if it is no list.
pub(crate) fn list(json: &Value) -> &[Value] {
    json.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_phone_number_is_digits_and_nothing_else() {
        for number in [json!("919876543210"), json!("+919876543210"), json!(919_876_543_210_u64)] {
            assert_eq!(digits(&number).as_deref(), Some("919876543210"), "{number}");
        }
        for other in [
            json!(null),
            json!(""),
            json!("+"),
            json!("++91"),
            json!("IN.1349"),
            json!("91 98"),
            json!(-91),
            json!(9.5),
            json!(["91"]),
        ] {
            assert_eq!(digits(&other), None, "{other}");
        }
    }

    #[test]
    fn numbers_come_as_texts_and_as_numbers() {
        let at = "2025-11-21T04:40:00Z".parse().ok();
        assert_eq!([time(&json!("1763700000")), time(&json!(1_763_700_000))], [at, at]);
        assert_eq!([time(&json!("soon")), time(&json!(i64::MAX)), time(&json!(null))], [None; 3]);
        assert_eq!([number(&json!(22.5)), number(&json!("22.5"))], [Some(22.5); 2]);
        assert_eq!([number(&json!("NaN")), number(&json!("inf")), number(&json!({}))], [None; 3]);
    }
}
