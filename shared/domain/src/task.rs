//! Tasks: what people have to do about a contact, and until when.

use crate::analysis::WishKind;
use crate::day::{YEARS, out_of_range};
use crate::zone::ZoneName;
use crate::{CallId, ContactId, Day, Email, Invalid, TaskId};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Something for a person to do about a contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The record's id.
    pub id: TaskId,
    /// The person it is about.
    pub contact_id: ContactId,
    /// What to do, in a line.
    pub title: String,
    /// What to know.
    pub description: String,
    /// Until when.
    pub due_at: Option<Timestamp>,
    /// How much it matters.
    pub priority: TaskPriority,
    /// Where it stands.
    pub status: TaskStatus,
    /// Who does it.
    pub assignee: Option<Email>,
    /// The call it came from.
    pub call_id: Option<CallId>,
    /// The wish of the contact that it came from.
    #[serde(default)]
    pub wish: Option<WishKind>,
    /// When it was done.
    #[serde(default)]
    pub completed_at: Option<Timestamp>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Task {
    /// Whether it is still to be done, and its time is over.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.status.is_open() && self.due_at.is_some_and(|due| due < now)
    }

    /// Puts the task where it stands now. When it was done is kept as long as it is.
    pub fn set_status(&mut self, status: TaskStatus, now: Timestamp) {
        if self.status != status {
            self.completed_at = (status == TaskStatus::Completed).then_some(now);
        }
        self.status = status;
    }
}

/// How much a task matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaskPriority {
    /// When nothing else is to be done.
    Low,
    /// As they come; `normal` is read as this.
    #[default]
    #[serde(alias = "normal")]
    Medium,
    /// Before others.
    High,
    /// Before all others.
    Urgent,
}

impl TaskPriority {
    /// The priority as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Still to do.
    #[default]
    Pending,
    /// Somebody is at it.
    InProgress,
    /// Done.
    Completed,
    /// Not to be done.
    Cancelled,
}

impl TaskStatus {
    /// The status as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether a task in this status is still to be done.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::InProgress)
    }
}

/// When a day begins in a zone.
fn start_of(day: Date, zone: &TimeZone) -> Timestamp {
    day.to_zoned(zone.clone()).map_or(Timestamp::MAX, |start| start.timestamp())
}

fn days_after(day: Date, days: i32) -> Date {
    day.saturating_add(days.days())
}

/// Until when something is to be done, as it is written: an instant, or a day, which means its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum DueDate {
    /// At this instant.
    At(Timestamp),
    /// At the end of this day.
    On(Date),
}

impl DueDate {
    /// The instant; a day's is its last second in the business's own zone.
    pub fn instant(self, zone: &ZoneName) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::On(day) => start_of(days_after(day, 1), &zone.time_zone()) - SignedDuration::from_secs(1),
        }
    }
}

impl fmt::Display for DueDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => at.fmt(f),
            Self::On(day) => day.fmt(f),
        }
    }
}

impl FromStr for DueDate {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Some(day) = Day::read(text) {
            return Ok(Self::On(day?.date()));
        }
        let at: Timestamp = text.parse().map_err(|_| {
            Invalid::new("is no instant such as 2026-06-15T14:00:00Z and no day such as 2026-06-15")
        })?;
        let year = at.to_zoned(TimeZone::UTC).year();
        if YEARS.contains(&year) { Ok(Self::At(at)) } else { Err(out_of_range()) }
    }
}

impl From<DueDate> for String {
    fn from(due: DueDate) -> Self {
        due.to_string()
    }
}

impl TryFrom<String> for DueDate {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

/// Which tasks are asked for by when they are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Due {
    /// Those whose time is over.
    Overdue,
    /// Those of today.
    Today,
    /// Those of today and the six days after it.
    Week,
    /// Those of this day.
    On(Date),
}

/// A span of time: its beginning, if it has one, belongs to it; its end does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueSpan {
    /// When it begins.
    pub from: Option<Timestamp>,
    /// When it ends.
    pub until: Timestamp,
}

impl DueSpan {
    /// Whether an instant lies in it.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && at < self.until
    }
}

impl Due {
    /// What is asked for at `now`, by the days of the business's own zone.
    pub fn span(self, now: Timestamp, zone: &ZoneName) -> DueSpan {
        let zone = zone.time_zone();
        let today = now.to_zoned(zone.clone()).date();
        let days = |first: Date, number: i32| DueSpan {
            from: Some(start_of(first, &zone)),
            until: start_of(days_after(first, number), &zone),
        };
        match self {
            Self::Overdue => DueSpan { from: None, until: now },
            Self::Today => days(today, 1),
            Self::Week => days(today, 7),
            Self::On(day) => days(day, 1),
        }
    }
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overdue => f.write_str("overdue"),
            Self::Today => f.write_str("today"),
            Self::Week => f.write_str("week"),
            Self::On(day) => day.fmt(f),
        }
    }
}

impl FromStr for Due {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "overdue" => Ok(Self::Overdue),
            "today" => Ok(Self::Today),
            "week" => Ok(Self::Week),
            day => {
                let wrong = || Invalid::new("must be overdue, today, week, or a day such as 2026-06-15");
                Day::read(day).ok_or_else(wrong)?.map(|day| Self::On(day.date()))
            }
        }
    }
}

impl From<Due> for String {
    fn from(due: Due) -> Self {
        due.to_string()
    }
}

