//! E-mail addresses.

use crate::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An e-mail address that looks deliverable: one `@`, a local part, a dotted domain, no spaces, at most 254
/// bytes (RFC 5321). It keeps the spelling it came with and compares without case.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Email(String);

impl Email {
    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which addresses are compared and claimed.
    pub fn canonical(&self) -> String {
        self.0.to_lowercase()
    }

    /// The part before the `@`, in lower case.
    pub fn local_part(&self) -> String {
        self.canonical().split('@').next().unwrap_or_default().to_owned()
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }
}

impl Eq for Email {}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl FromStr for Email {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let fits = text.len() <= 254
            && !text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"".contains(c))
            && text.split_once('@').is_some_and(|(local, domain)| {
                (1..=64).contains(&local.len())
                    && !domain.contains('@')
                    && domain.contains('.')
                    && domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-'))
            });
        if fits { Ok(Self(text.to_owned())) } else { Err(Invalid::new("is not an e-mail address")) }
    }
}

impl TryFrom<String> for Email {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

#[cfg(feature = "openapi")]
crate::id::string_schema!(Email, "An e-mail address; compared without case.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_without_case_and_keeps_its_spelling() {
        let email: Email = " John.Smith@Email.com ".parse().unwrap();
        assert_eq!(email, "john.smith@email.COM".parse().unwrap());
        assert_eq!(email.as_str(), "John.Smith@Email.com");
        assert_eq!(email.local_part(), "john.smith");
    }

    #[test]
    fn refuses_what_cannot_be_delivered() {
        for bad in ["", "a", "a@b", "@b.c", "a@b@c.d", "a b@c.d", "a@b..c", "a@.c", "<a@b.c>"] {
            assert!(bad.parse::<Email>().is_err(), "{bad}");
        }
        assert!(
            "\u{959}\u{930}\u{93f}@\u{921}\u{93e}\u{91f}\u{93e}.\u{92d}\u{93e}\u{930}\u{924}"
                .parse::<Email>()
                .is_ok()
        );
    }
}
