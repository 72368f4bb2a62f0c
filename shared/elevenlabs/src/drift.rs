//! Whether an agent at ElevenLabs still is what we made it.
//!
//! Only what we send is compared, and it is compared with tolerance: the service fills in what was left out,
//! writes defaults as null or not at all, and adds fields of its own. What people may add in its console without
//! harm (tags, placeholders, further permissions) is no difference either.

use crate::agent::{AgentSpec, ManagedField, RemoteAgent};
use crate::wire;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Each field, and where it stands in what we send and in what ElevenLabs shows.
const PLACES: [(ManagedField, &str); 14] = [
    (ManagedField::Name, "/name"),
    (ManagedField::SystemPrompt, "/conversation_config/agent/prompt/prompt"),
    (ManagedField::FirstMessage, "/conversation_config/agent/first_message"),
    (ManagedField::Language, "/conversation_config/agent/language"),
    (ManagedField::VoiceId, "/conversation_config/tts/voice_id"),
    (ManagedField::Llm, "/conversation_config/agent/prompt/llm"),
    (ManagedField::Tags, "/tags"),
    (ManagedField::DataCollection, "/platform_settings/data_collection"),
    (ManagedField::Evaluation, "/platform_settings/evaluation/criteria"),
    (ManagedField::PostCallWebhook, "/platform_settings/workspace_overrides/webhooks"),
    (ManagedField::MaxDuration, "/conversation_config/conversation/max_duration_seconds"),
    (
        ManagedField::Placeholders,
        "/conversation_config/agent/dynamic_variables/dynamic_variable_placeholders",
    ),
    (ManagedField::Overrides, "/platform_settings/overrides"),
    (ManagedField::Tools, "/conversation_config/agent/prompt/built_in_tools"),
];

impl RemoteAgent {
    /// The fields in which the agent is not what `spec` says. What the spec leaves to ElevenLabs is not compared.
    pub fn drift(&self, spec: &AgentSpec) -> Vec<ManagedField> {
        let sent = serde_json::to_value(wire::Agent::from(spec)).unwrap_or_default();
        let differs = |field: ManagedField, place: &str| {
            let Some(sent) = sent.pointer(place) else { return false };
            let there = self.body.pointer(place).unwrap_or(&Value::Null);
            !match field {
                ManagedField::Tags => texts(sent).is_subset(&texts(there)),
                ManagedField::DataCollection => points(sent) == points(there),
                ManagedField::Evaluation => criteria(sent) == criteria(there),
                _ => holds(sent, there),
            }
        };
        PLACES.into_iter().filter(|(field, place)| differs(*field, place)).map(|(field, _)| field).collect()
    }
}

/// Whether all that was sent is there; what is there besides does not count.
fn holds(sent: &Value, there: &Value) -> bool {
    match (sent, there) {
        (Value::Object(sent), there) => {
            sent.iter().all(|(name, value)| holds(value, there.get(name).unwrap_or(&Value::Null)))
        }
        (Value::Array(_), _) => texts(sent) == texts(there),
        // A default may be written as null or left out.
        (Value::String(text), Value::Null) => text.is_empty(),
        (Value::Bool(on), Value::Null) => !on,
        // 300 and 300.0 are one number.
        (Value::Number(sent), Value::Number(there)) => sent.as_f64() == there.as_f64(),
        (sent, there) => sent == there,
    }
}

fn texts(list: &Value) -> BTreeSet<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Type, description and allowed values of each data point, by its id.
fn points(map: &Value) -> BTreeMap<&str, (&str, &str, BTreeSet<&str>)> {
    let map = map.as_object().into_iter().flatten();
    map.map(|(id, point)| {
        (id.as_str(), (text(point, "type"), text(point, "description"), texts(&point["enum"])))
    })
    .collect()
}

