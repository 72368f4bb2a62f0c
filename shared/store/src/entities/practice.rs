//! Practices with their documents, and the types they are of.

use crate::Store;
use crate::entity::{Entity, OPEN, Row, Stored, newest_first};
use crate::error::Result;
use crate::key::{Key, partition};
use crate::read::{Listing, Page, Stretch};
use contracts::Job;
use domain::action::Card;
use domain::practice::{Document, Practice, PracticeStatus, PracticeType, TypeCode};
use domain::{ContactId, Currency, DocumentId, Email, PracticeId, TenantId};
use futures::try_join;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// How many types of practice a tenant may have.
pub const PRACTICE_TYPES_MAX: usize = 200;
/// How many documents a practice may have, so that they go with it in one step.
pub const DOCUMENTS_MAX: usize = 50;

/// The list of all practices, newest first.
pub const PRACTICES: &str = "practice";
/// The list of those that there is work left on.
const ACTIVE: &str = "practice#active";
/// The list of those that may have to be renewed, the first that expires first.
const EXPIRY: &str = "practice#expiry";
/// What a model begins once for a client and type.
pub(super) const OPEN_OF_TYPE: &str = "practice#open";
/// What is counted of them.
const STAT: &str = "practice";
/// How many may have to be renewed, by the day on which they end.
const ENDS: &str = "practice_end";

const TYPES: &str = "PTY";
const DOCUMENT: &str = "D#";

/// The part of a list, all practices or the active ones, that has this value.
fn part(list: &str, by: &str, value: impl std::fmt::Display) -> String {
    format!("{list}#{by}#{value}")
}

/// The value that a practice alone has of its client's that are open and of its type, where a model began it.
pub(super) fn open_of_type(practice: &Practice) -> String {
    format!("{}#{}", practice.contact_id, practice.type_code)
}

/// The list of a client's practices, newest first.
pub(super) fn practices_of(contact: ContactId) -> String {
    part(PRACTICES, "client", contact)
}

impl Entity for Practice {
    const KIND: &'static str = "practice";
    type Id = PracticeId;

    fn key_of(tenant: &TenantId, id: &PracticeId) -> Key {
        Key::of(tenant, format_args!("PRC#{id}"), "0")
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }

    fn rows(&self) -> Vec<Row> {
        let sort = newest_first(self.created_at, self.id);
        let listed = |list: String| Row::Listed { list, sort: sort.clone() };
        let assignee = self.assignee.as_ref().map(Email::canonical);
        let mut rows = vec![
            listed(PRACTICES.to_owned()),
            listed(practices_of(self.contact_id)),
            listed(part(PRACTICES, "status", self.status.as_str())),
            listed(part(PRACTICES, "type", &self.type_code)),
        ];
        rows.extend(assignee.as_ref().map(|assignee| listed(part(PRACTICES, "assignee", assignee))));
        if self.status.is_active() {
            rows.push(listed(ACTIVE.to_owned()));
            rows.push(listed(part(ACTIVE, "type", &self.type_code)));
            rows.extend(assignee.as_ref().map(|assignee| listed(part(ACTIVE, "assignee", assignee))));
            let (contact, sort) = (self.contact_id, format!("PRC#{}", self.id));
            rows.push(Row::AtContact { contact, section: OPEN, sort, card: Card::of_practice(self) });
            rows.extend(self.read_in.filter(|_| !self.is_aside).map(|_| Row::Claim {
                name: OPEN_OF_TYPE,
                value: open_of_type(self),
                owner: self.id.to_string(),
            }));
        }
        if let Some(expiry) = self.renewable() {
            rows.push(Row::Listed { list: EXPIRY.to_owned(), sort: format!("{expiry}#{}", self.id) });
        }
        rows.extend(self.alert_at.map(|at| {
            let job = Job::CheckRenewals { practice: Some(self.id), after: String::new() };
            Row::Timer { at, job }
        }));
        rows.extend(figures(self, assignee));
        rows
    }
}

