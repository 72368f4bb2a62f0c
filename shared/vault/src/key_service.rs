//! Who wraps the data keys.

use crate::kms::{self, Kms};
use crate::{Error, decrypt, encrypt};
use domain::{Ids, TenantId};
use jiff::Timestamp;
use provider::ProviderError;

#[derive(Debug)]
pub(crate) enum KeyService {
    Kms(kms::Client),
    Local([u8; 32]),
}

impl KeyService {
    pub(crate) fn kms(kms: Kms) -> Self {
        Self::Kms(kms::Client::new(kms))
    }

    /// A fresh data key for the tenant, wrapped.
    pub(crate) async fn wrapped_key(
        &self,
        tenant: &TenantId,
        ids: &Ids,
        now: Timestamp,
    ) -> Result<String, Error> {
        match self {
            Self::Local(key) => encrypt(key, ids, tenant.as_str(), &ids.bytes::<32>()),
            Self::Kms(kms) => kms.wrapped_key(tenant, now).await.map_err(failed(kms::GENERATE)),
        }
    }

    /// The data key in the clear.
    pub(crate) async fn unwrap(
        &self,
        tenant: &TenantId,
        wrapped: &str,
        now: Timestamp,
    ) -> Result<[u8; 32], Error> {
        let key = match self {
            Self::Local(key) => decrypt(key, tenant.as_str(), wrapped)?,
            Self::Kms(kms) => kms.unwrap(tenant, wrapped, now).await.map_err(failed(kms::DECRYPT))?,
        };
        key.try_into().map_err(|_| Error::Damaged)
    }
}

fn failed(operation: &'static str) -> impl Fn(ProviderError) -> Error {
    move |error| Error::KeyService { operation, error }
}
