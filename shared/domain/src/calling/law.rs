//! What the law of the callee's place says about telephone calls, as bounds laid over the tenant's own rules.
//!
//! A preset holds what can be decided from a lead's record. Do-not-call lists are suppressions, and whatever a
//! state or a contract asks beyond it is the tenant's own rules to say.

use super::window::Span;
use crate::business::{TimeOfDay, Weekday};
use crate::contact::Consent;
use crate::{Country, Phone};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Whose law's bounds hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// That of the country of the lead's number; where it may be of several, all of theirs.
    #[default]
    ByCountry,
    /// The Telephone Consumer Protection Act of the United States, for every lead.
    Tcpa,
    /// Canada's anti-spam law and telemarketing rules, for every lead.
    Casl,
    /// None: the tenant's own rules only.
    Neutral,
}

/// A law whose bounds are known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// 47 CFR 64.1200: 08:00 to 21:00 at the callee's; an artificial voice, which an agent's is, needs consent.
    Tcpa,
    /// CRTC Unsolicited Telecommunications Rules, part III: 09:00 to 21:30 on weekdays, 10:00 to 18:00 at
    /// weekends. CASL, section 10: consent that is implied by business or an inquiry ends by itself.
    Casl,
}

impl Preset {
    /// The laws that hold for a call to this number.
    pub fn laws(self, phone: Option<&Phone>) -> Vec<Law> {
        match self {
            Self::Tcpa => vec![Law::Tcpa],
            Self::Casl => vec![Law::Casl],
            Self::Neutral => Vec::new(),
            Self::ByCountry => {
                let countries = phone.map(Phone::countries).unwrap_or_default();
                let law_of = |country: &Country| match country.code() {
                    "US" | "PR" | "GU" | "VI" | "AS" | "MP" => Some(Law::Tcpa),
                    "CA" => Some(Law::Casl),
                    _ => None,
                };
                let mut laws: Vec<Law> = Vec::new();
                for law in countries.iter().filter_map(law_of) {
                    if !laws.contains(&law) {
                        laws.push(law);
                    }
                }
                laws
            }
        }
    }
}

/// For how long business with a person implies consent, and for how long an inquiry does.
const IMPLIED_BY_BUSINESS: SignedDuration = SignedDuration::from_hours(24 * 730);
const IMPLIED_BY_INQUIRY: SignedDuration = SignedDuration::from_hours(24 * 182);

impl Law {
    /// The hours of a weekday in which the law permits a call, by the callee's clock.
    pub(super) fn hours(self, day: Weekday) -> Span {
        match (self, day) {
            (Self::Tcpa, _) => (TimeOfDay::at(8, 0), TimeOfDay::at(21, 0)),
            (Self::Casl, Weekday::Sat | Weekday::Sun) => (TimeOfDay::at(10, 0), TimeOfDay::at(18, 0)),
            (Self::Casl, _) => (TimeOfDay::at(9, 0), TimeOfDay::at(21, 30)),
        }
    }

    /// When a consent ends by itself; none if it does not.
    pub(super) fn consent_ends(self, consent: &Consent) -> Option<Timestamp> {
        let implied = match (self, consent.basis.trim().to_lowercase().as_str()) {
            (Self::Casl, "existing_customer" | "existing_business" | "purchase" | "contract") => {
                IMPLIED_BY_BUSINESS
            }
            (Self::Casl, "inquiry" | "implied" | "application") => IMPLIED_BY_INQUIRY,
            _ => return None,
        };
        // An implied consent of unknown date is as old as it can be.
        Some(consent.at.map_or(Timestamp::MIN, |at| at + implied))
    }
}
