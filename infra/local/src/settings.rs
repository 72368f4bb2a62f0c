//! How the local run is set up, from the environment: the one place that reads it.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use tracing::Level;

/// The key of the local owner, unless another one is given.
pub const BUILT_IN_KEY: &str = "fd_local_owner";

/// Every variable that is read.
pub const VARIABLES: [&str; 25] = [
    "FRONTDESK_ADDR",
    "FRONTDESK_DATA",
    "FRONTDESK_API_KEY",
    "FRONTDESK_NOW",
    "FRONTDESK_LOG",
    "FRONTDESK_MODEL_PROVIDER",
    "ELEVENLABS_API_KEY",
    "ELEVENLABS_BASE_URL",
    "ELEVENLABS_WEBHOOK_SECRET",
    "ELEVENLABS_INITIATION_SECRET",
    "ELEVENLABS_PHONE_NUMBER_ID",
    "ELEVENLABS_PHONE_PROVIDER",
    "ELEVENLABS_WEBHOOK_ID",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_MODEL",
    "OPENAI_EMBEDDING_MODEL",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_MODEL",
    "WHATSAPP_ACCESS_TOKEN",
    "WHATSAPP_BASE_URL",
    "WHATSAPP_PHONE_NUMBER_ID",
    "WHATSAPP_APP_SECRET",
    "WHATSAPP_VERIFY_TOKEN",
];

/// How the local run is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to serve.
    pub address: SocketAddr,
    /// Where to keep the data; in memory if not given.
    pub data: Option<PathBuf>,
    /// The key of the local owner.
    pub api_key: String,
    /// The instant from which the clock ticks, if not the machine's.
    pub now: Option<Timestamp>,
    /// Credentials of `demo` at real providers, by provider, as `PUT /admin/integrations` takes them.
    pub providers: BTreeMap<&'static str, Value>,
    /// What is logged.
    pub log: Level,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 9000)),
            data: Some(PathBuf::from(".frontdesk")),
            api_key: BUILT_IN_KEY.to_owned(),
            now: None,
            providers: BTreeMap::new(),
            log: Level::WARN,
        }
    }
}

impl Settings {
    /// The settings of the environment, or every mistake in it.
    #[expect(clippy::disallowed_methods, reason = "the runner's one place that reads the environment")]
    pub fn from_env() -> Result<Self, Vec<String>> {
        Self::read(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
    }

    /// The settings of these variables, or every mistake in them.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<String>> {
        let mut mistakes = Vec::new();
        let mut settings = Self::default();
        let mut mistaken = |name: &str, wanted: &str| mistakes.push(format!("{name} is not {wanted}"));
        if let Some(text) = variable("FRONTDESK_ADDR") {
            match text.parse() {
                Ok(address) => settings.address = address,
                Err(_) => mistaken("FRONTDESK_ADDR", "an address such as 127.0.0.1:9000"),
            }
        }
        if let Some(text) = variable("FRONTDESK_DATA") {
            settings.data = Some(PathBuf::from(text));
        }
        if let Some(text) = variable("FRONTDESK_API_KEY") {
            settings.api_key = text;
        }
        if let Some(text) = variable("FRONTDESK_LOG") {
            match text.parse() {
                Ok(level) => settings.log = level,
                Err(_) => mistaken("FRONTDESK_LOG", "error, warn, info or debug"),
            }
        }
        if let Some(text) = variable("FRONTDESK_NOW") {
            match text.parse() {
                Ok(now) => settings.now = Some(now),
                Err(_) => mistaken("FRONTDESK_NOW", "an instant such as 2026-11-21T09:00:00Z"),
            }
        }
        let preferred = variable("FRONTDESK_MODEL_PROVIDER");
        if preferred.as_deref().is_some_and(|name| !matches!(name, "openai" | "anthropic")) {
            mistaken("FRONTDESK_MODEL_PROVIDER", "openai or anthropic");
        }
        let carrier = variable("ELEVENLABS_PHONE_PROVIDER");
        if carrier.as_deref().is_some_and(|name| !matches!(name, "twilio" | "sip_trunk" | "exotel")) {
            mistaken("ELEVENLABS_PHONE_PROVIDER", "twilio, sip_trunk or exotel");
        }
        if settings.api_key == BUILT_IN_KEY && !settings.address.ip().is_loopback() {
            mistaken(
                "FRONTDESK_ADDR",
                "on loopback, and the built-in key is for loopback only: set FRONTDESK_API_KEY",
            );
        }
        settings.providers = providers(&variable, preferred.as_deref());
        if settings.providers.get("whatsapp").is_some_and(|whatsapp| whatsapp["phone_number_id"].is_null()) {
            mistaken(
                "WHATSAPP_PHONE_NUMBER_ID",
                "Meta's id of the number, where WHATSAPP_ACCESS_TOKEN is given",
            );
        }
        if mistakes.is_empty() { Ok(settings) } else { Err(mistakes) }
    }
}

