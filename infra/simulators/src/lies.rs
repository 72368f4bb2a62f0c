//! How the simulated providers misbehave, and the generator that decides when.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// One way in which a provider lets its client down.
///
/// The first five befall a webhook, the others the answer to an outbound call or to the sending of a message.
/// What is said here of a call holds for a message, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lie {
    /// The webhook never comes.
    Lose,
    /// The webhook comes 10 to 45 minutes after its instant.
    Late,
    /// The webhook comes twice, the second within a minute of the first.
    Duplicate,
    /// The webhook waits until another one of its account has gone, two minutes at most.
    Reorder,
    /// A stranger posts an altered copy, signed with a wrong secret, ahead of the true one.
    Forge,
    /// The call is placed and the answer takes its time (`Simulators::set_slowness`).
    Slow,
    /// The provider's answer to too many requests, 429 as a rule; no call is placed.
    #[serde(rename = "rate_limit_429")]
    RateLimit429,
    /// 503; no call is placed.
    #[serde(rename = "server_error_5xx")]
    ServerError5xx,
    /// The call is placed, and the connection is held without an answer until the client gives up.
    SuccessThenTimeout,
    /// The call is placed, and the connection is closed at once without an answer.
    SuccessThenClose,
    /// The call is placed, and the answer is a 500.
    #[serde(rename = "success_then_5xx")]
    SuccessThen5xx,
}

impl Lie {
    /// Whether the lie befalls a webhook rather than the answer to an outbound call or to a message.
    pub fn is_of_webhooks(self) -> bool {
        matches!(self, Self::Lose | Self::Late | Self::Duplicate | Self::Reorder | Self::Forge)
    }
}

/// How often each lie is told: probabilities from 0 to 1, all 0 by default.
///
/// A dial or a sent message suffers at most one lie; a webhook may suffer several. The same seed and the same
/// order of events give the same lies.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lies {
    /// Probability of [`Lie::Lose`].
    pub lose: f64,
    /// Probability of [`Lie::Late`].
    pub late: f64,
    /// Probability of [`Lie::Duplicate`].
    pub duplicate: f64,
    /// Probability of [`Lie::Reorder`].
    pub reorder: f64,
    /// Probability of [`Lie::Forge`].
    pub forge: f64,
    /// Probability of [`Lie::Slow`].
    pub slow: f64,
    /// Probability of [`Lie::RateLimit429`].
    pub rate_limit_429: f64,
    /// Probability of [`Lie::ServerError5xx`].
    pub server_error_5xx: f64,
    /// Probability of [`Lie::SuccessThenTimeout`].
    pub success_then_timeout: f64,
    /// Probability of [`Lie::SuccessThenClose`].
    pub success_then_close: f64,
    /// Probability of [`Lie::SuccessThen5xx`].
    pub success_then_5xx: f64,
    /// Where the generator starts.
    pub seed: u64,
}

impl Lies {
    fn of_webhooks(&self) -> [(Lie, f64); 5] {
        [
            (Lie::Lose, self.lose),
            (Lie::Late, self.late),
            (Lie::Duplicate, self.duplicate),
            (Lie::Reorder, self.reorder),
            (Lie::Forge, self.forge),
        ]
    }

    fn of_dials(&self) -> [(Lie, f64); 6] {
        [
            (Lie::RateLimit429, self.rate_limit_429),
            (Lie::ServerError5xx, self.server_error_5xx),
            (Lie::SuccessThenTimeout, self.success_then_timeout),
            (Lie::SuccessThenClose, self.success_then_close),
            (Lie::SuccessThen5xx, self.success_then_5xx),
            (Lie::Slow, self.slow),
        ]
    }
}

/// Decides which lies are told.
#[derive(Debug, Default)]
pub(crate) struct Liar {
    lies: Lies,
    random: SplitMix64,
    forced: VecDeque<Lie>,
}

impl Liar {
    pub(crate) fn new(lies: Lies) -> Self {
        Self { random: SplitMix64(lies.seed), lies, forced: VecDeque::new() }
    }

    /// Takes over the lies already forced by the liar before.
    pub(crate) fn replace(&mut self, lies: Lies) {
        let forced = std::mem::take(&mut self.forced);
        *self = Self { forced, ..Self::new(lies) };
    }

    pub(crate) fn force(&mut self, lie: Lie) {
        self.forced.push_back(lie);
    }

    /// The lie of the next dial, or of the next message.
    pub(crate) fn dial(&mut self) -> Option<Lie> {
        self.take_forced(false).or_else(|| {
            let told = self.lies.of_dials().map(|(lie, p)| (lie, self.random.unit() < p));
            told.into_iter().find_map(|(lie, hit)| hit.then_some(lie))
        })
    }

    /// The lies of the next webhook.
    pub(crate) fn webhook(&mut self) -> Vec<Lie> {
        if let Some(lie) = self.take_forced(true) {
            return vec![lie];
        }
        let told = self.lies.of_webhooks().map(|(lie, p)| (lie, self.random.unit() < p));
        told.into_iter().filter_map(|(lie, hit)| hit.then_some(lie)).collect()
    }

    /// A number of milliseconds from `from` seconds to `to` seconds.
    pub(crate) fn delay_ms(&mut self, from_secs: u32, to_secs: u32) -> i64 {
        self.random.between(i64::from(from_secs) * 1000, i64::from(to_secs) * 1000)
    }

    fn take_forced(&mut self, of_webhooks: bool) -> Option<Lie> {
        let at = self.forced.iter().position(|lie| lie.is_of_webhooks() == of_webhooks)?;
        self.forced.remove(at)
    }
}

/// Steele, Lea and Flood's `SplitMix64`: small, and the same on every machine.
#[derive(Debug, Clone, Default)]
pub(crate) struct SplitMix64(pub(crate) u64);

impl SplitMix64 {
    /// A generator whose start follows from a text.
    pub(crate) fn of(text: &str) -> Self {
        // FNV-1a.
        Self(text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to just below 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what a f64 holds")]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.abs_diff(low).saturating_add(1);
        low.saturating_add_unsigned(self.next() % span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_tells_the_same_lies() {
        let lies = Lies { lose: 0.3, duplicate: 0.5, slow: 0.4, seed: 7, ..Lies::default() };
        let (mut one, mut two) = (Liar::new(lies.clone()), Liar::new(lies));
        let mut told = 0;
        for _ in 0..200 {
            let webhook = one.webhook();
            told += webhook.len();
            assert_eq!(webhook, two.webhook());
            assert_eq!(one.dial(), two.dial());
        }
        assert!((100..220).contains(&told), "{told}");
    }

    #[test]
    fn a_forced_lie_waits_for_its_own_kind_and_is_told_once() {
        let mut liar = Liar::default();
        liar.force(Lie::Lose);
        liar.force(Lie::SuccessThenClose);
        assert_eq!(liar.dial(), Some(Lie::SuccessThenClose));
        assert_eq!(liar.dial(), None);
        assert_eq!(liar.webhook(), [Lie::Lose]);
        assert!(liar.webhook().is_empty());
    }

    #[test]
    fn lies_read_from_json() {
        let lies: Lies = serde_json::from_str(r#"{"rate_limit_429": 0.5, "seed": 3}"#).unwrap();
        assert_eq!(lies, Lies { rate_limit_429: 0.5, seed: 3, ..Lies::default() });
        assert_eq!(serde_json::to_string(&Lie::SuccessThen5xx).unwrap(), r#""success_then_5xx""#);
        assert!(serde_json::from_str::<Lies>(r#"{"loose": 1}"#).is_err());
    }
}
