//! Requests about callers, as the document shows them. The shapes are ElevenLabs'.

use operations::inbound::Initiation;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// Who calls, in ElevenLabs' words. Whatever is missing is taken as unknown.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `elevenlabs` reads")]
pub(crate) struct CallerQuestion {
    /// The caller's number, or a word such as `anonymous`.
    caller_id: String,
    /// ElevenLabs' id of the agent that answers.
    agent_id: String,
    /// The number that was called.
    called_number: String,
    /// The carrier's id of the call.
    call_sid: String,
}

/// What the agent is to know: `type`, `user_id` (the lead's id, if it is known who calls), `dynamic_variables` (every
/// one, always), and for an agent that was made here `conversation_config_override`.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct CallerAnswer(pub(crate) Initiation);

impl utoipa::PartialSchema for CallerAnswer {
    fn schema() -> RefOr<Schema> {
        let object = || ObjectBuilder::new().schema_type(Type::Object);
        object()
            .property("type", ObjectBuilder::new().schema_type(Type::String))
            .property("user_id", ObjectBuilder::new().schema_type(Type::String))
            .property("dynamic_variables", object())
            .property("conversation_config_override", object())
            .required("type")
            .required("dynamic_variables")
            .into()
    }
}

impl ToSchema for CallerAnswer {}
