//! The suppression list: doors that stay shut though the record of the person is gone.

use crate::entity::Entity;
use crate::key::Key;
use domain::contact::{Channel, Suppression};
use domain::{Email, Phone, TenantId};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A digest of an address: enough to know it again, and not to read it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AddressDigest(String);

impl AddressDigest {
    /// That of a telephone number.
    pub fn of_phone(tenant: &TenantId, phone: &Phone) -> Self {
        Self::of(tenant, phone.as_str())
    }

    /// That of an e-mail address, without case.
    pub fn of_email(tenant: &TenantId, email: &Email) -> Self {
        Self::of(tenant, &email.canonical())
    }

    /// The tenant's id makes it another one for each tenant.
    fn of(tenant: &TenantId, address: &str) -> Self {
        Self(hex::encode(digest(&SHA256, format!("{tenant} {address}").as_bytes())))
    }
}

/// What is shut to whoever has an address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SuppressionEntry {
    /// The address.
    pub address: AddressDigest,
    /// The channels, and why.
    pub channels: BTreeMap<Channel, Suppression>,
}

impl Entity for SuppressionEntry {
    const KIND: &'static str = "suppression";
    type Id = AddressDigest;

    fn key_of(tenant: &TenantId, id: &AddressDigest) -> Key {
        Key::of(tenant, format_args!("SUP#{}", id.0), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.address)
    }
}
