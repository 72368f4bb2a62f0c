//! Makes a value of any JSON Schema of the strict subset, and puts what is known where its name fits.

use super::names::{bounded, is_about, label, matching, wish_synonyms};
use super::strict::has_type;
use super::when::Wish;
use crate::analysis::{Facts, Found, Outcome, Remark};
use serde_json::{Map, Value, json};

/// Deepest level that is filled; a schema that refers to itself ends there.
const DEEPEST: usize = 12;

/// A value that the schema accepts.
pub(super) fn fill(schema: &Value, facts: &Facts) -> Value {
    Filler { root: schema, facts }.value(schema, "", Scope::default(), 0)
}

/// What the surrounding object or list is about.
#[derive(Debug, Clone, Copy, Default)]
struct Scope<'a> {
    wish: Option<&'a Wish>,
    remark: Option<&'a Remark>,
    found: Option<&'a Found>,
    reason: Option<&'a str>,
    quote: Option<&'a str>,
}

struct Filler<'a> {
    root: &'a Value,
    facts: &'a Facts,
}

impl<'a> Filler<'a> {
    fn value(&self, schema: &Value, name: &str, scope: Scope<'a>, depth: usize) -> Value {
        if depth > DEEPEST {
            return Value::Null;
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let target = self.root.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
            return self.value(target, name, scope, depth + 1);
        }
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(members) = schema["enum"].as_array() {
            return self.member(members, name, scope);
        }
        if let Some(branches) = schema["anyOf"].as_array() {
            let is_null = |branch: &&Value| branch["type"] == "null";
            let nullable = branches.iter().any(|branch| is_null(&branch));
            return match branches.iter().find(|branch| !is_null(branch)) {
                Some(branch) if !nullable || self.is_worth(branch, name, scope, depth) => {
                    self.value(branch, name, scope, depth + 1)
                }
                _ => Value::Null,
            };
        }
        let nullable = has_type(schema, "null");
        if nullable && !self.is_worth(schema, name, scope, depth) {
            return Value::Null;
        }
        if has_type(schema, "object") {
            let scope = self.scope_of(name, scope);
            let properties = schema["properties"].as_object().into_iter().flatten();
            let filled: Map<String, Value> = properties
                .map(|(property, inner)| {
                    // `email: {value, quote}`: the value is the e-mail.
                    (property.clone(), self.value(inner, property, scope, depth + 1))
                })
                .collect();
            Value::Object(filled)
        } else if has_type(schema, "array") {
            self.list(schema, name, scope, depth)
        } else if has_type(schema, "boolean") {
            json!(self.truth(name, scope))
        } else if has_type(schema, "string") {
            json!(self.text(name, scope).unwrap_or_default())
        } else if has_type(schema, "integer") || has_type(schema, "number") {
            self.number(schema, name).unwrap_or_else(|| bounded(schema, 0.0))
        } else {
            Value::Null
        }
    }

