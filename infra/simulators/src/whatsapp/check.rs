//! What the real service demands of a request to send a message.

use super::refusal::Refusal;
use super::{digits, interactive};
use serde_json::Value;

const TYPES: [&str; 11] = [
    "audio",
    "contacts",
    "document",
    "image",
    "interactive",
    "location",
    "reaction",
    "sticker",
    "template",
    "text",
    "video",
];

/// Characters of a text.
const TEXT: usize = 4096;

/// Characters of a caption.
const CAPTION: usize = 1024;

/// Characters of what the client wants back in the statuses.
const CALLBACK_DATA: usize = 512;

/// Somebody to write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Recipient {
    /// Digits with the country code.
    Phone(String),
    /// A business-scoped user id.
    UserId(String),
}

impl Recipient {
    /// What the recipient is looked up by.
    pub(super) fn key(&self) -> &str {
        match self {
            Self::Phone(key) | Self::UserId(key) => key,
        }
    }
}

/// What a request wants.
#[derive(Debug)]
pub(super) enum Request {
    /// That a message that came is shown as read.
    MarkRead {
        message_id: String,
    },
    Send(Outgoing),
}

/// A message without a fault of its own.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) to: Recipient,
    /// The recipient as the client wrote it.
    pub(super) input: String,
    pub(super) callback_data: Option<String>,
    /// What the reader sees.
    pub(super) text: String,
    pub(super) template: Option<TemplateUse>,
    /// The message to which this one is a reaction.
    pub(super) reacts_to: Option<String>,
}

/// The template that a message names.
#[derive(Debug)]
pub(super) struct TemplateUse {
    pub(super) name: String,
    pub(super) language: String,
    /// What its body is given.
    pub(super) parameters: Vec<String>,
}

/// Reads a request's body, or says what the real service has against it.
pub(super) fn read(body: &Value) -> Result<Request, Refusal> {
    if !body.is_object() {
        return Err(Refusal::of(100, "The body is not a JSON object."));
    }
    one_of(body, "messaging_product", &["whatsapp"], None)?;
    if body.get("status").is_some() {
        return mark_read(body);
    }
    one_of(body, "recipient_type", &["individual"], Some("individual"))?;
    let kind = one_of(body, "type", &TYPES, Some("text"))?;
    let (to, input) = recipient(body)?;
    let callback_data = match body.get("biz_opaque_callback_data") {
        None | Some(Value::Null) => None,
        Some(_) => Some(text(body, "biz_opaque_callback_data", "", CALLBACK_DATA)?),
    };
    if body.get("context").is_some_and(|context| !context.is_null()) {
        text(&body["context"], "message_id", "context", usize::MAX)?;
    }
    let part = &body[kind];
    if part.is_null() {
        return Err(missing(&format!("Parameter {kind} is required for a message of this type.")));
    }
    let mut outgoing =
        Outgoing { to, input, callback_data, text: String::new(), template: None, reacts_to: None };
    outgoing.text = match kind {
        "text" => text(part, "body", kind, TEXT)?,
        "template" => {
            let template = template(part)?;
            let shown = match template.parameters.as_slice() {
                [] => template.name.clone(),
                parameters => format!("{} ({})", template.name, parameters.join(", ")),
            };
            outgoing.template = Some(template);
            shown
        }
        "interactive" => interactive::read(part)?,
        "reaction" => {
            outgoing.reacts_to = Some(text(part, "message_id", kind, usize::MAX)?);
            // An empty one takes the reaction back.
            let emoji = part.get("emoji").and_then(Value::as_str);
            emoji.ok_or_else(|| missing("Parameter reaction['emoji'] is required."))?.to_owned()
        }
        "location" => location(part)?,
        "contacts" => contacts(part)?,
        media => file(part, media)?,
    };
    Ok(Request::Send(outgoing))
}

fn mark_read(body: &Value) -> Result<Request, Refusal> {
    one_of(body, "status", &["read"], None)?;
    let message_id = text(body, "message_id", "", usize::MAX)?;
    if let Some(indicator) = body.get("typing_indicator").filter(|indicator| !indicator.is_null()) {
        one_of(indicator, "type", &["text"], None)?;
    }
    Ok(Request::MarkRead { message_id })
}

/// The recipient, and how the client wrote it. A phone number goes before a user id.
fn recipient(body: &Value) -> Result<(Recipient, String), Refusal> {
    let given = |name: &str| body.get(name).filter(|value| !value.is_null());
    if let Some(to) = given("to") {
        let Some(to) = to.as_str() else { return Err(invalid("Parameter to must be a string.")) };
        let phone = digits(to);
        if !(7..=15).contains(&phone.len()) || !phone.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid("The phone number in the to parameter is malformed."));
        }
        return Ok((Recipient::Phone(phone.to_owned()), to.to_owned()));
    }
    let Some(recipient) = given("recipient") else { return Err(Refusal::required("to")) };
    match recipient.as_str().filter(|id| is_user_id(id)) {
        Some(id) => Ok((Recipient::UserId(id.to_owned()), id.to_owned())),
        None => Err(invalid("The user ID in the recipient parameter is malformed.")),
    }
}

