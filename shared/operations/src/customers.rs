//! Customers as whoever answers them wants to see them: everything at a glance, by telephone number.

use crate::business_config;
use crate::context::Context;
use crate::error::Result;
use domain::action::Card;
use domain::chat::summary;
use domain::contact::LeadStatus;
use domain::money::Amount;
use domain::practice::PracticeStatus;
use domain::task::TaskPriority;
use domain::{CallId, ContactId, Currency, Phone, PracticeId, Role, TaskId};
use jiff::Timestamp;
use serde::Serialize;
use store::ContactRecord;
use utoipa::ToSchema;

/// What is known of a customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CustomerContext {
    /// The number, as `919876543210@s.whatsapp.net`.
    pub phone_number: String,
    /// The lead's id; null if nobody has the number.
    #[schema(required)]
    pub contact_id: Option<ContactId>,
    /// Their name.
    #[schema(required)]
    pub name: Option<String>,
    /// Their e-mail address.
    #[schema(required)]
    pub email: Option<String>,
    /// Whom they work for.
    #[schema(required)]
    pub company: Option<String>,
    /// What they do there.
    #[schema(required)]
    pub position: Option<String>,
    /// Where they stand.
    pub lead_status: LeadStatus,
    /// How promising they are, 0 to 100.
    pub lead_score: u8,
    /// Where they came from.
    #[schema(required)]
    pub source: Option<String>,
    /// What people noted.
    #[schema(required)]
    pub notes: Option<String>,
    /// Whether nobody has the number.
    pub is_new_customer: bool,
    /// Their deals that are neither won nor lost.
    pub deals: Vec<CustomerDeal>,
    /// What is being done for them.
    pub practices: Vec<CustomerPractice>,
    /// What somebody has to do about them.
    pub pending_tasks: Vec<CustomerTask>,
    /// Meetings that they asked for.
    pub upcoming_bookings: Vec<CustomerBooking>,
    /// Calls that wait for their time.
    pub upcoming_calls: Vec<CustomerCall>,
    /// When we last spoke.
    #[schema(value_type = Option<String>, required)]
    pub last_contact_at: Option<Timestamp>,
    /// When we mean to speak next.
    #[schema(value_type = Option<String>, required)]
    pub next_follow_up_at: Option<Timestamp>,
    /// All of it in one line.
    pub context_summary: String,
}

/// A deal of a customer's.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CustomerDeal {
    /// What they may buy.
    pub title: String,
    /// What it is worth.
    pub value: Amount,
    /// In which currency.
    pub currency: Currency,
    /// How far it is.
    pub stage: String,
    /// How likely it is, in percent.
    pub probability: u8,
}

/// Something that is being done for a customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CustomerPractice {
    /// The practice.
    pub practice_id: PracticeId,
    /// What kind it is of, by its name.
    pub title: String,
    /// How far it is.
    pub status: PracticeStatus,
}

/// Something to do about a customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CustomerTask {
    /// The task.
    pub id: TaskId,
    /// What.
    pub title: String,
    /// What to know, 200 characters at most.
    pub description: String,
    /// Until when.
    #[schema(value_type = Option<String>, required)]
    pub due_date: Option<Timestamp>,
    /// How much it matters.
    pub priority: TaskPriority,
}

/// A meeting that a customer asked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CustomerBooking {
    /// The task that holds the wish.
    pub task_id: TaskId,
    /// What.
    pub title: String,
    /// What they said about it.
    pub description: String,
}

/// A call that waits for its time.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CustomerCall {
    /// The call.
    pub call_id: CallId,
    /// When it is wanted.
    #[schema(value_type = Option<String>, required)]
    pub scheduled_at: Option<Timestamp>,
    /// What it is for.
    pub objective: String,
}

/// What is known of whoever has a telephone number, in any form. A number that nobody has is a new customer's. One look
/// for who has it, and one for all that is open with them.
pub async fn context(ctx: &Context, number: &str) -> Result<CustomerContext> {
    ctx.require(Role::Viewer)?;
    // A number that says its country needs no configuration; any other is read as everywhere else.
    let is_whole = number.trim_start().starts_with('+') || number.contains('@');
    let home = if is_whole { None } else { business_config::get(ctx).await?.value.config.default_country };
    let phone = Phone::parse(number, home)?;
    // WhatsApp's own spelling of a number need not be the one that is dialled.
    let spellings: Vec<Phone> =
        [phone.clone()].into_iter().chain(Phone::of_whatsapp(phone.as_str())).collect();
    let owner = ctx.store().contact_who_writes(&ctx.tenant, None, &spellings).await?.by_phone;
    let owner = match owner {
        Some(id) => ctx.store().contact(&ctx.tenant, id).await?,
        None => None,
    };
    match owner {
        Some(record) => {
            tracing::info!(
                contact = %record.contact.id, status = record.contact.status.as_str(), "loaded customer context"
            );
            Ok(CustomerContext::of(&phone, &record))
        }
        None => Ok(CustomerContext::unknown(&phone)),
    }
}

impl CustomerContext {
    fn unknown(phone: &Phone) -> Self {
        Self {
            phone_number: phone.whatsapp_jid(),
            contact_id: None,
            name: None,
            email: None,
            company: None,
            position: None,
            lead_status: LeadStatus::New,
            lead_score: 0,
            source: None,
            notes: None,
            is_new_customer: true,
            deals: Vec::new(),
            practices: Vec::new(),
            pending_tasks: Vec::new(),
            upcoming_bookings: Vec::new(),
            upcoming_calls: Vec::new(),
            last_contact_at: None,
            next_follow_up_at: None,
            context_summary: "New customer".to_owned(),
        }
    }

    fn of(phone: &Phone, record: &ContactRecord) -> Self {
        let contact = &record.contact;
        let details = &contact.details;
        let told = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let mut context = Self {
            contact_id: Some(contact.id),
            name: told(&contact.name()),
            email: details.email.as_ref().map(ToString::to_string),
            company: told(&details.company),
            position: told(&details.position),
            lead_status: contact.status,
            lead_score: contact.score,
            source: told(&details.source),
            notes: told(&details.notes),
            is_new_customer: false,
            last_contact_at: contact.last_contact_at,
            next_follow_up_at: contact.next_follow_up_at,
            context_summary: summary(contact, &record.open),
            ..Self::unknown(phone)
        };
        record.open.iter().for_each(|card| context.add(card));
        context
    }

    fn add(&mut self, card: &Card) {
        match card {
            Card::Call { call_id, scheduled_at, objective } => self.upcoming_calls.push(CustomerCall {
                call_id: *call_id,
                scheduled_at: *scheduled_at,
                objective: objective.clone(),
            }),
            Card::Deal { title, value, stage, probability, .. } => {
                let sum = value.printed();
                self.deals.push(CustomerDeal {
                    title: title.clone(),
                    value: sum.amount,
                    currency: value.currency,
                    stage: stage.to_string(),
                    probability: *probability,
                });
            }
            Card::Practice { practice_id, title, status } => self.practices.push(CustomerPractice {
                practice_id: *practice_id,
                title: title.clone(),
                status: *status,
            }),
            Card::Task { task_id, title, detail, due_at, priority, .. } => {
                if card.is_appointment() {
                    self.upcoming_bookings.push(CustomerBooking {
                        task_id: *task_id,
                        title: title.clone(),
                        description: detail.clone(),
                    });
                }
                self.pending_tasks.push(CustomerTask {
                    id: *task_id,
                    title: title.clone(),
                    description: detail.clone(),
                    due_date: *due_at,
                    priority: *priority,
                });
            }
        }
    }
}
