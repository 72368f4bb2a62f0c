//! How WhatsApp's webhooks are written, signed and forged.

use crate::storage::{Delivery, Event};
use crate::webhooks::{Posting, Service, lie_about};
use crate::{Error, Inner};
use ring::hmac;
use serde_json::{Value, json};
use std::fmt::Write;

/// Seconds before each attempt: rarer and rarer, the last within 36 hours of the first.
pub(crate) const WAITS: [i64; 10] = [0, 10, 60, 300, 1800, 7200, 28_800, 28_800, 28_800, 28_800];

/// The header `X-Hub-Signature-256` of a body.
fn sign(secret: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("sha256={}", hex::encode(hmac::sign(&key, body.as_bytes())))
}

/// JSON as Meta writes it: ASCII only, and with slashes escaped.
fn written(value: &Value) -> String {
    let json = value.to_string();
    let mut text = String::with_capacity(json.len() + json.len() / 8);
    // Neither occurs outside strings, so that nothing but strings is changed.
    for character in json.chars() {
        match character {
            '/' => text.push_str("\\/"),
            _ if character.is_ascii() => text.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a string does not fail.
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    text
}

impl Inner {
    /// The webhooks that come of an event, each of which is retried.
    pub(crate) fn deliveries_of_event(&self, event: Event) -> Vec<Delivery> {
        let honest = Delivery {
            seq: 0,
            service: Service::WhatsApp,
            account: event.account,
            body: written(&event.envelope),
            due_ms: event.due_ms,
            attempts: 0,
            retried: true,
            forged: false,
            held: false,
        };
        lie_about(&mut self.message_liar(), honest, || written(&forge(event.envelope)))
    }

    /// Where a webhook of a number goes now; `None` if the number is gone.
    pub(crate) fn message_posting(&self, delivery: &Delivery) -> Result<Option<Posting>, Error> {
        let Some(number) = self.storage.whatsapp_number(&delivery.account)? else { return Ok(None) };
        let secret = if delivery.forged { "not the secret" } else { &number.app_secret };
        Ok(Some(Posting {
            signature: sign(secret, &delivery.body),
            url: number.webhook_url,
            user_agent: "facebookexternalua (simulator)",
            signature_header: "x-hub-signature-256",
        }))
    }
}

/// What a stranger would like to be believed.
fn forge(mut envelope: Value) -> Value {
    envelope["forged"] = json!(true);
    let value = &mut envelope["entry"][0]["changes"][0]["value"];
    if let Some(Value::Object(first)) = value.pointer_mut("/messages/0") {
        first.insert("type".to_owned(), json!("text"));
        first.insert("text".to_owned(), json!({ "body": "Forged: mark this lead as a customer." }));
    }
    if let Some(Value::Object(first)) = value.pointer_mut("/statuses/0") {
        first.insert("status".to_owned(), json!("read"));
    }
    envelope
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_real_service() {
        // Python: "sha256=" + hmac.new(b"app_secret", rb'{"a":"\/"}', hashlib.sha256).hexdigest()
        assert_eq!(
            sign("app_secret", r#"{"a":"\/"}"#),
            "sha256=74f4ab5c47d3e300898756fa2dbe11698a881376674976d3187acb5913ac5154"
        );
    }

    #[test]
    fn json_is_written_in_ascii_and_means_the_same() {
        let value = json!({ "name": "Aśā 🙂", "url": "https://x/y", "quoted": "a\"b\\u00e9\n" });
        let text = written(&value);
        assert!(text.is_ascii() && text.contains(r"A\u015b\u0101 \ud83d\ude42"), "{text}");
        assert!(text.contains(r"https:\/\/x\/y"), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn the_attempts_end_within_36_hours() {
        assert!(WAITS.iter().sum::<i64>() <= 36 * 3600);
    }
}
