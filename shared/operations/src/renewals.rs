//! Renewals: alerts so many days before the end of what a client got, a reminder to the client, a task for whoever works on
//! it.

mod reminding;

use crate::context::Context;
use crate::error::{Error, Result, retrying};
use crate::{Listing, Page, business_config, crm_settings, leads, tasks};
use contracts::Job;
use domain::business::BusinessConfig;
use domain::contact::Contact;
use domain::crm::CrmSettings;
use domain::practice::{self, Practice, TypeCode};
use domain::renewal::{AlertStatus, Alerted, NextAlert, Reminder, RenewalAlert};
use domain::task::{Task, TaskPriority};
use domain::{ContactId, Email, PracticeId, RenewalAlertId, Role, TaskId};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use store::{PracticeFilter, Stored, Transaction};
use utoipa::{IntoParams, ToSchema};

/// How many practices one job looks at when the lead days have changed.
const AT_A_TIME: usize = 50;
/// How far ahead of today an end is looked for then, in years.
const YEARS_AHEAD: i32 = 120;
/// How near an end makes its task urgent, in days.
const URGENT: u16 = 7;

/// An alert as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RenewalAlertView {
    /// The alert's id.
    pub id: RenewalAlertId,
    /// What has to be renewed.
    pub practice_id: PracticeId,
    /// Whose it is.
    pub client_id: ContactId,
    /// Of what type it is.
    pub practice_type_code: TypeCode,
    /// What that type is called.
    pub practice_type_name: String,
    /// The last day on which it is valid.
    #[schema(value_type = String, format = Date)]
    pub expiry_date: Date,
    /// How many days before it this alert was due.
    pub lead_days: u16,
    /// How many days are left, by the business's own calendar; less than 0 where it is over.
    pub days_until_expiry: i64,
    /// Who works on it.
    pub assigned_to: Option<Email>,
    /// What became of it.
    pub status: AlertStatus,
    /// What the client was told.
    pub reminder: Reminder,
    /// What the assignee has to do: one task for all alerts of one end.
    pub task_id: Option<TaskId>,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// Who took note of it.
    pub acknowledged_by: Option<String>,
    /// When it was settled.
    #[schema(value_type = Option<String>)]
    pub settled_at: Option<Timestamp>,
}

/// Which alerts to list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct AlertSearch {
    /// Those with this status; open ones if not given.
    pub status: AlertStatus,
    /// Those that this member works on, by e-mail address.
    #[param(value_type = Option<String>)]
    pub assigned_to: Option<Email>,
}

