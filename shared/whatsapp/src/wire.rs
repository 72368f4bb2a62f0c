//! Meta's JSON: what we send.

use serde::Serialize;

/// Body of `POST /{phone number id}/messages` for a message.
#[derive(Serialize)]
pub(crate) struct Message<'a> {
    pub(crate) messaging_product: &'static str,
    pub(crate) recipient_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recipient: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<Context<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) biz_opaque_callback_data: Option<&'a str>,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(flatten)]
    pub(crate) content: Content<'a>,
}

#[derive(Serialize)]
pub(crate) struct Context<'a> {
    pub(crate) message_id: &'a str,
}

/// The one field that is named as the message's type.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Content<'a> {
    Text(Text<'a>),
    Template(Template<'a>),
    Interactive(Interactive<'a>),
    Reaction(Reaction<'a>),
    Image(Media<'a>),
    Video(Media<'a>),
    Audio(Media<'a>),
    Document(Media<'a>),
    Sticker(Media<'a>),
}

#[derive(Serialize)]
pub(crate) struct Text<'a> {
    pub(crate) body: &'a str,
    pub(crate) preview_url: bool,
}

#[derive(Serialize)]
pub(crate) struct Reaction<'a> {
    pub(crate) message_id: &'a str,
    pub(crate) emoji: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Media<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) caption: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filename: Option<&'a str>,
}

#[derive(Serialize)]
pub(crate) struct Template<'a> {
    pub(crate) name: &'a str,
    pub(crate) language: Language<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) components: Vec<Component<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Language<'a> {
    pub(crate) code: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Component<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sub_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) index: Option<String>,
    pub(crate) parameters: Vec<Parameter<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Parameter<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(flatten)]
    pub(crate) value: ParameterValue<'a>,
}

/// The one field that is named as the parameter's type.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ParameterValue<'a> {
    Text(&'a str),
    Payload(&'a str),
    Image(Media<'a>),
    Video(Media<'a>),
    Document(Media<'a>),
}

#[derive(Serialize)]
pub(crate) struct Interactive<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) header: Option<Header<'a>>,
    pub(crate) body: Words<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) footer: Option<Words<'a>>,
    pub(crate) action: Action<'a>,
}

#[derive(Serialize)]
pub(crate) struct Header<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) text: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Words<'a> {
    pub(crate) text: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Action<'a> {
    Buttons { buttons: Vec<Button<'a>> },
    List { button: &'a str, sections: Vec<Section<'a>> },
}

#[derive(Serialize)]
pub(crate) struct Button<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) reply: Reply<'a>,
}

#[derive(Serialize)]
pub(crate) struct Reply<'a> {
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Section<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<&'a str>,
    pub(crate) rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Row<'a> {
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a str>,
}

/// Body of `POST /{phone number id}/messages` for the mark that a message was read.
#[derive(Serialize)]
pub(crate) struct Read<'a> {
    pub(crate) messaging_product: &'static str,
    pub(crate) status: &'static str,
    pub(crate) message_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) typing_indicator: Option<Typing>,
}

#[derive(Serialize)]
pub(crate) struct Typing {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
}
