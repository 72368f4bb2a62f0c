//! How the record fills itself and reminds: what a business sets of it.

use crate::{Invalid, text};
use serde::{Deserialize, Serialize};

/// The settings of clients, practices and renewals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CrmSettings {
    /// From which confidence on what a model read makes or enriches a client, 0 to 1; below it a person is asked.
    pub client_confidence: f64,
    /// From which confidence on it makes a practice, 0 to 1; below it a person is asked.
    pub practice_confidence: f64,
    /// How many days before the end of a practice's validity somebody is alerted: 10 numbers at most, 1 to 3,650.
    pub renewal_lead_days: Vec<u16>,
    /// Whether clients are reminded of renewals, over a channel that they allowed.
    pub remind_clients: bool,
    /// The WhatsApp template that reminds them, by its name; without one they are not reminded there. Its first three
    /// variables are the client's name, the practice's and its last day.
    pub renewal_template: Option<String>,
    /// From where pages may ask with a key of this business, such as `https://crm.example.com`; from anywhere if empty.
    pub allowed_origins: Vec<String>,
}

impl Default for CrmSettings {
    fn default() -> Self {
        Self {
            client_confidence: 0.5,
            practice_confidence: 0.7,
            renewal_lead_days: vec![90, 60, 30, 7],
            remind_clients: true,
            renewal_template: None,
            allowed_origins: Vec::new(),
        }
    }
}

/// How many lead days there may be.
const LEAD_DAYS: usize = 10;
/// How many days ahead an alert may come.
const LEAD_DAYS_MAX: u16 = 3_650;
/// How many origins there may be.
const ORIGINS: usize = 50;

impl CrmSettings {
    /// Checks what types alone cannot, and brings lead days into their order: the longest first, each once.
    pub fn check(&mut self) -> Result<(), Invalid> {
        for (pointer, confidence) in [
            ("/client_confidence", self.client_confidence),
            ("/practice_confidence", self.practice_confidence),
        ] {
            if !(0.0..=1.0).contains(&confidence) {
                return Err(Invalid::at(pointer, "must be from 0 to 1"));
            }
        }
        self.renewal_lead_days.sort_unstable_by(|one, other| other.cmp(one));
        self.renewal_lead_days.dedup();
        let wrong = |days: &u16| *days == 0 || *days > LEAD_DAYS_MAX;
        if self.renewal_lead_days.len() > LEAD_DAYS || self.renewal_lead_days.iter().any(wrong) {
            let message = format!("must be at most {LEAD_DAYS} numbers from 1 to {LEAD_DAYS_MAX}");
            return Err(Invalid::at("/renewal_lead_days", message));
        }
        if let Some(template) = &self.renewal_template {
            text::line(template, 512).map_err(|error| error.within("/renewal_template"))?;
        }
        if self.allowed_origins.len() > ORIGINS {
            return Err(Invalid::at("/allowed_origins", format!("must be at most {ORIGINS}")));
        }
        for (n, origin) in self.allowed_origins.iter_mut().enumerate() {
            *origin = origin_of(origin).map_err(|error| error.within(&format!("/allowed_origins/{n}")))?;
        }
        Ok(())
    }

    /// Whether a page from there may ask.
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.allowed_origins.is_empty()
            || self.allowed_origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin.trim()))
    }
}

/// An origin (RFC 6454) in its one form: a scheme, a host, maybe a port.
fn origin_of(text: &str) -> Result<String, Invalid> {
    let wrong = || Invalid::new("is not an origin: one such as https://crm.example.com is expected");
    let lower = text.trim().trim_end_matches('/').to_ascii_lowercase();
    let host = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")).ok_or_else(wrong)?;
    let (name, port) = host.rsplit_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let fits = (1..=253).contains(&name.len())
        && name.chars().all(is_name)
        && port.is_none_or(|port| port.parse::<u16>().is_ok());
    if fits { Ok(lower) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_into_one_form() {
        let mut settings = CrmSettings {
            renewal_lead_days: vec![7, 90, 7, 30],
            allowed_origins: vec![" HTTPS://Crm.Example.com:8443/ ".to_owned()],
            ..CrmSettings::default()
        };
        settings.check().unwrap();
        assert_eq!(settings.renewal_lead_days, [90, 30, 7]);
        assert_eq!(settings.allowed_origins, ["https://crm.example.com:8443"]);
        assert!(settings.allows_origin("https://crm.example.com:8443"));
        assert!(!settings.allows_origin("https://crm.example.com"));
        assert!(CrmSettings::default().allows_origin("https://anywhere.example"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (json, pointer) in [
            (r#"{"client_confidence": 1.1}"#, "/client_confidence"),
            (r#"{"practice_confidence": -0.1}"#, "/practice_confidence"),
            (r#"{"renewal_lead_days": [0]}"#, "/renewal_lead_days"),
            (r#"{"renewal_lead_days": [1,2,3,4,5,6,7,8,9,10,11]}"#, "/renewal_lead_days"),
            (r#"{"allowed_origins": ["crm.example.com"]}"#, "/allowed_origins/0"),
            (r#"{"allowed_origins": ["https://a.example", "https://a b"]}"#, "/allowed_origins/1"),
            (r#"{"allowed_origins": ["https://a.example/path"]}"#, "/allowed_origins/0"),
        ] {
            let mut settings: CrmSettings = serde_json::from_str(json).unwrap();
            assert_eq!(settings.check().unwrap_err().pointer, pointer, "{json}");
        }
    }
}
