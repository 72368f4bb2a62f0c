//! What ElevenLabs reports after a call.

use crate::conversation::Conversation;
use crate::lenient;
use crate::open_enum::open_enum;
use bytes::Bytes;
use jiff::Timestamp;
use provider::{Verified, sha256_hex};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A body that is not ElevenLabs' envelope: an object with a text `type` and an object `data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not an ElevenLabs event")]
pub struct NotAnEvent;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What happened, as ElevenLabs names it.
    pub kind: String,
    /// When ElevenLabs made the event.
    pub event_timestamp: Option<Timestamp>,
    /// What it says.
    pub body: EventBody,
    subject: String,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq)]
pub enum EventBody {
    /// `post_call_transcription`: the conversation is over and analysed.
    Conversation(Box<Conversation>),
    /// `call_initiation_failure`: nobody was reached. It carries no `user_id`.
    InitiationFailure {
        /// ElevenLabs' id of the agent.
        agent_id: String,
        /// ElevenLabs' id of the conversation; empty if it was not told.
        conversation_id: String,
        /// Why.
        reason: FailureReason,
    },
    /// `answering_machine_detection`: the carrier says who or what picked up. What the event looks like is
    /// published nowhere, so its verdict is looked for wherever it may stand.
    MachineDetection {
        /// ElevenLabs' id of the conversation; empty if it was not told.
        conversation_id: String,
        /// Our id of the attempt, if it was told.
        user_id: Option<String>,
        /// Whether a machine picked up; `None` if the event does not say so.
        is_machine: Option<bool>,
    },
    /// Something that we did not ask for, or that is new.
    Other,
}

open_enum! {
    /// Why a call reached nobody.
    FailureReason {
        /// The line was busy.
        Busy = "busy",
        /// It rang, and nobody answered.
        NoAnswer = "no-answer",
        /// ElevenLabs does not know.
        Unknown = "unknown",
    }
}

impl Event {
    /// Reads a body whose signature was checked.
    pub fn parse(body: &Verified<Bytes>) -> Result<Self, NotAnEvent> {
        let bytes: &Bytes = body.as_ref();
        let envelope: Envelope = serde_json::from_slice(bytes).map_err(|_| NotAnEvent)?;
        let subject = match envelope.data.get("conversation_id").and_then(Value::as_str) {
            Some(id) if !id.is_empty() => id.to_owned(),
            _ => sha256_hex(bytes),
        };
        Ok(Self {
            event_timestamp: envelope.event_timestamp.and_then(|secs| Timestamp::from_second(secs).ok()),
            body: EventBody::read(&envelope.kind, envelope.data)?,
            kind: envelope.kind,
            subject,
        })
    }

    /// What a repetition of the event has in common with it: its type and the conversation, or the SHA-256 of
    /// the body where no conversation is named.
    pub fn dedupe_key(&self) -> String {
        dedupe_key(&self.kind, &self.subject)
    }
}

/// The [`Event::dedupe_key`] of every event about a conversation that we read.
pub fn dedupe_keys(conversation_id: &str) -> [String; 3] {
    [TRANSCRIPTION, FAILURE, MACHINE].map(|kind| dedupe_key(kind, conversation_id))
}

fn dedupe_key(kind: &str, subject: &str) -> String {
    format!("{kind}:{subject}")
}

const TRANSCRIPTION: &str = "post_call_transcription";
const FAILURE: &str = "call_initiation_failure";
const MACHINE: &str = "answering_machine_detection";

impl EventBody {
    fn read(kind: &str, data: Map<String, Value>) -> Result<Self, NotAnEvent> {
        let data = Value::Object(data);
        match kind {
            TRANSCRIPTION => {
                Conversation::deserialize(data).map(Box::new).map(Self::Conversation).map_err(|_| NotAnEvent)
            }
            FAILURE => {
                let InitiationFailure { agent_id, conversation_id, failure_reason } =
                    InitiationFailure::deserialize(data).map_err(|_| NotAnEvent)?;
                Ok(Self::InitiationFailure { agent_id, conversation_id, reason: failure_reason })
            }
            MACHINE => {
                let text = |name| data[name].as_str().map(str::to_owned);
                Ok(Self::MachineDetection {
                    conversation_id: text("conversation_id").unwrap_or_default(),
                    user_id: text("user_id"),
                    is_machine: answered_by(&data).and_then(is_machine),
                })
            }
            _ => Ok(Self::Other),
        }
    }
}

/// Twilio's verdict, under its own name or in snake case, at whatever depth.
fn answered_by(data: &Value) -> Option<&str> {
    match data {
        Value::Object(fields) => {
            let own = ["answered_by", "AnsweredBy"].iter().find_map(|name| fields.get(*name)?.as_str());
            own.or_else(|| fields.values().find_map(answered_by))
        }
        Value::Array(items) => items.iter().find_map(answered_by),
        _ => None,
    }
}

