//! The context packet: what an agent knows when it calls.

use crate::business::BusinessConfig;
use crate::call::{Call, Priority};
use crate::contact::Contact;
use crate::text::shortened;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What earlier conversation there was, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// What was said, in a few sentences.
    pub summary: String,
    /// What came of it.
    pub outcome: String,
}

/// What one call is about, as far as its context needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallFacts {
    /// What the call is for.
    pub objective: String,
    /// How urgent it is.
    pub priority: Priority,
    /// How many attempts came before this one.
    pub previous_attempts: u32,
    /// What this one call should mind.
    pub instructions: String,
}

impl CallFacts {
    /// The facts of a call's attempt number `attempt`, which counts from 1.
    pub fn of(call: &Call, attempt: u32) -> Self {
        Self {
            objective: call.objective.clone(),
            priority: call.priority,
            previous_attempts: attempt.saturating_sub(1),
            instructions: call.instructions.clone(),
        }
    }
}

/// What an agent is told for one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Packet {
    /// The base prompt with the sections appended.
    pub prompt: String,
    /// Values for `{{first_name}}` and the like in prompt and first message; every one is always present.
    pub variables: BTreeMap<String, Value>,
}

/// How long the appended sections may be, in characters: some 4,000 tokens.
const SECTIONS_MAX: usize = 16_000;

/// Builds the packet of one call from the agent's prompt, the lead, the call and the history, newest first.
/// What does not fit is cut from the oldest history.
pub fn build(
    base_prompt: &str,
    contact: &Contact,
    call: &CallFacts,
    history: &[HistoryEntry],
    config: &BusinessConfig,
) -> Packet {
    let mut prompt = base_prompt.trim_end().to_owned();
    let persona = config.persona.trim();
    if !persona.is_empty() {
        let _ = write!(prompt, "\n\n{persona}");
    }
    let variables = variables(contact, call, config);
    let rest = [lead_section(contact, config), call_section(call)];
    let tail = [
        section("LEAD PREFERENCES", &lines_of(&contact.details.preferences)),
        section("NOTES AND INTERACTIONS", &shortened(&contact.details.notes, 4_000)),
        section("CALL INSTRUCTIONS", &shortened(&call.instructions, 2_000)),
    ];
    let fixed: usize = rest.iter().chain(&tail).map(|text| text.chars().count()).sum();
    let history = history_section(history, SECTIONS_MAX.saturating_sub(fixed));
    for text in rest.iter().chain([&history]).chain(&tail) {
        let _ = write!(prompt, "\n\n{text}");
    }
    Packet { prompt, variables }
}

/// One titled section; what is unknown says so, which keeps a model from filling the gap.
fn section(title: &str, body: &str) -> String {
    let body = defused(body.trim());
    format!("{title}:\n{}", if body.is_empty() { "None known." } else { &body })
}

/// Data must not read as a template: the provider fills `{{…}}` wherever it stands.
fn defused(text: &str) -> String {
    text.replace("{{", "{ {").replace("}}", "} }")
}

fn lead_section(contact: &Contact, config: &BusinessConfig) -> String {
    let details = &contact.details;
    let mut body = String::new();
    let mut line = |label: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(body, "- {label}: {value}");
        }
    };
    let name = contact.name();
    line("Name", if name.is_empty() { "unknown" } else { &name });
    line("Source", if details.source.is_empty() { "unknown" } else { &details.source });
    line("Score", &contact.score.to_string());
    line("Status", contact.status.as_str());
    line("Company", &details.company);
    line("Position", &details.position);
    line("Tags", &details.tags.join(", "));
    for field in &config.custom_fields {
        let label = field.name.replace('_', " ");
        match details.custom_fields.get(&field.name) {
            Some(value) => line(&label, &plain(value)),
            None if field.required => line(&label, "unknown, please find out"),
            None => {}
        }
    }
    section("LEAD CONTEXT", &body)
}

fn call_section(call: &CallFacts) -> String {
    let CallFacts { objective, priority, previous_attempts, .. } = call;
    let objective = if objective.is_empty() { "none given" } else { objective };
    let priority = priority.as_str();
    section(
        "CALL CONTEXT",
        &format!(
            "- Objective: {objective}\n- Priority: {priority}\n- Previous Attempts: {previous_attempts}"
        ),
    )
}

fn history_section(history: &[HistoryEntry], budget: usize) -> String {
    let mut body = String::new();
    for entry in history {
        let line = format!(
            "- {} ({}): {}\n",
            entry.at.strftime("%Y-%m-%d"),
            entry.outcome,
            shortened(&entry.summary, 600)
        );
        if body.chars().count() + line.chars().count() > budget {
            break;
        }
        body.push_str(&line);
    }
    section("CONVERSATION HISTORY", &body)
}

fn lines_of(values: &BTreeMap<String, Value>) -> String {
    let lines = values.iter().map(|(name, value)| format!("- {}: {}", name.replace('_', " "), plain(value)));
    lines.collect::<Vec<_>>().join("\n")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The variables that a prompt or a first message may use; a value that is not known is an empty text,
/// because the provider fails a call whose text names a variable that was not sent.
fn variables(contact: &Contact, call: &CallFacts, config: &BusinessConfig) -> BTreeMap<String, Value> {
    let details = &contact.details;
    let name = contact.name();
    [
        ("first_name", details.first_name.as_str()),
        ("last_name", &details.last_name),
        ("full_name", &name),
        ("lead_name", &name),
        ("company", &details.company),
        ("position", &details.position),
        ("objective", &call.objective),
        ("business_name", &config.name),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), Value::String(defused(value))))
    .collect()
}

/// The names of the variables that every call carries.
pub const VARIABLES: [&str; 8] = [
    "first_name",
    "last_name",
    "full_name",
    "lead_name",
    "company",
    "position",
    "objective",
    "business_name",
];

#[cfg(test)]
mod tests;
