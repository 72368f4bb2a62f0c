//! A period of a business's own days, and the figures that it is read from.

use crate::Invalid;
use jiff::ToSpan;
use jiff::civil::Date;

/// How many days one period may have: a year.
const DAYS_MAX: i32 = 366;
/// Up to how many days a period is read day by day; a longer one has its whole months read as months.
const BY_DAY_MAX: i32 = 92;
/// How many days a period has that nobody chose.
const DEFAULT_DAYS: i32 = 30;

/// A period of days, the first and the last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: Date,
    to: Date,
}

/// A part of a period, read from figures of one kind. The bounds are included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// From day to day, `YYYY-MM-DD`.
    Days(String, String),
    /// From month to month, `YYYY-MM`.
    Months(String, String),
}

impl Period {
    /// The days from `from` to `to`. The last 30 days, `today` included, where neither is given; where one is
    /// given, the 30 days that begin or end with it, but none after today.
    pub fn new(from: Option<Date>, to: Option<Date>, today: Date) -> Result<Self, Invalid> {
        let rest = (DEFAULT_DAYS - 1).days();
        let to =
            to.unwrap_or_else(|| from.map_or(today, |from| from.saturating_add(rest).min(today).max(from)));
        let from = from.unwrap_or_else(|| to.saturating_sub(rest));
        if from > to {
            return Err(Invalid::at("?from", "must not be after `to`"));
        }
        let period = Self { from, to };
        if period.days() > DAYS_MAX {
            return Err(Invalid::at(
                "?from",
                format!("must be at most {DAYS_MAX} days before the end of `to`"),
            ));
        }
        Ok(period)
    }

    /// The first day.
    pub fn from(self) -> Date {
        self.from
    }

    /// The last day.
    pub fn to(self) -> Date {
        self.to
    }

    fn days(self) -> i32 {
        (self.to - self.from).get_days() + 1
    }

    /// Whether the period is shown month by month, being too long to be shown day by day.
    pub fn is_by_month(self) -> bool {
        self.days() > BY_DAY_MAX
    }

    /// The parts that the period is read in: its days; of a long one the whole months, and the days around them.
    pub fn parts(self) -> Vec<Part> {
        let days = |from: Date, to: Date| (from <= to).then(|| Part::Days(from.to_string(), to.to_string()));
        if !self.is_by_month() {
            return days(self.from, self.to).into_iter().collect();
        }
        let first = if self.from.day() == 1 { self.from } else { after(self.from.last_of_month()) };
        let last =
            if self.to == self.to.last_of_month() { self.to } else { before(self.to.first_of_month()) };
        let months = Part::Months(month_of(first), month_of(last));
        [days(self.from, before(first)), Some(months), days(after(last), self.to)]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Under which day or month of the series figures of this day, or of this month, are shown.
    pub fn place(self, day_or_month: &str) -> &str {
        if self.is_by_month() { day_or_month.get(..7).unwrap_or(day_or_month) } else { day_or_month }
    }

    /// Every place of the series, the first first.
    pub fn places(self) -> Vec<String> {
        let mut places: Vec<String> = self
            .from
            .series(1.day())
            .take_while(|day| *day <= self.to)
            .map(|day| self.place(&day.to_string()).to_owned())
            .collect();
        places.dedup();
        places
    }
}

/// The month of a day, `YYYY-MM`.
pub fn month_of(day: Date) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

/// The first day of the month that is written so, `YYYY-MM`.
pub fn parse_month(text: &str) -> Result<Date, Invalid> {
    let fits = text.len() == 7
        && text.bytes().enumerate().all(|(n, b)| if n == 4 { b == b'-' } else { b.is_ascii_digit() });
    let month = fits.then(|| format!("{text}-01").parse().ok()).flatten();
    month.ok_or_else(|| Invalid::new("is not a month: YYYY-MM is expected"))
}

fn after(day: Date) -> Date {
    day.saturating_add(1.day())
}

fn before(day: Date) -> Date {
    day.saturating_sub(1.day())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn period(from: &str, to: &str) -> Result<Period, Invalid> {
        Period::new(Some(day(from)), Some(day(to)), day("2026-11-21"))
    }

    #[test]
    fn a_period_is_the_last_thirty_days_or_what_was_asked() {
        let today = day("2026-11-21");
        let shown = |from: Option<&str>, to: Option<&str>| {
            let period = Period::new(from.map(day), to.map(day), today).unwrap();
            (period.from().to_string(), period.to().to_string())
        };
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(shown(None, None), pair("2026-10-23", "2026-11-21"));
        assert_eq!(shown(None, Some("2026-03-01")), pair("2026-01-31", "2026-03-01"));
        assert_eq!(shown(Some("2026-11-20"), None), pair("2026-11-20", "2026-11-21"));
        assert_eq!(shown(Some("2026-12-01"), None), pair("2026-12-01", "2026-12-01"));
        assert!(period("2026-11-02", "2026-11-01").is_err());
        assert!(period("2024-01-01", "2024-12-31").is_ok(), "a leap year is a year");
        assert_eq!(period("2025-01-01", "2026-01-02").unwrap_err().pointer, "?from");
    }

    #[test]
    fn a_long_period_is_read_by_its_whole_months() {
        let days = |from: &str, to: &str| Part::Days(from.to_owned(), to.to_owned());
        let months = |from: &str, to: &str| Part::Months(from.to_owned(), to.to_owned());
        assert_eq!(period("2026-01-10", "2026-02-05").unwrap().parts(), [days("2026-01-10", "2026-02-05")]);
        assert_eq!(
            period("2025-11-22", "2026-11-21").unwrap().parts(),
            [
                days("2025-11-22", "2025-11-30"),
                months("2025-12", "2026-10"),
                days("2026-11-01", "2026-11-21")
            ]
        );
        assert_eq!(period("2026-01-01", "2026-12-31").unwrap().parts(), [months("2026-01", "2026-12")]);
        assert_eq!(
            period("2025-12-31", "2026-04-02").unwrap().places(),
            ["2025-12", "2026-01", "2026-02", "2026-03", "2026-04"]
        );
    }

    #[test]
    fn a_month_is_written_in_one_way() {
        assert_eq!(parse_month("2026-02").unwrap(), day("2026-02-01"));
        for bad in ["2026-13", "2026-2", "26-02", "2026-02-01", "+026-02", ""] {
            assert!(parse_month(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_day_is_read_once(start in 0_i32..800, length in 0_i32..366) {
            let from = day("2024-01-01").saturating_add(start.days());
            let to = from.saturating_add(length.days());
            let period = Period::new(Some(from), Some(to), to).unwrap();
            let parts = period.parts();
            prop_assert!(parts.len() <= 3);
            let reads = |text: String| parts.iter().filter(|part| match part {
                Part::Days(from, to) => *from <= text && text <= *to,
                Part::Months(from, to) => from.as_str() <= &text[..7] && &text[..7] <= to.as_str(),
            }).count();
            for day in from.series(1.day()).take_while(|day| *day <= to) {
                prop_assert_eq!(reads(day.to_string()), 1, "{}", day);
            }
            prop_assert_eq!(reads(before(from).to_string()), 0);
            prop_assert_eq!(reads(after(to).to_string()), 0);
        }
    }
}
