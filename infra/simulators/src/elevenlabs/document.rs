//! The JSON of a call: the conversation object and the data of a failed initiation.

use super::agents::Agent;
use super::calls::{Carrier, Course, Order, failure_reason};
use super::conversations::Status;
use super::phrases::Language;
use super::script::{Line, Script, Speaker, Tool};
use super::variables::{Variables, effective};
use crate::random_hex;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The number that every simulated call comes from: one of Twilio's own test numbers.
pub(crate) const AGENT_NUMBER: &str = "+15005550006";

/// The conversation object as it is in the end.
pub(crate) fn document(
    order: &Order,
    conversation_id: &str,
    to_number: &str,
    sid: &str,
    variables: &Variables,
    course: &Course,
) -> Value {
    let agent = &order.agent;
    let has_audio = course.play.is_some();
    let lines = course.play.as_ref().map_or(&[][..], |play| &play.lines);
    let secs = course.play.as_ref().map_or(0, |play| play.secs);
    let mut client_data = order.client_data().clone();
    if !client_data.is_object() {
        client_data = json!({});
    }
    for (name, default) in [("conversation_config_override", json!({})), ("custom_llm_extra_body", json!({}))]
    {
        if client_data.get(name).is_none_or(Value::is_null) {
            client_data[name] = default;
        }
    }
    client_data["user_id"] = order.client_data()["user_id"].clone();
    client_data["source_info"] = json!({ "source": order.source(), "version": null });
    client_data["dynamic_variables"] = variables.to_json();
    json!({
        "agent_id": agent.agent_id,
        "agent_name": agent.name,
        "conversation_id": conversation_id,
        "conversation_product": "agent",
        // Replaced by the status of the moment.
        "status": if course.error.is_some() { Status::Failed } else { Status::Done },
        "user_id": order.client_data()["user_id"],
        "branch_id": agent.branch_id(),
        "version_id": agent.version_id(),
        "environment": "production",
        "has_audio": has_audio,
        "has_user_audio": has_audio,
        "has_response_audio": has_audio,
        "has_auxiliary_audio": false,
        "transcript": lines.iter().enumerate().map(|(n, line)| turn(n, line, agent)).collect::<Vec<_>>(),
        "metadata": {
            "start_time_unix_secs": order.now.as_second(),
            "accepted_time_unix_secs": course.accepted_ms.map(|ms| ms / 1000),
            "call_duration_secs": secs,
            // About 667 credits a minute.
            "cost": secs * 667 / 60,
            "cost_fiat": null,
            "deletion_settings": { "delete_transcript_and_pii": false, "delete_audio": false },
            "feedback": { "likes": 0, "dislikes": 0 },
            "authorization_method": "authorization_header",
            "charging": { "dev_discount": false, "is_burst": false, "tier": "simulator" },
            "phone_call": phone_call(order, to_number, sid),
            "batch_call": null,
            "termination_reason": course.play.as_ref().map_or_else(
                || course.error.as_ref().map(|(_, reason)| reason.clone()).unwrap_or_default(),
                |play| play.termination_reason.to_owned()),
            "error": course.error.as_ref().map(|(code, reason)| json!({ "code": code, "reason": reason })),
            "warnings": [],
            "main_language": Language::of_code(&effective(agent, order.client_data(), "/agent/language")).code(),
            "text_only": false,
            "features_usage": {
                "voicemail_detection": {
                    "enabled": agent.has_tool("voicemail_detection"),
                    "used": lines.iter().any(|line| matches!(line.tool, Some(Tool::VoicemailDetection { .. }))),
                },
            },
            "conversation_initiation_source": order.source(),
            "timezone": null,
        },
        "analysis": course.analysis,
        "conversation_initiation_client_data": client_data,
        "tag_ids": [],
    })
}

