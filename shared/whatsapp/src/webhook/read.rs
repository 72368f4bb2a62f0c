//! From Meta's JSON to our types.

use super::people::{Contact, People};
use super::status::{DeliveryStatus, GraphError, Status};
use super::{Echo, Inbound, InboundContent, Quoted, Referral, SystemChange, TemplateEvent, UpdateBody};
use crate::{MediaKind, lenient};
use serde_json::{Map, Value};

/// What a change holds besides what happened.
const SURROUNDINGS: [&str; 3] = ["messaging_product", "metadata", "contacts"];

/// A list of a change: its name, and how an item of it is read.
type List<'a> = (&'static str, &'a dyn Fn(&Value) -> Option<UpdateBody>);

/// What one change reports, in its order, and nothing of it lost.
pub(super) fn change(change: &Value) -> Vec<UpdateBody> {
    let field = lenient::id(&change["field"]).unwrap_or_default();
    let (Some(value), false) = (change.get("value"), field.is_empty()) else {
        return vec![UpdateBody::Other { field, raw: change.clone() }];
    };
    let people = People::of(value);
    match field.as_str() {
        "messages" => lists(
            &field,
            value,
            &[
                ("messages", &|item| inbound(item, content(item), &people)),
                ("statuses", &|item| status(item, &people)),
            ],
        ),
        "calls" => lists(&field, value, &[("calls", &|item| call(item, &people))]),
        "smb_message_echoes" => lists(&field, value, &[("message_echoes", &|item| echo(item, &people))]),
        "user_id_update" => lists(&field, value, &[("user_id_update", &user_id)]),
        "user_preferences" => lists(&field, value, &[("user_preferences", &preference)]),
        "message_template_status_update" => vec![template(value).unwrap_or_else(|| other(&field, value))],
        _ => vec![other(&field, value)],
    }
}

fn other(field: &str, raw: &Value) -> UpdateBody {
    UpdateBody::Other { field: field.to_owned(), raw: raw.clone() }
}

