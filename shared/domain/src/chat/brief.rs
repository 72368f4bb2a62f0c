//! What is known of a person, as the bot is told it.

use super::{Ground, ReplyStyle};
use crate::action::Card;
use crate::business::BusinessConfig;
use crate::contact::{Contact, LeadStatus};
use crate::context::HistoryEntry;
use crate::text::{tidied, unmarked};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::fmt::Write;

/// How long the block may be, in characters: some 2,000 tokens.
const BLOCK_MAX: usize = 8_000;

/// A person and what stands open with them.
#[derive(Debug, Clone, Copy)]
pub struct Brief<'a> {
    /// The person.
    pub contact: &'a Contact,
    /// What is open: deals, tasks, calls.
    pub open: &'a [Card],
    /// What was talked about, newest first.
    pub history: &'a [HistoryEntry],
    /// How the business describes itself.
    pub config: &'a BusinessConfig,
    /// The present instant.
    pub now: Timestamp,
}

/// What is known of a person in one line, as the customer-context answer prints it.
pub fn summary(contact: &Contact, open: &[Card]) -> String {
    let mut parts = vec![format!("Customer: {}", named(contact))];
    let details = &contact.details;
    if !details.company.is_empty() {
        parts.push(format!("Company: {}", inert(&details.company, 200)));
    }
    parts.push(standing(contact));
    let deals = deals(open);
    if !deals.is_empty() {
        parts.push(format!("Active Deals: {}", deals.join("; ")));
    }
    parts.join(" | ")
}