fn turn(n: usize, line: &Line, agent: &Agent) -> Value {
    // The real service sends both null and [] for "none".
    let none = if n.is_multiple_of(2) { Value::Null } else { json!([]) };
    let mut turn = json!({
        "role": line.speaker,
        "message": line.text,
        "time_in_call_secs": line.at_secs,
        "tool_calls": none,
        "tool_results": none,
        "feedback": null,
        "interrupted": false,
        "source_medium": "audio",
        "conversation_turn_metrics": null,
        "llm_usage": null,
        "agent_metadata": null,
    });
    if line.speaker == Speaker::Agent {
        turn["agent_metadata"] = json!({ "agent_id": agent.agent_id });
    }
    let (name, parameters, result) = match &line.tool {
        None => return turn,
        Some(Tool::EndCall) => {
            let reason = "The conversation has come to its end.";
            let result = json!({ "result_type": "end_call_success", "status": "success", "reason": reason });
            ("end_call", json!({ "reason": reason }), result)
        }
        Some(Tool::VoicemailDetection { message }) => {
            let reason = "An automated greeting was heard.";
            let result = json!({ "result_type": "voicemail_detection_success", "status": "success",
                                 "voicemail_message": message, "reason": reason });
            ("voicemail_detection", json!({ "reason": reason }), result)
        }
    };
    let request_id = format!("{name}_{}", random_hex::<8>());
    turn["tool_calls"] = json!([{
        "type": "system", "request_id": request_id, "tool_name": name,
        "params_as_json": parameters.to_string(), "tool_has_been_called": true, "tool_details": null,
    }]);
    turn["tool_results"] = json!([{
        "type": "system", "request_id": request_id, "tool_name": name, "result_value": result.to_string(),
        "is_error": false, "tool_has_been_called": true, "tool_latency_secs": 0.0, "result": result,
    }]);
    turn
}

fn phone_call(order: &Order, to_number: &str, sid: &str) -> Value {
    let mut call = json!({
        "type": if order.carrier == Carrier::SipTrunk { "sip_trunking" } else { order.source() },
        "direction": "outbound",
        "phone_number_id": order.body["agent_phone_number_id"],
        "agent_number": AGENT_NUMBER,
        "external_number": to_number,
        "call_sid": sid,
    });
    match order.carrier {
        Carrier::SipTrunk => call["call_id"] = Value::Null,
        Carrier::Twilio | Carrier::Exotel => call["stream_sid"] = json!(format!("MZ{}", random_hex::<16>())),
    }
    call
}

/// The `data` of `call_initiation_failure`: neither user id nor dynamic variables.
pub(crate) fn initiation_failure(
    order: &Order,
    conversation_id: &str,
    to_number: &str,
    sid: &str,
    script: Script,
    course: &Course,
) -> Value {
    let (reason, sip_status) = failure_reason(script).unwrap_or(("unknown", 500));
    let call_status = if reason == "unknown" { "failed" } else { reason };
    let at_ms = course.stages.last().map_or(0, |stage| stage.at_ms);
    let at = Timestamp::from_millisecond(at_ms).unwrap_or(order.now);
    let (kind, body) = match order.carrier {
        Carrier::SipTrunk => (
            "sip",
            json!({ "from_number": AGENT_NUMBER, "to_number": to_number, "sip_status_code": sip_status,
                    "error_reason": format!("SIP {sip_status}: {call_status}"), "call_sid": sid }),
        ),
        // Twilio's status callback: a form, so every value is a string.
        Carrier::Twilio => (
            "twilio",
            json!({
                "CallSid": sid, "AccountSid": "AC00000000000000000000000000000000", "ApiVersion": "2010-04-01",
                "From": AGENT_NUMBER, "Caller": AGENT_NUMBER, "To": to_number, "Called": to_number,
                "Direction": "outbound-api", "CallStatus": call_status,
                "SipResponseCode": sip_status.to_string(), "Duration": "0", "CallDuration": "0",
                "SequenceNumber": "0", "CallbackSource": "call-progress-events",
                "Timestamp": at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string(),
                "FromCountry": "US", "FromState": "", "FromCity": "", "FromZip": "",
                "ToCountry": "", "ToState": "", "ToCity": "", "ToZip": "",
            }),
        ),
        Carrier::Exotel => (
            "exotel",
            json!({ "CallSid": sid, "Status": call_status, "From": AGENT_NUMBER, "To": to_number }),
        ),
    };
    json!({
        "agent_id": order.agent.agent_id,
        "conversation_id": conversation_id,
        "failure_reason": reason,
        "metadata": { "type": kind, "body": body },
    })
}
