//! The stand-in for Meta's WhatsApp Business Cloud API: messages, their statuses, media, webhooks.

mod check;
mod course;
mod inbound;
mod interactive;
mod media;
mod refusal;
mod send;
pub(crate) mod webhooks;

pub use course::MessageScript;
pub use inbound::Person;
pub(crate) use refusal::unknown_path;

use crate::storage::Template;
use crate::{Error, Shared, Simulators};
use axum::Router;
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where `graph.facebook.com` stands on the simulators' server; the version follows.
pub(crate) const PREFIX: &str = "/whatsapp";

/// Where files are fetched from: in reality another host of Meta's.
pub(crate) const DOWNLOAD: &str = "/whatsapp/whatsapp_business/attachments/";

pub(crate) fn router() -> Router<Shared> {
    // The parameters' names are those of Meta's OpenAPI document.
    Router::new()
        .route("/whatsapp/{Version}/{Phone-Number-ID}/messages", post(send::send_message))
        .route("/whatsapp/{Version}/{Media-ID}", get(media::get_media))
        .route(DOWNLOAD, get(media::download_media))
}

/// A business phone number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatsAppNumber {
    /// The token of the system user who may send from it. Several numbers may share one.
    pub access_token: String,
    /// Full URL of the receiver of its webhooks; `http` on loopback.
    pub webhook_url: String,
    /// The secret behind `X-Hub-Signature-256`.
    pub app_secret: String,
    /// The number as people see it, as webhooks have it: digits.
    pub display_phone_number: String,
    /// The WhatsApp Business Account that has it.
    pub waba_id: String,
}

impl WhatsAppNumber {
    /// The body of a webhook with these changes.
    fn envelope(&self, changes: &[Value]) -> Value {
        json!({ "object": "whatsapp_business_account", "entry": [{ "id": self.waba_id, "changes": changes }] })
    }

    /// A change whose value has these `parts` beside what all values have.
    fn change(&self, phone_number_id: &str, field: &str, parts: &Value) -> Value {
        let mut value = json!({
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": self.display_phone_number, "phone_number_id": phone_number_id },
        });
        lay_over(&mut value, parts);
        json!({ "field": field, "value": value })
    }
}

/// What a template is for; decides its price, and to whom it may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TemplateCategory {
    /// Wants something of the reader.
    Marketing,
    /// Tells the reader something about their own affairs.
    Utility,
    /// Carries a code; goes to phone numbers only.
    Authentication,
}

impl TemplateCategory {
    fn name(self) -> &'static str {
        match self {
            Self::Marketing => "marketing",
            Self::Utility => "utility",
            Self::Authentication => "authentication",
        }
    }
}

impl Simulators {
    /// What to give a WhatsApp client as its base URL: `http://127.0.0.1:<port>/whatsapp`, without a version.
    pub fn whatsapp_base_url(&self) -> String {
        format!("http://{}{PREFIX}", self.inner.address)
    }

    /// Makes a business phone number known, or changes what is known of it.
    pub fn register_whatsapp(&self, phone_number_id: &str, number: WhatsAppNumber) -> Result<(), Error> {
        self.inner.storage.put_whatsapp_number(phone_number_id, &number)
    }

    /// Approves a template of a number, whose body has this many parameters.
    pub fn register_template(
        &self,
        phone_number_id: &str,
        name: &str,
        language: &str,
        body_parameters: usize,
        category: TemplateCategory,
    ) -> Result<(), Error> {
        let template = Template { body_parameters, category };
        self.inner.storage.put_template(phone_number_id, name, language, template)
    }

    /// Chooses how the next messages to somebody fare, one script a message, in place of what was chosen before.
    /// `to` is a phone number or a business-scoped user id, as the messages will have it.
    pub fn set_whatsapp_script(&self, to: &str, scripts: Vec<MessageScript>) -> Result<(), Error> {
        self.inner.storage.push_message_scripts(digits(to), &scripts)
    }
}

/// A phone number without its plus.
fn digits(phone: &str) -> &str {
    phone.strip_prefix('+').unwrap_or(phone)
}

/// A new id of a message; decoded it says where it is from.
fn wamid() -> String {
    format!("wamid.{}", STANDARD.encode(format!("SIMULATED-{}", crate::random_hex::<16>())))
}

/// Puts the fields of one object into another, in place of those of the same name.
fn lay_over(object: &mut Value, fields: &Value) {
    for (name, value) in fields.as_object().into_iter().flatten() {
        object[name] = value.clone();
    }
}
