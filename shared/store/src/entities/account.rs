//! A tenant's own affairs: its registry entry, keys, credentials, settings.

use crate::entity::{Entity, Row, newest_first};
use crate::key::Key;
use crate::rate::Rate;
use contracts::Job;
use domain::business::BusinessConfig;
use domain::call::Priority;
use domain::calling::Reason;
use domain::{KeyId, Role, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A business that lives here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TenantRecord {
    /// What people call it.
    pub name: String,
    /// When it came.
    pub created_at: Timestamp,
}

impl Entity for TenantRecord {
    const KIND: &'static str = "tenant";
    type Id = ();

    fn key_of(tenant: &TenantId, (): &()) -> Key {
        Key::of(tenant, "CFG", "tenant")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &())
    }
}

/// The business configuration as it is stored.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Settings {
    /// What the business configured.
    pub config: BusinessConfig,
}

impl Entity for Settings {
    const KIND: &'static str = "business_config";
    type Id = ();

    fn key_of(tenant: &TenantId, (): &()) -> Key {
        Key::of(tenant, "CFG", "business")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &())
    }
}

/// An API key. Its secret was shown once and is known here by its hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApiKey {
    /// The key's id.
    pub id: KeyId,
    /// What people call it.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// Whether its bearer runs the whole installation.
    #[serde(default)]
    pub platform_owner: bool,
    /// The last characters of the secret, to tell keys apart.
    pub hint: String,
    /// The hash of the secret.
    pub hash: String,
    /// How often it may be used; no limit if none.
    pub rate: Option<Rate>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// The list of all API keys, newest first.
    pub const LIST: &'static str = "api_key";
}

impl Entity for ApiKey {
    const KIND: &'static str = "api_key";
    type Id = KeyId;

    fn key_of(tenant: &TenantId, id: &KeyId) -> Key {
        Key::of(tenant, "KEY", id.to_string())
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        vec![Row::Listed { list: Self::LIST.to_owned(), sort: newest_first(self.created_at, self.id) }]
    }
}

/// A provider's credentials, sealed with the tenant's data key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Integration {
    /// The provider.
    pub provider: String,
    /// The settings and secrets as sealed JSON, base64.
    pub sealed: String,
    /// When they were set.
    pub updated_at: Timestamp,
}

impl Entity for Integration {
    const KIND: &'static str = "integration";
    type Id = str;

    fn key_of(tenant: &TenantId, provider: &str) -> Key {
        Key::of(tenant, "CFG", format!("integration#{provider}"))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.provider)
    }
}

/// The tenant's data key, wrapped by the key service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WrappedKey {
    /// The wrapped key, base64.
    pub wrapped: String,
}

impl Entity for WrappedKey {
    const KIND: &'static str = "data_key";
    type Id = ();

    fn key_of(tenant: &TenantId, (): &()) -> Key {
        Key::of(tenant, "CFG", "data_key")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &())
    }
}

/// Whose tokens the tenant accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwtIssuer {
    /// The token's `iss`.
    pub issuer: String,
    /// Where the issuer publishes its keys.
    pub jwks_url: String,
    /// The token's `aud`.
    pub audience: String,
    /// The claim that holds the role.
    pub role_claim: String,
}

impl Entity for JwtIssuer {
    const KIND: &'static str = "jwt_issuer";
    type Id = ();

    fn key_of(tenant: &TenantId, (): &()) -> Key {
        Key::of(tenant, "CFG", "jwt_issuer")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &())
    }
}

/// Where the tenant's planner stands: it has one timer, however many calls wait.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Planner {
    /// When it wakes next, if anything waits.
    pub wake_at: Option<Timestamp>,
    /// Why it lets no call go for now, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<Rest>,
    /// How far it is with asking the rules anew about calls that wait, since the rules changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
}

/// A time in which no call of the tenant is made, because the provider would take none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rest {
    /// When it is over.
    pub until: Timestamp,
    /// What was wrong.
    pub reason: Reason,
}

/// A walk through the calls that wait for a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Which of their lists it is at.
    pub priority: Priority,
    /// The place in the list that it comes after, as a cursor; none at its beginning.
    pub after: Option<String>,
}

impl Entity for Planner {
    const KIND: &'static str = "planner";
    type Id = ();

    fn key_of(tenant: &TenantId, (): &()) -> Key {
        Key::of(tenant, "CFG", "planner")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &())
    }

    fn rows(&self) -> Vec<Row> {
        self.wake_at.into_iter().map(|at| Row::Timer { at, job: Job::PlanCalls }).collect()
    }
}
