//! Practices: services that clients are being given, from the first question to the renewal.

mod catalogue;
mod document;

pub use catalogue::{PracticeType, TypeCode, examples};
pub use document::{Document, DocumentPlace, WebLink, missing};

use crate::renewal::Alerted;
use crate::{ContactId, Currency, Email, Invalid, Money, PracticeId, SavedConversationId};
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// A service that a client is being given, or was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Practice {
    /// The record's id.
    pub id: PracticeId,
    /// Whose it is.
    pub contact_id: ContactId,
    /// What kind it is of.
    pub type_code: TypeCode,
    /// What that kind was called when it was chosen.
    pub type_name: String,
    /// How far it is.
    pub status: PracticeStatus,
    /// How much it presses.
    pub priority: PracticePriority,
    /// What it costs, and what of that is paid.
    pub price: Price,
    /// Who works on it: a member's address, or anybody's.
    pub assignee: Option<Email>,
    /// The day on which work began.
    pub start_date: Option<Date>,
    /// The day on which it was completed.
    pub completion_date: Option<Date>,
    /// The last day on which what was got is valid.
    pub expiry_date: Option<Date>,
    /// What people noted.
    pub notes: String,
    /// The conversation that it was read in, if a model began it: of one client and type there is one such at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_in: Option<SavedConversationId>,
    /// Whether the client has another practice of this type that a model began, since two records of theirs were made one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_aside: bool,
    /// The last alert that was made of its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerted: Option<Alerted>,
    /// When it is looked at for the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_at: Option<Timestamp>,
    /// Its last moves from status to status, [`CHANGES`] at most, the last one last.
    pub status_history: Vec<StatusChange>,
    /// Its last renewals, [`CHANGES`] at most, the last one last.
    pub renewals: Vec<Renewal>,
    /// Its last payments, [`CHANGES`] at most, the last one last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<Payment>,
    /// Who made the record, as the audit names them.
    pub created_by: String,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How many moves, how many renewals and how many payments of a practice are kept.
pub const CHANGES: usize = 50;

/// How far a practice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PracticeStatus {
    /// The client asked.
    #[default]
    Inquiry,
    /// The client knows what it costs.
    QuotationSent,
    /// The client wants it and has to pay.
    PaymentPending,
    /// It is being worked on.
    InProgress,
    /// The client has to bring something.
    WaitingDocuments,
    /// An authority has it.
    SubmittedToGov,
    /// The authority said yes.
    Approved,
    /// The client has what they wanted.
    Completed,
    /// It will not come about.
    Cancelled,
}

impl PracticeStatus {
    /// Every status, in the order of the work.
    pub const ALL: [Self; 9] = [
        Self::Inquiry,
        Self::QuotationSent,
        Self::PaymentPending,
        Self::InProgress,
        Self::WaitingDocuments,
        Self::SubmittedToGov,
        Self::Approved,
        Self::Completed,
        Self::Cancelled,
    ];

    /// The status as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inquiry => "inquiry",
            Self::QuotationSent => "quotation_sent",
            Self::PaymentPending => "payment_pending",
            Self::InProgress => "in_progress",
            Self::WaitingDocuments => "waiting_documents",
            Self::SubmittedToGov => "submitted_to_gov",
            Self::Approved => "approved",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status as people read it.
    pub fn words(self) -> String {
        self.as_str().replace('_', " ")
    }

    /// Whether there is work left.
    pub fn is_active(self) -> bool {
        !matches!(self, Self::Approved | Self::Completed | Self::Cancelled)
    }
}

/// How much a practice presses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PracticePriority {
    /// It can wait.
    Low,
    /// It takes its turn.
    #[default]
    Normal,
    /// It goes before others.
    High,
    /// It goes before all others.
    Urgent,
}

/// One move of a practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusChange {
    /// The status that it left.
    pub from: PracticeStatus,
    /// The status that it reached.
    pub to: PracticeStatus,
    /// When.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub at: Timestamp,
    /// Who moved it, as the audit names them.
    pub by: String,
}

/// One renewal of a practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Renewal {
    /// The last day of validity before it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub from: Option<Date>,
    /// The last day of validity since.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    pub to: Date,
    /// When it was renewed.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub at: Timestamp,
    /// Who renewed it, as the audit names them.
    pub by: String,
}

/// One payment for a practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// What came in; below zero where it was given back or set right.
    pub money: Money,
    /// When it was noted.
    pub at: Timestamp,
    /// Who noted it, as the audit names them.
    pub by: String,
}

/// What a practice costs, and what of that is paid: all in one currency, in its minor unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// The currency.
    pub currency: Currency,
    /// What the client was told.
    pub quoted: Option<i64>,
    /// What it came to.
    pub actual: Option<i64>,
    /// What the client has paid.
    pub paid: i64,
}

