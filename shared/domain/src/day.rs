//! A day of the calendar, as callers write it.

use crate::Invalid;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The years that a day may lie in: those whose text is as long as every other's, so that text order is time order.
pub(crate) const YEARS: RangeInclusive<i16> = 1970..=9998;

/// A day, `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Day(Date);

impl Day {
    /// The day as a date.
    pub fn date(self) -> Date {
        self.0
    }

    /// Reads what is written as a day; none if it is written otherwise.
    pub(crate) fn read(text: &str) -> Option<Result<Self, Invalid>> {
        // The parser also takes the day of a longer text.
        let date: Date = Some(text).filter(|text| text.len() == 10)?.parse().ok()?;
        Some(date.try_into())
    }
}

/// What is said of a year that is out of range.
pub(crate) fn out_of_range() -> Invalid {
    Invalid::new(format!("must be in a year from {} to {}", YEARS.start(), YEARS.end()))
}

impl TryFrom<Date> for Day {
    type Error = Invalid;
    fn try_from(date: Date) -> Result<Self, Invalid> {
        if YEARS.contains(&date.year()) { Ok(Self(date)) } else { Err(out_of_range()) }
    }
}

impl FromStr for Day {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::read(text).unwrap_or_else(|| Err(Invalid::new("is no day such as 2026-06-15")))
    }
}

impl TryFrom<String> for Day {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

#[cfg(feature = "openapi")]
crate::id::string_schema!(Day, "A day, such as 2026-06-15.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_in_one_way() {
        assert_eq!("2028-02-29".parse::<Day>().unwrap().to_string(), "2028-02-29");
        for bad in
            ["", "2026-02-29", "2026-6-1", "2026-06-15T10:00:00", "15.06.2026", "1969-12-31", "9999-01-01"]
        {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
    }
}