/// The items of the lists, those that cannot be read as they came, and whatever else the value says.
fn lists(field: &str, value: &Value, lists: &[List<'_>]) -> Vec<UpdateBody> {
    let Value::Object(fields) = value else {
        return vec![other(field, value)];
    };
    let mut bodies = Vec::new();
    for (name, read) in lists {
        let items = lenient::list(&value[*name]);
        bodies.extend(items.iter().map(|item| read(item).unwrap_or_else(|| other(field, item))));
    }
    let is_list = |name: &str| value[name].is_array() && lists.iter().any(|(list, _)| *list == name);
    let is_rest = |name: &str, part: &Value| {
        !SURROUNDINGS.contains(&name)
            && !is_list(name)
            && !part.is_null()
            && *part != Value::Array(Vec::new())
    };
    let rest: Map<String, Value> = fields
        .iter()
        .filter(|(name, part)| is_rest(name, part))
        .map(|(name, part)| (name.clone(), part.clone()))
        .collect();
    if !rest.is_empty() {
        bodies.push(UpdateBody::Other { field: field.to_owned(), raw: rest.into() });
    }
    if bodies.is_empty() && !lists.iter().any(|(name, _)| is_list(name)) {
        bodies.push(other(field, value));
    }
    bodies
}

/// A message, if it has an id and somebody can have sent it. A change of a person may name that person inside alone.
fn inbound(message: &Value, content: InboundContent, people: &People) -> Option<UpdateBody> {
    let from = lenient::digits(&message["from"]);
    let from_user_id = lenient::id(&message["from_user_id"]);
    let sender = people.sender(from_user_id.as_deref(), from.as_deref());
    let of_sender = |part: fn(&Contact) -> &Option<String>| sender.and_then(|s| part(s).clone());
    let user_id = from_user_id.or_else(|| of_sender(|sender| &sender.user_id));
    let wa_id = of_sender(|sender| &sender.wa_id);
    let somebody = from.is_some() || user_id.is_some() || wa_id.is_some();
    if !somebody && !matches!(content, InboundContent::System { .. }) {
        return None;
    }
    Some(UpdateBody::Message(Box::new(Inbound {
        id: lenient::id(&message["id"])?,
        from,
        user_id,
        wa_id,
        parent_user_id: lenient::id(&message["from_parent_user_id"])
            .or_else(|| of_sender(|sender| &sender.parent_user_id)),
        profile_name: of_sender(|sender| &sender.name),
        username: of_sender(|sender| &sender.username),
        sent_at: lenient::time(&message["timestamp"]),
        group_id: lenient::id(&message["group_id"]),
        context: quoted(&message["context"]),
        referral: referral(&message["referral"]),
        content,
        errors: GraphError::list(&message["errors"]),
    })))
}

/// A call that somebody places to the business, as it begins; nothing that it comes to, and none of ours. Meta's own
/// example of one names no direction, but that the caller offers the session.
fn call(call: &Value, people: &People) -> Option<UpdateBody> {
    let is_theirs = match call["direction"].as_str() {
        Some(direction) => direction == "USER_INITIATED",
        None => call["session"]["sdp_type"] == "offer",
    };
    let begins = is_theirs && call["event"] == "connect";
    begins.then(|| inbound(call, InboundContent::Call, people)).flatten()
}

fn echo(message: &Value, people: &People) -> Option<UpdateBody> {
    let to = lenient::digits(&message["to"]);
    let user_id = lenient::id(&message["to_user_id"]);
    let known = people.find(user_id.as_deref(), to.as_deref()).and_then(|contact| contact.user_id.clone());
    Some(UpdateBody::Echo(Box::new(Echo {
        id: lenient::id(&message["id"])?,
        to,
        user_id: user_id.or(known),
        sent_at: lenient::time(&message["timestamp"]),
        context: quoted(&message["context"]),
        content: content(message),
    })))
}

fn status(status: &Value, people: &People) -> Option<UpdateBody> {
    let recipient_id = lenient::digits(&status["recipient_id"]);
    let recipient_user_id = lenient::id(&status["recipient_user_id"]);
    let known = people.find(recipient_user_id.as_deref(), recipient_id.as_deref());
    let pricing = &status["pricing"];
    Some(UpdateBody::Status(Status {
        message_id: lenient::id(&status["id"])?,
        status: DeliveryStatus::from(lenient::id(&status["status"])?),
        at: lenient::time(&status["timestamp"]),
        recipient_user_id: recipient_user_id.or_else(|| known.and_then(|contact| contact.user_id.clone())),
        recipient_id,
        callback_data: lenient::id(&status["biz_opaque_callback_data"]),
        billable: pricing["billable"].as_bool(),
        category: lenient::id(&pricing["category"]),
        pricing_model: lenient::id(&pricing["pricing_model"]),
        errors: GraphError::list(&status["errors"]),
    }))
}

fn user_id(update: &Value) -> Option<UpdateBody> {
    Some(UpdateBody::UserId {
        previous: lenient::id(&update["user_id"]["previous"])?,
        current: lenient::id(&update["user_id"]["current"])?,
        wa_id: lenient::digits(&update["wa_id"]),
        at: lenient::time(&update["timestamp"]),
    })
}

fn preference(preference: &Value) -> Option<UpdateBody> {
    let stop = match preference["value"].as_str()? {
        "stop" => true,
        "resume" => false,
        _ => return None,
    };
    let (wa_id, user_id) = (lenient::digits(&preference["wa_id"]), lenient::id(&preference["user_id"]));
    (wa_id.is_some() || user_id.is_some()).then(|| UpdateBody::Preference {
        wa_id,
        user_id,
        category: lenient::id(&preference["category"]).unwrap_or_default(),
        stop,
        at: lenient::time(&preference["timestamp"]),
    })
}

fn template(value: &Value) -> Option<UpdateBody> {
    Some(UpdateBody::TemplateStatus {
        name: lenient::id(&value["message_template_name"])?,
        language: lenient::id(&value["message_template_language"]).unwrap_or_default(),
        id: lenient::id(&value["message_template_id"]).unwrap_or_default(),
        event: TemplateEvent::from(lenient::id(&value["event"])?),
        reason: lenient::id(&value["reason"]),
    })
}

fn quoted(context: &Value) -> Option<Quoted> {
    let forwarded = ["forwarded", "frequently_forwarded"].iter().any(|key| context[*key] == true);
    let quoted =
        Quoted { id: lenient::id(&context["id"]), from: lenient::digits(&context["from"]), forwarded };
    (quoted.id.is_some() || quoted.from.is_some() || forwarded).then_some(quoted)
}

fn referral(referral: &Value) -> Option<Referral> {
    let part = |name: &str| lenient::id(&referral[name]);
    referral.is_object().then(|| Referral {
        source_url: part("source_url"),
        source_type: part("source_type"),
        source_id: part("source_id"),
        headline: part("headline"),
        body: part("body"),
        ctwa_clid: part("ctwa_clid"),
    })
}

fn content(message: &Value) -> InboundContent {
    let kind = lenient::id(&message["type"]).unwrap_or_default();
    match known_content(&kind, message) {
        Some(content) => content,
        None => InboundContent::Other { kind, raw: message.clone() },
    }
}

fn known_content(kind: &str, message: &Value) -> Option<InboundContent> {
    let body = &message[kind];
    let part = |name: &str| lenient::id(&body[name]);
    match kind {
        "text" => lenient::text(&body["body"]).map(InboundContent::Text),
        "button" => button(body),
        "interactive" => interactive(body),
        "reaction" => {
            Some(InboundContent::Reaction { message_id: part("message_id")?, emoji: part("emoji") })
        }
        "location" => Some(InboundContent::Location {
            latitude: lenient::number(&body["latitude"])?,
            longitude: lenient::number(&body["longitude"])?,
            name: part("name"),
            address: part("address"),
        }),
        "contacts" => body.is_array().then(|| InboundContent::Contacts(body.clone())),
        "order" => body.is_object().then(|| InboundContent::Order(body.clone())),
        "system" => body.is_object().then(|| system(body)),
        "edit" => Some(InboundContent::Edit {
            message_id: part("original_message_id")?,
            content: Box::new(content(body.get("message")?)),
        }),
        "revoke" => Some(InboundContent::Revoke { message_id: part("original_message_id")? }),
        "unsupported" => Some(InboundContent::Unsupported {
            kind: part("type"),
            errors: GraphError::list(&message["errors"]),
        }),
        _ => media(MediaKind::of(kind)?, body),
    }
}

fn button(body: &Value) -> Option<InboundContent> {
    let (payload, text) = (lenient::id(&body["payload"]), lenient::id(&body["text"]));
    (payload.is_some() || text.is_some()).then(|| InboundContent::Button {
        payload: payload.unwrap_or_default(),
        text: text.unwrap_or_default(),
    })
}

fn interactive(body: &Value) -> Option<InboundContent> {
    let kind = body["type"].as_str()?;
    let reply = &body[kind];
    let part = |name: &str| lenient::id(&reply[name]);
    let title = || part("title").unwrap_or_default();
    match kind {
        "button_reply" => Some(InboundContent::ButtonReply { id: part("id")?, title: title() }),
        "list_reply" => Some(InboundContent::ListReply {
            id: part("id")?,
            title: title(),
            description: part("description"),
        }),
        "nfm_reply" => {
            let response = match &reply["response_json"] {
                Value::String(text) => text.clone(),
                json @ Value::Object(_) => json.to_string(),
                _ => return None,
            };
            Some(InboundContent::FlowReply { name: part("name"), body: part("body"), response })
        }
        _ => None,
    }
}

fn media(kind: MediaKind, body: &Value) -> Option<InboundContent> {
    let part = |name: &str| lenient::id(&body[name]);
    Some(InboundContent::Media {
        kind,
        id: part("id")?,
        mime_type: part("mime_type"),
        sha256: part("sha256"),
        caption: part("caption"),
        filename: part("filename"),
        voice: body["voice"] == true,
        animated: body["animated"] == true,
        url: part("url"),
    })
}

fn system(body: &Value) -> InboundContent {
    let kind = lenient::id(&body["type"]).unwrap_or_default();
    let change = known_change(&kind, body)
        .unwrap_or_else(|| SystemChange::Other { kind: kind.clone(), raw: body.clone() });
    InboundContent::System { change, body: lenient::id(&body["body"]) }
}

/// The older words of both kinds, of the on-premises API and before v12, are read too.
fn known_change(kind: &str, body: &Value) -> Option<SystemChange> {
    let wa_id = || lenient::digits(&body["new_wa_id"]).or_else(|| lenient::digits(&body["wa_id"]));
    let previous = lenient::id(&body["previous_user_id"]);
    let current = lenient::id(&body["user_id"]);
    match kind {
        "user_changed_number" | "customer_changed_number" => Some(SystemChange::NumberChanged {
            new_wa_id: wa_id()?,
            previous_user_id: previous,
            user_id: current,
        }),
        "user_changed_user_id" => {
            Some(SystemChange::UserIdChanged { previous, current: current?, wa_id: wa_id() })
        }
        _ => None,
    }
}
