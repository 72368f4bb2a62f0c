//! Between our types and ElevenLabs' JSON.

use crate::agent::{AgentSpec, Criterion, RemoteAgent};
use crate::outbound::{OutboundCall, Placed};
use crate::wire;
use serde_json::{Value, json};

impl<'a> From<&'a AgentSpec> for wire::Agent<'a> {
    fn from(spec: &'a AgentSpec) -> Self {
        Self {
            name: &spec.name,
            tags: &spec.tags,
            conversation_config: wire::ConversationConfig {
                agent: wire::AgentConfig {
                    first_message: &spec.first_message,
                    language: &spec.language,
                    dynamic_variables: wire::DynamicVariables {
                        dynamic_variable_placeholders: &spec.placeholders,
                    },
                    prompt: wire::PromptConfig {
                        prompt: &spec.system_prompt,
                        llm: spec.llm.as_deref(),
                        built_in_tools: built_in_tools(),
                    },
                },
                tts: wire::Tts { voice_id: spec.voice_id.as_deref(), model_id: voice_model(&spec.language) },
                conversation: spec
                    .max_duration_secs
                    .map(|max_duration_seconds| wire::ConversationLimits { max_duration_seconds }),
            },
            platform_settings: wire::PlatformSettings {
                data_collection: &spec.data_collection,
                evaluation: wire::Evaluation { criteria: spec.evaluation.iter().map(criterion).collect() },
                overrides: overrides(),
                workspace_overrides: spec.post_call_webhook_id.as_deref().map(webhooks),
            },
        }
    }
}

/// The English model speaks English only. It is always named, so that a changed language changes it back.
fn voice_model(language: &str) -> &'static str {
    match language.split(['-', '_']).next() {
        Some(code) if code.eq_ignore_ascii_case("en") => "eleven_flash_v2",
        _ => "eleven_flash_v2_5",
    }
}

/// Hanging up, and telling a voicemail from a person: both are ElevenLabs' own tools.
fn built_in_tools() -> Value {
    json!({
        "end_call": {"type": "system", "name": "end_call", "params": {"system_tool_type": "end_call"}},
        "voicemail_detection": {
            "type": "system",
            "name": "voicemail_detection",
            "params": {"system_tool_type": "voicemail_detection"},
        },
    })
}

/// What a single call may change. All of it is forbidden unless it is named, and a forbidden change fails
/// the call.
fn overrides() -> Value {
    json!({
        "conversation_config_override": {
            "agent": {"first_message": true, "language": true, "prompt": {"prompt": true}},
            "tts": {"voice_id": true},
        },
        "enable_conversation_initiation_client_data_from_webhook": true,
    })
}

fn criterion(criterion: &Criterion) -> wire::Criterion<'_> {
    wire::Criterion {
        id: &criterion.id,
        name: &criterion.name,
        kind: "prompt",
        conversation_goal_prompt: &criterion.prompt,
    }
}

/// Audio is not among the events: it would be larger than what a function can receive.
fn webhooks(post_call_webhook_id: &str) -> wire::WorkspaceOverrides<'_> {
    let events = ["transcript", "call_initiation_failure"];
    wire::WorkspaceOverrides { webhooks: wire::Webhooks { post_call_webhook_id, events } }
}

impl<'a> From<&'a OutboundCall> for wire::OutboundCall<'a> {
    fn from(call: &'a OutboundCall) -> Self {
        let agent = wire::AgentOverride {
            first_message: call.first_message.as_deref(),
            language: call.language.as_deref(),
            prompt: call.prompt.as_deref().map(|prompt| wire::PromptOverride { prompt }),
        };
        let overridden = agent.first_message.is_some() || agent.language.is_some() || agent.prompt.is_some();
        Self {
            agent_id: &call.agent_id,
            agent_phone_number_id: &call.agent_phone_number_id,
            to_number: &call.to_number,
            conversation_initiation_client_data: wire::ClientData {
                user_id: &call.user_id,
                dynamic_variables: &call.dynamic_variables,
                conversation_config_override: overridden.then_some(wire::ConfigOverride { agent }),
            },
            telephony_call_config: call
                .ringing_timeout_secs
                .map(|secs| wire::TelephonyConfig { ringing_timeout_secs: secs.clamp(1, 999) }),
        }
    }
}

impl From<wire::OutboundAnswer> for Placed {
    fn from(answer: wire::OutboundAnswer) -> Self {
        let known = |id: Option<String>| id.filter(|id| !id.is_empty());
        Self {
            conversation_id: known(answer.conversation_id),
            call_sid: known(answer.call_sid).or(known(answer.sip_call_id)),
        }
    }
}