/// What a practice counts in: the stat `practice`, and `practice_end` where it may have to be renewed.
fn figures(practice: &Practice, assignee: Option<String>) -> Vec<Row> {
    let counted = |dimension: String| Row::Counted { stat: STAT, dimension };
    let mut rows = vec![
        counted("all".to_owned()),
        counted(format!("status#{}", practice.status.as_str())),
        counted(format!("type#{}", practice.type_code)),
    ];
    rows.extend(practice.renewable().map(|day| Row::Counted { stat: ENDS, dimension: day.to_string() }));
    if practice.status.is_active() {
        rows.extend(assignee.map(|assignee| counted(format!("active#{assignee}"))));
    }
    // What will not come about brings nothing in, but for what was paid of it.
    let price = practice.price;
    let comes_about = practice.status != PracticeStatus::Cancelled;
    let due = price.due().filter(|_| comes_about).unwrap_or_default();
    let outstanding = if comes_about { price.outstanding() } else { 0 };
    let sums = [("due", due), ("paid", price.paid), ("outstanding", outstanding)];
    let dimension = format!("money#{}", price.currency);
    rows.extend(sums.into_iter().filter(|(_, amount)| *amount != 0).map(|(measure, amount)| Row::Summed {
        stat: STAT,
        dimension: dimension.clone(),
        measure,
        amount,
    }));
    rows
}

impl Entity for PracticeType {
    const KIND: &'static str = "practice_type";
    type Id = TypeCode;

    fn key_of(tenant: &TenantId, code: &TypeCode) -> Key {
        Key::of(tenant, TYPES, code.as_str())
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.code)
    }
}

impl Entity for Document {
    const KIND: &'static str = "document";
    type Id = (PracticeId, DocumentId);

    fn key_of(tenant: &TenantId, (practice, id): &(PracticeId, DocumentId)) -> Key {
        Key::of(tenant, format_args!("PRC#{practice}"), format!("{DOCUMENT}{id}"))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &(self.practice_id, self.id))
    }
}

/// Which practices are looked for: those that all given fields fit.
#[derive(Debug, Clone, Default)]
pub struct PracticeFilter {
    /// Whose they are.
    pub contact: Option<ContactId>,
    /// How far they are.
    pub status: Option<PracticeStatus>,
    /// Of what type they are.
    pub type_code: Option<TypeCode>,
    /// Who works on them.
    pub assignee: Option<Email>,
    /// Whether only those that there is work left on.
    pub active: bool,
}

impl PracticeFilter {
    /// The list that is likely to be the shortest.
    fn leading_list(&self) -> String {
        let list = if self.active { ACTIVE } else { PRACTICES };
        let client = self.contact.map(practices_of);
        let assignee = || self.assignee.as_ref().map(|assignee| part(list, "assignee", assignee.canonical()));
        let type_code = || self.type_code.as_ref().map(|code| part(list, "type", code));
        let status = || self.status.map(|status| part(PRACTICES, "status", status.as_str()));
        client.or_else(assignee).or_else(type_code).or_else(status).unwrap_or_else(|| list.to_owned())
    }

    fn fits(&self, practice: &Practice) -> bool {
        self.contact.is_none_or(|contact| practice.contact_id == contact)
            && self.status.is_none_or(|status| practice.status == status)
            && self.type_code.as_ref().is_none_or(|code| practice.type_code == *code)
            && self.assignee.as_ref().is_none_or(|assignee| practice.assignee.as_ref() == Some(assignee))
            && (!self.active || practice.status.is_active())
    }
}

/// How many practices there are, and what they bring in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PracticeFigures {
    /// All of them.
    pub total: i64,
    /// Those in each status.
    pub by_status: BTreeMap<PracticeStatus, i64>,
    /// Those of each type.
    pub by_type: BTreeMap<String, i64>,
    /// Those that each assignee has work left on.
    pub active_of: BTreeMap<String, i64>,
    /// What they bring in, by currency.
    pub money: BTreeMap<Currency, PracticeMoney>,
}

