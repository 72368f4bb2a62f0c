//! How the person at the other end behaves, and the conversation that follows from it.

use super::phrases::{self, Language};
use crate::lies::SplitMix64;
use serde::{Deserialize, Serialize};

/// How a callee behaves. Where nothing was chosen, the number's last digits decide
/// ([`Script::of_number`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Script {
    /// Wants to know more, and names a budget and an e-mail address.
    Interested,
    /// Has no time now and asks to be called back on Thursday at 15:00.
    Callback,
    /// Asks for an appointment on Tuesday at 11:00.
    Appointment,
    /// Declines politely.
    NotInterested,
    /// Says "do not call me again".
    Stop,
    /// Is somebody else.
    WrongNumber,
    /// A machine picks up.
    Voicemail,
    /// Nobody picks up until the ringing time is over.
    NoAnswer,
    /// The line is busy.
    Busy,
    /// The carrier cannot put the call through.
    Failed,
    /// Tries to order the system about: other people's records, money, a status of its own choice.
    Hostile,
    /// Picks up and says nothing.
    Silent,
}

impl Script {
    /// Every script.
    pub const ALL: [Self; 12] = [
        Self::Interested,
        Self::Callback,
        Self::Appointment,
        Self::NotInterested,
        Self::Stop,
        Self::WrongNumber,
        Self::Voicemail,
        Self::NoAnswer,
        Self::Busy,
        Self::Failed,
        Self::Hostile,
        Self::Silent,
    ];

    /// The script of a number for which none was chosen: by its last two digits 12 `appointment`, 13
    /// `not_interested`, 14 `stop`, 15 `wrong_number`; else by the last one, 0 to 5 `interested`, 6 `callback`,
    /// 7 `no_answer`, 8 `busy`, 9 `voicemail`.
    pub fn of_number(to_number: &str) -> Self {
        match to_number.as_bytes() {
            [.., b'1', b'2'] => Self::Appointment,
            [.., b'1', b'3'] => Self::NotInterested,
            [.., b'1', b'4'] => Self::Stop,
            [.., b'1', b'5'] => Self::WrongNumber,
            [.., b'6'] => Self::Callback,
            [.., b'7'] => Self::NoAnswer,
            [.., b'8'] => Self::Busy,
            [.., b'9'] => Self::Voicemail,
            _ => Self::Interested,
        }
    }

    /// Whether somebody or something picks up.
    pub fn is_answered(self) -> bool {
        !matches!(self, Self::NoAnswer | Self::Busy | Self::Failed)
    }
}

/// What a conversation depends on beside the script.
#[derive(Debug)]
pub(crate) struct Scene {
    /// The agent's first message with its variables filled in; empty if the agent waits.
    pub(crate) greeting: String,
    pub(crate) first_name: String,
    pub(crate) to_number: String,
    pub(crate) language: Language,
    /// Whether the agent can hang up by itself.
    pub(crate) can_end_call: bool,
    /// What the agent says to a machine, or empty if it just hangs up; `None` if it recognises none.
    pub(crate) voicemail: Option<String>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Speaker {
    Agent,
    User,
}

/// A built-in tool that the agent uses in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tool {
    EndCall,
    VoicemailDetection { message: Option<String> },
}

/// One turn of a conversation.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) speaker: Speaker,
    pub(crate) text: Option<String>,
    /// Seconds since the call was accepted.
    pub(crate) at_secs: i64,
    pub(crate) tool: Option<Tool>,
}

/// A whole conversation.
#[derive(Debug)]
pub(crate) struct Play {
    pub(crate) lines: Vec<Line>,
    /// Seconds from acceptance to the end.
    pub(crate) secs: i64,
    pub(crate) termination_reason: &'static str,
}

const SILENCE: &str = "Ending conversation after 40 seconds of silence.";

/// Plays a script that is answered.
pub(crate) fn play(script: Script, scene: &Scene, random: &mut SplitMix64) -> Play {
    let mut stage = Stage { scene, random, lines: Vec::new(), clock: 0 };
    if scene.greeting.is_empty() {
        stage.say(Speaker::User, "Hello?");
    } else {
        stage.say(Speaker::Agent, &scene.greeting);
    }
    for (speaker, text) in phrases::dialogue(script, scene.language) {
        stage.say(*speaker, text);
    }
    let termination_reason = match (script, &scene.voicemail) {
        (Script::Voicemail, Some(message)) => {
            let message = Some(message.clone()).filter(|message| !message.is_empty());
            stage.use_tool(message.clone(), Tool::VoicemailDetection { message });
            "voicemail_detection tool was called."
        }
        (Script::Voicemail, None) => {
            stage.say(Speaker::Agent, "Hello{, name}? I cannot hear you. We will try another time.");
            stage.clock += 40;
            SILENCE
        }
        (Script::Silent, _) => {
            stage.clock += 40;
            SILENCE
        }
        _ if scene.can_end_call => {
            stage.end_call();
            "end_call tool was called."
        }
        _ => "Call ended by remote party",
    };
    Play { secs: stage.clock, lines: stage.lines, termination_reason }
}

/// The e-mail address that an interested callee gives: its own for every number.
pub(crate) fn email_of(scene: &Scene) -> String {
    let name: String = scene.first_name.chars().filter(char::is_ascii_alphabetic).collect();
    let name = if name.is_empty() { "lead".to_owned() } else { name.to_ascii_lowercase() };
    let digits: String = scene.to_number.chars().filter(char::is_ascii_digit).collect();
    format!("{name}.{}@example.com", &digits[digits.len().saturating_sub(6)..])
}

struct Stage<'a> {
    scene: &'a Scene,
    random: &'a mut SplitMix64,
    lines: Vec<Line>,
    clock: i64,
}

impl Stage<'_> {
    fn say(&mut self, speaker: Speaker, text: &str) {
        let name = &self.scene.first_name;
        let address = if name.is_empty() { String::new() } else { format!(", {name}") };
        let text = text.replace("{, name}", &address).replace("{email}", &email_of(self.scene));
        let words = i64::try_from(text.split_whitespace().count()).unwrap_or(i64::MAX);
        self.lines.push(Line { speaker, text: Some(text), at_secs: self.clock, tool: None });
        // Two to three words a second, and a breath.
        self.clock += 1 + words * 2 / 5 + self.random.between(0, 2);
    }

    fn use_tool(&mut self, text: Option<String>, tool: Tool) {
        self.lines.push(Line { speaker: Speaker::Agent, text, at_secs: self.clock, tool: Some(tool) });
        self.clock += 2;
    }

    /// The agent hangs up in its last line.
    fn end_call(&mut self) {
        match self.lines.last_mut() {
            Some(line) if line.speaker == Speaker::Agent => line.tool = Some(Tool::EndCall),
            _ => self.use_tool(None, Tool::EndCall),
        }
    }
}