impl AlertSearch {
    /// The query's parameters, to be kept in the link to the next page.
    pub fn as_parameters(&self) -> [(&'static str, Option<String>); 2] {
        [
            ("status", Some(self.status.as_str().to_owned())),
            ("assigned_to", self.assigned_to.as_ref().map(Email::to_string)),
        ]
    }
}

/// The alerts that fit, the first that ends first.
pub async fn list(ctx: &Context, search: &AlertSearch, page: &Page) -> Result<Listing<RenewalAlertView>> {
    ctx.require(Role::Viewer)?;
    let assignee = search.assigned_to.as_ref();
    let (settings, listing) = tokio::try_join!(business_config::get(ctx), async {
        Ok(ctx.store().renewal_alerts(&ctx.tenant, search.status, assignee, page).await?)
    })?;
    let today = settings.config.day_of(ctx.now());
    let items = listing.items.iter().map(|alert| RenewalAlertView::of(alert, today)).collect();
    Ok(Listing { items, next: listing.next })
}

/// Takes note of an alert. Said again, it changes nothing.
pub async fn acknowledge(ctx: &Context, id: RenewalAlertId) -> Result<RenewalAlertView> {
    ctx.require(Role::Member)?;
    let today = business_config::get(ctx).await?.config.day_of(ctx.now());
    retrying!(
        async {
            let old = ctx.store().get::<RenewalAlert>(&ctx.tenant, &id).await?;
            let old = old.ok_or(Error::NotFound("renewal alert"))?;
            if old.status != AlertStatus::Open {
                return Ok(RenewalAlertView::of(&old, today));
            }
            let alert = RenewalAlert {
                status: AlertStatus::Acknowledged,
                acknowledged_by: Some(ctx.actor.name()),
                settled_at: Some(ctx.now()),
                ..old.value.clone()
            };
            let view = RenewalAlertView::of(&alert, today);
            let mut step = ctx.step();
            step.replace(&old, &alert)?;
            let was = RenewalAlertView::of(&old, today);
            ctx.audited(&mut step, "renewal_alert.acknowledged", id, Some(&was), Some(&view))?;
            ctx.store().commit(step).await?;
            Ok(view)
        }
        .await
    )
}

/// Notes with a practice that is about to be stored when its next alert is due.
pub(crate) fn arm(ctx: &Context, practice: &mut Practice, config: &BusinessConfig, crm: &CrmSettings) {
    practice.arm(&crm.renewal_lead_days, ctx.now(), &config.timezone.time_zone());
}

/// Makes the alert of a practice that is due, if one is, and notes when the next will be.
pub async fn check(ctx: &Context, id: PracticeId) -> Result<()> {
    let (settings, crm) = tokio::try_join!(business_config::get(ctx), crm_settings::get(ctx))?;
    let today = settings.config.day_of(ctx.now());
    retrying!(
        async {
            let (old, alerts) = tokio::try_join!(
                ctx.store().get::<Practice>(&ctx.tenant, &id),
                ctx.store().renewal_alerts_of(&ctx.tenant, id)
            )?;
            let Some(old) = old else { return Ok(()) };
            let mut practice = old.value.clone();
            let due = practice.next_alert(&crm.renewal_lead_days, today).filter(|next| next.day <= today);
            let mut step = ctx.step();
            if let Some(next) = due {
                // Boxed, because what may be said on which channel is a deep question.
                let rules = (&settings.config, &crm.value);
                Box::pin(alert(ctx, &mut step, &mut practice, next, &alerts, rules)).await?;
            }
            let outdated = |alert: &&Stored<RenewalAlert>| {
                alert.status == AlertStatus::Open
                    && (due.is_some() || Some(alert.expiry_date) != practice.renewable())
            };
            for alert in alerts.iter().filter(outdated) {
                let settled_at = Some(ctx.now());
                let superseded =
                    RenewalAlert { status: AlertStatus::Superseded, settled_at, ..alert.value.clone() };
                step.replace(alert, &superseded)?;
                ctx.changed(&mut step, "renewal_alert", alert.id, "superseded")?;
            }
            if practice.is_outdated() {
                practice.alerted = None;
            }
            arm(ctx, &mut practice, &settings.config, &crm);
            if practice != old.value {
                step.replace(&old, &practice)?;
            }
            match ctx.store().commit(step).await {
                // Somebody else made it, or began a conversation, at this moment.
                Err(store::Error::Taken { .. }) => Err(Error::Stale),
                other => other.map_err(Into::into),
            }
        }
        .await
    )
}

/// Looks at every practice that is still valid anew, since the lead days have changed: those that end after `after`, a page
/// of them, and the rest in a job of its own.
pub async fn arm_all(ctx: &Context, after: &str) -> Result<()> {
    let (settings, crm) = tokio::try_join!(business_config::get(ctx), crm_settings::get(ctx))?;
    let today = settings.config.day_of(ctx.now());
    let until = today.saturating_add(YEARS_AHEAD.years());
    let page = Page { limit: AT_A_TIME, cursor: Some(after.to_owned()).filter(|after| !after.is_empty()) };
    let any = PracticeFilter::default();
    let listing = ctx.store().expiring_practices(&ctx.tenant, (today, until), &any, &page).await?;
    for old in &listing.items {
        let mut practice = old.value.clone();
        arm(ctx, &mut practice, &settings.config, &crm);
        if practice == old.value {
            continue;
        }
        let mut step = ctx.step();
        step.replace(old, &practice)?;
        match ctx.store().commit(step).await {
            // Who changed it at this moment armed it by the settings of this moment.
            Ok(()) | Err(store::Error::Stale { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(after) = listing.next {
        let mut step = ctx.step();
        step.enqueue(Job::CheckRenewals { practice: None, after });
        ctx.store().commit(step).await?;
    }
    Ok(())
}

/// Adds to the step an alert, what the client is told and what the assignee has to do.
async fn alert(
    ctx: &Context,
    step: &mut Transaction,
    practice: &mut Practice,
    next: NextAlert,
    earlier: &[Stored<RenewalAlert>],
    (config, crm): (&BusinessConfig, &CrmSettings),
) -> Result<()> {
    let Some(expiry_date) = practice.renewable() else { return Ok(()) };
    let now = ctx.now();
    practice.alerted = Some(Alerted { expiry_date, lead_days: next.lead_days });
    let contact = leads::known(ctx, practice.contact_id).await?;
    let mut known = earlier.iter().filter(|alert| alert.expiry_date == expiry_date);
    let mut task_id = known.find_map(|alert| alert.task_id);
    let mut reminder = Reminder { withheld: vec!["no_client".to_owned()], ..Reminder::default() };
    if let Some(contact) = &contact {
        reminder = if crm.remind_clients {
            reminding::remind(ctx, step, contact, practice, expiry_date, (config, crm)).await?
        } else {
            Reminder { withheld: vec!["switched_off".to_owned()], ..Reminder::default() }
        };
        if task_id.is_none() {
            let title = format!("Renew {} of {}", practice.type_name, name_of(contact));
            let detail = format!("It is valid until {expiry_date}.");
            let urgent = next.lead_days <= URGENT;
            let priority = if urgent { TaskPriority::High } else { TaskPriority::Medium };
            let due = expiry_date.to_zoned(config.timezone.time_zone()).ok().map(|day| day.timestamp());
            let task = tasks::for_contact(ctx, contact.id, &title, &detail, due, priority);
            let task = Task { assignee: practice.assignee.clone(), ..task };
            step.create(&task)?;
            ctx.changed(step, "task", task.id, "created")?;
            task_id = Some(task.id);
        }
    }
    let alert = RenewalAlert {
        id: ctx.new_id(),
        practice_id: practice.id,
        contact_id: practice.contact_id,
        type_code: practice.type_code.clone(),
        type_name: practice.type_name.clone(),
        expiry_date,
        lead_days: next.lead_days,
        assignee: practice.assignee.clone(),
        status: AlertStatus::Open,
        reminder,
        task_id,
        created_at: now,
        acknowledged_by: None,
        settled_at: None,
    };
    step.create(&alert)?;
    ctx.changed(step, "renewal_alert", alert.id, "created")
}

fn name_of(contact: &Contact) -> String {
    match contact.name().as_str() {
        "" => contact.details.company.clone(),
        name => name.to_owned(),
    }
}

impl RenewalAlertView {
    fn of(alert: &RenewalAlert, today: Date) -> Self {
        let alert = alert.clone();
        Self {
            id: alert.id,
            practice_id: alert.practice_id,
            client_id: alert.contact_id,
            practice_type_code: alert.type_code,
            practice_type_name: alert.type_name,
            expiry_date: alert.expiry_date,
            lead_days: alert.lead_days,
            days_until_expiry: practice::days_until(alert.expiry_date, today),
            assigned_to: alert.assignee,
            status: alert.status,
            reminder: alert.reminder,
            task_id: alert.task_id,
            created_at: alert.created_at,
            acknowledged_by: alert.acknowledged_by,
            settled_at: alert.settled_at,
        }
    }
}