impl TryFrom<String> for Due {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

#[cfg(feature = "openapi")]
crate::id::string_schema!(
    DueDate,
    "An instant such as 2026-06-15T14:00:00Z, or a day such as 2026-06-15, which means its end in the business's own zone."
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PrefixedId;
    use proptest::prelude::*;
    use serde_json::json;
    use ulid::Ulid;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn zone(name: &str) -> ZoneName {
        name.parse().unwrap()
    }

    fn task(due_at: Option<Timestamp>) -> Task {
        Task {
            id: TaskId::from_ulid(Ulid::nil()),
            contact_id: ContactId::from_ulid(Ulid::nil()),
            title: "Call".to_owned(),
            description: String::new(),
            due_at,
            priority: TaskPriority::default(),
            status: TaskStatus::default(),
            assignee: None,
            call_id: None,
            wish: None,
            completed_at: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_task_of_an_older_release_is_read() {
        let mut stored = serde_json::to_value(task(None)).unwrap();
        let fields = stored.as_object_mut().unwrap();
        fields.remove("completed_at");
        fields.remove("wish");
        for (old, new) in
            [("normal", TaskPriority::Medium), ("high", TaskPriority::High), ("low", TaskPriority::Low)]
        {
            stored["priority"] = json!(old);
            assert_eq!(
                serde_json::from_value::<Task>(stored.clone()).unwrap(),
                Task { priority: new, ..task(None) }
            );
        }
        for status in ["pending", "completed", "cancelled"] {
            stored["status"] = json!(status);
            assert_eq!(serde_json::from_value::<Task>(stored.clone()).unwrap().status.as_str(), status);
        }
    }

    #[test]
    fn a_task_is_overdue_until_it_is_done() {
        let (due, later) = (at("2026-06-15T10:00:00Z"), at("2026-06-15T10:00:01Z"));
        let mut task = task(Some(due));
        assert!(!task.is_overdue(due) && task.is_overdue(later));
        task.set_status(TaskStatus::InProgress, later);
        assert!(task.is_overdue(later) && task.completed_at.is_none());
        task.set_status(TaskStatus::Completed, later);
        task.set_status(TaskStatus::Completed, at("2026-07-01T00:00:00Z"));
        assert!(!task.is_overdue(later) && task.completed_at == Some(later));
        task.set_status(TaskStatus::Pending, later);
        assert!(task.is_overdue(later) && task.completed_at.is_none());
    }

    #[test]
    fn a_day_is_due_at_its_end_where_the_business_is() {
        let due = |text: &str, name: &str| text.parse::<DueDate>().unwrap().instant(&zone(name)).to_string();
        assert_eq!(due("2026-06-15T16:00:00+02:00", "Asia/Dhaka"), "2026-06-15T14:00:00Z");
        assert_eq!(due("2026-06-15", "UTC"), "2026-06-15T23:59:59Z");
        assert_eq!(due("2026-06-15", "Asia/Kolkata"), "2026-06-15T18:29:59Z");
        assert_eq!(due("2026-06-15", "America/Los_Angeles"), "2026-06-16T06:59:59Z");
        // The clocks go back in the night before, and forward at midnight itself.
        assert_eq!(due("2026-10-25", "Europe/Rome"), "2026-10-25T22:59:59Z");
        assert_eq!(due("2026-04-23", "Africa/Cairo"), "2026-04-23T21:59:59Z");
        for bad in [
            "",
            "tomorrow",
            "2026-02-30",
            "2026-6-15",
            "2026-06-15T14:00:00",
            "1969-12-31",
            "9999-12-31T00:00:00Z",
            "-002026-06-15",
        ] {
            assert!(bad.parse::<DueDate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_due_goes_by_the_days_of_the_business() {
        // It is Sunday already in Dhaka.
        let now = at("2026-06-13T20:00:00Z");
        let shown = |due: &str, name: &str| {
            let DueSpan { from, until } = due.parse::<Due>().unwrap().span(now, &zone(name));
            (from.map_or_else(String::new, |from| from.to_string()), until.to_string())
        };
        let pair = |from: &str, until: &str| (from.to_owned(), until.to_owned());
        assert_eq!(shown("overdue", "Asia/Dhaka"), pair("", "2026-06-13T20:00:00Z"));
        assert_eq!(shown("today", "Asia/Dhaka"), pair("2026-06-13T18:00:00Z", "2026-06-14T18:00:00Z"));
        assert_eq!(shown("today", "UTC"), pair("2026-06-13T00:00:00Z", "2026-06-14T00:00:00Z"));
        assert_eq!(shown("week", "Asia/Dhaka"), pair("2026-06-13T18:00:00Z", "2026-06-20T18:00:00Z"));
        assert_eq!(shown("2026-03-29", "Europe/Rome"), pair("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"));
        for bad in ["", "Today", "tomorrow", "2026-13-01", "1900-01-01", "2026-06-15T00:00:00Z"] {
            assert!(bad.parse::<Due>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_day_that_is_due_is_asked_for_as_that_day_alone(
            days in 0_i32..30_000, name in proptest::sample::select(vec!["UTC", "Asia/Kathmandu", "Africa/Cairo", "America/Sao_Paulo", "Pacific/Apia"]),
        ) {
            let zone = zone(name);
            let day = days_after(jiff::civil::date(1971, 1, 1), days);
            let span = |day: Date| Due::On(day).span(Timestamp::UNIX_EPOCH, &zone);
            let due = DueDate::On(day).to_string().parse::<DueDate>().unwrap().instant(&zone);
            prop_assert_eq!(Due::On(day).to_string().parse::<Due>().unwrap(), Due::On(day));
            // A day that a zone left out has no time in which anything could be due.
            if span(day).from < Some(span(day).until) {
                prop_assert!(span(day).contains(due));
                prop_assert!(!span(days_after(day, 1)).contains(due) && !span(days_after(day, -1)).contains(due));
            }
        }
    }
}
