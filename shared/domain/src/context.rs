//! The context packet: what an agent knows when it calls, or is called.

mod similar;
mod template;
mod values;
mod wording;

pub use similar::{Meaning, most_similar};
pub use template::{Conditions, ContextTemplate, Section, Wording};
pub use values::VARIABLES;

use crate::action::Card;
use crate::agent::Agent;
use crate::business::BusinessConfig;
use crate::call::{Call, Direction, Priority};
use crate::contact::Contact;
use crate::text::{folded, shortened};
use crate::{AgentId, CallId, TemplateId, placeholder};
use jiff::Timestamp;
use jiff::tz::TimeZone;
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
    /// The call, if there is one yet.
    pub id: Option<CallId>,
    /// Who called whom.
    pub direction: Direction,
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
            id: Some(call.id),
            direction: call.direction,
            objective: call.objective.clone(),
            priority: call.priority,
            previous_attempts: attempt.saturating_sub(1),
            instructions: call.instructions.clone(),
        }
    }
}

/// What there is to tell an agent for one call.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// With whom it speaks; nobody whom we know if none.
    pub contact: Option<&'a Contact>,
    /// What the call is about.
    pub call: &'a CallFacts,
    /// What was talked about before, newest first.
    pub history: &'a [HistoryEntry],
    /// What was talked about before that is like this call's purpose, the likest first.
    pub related: &'a [HistoryEntry],
    /// What stands open at the lead.
    pub open: &'a [Card],
    /// The business's templates.
    pub templates: &'a [ContextTemplate],
    /// How the business describes itself.
    pub config: &'a BusinessConfig,
    /// The present instant.
    pub now: Timestamp,
}

/// What an agent is told for one call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Packet {
    /// The version of the packet's make-up: [`Packet::VERSION`] when it was built.
    pub version: u32,
    /// The base prompt with the sections appended.
    pub prompt: String,
    /// What the agent says first, filled in; empty if it waits.
    pub first_message: String,
    /// Values for `{{first_name}}` and the like in the prompt; every one is always present.
    pub variables: BTreeMap<String, Value>,
    /// The agent, and the version of its profile.
    pub agent: Option<AgentUsed>,
    /// The templates that had a say, the one that counts most first.
    pub templates: Vec<TemplateUsed>,
    /// When it was built.
    pub built_at: Option<Timestamp>,
}

impl Packet {
    /// The present make-up.
    pub const VERSION: u32 = 3;
}

/// The agent that a packet was built for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentUsed {
    /// The agent.
    pub id: AgentId,
    /// The version of its profile.
    pub version: u32,
}

/// A template that had a say in a packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplateUsed {
    /// The template.
    pub id: TemplateId,
    /// Its version.
    pub version: u32,
    /// What of it could not be printed and was left out, as a pointer and what was wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

/// How long the appended sections may be together, in characters: some 5,000 tokens.
const SECTIONS_MAX: usize = 21_000;
/// How much of it earlier conversations that are like this one may take.
const RELATED_MAX: usize = 3_000;

/// The sections as the requirement document prints them, with those that stand there when there is something to say.
const LEAD: &str = "LEAD CONTEXT";
const CALL: &str = "CALL CONTEXT";
const HISTORY: &str = "CONVERSATION HISTORY";
const RELATED: &str = "RELATED EARLIER CONVERSATIONS";
const APPOINTMENTS: &str = "UPCOMING APPOINTMENTS";
const TASKS: &str = "OPEN TASKS";
const DEALS: &str = "OPEN DEALS";
const PRACTICES: &str = "ACTIVE PRACTICES";
const PREFERENCES: &str = "LEAD PREFERENCES";
const NOTES: &str = "NOTES AND INTERACTIONS";
const INSTRUCTIONS: &str = "CALL INSTRUCTIONS";
const PRINTED: [&str; 11] =
    [LEAD, CALL, HISTORY, RELATED, APPOINTMENTS, TASKS, DEALS, PRACTICES, PREFERENCES, NOTES, INSTRUCTIONS];

