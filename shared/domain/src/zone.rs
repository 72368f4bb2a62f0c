//! Time zones: whose clock decides when a person may be called.

use crate::{Country, Invalid};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An IANA time zone that the bundled database knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ZoneName(String);

impl ZoneName {
    /// The IANA name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The rules of the zone; UTC should the database have lost a name that it knew.
    pub fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.0).unwrap_or(TimeZone::UTC)
    }
}

impl Default for ZoneName {
    fn default() -> Self {
        Self("UTC".to_owned())
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ZoneName> for String {
    fn from(zone: ZoneName) -> Self {
        zone.0
    }
}

impl FromStr for ZoneName {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let zone = TimeZone::get(text.trim())
            .map_err(|_| Invalid::new("is not a time zone: an IANA name such as Asia/Kolkata is expected"))?;
        Ok(Self(zone.iana_name().unwrap_or(text.trim()).to_owned()))
    }
}

impl TryFrom<String> for ZoneName {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

/// The zones in use in a country, from the `zone.tab` of the IANA database (public domain): a line a country,
/// its code and its zones.
const ZONES: &str = include_str!("../data/zones.txt");

/// Whether the database lists a country of this code.
pub(crate) fn is_listed(code: [u8; 2]) -> bool {
    ZONES.lines().any(|line| line.as_bytes().starts_with(&code))
}

/// The zones that a person with a number of this country may live in; empty for a country that the database
/// does not list.
pub fn zones_of(country: Country) -> Vec<ZoneName> {
    ZONES
        .lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(code, _)| *code == country.code())
        .map(|(_, zones)| zones.split(' ').filter_map(|zone| zone.parse().ok()).collect())
        .unwrap_or_default()
}

#[cfg(feature = "openapi")]
crate::id::string_schema!(ZoneName, "An IANA time zone, such as Asia/Kolkata.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_zone_is_known_to_the_bundled_database() {
        for line in ZONES.lines() {
            let (code, zones) = line.split_once(' ').unwrap();
            assert!(code.parse::<Country>().is_ok(), "{code}");
            for zone in zones.split(' ') {
                assert!(zone.parse::<ZoneName>().is_ok(), "{zone} of {code}");
            }
        }
    }

    #[test]
    fn a_country_has_one_zone_or_several() {
        let of = |code: &str| zones_of(code.parse().unwrap()).len();
        assert_eq!((of("IN"), of("IT")), (1, 1));
        assert!(of("US") > 20 && of("ID") == 4);
    }
}
