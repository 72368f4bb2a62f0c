//! What can go wrong in an operation, free of transport.

use contracts::Failure;
use domain::{ContactId, Invalid};
use llm::LlmError;
use provider::ProviderError;
use std::time::Duration;
use store::Stored;

/// An operation that did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such record in this tenant.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The contact went into another one.
    #[error("{from} was merged into {to}")]
    Moved {
        /// Who was asked for.
        from: ContactId,
        /// Who stands for them.
        to: ContactId,
    },
    /// A value is refused.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// A record with this unique value exists.
    #[error("a {noun} with this {field} exists")]
    Duplicate {
        /// What exists.
        noun: &'static str,
        /// What they have in common.
        field: &'static str,
        /// Which one it is.
        existing_id: String,
    },
    /// The record is not in a state for this.
    #[error("{0}")]
    Conflict(String),
    /// A rule does not permit it.
    #[error("{reason}: {detail}")]
    Withheld {
        /// Which, in one word of ours.
        reason: &'static str,
        /// What the caller can do.
        detail: &'static str,
    },
    /// The caller's copy of the record is out of date.
    #[error("the record was changed meanwhile")]
    Stale,
    /// The caller may not do this.
    #[error("this needs the role {needed}")]
    Forbidden {
        /// The least role that may.
        needed: &'static str,
    },
    /// The same request was answered already.
    #[error("the request was answered already")]
    Answered,
    /// The tenant has not set up a provider.
    #[error("{0} is not set up")]
    NotConfigured(&'static str),
    /// A provider did not do what was asked.
    #[error("{service}: {error}")]
    Provider {
        /// The provider.
        service: &'static str,
        /// What it said.
        error: ProviderError,
    },
    /// The model did not do what was asked.
    #[error("the model: {0}")]
    Model(#[from] LlmError),
    /// The table.
    #[error(transparent)]
    Store(store::Error),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] vault::Error),
    /// Something that cannot be.
    #[error("internal: {0}")]
    Internal(&'static str),
}

/// What an operation answers.
pub type Result<T> = std::result::Result<T, Error>;

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Stale { .. } => Self::Stale,
            store::Error::Answered => Self::Answered,
            store::Error::BadCursor => Self::Invalid(Invalid::at("?cursor", "is not a cursor of this list")),
            other => Self::Store(other),
        }
    }
}

impl Error {
    /// An error of the room for files.
    pub(crate) fn files(error: ProviderError) -> Self {
        Self::Provider { service: "files", error }
    }

    /// An error of WhatsApp.
    pub(crate) fn whatsapp(error: ProviderError) -> Self {
        Self::Provider { service: "whatsapp", error }
    }

    /// An error of the voice provider.
    pub(crate) fn elevenlabs(error: ProviderError) -> Self {
        Self::Provider { service: "elevenlabs", error }
    }

    /// Whether it may go well later.
    pub fn may_pass(&self) -> bool {
        self.passes().0
    }

    /// What the error means for a job: whatever may pass comes again.
    pub fn into_failure(self) -> Failure {
        let reason = self.to_string();
        let (passes, after) = self.passes();
        if passes { Failure::Retry { reason, after } } else { Failure::Drop { reason } }
    }

    /// Whether it may go well later, and when, if that was said.
    fn passes(&self) -> (bool, Option<Duration>) {
        match self {
            Self::Provider { error, .. } => {
                (error.is_retryable() || error.effect_unknown(), error.retry_after())
            }
            // A model may say it shorter next time; one that refuses goes on refusing.
            Self::Model(error) => (!matches!(error, LlmError::Refused), error.retry_after()),
            // Where somebody else took it first, whoever looks again finds them.
            Self::Vault(_)
            | Self::Stale
            | Self::NotConfigured(_)
            | Self::Store(store::Error::Taken { .. }) => (true, None),
            Self::Store(error) => (error.is_retryable(), None),
            _ => (false, None),
        }
    }
}

/// Refuses a change of a record that is not as the caller saw it.
pub(crate) fn expect<T>(stored: &Stored<T>, expected: Option<u64>) -> Result<()> {
    match expected {
        Some(version) if version != stored.version => Err(Error::Stale),
        _ => Ok(()),
    }
}

/// How often a step that lost a race reads again and tries again.
pub(crate) const RACES: usize = 5;

/// Runs a read-decide-write step again when somebody else wrote in between.
macro_rules! retrying {
    ($body:expr) => {{
        let mut tries = 0;
        loop {
            match $body {
                Err($crate::Error::Stale | $crate::Error::Store(store::Error::SlotTaken))
                    if tries < $crate::error::RACES =>
                {
                    tries += 1;
                }
                other => break other,
            }
        }
    }};
}
pub(crate) use retrying;
