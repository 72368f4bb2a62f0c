//! What ElevenLabs' own analysis says of a conversation: success, evaluation criteria, collected data.

use super::agents::Agent;
use super::script::{Scene, Script, email_of};
use serde_json::{Map, Value, json};

/// The `analysis` object of a conversation.
pub(crate) fn analysis(agent: &Agent, script: Script, scene: &Scene) -> Value {
    let settings = &agent.platform_settings;
    let result = result_of(script);
    let criteria = settings.pointer("/evaluation/criteria").and_then(Value::as_array);
    let evaluated: Map<String, Value> = criteria
        .into_iter()
        .flatten()
        .filter_map(|criterion| {
            let id = criterion.get("id")?.as_str()?;
            let verdict = json!({
                "criteria_id": id, "result": result,
                "rationale": format!("Simulated: the callee was {}.", words(script)),
            });
            Some((id.to_owned(), verdict))
        })
        .collect();
    let asked = settings.get("data_collection").and_then(Value::as_object);
    let collected: Map<String, Value> = asked
        .into_iter()
        .flatten()
        .map(|(id, schema)| {
            let value = collect(id, schema, script, scene);
            let rationale =
                if value.is_null() { "Simulated: nothing was said about it." } else { "Simulated: said so." };
            let item = json!({
                "data_collection_id": id, "value": value, "json_schema": schema, "rationale": rationale });
            (id.clone(), item)
        })
        .collect();
    json!({
        "evaluation_criteria_results_list": evaluated.values().collect::<Vec<_>>(),
        "data_collection_results_list": collected.values().collect::<Vec<_>>(),
        "evaluation_criteria_results": evaluated,
        "data_collection_results": collected,
        "call_successful": result,
        "call_success_score": null,
        "transcript_summary": format!("Simulated call. The callee was {}.", words(script)),
        "call_summary_title": format!("Simulated: {}", words(script)),
    })
}

fn result_of(script: Script) -> &'static str {
    match script {
        Script::Interested | Script::Callback | Script::Appointment => "success",
        Script::Voicemail | Script::Silent => "unknown",
        _ => "failure",
    }
}

fn words(script: Script) -> &'static str {
    match script {
        Script::Interested => "interested and asked for details",
        Script::Callback => "busy and asked to be called back on Thursday at 3 pm",
        Script::Appointment => "asking for an appointment on Tuesday at 11 am",
        Script::NotInterested => "not interested",
        Script::Stop => "asking not to be called again",
        Script::WrongNumber => "somebody else: a wrong number",
        Script::Voicemail => "not there: a machine picked up",
        Script::Hostile => "trying to give orders to the system",
        Script::Silent => "silent",
        Script::NoAnswer | Script::Busy | Script::Failed => "not reached",
    }
}

/// A value of the type that was asked for, if the script has something to say about an item of this name.
fn collect(id: &str, schema: &Value, script: Script, scene: &Scene) -> Value {
    let id = id.to_lowercase();
    let about = |words: &[&str]| words.iter().any(|word| id.contains(word));
    let known = if about(&["do_not_call", "opt_out", "unsubscribe", "stop"]) {
        json!(script == Script::Stop)
    } else if about(&["wrong_number"]) {
        json!(script == Script::WrongNumber)
    } else if about(&["callback", "call_back"]) {
        match (schema["type"].as_str(), script) {
            (Some("boolean"), _) => json!(script == Script::Callback),
            (_, Script::Callback) => json!("Thursday at 3 pm"),
            _ => Value::Null,
        }
    } else if about(&["appointment", "meeting", "visit"]) {
        match (schema["type"].as_str(), script) {
            (Some("boolean"), _) => json!(script == Script::Appointment),
            (_, Script::Appointment) => json!("Tuesday at 11 am"),
            _ => Value::Null,
        }
    } else if about(&["budget", "price"]) && script == Script::Interested {
        if schema["type"] == "string" { json!("around 50,000") } else { json!(50_000) }
    } else if about(&["mail"]) && script == Script::Interested {
        json!(email_of(scene))
    } else if about(&["interest", "qualified"]) {
        json!(matches!(script, Script::Interested | Script::Callback | Script::Appointment))
    } else if about(&["name"]) && !scene.first_name.is_empty() && script != Script::WrongNumber {
        json!(scene.first_name)
    } else if about(&["language"]) {
        json!(scene.language.code())
    } else {
        Value::Null
    };
    let fits = match schema["type"].as_str() {
        Some("boolean") => known.is_boolean(),
        Some("integer") => known.is_i64(),
        Some("number") => known.is_number(),
        _ => known.is_string(),
    };
    let members = schema.get("enum").and_then(Value::as_array);
    let script_name = json!(script);
    match members {
        Some(members) if !members.is_empty() => members
            .iter()
            .find(|member| **member == script_name || **member == known)
            .cloned()
            .unwrap_or_default(),
        _ if fits => known,
        _ => Value::Null,
    }
}
