//! Dynamic variables and overrides: what an agent says on one particular call.

use super::agents::Agent;
use serde_json::{Map, Value};

/// The values behind `{{name}}` on one call.
#[derive(Debug, Clone)]
pub(crate) struct Variables(Map<String, Value>);

impl Variables {
    /// The agent's placeholders, over them what the request gave, over both what the service itself knows.
    pub(crate) fn gather(agent: &Agent, client_data: &Value, system: Vec<(&str, Value)>) -> Self {
        let placeholders =
            agent.conversation_config.pointer("/agent/dynamic_variables/dynamic_variable_placeholders");
        let given = client_data.get("dynamic_variables");
        let mut all = Map::new();
        for source in [placeholders, given].into_iter().flatten().filter_map(Value::as_object) {
            let usable = source
                .iter()
                .filter(|(_, value)| !(value.is_object() || value.is_array() || value.is_null()));
            all.extend(usable.map(|(name, value)| (name.clone(), value.clone())));
        }
        all.extend(system.into_iter().map(|(name, value)| (format!("system__{name}"), value)));
        Self(all)
    }

    /// All values by name, as the conversation shows them.
    pub(crate) fn to_json(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// The names that a text uses and that have no value.
    pub(crate) fn missing_in(&self, text: &str) -> Vec<String> {
        let mut missing: Vec<String> = pieces(text)
            .filter_map(|piece| match piece {
                Piece::Variable(name) if !self.0.contains_key(name) => Some(name.to_owned()),
                _ => None,
            })
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// The text with every variable replaced by its value.
    pub(crate) fn render(&self, text: &str) -> String {
        pieces(text)
            .map(|piece| match piece {
                Piece::Text(text) => text.to_owned(),
                Piece::Variable(name) => match self.0.get(name) {
                    Some(Value::String(value)) => value.clone(),
                    Some(value) => value.to_string(),
                    None => String::new(),
                },
            })
            .collect()
    }

    /// How to address the callee, as far as the variables tell; empty if they do not.
    pub(crate) fn first_name(&self) -> String {
        const NAMES: [&str; 10] = [
            "first_name",
            "lead_first_name",
            "customer_first_name",
            "contact_first_name",
            "lead_name",
            "customer_name",
            "contact_name",
            "full_name",
            "user_name",
            "name",
        ];
        let named = NAMES.iter().filter_map(|name| self.0.get(*name).and_then(Value::as_str));
        named.flat_map(str::split_whitespace).next().unwrap_or_default().to_owned()
    }
}

enum Piece<'a> {
    Text(&'a str),
    Variable(&'a str),
}

/// Cuts a text at its `{{name}}`s; braces around anything that is not a name are text.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut from) = (text, 0);
    while let Some(open) = rest[from..].find("{{").map(|at| at + from) {
        let Some(close) = rest[open..].find("}}").map(|at| at + open) else {
            break;
        };
        let name = rest[open + 2..close].trim();
        if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            found.push(Piece::Text(&rest[..open]));
            found.push(Piece::Variable(name));
            (rest, from) = (&rest[close + 2..], 0);
        } else {
            from = open + 2;
        }
    }
    found.push(Piece::Text(rest));
    found.into_iter()
}

/// The text that is in force at `pointer` of `conversation_config`: the call's override, or, for the first
/// message, the preset of the call's language, or the agent's own.
pub(crate) fn effective(agent: &Agent, client_data: &Value, pointer: &str) -> String {
    let overridden = |pointer: &str| {
        let all = client_data.get("conversation_config_override")?;
        all.pointer(pointer).and_then(Value::as_str)
    };
    let preset = || {
        let language = overridden("/agent/language")?;
        let presets = agent.conversation_config.get("language_presets")?;
        presets.get(language)?.get("overrides")?.pointer(pointer)?.as_str()
    };
    overridden(pointer).or_else(preset).unwrap_or_else(|| agent.config_text(pointer)).to_owned()
}

/// Why the call's overrides fail it: the first that the agent does not permit.
pub(crate) fn forbidden_override(agent: &Agent, client_data: &Value) -> Option<String> {
    let permissions = agent.platform_settings.get("overrides").unwrap_or(&Value::Null);
    let refused = |field: &str| format!("Override for field '{field}' is not allowed by config.");
    let body = client_data.get("custom_llm_extra_body").and_then(Value::as_object);
    if body.is_some_and(|body| !body.is_empty())
        && permissions.get("custom_llm_extra_body") != Some(&Value::Bool(true))
    {
        return Some(refused("custom_llm_extra_body"));
    }
    let sent = client_data.get("conversation_config_override")?;
    let permitted = permissions.get("conversation_config_override").unwrap_or(&Value::Null);
    first_forbidden(sent, permitted).map(|field| refused(&field))
}

fn first_forbidden(sent: &Value, permitted: &Value) -> Option<String> {
    sent.as_object()?.iter().find_map(|(name, value)| match (value, permitted.get(name)) {
        (Value::Null, _) | (_, Some(Value::Bool(true))) => None,
        (Value::Object(_), inner) => first_forbidden(value, inner.unwrap_or(&Value::Null)),
        _ => Some(name.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_shows_values_and_names_what_is_missing() {
        let variables = Variables(json!({ "lead_name": "Asha Rao", "n": 2 }).as_object().cloned().unwrap());
        assert_eq!(
            variables.render("Hello {{ lead_name }}, {{n}}{{not a name}} {{"),
            "Hello Asha Rao, 2{{not a name}} {{"
        );
        assert_eq!(variables.missing_in("{{b}} {{a}} {{b}} {{n}}"), ["a", "b"]);
        assert_eq!(variables.first_name(), "Asha");
    }
}
