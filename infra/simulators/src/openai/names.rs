//! How names and members of a schema are understood.

use super::strict::has_type;
use crate::analysis::Outcome;
use serde_json::{Value, json};

/// Words by which a schema may call a wish, the best first.
pub(super) fn wish_synonyms(kind: &str) -> &'static [&'static str] {
    match kind {
        "callback" => &["callback", "call_back", "follow_up_call", "call", "follow_up"],
        "appointment" => &["appointment", "meeting", "visit", "booking", "book", "schedule"],
        "stop" => &["stop", "do_not_call", "do_not_contact", "opt_out", "unsubscribe", "suppress"],
        _ => &["information", "info", "send", "details", "email", "brochure", "message", "other"],
    }
}

/// What an outcome is called where the schema does not say.
pub(super) fn label(outcome: Outcome) -> &'static str {
    outcome.synonyms().first().copied().unwrap_or_default()
}

/// The member that equals the best synonym, or else contains it without denying it, or else the next best.
pub(super) fn matching<'m>(members: &'m [Value], synonyms: &[&str]) -> Option<&'m Value> {
    let plain = |member: &Value| {
        let text = member.as_str().unwrap_or_default().to_lowercase();
        text.replace(|c: char| !c.is_alphanumeric(), "_")
    };
    let denies = |text: &str| ["not_", "no_", "un", "dis"].iter().any(|prefix| text.starts_with(prefix));
    synonyms.iter().find_map(|synonym| {
        let synonym = synonym.to_lowercase();
        let find = |fits: &dyn Fn(&str) -> bool| {
            members.iter().find(|member| member.is_string() && fits(&plain(member)))
        };
        find(&|member| member == synonym)
            .or_else(|| find(&|member| member.contains(&synonym) && denies(member) == denies(&synonym)))
    })
}

/// Whether a snake-case name is one of the words, or has it among its parts.
pub(super) fn is_about(name: &str, words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| name == *word || (!word.is_empty() && format!("_{name}_").contains(&format!("_{word}_"))))
}

/// The number within the schema's bounds, whole where it must be.
pub(super) fn bounded(schema: &Value, value: f64) -> Value {
    let least = schema["minimum"].as_f64().unwrap_or(f64::MIN);
    let most = schema["maximum"].as_f64().unwrap_or(f64::MAX);
    let value = value.max(least).min(most);
    if has_type(schema, "integer") {
        #[expect(clippy::cast_possible_truncation, reason = "scores are small")]
        return json!(value.round() as i64);
    }
    json!(value)
}
