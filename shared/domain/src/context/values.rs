//! The values that wordings print: of a call, and of samples that templates are checked against.

use super::{CallFacts, HistoryEntry, Known, local_time, plain};
use crate::action::Card;
use crate::business::{BusinessConfig, CustomField, FieldKind};
use crate::call::Priority;
use crate::contact::{Contact, Details, LeadStatus};
use crate::deal::Stage;
use crate::id::PrefixedId;
use crate::practice::PracticeStatus;
use crate::task::TaskPriority;
use crate::{Author, CallId, ContactId, DealId, Email, Money, PracticeId, TaskId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use ulid::Ulid;

/// Words of ours that a business may have another word for.
const TERMS: [&str; 8] =
    ["lead", "appointment", "qualification", "call", "agent", "customer", "task", "deal"];

/// The names of the variables that every call carries, besides the business's custom fields by their names.
pub const VARIABLES: [&str; 15] = [
    "first_name",
    "last_name",
    "full_name",
    "lead_name",
    "company",
    "position",
    "source",
    "status",
    "score",
    "objective",
    "direction",
    "business_name",
    "industry",
    "lead_id",
    "call_id",
];

/// The values of the variables, as texts. A value that is not known is an empty text, because the provider fails a
/// call whose prompt names a variable that was not sent.
pub(super) fn variables(known: &Known<'_>) -> BTreeMap<String, String> {
    let Known { contact, call, config, .. } = known;
    let nobody = Details::default();
    let details = contact.map_or(&nobody, |contact| &contact.details);
    let mut all = BTreeMap::new();
    for field in &config.custom_fields {
        let value = details.custom_fields.get(&field.name).map(plain).unwrap_or_default();
        all.insert(field.name.clone(), crate::text::shortened(&value, 500));
    }
    let name = contact.map(Contact::name).unwrap_or_default();
    let score = contact.map(|contact| contact.score.to_string()).unwrap_or_default();
    let lead_id = contact.map(|contact| contact.id.to_string()).unwrap_or_default();
    let call_id = call.id.map(|id| id.to_string()).unwrap_or_default();
    let values: [&str; VARIABLES.len()] = [
        &details.first_name,
        &details.last_name,
        &name,
        &name,
        &details.company,
        &details.position,
        &details.source,
        contact.map_or("", |contact| contact.status.as_str()),
        &score,
        &call.objective,
        call.direction.as_str(),
        &config.name,
        &config.industry,
        &lead_id,
        &call_id,
    ];
    // A name of ours stands for what it always does, whatever the business calls a field.
    all.extend(VARIABLES.iter().zip(values).map(|(name, value)| ((*name).to_owned(), value.to_owned())));
    all
}

/// The values that a template of the business may print.
pub(super) fn values(known: &Known<'_>) -> Value {
    let Known { contact, call, config, .. } = known;
    let zone = known.zone();
    let variables = variables(known).into_iter().map(|(name, value)| (name, Value::String(value)));
    let mut all: Map<String, Value> = variables.collect();
    let nobody = Details::default();
    let details = contact.map_or(&nobody, |contact| &contact.details);
    let mut fields: Map<String, Value> =
        config.custom_fields.iter().map(|field| (field.name.clone(), json!(""))).collect();
    fields.extend(details.custom_fields.clone());
    let terms = TERMS.map(|term| (term.to_owned(), json!(term))).into_iter();
    let own = config.terminology.iter().map(|(ours, own)| (ours.to_lowercase(), json!(own)));
    let terms: Map<String, Value> = terms.chain(own).collect();
    let now = known.now.to_zoned(zone.clone());
    let at = |at: &Option<Timestamp>| at.map(|at| local_time(at, &zone)).unwrap_or_default();
    let entry = |card: &Card| match card {
        Card::Call { scheduled_at, objective, .. } => {
            json!({"at": at(scheduled_at), "title": objective, "detail": ""})
        }
        Card::Deal { title, value, stage, probability, .. } => json!({
            "title": title, "value": value.written(), "stage": stage.words(), "probability": probability,
        }),
        Card::Practice { title, status, .. } => json!({"title": title, "status": status.words()}),
        Card::Task { title, detail, due_at, .. } => {
            json!({"at": at(due_at), "title": title, "detail": detail})
        }
    };
    let entries = |cards: Vec<&Card>| Value::Array(cards.into_iter().map(entry).collect());
    let (appointments, tasks) = known.ahead();
    let history: Vec<Value> = known
        .history
        .iter()
        .map(|HistoryEntry { at, summary, outcome }| {
            json!({"date": at.strftime("%Y-%m-%d").to_string(), "summary": summary, "outcome": outcome})
        })
        .collect();
    let email = details.email.as_ref().map(Email::to_string).unwrap_or_default();
    all.extend([
        (
            "lead".to_owned(),
            json!({
                "id": all["lead_id"], "first_name": details.first_name, "last_name": details.last_name,
                "name": all["full_name"], "company": details.company, "position": details.position,
                "source": details.source, "status": all["status"],
                "score": contact.map(|contact| contact.score).unwrap_or_default(),
                "email": email, "phone": details.phone.as_ref().map(ToString::to_string).unwrap_or_default(),
                "assignee": details.assignee.as_ref().map(Email::to_string).unwrap_or_default(),
                "tags": details.tags, "preferences": details.preferences, "notes": details.notes,
                "custom_fields": fields,
            }),
        ),
        (
            "call".to_owned(),
            json!({
                "id": all["call_id"], "objective": call.objective, "priority": call.priority.as_str(),
                "previous_attempts": call.previous_attempts, "instructions": call.instructions,
                "direction": call.direction.as_str(),
            }),
        ),
        ("business".to_owned(), json!({"name": config.name, "industry": config.industry})),
        ("terms".to_owned(), Value::Object(terms)),
        (
            "now".to_owned(),
            json!({
                "date": now.strftime("%Y-%m-%d").to_string(), "time": now.strftime("%H:%M").to_string(),
                "weekday": now.strftime("%A").to_string(), "hour": now.hour(),
                "zone": zone.iana_name().unwrap_or("UTC"),
            }),
        ),
        ("history".to_owned(), Value::Array(history)),
        ("appointments".to_owned(), entries(appointments)),
        ("tasks".to_owned(), entries(tasks)),
        ("deals".to_owned(), entries(known.deals())),
        ("practices".to_owned(), entries(known.practices())),
    ]);
    Value::Object(all)
}

/// The values of a call that never was: of somebody of whom everything is known, or next to nothing.
pub(super) fn sample(config: &BusinessConfig, full: bool) -> Value {
    let at = Timestamp::UNIX_EPOCH;
    let text = |text: &str| if full { text.to_owned() } else { String::new() };
    let details = Details {
        first_name: text("Asha"),
        last_name: text("Rao"),
        email: full.then(|| "asha@example.com".parse().ok()).flatten(),
        company: text("Acme"),
        position: text("Director"),
        source: text("website"),
        tags: if full { vec![text("vip"), text("warm")] } else { Vec::new() },
        preferences: if full { [("best_time".to_owned(), json!("morning"))].into() } else { BTreeMap::new() },
        notes: text("Asked about the garden."),
        custom_fields: config
            .custom_fields
            .iter()
            .filter(|_| full)
            .map(|field| (field.name.clone(), sample_of(field)))
            .collect(),
        ..Details::default()
    };
    let mut contact = Contact::new(ContactId::from_ulid(Ulid::nil()), details, Author::System, at);
    contact.status = if full { LeadStatus::Qualified } else { LeadStatus::New };
    let entry =
        HistoryEntry { at, summary: "Wanted to know more.".to_owned(), outcome: "interested".to_owned() };
    let task = |wish| Card::Task {
        task_id: TaskId::from_ulid(Ulid::nil()),
        title: "Send the plan".to_owned(),
        detail: "By e-mail.".to_owned(),
        due_at: Some(at),
        priority: TaskPriority::default(),
        wish,
    };
    let deal = Card::Deal {
        deal_id: DealId::from_ulid(Ulid::nil()),
        title: "A garden".to_owned(),
        value: Money { minor: 5_000_000, currency: config.currency },
        stage: Stage::default(),
        probability: 75,
    };
    let practice = Card::Practice {
        practice_id: PracticeId::from_ulid(Ulid::nil()),
        title: "Garden permit".to_owned(),
        status: PracticeStatus::InProgress,
    };
    let call = CallFacts {
        id: Some(CallId::from_ulid(Ulid::nil())),
        objective: text("Initial Qualification"),
        priority: Priority::Normal,
        previous_attempts: u32::from(full),
        instructions: text("Be brief."),
        ..CallFacts::default()
    };
    let (history, open) = if full {
        (
            vec![entry.clone(), entry],
            vec![task(None), task(Some(crate::analysis::WishKind::Appointment)), deal, practice],
        )
    } else {
        (Vec::new(), Vec::new())
    };
    values(&Known {
        contact: Some(&contact),
        call: &call,
        history: &history,
        related: &[],
        open: &open,
        templates: &[],
        config,
        now: at,
    })
}

fn sample_of(field: &CustomField) -> Value {
    let option = || field.options.first().cloned().unwrap_or_default();
    match field.kind {
        FieldKind::Text => json!("text"),
        FieldKind::Number => json!(3),
        FieldKind::Boolean => json!(true),
        FieldKind::Date => json!("2027-01-11"),
        FieldKind::Select => json!(option()),
        FieldKind::MultiSelect => json!([option()]),
    }
}

impl Known<'_> {
    /// The zone that times are told in: the lead's first, else UTC.
    pub(super) fn zone(&self) -> TimeZone {
        self.contact.map_or(TimeZone::UTC, Contact::clock)
    }
}