/// Twilio's words: `human`, `fax`, `unknown`, `machine_start`, `machine_end_beep` and the like.
fn is_machine(answered_by: &str) -> Option<bool> {
    match answered_by {
        "human" => Some(false),
        "fax" => Some(true),
        word => word.starts_with("machine").then_some(true),
    }
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "lenient::whole")]
    event_timestamp: Option<i64>,
    data: Map<String, Value>,
}

#[derive(Deserialize)]
struct InitiationFailure {
    #[serde(default, deserialize_with = "lenient::value")]
    agent_id: String,
    #[serde(default, deserialize_with = "lenient::value")]
    conversation_id: String,
    #[serde(default, deserialize_with = "lenient::value")]
    failure_reason: FailureReason,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{ConversationStatus, Direction, Role, Verdict};
    use serde_json::json;

    fn parse(body: &[u8]) -> Result<Event, NotAnEvent> {
        Event::parse(&Verified::assert_stored(Bytes::copy_from_slice(body)))
    }

    fn parse_json(body: Value) -> Result<Event, NotAnEvent> {
        parse(body.to_string().as_bytes())
    }

    fn conversation(event: Event) -> Conversation {
        match event.body {
            EventBody::Conversation(conversation) => *conversation,
            other => panic!("{other:?}"),
        }
    }

    fn transcription(data: Value) -> Conversation {
        conversation(parse_json(json!({"type": "post_call_transcription", "data": data})).unwrap())
    }

    #[test]
    fn a_recorded_transcription_is_read() {
        let event = parse(include_bytes!("../fixtures/post_call_transcription.json")).unwrap();
        assert_eq!(event.dedupe_key(), "post_call_transcription:conv_7201kaf0s1m2e8k9zq4r5t6v7w8x");
        assert_eq!(event.event_timestamp, "2026-11-21T10:02:05Z".parse().ok());

        let conversation = conversation(event);
        assert_eq!(conversation.status, ConversationStatus::Done);
        assert_eq!(conversation.user_id.as_deref(), Some("att_01JD3Q8XKZ5V9T2M4N6P8R0SAB_1"));
        let [greeting, answer, goodbye] = &conversation.transcript[..] else { panic!("three turns") };
        assert_eq!((&greeting.role, greeting.tool_calls.len()), (&Role::Agent, 0));
        assert_eq!((&answer.role, answer.time_in_call_secs), (&Role::User, Some(6)));
        assert_eq!(goodbye.tool_calls[0].tool_name, "end_call");
        assert_eq!(goodbye.message, None);

        let metadata = &conversation.metadata;
        assert_eq!((metadata.call_duration_secs, metadata.cost), (Some(42), Some(296.0)));
        let phone = metadata.phone_call.as_ref().unwrap();
        assert_eq!(
            (&phone.direction, phone.external_number.as_deref()),
            (&Direction::Outbound, Some("+919876543210"))
        );

        let analysis = conversation.analysis.unwrap();
        assert_eq!(analysis.call_successful, Verdict::Success);
        assert_eq!(analysis.evaluation_criteria_results["qualified"].result, Verdict::Success);
        assert_eq!(analysis.data_collection_results["budget"], json!("80 lakh"));
        assert_eq!(analysis.data_collection_results["visit_day"], Value::Null);
    }

    #[test]
    fn a_recorded_failure_is_read() {
        let event = parse(include_bytes!("../fixtures/call_initiation_failure.json")).unwrap();
        assert_eq!(event.dedupe_key(), "call_initiation_failure:conv_7201kaf0s1m2e8k9zq4r5t6v7w8x");
        let expected = EventBody::InitiationFailure {
            agent_id: "agent_3401kaf0r9p8d7c6b5a4z3y2x1w0".to_owned(),
            conversation_id: "conv_7201kaf0s1m2e8k9zq4r5t6v7w8x".to_owned(),
            reason: FailureReason::NoAnswer,
        };
        assert_eq!(event.body, expected);
    }

    #[test]
    fn nulls_and_gaps_are_read_as_nothing() {
        let empty = transcription(json!({}));
        assert_eq!((empty.conversation_id.as_str(), empty.status), ("", ConversationStatus::default()));
        let keys = ["agent_id", "conversation_id", "status", "user_id", "transcript", "metadata", "analysis"];
        let nulls = keys.into_iter().map(|key| (key.to_owned(), Value::Null)).collect::<Map<_, _>>();
        assert_eq!(transcription(nulls.into()), transcription(json!({})));

        let sparse = transcription(json!({
            "transcript": [{"role": "agent", "message": null, "time_in_call_secs": null, "tool_calls": null},
                {"tool_calls": [{"tool_name": "end_call"}]}, null],
            "metadata": {"phone_call": null, "error": null, "cost": null},
            "analysis": {"data_collection_results": null, "evaluation_criteria_results": null},
        }));
        assert_eq!(sparse.transcript.len(), 2);
        assert_eq!(sparse.transcript[1].tool_calls[0].params_as_json, "");
        assert!(sparse.analysis.unwrap().data_collection_results.is_empty());
    }