/// A country, a dot (and `ENT.` for a parent), and up to 128 letters and digits.
fn is_user_id(id: &str) -> bool {
    let Some((country, rest)) = id.split_once('.') else { return false };
    let name = rest.strip_prefix("ENT.").unwrap_or(rest);
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=128).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn template(part: &Value) -> Result<TemplateUse, Refusal> {
    let name = text(part, "name", "template", 512)?;
    let language = text(&part["language"], "code", "template['language']", usize::MAX)?;
    let mut parameters = Vec::new();
    let components = match &part["components"] {
        Value::Null => &[],
        Value::Array(components) => components.as_slice(),
        _ => return Err(invalid("Parameter template['components'] must be an array.")),
    };
    for component in components {
        let kind = text(component, "type", "template['components']", usize::MAX)?.to_lowercase();
        match kind.as_str() {
            "body" => parameters.extend(parameters_of(component)?),
            "header" | "carousel" | "limited_time_offer" | "order_status" => {
                parameters_of(component)?;
            }
            "button" => {
                text(component, "sub_type", "template['components']", usize::MAX)?;
                let index = &component["index"];
                let index = index.as_u64().or_else(|| index.as_str().and_then(|text| text.parse().ok()));
                if index.is_none_or(|index| index > 9) {
                    return Err(invalid("The index of a button must be from 0 to 9."));
                }
                parameters_of(component)?;
            }
            _ => return Err(invalid(&format!("There is no template component of type {kind}."))),
        }
    }
    Ok(TemplateUse { name, language, parameters })
}

/// What the parameters of a template's component say.
fn parameters_of(component: &Value) -> Result<Vec<String>, Refusal> {
    let parameters = component["parameters"].as_array().into_iter().flatten();
    parameters
        .map(|parameter| match parameter["type"].as_str().unwrap_or_default() {
            "" => Err(missing("A template parameter has no type.")),
            "text" => {
                let said = parameter["text"].as_str().unwrap_or_default();
                if said.trim().is_empty() {
                    return Err(missing("Parameter of type text is missing text value."));
                }
                if said.contains(['\n', '\t']) || said.contains("     ") {
                    let fault =
                        "A text parameter cannot have new lines, tabs or more than 4 spaces in a row.";
                    return Err(Refusal::of(132_018, fault));
                }
                Ok(said.to_owned())
            }
            kind @ ("currency" | "date_time") => {
                Ok(parameter[kind]["fallback_value"].as_str().unwrap_or_default().to_owned())
            }
            kind => Ok(kind.to_owned()),
        })
        .collect()
}

fn location(part: &Value) -> Result<String, Refusal> {
    for (name, largest) in [("latitude", 90.0), ("longitude", 180.0)] {
        let degrees = &part[name];
        let number = degrees.as_f64().or_else(|| degrees.as_str().and_then(|text| text.parse().ok()));
        match number {
            None => return Err(missing(&format!("Parameter location['{name}'] is required."))),
            Some(degrees) if degrees.abs() > largest => {
                return Err(invalid(&format!("Parameter location['{name}'] is out of range.")));
            }
            Some(_) => {}
        }
    }
    Ok(part["name"].as_str().unwrap_or("[location]").to_owned())
}

fn contacts(part: &Value) -> Result<String, Refusal> {
    let names: Vec<&str> = part
        .as_array()
        .into_iter()
        .flatten()
        .map(|contact| contact["name"]["formatted_name"].as_str().unwrap_or_default())
        .collect();
    if names.is_empty() || names.contains(&"") {
        return Err(missing("Every one of contacts needs name['formatted_name']."));
    }
    Ok(names.join(", "))
}

/// An image, a video, an audio, a document or a sticker: uploaded, or at an address.
fn file(part: &Value, kind: &str) -> Result<String, Refusal> {
    let told = |name: &str| part[name].as_str().is_some_and(|value| !value.is_empty());
    match (told("id"), told("link")) {
        (false, false) => return Err(missing(&format!("Parameter {kind} needs an id or a link."))),
        (true, true) => return Err(invalid(&format!("Parameter {kind} takes an id or a link, not both."))),
        _ => {}
    }
    if part["caption"].is_null() {
        return Ok(format!("[{kind}]"));
    }
    if matches!(kind, "audio" | "sticker") {
        return Err(invalid(&format!("Parameter {kind} takes no caption.")));
    }
    text(part, "caption", kind, CAPTION)
}

/// A text that must be there, not be empty, and not be longer than that many characters.
pub(super) fn text(part: &Value, name: &str, parent: &str, longest: usize) -> Result<String, Refusal> {
    let place = if parent.is_empty() { name.to_owned() } else { format!("{parent}['{name}']") };
    match part.get(name) {
        None | Some(Value::Null) => Err(missing(&format!("Parameter {place} is required."))),
        Some(Value::String(text)) if text.is_empty() => {
            Err(invalid(&format!("Parameter {place} must not be empty.")))
        }
        Some(Value::String(text)) if text.chars().count() > longest => {
            Err(Refusal::of(100, format!("Param {place} must be at most {longest} characters long.")))
        }
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(invalid(&format!("Parameter {place} must be a string."))),
    }
}

/// A parameter that has one of a few values.
fn one_of<'a>(
    part: &'a Value,
    name: &str,
    values: &[&str],
    absent: Option<&'a str>,
) -> Result<&'a str, Refusal> {
    let value = match part.get(name) {
        None | Some(Value::Null) => absent.ok_or_else(|| Refusal::required(name))?,
        Some(value) => value.as_str().unwrap_or_default(),
    };
    if values.contains(&value) {
        return Ok(value);
    }
    let known = values.join(", ").to_uppercase();
    Err(Refusal::of(100, format!("Param {name} must be one of {{{known}}}.")))
}

pub(super) fn missing(details: &str) -> Refusal {
    Refusal::of(131_008, details)
}

pub(super) fn invalid(details: &str) -> Refusal {
    Refusal::of(131_009, details)
}