impl Price {
    /// So much, in the price's currency.
    pub fn money(&self, minor: i64) -> Money {
        Money { minor, currency: self.currency }
    }

    /// What the client has to pay in all: what it came to, else what they were told.
    pub fn due(&self) -> Option<i64> {
        self.actual.or(self.quoted)
    }

    /// How much is still to be paid.
    pub fn outstanding(&self) -> i64 {
        self.due().map_or(0, |due| due.saturating_sub(self.paid).max(0))
    }

    /// How far the client's payment is.
    pub fn payment_status(&self) -> PaymentStatus {
        match (self.paid, self.outstanding()) {
            (0, 0) if self.due() == Some(0) => PaymentStatus::Paid,
            (0, _) => PaymentStatus::Unpaid,
            (_, 0) => PaymentStatus::Paid,
            _ => PaymentStatus::Partial,
        }
    }
}

/// How far a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Nothing is paid.
    Unpaid,
    /// Some of it is.
    Partial,
    /// All of it is.
    Paid,
}

impl Practice {
    /// A new practice of this type: an inquiry that nobody has priced yet.
    pub fn new(
        id: PracticeId,
        contact_id: ContactId,
        kind: &PracticeType,
        created_by: String,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            contact_id,
            type_code: kind.code.clone(),
            type_name: kind.name.clone(),
            status: PracticeStatus::default(),
            priority: PracticePriority::default(),
            price: Price { currency: kind.currency, quoted: None, actual: None, paid: 0 },
            assignee: None,
            start_date: None,
            completion_date: None,
            expiry_date: None,
            notes: String::new(),
            read_in: None,
            is_aside: false,
            alerted: None,
            alert_at: None,
            status_history: Vec::new(),
            renewals: Vec::new(),
            payments: Vec::new(),
            created_by,
            created_at: now,
            updated_at: now,
        }
    }

    /// Sets what the practice costs and what of that is paid, and keeps what came in since and who noted it.
    pub fn set_price(&mut self, price: Price, by: &str, now: Timestamp) {
        let before = std::mem::replace(&mut self.price, price);
        // What was noted in another currency says nothing of this one.
        let noted = if before.currency == price.currency { before.paid } else { 0 };
        if noted != price.paid {
            let money = price.money(price.paid.saturating_sub(noted));
            self.payments.push(Payment { money, at: now, by: by.to_owned() });
            self.payments.drain(..self.payments.len().saturating_sub(CHANGES));
        }
    }

    /// Moves the practice, on the business's own day `today`, and keeps who did it. Where it is already, nothing happens.
    ///
    /// Work begins on the day on which the practice is first in progress, and ends on the day on which it is completed;
    /// what is completed is valid for `validity` months from then on. A day that somebody named stays.
    pub fn move_to(
        &mut self,
        status: PracticeStatus,
        validity: Option<u16>,
        today: Date,
        by: &str,
        now: Timestamp,
    ) {
        if status == self.status {
            return;
        }
        let from = std::mem::replace(&mut self.status, status);
        self.status_history.push(StatusChange { from, to: status, at: now, by: by.to_owned() });
        self.status_history.drain(..self.status_history.len().saturating_sub(CHANGES));
        match status {
            PracticeStatus::InProgress => self.start_date = self.start_date.or(Some(today)),
            PracticeStatus::Completed => {
                let completed = *self.completion_date.get_or_insert(today);
                self.expiry_date = self.expiry_date.or_else(|| valid_until(completed, validity));
            }
            _ => {}
        }
        if from == PracticeStatus::Completed {
            self.completion_date = None;
        }
    }

    /// Makes the practice valid until another day, and keeps who did it. Without a day it is `validity` months after the
    /// present one, or after `today` where that has passed.
    pub fn renew(
        &mut self,
        until: Option<Date>,
        validity: Option<u16>,
        today: Date,
        by: &str,
        now: Timestamp,
    ) -> Result<(), Invalid> {
        let begins = self.expiry_date.filter(|expiry| *expiry >= today).unwrap_or(today);
        let to = until.or_else(|| valid_until(begins, validity)).ok_or_else(|| {
            Invalid::at("/expiry_date", "must be given: this type of practice says no validity")
        })?;
        if self.expiry_date.is_some_and(|expiry| to <= expiry) {
            return Err(Invalid::at("/expiry_date", "must be later than the present one"));
        }
        let from = self.expiry_date.replace(to);
        self.renewals.push(Renewal { from, to, at: now, by: by.to_owned() });
        self.renewals.drain(..self.renewals.len().saturating_sub(CHANGES));
        Ok(())
    }

    /// The last day on which what was got is valid, where somebody may want to have it renewed.
    pub fn renewable(&self) -> Option<Date> {
        self.expiry_date.filter(|_| self.status != PracticeStatus::Cancelled)
    }
}

