//! Renewals: who is told, and when, that what a client got is not valid for long any more.

use crate::contact::Channel;
use crate::practice::{Practice, TypeCode};
use crate::{ContactId, Email, MessageId, PracticeId, RenewalAlertId, TaskId};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// That a practice has to be renewed so many days from now. It is one of a kind: practice, end and days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewalAlert {
    /// The record's id.
    pub id: RenewalAlertId,
    /// What has to be renewed.
    pub practice_id: PracticeId,
    /// Whose it is.
    pub contact_id: ContactId,
    /// Of what type it is.
    pub type_code: TypeCode,
    /// What that type is called.
    pub type_name: String,
    /// The last day on which it is valid.
    pub expiry_date: Date,
    /// How many days before it this alert was due.
    pub lead_days: u16,
    /// Who works on it.
    pub assignee: Option<Email>,
    /// What became of it.
    pub status: AlertStatus,
    /// What the client was told.
    pub reminder: Reminder,
    /// What the assignee has to do: one task for all alerts of one end.
    pub task_id: Option<TaskId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who took note of it, as the audit names them.
    pub acknowledged_by: Option<String>,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
}

/// What became of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertStatus {
    /// Nobody has taken note of it.
    #[default]
    Open,
    /// Somebody has.
    Acknowledged,
    /// A later alert took its place, or there is nothing to renew any more.
    Superseded,
}

impl AlertStatus {
    /// The status as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Superseded => "superseded",
        }
    }
}

/// What a client was told of a renewal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reminder {
    /// On which channel.
    pub channel: Option<Channel>,
    /// The message, which says what became of it.
    pub message_id: Option<MessageId>,
    /// Why they were told nothing, if so: by channel.
    #[serde(default)]
    pub withheld: Vec<String>,
}

/// The last alert that was made of a practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alerted {
    /// Of which end.
    pub expiry_date: Date,
    /// How many days before it.
    pub lead_days: u16,
}

/// The next alert of a practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextAlert {
    /// How many days before the end it is due.
    pub lead_days: u16,
    /// The day from which on it is due.
    pub day: Date,
}

/// The hours of the business's own day in which alerts are made, so that nobody is told at night.
const FROM_HOUR: i8 = 8;
const TO_HOUR: i8 = 20;

impl Practice {
    /// The next alert of the practice, of those that are so many days before its end, seen from a day. What is due on the
    /// way from an earlier one is one alert: the nearest. None after the end.
    pub fn next_alert(&self, lead_days: &[u16], today: Date) -> Option<NextAlert> {
        let expiry = self.renewable().filter(|expiry| *expiry >= today)?;
        let made =
            self.alerted.filter(|alerted| alerted.expiry_date == expiry).map(|alerted| alerted.lead_days);
        let open = lead_days.iter().copied().filter(|lead| made.is_none_or(|made| *lead < made));
        let mut all: Vec<NextAlert> = open
            .filter_map(|lead| {
                let day = expiry.checked_sub(i32::from(lead).days()).ok()?;
                Some(NextAlert { lead_days: lead, day })
            })
            .collect();
        all.sort_by_key(|next| next.day);
        let due = all.iter().rev().find(|next| next.day <= today);
        due.or(all.first()).copied()
    }

    /// Whether the last alert was of another end than the present one, so that it is outdated.
    pub fn is_outdated(&self) -> bool {
        self.alerted.is_some_and(|alerted| Some(alerted.expiry_date) != self.renewable())
    }

    /// Notes when the practice is to be looked at for its next alert: at once where the last one is outdated.
    pub fn arm(&mut self, lead_days: &[u16], now: Timestamp, zone: &TimeZone) {
        if self.is_outdated() {
            self.alert_at = Some(now);
            return;
        }
        let today = now.to_zoned(zone.clone()).date();
        let next = self.next_alert(lead_days, today);
        self.alert_at = next.and_then(|next| by_day(next.day, now, zone));
    }
}

/// The first instant from `now` on that lies in the hours of a day from `day` on.
fn by_day(day: Date, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let local = now.to_zoned(zone.clone());
    let begins = |day: Date| Some(day.at(FROM_HOUR, 0, 0, 0).to_zoned(zone.clone()).ok()?.timestamp());
    if day > local.date() {
        return begins(day);
    }
    match local.hour() {
        hour if hour < FROM_HOUR => begins(local.date()),
        hour if hour >= TO_HOUR => begins(local.date().tomorrow().ok()?),
        _ => Some(now),
    }
}

/// What a client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderText {
    /// Of an e-mail: its subject.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// The wording in a language, English where there is none: `{name}` is the client's, `{practice}` what has to be renewed,
