//! Who works at the business, and what it set of its clients and practices.

use crate::Store;
use crate::entity::{Entity, Row, Stored};
use crate::error::Result;
use crate::key::{Key, partition};
use crate::read::Stretch;
use domain::crm::CrmSettings;
use domain::member::Member;
use domain::{MemberId, TenantId};

/// How many members a tenant may have: few enough to be read together.
pub const MEMBERS_MAX: usize = 1_000;

const MEMBERS: &str = "MEM";
const EMAIL: &str = "member#email";

impl Entity for Member {
    const KIND: &'static str = "member";
    type Id = MemberId;

    fn key_of(tenant: &TenantId, id: &MemberId) -> Key {
        Key::of(tenant, MEMBERS, id.to_string())
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        vec![Row::Claim { name: EMAIL, value: self.email.canonical(), owner: self.id.to_string() }]
    }
}

impl Entity for CrmSettings {
    const KIND: &'static str = "crm_settings";
    type Id = ();

    fn key_of(tenant: &TenantId, (): &()) -> Key {
        Key::of(tenant, "CFG", "crm")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &())
    }
}

impl Store {
    /// All members of a tenant, the oldest first; one query.
    pub async fn members(&self, tenant: &TenantId) -> Result<Vec<Stored<Member>>> {
        self.records(&Stretch::of(partition(tenant, MEMBERS), MEMBERS_MAX + 1)).await
    }
}
