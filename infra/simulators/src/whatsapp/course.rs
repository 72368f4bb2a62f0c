//! How a message fares after it was accepted, and the webhooks that tell of it.

use super::check::Recipient;
use super::refusal::{Refusal, failure};
use super::{Person, TemplateCategory, WhatsAppNumber};
use crate::storage::{Event, Limit, Scene};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How a message to somebody fares. Where nothing was chosen, it is read, unless it is no template and the
/// recipient has not written for 24 hours: then it fails as in [`MessageScript::WindowClosed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageScript {
    /// `sent` after one second, `delivered` after two, `read` after five.
    Read,
    /// `sent` and `delivered`.
    Delivered,
    /// `sent`: the telephone is off.
    SentOnly,
    /// Accepted, then `failed` with 131026: not on WhatsApp, or an old client.
    Undeliverable,
    /// Accepted, then `failed` with 131047: the 24 hours are over.
    WindowClosed,
    /// Accepted, then `failed` with 131050: the recipient wants no marketing.
    OptedOut,
    /// Accepted, then `failed` with 131049: Meta holds marketing back.
    Withheld,
    /// Accepted, then `failed` with 131048: too many have reported the number.
    Spam,
    /// Refused with 131056: too many messages to this recipient.
    PairLimited,
    /// Refused with 130429 (HTTP 429): too many messages from this number.
    Throttled,
    /// Refused with 131016 (HTTP 500).
    Transient,
    /// Refused with 190 (HTTP 401): the token has expired.
    TokenInvalid,
}

impl MessageScript {
    /// Every script.
    pub const ALL: [Self; 12] = [
        Self::Read,
        Self::Delivered,
        Self::SentOnly,
        Self::Undeliverable,
        Self::WindowClosed,
        Self::OptedOut,
        Self::Withheld,
        Self::Spam,
        Self::PairLimited,
        Self::Throttled,
        Self::Transient,
        Self::TokenInvalid,
    ];

    fn refusal(self) -> Option<Refusal> {
        match self {
            Self::PairLimited => Some(Refusal::usual(131_056)),
            Self::Throttled => Some(Refusal::usual(130_429)),
            Self::Transient => Some(Refusal::usual(131_016)),
            Self::TokenInvalid => Some(Refusal::expired_token()),
            _ => None,
        }
    }

    /// What becomes of an accepted message, each with the seconds after which it is told.
    fn outcomes(self) -> &'static [(Outcome, i64)] {
        use Outcome::{Delivered, Failed, Read, Sent};
        match self {
            Self::Delivered => &[(Sent, 1), (Delivered, 2)],
            Self::SentOnly => &[(Sent, 1)],
            Self::Undeliverable => &[(Failed(131_026), 1)],
            Self::WindowClosed => &[(Failed(131_047), 1)],
            Self::OptedOut => &[(Failed(131_050), 1)],
            Self::Withheld => &[(Failed(131_049), 1)],
            Self::Spam => &[(Failed(131_048), 1)],
            _ => &[(Sent, 1), (Delivered, 2), (Read, 5)],
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Sent,
    Delivered,
    Read,
    Failed(u32),
}

impl Outcome {
    fn status(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed(_) => "failed",
        }
    }
}

/// What the statuses of a message say beside its course.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) phone_number_id: &'a str,
    pub(super) number: &'a WhatsAppNumber,
    pub(super) id: &'a str,
    pub(super) to: &'a Recipient,
    pub(super) callback_data: Option<&'a str>,
    /// `None` for a message that is no template.
    pub(super) category: Option<TemplateCategory>,
    pub(super) at_ms: i64,
}

/// The whole course of a message, or why it is refused.
pub(super) fn course(message: &Message<'_>, scene: Scene) -> Result<Vec<Event>, Refusal> {
    match scene.limit {
        Some(Limit::Number) => return Err(Refusal::usual(130_429)),
        Some(Limit::Pair) => return Err(Refusal::usual(131_056)),
        None => {}
    }
    let mut script = scene.script.unwrap_or(MessageScript::Read);
    if let Some(refusal) = script.refusal() {
        return Err(refusal);
    }
    let goes_through = !matches!(script.outcomes(), [(Outcome::Failed(_), _)]);
    if goes_through && message.category.is_none() && !scene.window_open {
        script = MessageScript::WindowClosed;
    }
    let events = script.outcomes().iter().map(|(outcome, after_secs)| {
        let due_ms = message.at_ms + after_secs * 1000;
        let status = status(message, *outcome, due_ms, &scene);
        let mut parts = json!({ "statuses": [status] });
        if !matches!(outcome, Outcome::Failed(_)) {
            parts["contacts"] = json!([contact(message.to, &scene.person)]);
        }
        let change = message.number.change(message.phone_number_id, "messages", &parts);
        Event {
            account: message.phone_number_id.to_owned(),
            due_ms,
            envelope: message.number.envelope(&[change]),
        }
    });
    Ok(events.collect())
}

fn status(message: &Message<'_>, outcome: Outcome, due_ms: i64, scene: &Scene) -> Value {
    let mut status = json!({
        "id": message.id, "status": outcome.status(), "timestamp": (due_ms / 1000).to_string() });
    match message.to {
        Recipient::Phone(phone) => {
            status["recipient_id"] = json!(phone);
            // The user id of a phone number is told of what arrives only.
            if let (Some(user_id), false) = (&scene.person.user_id, matches!(outcome, Outcome::Failed(_))) {
                status["recipient_user_id"] = json!(user_id);
            }
        }
        Recipient::UserId(user_id) => status["recipient_user_id"] = json!(user_id),
    }
    if let Some(data) = message.callback_data {
        status["biz_opaque_callback_data"] = json!(data);
    }
    let category = message.category.map_or("service", TemplateCategory::name);
    let conversation = json!({ "id": conversation_id(message.id), "origin": { "type": category } });
    match outcome {
        Outcome::Sent => {
            status["conversation"] = conversation;
            let expires = (message.at_ms / 1000 + 24 * 3600).to_string();
            status["conversation"]["expiration_timestamp"] = json!(expires);
            status["pricing"] = pricing(message.category, scene.window_open);
        }
        Outcome::Delivered => {
            status["conversation"] = conversation;
            status["pricing"] = pricing(message.category, scene.window_open);
        }
        // The price is on the delivered status or on the read one, never on both.
        Outcome::Read => {}
        Outcome::Failed(code) => status["errors"] = json!([failure(code)]),
    }
    status
}

/// The price, by message since July 2025: templates cost, but within the window a utility template does not.
fn pricing(category: Option<TemplateCategory>, window_open: bool) -> Value {
    let is_free = match category {
        None => true,
        Some(category) => category == TemplateCategory::Utility && window_open,
    };
    let kind = if is_free { "free_customer_service" } else { "regular" };
    json!({
        "billable": !is_free, "pricing_model": "PMP", "type": kind,
        "category": category.map_or("service", TemplateCategory::name),
    })
}

/// The recipient; a phone number is told of nobody who was written to by user id.
fn contact(to: &Recipient, person: &Person) -> Value {
    let known = match to {
        Recipient::Phone(phone) => Person { phone: Some(phone.clone()), ..person.clone() },
        Recipient::UserId(user_id) => {
            Person { phone: None, user_id: Some(user_id.clone()), name: person.name.clone() }
        }
    };
    known.contact()
}

/// Every message is a conversation of its own.
fn conversation_id(message_id: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, message_id.as_bytes());
    hex::encode(&digest.as_ref()[..16])
}
