//! From a secret or a token to its tenant: the rows that stand outside every tenant. They hold ids only, and
//! whoever follows one reads the tenant's own record before believing it.

use crate::entity::Item;
use crate::error::Result;
use crate::item::{text, text_in};
use crate::key::System;
use crate::read::Stretch;
use crate::{Store, Transaction};
use domain::{KeyId, TenantId};
use ring::digest::{SHA256, digest};

/// Whose credential a hash is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The tenant.
    pub tenant: TenantId,
    /// The API key.
    pub key: KeyId,
}

/// The hash under which a secret is known; the secret itself is never stored.
pub fn credential_hash(secret: &str) -> String {
    hex::encode(digest(&SHA256, secret.as_bytes()))
}

impl Transaction {
    /// Makes an API key findable by its hash.
    pub fn point_credential(&mut self, hash: &str, key: KeyId) {
        let ids = Item::from([("key".to_owned(), text(key.to_string()))]);
        self.point(System::Credential, hash, ids);
    }

    /// Makes an API key findable no more.
    pub fn unpoint_credential(&mut self, hash: &str) {
        self.unpoint(System::Credential, hash);
    }

    /// Makes the tenant findable by its tokens' issuer and audience.
    pub fn point_issuer(&mut self, issuer: &str, audience: &str) {
        self.point(System::Issuer, &issuer_hash(issuer, audience), Item::new());
    }

    /// Makes the tenant findable no more by them.
    pub fn unpoint_issuer(&mut self, issuer: &str, audience: &str) {
        self.unpoint(System::Issuer, &issuer_hash(issuer, audience));
    }
}

impl Store {
    /// Whose API key this hash is.
    pub async fn credential(&self, hash: &str) -> Result<Option<Credential>> {
        let item = self.item(&System::Credential.key(hash, "0")).await?;
        Ok(item.and_then(|item| {
            let tenant = text_in(&item, "tenant")?.parse().ok()?;
            Some(Credential { tenant, key: text_in(&item, "key")?.parse().ok()? })
        }))
    }

    /// The tenant whose tokens have this issuer and audience.
    pub async fn issuer(&self, issuer: &str, audience: &str) -> Result<Option<TenantId>> {
        let item = self.item(&System::Issuer.key(issuer_hash(issuer, audience), "0")).await?;
        Ok(item.and_then(|item| text_in(&item, "tenant")?.parse().ok()))
    }

    /// Every tenant, by name, at most `limit`.
    pub async fn tenants(&self, limit: usize) -> Result<Vec<TenantId>> {
        let rows = self.stretch(&Stretch::of(System::Tenants.partition("all"), limit)).await?;
        Ok(rows.iter().filter_map(|row| text_in(row, "sk")?.parse().ok()).collect())
    }
}

fn issuer_hash(issuer: &str, audience: &str) -> String {
    hex::encode(digest(&SHA256, format!("{issuer}\n{audience}").as_bytes()))
}