impl Brief<'_> {
    /// Whether there is anything to tell: more than a number that has just written for the first time.
    pub fn knows_something(&self) -> bool {
        let Contact { status, score, details, .. } = self.contact;
        *status != LeadStatus::New
            || *score > 0
            || !self.open.is_empty()
            || !self.history.is_empty()
            || !(details.first_name.is_empty() && details.company.is_empty() && details.notes.is_empty())
    }

    /// The block that the model is told, with the line about the name and the one about the style. What the business
    /// marked as private is not in it. Texts of the record cannot end the block, or pose as one of its lines.
    pub fn block(&self) -> String {
        let mut block =
            format!("=== CUSTOMER CONTEXT ===\n{}\n=== END CONTEXT ===\n", self.lines().join("\n"));
        let name = self.name();
        if !name.is_empty() {
            let _ =
                write!(block, "\nIMPORTANT: Address the customer by their name '{name}' when appropriate.");
        }
        let is_told = !self.config.chat.is_private("status") && !self.config.chat.is_private("score");
        let style = if is_told { ReplyStyle::of(self.contact) } else { ReplyStyle::New };
        let _ = write!(block, "\n{}", style.note());
        block
    }

    /// The clock by which the person is told times: their own, else the business's.
    pub fn zone(&self) -> TimeZone {
        let own = self.contact.zones();
        own.first().map_or_else(|| self.config.timezone.time_zone(), crate::zone::ZoneName::time_zone)
    }

    /// When the business is open, a line a day; empty if it did not say.
    pub fn hours(&self) -> Vec<String> {
        let hours = self.config.business_hours.iter();
        hours.map(|(day, hours)| format!("{} {} - {}", day.name(), hours.open, hours.close)).collect()
    }

    /// What a reply to the person may rest on: what people and rules of ours wrote of them, what is open, the business's
    /// own facts and hours. What they say of themselves, as their name, and what a model noted of it, is no ground.
    pub fn ground(&self) -> Ground {
        let mut ground = Ground::new(self.now.to_zoned(self.zone()));
        let theirs = ["Customer:", "Lead Status:", "Preferences:"];
        for line in self.lines().iter().filter(|line| !theirs.iter().any(|title| line.starts_with(title))) {
            ground.record(line);
        }
        for fact in &self.config.chat.facts {
            ground.fact(fact);
        }
        for hours in self.hours() {
            ground.opens(&hours);
        }
        for card in self.open {
            let at = match card {
                Card::Call { scheduled_at, .. } => *scheduled_at,
                Card::Task { due_at, .. } => *due_at,
                Card::Deal { .. } | Card::Practice { .. } => None,
            };
            if let Some(at) = at {
                ground.moment(at);
            }
        }
        ground.follow_up = self.open.iter().any(|card| matches!(card, Card::Call { .. } | Card::Task { .. }));
        ground
    }

    /// Their name, if it may be told.
    fn name(&self) -> String {
        let chat = &self.config.chat;
        if ["name", "first_name", "last_name"].iter().any(|field| chat.is_private(field)) {
            return String::new();
        }
        inert(&self.contact.name(), 100)
    }

    fn lines(&self) -> Vec<String> {
        let chat = &self.config.chat;
        let details = &self.contact.details;
        let public = |field: &str, text: &str, max: usize| {
            let text = if chat.is_private(field) { String::new() } else { inert(text, max) };
            Some(text).filter(|text| !text.is_empty())
        };
        let name = self.name();
        let mut who = vec![format!("Customer: {}", if name.is_empty() { "unknown" } else { &name })];
        who.extend(public("company", &details.company, 200).map(|company| format!("Company: {company}")));
        who.extend(
            public("position", &details.position, 200).map(|position| format!("Position: {position}")),
        );
        let mut lines = vec![who.join(" | ")];
        if !chat.is_private("status") && !chat.is_private("score") {
            lines.push(standing(self.contact));
        }
        let titled = |title: &str, items: Vec<String>| {
            (!items.is_empty()).then(|| format!("{}: {}", self.config.worded(title), items.join("; ")))
        };
        if !chat.is_private("deals") {
            lines.extend(titled("Active Deals", deals(self.open)));
        }
        if !chat.is_private("practices") {
            lines.extend(titled("Active Practices", practices(self.open)));
        }
        if !chat.is_private("tasks") {
            lines.extend(titled("Pending Tasks", self.tasks()));
        }
        if !chat.is_private("calls") {
            lines.extend(titled("Upcoming Calls", self.calls()));
        }
        lines.extend(
            public("email", details.email.as_ref().map_or("", crate::Email::as_str), 200)
                .map(|email| format!("Email: {email}")),
        );
        let values = details.custom_fields.iter().filter(|(name, _)| !chat.is_private(name));
        lines.extend(titled("Details", values.filter_map(|(name, value)| labelled(name, value)).collect()));
        if !chat.is_private("preferences") {
            let preferences = details.preferences.iter().filter_map(|(name, value)| labelled(name, value));
            lines.extend(titled("Preferences", preferences.collect()));
        }
        if !chat.is_private("history") {
            let talks = self.history.iter().take(3).map(|talk| {
                format!("{} {} ({})", self.day(talk.at), inert(&talk.summary, 400), inert(&talk.outcome, 40))
            });
            lines.extend(titled("Recent Conversations", talks.collect()));
        }
        lines.extend(public("notes", &details.notes, 2_000).map(|notes| format!("Notes: {notes}")));
        let shown = |field: &str, at: Option<Timestamp>| at.filter(|_| !chat.is_private(field));
        let last = shown("last_contact_at", self.contact.last_contact_at);
        lines.extend(last.map(|at| format!("Last Contact: {}", self.day(at))));
        let next = shown("next_follow_up_at", self.contact.next_follow_up_at);
        lines.extend(next.map(|at| format!("Next Follow-up: {}", self.instant(at))));
        let mut left = BLOCK_MAX;
        lines.retain(|line| {
            let length = line.chars().count();
            let fits = length <= left;
            left = left.saturating_sub(length);
            fits
        });
        lines
    }

    fn tasks(&self) -> Vec<String> {
        let tasks = self.open.iter().filter_map(|card| match card {
            Card::Task { title, due_at, .. } => {
                let due = due_at.map(|at| format!(" (Due: {})", self.day(at))).unwrap_or_default();
                Some(format!("{}{due}", inert(title, 100)))
            }
            _ => None,
        });
        tasks.take(10).collect()
    }

    fn calls(&self) -> Vec<String> {
        let calls = self.open.iter().filter_map(|card| match card {
            Card::Call { scheduled_at: Some(at), objective, .. } => {
                Some(format!("{} {}", self.instant(*at), inert(objective, 120)).trim_end().to_owned())
            }
            _ => None,
        });
        calls.take(5).collect()
    }

    fn day(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone()).date().to_string()
    }

    fn instant(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone()).strftime("%Y-%m-%d %H:%M").to_string()
    }
}

fn named(contact: &Contact) -> String {
    match contact.name() {
        name if name.is_empty() => "unknown".to_owned(),
        name => inert(&name, 100),
    }
}

fn standing(contact: &Contact) -> String {
    let status = contact.status.as_str();
    let mut chars = status.chars();
    let status = chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect());
    format!("Lead Status: {status} (Score: {}/100)", contact.score)
}

fn deals(open: &[Card]) -> Vec<String> {
    let deals = open.iter().filter_map(|card| match card {
        Card::Deal { title, value, stage, .. } => {
            Some(format!("{} ({} - {})", inert(title, 100), value.written(), inert(&stage.words(), 50)))
        }
        _ => None,
    });
    deals.take(10).collect()
}

fn practices(open: &[Card]) -> Vec<String> {
    let practices = open.iter().filter_map(|card| match card {
        Card::Practice { title, status, .. } => Some(format!("{} ({})", inert(title, 100), status.words())),
        _ => None,
    });
    practices.take(10).collect()
}

fn labelled(name: &str, value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => return None,
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    };
    let text = inert(&text, 300);
    (!text.is_empty()).then(|| format!("{} = {text}", inert(name, 60)))
}

/// A text of a record as one line that can neither end the block nor pose as a line of ours.
fn inert(text: &str, max: usize) -> String {
    tidied(&unmarked(text).replace('|', "/"), max)
}
