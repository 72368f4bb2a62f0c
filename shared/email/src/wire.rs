//! The JSON of SES.

use serde::{Deserialize, Serialize};

/// Body of `POST /v2/email/outbound-emails`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendEmail<'a> {
    pub(crate) from_email_address: &'a str,
    pub(crate) destination: Destination<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reply_to_addresses: Option<[&'a str; 1]>,
    pub(crate) content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email_tags: Option<[Pair<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) configuration_set_name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Destination<'a> {
    pub(crate) to_addresses: [&'a str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Content<'a> {
    pub(crate) simple: Simple<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Simple<'a> {
    pub(crate) subject: Text<'a>,
    pub(crate) body: Body<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) headers: Vec<Pair<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Body<'a> {
    pub(crate) text: Text<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Text<'a> {
    pub(crate) data: &'a str,
    pub(crate) charset: &'static str,
}

/// A header, or a tag.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Pair<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: String,
}

/// The answer to it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Sent {
    pub(crate) message_id: Option<String>,
}
