//! How a business describes itself: its words, its fields, its hours, its rules for calling.

mod fields;

pub use fields::{CustomField, FieldKind};

use crate::calling::CallingRules;
use crate::chat::ChatSettings;
use crate::cost::{Budget, Prices};
use crate::zone::ZoneName;
use crate::{Country, Currency, Invalid, text};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The tenant's configuration, in the format of the requirement document (`customFields` and
/// `callObjectives` are spelled as printed there; the snake-case spelling is read too).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct BusinessConfig {
    /// The name that agents say and messages sign with.
    pub name: String,
    /// The line of business, such as `real-estate`.
    pub industry: String,
    /// The business's own words for ours: `{"lead": "prospect"}`.
    pub terminology: BTreeMap<String, String>,
    /// Fields of a lead beyond the built-in ones.
    #[serde(rename = "customFields", alias = "custom_fields")]
    pub custom_fields: Vec<CustomField>,
    /// What a call may be for. When empty, an objective is free text.
    #[serde(rename = "callObjectives", alias = "call_objectives")]
    pub call_objectives: Vec<String>,
    /// The business's own zone.
    pub timezone: ZoneName,
    /// Where a telephone number without country code is at home.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub default_country: Option<Country>,
    /// The currency of amounts without one.
    pub currency: Currency,
    /// Hours by weekday; a weekday that is left out is closed. When empty, every day is open.
    pub business_hours: BTreeMap<Weekday, Hours>,
    /// Days on which nobody is called.
    pub holidays: Vec<Holiday>,
    /// When and how often leads may be called.
    #[serde(alias = "calling_rules")]
    pub calling: CallingRules,
    /// Who the agents are: tone, manners, what they never do.
    pub persona: String,
    /// How the bot writes with people.
    pub chat: ChatSettings,
    /// What calls and their analyses cost, as far as it is known.
    pub prices: Prices,
    /// What a month's calls may cost.
    pub budget: Budget,
}

/// A day on which nobody is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// The day, in the callee's calendar.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub date: Date,
    /// What it is called.
    #[serde(default)]
    pub name: String,
    /// Where it is kept, by the country of a lead's number; everywhere if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub countries: Vec<Country>,
}

impl Holiday {
    /// Whether it may be kept by a person who may be in any of these countries.
    pub fn is_kept_in(&self, countries: &[Country]) -> bool {
        self.countries.is_empty() || countries.iter().any(|country| self.countries.contains(country))
    }
}

/// Opening hours of one day. `close` may be `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// When the day begins.
    #[serde(alias = "start")]
    pub open: TimeOfDay,
    /// When it ends; that minute itself is closed.
    #[serde(alias = "end")]
    pub close: TimeOfDay,
}

impl Hours {
    /// Checks that they open before they close.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.open < self.close { Ok(()) } else { Err(Invalid::new("must open before it closes")) }
    }
}

/// A day of the week by its first three letters; the full name is read too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    #[serde(alias = "monday")]
    Mon,
    #[serde(alias = "tuesday")]
    Tue,
    #[serde(alias = "wednesday")]
    Wed,
    #[serde(alias = "thursday")]
    Thu,
    #[serde(alias = "friday")]
    Fri,
    #[serde(alias = "saturday")]
    Sat,
    #[serde(alias = "sunday")]
    Sun,
}

impl Weekday {
    /// All seven, from Monday.
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// The weekday of a date.
    pub fn of(date: Date) -> Self {
        let from_monday = date.weekday().to_monday_zero_offset();
        Self::ALL[usize::try_from(from_monday).unwrap_or_default() % 7]
    }

    /// The weekday's English name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mon => "monday",
            Self::Tue => "tuesday",
            Self::Wed => "wednesday",
            Self::Thu => "thursday",
            Self::Fri => "friday",
            Self::Sat => "saturday",
            Self::Sun => "sunday",
        }
    }

    /// The weekday as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }
}

/// A time of day to the minute, `HH:MM`, from 00:00 to 24:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TimeOfDay {
    minutes: u16,
}

