//! Keys and signing secrets.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A key, token or signing secret of an outside service. `Debug` does not show it, and there is no
/// `Display`; it is serialized as it is, for the vault alone.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret of this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the header or the signature that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_expose_and_serde_show_it() {
        let secret: Secret = serde_json::from_str("\"sk-1\"").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.expose(), "sk-1");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"sk-1\"");
    }
}
