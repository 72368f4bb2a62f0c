//! A complete answer and how it is read.

use crate::ProviderError;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use std::fmt;
use std::time::Duration;

/// What an outside service answered, whatever the status.
#[derive(Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// HTTP headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub bytes: Bytes,
}

/// Bodies hold what people said, so only their length shows.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.bytes.len();
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("length", &length)
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// The body read as JSON; [`ProviderError::Unexpected`] if it is something else.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ProviderError> {
        serde_json::from_slice(&self.bytes).map_err(|error| ProviderError::Unexpected {
            status: Some(self.status.as_u16()),
            detail: format!("not the expected JSON, line {} column {}", error.line(), error.column()),
        })
    }

    /// The error that an answer without success stands for, with the code and the words that the provider's
    /// crate found in its body.
    pub fn error(&self, code: Option<&str>, message: impl Into<String>) -> ProviderError {
        match self.status.as_u16() {
            408 => ProviderError::Timeout,
            429 => ProviderError::RateLimited { after: self.retry_after() },
            400..=499 => self.refusal(code, message),
            status => ProviderError::Unexpected { status: Some(status), detail: message.into() },
        }
    }

    /// A refusal, for answers whose status alone does not say so (a quota behind a 429, a failure in a 200).
    pub fn refusal(&self, code: Option<&str>, message: impl Into<String>) -> ProviderError {
        let code = code.filter(|code| is_code(code)).unwrap_or("unspecified");
        ProviderError::Rejected {
            status: self.status.as_u16(),
            code: code.to_owned(),
            message: message.into(),
        }
    }

    /// How long the provider wants to be left alone: `retry-after-ms`, or `retry-after` in seconds. A date
    /// there counts as nothing said.
    pub fn retry_after(&self) -> Option<Duration> {
        let number = |name| self.headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
        let seconds = number("retry-after-ms").map(|ms| ms / 1000.0).or_else(|| number("retry-after"))?;
        Duration::try_from_secs_f64(seconds).ok()
    }
}

/// A code is shown in logs, so it must look like one: a sentence could hold personal data.
fn is_code(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)]) -> Answer {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            bytes: Bytes::from_static(b"{\"a\":1}"),
        }
    }

    #[test]
    fn the_status_decides_the_kind_of_error() {
        let reason = |status| answer(status, &[]).error(Some("code"), "words").reason();
        assert_eq!(
            [302, 401, 404, 408, 422, 429, 500, 529].map(reason),
            [
                "unexpected",
                "rejected",
                "rejected",
                "timeout",
                "rejected",
                "rate_limited",
                "unexpected",
                "unexpected"
            ]
        );
    }

    #[test]
    fn a_sentence_is_no_code() {
        let code = |code| match answer(400, &[]).error(code, "words") {
            ProviderError::Rejected { code, .. } => code,
            other => panic!("{other:?}"),
        };
        assert_eq!(code(Some("concurrent_limit_exceeded")), "concurrent_limit_exceeded");
        for bad in [None, Some(""), Some("+919876543210"), Some("919876543210"), Some("no such agent")] {
            assert_eq!(code(bad), "unspecified");
        }
    }

    #[test]
    fn waiting_times_are_read_in_both_units() {
        let after = |headers| answer(429, headers).retry_after();
        assert_eq!(after(&[("retry-after", "2")]), Some(Duration::from_secs(2)));
        assert_eq!(
            after(&[("retry-after-ms", "250"), ("retry-after", "2")]),
            Some(Duration::from_millis(250))
        );
        assert_eq!(after(&[("retry-after", "-1")]), None);
        assert_eq!(after(&[("retry-after", "NaN")]), None);
        assert_eq!(after(&[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")]), None);
        assert_eq!(after(&[]), None);
    }

    #[test]
    fn what_people_said_is_not_debugged() {
        assert_eq!(format!("{:?}", answer(200, &[])), "Answer { status: 200, length: 7, .. }");
        let error = answer(200, &[]).json::<Vec<String>>().unwrap_err();
        assert!(
            matches!(error, ProviderError::Unexpected { status: Some(200), .. }) && error.effect_unknown()
        );
    }
}
