//! Fields that are kept encrypted, and who read them.

use crate::Store;
use crate::entity::{Entity, Stored};
use crate::error::Result;
use crate::key::{Key, inverted, partition};
use crate::read::{Listing, Page, Stretch};
use domain::{ContactId, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

/// How many sensitive fields of a contact are read: more than a business can define, twice over for a merge.
const FIELDS_READ: usize = 200;

/// The value of a sensitive field of a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedField {
    /// The contact.
    pub contact: ContactId,
    /// The field's name.
    pub name: String,
    /// Tells it from the value that another contact had who went into this one.
    pub id: Ulid,
    /// The value as JSON, encrypted with the tenant's key.
    pub sealed: String,
    /// Who wrote it, as the audit names them.
    pub written_by: String,
    /// When.
    pub written_at: Timestamp,
    /// Whether the contact had a value of their own when this one came to them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_aside: bool,
}

impl Entity for SealedField {
    const KIND: &'static str = "sensitive_field";
    type Id = (ContactId, String, Ulid);

    fn key_of(tenant: &TenantId, (contact, name, id): &(ContactId, String, Ulid)) -> Key {
        Key::of(tenant, format_args!("CON#{contact}"), format!("6#{name}#{id}"))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &(self.contact, self.name.clone(), self.id))
    }
}

/// That somebody read sensitive fields of a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensitiveRead {
    /// The contact.
    pub contact: ContactId,
    /// Tells it from others of the same instant.
    pub id: Ulid,
    /// When.
    pub at: Timestamp,
    /// Who, as the audit names them.
    pub by: String,
    /// The fields' names.
    pub fields: Vec<String>,
}

impl Entity for SensitiveRead {
    const KIND: &'static str = "sensitive_read";
    type Id = (ContactId, Timestamp, Ulid);

    fn key_of(tenant: &TenantId, (contact, at, id): &(ContactId, Timestamp, Ulid)) -> Key {
        Key::of(tenant, format_args!("CON#{contact}"), format!("7#{}#{id}", inverted(*at)))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &(self.contact, self.at, self.id))
    }
}

impl Store {
    /// The sensitive fields of a contact, by name.
    pub async fn sealed_fields(
        &self,
        tenant: &TenantId,
        contact: ContactId,
    ) -> Result<Vec<Stored<SealedField>>> {
        let stretch = Stretch::within(partition(tenant, format_args!("CON#{contact}")), "6#");
        let fields: Vec<Stored<SealedField>> =
            self.records(&Stretch { limit: FIELDS_READ, ..stretch }).await?;
        Ok(fields.into_iter().filter(|field| !field.is_aside).collect())
    }

    /// Who read sensitive fields of a contact, the last one first.
    pub async fn sensitive_reads(
        &self,
        tenant: &TenantId,
        contact: ContactId,
        page: &Page,
    ) -> Result<Listing<Stored<SensitiveRead>>> {
        let stretch = Stretch::within(partition(tenant, format_args!("CON#{contact}")), "7#");
        self.page_of(stretch, page).await
    }
}
