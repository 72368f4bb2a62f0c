//! Who is behind a credential, remembered for at most a minute.

use crate::jwt::KeySets;
use crate::{Api, Problem};
use domain::TenantId;
use jiff::{SignedDuration, Timestamp};
use operations::Actor;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use store::{ApiKey, Rate, credential_hash};

/// How long an identity is believed without looking: a key that was taken back is refused after this.
const BELIEVED: SignedDuration = SignedDuration::from_secs(60);
/// How many identities are remembered.
const REMEMBERED: usize = 1_000;

/// Somebody who was recognised.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) tenant: TenantId,
    pub(crate) actor: Actor,
    /// Under which name the uses of the credential are counted, and how many there may be.
    pub(crate) rate: Option<(String, Rate)>,
}

/// Who was recognised lately, and the issuers' keys.
#[derive(Debug, Clone, Default)]
pub struct Identities {
    known: Arc<Mutex<HashMap<String, (Identity, Timestamp)>>>,
    pub(crate) key_sets: KeySets,
}

impl Identities {
    fn known(&self, hash: &str, now: Timestamp) -> Option<Identity> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(hash).filter(|(_, since)| now.duration_since(*since) < BELIEVED).map(|(who, _)| who.clone())
    }

    fn remember(&self, hash: String, identity: Identity, now: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.retain(|_, (_, since)| now.duration_since(*since) < BELIEVED);
        }
        if known.len() < REMEMBERED {
            known.insert(hash, (identity, now));
        }
    }
}

/// Who bears this credential.
pub(crate) async fn identify(api: &Api, credential: &str) -> Result<Identity, Problem> {
    let now = api.platform.now();
    // Only the hash is kept in memory, so that nothing that shows the cache shows a secret.
    let hash = credential_hash(credential);
    if let Some(identity) = api.identities.known(&hash, now) {
        return Ok(identity);
    }
    let identity = if credential.starts_with("fd_") || credential.split('.').count() != 3 {
        bearer_of_key(api, &hash).await?
    } else {
        crate::jwt::bearer_of_token(api, credential).await?
    };
    api.identities.remember(hash, identity.clone(), now);
    Ok(identity)
}

async fn bearer_of_key(api: &Api, hash: &str) -> Result<Identity, Problem> {
    let unknown = || Problem::unauthenticated("The API key is not known.");
    let store = &api.platform.store;
    let found = store.credential(hash).await.map_err(operations::Error::from)?.ok_or_else(unknown)?;
    // The pointer names a tenant and a key; what the key may do stands with the tenant, and must agree.
    let key = store.get::<ApiKey>(&found.tenant, &found.key).await.map_err(operations::Error::from)?;
    let key = key.map(|key| key.value).filter(|key| key.hash == hash && key.revoked_at.is_none());
    let ApiKey { id, role, platform_owner, rate, .. } = key.ok_or_else(unknown)?;
    Ok(Identity {
        tenant: found.tenant,
        actor: Actor::Key { id, role, platform_owner },
        rate: rate.map(|rate| (id.to_string(), rate)),
    })
}