/// Builds the packet of one call. What does not fit is cut from the oldest history.
pub fn build(agent: &Agent, known: &Known<'_>) -> Packet {
    let config = known.config;
    let profile = &agent.profile;
    let mut prompt = profile.system_prompt.trim_end().to_owned();
    let persona = config.persona.trim();
    if !persona.is_empty() {
        let _ = write!(prompt, "\n\n{persona}");
    }
    let variables: BTreeMap<String, String> =
        values::variables(known).into_iter().map(|(name, value)| (name, defused(&value))).collect();
    let subject = template::Subject {
        source: known.contact.map_or("", |contact| &contact.details.source),
        status: known.contact.map(|contact| contact.status),
        objective: &known.call.objective,
        industry: &config.industry,
    };
    let templates = template::fitting(known.templates, subject);
    let said = if templates.is_empty() {
        template::Said::default()
    } else {
        template::say(&templates, &wording::Printer::new(&values::values(known)), config)
    };
    for text in sections(known, &said) {
        let _ = write!(prompt, "\n\n{text}");
    }
    let used = templates.iter().zip(said.faults).map(|(template, faults)| TemplateUsed {
        id: template.id,
        version: template.version,
        faults,
    });
    Packet {
        version: Packet::VERSION,
        prompt,
        first_message: said.first_message.unwrap_or_else(|| filled(&profile.first_message, &variables)),
        variables: variables.into_iter().map(|(name, value)| (name, Value::String(value))).collect(),
        agent: Some(AgentUsed { id: agent.id, version: agent.version }),
        templates: used.collect(),
        built_at: Some(known.now),
    }
}

/// A section as it is printed where no template says otherwise.
struct Printed {
    title: &'static str,
    body: String,
    /// How long the body may be, in characters.
    max: usize,
    /// Whether it stands there with nothing to say.
    always: bool,
}

/// The sections in their order, [`SECTIONS_MAX`] characters long together.
fn sections(known: &Known<'_>, said: &template::Said) -> Vec<String> {
    let config = known.config;
    let mut instructions = vec![defused(known.call.instructions.trim())];
    instructions.extend(said.instructions.iter().cloned());
    instructions.retain(|text| !text.is_empty());
    let details = known.contact.map(|contact| &contact.details);
    let preferences = details.map(|details| lines_of(&details.preferences)).unwrap_or_default();
    let notes = details.map_or("", |details| details.notes.as_str());
    let (appointments, tasks) = known.ahead();
    let listed = |cards: Vec<&Card>| cards.iter().map(|card| line_of(card, known)).collect::<String>();
    let knows_lead = known.contact.is_some();
    let printed = |title, body, max, always| Printed { title, body, max, always };
    let mut all = vec![
        printed(LEAD, lead(known), 3_000, true),
        printed(CALL, call(known), 600, true),
        printed(HISTORY, String::new(), SECTIONS_MAX, true),
        printed(RELATED, String::new(), SECTIONS_MAX, false),
        printed(APPOINTMENTS, listed(appointments), 1_000, false),
        printed(TASKS, listed(tasks), 1_000, false),
        printed(DEALS, listed(known.deals()), 1_000, false),
        printed(PRACTICES, listed(known.practices()), 1_000, false),
        printed(PREFERENCES, preferences, 2_000, knows_lead),
        printed(NOTES, notes.to_owned(), 4_000, knows_lead),
    ];
    let said_of = |title: &str| said.sections.iter().find(|(key, _)| *key == folded(title));
    let own = said.sections.iter().filter(|(key, _)| !PRINTED.iter().any(|printed| folded(printed) == *key));
    let last = printed(INSTRUCTIONS, instructions.join("\n\n"), 4_000, true);
    let history_replaced = said_of(HISTORY).is_some();
    let text_of = |Printed { title, body, max, always }: &Printed| match said_of(title) {
        Some((_, replaced)) => {
            (!replaced.body.is_empty()).then(|| titled(&config.worded(title), &replaced.body))
        }
        None if body.trim().is_empty() && !always => None,
        None => Some(section(&config.worded(title), &shortened(body.trim(), *max))),
    };
    let own: Vec<String> = own
        .filter(|(_, section)| !section.body.is_empty())
        .map(|(_, section)| titled(&section.title, &section.body))
        .collect();
    let taken: usize = all
        .iter()
        .chain([&last])
        .filter_map(text_of)
        .chain(own.iter().cloned())
        .map(|text| text.chars().count() + 2)
        .sum();
    if !history_replaced {
        let (recent, related) = history(known, SECTIONS_MAX.saturating_sub(taken + RELATED.len() + 8));
        for section in &mut all {
            match section.title {
                HISTORY => section.body.clone_from(&recent),
                RELATED => section.body.clone_from(&related),
                _ => {}
            }
        }
    }
    let first = all.iter().filter_map(text_of);
    let last = text_of(&last);
    first.chain(own).chain(last).collect()
}

