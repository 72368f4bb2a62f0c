//! A call that an agent makes.

use serde_json::Value;
use std::collections::BTreeMap;

/// Who carries the call. It follows from the phone number that the call is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneProvider {
    /// A Twilio number.
    #[default]
    Twilio,
    /// A number behind a SIP trunk.
    SipTrunk,
    /// An Exotel number.
    Exotel,
}

impl PhoneProvider {
    /// The provider's segment in ElevenLabs' paths.
    pub(crate) fn segment(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::SipTrunk => "sip-trunk",
            Self::Exotel => "exotel",
        }
    }
}

/// A call to be made. What is `None` stays as the agent has it.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboundCall {
    /// ElevenLabs' id of the agent that speaks.
    pub agent_id: String,
    /// ElevenLabs' id of the number that the call comes from.
    pub agent_phone_number_id: String,
    /// Number to call, E.164 with `+`.
    pub to_number: String,
    /// Our id of the attempt. ElevenLabs keeps it with the conversation, and finds the conversation by it.
    pub user_id: String,
    /// Values of the prompt's variables: strings, numbers or booleans.
    pub dynamic_variables: BTreeMap<String, Value>,
    /// What the agent is told in this call.
    pub prompt: Option<String>,
    /// What the agent says first in this call.
    pub first_message: Option<String>,
    /// ISO 639-1 code for this call.
    pub language: Option<String>,
    /// How long it may ring, 1 to 999 seconds; `None`: 60.
    pub ringing_timeout_secs: Option<u32>,
}

/// A call that ElevenLabs has accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// ElevenLabs' id of the conversation, if it is known already.
    pub conversation_id: Option<String>,
    /// The carrier's id of the call, if it is known already.
    pub call_sid: Option<String>,
}