/// `{day}` its last day, `{business}` who signs.
pub fn reminder(language: &str, name: &str, practice: &str, day: Date, business: &str) -> ReminderText {
    let code = language.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    let (hello, subject, text) = match code.as_str() {
        "it" => (
            "Buongiorno",
            "{practice}: scade il {day}",
            "{practice} scade il {day}. Ci risponda se desidera rinnovare.",
        ),
        "id" => (
            "Halo",
            "{practice}: berlaku sampai {day}",
            "{practice} Anda berlaku sampai {day}. Balas pesan ini jika ingin memperpanjang.",
        ),
        "hi" => (
            "नमस्ते",
            "{practice}: {day} तक मान्य",
            "आपका {practice} {day} तक मान्य है। नवीनीकरण के लिए कृपया उत्तर दें।",
        ),
        "bn" => (
            "নমস্কার",
            "{practice}: {day} পর্যন্ত বৈধ",
            "আপনার {practice} {day} পর্যন্ত বৈধ। নবায়ন করতে চাইলে উত্তর দিন।",
        ),
        _ => (
            "Hello",
            "{practice}: valid until {day}",
            "your {practice} is valid until {day}. Please reply if you would like us to renew it.",
        ),
    };
    let filled = |text: &str| {
        // In one pass over what is ours: what fills a place is not itself filled.
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (place, after) = after.split_once('}').unwrap_or((after, ""));
            out.push_str(before);
            out.push_str(&if place == "day" { day.to_string() } else { practice.to_owned() });
            rest = after;
        }
        out.push_str(rest);
        out
    };
    let greeting = if name.is_empty() { hello.to_owned() } else { format!("{hello} {name}") };
    let signed = if business.is_empty() { String::new() } else { format!("\n{business}") };
    ReminderText { subject: filled(subject), text: format!("{greeting}, {}{signed}", filled(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ids;
    use crate::practice::{PracticeStatus, examples};

    const LEADS: [u16; 4] = [90, 60, 30, 7];

    fn practice(expiry: &str) -> Practice {
        let (ids, now) = (Ids::default(), Timestamp::UNIX_EPOCH);
        let kind = examples(now).swap_remove(0);
        let mut practice = Practice::new(ids.next(now), ids.next(now), &kind, "x".to_owned(), now);
        practice.expiry_date = Some(expiry.parse().unwrap());
        practice
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn each_lead_comes_once_and_the_nearest_stands_for_those_that_were_missed() {
        let mut practice = practice("2027-06-30");
        let next = |practice: &Practice, today: &str| {
            practice.next_alert(&LEADS, day(today)).map(|next| (next.lead_days, next.day.to_string()))
        };
        assert_eq!(next(&practice, "2027-01-01"), Some((90, "2027-04-01".to_owned())));
        assert_eq!(
            next(&practice, "2027-05-05"),
            Some((60, "2027-05-01".to_owned())),
            "of two that are due, the nearest"
        );
        practice.alerted = Some(Alerted { expiry_date: day("2027-06-30"), lead_days: 60 });
        assert_eq!(next(&practice, "2027-05-05"), Some((30, "2027-05-31".to_owned())));
        practice.alerted = Some(Alerted { expiry_date: day("2027-06-30"), lead_days: 7 });
        assert_eq!(next(&practice, "2027-06-25"), None);
        practice.expiry_date = Some(day("2028-06-30"));
        assert_eq!(
            next(&practice, "2027-06-25"),
            Some((90, "2028-04-01".to_owned())),
            "again after a renewal"
        );
        assert_eq!(next(&practice, "2028-07-01"), None, "it is over");
        practice.status = PracticeStatus::Cancelled;
        assert_eq!(next(&practice, "2027-06-25"), None);
    }

    #[test]
    fn alerts_are_made_by_day() {
        let zone = TimeZone::get("Asia/Makassar").unwrap();
        let mut practice = practice("2027-06-30");
        let mut armed = |now: &str| {
            practice.arm(&LEADS, now.parse().unwrap(), &zone);
            practice.alert_at.unwrap().to_string()
        };
        assert_eq!(armed("2027-01-01T00:00:00Z"), "2027-04-01T00:00:00Z", "08:00 there");
        assert_eq!(armed("2027-06-01T03:00:00Z"), "2027-06-01T03:00:00Z", "due, and it is day");
        assert_eq!(armed("2027-06-01T15:00:00Z"), "2027-06-02T00:00:00Z", "23:00 there");
        assert_eq!(armed("2027-06-01T20:00:00Z"), "2027-06-02T00:00:00Z", "04:00 there");
    }

    #[test]
    fn a_client_is_told_in_their_language_and_what_fills_a_place_is_not_filled() {
        let text = reminder("it-IT", "Giulia", "KITAS {day}", day("2027-06-30"), "Bali Zero");
        assert_eq!(text.subject, "KITAS {day}: scade il 2027-06-30");
        assert_eq!(
            text.text,
            "Buongiorno Giulia, KITAS {day} scade il 2027-06-30. Ci risponda se desidera rinnovare.\nBali Zero"
        );
        assert!(
            reminder("xx", "", "KITAS", day("2027-06-30"), "").text.starts_with("Hello, your KITAS is valid")
        );
    }
}