    #[test]
    fn what_is_new_or_of_another_type_is_kept_or_dropped() {
        let odd = transcription(json!({
            "conversation_id": "conv_1",
            "status": "paused",
            "user_id": 7,
            "new_field": {"a": 1},
            "transcript": [{"role": "supervisor", "message": {"text": "hi"}, "time_in_call_secs": 1.9}],
            "metadata": {"cost": 12, "call_duration_secs": "long", "error": {"code": 1002, "reason": null},
                "phone_call": {"direction": "sideways", "call_sid": 5}},
            "analysis": {
                "call_successful": "partial",
                "data_collection_results": {"a": 1, "b": {"value": [1]}},
            },
        }));
        assert_eq!(odd.status, ConversationStatus::Other("paused".to_owned()));
        assert!(!odd.status.is_final());
        assert_eq!(odd.user_id, None);
        assert_eq!(odd.transcript[0].role, Role::Other("supervisor".to_owned()));
        assert_eq!((odd.transcript[0].time_in_call_secs, &odd.transcript[0].message), (Some(1), &None));
        assert_eq!((odd.metadata.cost, odd.metadata.call_duration_secs), (Some(12.0), None));
        assert_eq!(odd.metadata.error.unwrap().code, Some(1002));
        assert_eq!(odd.metadata.phone_call.unwrap().direction.as_str(), "sideways");
        let analysis = odd.analysis.unwrap();
        assert_eq!(analysis.call_successful.as_str(), "partial");
        assert_eq!(analysis.data_collection_results["a"], Value::Null);
        assert_eq!(analysis.data_collection_results["b"], json!([1]));
    }

    #[test]
    fn a_machine_is_told_from_a_person_wherever_the_verdict_stands() {
        let verdict = |data: Value| {
            let event = parse_json(json!({"type": "answering_machine_detection", "data": data})).unwrap();
            assert!(event.dedupe_key().starts_with("answering_machine_detection:"));
            let EventBody::MachineDetection { conversation_id, is_machine, .. } = event.body else {
                panic!("{:?}", event.body)
            };
            (conversation_id, is_machine)
        };
        let known = |is_machine| ("conv_1".to_owned(), is_machine);
        let said = |word: &str| json!({"conversation_id": "conv_1", "answered_by": word});
        assert_eq!(verdict(said("machine_end_beep")), known(Some(true)));
        assert_eq!(verdict(said("fax")), known(Some(true)));
        assert_eq!(verdict(said("human")), known(Some(false)));
        assert_eq!(verdict(said("unknown")), known(None));
        let deep = json!({"conversation_id": "conv_1",
            "metadata": {"type": "twilio", "body": {"CallSid": "CA1", "AnsweredBy": "machine_start"}}});
        assert_eq!(verdict(deep), known(Some(true)));
        assert_eq!(verdict(json!({"answered_by": 7})), (String::new(), None));
    }

    #[test]
    fn another_event_is_known_by_its_conversation_or_its_body() {
        let other = parse_json(json!({"type": "agent_qa", "data": {"conversation_id": "conv_1"}})).unwrap();
        assert_eq!((other.dedupe_key().as_str(), &other.body), ("agent_qa:conv_1", &EventBody::Other));
        let news = |n| parse_json(json!({"type": "news", "data": {"n": n}})).unwrap().dedupe_key();
        assert_eq!(news(1), news(1));
        assert_ne!(news(1), news(2));
    }

    #[test]
    fn a_failure_may_have_a_new_reason() {
        let data = json!({"conversation_id": "conv_1", "failure_reason": "rejected"});
        let event =
            parse_json(json!({"type": "call_initiation_failure", "event_timestamp": "x", "data": data}));
        let event = event.unwrap();
        assert_eq!(event.event_timestamp, None);
        let EventBody::InitiationFailure { reason, .. } = event.body else { panic!("a failure") };
        assert_eq!(reason, FailureReason::Other("rejected".to_owned()));
    }

    #[test]
    fn anything_but_the_envelope_is_an_error() {
        for body in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"type":"x"}"#,
            r#"{"type":1,"data":{}}"#,
            r#"{"type":"x","data":[]}"#,
            "{\"type\":\"x\",\"data\":{}",
        ] {
            assert_eq!(parse(body.as_bytes()), Err(NotAnEvent), "{body}");
        }
    }
}
