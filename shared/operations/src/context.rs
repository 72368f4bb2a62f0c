//! Who asks, for which tenant, and what an operation stands on.

use crate::error::{Error, Result};
use contracts::Envelope;
use domain::id::PrefixedId;
use domain::{Author, Ids, KeyId, Role, TenantId};
use files::Files;
use jiff::Timestamp;
use provider::Http;
use store::{SavedAnswer, Store, Transaction};
use vault::Vault;

/// What every operation stands on. Cheap to clone; whatever is costly in it is built when it is first used.
#[derive(Debug, Clone)]
pub struct Platform {
    /// The table.
    pub store: Store,
    /// Fresh ids.
    pub ids: Ids,
    /// Secrets.
    pub vault: Vault,
    /// The client for providers.
    pub http: Http,
    /// What is too large for the table.
    pub files: Files,
    /// As whom services of AWS are asked that have no client of their own here.
    pub account: Option<Account>,
    /// Whether providers may be on this machine's loopback: in the local run and the tests only, because in
    /// the cloud a tenant's address must not lead into the function's own host.
    pub loopback_providers: bool,
}

impl Platform {
    /// A platform of these parts.
    pub fn new(store: Store, ids: Ids, vault: Vault, http: Http, files: Files) -> Self {
        Self { store, ids, vault, http, files, account: None, loopback_providers: false }
    }

    /// The same platform in this account of AWS.
    #[must_use]
    pub fn in_account(self, account: Account) -> Self {
        Self { account: Some(account), ..self }
    }

    /// The same platform with providers on loopback allowed.
    #[must_use]
    pub fn with_loopback_providers(self) -> Self {
        Self { loopback_providers: true, ..self }
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.store.clock().now()
    }
}

/// An account of AWS, and one of its regions.
#[derive(Debug, Clone)]
pub struct Account {
    /// The region.
    pub region: String,
    /// Who we are there.
    pub credentials: sigv4::Credentials,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The bearer of an API key.
    Key {
        /// The key.
        id: KeyId,
        /// What they may do.
        role: Role,
        /// Whether they run the whole installation.
        platform_owner: bool,
    },
    /// The bearer of a token.
    Token {
        /// The token's subject.
        subject: String,
        /// What they may do.
        role: Role,
    },
    /// A job of ours.
    System,
}

impl Actor {
    /// The actor as the audit names them.
    pub fn name(&self) -> String {
        match self {
            Self::Key { id, .. } => id.to_string(),
            Self::Token { subject, .. } => format!("jwt:{subject}"),
            Self::System => "system".to_owned(),
        }
    }

    /// As whom the actor writes fields.
    pub fn author(&self) -> Author {
        match self {
            Self::Key { .. } | Self::Token { .. } => Author::Human,
            Self::System => Author::System,
        }
    }

    fn role(&self) -> Role {
        match self {
            Self::Key { role, .. } | Self::Token { role, .. } => *role,
            Self::System => Role::Owner,
        }
    }
}

/// A request that may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Who asks, and under which key.
    pub key: String,
    /// Hash of what is asked.
    pub request_hash: String,
}

/// One request or job: on which platform, for which tenant, by whom.
#[derive(Debug, Clone)]
pub struct Context {
    /// What operations stand on.
    pub platform: Platform,
    /// Whose data.
    pub tenant: TenantId,
    /// Who asks.
    pub actor: Actor,
    /// Carried through every job that follows.
    pub correlation: String,
    /// If the request may be repeated.
    pub idempotency: Option<Idempotency>,
}

impl Context {
    /// The context of a job.
    pub fn of_job(platform: Platform, message: &Envelope) -> Self {
        Self::of_system(platform, message.tenant.clone(), &message.correlation)
    }

    /// The context of whatever we do of our own accord.
    pub fn of_system(platform: Platform, tenant: TenantId, correlation: &str) -> Self {
        let correlation = correlation.to_owned();
        Self { platform, tenant, actor: Actor::System, correlation, idempotency: None }
    }

    /// The table.
    pub fn store(&self) -> &Store {
        &self.platform.store
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.platform.now()
    }

    /// A fresh id.
    pub fn new_id<T: PrefixedId>(&self) -> T {
        self.platform.ids.next(self.now())
    }

    /// An empty step of this tenant.
    pub fn step(&self) -> Transaction {
        Transaction::new(self.tenant.clone(), &self.correlation, &self.platform.ids, self.now())
    }

    /// Refuses actors below `role`.
    pub fn require(&self, role: Role) -> Result<()> {
        if self.actor.role() >= role { Ok(()) } else { Err(Error::Forbidden { needed: role.as_str() }) }
    }

    /// Refuses all but those who run the installation.
    pub fn require_platform_owner(&self) -> Result<()> {
        match self.actor {
            Actor::Key { platform_owner: true, .. } => Ok(()),
            _ => Err(Error::Forbidden { needed: "platform owner" }),
        }
    }

    /// Keeps the answer to this request with the step, if the request may be repeated. Of several same requests
    /// one is answered.
    pub fn remember(
        &self,
        step: &mut Transaction,
        status: u16,
        answer: &impl serde::Serialize,
    ) -> Result<()> {
        match self.saved_answer(status, answer)? {
            Some(saved) => Ok(step.answer(&saved)?),
            None => Ok(()),
        }
    }

    /// Lets a request of several steps be the only one of its key, before its first effect.
    pub fn promise(&self, step: &mut Transaction) -> Result<()> {
        self.remember(step, SavedAnswer::PROMISED, &())
    }

    /// Keeps the answer that was promised.
    pub fn fulfil(&self, step: &mut Transaction, status: u16, answer: &impl serde::Serialize) -> Result<()> {
        match self.saved_answer(status, answer)? {
            Some(saved) => Ok(step.put(&saved)?),
            None => Ok(()),
        }
    }

    /// Takes a promise back: the request came to nothing and may be made again.
    pub fn retract(&self, step: &mut Transaction) {
        if let Some(Idempotency { key, .. }) = &self.idempotency {
            step.forget::<SavedAnswer>(key);
        }
    }

    fn saved_answer(&self, status: u16, answer: &impl serde::Serialize) -> Result<Option<SavedAnswer>> {
        let Some(Idempotency { key, request_hash }) = &self.idempotency else { return Ok(None) };
        let body = serde_json::to_string(answer).map_err(|_| Error::Internal("the answer is no JSON"))?;
        let (key, request_hash) = (key.clone(), request_hash.clone());
        Ok(Some(SavedAnswer { key, request_hash, status, body, at: self.now() }))
    }
}
