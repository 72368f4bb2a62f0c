//! Practices as the API shows them.

use super::amount;
use super::documents::DocumentView;
use domain::money::Amount;
use domain::practice::{
    self, Payment, PaymentStatus, Practice, PracticePriority, PracticeStatus, Renewal, StatusChange, TypeCode,
};
use domain::{ContactId, Currency, Email, Money, PracticeId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeMap;
use store::PracticeFigures;
use utoipa::ToSchema;

/// A practice as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PracticeView {
    /// The practice's id.
    pub id: PracticeId,
    /// The client, who is the same record as a lead.
    pub client_id: ContactId,
    /// Of what type it is.
    pub practice_type_code: TypeCode,
    /// What that type was called when it was chosen.
    pub practice_type_name: String,
    /// How far it is.
    pub status: PracticeStatus,
    /// Whether there is work left.
    pub active: bool,
    /// How much it presses.
    pub priority: PracticePriority,
    /// What the client was told that it costs, in the currency's major unit.
    pub quoted_price: Option<Amount>,
    /// What it came to.
    pub actual_price: Option<Amount>,
    /// What the client has paid.
    pub paid_amount: Amount,
    /// What is still to be paid.
    pub outstanding_amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// How far the payment is.
    pub payment_status: PaymentStatus,
    /// Who works on it.
    pub assigned_to: Option<Email>,
    /// The day on which work began.
    #[schema(value_type = Option<String>, format = Date)]
    pub start_date: Option<Date>,
    /// The day on which it was completed.
    #[schema(value_type = Option<String>, format = Date)]
    pub completion_date: Option<Date>,
    /// The last day on which what was got is valid.
    #[schema(value_type = Option<String>, format = Date)]
    pub expiry_date: Option<Date>,
    /// What to know.
    pub notes: String,
    /// Its last 50 moves from status to status, the last one last.
    pub status_history: Vec<StatusChange>,
    /// Its last 50 renewals, the last one last.
    pub renewals: Vec<Renewal>,
    /// Its last 50 payments, the last one last.
    pub payments: Vec<PaymentView>,
    /// Who made the record, as the audit names them.
    pub created_by: String,
    /// When the record was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// One payment for a practice.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PaymentView {
    /// What came in, in the currency's major unit; below zero where it was given back or set right.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// When it was noted.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Who noted it, as the audit names them.
    pub by: String,
}

/// A practice that may have to be renewed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Renewable {
    /// The practice.
    #[serde(flatten)]
    pub practice: PracticeView,
    /// How many days what was got is still valid, by the business's own calendar; less than 0 where it is no more.
    pub days_until_expiry: i64,
}

/// A practice with its documents.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PracticeDetail {
    /// The practice.
    #[serde(flatten)]
    pub practice: PracticeView,
    /// Its documents, the oldest first.
    pub documents: Vec<DocumentView>,
    /// Those that its type asks for and of which it has none that is valid.
    pub missing_documents: Vec<String>,
}

/// How many practices there are, and what they bring in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PracticeOverview {
    /// All of them.
    pub total_practices: i64,
    /// Those that there is work left on.
    pub active_practices: i64,
    /// Those in each status; every status is there.
    pub by_status: BTreeMap<PracticeStatus, i64>,
    /// Those of each type, by its code.
    pub by_type: BTreeMap<String, i64>,
    /// Those that each assignee has work left on, by e-mail address in lower case.
    pub active_by_assignee: BTreeMap<String, i64>,
    /// What they bring in, by currency.
    pub revenue: Vec<PracticeRevenue>,
}

/// What practices bring in, in one currency's major unit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PracticeRevenue {
    /// The currency.
    pub currency: Currency,
    /// What clients have to pay in all, cancelled practices left out: what it came to, else what they were told.
    pub total_revenue: Amount,
    /// What they have paid.
    pub paid_revenue: Amount,
    /// What is still to be paid.
    pub outstanding_revenue: Amount,
}

impl PracticeView {
    pub(crate) fn of(practice: &Practice) -> Self {
        let price = &practice.price;
        let major = |minor: i64| price.money(minor).printed().amount;
        Self {
            id: practice.id,
            client_id: practice.contact_id,
            practice_type_code: practice.type_code.clone(),
            practice_type_name: practice.type_name.clone(),
            status: practice.status,
            active: practice.status.is_active(),
            priority: practice.priority,
            quoted_price: amount(price, price.quoted),
            actual_price: amount(price, price.actual),
            paid_amount: major(price.paid),
            outstanding_amount: major(price.outstanding()),
            currency: price.currency,
            payment_status: price.payment_status(),
            assigned_to: practice.assignee.clone(),
            start_date: practice.start_date,
            completion_date: practice.completion_date,
            expiry_date: practice.expiry_date,
            notes: practice.notes.clone(),
            status_history: practice.status_history.clone(),
            renewals: practice.renewals.clone(),
            payments: practice.payments.iter().map(PaymentView::of).collect(),
            created_by: practice.created_by.clone(),
            created_at: practice.created_at,
            updated_at: practice.updated_at,
        }
    }
}

impl PaymentView {
    fn of(payment: &Payment) -> Self {
        Self {
            amount: payment.money.printed().amount,
            currency: payment.money.currency,
            at: payment.at,
            by: payment.by.clone(),
        }
    }
}

impl Renewable {
    /// A practice as a renewal, seen from a day; none if it has no end or nothing is to be renewed.
    pub(crate) fn of(practice: &Practice, today: Date) -> Option<Self> {
        let ends = practice.renewable()?;
        let days_until_expiry = practice::days_until(ends, today);
        Some(Self { practice: PracticeView::of(practice), days_until_expiry })
    }
}

impl PracticeOverview {
    pub(super) fn of(figures: PracticeFigures) -> Self {
        let in_status = |status| figures.by_status.get(&status).copied().unwrap_or_default();
        let by_status: BTreeMap<_, _> =
            PracticeStatus::ALL.into_iter().map(|status| (status, in_status(status))).collect();
        let active = by_status.iter().filter(|(status, _)| status.is_active()).map(|(_, n)| n).sum();
        let revenue = figures.money.into_iter().map(|(currency, sums)| {
            let major = |minor: i64| Money { minor, currency }.printed().amount;
            PracticeRevenue {
                currency,
                total_revenue: major(sums.due),
                paid_revenue: major(sums.paid),
                outstanding_revenue: major(sums.outstanding),
            }
        });
        Self {
            total_practices: figures.total,
            active_practices: active,
            revenue: revenue.collect(),
            by_status,
            by_type: figures.by_type,
            active_by_assignee: figures.active_of,
        }
    }
}
