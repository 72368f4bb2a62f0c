//! `Content` of an e-mail: simple, raw, or a template given with the request.

use super::{Failure, mime};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Headers that a client may add.
const HEADERS: usize = 15;

/// Characters of a template's data.
const TEMPLATE_DATA: usize = 262_144;

/// What of an e-mail is shown, and what only a raw one says of sender and recipients.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) from: Option<String>,
    pub(super) to: Vec<String>,
}

/// Reads the content, or says what the real service has against it.
pub(super) fn read(content: &Value) -> Result<Content, Failure> {
    let given: Vec<&str> =
        ["Simple", "Raw", "Template"].into_iter().filter(|name| content[*name].is_object()).collect();
    match given.as_slice() {
        ["Simple"] => simple(&content["Simple"]),
        ["Raw"] => raw(&content["Raw"]),
        ["Template"] => template(&content["Template"]),
        _ => Err(Failure::bad("Content needs one of Simple, Raw and Template.")),
    }
}

fn simple(part: &Value) -> Result<Content, Failure> {
    let subject = part["Subject"]["Data"].as_str();
    let Some(subject) = subject else { return Err(Failure::bad("Content.Simple.Subject.Data is required.")) };
    let (text, html) = (part["Body"]["Text"]["Data"].as_str(), part["Body"]["Html"]["Data"].as_str());
    let Some(text) = text.or(html) else {
        return Err(Failure::bad("Content.Simple.Body needs Text.Data or Html.Data."));
    };
    extras(part)?;
    Ok(Content { subject: subject.to_owned(), text: text.to_owned(), ..Content::default() })
}

fn raw(part: &Value) -> Result<Content, Failure> {
    let Some(data) = part["Data"].as_str().filter(|data| !data.is_empty()) else {
        return Err(Failure::bad("Content.Raw.Data is required."));
    };
    let Ok(bytes) = STANDARD.decode(data) else {
        let message = "Content.Raw.Data is not base64.";
        return Err(Failure::new(StatusCode::BAD_REQUEST, "SerializationException", message));
    };
    let message = String::from_utf8_lossy(&bytes);
    let mail = mime::read(&message);
    let to = [mail.header("To"), mail.header("Cc"), mail.header("Bcc")];
    let to = to.iter().flatten().flat_map(|line| line.split(',')).map(|named| named.trim().to_owned());
    Ok(Content {
        subject: mail.header("Subject").unwrap_or_default(),
        text: mail.text(),
        from: mail.header("From"),
        to: to.filter(|named| !named.is_empty()).collect(),
    })
}

/// Templates can be given with the request; none are kept.
fn template(part: &Value) -> Result<Content, Failure> {
    let data = part["TemplateData"].as_str().unwrap_or("{}");
    let is_object = serde_json::from_str::<Value>(data).is_ok_and(|data| data.is_object());
    if data.len() > TEMPLATE_DATA || !is_object {
        return Err(Failure::bad(
            "Content.Template.TemplateData must be a JSON object of at most 262144 characters.",
        ));
    }
    extras(part)?;
    let given = &part["TemplateContent"];
    if given.is_object() {
        let said = |name: &str| given[name].as_str().map(ToOwned::to_owned);
        let subject = said("Subject").unwrap_or_default();
        let text = said("Text").or_else(|| said("Html")).unwrap_or_default();
        return Ok(Content { subject, text, ..Content::default() });
    }
    match part["TemplateName"].as_str().or_else(|| part["TemplateArn"].as_str()) {
        Some(name) => {
            let message = format!("Template {name} does not exist.");
            Err(Failure::new(StatusCode::NOT_FOUND, "NotFoundException", message))
        }
        None => Err(Failure::bad("Content.Template needs TemplateName, TemplateArn or TemplateContent.")),
    }
}

/// What may be added to anything but a raw message.
fn extras(part: &Value) -> Result<(), Failure> {
    if part["Headers"].as_array().is_some_and(|headers| headers.len() > HEADERS) {
        return Err(Failure::bad(format!("There can be at most {HEADERS} headers.")));
    }
    for attachment in part["Attachments"].as_array().into_iter().flatten() {
        let content = attachment["RawContent"].as_str().unwrap_or_default();
        let name = attachment["FileName"].as_str().unwrap_or_default();
        if content.is_empty() || name.is_empty() || STANDARD.decode(content).is_err() {
            return Err(Failure::bad("An attachment needs FileName and RawContent in base64."));
        }
    }
    Ok(())
}
