//! `POST /{version}/{phone-number-id}/messages`: messages, and marking one as read.

use super::check::{Outgoing, Recipient, Request, invalid, read};
use super::course::{Message, course};
use super::refusal::{Refusal, check_version};
use super::{TemplateCategory, WhatsAppNumber, digits, wamid};
use crate::lies::Lie;
use crate::outbox::{Channel, Sent};
use crate::{Inner, Shared};
use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The access token of a request, one that some number has.
#[derive(Debug)]
pub(super) struct Bearer(String);

impl FromRequestParts<Shared> for Bearer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Result<Self, Refusal> {
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        if state.storage.knows_token(token)? {
            Ok(Self(token.to_owned()))
        } else {
            Err(Refusal::unknown_token())
        }
    }
}

pub(super) async fn send_message(
    State(state): State<Shared>,
    Path((version, phone_number_id)): Path<(String, String)>,
    bearer: Bearer,
    bytes: Bytes,
) -> Response {
    match take(&state, &version, &phone_number_id, &bearer, &bytes) {
        Err(refusal) => refusal.into_response(),
        Ok((answer, lie)) => {
            let failed = Refusal::usual(131_000).into_response();
            state.answer(lie, Json(answer).into_response(), failed).await
        }
    }
}

/// Takes a request, and says what the honest answer would be and which lie is told instead.
fn take(
    state: &Inner,
    version: &str,
    phone_number_id: &str,
    bearer: &Bearer,
    bytes: &[u8],
) -> Result<(Value, Option<Lie>), Refusal> {
    check_version(version)?;
    let number = state.storage.whatsapp_number(phone_number_id)?;
    let number = number
        .filter(|number| number.access_token == bearer.0)
        .ok_or_else(|| Refusal::no_object("post", phone_number_id))?;
    let body: Value =
        serde_json::from_slice(bytes).map_err(|_| Refusal::of(100, "The body is not valid JSON."))?;
    let outgoing = match read(&body)? {
        Request::MarkRead { message_id } => {
            if !state.storage.has_received(phone_number_id, &message_id)? {
                return Err(invalid("Invalid message_id"));
            }
            return Ok((json!({ "success": true }), None));
        }
        Request::Send(outgoing) => outgoing,
    };
    let category = check_known(state, phone_number_id, &number, &outgoing)?;
    let lie = state.message_liar().dial();
    match lie {
        Some(Lie::RateLimit429) => return Err(Refusal::usual(130_429)),
        Some(Lie::ServerError5xx) => return Err(Refusal::usual(2)),
        _ => {}
    }
    let order = Order { phone_number_id, number: &number, outgoing: &outgoing, category, body: &body };
    let id = order.accept(state, state.clock.now())?;
    let mut message = json!({ "id": id });
    if category.is_some() {
        message["message_status"] = json!("accepted");
    }
    let mut contact = json!({ "input": outgoing.input });
    match &outgoing.to {
        Recipient::Phone(phone) => contact["wa_id"] = json!(phone),
        Recipient::UserId(user_id) => contact["user_id"] = json!(user_id),
    }
    let answer = json!({ "messaging_product": "whatsapp", "contacts": [contact], "messages": [message] });
    Ok((answer, lie))
}

/// Checks what a message says against what the number has; answers its template's category.
fn check_known(
    state: &Inner,
    phone_number_id: &str,
    number: &WhatsAppNumber,
    outgoing: &Outgoing,
) -> Result<Option<TemplateCategory>, Refusal> {
    if outgoing.to.key() == digits(&number.display_phone_number) {
        return Err(Refusal::of(131_021, "Sender and recipient are the same phone number."));
    }
    if let Some(message_id) = &outgoing.reacts_to
        && !state.storage.has_received(phone_number_id, message_id)?
        && !state.storage.has_sent(phone_number_id, message_id)?
    {
        return Err(invalid("Invalid message_id"));
    }
    let Some(used) = &outgoing.template else { return Ok(None) };
    let Some(template) = state.storage.template(phone_number_id, &used.name, &used.language)? else {
        let details = format!("template name ({}) does not exist in {}", used.name, used.language);
        return Err(Refusal::of(132_001, details));
    };
    if used.parameters.len() != template.body_parameters {
        let details = format!(
            "body: number of localizable_params ({}) does not match the expected number of params ({})",
            used.parameters.len(),
            template.body_parameters
        );
        return Err(Refusal::of(132_000, details));
    }
    if template.category == TemplateCategory::Authentication && matches!(outgoing.to, Recipient::UserId(_)) {
        return Err(Refusal::usual(131_062));
    }
    Ok(Some(template.category))
}

/// A message that is in order.
struct Order<'a> {
    phone_number_id: &'a str,
    number: &'a WhatsAppNumber,
    outgoing: &'a Outgoing,
    category: Option<TemplateCategory>,
    body: &'a Value,
}

impl Order<'_> {
    /// Stores the message and its course; answers its id.
    fn accept(&self, state: &Inner, now: Timestamp) -> Result<String, Refusal> {
        let now_ms = now.as_millisecond();
        let to = self.outgoing.to.key();
        let sent = state.storage.accept::<Refusal>(self.phone_number_id, to, now_ms, |scene| {
            let id = wamid();
            let message = Message {
                phone_number_id: self.phone_number_id,
                number: self.number,
                id: &id,
                to: &self.outgoing.to,
                callback_data: self.outgoing.callback_data.as_deref(),
                category: self.category,
                at_ms: now_ms,
            };
            let events = course(&message, scene)?;
            let sent = Sent {
                channel: Channel::WhatsApp,
                account: self.phone_number_id.to_owned(),
                to: to.to_owned(),
                body: self.body.clone(),
                text: self.outgoing.text.clone(),
                id,
                at: now,
            };
            Ok((sent, events))
        })?;
        Ok(sent.id)
    }
}
