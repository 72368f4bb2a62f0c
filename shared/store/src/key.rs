//! Keys. No other crate can build one: whoever wants an item names a tenant and an entity.

use domain::TenantId;
use jiff::Timestamp;

/// Where an item lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

/// The partitions that belong to no tenant. Their rows hold ids only, and the tenant that one names is
/// checked where the row is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    /// Hash of an API key → tenant and key id.
    Credential,
    /// Hash of a token's issuer and audience → tenant.
    Issuer,
    /// The registry of tenants.
    Tenants,
    /// Timers by due time.
    Due,
    /// Jobs on their way to a queue.
    Outbox,
}

impl System {
    fn segment(self) -> &'static str {
        match self {
            Self::Credential => "key",
            Self::Issuer => "issuer",
            Self::Tenants => "tenant",
            Self::Due => "due",
            Self::Outbox => "out",
        }
    }

    /// The partition of this kind that `rest` names.
    pub(crate) fn partition(self, rest: impl std::fmt::Display) -> String {
        format!("sys#{}#{rest}", self.segment())
    }

    /// The key in that partition.
    pub(crate) fn key(self, rest: impl std::fmt::Display, sk: impl Into<String>) -> Key {
        Key { pk: self.partition(rest), sk: sk.into() }
    }
}

impl Key {
    /// The key of a tenant's item: partition `t#<tenant>#<rest>`.
    pub(crate) fn of(tenant: &TenantId, rest: impl std::fmt::Display, sk: impl Into<String>) -> Self {
        Self { pk: partition(tenant, rest), sk: sk.into() }
    }
}

/// The tenant's partition that `rest` names.
pub(crate) fn partition(tenant: &TenantId, rest: impl std::fmt::Display) -> String {
    format!("t#{tenant}#{rest}")
}

/// An instant as it stands in keys: UTC to the millisecond, of fixed width, so that text order is time order.
pub(crate) fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// An instant as it stands in keys that are read newest first: what is left of the millennium, in milliseconds.
pub(crate) fn inverted(at: Timestamp) -> String {
    format!("{:015}", 999_999_999_999_999_i64.saturating_sub(at.as_millisecond()))
}

/// The instant of a place that begins with one as [`inverted`] writes it, to the millisecond.
pub(crate) fn instant_of(place: &str) -> Option<Timestamp> {
    let (inverted, _) = place.split_once('#').filter(|(inverted, _)| inverted.len() == 15)?;
    let left = inverted.bytes().all(|byte| byte.is_ascii_digit()).then(|| inverted.parse::<i64>())?.ok()?;
    Timestamp::from_millisecond(999_999_999_999_999 - left).ok()
}

/// Spreads keys over `shards` partitions by their text (FNV-1a).
pub(crate) fn shard(text: &str, shards: u64) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash % shards
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_order_is_time_order() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let instants = [at("2026-01-01T00:00:00Z"), at("2026-01-01T00:00:00.5Z"), at("2026-11-21T09:00:00Z")];
        assert!(instants.windows(2).all(|pair| instant(pair[0]) < instant(pair[1])));
        assert!(instants.windows(2).all(|pair| inverted(pair[0]) > inverted(pair[1])));
        assert_eq!(instant(instants[1]), "2026-01-01T00:00:00.500Z");
    }
}
