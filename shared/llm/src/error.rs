//! Why a question has no answer.

use provider::ProviderError;
use std::time::Duration;

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LlmError {
    /// The service was not reached, refused or failed.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The model, or a filter in front of it, will not answer this.
    #[error("the model refused to answer")]
    Refused,
    /// The answer did not end within `max_output_tokens`.
    #[error("the model's answer was cut off")]
    Truncated,
    /// The model answered with nothing, or with something that is not JSON.
    #[error("the model's answer is not JSON")]
    NotJson,
}

impl LlmError {
    /// Whether asking the same again can help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Provider(error) => error.is_retryable(),
            Self::NotJson => true,
            Self::Refused | Self::Truncated => false,
        }
    }

    /// How long the service wants to be left alone, if it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Provider(error) => error.retry_after(),
            _ => None,
        }
    }

    /// A short stable code of the kind of error, for metrics and stored outcomes.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Provider(error) => error.reason(),
            Self::Refused => "refused",
            Self::Truncated => "truncated",
            Self::NotJson => "not_json",
        }
    }
}