impl TimeOfDay {
    /// The time at this hour and minute; past 24:00 it is 24:00.
    pub const fn at(hour: u16, minute: u16) -> Self {
        let minutes = hour * 60 + minute;
        Self { minutes: if minutes > 1440 { 1440 } else { minutes } }
    }

    /// Minutes since midnight, at most 1,440.
    pub fn minutes(self) -> u16 {
        self.minutes
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl FromStr for TimeOfDay {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        let digits = |part: &str| two_digits(part).then(|| part.parse::<u16>().ok()).flatten();
        let parsed = text.trim().split_once(':').and_then(|(hour, minute)| {
            let (hour, minute) = (digits(hour)?, digits(minute)?);
            (minute < 60 && hour * 60 + minute <= 1440).then_some(Self { minutes: hour * 60 + minute })
        });
        parsed.ok_or_else(|| Invalid::new("is not a time of day: HH:MM from 00:00 to 24:00 is expected"))
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

#[cfg(feature = "openapi")]
crate::id::string_schema!(TimeOfDay, "A time of day, HH:MM, from 00:00 to 24:00.");

impl BusinessConfig {
    /// Checks what types alone cannot: lengths, names that clash, hours that end before they begin. Telephone numbers are
    /// brought into their one form.
    pub fn check(&mut self) -> Result<(), Invalid> {
        text::prose(&self.name, 200).map_err(|e| e.within("/name"))?;
        text::prose(&self.industry, 100).map_err(|e| e.within("/industry"))?;
        text::prose(&self.persona, 10_000).map_err(|e| e.within("/persona"))?;
        bound("/terminology", self.terminology.len(), 100)?;
        for (word, ours) in &self.terminology {
            let pointer = format!("/terminology/{word}");
            text::line(word, 60).and_then(|_| text::line(ours, 60)).map_err(|e| e.within(&pointer))?;
        }
        bound("/customFields", self.custom_fields.len(), 100)?;
        for (n, field) in self.custom_fields.iter().enumerate() {
            field.check().map_err(|e| e.within(&format!("/customFields/{n}")))?;
            if self.custom_fields[..n].iter().any(|earlier| earlier.name == field.name) {
                return Err(Invalid::at(format!("/customFields/{n}/name"), "is the name of two fields"));
            }
        }
        bound("/callObjectives", self.call_objectives.len(), 100)?;
        for (n, objective) in self.call_objectives.iter().enumerate() {
            text::line(objective, 200).map_err(|e| e.within(&format!("/callObjectives/{n}")))?;
        }
        for (day, hours) in &self.business_hours {
            hours.check().map_err(|e| e.within(&format!("/business_hours/{}", day.as_str())))?;
        }
        bound("/holidays", self.holidays.len(), 400)?;
        self.calling.check().map_err(|e| e.within("/calling"))?;
        self.chat.check(self.default_country).map_err(|e| e.within("/chat"))?;
        self.prices.check().map_err(|e| e.within("/prices"))?;
        self.budget.check(&self.prices, self.currency).map_err(|e| e.within("/budget"))
    }

    /// The business's own day at an instant.
    pub fn day_of(&self, at: Timestamp) -> Date {
        at.to_zoned(self.timezone.time_zone()).date()
    }

    /// Checks an objective: any line of text, or one of `callObjectives` where those are set.
    pub fn check_objective(&self, objective: &str) -> Result<String, Invalid> {
        let objective = text::line(objective, 200)?;
        if self.call_objectives.is_empty() {
            return Ok(objective);
        }
        let known = self.call_objectives.iter().find(|known| known.eq_ignore_ascii_case(&objective));
        known.cloned().ok_or_else(|| {
            Invalid::new(format!("is not one of the call objectives: {}", self.call_objectives.join(", ")))
        })
    }

    /// The business's word for one of ours (`lead`, `appointment`), or ours.
    pub fn term<'a>(&'a self, word: &'a str) -> &'a str {
        let own = self.terminology.iter().find(|(ours, _)| ours.eq_ignore_ascii_case(word));
        own.map_or(word, |(_, own)| own.as_str())
    }

    /// A text of ours in the business's words: each word that it has another for is replaced, in the same case, in
    /// the singular and in the plural.
    pub fn worded(&self, text: &str) -> String {
        if self.terminology.is_empty() {
            return text.to_owned();
        }
        let words = text.split_inclusive(|c: char| !c.is_alphanumeric());
        let replaced = words.map(|piece| {
            let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
            format!("{}{}", self.word(word), &piece[word.len()..])
        });
        replaced.collect()
    }

    /// The business's word for one of ours as it is written, in the case of ours.
    fn word(&self, word: &str) -> String {
        let known = |word: &str| Some(self.term(word)).filter(|own| *own != word).map(str::to_owned);
        let own = known(word).or_else(|| {
            let singular = word.strip_suffix(['s', 'S'])?;
            known(singular).map(|own| format!("{own}s"))
        });
        let Some(own) = own else { return word.to_owned() };
        let is_upper = |c: char| c.is_uppercase();
        if word.chars().all(is_upper) {
            own.to_uppercase()
        } else if word.starts_with(is_upper) {
            let mut chars = own.chars();
            chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
        } else {
            own
        }
    }
}

fn bound(pointer: &str, len: usize, max: usize) -> Result<(), Invalid> {
    if len > max { Err(Invalid::at(pointer, format!("must have at most {max} entries"))) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use serde_json::json;

    fn document() -> BusinessConfig {
        serde_json::from_value(json!({
            "industry": "real-estate",
            "terminology": {"lead": "prospect", "appointment": "showing"},
            "customFields": [{"name": "budget_range", "type": "select", "options": ["Under 500K", "500K-1M"], "required": true},
                             {"name": "rooms", "type": "number"}],
            "callObjectives": ["Initial Qualification", "Schedule Showing"]
        }))
        .unwrap()
    }

    #[test]
    fn the_printed_document_is_read_and_written_as_printed() {
        let mut config = document();
        config.check().unwrap();
        assert_eq!(config.term("lead"), "prospect");
        assert_eq!(serde_json::to_value(&config).unwrap()["customFields"][0]["name"], "budget_range");
    }

    #[test]
    fn our_words_become_the_businesss_in_their_case_and_number() {
        let config = document();
        assert_eq!(config.worded("LEAD CONTEXT"), "PROSPECT CONTEXT");
        assert_eq!(config.worded("UPCOMING APPOINTMENTS"), "UPCOMING SHOWINGS");
        assert_eq!(
            config.worded("Leads, leadership and the lead."),
            "Prospects, leadership and the prospect."
        );
        assert_eq!(BusinessConfig::default().worded("LEAD CONTEXT"), "LEAD CONTEXT");
    }

    #[test]
    fn an_objective_is_free_until_objectives_are_set() {
        assert_eq!(BusinessConfig::default().check_objective("anything").unwrap(), "anything");
        assert_eq!(document().check_objective("schedule showing").unwrap(), "Schedule Showing");
        assert!(document().check_objective("Chat").is_err());
    }

    #[test]
    fn custom_fields_follow_their_definition() {
        let check = |value: Value| {
            document().check_custom_fields(&serde_json::from_value(value).unwrap()).map_err(|e| e.pointer)
        };
        assert_eq!(check(json!({"budget_range": "500K-1M", "rooms": 3})), Ok(()));
        assert_eq!(check(json!({})), Ok(()));
        assert_eq!(check(json!({"rooms": 3})), Err("/budget_range".to_owned()));
        assert_eq!(check(json!({"budget_range": "a lot"})), Err("/budget_range".to_owned()));
        assert_eq!(check(json!({"budget_range": "500K-1M", "colour": "red"})), Err("/colour".to_owned()));
    }

    #[test]
    fn times_of_day_are_strict() {
        assert_eq!("24:00".parse::<TimeOfDay>().unwrap().minutes(), 1440);
        for bad in ["9:00", "24:01", "12:60", "noon", "", "12:00:00", "+1:00"] {
            assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
        }
    }
}