/// How many days after `today` a day is; below zero before it.
pub fn days_until(day: Date, today: Date) -> i64 {
    day.duration_since(today).as_hours() / 24
}

/// The day `validity` months after another; the last of its month where the month is shorter.
fn valid_until(from: Date, validity: Option<u16>) -> Option<Date> {
    from.checked_add(Span::new().months(i32::from(validity?))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PrefixedId;
    use jiff::civil::date;
    use ulid::Ulid;

    fn practice() -> Practice {
        let (id, contact) = (PrefixedId::from_ulid(Ulid::nil()), PrefixedId::from_ulid(Ulid::nil()));
        let now = Timestamp::UNIX_EPOCH;
        Practice::new(id, contact, &examples(now)[0], "key_1".to_owned(), now)
    }

    #[test]
    fn all_but_the_last_three_are_active() {
        let active: Vec<bool> = PracticeStatus::ALL.map(PracticeStatus::is_active).to_vec();
        assert_eq!(active, [true, true, true, true, true, true, false, false, false]);
        for status in PracticeStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }

    #[test]
    fn what_is_completed_is_valid_from_then_on() {
        let (now, mut practice) = (Timestamp::UNIX_EPOCH, practice());
        let mut to = |status, day| {
            practice.move_to(status, Some(12), day, "key_1", now);
            (practice.start_date, practice.completion_date, practice.expiry_date)
        };
        let began = date(2026, 1, 10);
        assert_eq!(to(PracticeStatus::QuotationSent, date(2026, 1, 9)), (None, None, None));
        assert_eq!(to(PracticeStatus::InProgress, began), (Some(began), None, None));
        assert_eq!(to(PracticeStatus::WaitingDocuments, date(2026, 1, 11)), (Some(began), None, None));
        assert_eq!(to(PracticeStatus::InProgress, date(2026, 1, 12)), (Some(began), None, None));
        let (ended, expiry) = (date(2026, 2, 28), date(2027, 2, 28));
        assert_eq!(to(PracticeStatus::Completed, ended), (Some(began), Some(ended), Some(expiry)));
        assert_eq!(to(PracticeStatus::Completed, date(2026, 3, 1)), (Some(began), Some(ended), Some(expiry)));
        let again = to(PracticeStatus::InProgress, date(2026, 3, 2));
        assert_eq!(again, (Some(began), None, Some(expiry)), "it is not completed any more");
        assert_eq!(practice.status_history.len(), 6);
        assert_eq!(practice.status_history[5].from, PracticeStatus::Completed);
    }

    #[test]
    fn a_renewal_begins_where_the_present_one_ends_unless_that_has_passed() {
        let (now, today, mut practice) = (Timestamp::UNIX_EPOCH, date(2026, 11, 22), practice());
        assert_eq!(practice.renew(None, None, today, "key_1", now).unwrap_err().pointer, "/expiry_date");
        practice.renew(None, Some(3), today, "key_1", now).unwrap();
        assert_eq!(practice.expiry_date, Some(date(2027, 2, 22)));
        practice.renew(None, Some(12), today, "key_1", now).unwrap();
        assert_eq!(practice.expiry_date, Some(date(2028, 2, 22)));
        practice.renew(None, Some(1), date(2029, 1, 31), "key_1", now).unwrap();
        assert_eq!(practice.expiry_date, Some(date(2029, 2, 28)), "February has no 31st");
        assert!(practice.renew(practice.expiry_date, None, today, "key_1", now).is_err());
        let days: Vec<_> = practice.renewals.iter().map(|renewal| renewal.from).collect();
        assert_eq!(days, [None, Some(date(2027, 2, 22)), Some(date(2028, 2, 22))]);
        assert_eq!(practice.renewable(), practice.expiry_date);
        practice.status = PracticeStatus::Cancelled;
        assert_eq!(practice.renewable(), None);
    }

    #[test]
    fn a_payment_is_as_far_as_what_was_paid_of_what_is_due() {
        use PaymentStatus::{Paid, Partial, Unpaid};
        let currency = Currency::default();
        for (quoted, actual, paid, status, outstanding) in [
            (None, None, 0, Unpaid, 0),
            (None, None, 5, Paid, 0),
            (Some(0), None, 0, Paid, 0),
            (Some(100), None, 0, Unpaid, 100),
            (Some(100), None, 40, Partial, 60),
            (Some(100), None, 100, Paid, 0),
            (Some(100), Some(120), 100, Partial, 20),
            (Some(100), Some(80), 100, Paid, 0),
        ] {
            let price = Price { currency, quoted, actual, paid };
            assert_eq!((price.payment_status(), price.outstanding()), (status, outstanding), "{price:?}");
        }
    }
}