/// Fields of a provider's settings beside the key that makes it real, and how the variables that give them end.
type Fields = &'static [(&'static str, &'static str)];

fn providers(
    variable: impl Fn(&str) -> Option<String>,
    preferred: Option<&str>,
) -> BTreeMap<&'static str, Value> {
    let all: [(&'static str, &str, &str, Fields); 4] = [
        (
            "elevenlabs",
            "ELEVENLABS",
            "api_key",
            &[
                ("base_url", "BASE_URL"),
                ("webhook_secret", "WEBHOOK_SECRET"),
                ("initiation_secret", "INITIATION_SECRET"),
                ("phone_number_id", "PHONE_NUMBER_ID"),
                ("phone_provider", "PHONE_PROVIDER"),
                ("webhook_id", "WEBHOOK_ID"),
            ],
        ),
        (
            "openai",
            "OPENAI",
            "api_key",
            &[("base_url", "BASE_URL"), ("model", "MODEL"), ("embedding_model", "EMBEDDING_MODEL")],
        ),
        ("anthropic", "ANTHROPIC", "api_key", &[("base_url", "BASE_URL"), ("model", "MODEL")]),
        (
            "whatsapp",
            "WHATSAPP",
            "access_token",
            &[
                ("base_url", "BASE_URL"),
                ("phone_number_id", "PHONE_NUMBER_ID"),
                ("app_secret", "APP_SECRET"),
                ("verify_token", "VERIFY_TOKEN"),
            ],
        ),
    ];
    let mut found = BTreeMap::new();
    for (provider, prefix, key, fields) in all {
        let Some(secret) = variable(&format!("{prefix}_{}", key.to_uppercase())) else { continue };
        let mut settings = Map::from_iter([(key.to_owned(), json!(secret))]);
        for (field, suffix) in fields {
            if let Some(value) = variable(&format!("{prefix}_{suffix}")) {
                settings.insert((*field).to_owned(), json!(value));
            }
        }
        if preferred == Some(provider) {
            settings.insert("is_default".to_owned(), json!(true));
        }
        found.insert(provider, Value::Object(settings));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        Settings::read(|name| {
            assert!(VARIABLES.contains(&name), "{name} is not listed");
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let mistakes = read(&[("FRONTDESK_ADDR", "here"), ("FRONTDESK_NOW", "noon")]).unwrap_err();
        assert_eq!(mistakes.len(), 2, "{mistakes:?}");
        assert!(read(&[("FRONTDESK_ADDR", "0.0.0.0:9000")]).is_err());
        assert!(read(&[("FRONTDESK_ADDR", "0.0.0.0:9000"), ("FRONTDESK_API_KEY", "mine")]).is_ok());
        assert!(read(&[("WHATSAPP_ACCESS_TOKEN", "t")]).is_err());
        assert!(read(&[("WHATSAPP_ACCESS_TOKEN", "t"), ("WHATSAPP_PHONE_NUMBER_ID", "1")]).is_ok());
    }

    #[test]
    fn a_provider_is_real_when_it_has_a_key() {
        let settings =
            read(&[("OPENAI_API_KEY", "k"), ("OPENAI_MODEL", "m"), ("ELEVENLABS_BASE_URL", "http://x")])
                .unwrap();
        assert_eq!(settings.providers.keys().copied().collect::<Vec<_>>(), ["openai"]);
        assert_eq!(settings.providers["openai"], json!({"api_key": "k", "model": "m"}));
    }
}
