//! Tenants: the businesses that live in this installation.

use crate::api_keys::{self, NewKey};
use crate::context::{Context, Platform};
use crate::error::{Error, Result, retrying};
use crate::practice_types;
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
    let name = name_of(&input)?;
    let made = Context { tenant: input.id.clone(), ..ctx.clone() };
    let mut step = made.step();
    found(&made, &mut step, &name)?;
    let (key, secret) = api_keys::make(&ctx.platform, NewKey::owner("Owner"));
    api_keys::add(&made, &mut step, &key)?;
    match ctx.store().commit(step).await {
        Ok(()) => Ok(NewTenant { id: input.id, name, api_key: secret }),
        Err(store::Error::Stale { .. }) => {
            Err(Error::Duplicate { noun: "tenant", field: "id", existing_id: input.id.to_string() })
        }
        Err(e) => Err(e.into()),
    }
}

/// Makes a key for whoever runs the installation: the owner of this tenant, and the platform owner. The tenant is
/// made if it is not there; one that is there stays as it is.
pub async fn set_up(platform: &Platform, input: TenantInput) -> Result<NewTenant> {
    let wanted = name_of(&input)?;
    let ctx = Context::of_system(platform.clone(), input.id.clone(), "platform-setup");
    let new = NewKey { platform_owner: true, ..NewKey::owner("Platform owner") };
    let (key, secret) = api_keys::make(platform, new);
    let name = retrying!(
        async {
            let there = ctx.store().get::<TenantRecord>(&input.id, &()).await?;
            let mut step = ctx.step();
            if there.is_none() {
                found(&ctx, &mut step, &wanted)?;
            }
            api_keys::add(&ctx, &mut step, &key)?;
            ctx.store().commit(step).await?;
            Ok(there.map_or_else(|| wanted.clone(), |there| there.value.name))
        }
        .await
    )?;
    Ok(NewTenant { id: input.id, name, api_key: secret })
}

/// Makes the tenant of a local run, with a key whose secret is given and has no rate limit. One that exists
/// stays as it is.
pub async fn ensure_local(platform: &Platform, id: &TenantId, name: &str, secret: &str) -> Result<()> {
    let ctx = Context::of_system(platform.clone(), id.clone(), "local");
    let exists = ctx.store().get::<TenantRecord>(id, &()).await?.is_some();
    let hash = store::credential_hash(secret);
    if exists && platform.store.credential(&hash).await?.is_some() {
        return Ok(());
    }
    let mut step = ctx.step();
    if !exists {
        found(&ctx, &mut step, name)?;
        practice_types::add_examples(&ctx, &mut step, &[])?;
    }
    let (mut key, _) =
        api_keys::make(platform, NewKey { platform_owner: true, rate: None, ..NewKey::owner("Local") });
    key.hash = hash;
    key.hint = secret.chars().rev().take(4).collect::<String>().chars().rev().collect();
    api_keys::add(&ctx, &mut step, &key)?;
    Ok(platform.store.commit(step).await?)
}

fn name_of(input: &TenantInput) -> Result<String> {
    Ok(text::line(&input.name, 120).map_err(|e| e.within("/name"))?)
}

/// Adds the tenant of `ctx` to the step.
fn found(ctx: &Context, step: &mut Transaction, name: &str) -> Result<()> {
    step.register();
    step.create(&TenantRecord { name: name.to_owned(), created_at: ctx.now() })?;
    ctx.audited::<()>(step, "tenant.created", &ctx.tenant, None, None)
}
