//! Envelope encryption: every tenant has a data key, which a key service wraps and the store keeps.
//!
//! A sealed text is AES-256-GCM under the tenant's data key, bound to the tenant and to what it is (so that a
//! sealed credential cannot be moved to another place or tenant and still be opened).

mod key_service;
mod kms;

pub use kms::Kms;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{Ids, TenantId};
use key_service::KeyService;
use provider::ProviderError;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::collections::HashMap;
use std::sync::Arc;
use store::{Store, Transaction, WrappedKey};
use tokio::sync::Mutex;

/// Seals and opens a tenant's secrets. Cheap to clone; data keys are cached for the process's life.
#[derive(Debug, Clone)]
pub struct Vault {
    keys: Arc<KeyService>,
    cache: Arc<Mutex<HashMap<TenantId, DataKey>>>,
    ids: Ids,
}

/// A data key in the clear; it shows nothing of itself.
#[derive(Clone)]
struct DataKey([u8; 32]);

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey(…)")
    }
}

/// A secret that could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The sealed text was not made with this key for this place, or was changed.
    #[error("the sealed text cannot be opened")]
    Damaged,
    /// The key service did not answer, or refused.
    #[error("the key service failed at kms:{operation}: {error}")]
    KeyService {
        /// What it was asked for, as roles are granted it.
        operation: &'static str,
        /// What it said.
        error: ProviderError,
    },
    /// The wrapped key cannot be read or stored.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Vault {
    /// A vault whose data keys the AWS Key Management Service wraps. Nothing is sent yet.
    pub fn kms(kms: Kms) -> Self {
        Self::with(KeyService::kms(kms))
    }

    /// A vault whose data keys are wrapped with a key that the process was given, for the local run.
    pub fn local(key: [u8; 32]) -> Self {
        Self::with(KeyService::Local(key))
    }

    fn with(keys: KeyService) -> Self {
        Self { keys: Arc::new(keys), cache: Arc::default(), ids: Ids::default() }
    }

    /// Seals a text as the tenant's `what`; base64.
    pub async fn seal(
        &self,
        store: &Store,
        tenant: &TenantId,
        what: &str,
        text: &[u8],
    ) -> Result<String, Error> {
        let key = self.data_key(store, tenant).await?;
        encrypt(&key.0, &self.ids, &bound_to(tenant, what), text)
    }

    /// Opens what [`Vault::seal`] made for the same tenant and `what`.
    pub async fn open(
        &self,
        store: &Store,
        tenant: &TenantId,
        what: &str,
        sealed: &str,
    ) -> Result<Vec<u8>, Error> {
        let key = self.data_key(store, tenant).await?;
        decrypt(&key.0, &bound_to(tenant, what), sealed)
    }

    async fn data_key(&self, store: &Store, tenant: &TenantId) -> Result<DataKey, Error> {
        // The lock is held across the first reading, so that a burst asks the key service once.
        let mut cache = self.cache.lock().await;
        if let Some(key) = cache.get(tenant) {
            return Ok(key.clone());
        }
        let wrapped = match store.get::<WrappedKey>(tenant, &()).await? {
            Some(stored) => stored.value.wrapped,
            None => self.new_data_key(store, tenant).await?,
        };
        let key = DataKey(self.keys.unwrap(tenant, &wrapped, store.clock().now()).await?);
        cache.insert(tenant.clone(), key.clone());
        Ok(key)
    }

    /// Makes the tenant's data key, or finds the one that somebody made first.
    async fn new_data_key(&self, store: &Store, tenant: &TenantId) -> Result<String, Error> {
        let now = store.clock().now();
        let wrapped = self.keys.wrapped_key(tenant, &self.ids, now).await?;
        let mut step = Transaction::new(tenant.clone(), "vault", &self.ids, now);
        step.create(&WrappedKey { wrapped: wrapped.clone() })?;
        match store.commit(step).await {
            Ok(()) => Ok(wrapped),
            Err(store::Error::Stale { .. }) => {
                let first = store.get::<WrappedKey>(tenant, &()).await?;
                first.map(|stored| stored.value.wrapped).ok_or(Error::Damaged)
            }
            Err(e) => Err(e.into()),
        }
    }
}

fn bound_to(tenant: &TenantId, what: &str) -> String {
    format!("{tenant}\n{what}")
}

/// Nonce, ciphertext and tag as base64.
fn encrypt(key: &[u8; 32], ids: &Ids, bound_to: &str, text: &[u8]) -> Result<String, Error> {
    let nonce: [u8; NONCE_LEN] = ids.bytes();
    let mut sealed = text.to_vec();
    cipher(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound_to), &mut sealed)
        .map_err(|_| Error::Damaged)?;
    Ok(STANDARD.encode([nonce.as_slice(), &sealed].concat()))
}

fn decrypt(key: &[u8; 32], bound_to: &str, sealed: &str) -> Result<Vec<u8>, Error> {
    let bytes = STANDARD.decode(sealed).map_err(|_| Error::Damaged)?;
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>().ok_or(Error::Damaged)?;
    let mut text = sealed.to_vec();
    let opened = cipher(key)?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(bound_to), &mut text)
        .map_err(|_| Error::Damaged)?;
    Ok(opened.to_vec())
}

fn cipher(key: &[u8; 32]) -> Result<LessSafeKey, Error> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| Error::Damaged)
}