/// The agent in the answer of a get; `None` if there is none in it.
pub(crate) fn remote_agent(body: Value) -> Option<RemoteAgent> {
    let agent_id = body["agent_id"].as_str()?.to_owned();
    Some(RemoteAgent { agent_id, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::{DataKind, DataPoint};

    fn spec() -> AgentSpec {
        AgentSpec {
            name: "Lead caller".to_owned(),
            system_prompt: "Qualify {{lead_name}}.".to_owned(),
            first_message: "Hello {{lead_name}}.".to_owned(),
            language: "hi".to_owned(),
            voice_id: Some("voice_1".to_owned()),
            llm: Some("gemini-2.5-flash".to_owned()),
            tags: vec!["frontdesk".to_owned()],
            data_collection: [(
                "budget".to_owned(),
                DataPoint {
                    kind: DataKind::String,
                    description: "Budget the lead states".to_owned(),
                    enum_values: vec!["low".to_owned(), "high".to_owned()],
                },
            )]
            .into(),
            evaluation: vec![Criterion {
                id: "qualified".to_owned(),
                name: "Qualified".to_owned(),
                prompt: "The lead gave a budget.".to_owned(),
            }],
            post_call_webhook_id: Some("wh_1".to_owned()),
            max_duration_secs: Some(300),
            placeholders: [("lead_name".to_owned(), "there".to_owned())].into(),
        }
    }

    fn call() -> OutboundCall {
        OutboundCall {
            agent_id: "agent_1".to_owned(),
            agent_phone_number_id: "phnum_1".to_owned(),
            to_number: "+919876543210".to_owned(),
            user_id: "att_1".to_owned(),
            dynamic_variables: [("attempt".to_owned(), json!(2)), ("vip".to_owned(), json!(true))].into(),
            prompt: Some("Be brief.".to_owned()),
            first_message: Some("Namaste.".to_owned()),
            language: Some("hi".to_owned()),
            ringing_timeout_secs: Some(40),
        }
    }

    fn agent_body(spec: &AgentSpec) -> Value {
        serde_json::to_value(wire::Agent::from(spec)).unwrap()
    }

    fn call_body(call: &OutboundCall) -> Value {
        serde_json::to_value(wire::OutboundCall::from(call)).unwrap()
    }

    #[test]
    fn a_full_agent_is_written_in_their_words() {
        assert_eq!(
            agent_body(&spec()),
            json!({
                "name": "Lead caller",
                "tags": ["frontdesk"],
                "conversation_config": {
                    "agent": {
                        "first_message": "Hello {{lead_name}}.",
                        "language": "hi",
                        "dynamic_variables": {"dynamic_variable_placeholders": {"lead_name": "there"}},
                        "prompt": {
                            "prompt": "Qualify {{lead_name}}.",
                            "llm": "gemini-2.5-flash",
                            "built_in_tools": built_in_tools(),
                        },
                    },
                    "tts": {"voice_id": "voice_1", "model_id": "eleven_flash_v2_5"},
                    "conversation": {"max_duration_seconds": 300},
                },
                "platform_settings": {
                    "data_collection": {
                        "budget": {
                            "type": "string",
                            "description": "Budget the lead states",
                            "enum": ["low", "high"],
                        },
                    },
                    "evaluation": {"criteria": [{
                        "id": "qualified",
                        "name": "Qualified",
                        "type": "prompt",
                        "conversation_goal_prompt": "The lead gave a budget.",
                    }]},
                    "overrides": overrides(),
                    "workspace_overrides": {"webhooks": {
                        "post_call_webhook_id": "wh_1",
                        "events": ["transcript", "call_initiation_failure"],
                    }},
                },
            })
        );
    }

    #[test]
    fn what_is_absent_is_not_sent() {
        let bare = AgentSpec {
            language: "en".to_owned(),
            voice_id: None,
            llm: None,
            post_call_webhook_id: None,
            max_duration_secs: None,
            ..spec()
        };
        let body = agent_body(&bare);
        assert_eq!(body["conversation_config"]["tts"], json!({"model_id": "eleven_flash_v2"}));
        for (parent, key) in [
            ("/conversation_config", "conversation"),
            ("/conversation_config/agent/prompt", "llm"),
            ("/platform_settings", "workspace_overrides"),
        ] {
            assert!(body.pointer(parent).unwrap().get(key).is_none(), "{parent}/{key}");
        }
        assert!(!body.to_string().contains("null"));
    }

    #[test]
    fn every_way_of_writing_english_is_english() {
        assert_eq!(["en", "en-IN", "EN_us"].map(voice_model), ["eleven_flash_v2"; 3]);
        assert_eq!(["hi", "pt-br", "eng", ""].map(voice_model), ["eleven_flash_v2_5"; 4]);
    }

    #[test]
    fn a_full_call_is_written_in_their_words() {
        assert_eq!(
            call_body(&call()),
            json!({
                "agent_id": "agent_1",
                "agent_phone_number_id": "phnum_1",
                "to_number": "+919876543210",
                "conversation_initiation_client_data": {
                    "user_id": "att_1",
                    "dynamic_variables": {"attempt": 2, "vip": true},
                    "conversation_config_override": {"agent": {
                        "first_message": "Namaste.",
                        "language": "hi",
                        "prompt": {"prompt": "Be brief."},
                    }},
                },
                "telephony_call_config": {"ringing_timeout_secs": 40},
            })
        );
    }

    #[test]
    fn a_plain_call_overrides_nothing() {
        let plain = OutboundCall {
            prompt: None,
            first_message: None,
            language: None,
            ringing_timeout_secs: None,
            ..call()
        };
        let body = call_body(&plain);
        assert!(body.get("telephony_call_config").is_none());
        assert!(body["conversation_initiation_client_data"].get("conversation_config_override").is_none());
        let silent = call_body(&OutboundCall { ringing_timeout_secs: Some(0), ..call() });
        assert_eq!(silent["telephony_call_config"]["ringing_timeout_secs"], 1);
    }

    #[test]
    fn an_agent_is_known_by_its_id() {
        assert_eq!(remote_agent(json!({"name": "x"})), None);
        let agent = remote_agent(json!({"agent_id": "agent_1", "tags": null})).unwrap();
        assert_eq!(agent.agent_id, "agent_1");
    }
}
