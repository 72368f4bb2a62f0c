//! Tenants: the businesses that live in this installation.

use crate::api_keys::{self, NewKey};
use crate::context::{Context, Platform};
use crate::error::{Error, Result};
use domain::{TenantId, text};
use serde::{Deserialize, Serialize};
use store::{TenantRecord, Transaction};
use utoipa::ToSchema;

/// A new tenant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantInput {
    /// Its name in paths and keys.
    pub id: TenantId,
    /// What people call it.
    pub name: String,
}

/// A tenant that was made, with its owner's key.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NewTenant {
    /// Its name in paths and keys.
    pub id: TenantId,
    /// What people call it.
    pub name: String,
    /// The owner's API key; it is shown this once.
    pub api_key: String,
}

/// Makes a tenant and its owner's key.
pub async fn create(ctx: &Context, input: TenantInput) -> Result<NewTenant> {
    ctx.require_platform_owner()?;
    let name = text::line(&input.name, 120).map_err(|e| e.within("/name"))?;
    let platform = &ctx.platform;
    let mut step = Transaction::new(input.id.clone(), &ctx.correlation, &platform.ids, ctx.now());
    step.register();
    step.create(&TenantRecord { name: name.clone(), created_at: ctx.now() })?;
    let (key, secret) = api_keys::make(platform, NewKey::owner("Owner"));
    step.point_credential(&key.hash, key.id);
    step.create(&key)?;
    let made = Context { tenant: input.id.clone(), ..ctx.clone() };
    made.audited::<()>(&mut step, "tenant.created", &input.id, None, None)?;
    match platform.store.commit(step).await {
        Ok(()) => Ok(NewTenant { id: input.id, name, api_key: secret }),
        Err(store::Error::Stale { .. }) => {
            Err(Error::Duplicate { noun: "tenant", field: "id", existing_id: input.id.to_string() })
        }
        Err(e) => Err(e.into()),
    }
}

/// Makes the tenant of a local run, with a key whose secret is given and has no rate limit. One that exists
/// stays as it is.
pub async fn ensure_local(platform: &Platform, id: &TenantId, name: &str, secret: &str) -> Result<()> {
    let exists = platform.store.get::<TenantRecord>(id, &()).await?.is_some();
    let hash = store::credential_hash(secret);
    if exists && platform.store.credential(&hash).await?.is_some() {
        return Ok(());
    }
    let mut step = Transaction::new(id.clone(), "local", &platform.ids, platform.now());
    if !exists {
        step.register();
        step.create(&TenantRecord { name: name.to_owned(), created_at: platform.now() })?;
    }
    let (mut key, _) =
        api_keys::make(platform, NewKey { platform_owner: true, rate: None, ..NewKey::owner("Local") });
    key.hash = hash;
    key.hint = secret.chars().rev().take(4).collect::<String>().chars().rev().collect();
    step.point_credential(&key.hash, key.id);
    step.create(&key)?;
    Ok(platform.store.commit(step).await?)
}