/// One titled section; what is unknown says so, which keeps a model from filling the gap.
fn section(title: &str, body: &str) -> String {
    let body = defused(body.trim());
    titled(title, if body.is_empty() { "None known." } else { &body })
}

fn titled(title: &str, body: &str) -> String {
    format!("{title}:\n{body}")
}

/// By what a section is known: its title, in the document's words or the business's.
fn key_of(title: &str, config: &BusinessConfig) -> String {
    let title = folded(title);
    let printed = PRINTED.iter().find(|printed| folded(&config.worded(printed)) == title);
    printed.map_or(title, |printed| folded(printed))
}

/// Data must not read as a template: the provider fills `{{…}}` wherever it stands.
fn defused(text: &str) -> String {
    let mut text = text.replace("{{", "{ {").replace("}}", "} }");
    // Three in a row leave a pair.
    while text.contains("{{") || text.contains("}}") {
        text = text.replace("{{", "{ {").replace("}}", "} }");
    }
    text
}

fn lead(known: &Known<'_>) -> String {
    let Some(contact) = known.contact else {
        return format!("Nobody whom we know: ask who the {} is.", known.config.term("lead"));
    };
    let details = &contact.details;
    let mut body = String::new();
    let mut line = |label: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(body, "- {label}: {}", shortened(value, 500));
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
    for field in &known.config.custom_fields {
        let label = field.name.replace('_', " ");
        match details.custom_fields.get(&field.name) {
            Some(value) => line(&label, &plain(value)),
            None if field.required => line(&label, "unknown, please find out"),
            None => {}
        }
    }
    body
}

fn call(known: &Known<'_>) -> String {
    let CallFacts { objective, priority, previous_attempts, direction, .. } = known.call;
    let objective = if objective.is_empty() { "none given" } else { objective };
    let priority = priority.as_str();
    match direction {
        Direction::Outbound => {
            format!(
                "- Objective: {objective}\n- Priority: {priority}\n- Previous Attempts: {previous_attempts}"
            )
        }
        Direction::Inbound => format!("- Direction: inbound, the {} called", known.config.term("lead")),
    }
}

/// The line of something that stands open.
fn line_of(card: &Card, known: &Known<'_>) -> String {
    let zone = known.zone();
    match card {
        Card::Call { scheduled_at, objective, .. } => {
            let at = scheduled_at.map(|at| local_time(at, &zone)).unwrap_or_default();
            format!("- {at}: {}, {objective}\n", known.config.worded("Call"))
        }
        // How likely it is, is nothing to say to the lead.
        Card::Deal { title, value, stage, .. } => {
            let value = if value.minor == 0 { String::new() } else { format!("{} - ", value.written()) };
            format!("- {title} ({value}{})\n", stage.words())
        }
        Card::Practice { title, status, .. } => format!("- {title} ({})\n", status.words()),
        Card::Task { title, detail, due_at, .. } => {
            let due = due_at.map(|at| format!(", due {}", local_time(at, &zone))).unwrap_or_default();
            let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
            format!("- {title}{due}{detail}\n")
        }
    }
}

