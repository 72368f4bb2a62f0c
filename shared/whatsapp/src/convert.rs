//! Between our types and Meta's JSON.

use crate::client::{Accepted, AcceptedStatus};
use crate::media::{Media, MediaKind, MediaSource};
use crate::outgoing::{
    Button, Content, Outgoing, Parameter, Recipient, Row, Section, Template, TemplateButton,
};
use crate::{lenient, wire};
use serde_json::Value;

const PRODUCT: &str = "whatsapp";

impl<'a> From<&'a Outgoing> for wire::Message<'a> {
    fn from(message: &'a Outgoing) -> Self {
        let (to, recipient) = match &message.to {
            Recipient::Phone(number) => (Some(number.chars().filter(char::is_ascii_digit).collect()), None),
            Recipient::User(id) => (None, Some(id.as_str())),
        };
        let data = message.callback_data.as_str();
        let (kind, content) = content(&message.content);
        Self {
            messaging_product: PRODUCT,
            recipient_type: "individual",
            to,
            recipient,
            context: message.reply_to.as_deref().map(|message_id| wire::Context { message_id }),
            biz_opaque_callback_data: Some(data).filter(|data| !data.is_empty()),
            kind,
            content,
        }
    }
}

/// The content with the name of its type.
fn content(content: &Content) -> (&'static str, wire::Content<'_>) {
    match content {
        Content::Text { body, preview_url } => {
            ("text", wire::Content::Text(wire::Text { body, preview_url: *preview_url }))
        }
        Content::Template(template) => ("template", wire::Content::Template(template.into())),
        Content::Buttons { body, header, footer, buttons } => {
            let action = wire::Action::Buttons { buttons: buttons.iter().map(button).collect() };
            interactive("button", body, header.as_deref(), footer.as_deref(), action)
        }
        Content::List { body, header, footer, button, sections } => {
            let action = wire::Action::List { button, sections: sections.iter().map(section).collect() };
            interactive("list", body, header.as_deref(), footer.as_deref(), action)
        }
        Content::Reaction { message_id, emoji } => {
            ("reaction", wire::Content::Reaction(wire::Reaction { message_id, emoji }))
        }
        Content::Media { kind, source, caption, filename } => {
            let file =
                wire::Media { caption: caption.as_deref(), filename: filename.as_deref(), ..media(source) };
            let content = match kind {
                MediaKind::Image => wire::Content::Image(file),
                MediaKind::Video => wire::Content::Video(file),
                MediaKind::Audio => wire::Content::Audio(file),
                MediaKind::Document => wire::Content::Document(file),
                MediaKind::Sticker => wire::Content::Sticker(file),
            };
            (kind.as_str(), content)
        }
    }
}

fn interactive<'a>(
    kind: &'static str,
    body: &'a str,
    header: Option<&'a str>,
    footer: Option<&'a str>,
    action: wire::Action<'a>,
) -> (&'static str, wire::Content<'a>) {
    let interactive = wire::Interactive {
        kind,
        header: header.map(|text| wire::Header { kind: "text", text }),
        body: wire::Words { text: body },
        footer: footer.map(|text| wire::Words { text }),
        action,
    };
    ("interactive", wire::Content::Interactive(interactive))
}

fn button(button: &Button) -> wire::Button<'_> {
    wire::Button { kind: "reply", reply: wire::Reply { id: &button.id, title: &button.title } }
}

fn section(section: &Section) -> wire::Section<'_> {
    wire::Section { title: section.title.as_deref(), rows: section.rows.iter().map(row).collect() }
}

fn row(row: &Row) -> wire::Row<'_> {
    wire::Row { id: &row.id, title: &row.title, description: row.description.as_deref() }
}

impl<'a> From<&'a Template> for wire::Template<'a> {
    fn from(template: &'a Template) -> Self {
        let filled = |kind, parameters: &'a [Parameter]| {
            (!parameters.is_empty()).then(|| wire::Component {
                kind,
                sub_type: None,
                index: None,
                parameters: parameters.iter().map(parameter).collect(),
            })
        };
        let header = filled("header", &template.header);
        let body = filled("body", &template.body);
        let buttons = template.buttons.iter().map(template_button);
        Self {
            name: &template.name,
            language: wire::Language { code: &template.language },
            components: header.into_iter().chain(body).chain(buttons).collect(),
        }
    }
}

fn parameter(parameter: &Parameter) -> wire::Parameter<'_> {
    let (kind, value) = match parameter {
        Parameter::Text(text) => ("text", wire::ParameterValue::Text(text)),
        Parameter::Image(source) => ("image", wire::ParameterValue::Image(media(source))),
        Parameter::Video(source) => ("video", wire::ParameterValue::Video(media(source))),
        Parameter::Document { source, filename } => {
            let file = wire::Media { filename: filename.as_deref(), ..media(source) };
            ("document", wire::ParameterValue::Document(file))
        }
    };
    wire::Parameter { kind, value }
}

fn template_button(button: &TemplateButton) -> wire::Component<'_> {
    let (sub_type, index, kind, value) = match button {
        TemplateButton::QuickReply { index, payload } => {
            ("quick_reply", index, "payload", wire::ParameterValue::Payload(payload))
        }
        TemplateButton::Url { index, suffix } => ("url", index, "text", wire::ParameterValue::Text(suffix)),
    };
    wire::Component {
        kind: "button",
        sub_type: Some(sub_type),
        index: Some(index.to_string()),
        parameters: vec![wire::Parameter { kind, value }],
    }
}

fn media(source: &MediaSource) -> wire::Media<'_> {
    let (id, link) = match source {
        MediaSource::Id(id) => (Some(id.as_str()), None),
        MediaSource::Link(link) => (None, Some(link.as_str())),
    };
    wire::Media { id, link, caption: None, filename: None }
}

/// The mark that a message was read.
pub(crate) fn read(message_id: &str, typing: bool) -> wire::Read<'_> {
    let typing_indicator = typing.then_some(wire::Typing { kind: "text" });
    wire::Read { messaging_product: PRODUCT, status: "read", message_id, typing_indicator }
}

/// The message in the answer to a send; `None` if there is none in it.
pub(crate) fn accepted(answer: &Value) -> Option<Accepted> {
    let (message, contact) = (&answer["messages"][0], &answer["contacts"][0]);
    Some(Accepted {
        message_id: lenient::id(&message["id"])?,
        wa_id: lenient::digits(&contact["wa_id"]),
        user_id: lenient::id(&contact["user_id"]),
        message_status: lenient::id(&message["message_status"]).map(AcceptedStatus::from),
    })
}

/// The file in the answer to a look-up; `None` if there is none in it.
pub(crate) fn found_media(media_id: &str, answer: &Value) -> Option<Media> {
    Some(Media {
        id: lenient::id(&answer["id"]).unwrap_or_else(|| media_id.to_owned()),
        url: lenient::id(&answer["url"])?,
        mime_type: lenient::id(&answer["mime_type"]),
        file_size: lenient::whole(&answer["file_size"]).and_then(|size| u64::try_from(size).ok()),
        sha256: lenient::id(&answer["sha256"]),
    })
}

#[cfg(test)]
mod tests;