/// What practices bring in, in the minor unit of one currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PracticeMoney {
    /// What clients have to pay in all, cancelled practices left out.
    pub due: i64,
    /// What they have paid.
    pub paid: i64,
    /// What is still to be paid.
    pub outstanding: i64,
}

impl Store {
    /// The practices that fit, newest first. One of the fields leads: its list is read, and the others are checked on
    /// the records.
    pub async fn practices(
        &self,
        tenant: &TenantId,
        filter: &PracticeFilter,
        page: &Page,
    ) -> Result<Listing<Stored<Practice>>> {
        let stretch = Stretch::of_list(tenant, &filter.leading_list());
        self.walk(stretch, page, |_| true, |practice| filter.fits(practice)).await
    }

    /// The practices that are valid until one of these days, both included, the first that expires first, and fit.
    pub async fn expiring_practices(
        &self,
        tenant: &TenantId,
        (from, to): (Date, Date),
        filter: &PracticeFilter,
        page: &Page,
    ) -> Result<Listing<Stored<Practice>>> {
        let list = Stretch::of_list(tenant, EXPIRY);
        let stretch =
            Stretch { after: Some(from.to_string()), up_to: Some(format!("{to}#\u{10FFFF}")), ..list };
        self.walk(stretch, page, |_| true, |practice| filter.fits(practice)).await
    }

    /// How many practices may have to be renewed that end on one of these days, both included; from counters.
    pub async fn count_expiring(&self, tenant: &TenantId, (from, to): (Date, Date)) -> Result<i64> {
        let by_day = self.counts_between(tenant, ENDS, &from.to_string(), &to.to_string()).await?;
        Ok(by_day.values().sum())
    }

    /// A practice with its documents, the oldest first; two reads side by side.
    pub async fn practice(
        &self,
        tenant: &TenantId,
        id: PracticeId,
    ) -> Result<Option<(Stored<Practice>, Vec<Stored<Document>>)>> {
        let of_practice = Stretch::within(partition(tenant, format_args!("PRC#{id}")), DOCUMENT);
        let documents = Stretch { limit: DOCUMENTS_MAX + 1, ..of_practice };
        let (practice, documents) = try_join!(self.get(tenant, &id), self.records(&documents))?;
        Ok(practice.map(|practice| (practice, documents)))
    }

    /// All types of practice of a tenant, by their codes; one query.
    pub async fn practice_types(&self, tenant: &TenantId) -> Result<Vec<Stored<PracticeType>>> {
        self.records(&Stretch::of(partition(tenant, TYPES), PRACTICE_TYPES_MAX + 1)).await
    }

    /// How many practices there are, from counters.
    pub async fn practice_figures(&self, tenant: &TenantId) -> Result<PracticeFigures> {
        let mut figures = PracticeFigures::default();
        for (dimension, sums) in self.tallies_between(tenant, STAT, "", "\u{10FFFF}").await? {
            let (kind, of) = dimension.split_once('#').unwrap_or((&dimension, ""));
            match kind {
                "all" => figures.total = sums.count(),
                "status" => {
                    let status = PracticeStatus::ALL.into_iter().find(|status| status.as_str() == of);
                    figures.by_status.extend(status.map(|status| (status, sums.count())));
                }
                "type" => drop(figures.by_type.insert(of.to_owned(), sums.count())),
                "active" => drop(figures.active_of.insert(of.to_owned(), sums.count())),
                "money" => {
                    let [due, paid, outstanding] = ["due", "paid", "outstanding"].map(|of| sums.of(of));
                    let money = PracticeMoney { due, paid, outstanding };
                    figures.money.extend(of.parse().ok().map(|currency: Currency| (currency, money)));
                }
                _ => {}
            }
        }
        Ok(figures)
    }
}
