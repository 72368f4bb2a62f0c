//! API keys: made, listed, taken back. A secret is shown once and known here by its hash.

use crate::context::{Context, Platform};
use crate::error::{Error, Result, retrying};
use crate::{Listing, Page};
use domain::{Invalid, KeyId, Role, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{ApiKey, Rate, Transaction};
use utoipa::ToSchema;

/// A new API key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyInput {
    /// What people call it.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// Requests a second over time; 50 if not given.
    #[serde(default)]
    pub per_second: Option<u32>,
    /// Requests at once; 200 if not given.
    #[serde(default)]
    pub burst: Option<u32>,
}

/// An API key as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ApiKeyView {
    /// The key's id.
    pub id: KeyId,
    /// What people call it.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// The last characters of the secret.
    pub hint: String,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it was taken back.
    #[schema(value_type = Option<String>)]
    pub revoked_at: Option<Timestamp>,
}

/// An API key that was made, with its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NewApiKey {
    /// The key.
    #[serde(flatten)]
    pub key: ApiKeyView,
    /// The secret; it is shown this once.
    pub api_key: String,
}

/// What a key that is being made is to be.
#[derive(Debug, Clone)]
pub(crate) struct NewKey {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) platform_owner: bool,
    pub(crate) rate: Option<Rate>,
}

impl NewKey {
    pub(crate) fn owner(name: &str) -> Self {
        Self { name: name.to_owned(), role: Role::Owner, platform_owner: false, rate: Some(Rate::default()) }
    }
}

/// A key and its secret: `fd_` and 32 random bytes in hexadecimal.
pub(crate) fn make(platform: &Platform, new: NewKey) -> (ApiKey, String) {
    let now = platform.now();
    let secret = format!("fd_{}", hex::encode(platform.ids.bytes::<32>()));
    let key = ApiKey {
        id: platform.ids.next(now),
        name: new.name,
        role: new.role,
        platform_owner: new.platform_owner,
        hint: secret[secret.len() - 4..].to_owned(),
        hash: store::credential_hash(&secret),
        rate: new.rate,
        created_at: now,
        revoked_at: None,
    };
    (key, secret)
}

/// Makes an API key.
pub async fn create(ctx: &Context, input: ApiKeyInput) -> Result<NewApiKey> {
    ctx.require(Role::Owner)?;
    let name = text::line(&input.name, 120).map_err(|e| e.within("/name"))?;
    let default = Rate::default();
    let rate = Rate {
        per_second: input.per_second.unwrap_or(default.per_second),
        burst: input.burst.unwrap_or(default.burst),
    };
    for (pointer, value) in [("/per_second", rate.per_second), ("/burst", rate.burst)] {
        if !(1..=10_000).contains(&value) {
            return Err(Invalid::at(pointer, "must be from 1 to 10000").into());
        }
    }
    let new = NewKey { name, role: input.role, platform_owner: false, rate: Some(rate) };
    let (key, secret) = make(&ctx.platform, new);
    let mut step = ctx.step();
    add(ctx, &mut step, &key)?;
    ctx.store().commit(step).await?;
    Ok(NewApiKey { key: ApiKeyView::of(&key), api_key: secret })
}

/// Adds a key that was made to the step.
pub(crate) fn add(ctx: &Context, step: &mut Transaction, key: &ApiKey) -> Result<()> {
    step.point_credential(&key.hash, key.id);
    step.create(key)?;
    ctx.audited(step, "api_key.created", key.id, None, Some(&ApiKeyView::of(key)))
}

/// API keys, newest first, those taken back included.
pub async fn list(ctx: &Context, page: &Page) -> Result<Listing<ApiKeyView>> {
    ctx.require(Role::Owner)?;
    let listing = ctx.store().list::<ApiKey>(&ctx.tenant, ApiKey::LIST, page).await?;
    Ok(Listing { items: listing.items.iter().map(|key| ApiKeyView::of(key)).collect(), next: listing.next })
}

/// Takes an API key back; it is refused everywhere within a minute. Twice is as good as once.
pub async fn revoke(ctx: &Context, id: KeyId) -> Result<()> {
    ctx.require(Role::Owner)?;
    retrying!(
        async {
            let old = ctx.store().get::<ApiKey>(&ctx.tenant, &id).await?.ok_or(Error::NotFound("API key"))?;
            if old.revoked_at.is_some() {
                return Ok(());
            }
            let key = ApiKey { revoked_at: Some(ctx.now()), ..old.value.clone() };
            let mut step = ctx.step();
            step.replace(&old, &key)?;
            step.unpoint_credential(&key.hash);
            ctx.audited(
                &mut step,
                "api_key.revoked",
                id,
                Some(&ApiKeyView::of(&old)),
                Some(&ApiKeyView::of(&key)),
            )?;
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
}

impl ApiKeyView {
    fn of(key: &ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name.clone(),
            role: key.role,
            hint: key.hint.clone(),
            created_at: key.created_at,
            revoked_at: key.revoked_at,
        }
    }
}
