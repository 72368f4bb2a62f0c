//! What people do: they write, and somebody of the business answers from a telephone.

use super::{digits, lay_over, wamid};
use crate::storage::{Event, Received};
use crate::{Error, Simulators};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Messages that one webhook may hold.
const BATCH: usize = 1000;

/// Somebody on WhatsApp, as far as a business is told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// The phone number: digits with the country code. `None` for those who hide it behind a username.
    pub phone: Option<String>,
    /// The business-scoped user id, such as `IN.13491208655302741918`.
    pub user_id: Option<String>,
    /// The name in the profile.
    pub name: Option<String>,
}

impl Person {
    /// What is known of one or the other; this one is right where both know.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            phone: self.phone.or(other.phone),
            user_id: self.user_id.or(other.user_id),
            name: self.name.or(other.name),
        }
    }

    /// As `contacts[]` of a webhook has them.
    pub(super) fn contact(&self) -> Value {
        let mut contact = json!({ "profile": {} });
        if let Some(name) = &self.name {
            contact["profile"]["name"] = json!(name);
        }
        if let Some(phone) = &self.phone {
            contact["wa_id"] = json!(phone);
        }
        if let Some(user_id) = &self.user_id {
            contact["user_id"] = json!(user_id);
        }
        contact
    }
}

impl Simulators {
    /// Has somebody write to a number, now. `content` is what the kind of message has of its own, such as
    /// `{"type":"text","text":{"body":"Hi"}}`; it is laid over `id`, `from`, `from_user_id` and `timestamp`.
    /// Answers the message's id. The webhook is posted by [`Simulators::run_due`].
    pub fn receive_whatsapp(
        &self,
        phone_number_id: &str,
        person: &Person,
        content: Value,
    ) -> Result<String, Error> {
        let ids = self.receive_whatsapp_batch(phone_number_id, vec![(person.clone(), content)])?;
        Ok(ids.into_iter().next().unwrap_or_default())
    }

    /// Has several people write at once: up to 1,000 messages come in one webhook, those that one person wrote
    /// one after the other in one change. Answers the messages' ids in order.
    pub fn receive_whatsapp_batch(
        &self,
        phone_number_id: &str,
        messages: Vec<(Person, Value)>,
    ) -> Result<Vec<String>, Error> {
        let (received, events) = self.written(phone_number_id, messages)?;
        let now = self.inner.clock.now().as_millisecond();
        self.inner.storage.receive(phone_number_id, now, &received, &events)?;
        Ok(received.into_iter().map(|message| message.id).collect())
    }

    /// Has somebody write as [`Simulators::receive_whatsapp`] does, and answers the event for the caller to sign and
    /// post, who may want to know how long that takes.
    pub fn whatsapp_event(
        &self,
        phone_number_id: &str,
        person: &Person,
        content: Value,
    ) -> Result<Value, Error> {
        let (received, events) = self.written(phone_number_id, vec![(person.clone(), content)])?;
        let now = self.inner.clock.now().as_millisecond();
        self.inner.storage.receive(phone_number_id, now, &received, &[])?;
        Ok(events.into_iter().next().map(|event| event.envelope).unwrap_or_default())
    }

    /// What people write, and the events that tell of it.
    fn written(
        &self,
        phone_number_id: &str,
        messages: Vec<(Person, Value)>,
    ) -> Result<(Vec<Received>, Vec<Event>), Error> {
        let number = self.whatsapp_number(phone_number_id)?;
        let now = self.inner.clock.now();
        let mut received = Vec::with_capacity(messages.len());
        let mut written: Vec<(Person, Value)> = Vec::with_capacity(messages.len());
        for (mut person, content) in messages {
            person.phone = person.phone.map(|phone| digits(&phone).to_owned());
            let message = inbound(&person, &content, now.as_second())?;
            received.push(Received {
                person: person.clone(),
                id: message["id"].as_str().unwrap_or_default().to_owned(),
                opens_window: message["type"] != "system",
            });
            written.push((person, message));
        }
        let events: Vec<Event> = written
            .chunks(BATCH)
            .map(|batch| {
                let changes = batch.chunk_by(|one, next| one.0 == next.0).map(|run| {
                    let messages: Vec<&Value> = run.iter().map(|(_, message)| message).collect();
                    let contacts: Vec<Value> = run.iter().take(1).map(|(who, _)| who.contact()).collect();
                    let parts = json!({ "contacts": contacts, "messages": messages });
                    number.change(phone_number_id, "messages", &parts)
                });
                let envelope = number.envelope(&changes.collect::<Vec<_>>());
                Event { account: phone_number_id.to_owned(), due_ms: now.as_millisecond(), envelope }
            })
            .collect();
        Ok((received, events))
    }

    /// Has somebody of the business write to a customer with the WhatsApp Business app, now: the number's owner
    /// is told by `smb_message_echoes`. Answers the message's id. It opens no window and is not in
    /// [`Simulators::sent`], for it did not go through the API.
    pub fn echo_whatsapp(&self, phone_number_id: &str, to: &str, text: &str) -> Result<String, Error> {
        let number = self.whatsapp_number(phone_number_id)?;
        let now = self.inner.clock.now();
        let id = wamid();
        let echo = json!({
            "from": number.display_phone_number, "to": digits(to), "id": id,
            "timestamp": now.as_second().to_string(), "type": "text", "text": { "body": text },
        });
        let change =
            number.change(phone_number_id, "smb_message_echoes", &json!({ "message_echoes": [echo] }));
        let envelope = number.envelope(&[change]);
        let event = Event { account: phone_number_id.to_owned(), due_ms: now.as_millisecond(), envelope };
        self.inner.storage.receive(phone_number_id, now.as_millisecond(), &[], &[event])?;
        Ok(id)
    }

    /// Tells a number's owner of any other change, now: `field` and the whole `value`, such as
    /// `user_preferences` or `message_template_status_update`.
    pub fn whatsapp_change(&self, phone_number_id: &str, field: &str, value: Value) -> Result<(), Error> {
        let number = self.whatsapp_number(phone_number_id)?;
        let now = self.inner.clock.now();
        let mut envelope = number.envelope(&[json!({ "field": field, "value": value })]);
        envelope["entry"][0]["time"] = json!(now.as_second());
        let event = Event { account: phone_number_id.to_owned(), due_ms: now.as_millisecond(), envelope };
        self.inner.storage.receive(phone_number_id, now.as_millisecond(), &[], &[event])
    }

    fn whatsapp_number(&self, phone_number_id: &str) -> Result<super::WhatsAppNumber, Error> {
        let number = self.inner.storage.whatsapp_number(phone_number_id)?;
        number.ok_or_else(|| Error::UnknownNumber(phone_number_id.to_owned()))
    }
}

/// One of `messages[]`.
fn inbound(person: &Person, content: &Value, now_secs: i64) -> Result<Value, Error> {
    if person.phone.is_none() && person.user_id.is_none() {
        return Err(Error::NotAMessage("the sender needs a phone number or a user id"));
    }
    if !content["type"].is_string() {
        return Err(Error::NotAMessage("the content needs a type"));
    }
    let mut message = json!({ "id": wamid(), "timestamp": now_secs.to_string() });
    if let Some(phone) = &person.phone {
        message["from"] = json!(phone);
    }
    if let Some(user_id) = &person.user_id {
        message["from_user_id"] = json!(user_id);
    }
    lay_over(&mut message, content);
    Ok(message)
}
