//! The service's JSON.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Body of `SendTextMessage`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendTextMessage<'a> {
    pub(crate) destination_phone_number: &'a str,
    pub(crate) origination_identity: &'a str,
    pub(crate) message_body: &'a str,
    pub(crate) message_type: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) context: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) destination_country_parameters: BTreeMap<&'static str, &'a str>,
}

/// The answer to it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Sent {
    pub(crate) message_id: Option<String>,
}
