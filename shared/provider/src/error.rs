//! What can go wrong between us and an outside service.

use std::time::Duration;

/// Why a request to an outside service brought no result.
///
/// `Display` is fit for logs: it holds no words of the provider, which may repeat a phone number or a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The provider understood and refused: nothing happened there.
    #[error("the provider refused the request (status {status}, code {code})")]
    Rejected {
        /// HTTP status of the answer; 0 if the request could not be formed and was never sent.
        status: u16,
        /// The provider's own code in at most 64 of `A-Z a-z 0-9 _ . -`, or `unspecified`.
        code: String,
        /// The provider's explanation. It may hold personal data, so it goes to no log.
        message: String,
    },
    /// Too many requests: nothing happened there.
    #[error("the provider asks for fewer requests")]
    RateLimited {
        /// How long the provider wants to be left alone, if it said so.
        after: Option<Duration>,
    },
    /// The connection was never made: nothing happened there.
    #[error("the provider could not be reached")]
    Unreachable,
    /// The request left, and no answer came in time: it may have been carried out.
    #[error("the provider did not answer in time")]
    Timeout,
    /// The provider failed, or its answer broke off or could not be read.
    #[error("the provider's answer was not usable (status {})", shown(*status))]
    Unexpected {
        /// HTTP status of the answer; `None` if the connection broke before the answer was complete.
        status: Option<u16>,
        /// What was unexpected, for whoever debugs it. A provider's words may be in it, so it goes to no log.
        detail: String,
    },
}

impl ProviderError {
    /// A request that could not be formed, and so was never sent.
    pub fn unsent(code: &str) -> Self {
        Self::Rejected { status: 0, code: code.to_owned(), message: String::new() }
    }

    /// Whether asking again later can help. It says nothing about safety: see [`Self::effect_unknown`].
    pub fn is_retryable(&self) -> bool {
        match self {
            // 409: somebody else changed the same thing just now; 425: the provider wants it again.
            Self::Rejected { status, .. } => matches!(status, 409 | 425),
            Self::RateLimited { .. } | Self::Unreachable | Self::Timeout => true,
            Self::Unexpected { status, .. } => status.is_none_or(|status| status >= 500),
        }
    }

    /// Whether the request may have been carried out although no result came back. An effect such as a
    /// phone call must then be looked up at the provider, never repeated.
    pub fn effect_unknown(&self) -> bool {
        match self {
            Self::Rejected { .. } | Self::RateLimited { .. } | Self::Unreachable => false,
            Self::Timeout => true,
            // Redirects are not followed, so one had no effect; a success that cannot be read had one.
            Self::Unexpected { status, .. } => status.is_none_or(|status| !(300..500).contains(&status)),
        }
    }

    /// How long the provider wants to be left alone, if it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { after } => *after,
            _ => None,
        }
    }

    /// A short stable code of the kind of error, for metrics and stored outcomes.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Rejected { .. } => "rejected",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Unexpected { .. } => "unexpected",
        }
    }
}

fn shown(status: Option<u16>) -> String {
    status.map_or_else(|| "none".to_owned(), |status| status.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unexpected(status: Option<u16>) -> ProviderError {
        ProviderError::Unexpected { status, detail: "…".to_owned() }
    }

    #[test]
    fn only_what_may_have_happened_is_unknown() {
        let no_effect = [
            ProviderError::unsent("invalid_url"),
            ProviderError::RateLimited { after: None },
            ProviderError::Unreachable,
            unexpected(Some(302)),
        ];
        let unknown =
            [ProviderError::Timeout, unexpected(None), unexpected(Some(200)), unexpected(Some(503))];
        assert!(no_effect.iter().all(|error| !error.effect_unknown()));
        assert!(unknown.iter().all(ProviderError::effect_unknown));
    }

    #[test]
    fn a_refusal_is_final_unless_it_was_a_conflict() {
        let refused =
            |status| ProviderError::Rejected { status, code: String::new(), message: String::new() };
        assert!(!refused(422).is_retryable());
        assert!(refused(409).is_retryable());
        assert!(!unexpected(Some(200)).is_retryable());
        assert!(unexpected(Some(529)).is_retryable());
    }

    #[test]
    fn the_providers_words_stay_out_of_the_log_line() {
        let error = ProviderError::Rejected {
            status: 400,
            code: "invalid_number".to_owned(),
            message: "+919876543210 is not valid".to_owned(),
        };
        assert_eq!(error.to_string(), "the provider refused the request (status 400, code invalid_number)");
        assert_eq!(unexpected(None).to_string(), "the provider's answer was not usable (status none)");
    }
}