    /// Whether there is something to say in a place that may be null.
    fn is_worth(&self, schema: &Value, name: &str, scope: Scope<'a>, depth: usize) -> bool {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = self.root.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
            return depth < DEEPEST && self.is_worth(target, name, scope, depth + 1);
        }
        if schema.get("enum").is_some() {
            return schema["enum"]
                .as_array()
                .is_some_and(|members| self.known_member(members, name, scope).is_some());
        }
        if has_type(schema, "object") {
            let inner = self.scope_of(name, scope);
            if is_about(name, &["callback", "call_back", "appointment", "meeting", "wish"]) {
                return inner.wish.is_some();
            }
            if is_about(name, &["email", "mail", "phone", "full_name"]) || name.contains("practice") {
                return inner.found.is_some();
            }
            let properties = schema["properties"].as_object().into_iter().flatten();
            return depth < DEEPEST
                && properties.into_iter().any(|(property, schema)| {
                    has_type(schema, "string") && self.text(property, inner).is_some()
                });
        }
        if has_type(schema, "array") {
            return true;
        }
        if has_type(schema, "string") {
            return self.text(name, scope).is_some();
        }
        self.number(schema, name).is_some()
    }

    /// What an object of this name is about.
    fn scope_of(&self, name: &str, outer: Scope<'a>) -> Scope<'a> {
        let wish = |kind: &str| self.facts.wishes.iter().find(|wish| wish.kind == kind);
        if is_about(name, &["callback", "call_back"]) {
            Scope { wish: wish("callback"), ..Scope::default() }
        } else if is_about(name, &["appointment", "meeting"]) {
            Scope { wish: wish("appointment"), ..Scope::default() }
        } else if let Some(found) = self.found(name) {
            Scope { found: Some(found), ..Scope::default() }
        } else {
            outer
        }
    }

    /// The fact that a name stands for.
    fn found(&self, name: &str) -> Option<&'a Found> {
        let facts = self.facts;
        if is_about(name, &["email", "e_mail", "mail"]) {
            facts.email.as_ref()
        } else if is_about(name, &["phone", "mobile", "whatsapp", "telephone"]) {
            facts.phone.as_ref()
        } else if is_about(name, &["nationality", "citizenship"]) {
            facts.nationality.as_ref()
        } else if name.contains("practice") {
            facts.practice.as_ref()
        } else if matches!(
            name,
            "full_name" | "name" | "client_name" | "lead_name" | "customer_name" | "person"
        ) {
            facts.full_name.as_ref()
        } else {
            None
        }
    }

    fn list(&self, schema: &Value, name: &str, scope: Scope<'a>, depth: usize) -> Value {
        let facts = self.facts;
        if let Some(names) = schema.pointer("/items/properties/name/enum").and_then(Value::as_array) {
            return self.answers(names, &schema["items"], depth);
        }
        let remarks = |remarks: &'a [Remark]| -> Vec<Scope<'a>> {
            remarks.iter().map(|remark| Scope { remark: Some(remark), ..Scope::default() }).collect()
        };
        let scopes: Vec<Scope<'a>> = if is_about(name, &["objection", "objections", "concerns"]) {
            remarks(&facts.objections)
        } else if is_about(name, &["interests", "topics"]) {
            remarks(&facts.interests)
        } else if is_about(name, &["promise", "promises", "promised", "commitments"]) {
            remarks(&facts.promises)
        } else if is_about(name, &["reason", "reasons"]) {
            let quote = facts.evidence.first().map(String::as_str);
            facts
                .reasons
                .iter()
                .map(|reason| Scope { reason: Some(reason), quote, ..Scope::default() })
                .collect()
        } else if is_about(name, &["evidence", "quote", "quotes", "citations"]) {
            let own = scope.found.map(|found| &found.quote).or(scope.wish.map(|wish| &wish.quote));
            let quotes: Vec<&String> =
                own.map_or_else(|| facts.evidence.iter().collect(), |quote| vec![quote]);
            quotes.into_iter().map(|quote| Scope { quote: Some(quote), ..Scope::default() }).collect()
        } else if is_about(
            name,
            &["wish", "wishes", "request", "requests", "action", "actions", "items", "steps", "tasks", "ups"],
        ) {
            facts.wishes.iter().map(|wish| Scope { wish: Some(wish), ..Scope::default() }).collect()
        } else if name.contains("practice") {
            facts.practice.iter().map(|found| Scope { found: Some(found), ..Scope::default() }).collect()
        } else {
            Vec::new()
        };
        let most =
            schema["maxItems"].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        let least = schema["minItems"].as_u64().and_then(|least| usize::try_from(least).ok()).unwrap_or(0);
        let mut items: Vec<Value> = scopes
            .into_iter()
            .take(most)
            .map(|scope| self.value(&schema["items"], "", scope, depth + 1))
            .collect();
        while items.len() < least.min(100) {
            items.push(self.value(&schema["items"], "", Scope::default(), depth + 1));
        }
        Value::Array(items)
    }

    /// The answers to questions of these names, of those that were answered.
    fn answers(&self, names: &[Value], item: &Value, depth: usize) -> Value {
        let answers = names.iter().filter_map(|name| {
            let found = self.facts.answer(name.as_str()?)?;
            let properties = item["properties"].as_object().into_iter().flatten();
            let filled = properties.map(|(property, schema)| {
                let value = match property.as_str() {
                    "name" => name.clone(),
                    "value" => json!(found.value),
                    "quote" | "evidence" => json!(found.quote),
                    other => self.value(schema, other, Scope::default(), depth + 1),
                };
                (property.clone(), value)
            });
            Some(Value::Object(filled.collect()))
        });
        Value::Array(answers.collect())
    }

    /// The text of a place, if anything is known for it. The empty name is the item of a list of strings.
    fn text(&self, name: &str, scope: Scope<'a>) -> Option<String> {
        let facts = self.facts;
        let is_quote = is_about(name, &["quote", "evidence", "verbatim", "excerpt", "source"]);
        if is_quote {
            let near = scope.found.map(|found| &*found.quote).or(scope.wish.map(|wish| &*wish.quote));
            let near = near.or(scope.remark.map(|remark| &*remark.quote));
            return near.or(scope.quote).or(facts.evidence.first().map(String::as_str)).map(str::to_owned);
        }
        if let Some(remark) = scope.remark {
            if is_about(name, &["at", "when", "time", "date", "datetime", "due"]) {
                return remark.at.clone();
            }
            let said = if is_about(name, &["by", "who"]) { remark.by } else { &remark.text };
            return Some(said.to_owned());
        }
        if let Some(wish) = scope.wish {
            if is_about(name, &["at", "when", "time", "date", "datetime", "due", "start"]) {
                return wish.at.clone();
            }
            let said = if is_about(name, &["kind", "type"]) { wish.kind } else { &wish.detail };
            return Some(said.to_owned());
        }
        if let Some(found) = scope.found
            && (is_about(name, &["value", "text", "code", "type", ""]) || self.found(name) == Some(found))
        {
            return Some(found.value.clone());
        }
        if let Some(reason) = scope.reason {
            return Some(reason.to_owned());
        }
        if let Some(quote) = scope.quote {
            let about =
                if is_about(name, &["", "text", "line", "words"]) { quote } else { label(facts.outcome) };
            return Some(about.to_owned());
        }
        if let Some(found) = self.found(name) {
            return Some(found.value.clone());
        }
        let callback = facts.wishes.iter().find_map(|wish| wish.at.clone());
        let full_name = facts.full_name.as_ref().map(|found| found.value.as_str());
        match name {
            "first_name" => full_name.and_then(|name| name.split_whitespace().next()).map(str::to_owned),
            "last_name" => full_name.and_then(|name| name.split_once(' ')).map(|(_, last)| last.to_owned()),
            _ if is_about(name, &["summary", "description", "notes", "reply"]) => Some(facts.summary.clone()),
            _ if is_about(name, &["outcome", "disposition", "intent"]) => {
                Some(label(facts.outcome).to_owned())
            }
            _ if is_about(name, &["sentiment", "mood"]) => Some(facts.sentiment.to_owned()),
            _ if is_about(name, &["reason", "rationale", "explanation"]) => facts.reasons.first().cloned(),
            _ if is_about(name, &["language"]) => Some(facts.language.to_owned()),
            _ if is_about(name, &["at", "when", "time", "datetime"]) => callback,
            _ => None,
        }
    }

    fn number(&self, schema: &Value, name: &str) -> Option<Value> {
        let facts = self.facts;
        #[expect(clippy::cast_precision_loss, reason = "scores are small")]
        let change = facts.score_change as f64;
        let value = if is_about(name, &["confidence", "probability", "certainty"]) {
            let percent =
                has_type(schema, "integer") || schema["maximum"].as_f64().is_some_and(|most| most > 1.0);
            if percent { facts.confidence * 100.0 } else { facts.confidence }
        } else if is_about(name, &["change", "delta", "points", "adjustment"]) {
            change
        } else if is_about(name, &["score"]) {
            (50.0 + change).clamp(0.0, 100.0)
        } else {
            return None;
        };
        Some(bounded(schema, value))
    }

    fn truth(&self, name: &str, scope: Scope<'a>) -> bool {
        let facts = self.facts;
        let wishes = |kind: &str| facts.wishes.iter().any(|wish| wish.kind == kind);
        if ["do_not_call", "do_not_contact", "opt_out", "stop", "suppress", "unsubscribe"]
            .iter()
            .any(|word| name.contains(word))
        {
            facts.outcome == Outcome::Stop
        } else if name.contains("wrong_number") {
            facts.outcome == Outcome::WrongNumber
        } else if name.contains("voicemail") {
            facts.outcome == Outcome::Voicemail
        } else if name.contains("callback") {
            wishes("callback")
        } else if name.contains("appointment") || name.contains("meeting") {
            wishes("appointment")
        } else if is_about(name, &["injection", "manipulation", "suspicious", "hostile"]) {
            !facts.injected.is_empty()
        } else if is_about(name, &["interested", "qualified"]) {
            matches!(
                facts.outcome,
                Outcome::Interested | Outcome::Appointment | Outcome::Callback | Outcome::Customer
            )
        } else if is_about(name, &["detected", "present"]) {
            scope.found.is_some() || facts.practice.is_some()
        } else {
            false
        }
    }

    fn member(&self, members: &[Value], name: &str, scope: Scope<'a>) -> Value {
        const HARMLESS: [&str; 9] = [
            "none",
            "unknown",
            "other",
            "neutral",
            "unclear",
            "no_change",
            "normal",
            "medium",
            "not_applicable",
        ];
        if let Some(member) = self.known_member(members, name, scope) {
            return member.clone();
        }
        if members.contains(&Value::Null) {
            return Value::Null;
        }
        matching(members, &HARMLESS).or(members.first()).cloned().unwrap_or_default()
    }

    /// The member that says what is known, if one does.
    fn known_member<'m>(&self, members: &'m [Value], name: &str, scope: Scope<'a>) -> Option<&'m Value> {
        let facts = self.facts;
        if let Some(remark) = scope.remark {
            let synonyms = if is_about(name, &["by", "who", "party"]) {
                &[remark.by]
            } else {
                wish_synonyms(remark.kind)
            };
            return members
                .iter()
                .find(|member| **member == remark.kind)
                .or_else(|| matching(members, synonyms));
        }
        if let Some(wish) = scope.wish
            && is_about(name, &["kind", "type", "action", "wish", "request", ""])
        {
            return matching(members, wish_synonyms(wish.kind));
        }
        if name.contains("practice") || (scope.found.is_some() && is_about(name, &["type", "code"])) {
            return facts.practice.as_ref().and_then(|found| matching(members, &[&found.value]));
        }
        if is_about(name, &["sentiment", "mood", "tone"]) {
            return matching(members, &[facts.sentiment]);
        }
        if is_about(name, &["confidence", "certainty"]) {
            return matching(members, &[if facts.confidence > 0.5 { "high" } else { "low" }]);
        }
        if is_about(name, &["language", "lang"]) {
            return matching(members, &[facts.language]);
        }
        if is_about(name, &["speaker", "role"]) {
            return matching(members, &["user", "lead", "customer", "callee", "caller"]);
        }
        if is_about(name, &["urgency", "priority"]) {
            return matching(members, &["normal", "medium", "low"]);
        }
        matching(members, facts.outcome.synonyms())
    }
}
