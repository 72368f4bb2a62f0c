//! Running simulators, an HTTP client, and a receiver of webhooks.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use domain::Clock;
use jiff::Timestamp;
use reqwest::Method;
use ring::hmac;
use serde_json::{Value, json};
use simulators::{Config, Simulators, Webhook};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

pub(crate) const KEY: &str = "xi_test";
pub(crate) const SECRET: &str = "wsec_test";

/// A webhook as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) signature: String,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    pub(crate) fn conversation_id(&self) -> String {
        self.json()["data"]["conversation_id"].as_str().unwrap().to_owned()
    }

    /// Whether the signature is that of the account's secret.
    pub(crate) fn is_genuine(&self) -> bool {
        if let Some(tag) = self.signature.strip_prefix("sha256=") {
            let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
            return hmac::verify(&key, self.body.as_bytes(), &hex::decode(tag).unwrap()).is_ok();
        }
        let (time, tag) = self.signature.strip_prefix("t=").unwrap().split_once(",v0=").unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let signed = format!("{time}.{}", self.body);
        hmac::verify(&key, signed.as_bytes(), &hex::decode(tag).unwrap()).is_ok()
    }

    pub(crate) fn signed_at(&self) -> i64 {
        self.signature.strip_prefix("t=").unwrap().split_once(',').unwrap().0.parse().unwrap()
    }
}

/// A receiver of webhooks that answers 200, or what was asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Receiver {
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<StatusCode>>>,
}

impl Receiver {
    pub(crate) async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhook", listener.local_addr().unwrap());
        let router = Router::new().route("/webhook", post(receive)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }

    pub(crate) fn all(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub(crate) fn answer_next(&self, statuses: &[u16]) {
        self.answers
            .lock()
            .unwrap()
            .extend(statuses.iter().map(|status| StatusCode::from_u16(*status).unwrap()));
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let signature = headers.get("elevenlabs-signature").unwrap_or_else(|| &headers["x-hub-signature-256"]);
    let signature = signature.to_str().unwrap().to_owned();
    receiver.received.lock().unwrap().push(Received { signature, body });
    receiver.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::OK)
}

pub(crate) struct World {
    pub(crate) simulators: Simulators,
    pub(crate) clock: Clock,
    pub(crate) receiver: Receiver,
    pub(crate) http: reqwest::Client,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with_database(None).await
    }

    pub(crate) async fn with_database(database: Option<PathBuf>) -> Self {
        let clock = Clock::default();
        let address = "127.0.0.1:0".parse().unwrap();
        let simulators = Simulators::start(Config { clock: clock.clone(), database, address }).await.unwrap();
        let receiver = Receiver::default();
        let webhook =
            Webhook { url: receiver.start().await, secret: SECRET.to_owned(), webhook_id: "wh_1".to_owned() };
        simulators.register_account(KEY, webhook).unwrap();
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let http = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls).build().unwrap();
        Self { simulators, clock, receiver, http }
    }

    /// One request to ElevenLabs with an account's key: status and JSON (null for an empty body).
    pub(crate) async fn ask_as(&self, key: &str, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.simulators.elevenlabs_base_url());
        let mut request = self.http.request(method, url).header("xi-api-key", key);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.ask_as(KEY, Method::GET, path, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask_as(KEY, Method::POST, path, body).await
    }

    pub(crate) async fn create_agent(&self, body: Value) -> String {
        let (status, answer) = self.post("/v1/convai/agents/create", body).await;
        assert_eq!(status, 200, "{answer}");
        answer["agent_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn dial(&self, body: Value) -> String {
        let (status, answer) = self.post("/v1/convai/twilio/outbound-call", body).await;
        assert_eq!((status, &answer["success"]), (200, &json!(true)), "{answer}");
        assert!(answer["callSid"].as_str().unwrap().starts_with("CA"));
        answer["conversation_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn conversation(&self, id: &str) -> Value {
        let (status, conversation) = self.get(&format!("/v1/convai/conversations/{id}")).await;
        assert_eq!(status, 200, "{conversation}");
        conversation
    }

    /// Moves the clock to the next instant at which something is due, and performs it.
    pub(crate) async fn step(&self) -> Option<Timestamp> {
        let next = self.simulators.next_due()?;
        self.clock.advance_to(next);
        self.simulators.run_due(next.max(self.clock.now())).await;
        Some(next)
    }

    /// Steps until nothing is due any more.
    pub(crate) async fn finish(&self) {
        let mut steps = 0;
        while self.step().await.is_some() {
            steps += 1;
            assert!(steps < 1000, "something is due for ever");
        }
    }
}

/// An agent with everything that the calls here need.
pub(crate) fn agent() -> Value {
    json!({
        "name": "Lead caller", "tags": ["crm"],
        "conversation_config": {
            "agent": {
                "first_message": "Hello {{lead_name}}, this is {{company}}.", "language": "en",
                "dynamic_variables": { "dynamic_variable_placeholders": { "company": "Acme" } },
                "prompt": {
                    "prompt": "Qualify {{lead_name}}.",
                    "built_in_tools": {
                        "end_call": { "type": "system", "name": "end_call",
                                      "params": { "system_tool_type": "end_call" } },
                        "voicemail_detection": { "type": "system", "name": "voicemail_detection",
                                                 "params": { "system_tool_type": "voicemail_detection" } },
                    },
                },
            },
            "tts": { "model_id": "eleven_flash_v2_5" },
        },
        "platform_settings": {
            "data_collection": {
                "budget": { "type": "string", "description": "Budget the lead states" },
                "callback_time": { "type": "string", "description": "When to call again" },
                "interested": { "type": "boolean", "description": "Whether the lead is interested" },
            },
            "evaluation": { "criteria": [
                { "id": "qualified", "name": "Qualified", "conversation_goal_prompt": "Budget and date." }] },
            "overrides": { "conversation_config_override": { "agent": { "language": true, "first_message": true } } },
        },
    })
}

pub(crate) fn call(agent_id: &str, to_number: &str) -> Value {
    json!({
        "agent_id": agent_id, "agent_phone_number_id": "phnum_1", "to_number": to_number,
        "conversation_initiation_client_data": {
            "user_id": "att_1", "dynamic_variables": { "lead_name": "Asha Rao", "attempt": 2 } },
    })
}
