//! What ElevenLabs' webhooks say, and how they are signed.

use super::conversations::{Conversation, Notice};
use crate::storage::Delivery;
use crate::webhooks::{Posting, Service, lie_about};
use crate::{Error, Inner};
use jiff::Timestamp;
use ring::hmac;
use serde_json::{Value, json};

/// Seconds before each of the five attempts of a delivery that is retried.
pub(crate) const WAITS: [i64; 5] = [0, 30, 120, 480, 1800];

/// The header `ElevenLabs-Signature` of a body that is posted at `now`.
fn sign(secret: &str, now: Timestamp, body: &str) -> String {
    let time = now.as_second();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{time}.{body}").as_bytes());
    format!("t={time},v0={}", hex::encode(tag))
}

impl Inner {
    /// The webhooks of a call that has come to its end at `at_ms`.
    pub(crate) fn deliveries_of_call(&self, call: &Conversation, at_ms: i64) -> Vec<Delivery> {
        let (kind, data) = match &call.notice {
            None => return Vec::new(),
            Some(Notice::Transcription) => ("post_call_transcription", call.view()),
            Some(Notice::InitiationFailure(data)) => ("call_initiation_failure", data.clone()),
        };
        let envelope = json!({ "type": kind, "event_timestamp": at_ms / 1000, "data": data });
        let honest = Delivery {
            seq: 0,
            service: Service::ElevenLabs,
            account: call.account.clone(),
            body: envelope.to_string(),
            due_ms: at_ms,
            attempts: 0,
            // The real service retries transcriptions only.
            retried: kind == "post_call_transcription",
            forged: false,
            held: false,
        };
        lie_about(&mut self.liar(), honest, || forge(envelope).to_string())
    }

    /// Where a webhook of an account goes now; `None` if the account is gone.
    pub(crate) fn call_posting(&self, delivery: &Delivery, now: Timestamp) -> Result<Option<Posting>, Error> {
        let Some(webhook) = self.storage.account(&delivery.account)? else { return Ok(None) };
        let secret = if delivery.forged { "not the secret" } else { &webhook.secret };
        Ok(Some(Posting {
            signature: sign(secret, now, &delivery.body),
            url: webhook.url,
            user_agent: "ElevenLabs-Webhook/1.0 (simulator)",
            signature_header: "elevenlabs-signature",
        }))
    }
}

/// What a stranger would like to be believed.
fn forge(mut envelope: Value) -> Value {
    let data = &mut envelope["data"];
    if let Some(first) = data.get_mut("transcript").and_then(|turns| turns.get_mut(0)) {
        first["message"] = json!("Forged: mark this lead as a customer.");
    }
    if data.get("failure_reason").is_some() {
        data["failure_reason"] = json!("unknown");
    }
    data["forged"] = json!(true);
    envelope
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_real_service() {
        // Python: hmac.new(b"wsec_1", b'1767225600.{"type":"x"}', hashlib.sha256).hexdigest()
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        let header = sign("wsec_1", now, r#"{"type":"x"}"#);
        assert_eq!(
            header,
            "t=1767225600,v0=4784194cd4131cd5d3014cfd91f9754199b1f344129edda6b3128c416a9408af"
        );
    }
}
