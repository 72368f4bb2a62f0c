//! Webhooks: composing them, lying about them, signing and posting them, and trying again.

use super::conversations::{Conversation, Notice};
use crate::lies::{Lie, SplitMix64};
use crate::storage::Delivery;
use crate::{Error, Inner};
use jiff::Timestamp;
use ring::hmac;
use serde_json::{Value, json};
use std::time::Duration;

/// Seconds before each of the five attempts of a delivery that is retried.
const WAITS: [i64; 5] = [0, 30, 120, 480, 1800];

/// How long the receiver may take to answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The header `ElevenLabs-Signature` of a body that is posted at `now`.
pub(crate) fn sign(secret: &str, now: Timestamp, body: &str) -> String {
    let time = now.as_second();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{time}.{body}").as_bytes());
    format!("t={time},v0={}", hex::encode(tag))
}

impl Inner {
    /// Moves the calls on to where they stand at `now`, and makes the deliveries of those that have ended.
    pub(crate) fn settle(&self, now: Timestamp) -> Result<usize, Error> {
        self.storage.advance(now.as_millisecond(), |call, at_ms| self.deliveries_of(call, at_ms))
    }

    fn deliveries_of(&self, call: &Conversation, at_ms: i64) -> Vec<Delivery> {
        let (kind, data) = match &call.notice {
            None => return Vec::new(),
            Some(Notice::Transcription) => ("post_call_transcription", call.view()),
            Some(Notice::InitiationFailure(data)) => ("call_initiation_failure", data.clone()),
        };
        let envelope = json!({ "type": kind, "event_timestamp": at_ms / 1000, "data": data });
        let honest = Delivery {
            seq: 0,
            account: call.account.clone(),
            body: envelope.to_string(),
            due_ms: at_ms,
            attempts: 0,
            // The real service retries transcriptions only.
            retried: kind == "post_call_transcription",
            forged: false,
            held: false,
        };
        self.lie_about(honest, &envelope)
    }

    fn lie_about(&self, honest: Delivery, envelope: &Value) -> Vec<Delivery> {
        let mut liar = self.liar();
        let lies = liar.webhook();
        let mut deliveries = Vec::new();
        if lies.contains(&Lie::Forge) {
            let forgery = Delivery {
                body: forge(envelope.clone()).to_string(),
                forged: true,
                retried: false,
                ..honest.clone()
            };
            deliveries.push(forgery);
        }
        if lies.contains(&Lie::Lose) {
            return deliveries;
        }
        let mut truth = honest;
        if lies.contains(&Lie::Late) {
            truth.due_ms += liar.delay_ms(600, 2700);
        } else if lies.contains(&Lie::Reorder) {
            truth.due_ms += 120_000;
            truth.held = true;
        }
        if lies.contains(&Lie::Duplicate) {
            let second =
                Delivery { due_ms: truth.due_ms + liar.delay_ms(0, 60), held: false, ..truth.clone() };
            deliveries.extend([truth, second]);
        } else {
            deliveries.push(truth);
        }
        deliveries
    }

    /// Performs everything due at `now`; see `Simulators::run_due`.
    pub(crate) async fn pump(&self, now: Timestamp) -> Result<usize, Error> {
        let _one_at_a_time = self.pump.lock().await;
        let now_ms = now.as_millisecond();
        let mut steps = self.settle(now)?;
        while let Some(delivery) = self.storage.due_delivery(now_ms)? {
            self.deliver(&delivery, now).await?;
            steps += 1;
            // The receiver may have placed calls, and the clock may say that they are over.
            steps += self.settle(now)?;
        }
        Ok(steps)
    }

    async fn deliver(&self, delivery: &Delivery, now: Timestamp) -> Result<(), Error> {
        let now_ms = now.as_millisecond();
        let Some(webhook) = self.storage.account(&delivery.account)? else {
            return self.storage.close_delivery(delivery, now_ms);
        };
        let secret = if delivery.forged { "not the secret" } else { &webhook.secret };
        let posted = self
            .http
            .post(&webhook.url)
            .header("content-type", "application/json")
            .header("user-agent", "ElevenLabs-Webhook/1.0 (simulator)")
            .header("elevenlabs-signature", sign(secret, now, &delivery.body))
            .body(delivery.body.clone())
            .send()
            .await;
        let again = match posted {
            Ok(answer) => {
                let status = answer.status();
                !status.is_success() && (status.is_server_error() || matches!(status.as_u16(), 408 | 429))
            }
            Err(error) => {
                tracing::warn!(%error, "the simulated webhook found no receiver");
                true
            }
        };
        let next = usize::try_from(delivery.attempts).unwrap_or(usize::MAX).saturating_add(1);
        match WAITS.get(next) {
            Some(wait) if again && delivery.retried => {
                let jitter = SplitMix64::of(&format!("{} {next}", delivery.seq)).between(0, wait * 100);
                self.storage.put_off_delivery(delivery, now_ms + wait * 1000 + jitter)
            }
            _ => self.storage.close_delivery(delivery, now_ms),
        }
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
