//! Messages with buttons or a list, and what else one can tap on.

use super::check::{invalid, missing, text};
use super::refusal::Refusal;
use serde_json::Value;
use std::collections::HashSet;

/// Characters of the body.
const BODY: usize = 1024;

/// Characters of the header and of the footer.
const EDGE: usize = 60;

/// Checks the part, and says what the reader sees: the text, and what can be chosen in brackets.
pub(super) fn read(part: &Value) -> Result<String, Refusal> {
    let kind = text(part, "type", "interactive", usize::MAX)?;
    let body = match kind.as_str() {
        // A product may stand for itself.
        "product" | "catalog_message" if part["body"].is_null() => String::new(),
        _ => text(&part["body"], "text", "interactive['body']", BODY)?,
    };
    if !part["footer"].is_null() {
        text(&part["footer"], "text", "interactive['footer']", EDGE)?;
    }
    header(&part["header"], &kind)?;
    let action = &part["action"];
    if !action.is_object() {
        return Err(missing("Parameter interactive['action'] is required."));
    }
    let choices = match kind.as_str() {
        "button" => buttons(action)?,
        "list" => rows(action)?,
        "cta_url" => {
            text(&action["parameters"], "url", "interactive['action']['parameters']", usize::MAX)?;
            vec![text(&action["parameters"], "display_text", "interactive['action']['parameters']", 20)?]
        }
        "flow"
        | "product"
        | "product_list"
        | "catalog_message"
        | "location_request_message"
        | "address_message"
        | "call_permission_request"
        | "voice_call"
        | "carousel" => Vec::new(),
        _ => return Err(invalid(&format!("There is no interactive message of type {kind}."))),
    };
    let choices = choices.into_iter().map(|choice| format!("[{choice}]"));
    let shown: Vec<String> = std::iter::once(body).filter(|body| !body.is_empty()).chain(choices).collect();
    Ok(shown.join(" "))
}

fn header(header: &Value, kind: &str) -> Result<(), Refusal> {
    if header.is_null() {
        return Ok(());
    }
    match text(header, "type", "interactive['header']", usize::MAX)?.as_str() {
        "text" => text(header, "text", "interactive['header']", EDGE).map(drop),
        "image" | "video" | "document" if kind != "list" => Ok(()),
        _ => Err(invalid("The header of this message must be a text.")),
    }
}

fn buttons(action: &Value) -> Result<Vec<String>, Refusal> {
    let place = "interactive['action']['buttons']";
    let buttons = action["buttons"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !(1..=3).contains(&buttons.len()) {
        return Err(invalid("Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3"));
    }
    let mut ids = HashSet::new();
    let mut titles = Vec::new();
    for button in buttons {
        if button["type"] != "reply" {
            return Err(invalid(&format!("{place}['type'] must be reply.")));
        }
        let reply = &button["reply"];
        unique(&mut ids, limited(reply, "id", place, 256)?)?;
        titles.push(limited(reply, "title", place, 20)?);
    }
    Ok(titles)
}

fn rows(action: &Value) -> Result<Vec<String>, Refusal> {
    let place = "interactive['action']['sections']";
    limited(action, "button", "interactive['action']", 20)?;
    let sections = action["sections"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut ids = HashSet::new();
    let mut titles = Vec::new();
    for section in sections {
        if sections.len() > 1 || !section["title"].is_null() {
            limited(section, "title", place, 24)?;
        }
        let rows = section["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
        if rows.is_empty() {
            return Err(missing(&format!("Every one of {place} needs rows.")));
        }
        for row in rows {
            unique(&mut ids, limited(row, "id", place, 200)?)?;
            titles.push(limited(row, "title", place, 24)?);
            if !row["description"].is_null() {
                limited(row, "description", place, 72)?;
            }
        }
    }
    if !(1..=10).contains(&titles.len()) {
        return Err(invalid("Total row count is out of bounds. Min allowed: 1, Max allowed: 10"));
    }
    Ok(titles)
}

/// Like [`text`], but one that is too long is a wrong value.
fn limited(part: &Value, name: &str, parent: &str, longest: usize) -> Result<String, Refusal> {
    let said = text(part, name, parent, usize::MAX)?;
    if said.chars().count() > longest {
        let place = format!("{parent}['{name}']");
        return Err(invalid(&format!("{place} length is invalid. Min length: 1, Max length: {longest}")));
    }
    Ok(said)
}

fn unique(ids: &mut HashSet<String>, id: String) -> Result<(), Refusal> {
    if ids.insert(id) { Ok(()) } else { Err(invalid("Two choices have the same id.")) }
}