impl<'a> Known<'a> {
    /// What is ahead: appointments and calls that were agreed, and tasks of the business's people. The call that is
    /// being prepared is not ahead of itself.
    fn ahead(&self) -> (Vec<&'a Card>, Vec<&'a Card>) {
        let is_ahead = |card: &&Card| match card {
            Card::Call { call_id, scheduled_at, .. } => {
                Some(*call_id) != self.call.id && scheduled_at.is_some_and(|at| at > self.now)
            }
            Card::Deal { .. } | Card::Practice { .. } => false,
            Card::Task { .. } => true,
        };
        let is_agreed = |card: &&Card| matches!(card, Card::Call { .. }) || card.is_appointment();
        self.open.iter().filter(is_ahead).partition(is_agreed)
    }

    /// What the lead may buy.
    fn deals(&self) -> Vec<&'a Card> {
        self.open.iter().filter(|card| matches!(card, Card::Deal { .. })).collect()
    }

    /// What is being done for the lead.
    fn practices(&self) -> Vec<&'a Card> {
        self.open.iter().filter(|card| matches!(card, Card::Practice { .. })).collect()
    }
}

/// An instant in a zone, as people and models read it.
fn local_time(at: Timestamp, zone: &TimeZone) -> String {
    let name = zone.iana_name().unwrap_or("UTC");
    format!("{} ({name})", at.to_zoned(zone.clone()).strftime("%A %Y-%m-%d %H:%M"))
}

/// The latest conversations that fit, and of the others those that are most like this call's purpose. Where all
/// fit, there are no others.
fn history(known: &Known<'_>, room: usize) -> (String, String) {
    let recent = latest(known.history, room);
    let shown = |entries: usize| known.history.iter().take(entries).map(|entry| entry.at).collect::<Vec<_>>();
    let others = |entries: usize| {
        let shown = shown(entries);
        known.related.iter().filter(move |entry| !shown.contains(&entry.at))
    };
    if others(recent.1).next().is_none() {
        return (recent.0, String::new());
    }
    let (recent, entries) = latest(known.history, room.saturating_sub(RELATED_MAX));
    let (related, _) = fitting(others(entries), RELATED_MAX.min(room));
    (recent, related)
}

fn latest(history: &[HistoryEntry], room: usize) -> (String, usize) {
    fitting(history.iter(), room)
}

/// The first entries that fit, and how many they are.
fn fitting<'a>(entries: impl Iterator<Item = &'a HistoryEntry>, room: usize) -> (String, usize) {
    let (mut body, mut length, mut number) = (String::new(), 0, 0);
    for entry in entries {
        let date = entry.at.strftime("%Y-%m-%d");
        let summary = defused(&shortened(&entry.summary, 600));
        let line = format!("- {date} ({}): {summary}\n", entry.outcome);
        length += line.chars().count();
        if length > room {
            break;
        }
        body.push_str(&line);
        number += 1;
    }
    (body, number)
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

/// A text with its `{{first_name}}` and the like filled in. Names that are none of ours stay: they are the
/// provider's.
fn filled(text: &str, variables: &BTreeMap<String, String>) -> String {
    let done = placeholder::filled(text, |name| variables.get(name).map(Into::into));
    if done == text { done } else { tidy(&done) }
}

/// A text without the gaps that empty values leave: "Hello !" becomes "Hello!".
fn tidy(text: &str) -> String {
    let mut tidy = String::new();
    for c in text.chars() {
        let closes = matches!(c, ',' | '.' | '!' | '?' | ';' | ':' | '\u{964}' | '\u{3002}');
        if closes || c == ' ' {
            while tidy.ends_with(' ') {
                tidy.pop();
            }
        }
        tidy.push(c);
    }
    tidy.trim_end().trim_start_matches([' ', ',']).to_owned()
}

#[cfg(test)]
mod tests;
