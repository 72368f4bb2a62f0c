//! A tenant's accounts at every stand-in, in one go.

use crate::{Error, Simulators, Webhook, WhatsAppNumber};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Whose accounts, and where their events go.
#[derive(Debug, Clone, Copy)]
pub struct Connection<'a> {
    /// Where the product is served, without a slash at its end.
    pub product: &'a str,
    /// The tenant's name in the product's paths.
    pub tenant: &'a str,
    /// The API key at ElevenLabs: another one for each tenant.
    pub account: &'a str,
    /// With what events are signed.
    pub secret: &'a str,
}

impl Connection<'_> {
    /// The id of the tenant's number at WhatsApp.
    pub fn phone_number_id(&self) -> String {
        phone_number_id(self.tenant)
    }
}

/// The id that a tenant's number has at the simulated WhatsApp: 15 digits, always the same.
pub fn phone_number_id(tenant: &str) -> String {
    let hash = tenant.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("1{:014}", hash % 100_000_000_000_000)
}

impl Simulators {
    /// Makes a tenant's accounts known at every stand-in, and answers the settings by which the product reaches them: by
    /// provider, as `PUT /admin/integrations/{provider}` takes them.
    pub fn connect(&self, connection: &Connection<'_>) -> Result<BTreeMap<&'static str, Value>, Error> {
        let Connection { product, tenant, account, secret } = *connection;
        let webhook_id = format!("wh_simulated_{tenant}");
        let webhook = Webhook {
            url: format!("{product}/webhooks/elevenlabs/{tenant}"),
            secret: secret.to_owned(),
            webhook_id: webhook_id.clone(),
        };
        self.register_account(account, webhook)?;
        let phone_number_id = connection.phone_number_id();
        let number = WhatsAppNumber {
            access_token: format!("token_{account}"),
            webhook_url: format!("{product}/webhooks/whatsapp/{tenant}"),
            app_secret: secret.to_owned(),
            display_phone_number: format!("1555{}", &phone_number_id[8..]),
            waba_id: format!("9{phone_number_id}"),
        };
        let access_token = number.access_token.clone();
        self.register_whatsapp(&phone_number_id, number)?;
        Ok(BTreeMap::from([
            (
                "elevenlabs",
                json!({
                    "api_key": account, "base_url": self.elevenlabs_base_url(), "webhook_secret": secret,
                    "initiation_secret": format!("initiation_{secret}"), "phone_number_id": "phnum_simulated",
                    "webhook_id": webhook_id,
                }),
            ),
            (
                "openai",
                json!({
                    "api_key": account, "base_url": self.openai_base_url(), "model": "simulator",
                    "embedding_model": "text-embedding-3-simulator",
                }),
            ),
            (
                "whatsapp",
                json!({
                    "access_token": access_token, "base_url": self.whatsapp_base_url(),
                    "phone_number_id": phone_number_id, "app_secret": secret, "verify_token": format!("verify_{secret}"),
                }),
            ),
            (
                "email",
                json!({"from_address": format!("desk@{tenant}.example"), "base_url": self.ses_base_url()}),
            ),
            ("sms", json!({"origination_identity": "FRONTDESK", "base_url": self.sms_base_url()})),
        ]))
    }
}
