//! A WhatsApp number, who writes to it, and who receives its webhooks.

use crate::support::{Received, Receiver, SECRET, World};
use reqwest::Method;
use serde_json::{Value, json};
use simulators::{Person, TemplateCategory, WhatsAppNumber};
use std::path::PathBuf;

pub(crate) const NUMBER: &str = "106540352242922";
pub(crate) const TOKEN: &str = "EAAtoken";
pub(crate) const ASHA: &str = "919876543210";
pub(crate) const ASHA_ID: &str = "IN.13491208655302741918";

pub(crate) struct Meta {
    pub(crate) world: World,
    pub(crate) inbox: Receiver,
}

impl Meta {
    pub(crate) async fn start() -> Self {
        Self::with_database(None).await
    }

    /// A number with two templates: `visit_reminder` (utility, one parameter) and `offer` (marketing, none).
    pub(crate) async fn with_database(database: Option<PathBuf>) -> Self {
        let world = World::with_database(database).await;
        let inbox = Receiver::default();
        let number = WhatsAppNumber {
            access_token: TOKEN.to_owned(),
            webhook_url: inbox.start().await,
            app_secret: SECRET.to_owned(),
            display_phone_number: "15550001111".to_owned(),
            waba_id: "102290129340398".to_owned(),
        };
        let simulators = &world.simulators;
        simulators.register_whatsapp(NUMBER, number).unwrap();
        for (name, parameters, category) in [
            ("visit_reminder", 1, TemplateCategory::Utility),
            ("offer", 0, TemplateCategory::Marketing),
            ("code", 0, TemplateCategory::Authentication),
        ] {
            simulators.register_template(NUMBER, name, "en", parameters, category).unwrap();
        }
        Self { world, inbox }
    }

    pub(crate) async fn ask(&self, token: &str, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.world.simulators.whatsapp_base_url());
        let mut request = self.world.http.request(method, url).bearer_auth(token);
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
    }

    /// Posts a message with these fields, those of all messages added.
    pub(crate) async fn send(&self, fields: Value) -> (u16, Value) {
        let path = format!("/v26.0/{NUMBER}/messages");
        self.ask(TOKEN, Method::POST, &path, &message(&fields)).await
    }

    /// Sends what must be accepted; answers its id.
    pub(crate) async fn accepted(&self, fields: Value) -> String {
        let (status, answer) = self.send(fields).await;
        assert_eq!(status, 200, "{answer}");
        answer["messages"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Sends what must be refused; answers status, code and details.
    pub(crate) async fn refused(&self, fields: Value) -> (u16, u64, String) {
        let (status, answer) = self.send(fields).await;
        let error = &answer["error"];
        assert!(error["fbtrace_id"].as_str().is_some_and(|id| !id.is_empty()), "{answer}");
        let details = error["error_data"]["details"].as_str().or(error["message"].as_str());
        (status, error["code"].as_u64().unwrap(), details.unwrap().to_owned())
    }

    /// Asha writes, which opens the window; the webhook is delivered and forgotten.
    pub(crate) async fn hear(&self) -> String {
        let id = self.world.simulators.receive_whatsapp(NUMBER, &asha(), text("Hi")).unwrap();
        self.world.finish().await;
        id
    }

    /// Everything said of messages so far, in the order of arrival, forged ones left out.
    pub(crate) fn statuses(&self) -> Vec<Value> {
        let genuine = self.inbox.all().into_iter().filter(Received::is_genuine);
        genuine.filter_map(|webhook| value_of(&webhook).pointer("/statuses/0").cloned()).collect()
    }

    /// Like [`Meta::statuses`], their names only.
    pub(crate) fn told(&self) -> Vec<String> {
        self.statuses().iter().map(|status| status["status"].as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) fn message(fields: &Value) -> Value {
    let mut body =
        json!({ "messaging_product": "whatsapp", "recipient_type": "individual", "to": format!("+{ASHA}") });
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

pub(crate) fn asha() -> Person {
    Person { phone: Some(ASHA.to_owned()), user_id: Some(ASHA_ID.to_owned()), name: Some("Asha".to_owned()) }
}

pub(crate) fn text(body: &str) -> Value {
    json!({ "type": "text", "text": { "body": body } })
}

pub(crate) fn template(name: &str, parameters: &[&str]) -> Value {
    let parameters: Vec<Value> =
        parameters.iter().map(|text| json!({ "type": "text", "text": text })).collect();
    json!({ "type": "template", "template": {
        "name": name, "language": { "code": "en" },
        "components": [{ "type": "body", "parameters": parameters }] } })
}

/// The value of a webhook's first change.
pub(crate) fn value_of(webhook: &Received) -> Value {
    webhook.json()["entry"][0]["changes"][0]["value"].clone()
}
