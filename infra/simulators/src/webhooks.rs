//! Webhooks of every service: lying about them, posting them, and trying again.
//!
//! What a webhook says and how it is signed is its service's matter.

use crate::lies::{Liar, Lie, SplitMix64};
use crate::storage::Delivery;
use crate::{Error, Inner, elevenlabs, whatsapp};
use jiff::Timestamp;
use reqwest::StatusCode;
use std::time::Duration;

/// How long a receiver may take to answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Who posts webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    ElevenLabs,
    WhatsApp,
}

impl Service {
    /// As it is stored.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ElevenLabs => "elevenlabs",
            Self::WhatsApp => "whatsapp",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        [Self::ElevenLabs, Self::WhatsApp].into_iter().find(|service| service.name() == name)
    }

    /// Failed webhooks of one account that may wait for another attempt. Meta publishes no bound.
    pub(crate) fn retries_per_account(self) -> i64 {
        match self {
            Self::ElevenLabs => 100,
            Self::WhatsApp => i64::MAX,
        }
    }

    /// Seconds before each attempt of a delivery that is retried.
    fn waits(self) -> &'static [i64] {
        match self {
            Self::ElevenLabs => &elevenlabs::webhooks::WAITS,
            Self::WhatsApp => &whatsapp::webhooks::WAITS,
        }
    }

    /// Milliseconds by which an attempt may come later than its wait says.
    fn jitter(self, wait: i64) -> i64 {
        match self {
            Self::ElevenLabs => wait * 100,
            Self::WhatsApp => 0,
        }
    }

    /// Whether the answer of a receiver asks for another attempt.
    fn tries_again(self, answer: StatusCode) -> bool {
        match self {
            Self::ElevenLabs => answer.is_server_error() || matches!(answer.as_u16(), 408 | 429),
            Self::WhatsApp => answer != StatusCode::OK,
        }
    }
}

/// One attempt: where it goes, and what says whose it is.
#[derive(Debug)]
pub(crate) struct Posting {
    pub(crate) url: String,
    pub(crate) user_agent: &'static str,
    pub(crate) signature_header: &'static str,
    pub(crate) signature: String,
}

/// What becomes of an honest webhook; `forge` makes the body that a stranger would post.
pub(crate) fn lie_about(liar: &mut Liar, honest: Delivery, forge: impl FnOnce() -> String) -> Vec<Delivery> {
    let lies = liar.webhook();
    let mut deliveries = Vec::new();
    if lies.contains(&Lie::Forge) {
        deliveries.push(Delivery { body: forge(), forged: true, retried: false, ..honest.clone() });
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
        let second = Delivery { due_ms: truth.due_ms + liar.delay_ms(0, 60), held: false, ..truth.clone() };
        deliveries.extend([truth, second]);
    } else {
        deliveries.push(truth);
    }
    deliveries
}

impl Inner {
    /// Moves the calls and the messages on to where they stand at `now`, and makes the deliveries that tell of
    /// it. Answers the number of steps.
    pub(crate) fn settle(&self, now: Timestamp) -> Result<usize, Error> {
        let now_ms = now.as_millisecond();
        let calls = self.storage.advance(now_ms, |call, at_ms| self.deliveries_of_call(call, at_ms))?;
        let events = self.storage.announce(now_ms, |event| self.deliveries_of_event(event))?;
        Ok(calls + events)
    }

    /// Performs everything due at `now`; see `Simulators::run_due`.
    pub(crate) async fn pump(&self, now: Timestamp) -> Result<usize, Error> {
        let _one_at_a_time = self.pump.lock().await;
        let now_ms = now.as_millisecond();
        let mut steps = self.settle(now)?;
        while let Some(delivery) = self.storage.due_delivery(now_ms)? {
            self.deliver(&delivery, now).await?;
            steps += 1;
            // The receiver may have placed calls and sent messages, and the clock may say that they are over.
            steps += self.settle(now)?;
        }
        Ok(steps)
    }

    fn posting(&self, delivery: &Delivery, now: Timestamp) -> Result<Option<Posting>, Error> {
        match delivery.service {
            Service::ElevenLabs => self.call_posting(delivery, now),
            Service::WhatsApp => self.message_posting(delivery),
        }
    }

    async fn deliver(&self, delivery: &Delivery, now: Timestamp) -> Result<(), Error> {
        let now_ms = now.as_millisecond();
        let Some(posting) = self.posting(delivery, now)? else {
            return self.storage.close_delivery(delivery, now_ms);
        };
        let posted = self
            .http
            .post(&posting.url)
            .header("content-type", "application/json")
            .header("user-agent", posting.user_agent)
            .header(posting.signature_header, posting.signature)
            .body(delivery.body.clone())
            .send()
            .await;
        let again = match posted {
            Ok(answer) => delivery.service.tries_again(answer.status()),
            Err(error) => {
                tracing::warn!(%error, "the simulated webhook found no receiver");
                true
            }
        };
        let next = usize::try_from(delivery.attempts).unwrap_or(usize::MAX).saturating_add(1);
        match delivery.service.waits().get(next) {
            Some(wait) if again && delivery.retried => {
                let jitter = SplitMix64::of(&format!("{} {next}", delivery.seq))
                    .between(0, delivery.service.jitter(*wait));
                self.storage.put_off_delivery(delivery, now_ms + wait * 1000 + jitter)
            }
            _ => self.storage.close_delivery(delivery, now_ms),
        }
    }
}
