//! How often a credential was used lately.

use crate::Store;
use crate::error::Result;
use crate::item::{key_attributes, number, number_in};
use crate::key::Key;
use crate::wire;
use aws_sdk_dynamodb::types::ReturnValue;
use domain::TenantId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How often a credential may be used: `burst` requests at once, `per_second` over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Requests a second, over time.
    pub per_second: u32,
    /// Requests at once.
    pub burst: u32,
}

impl Default for Rate {
    fn default() -> Self {
        Self { per_second: 50, burst: 200 }
    }
}

impl Rate {
    /// This rate, and no more than another.
    #[must_use]
    pub fn at_most(self, other: Self) -> Self {
        Self { per_second: self.per_second.min(other.per_second), burst: self.burst.min(other.burst) }
    }

    /// The length of one window, in seconds: in it a burst's worth of requests is the rate over time.
    fn window_secs(self) -> i64 {
        i64::from(self.burst.div_ceil(self.per_second.max(1)).max(1))
    }
}

impl Store {
    /// Counts one use of the credential that is called `user`. `Some(seconds)` if that was one too many: how
    /// long to wait.
    pub async fn count_use(
        &self,
        tenant: &TenantId,
        user: &str,
        rate: Rate,
        now: Timestamp,
    ) -> Result<Option<u32>> {
        let length = rate.window_secs();
        let window = now.as_second().div_euclid(length);
        let ends = (window + 1) * length;
        let key = Key::of(tenant, format_args!("RATE#{user}"), window.to_string());
        // A use that is counted twice by a repeated request costs its caller one of many.
        let answer = self
            .patiently(|| {
                let count = self
                    .client
                    .update_item()
                    .table_name(&*self.table)
                    .set_key(Some(key_attributes(&key)))
                    .update_expression("ADD #n :one SET expires = :expires")
                    .expression_attribute_names("#n", "n")
                    .expression_attribute_values(":one", number(1))
                    .expression_attribute_values(":expires", number(ends + 60))
                    .return_values(ReturnValue::UpdatedNew);
                wire::update(count)
            })
            .await?;
        let used: i64 = answer.attributes.as_ref().and_then(|item| number_in(item, "n")).unwrap_or_default();
        let allowed = (i64::from(rate.per_second) * length).max(i64::from(rate.burst));
        Ok((used > allowed).then(|| u32::try_from(ends - now.as_second()).unwrap_or(1).max(1)))
    }
}