/// Name and goal of each criterion, by its id.
fn criteria(list: &Value) -> BTreeMap<&str, (&str, &str)> {
    let list = list.as_array().into_iter().flatten();
    list.map(|one| (text(one, "id"), (text(one, "name"), text(one, "conversation_goal_prompt")))).collect()
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::{Criterion, DataKind, DataPoint};
    use crate::convert;
    use serde_json::json;

    fn spec() -> AgentSpec {
        let budget = DataPoint {
            kind: DataKind::String,
            description: "What they can spend".to_owned(),
            enum_values: Vec::new(),
        };
        AgentSpec {
            name: "Lead caller".to_owned(),
            system_prompt: "Qualify {{lead_name}}.".to_owned(),
            first_message: String::new(),
            language: "hi".to_owned(),
            voice_id: None,
            llm: Some("gemini-2.5-flash".to_owned()),
            tags: vec!["frontdesk".to_owned(), "agt_1".to_owned()],
            data_collection: [("budget".to_owned(), budget)].into(),
            evaluation: vec![Criterion {
                id: "qualified".to_owned(),
                name: "Qualified".to_owned(),
                prompt: "A budget was named.".to_owned(),
            }],
            post_call_webhook_id: Some("wh_1".to_owned()),
            max_duration_secs: Some(300),
            placeholders: [("lead_name".to_owned(), String::new())].into(),
        }
    }

    /// The agent as the service shows it after it was sent: with its own additions, and defaults in other clothes.
    fn shown() -> Value {
        let mut body = serde_json::to_value(wire::Agent::from(&spec())).unwrap();
        body["agent_id"] = json!("agent_1");
        body["tags"] = json!(["somebody's", "agt_1", "frontdesk"]);
        let config = &mut body["conversation_config"];
        config["agent"]["first_message"] = Value::Null;
        config["agent"]["prompt"]["temperature"] = json!(0.0);
        config["agent"]["prompt"]["built_in_tools"]["skip_turn"] = Value::Null;
        config["agent"]["prompt"]["built_in_tools"]["end_call"]["description"] = json!("");
        config["agent"]["dynamic_variables"]["dynamic_variable_placeholders"] =
            json!({"city": "Pune", "lead_name": null});
        config["tts"]["voice_id"] = json!("the service's choice");
        config["conversation"]["max_duration_seconds"] = json!(300.0);
        let settings = &mut body["platform_settings"];
        settings["data_collection"]["budget"]["enum"] = Value::Null;
        settings["data_collection"]["budget"]["dynamic_variable"] = json!("");
        settings["evaluation"]["criteria"][0]["use_knowledge_base"] = json!(false);
        settings["overrides"]["custom_llm_extra_body"] = json!(true);
        settings["workspace_overrides"]["webhooks"]["transcript_format"] = json!("json");
        settings["workspace_overrides"]["webhooks"]["events"] =
            json!(["call_initiation_failure", "transcript"]);
        body
    }

    fn drift(body: Value) -> Vec<ManagedField> {
        convert::remote_agent(body).unwrap().drift(&spec())
    }

    #[test]
    fn what_the_service_adds_or_defaults_is_no_drift() {
        assert_eq!(drift(shown()), []);
    }

    #[test]
    fn every_field_that_was_changed_there_is_named() {
        let cases = [
            (ManagedField::Name, "/name", json!("Renamed")),
            (ManagedField::SystemPrompt, "/conversation_config/agent/prompt/prompt", json!("Sell.")),
            (ManagedField::FirstMessage, "/conversation_config/agent/first_message", json!("Hi")),
            (ManagedField::Language, "/conversation_config/agent/language", json!("en")),
            (ManagedField::Llm, "/conversation_config/agent/prompt/llm", json!("gpt-5.4-mini")),
            (ManagedField::Tags, "/tags", json!(["agt_1"])),
            (ManagedField::DataCollection, "/platform_settings/data_collection/budget/type", json!("number")),
            (ManagedField::DataCollection, "/platform_settings/data_collection/budget/enum", json!(["low"])),
            (
                ManagedField::DataCollection,
                "/platform_settings/data_collection",
                json!({"budget": shown()["platform_settings"]["data_collection"]["budget"], "more": {"type": "string"}}),
            ),
            (ManagedField::Evaluation, "/platform_settings/evaluation/criteria", json!([])),
            (
                ManagedField::PostCallWebhook,
                "/platform_settings/workspace_overrides/webhooks/post_call_webhook_id",
                Value::Null,
            ),
            (
                ManagedField::PostCallWebhook,
                "/platform_settings/workspace_overrides/webhooks/events",
                json!(["transcript", "call_initiation_failure", "audio"]),
            ),
            (ManagedField::MaxDuration, "/conversation_config/conversation/max_duration_seconds", json!(600)),
            (
                ManagedField::Placeholders,
                "/conversation_config/agent/dynamic_variables/dynamic_variable_placeholders",
                json!({"lead_name": "Asha"}),
            ),
            (
                ManagedField::Overrides,
                "/platform_settings/overrides/conversation_config_override/agent/prompt",
                json!({"prompt": false}),
            ),
            (ManagedField::Tools, "/conversation_config/agent/prompt/built_in_tools/end_call", Value::Null),
        ];
        for (field, place, value) in cases {
            let mut body = shown();
            *body.pointer_mut(place).unwrap() = value;
            assert_eq!(drift(body), [field], "{place}");
        }
    }

    #[test]
    fn an_agent_of_which_nothing_is_told_differs_in_all_that_was_said() {
        let fields = drift(json!({"agent_id": "agent_1"}));
        assert!(!fields.contains(&ManagedField::VoiceId), "left to the service");
        assert!(!fields.contains(&ManagedField::FirstMessage), "empty is the default");
        assert!(!fields.contains(&ManagedField::Placeholders), "empty is the default");
        assert_eq!(fields.len(), PLACES.len() - 3);
    }
}
