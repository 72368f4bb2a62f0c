//! Whom the clients ask, and how each thing is asked for.

use super::Kind;
use crate::Failure;
use crate::product::Product;
use domain::Clock;
use elevenlabs::signature;
use http::{Method, StatusCode};
use jiff::Timestamp;
use provider::Secret;
use reqwest::{Client, RequestBuilder, Url};
use rustls::RootCertStore;
use serde::Deserialize;
use serde_json::{Value, json};
use simulators::{Connection, Simulators};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// What the simulated ElevenLabs of a stack signs its events with.
const WEBHOOK_SECRET: &str = "wsec_load";
/// A talk as ElevenLabs tells of it.
const TALK: &str = include_str!("../../../../shared/elevenlabs/fixtures/post_call_transcription.json");

/// A tenant of a product that is served on loopback.
pub(super) struct Target {
    client: Client,
    url: String,
    key: String,
    tenant: String,
    webhook_secret: Secret,
    /// The product's.
    clock: Clock,
    /// Has numbers and conversations differ from those of other runs.
    run: u32,
    made: AtomicU32,
    /// The emulator's process, if it is known.
    pub(super) emulator: Option<u32>,
}

/// What is read of a file that describes a deployed stack.
#[derive(Deserialize)]
struct Stack {
    /// The API's address, with the stage if it has one.
    url: String,
    /// An API key of the tenant's owner.
    owner_key: String,
    tenant: String,
    /// The process whose descendants are the functions.
    pid: Option<u32>,
}

impl Target {
    /// The tenant of a local product.
    pub(super) async fn of_product(product: &Product) -> Result<Self, Failure> {
        let stack = Stack {
            url: product.url().to_owned(),
            owner_key: product.key().to_owned(),
            tenant: "demo".to_owned(),
            pid: None,
        };
        Self::connected(stack, &product.webhook_secret()?).await?.ready().await
    }

    /// The tenant of the stack that this file describes, with simulated providers of this process's.
    pub(super) async fn of_stack(file: &str) -> Result<Self, Failure> {
        let text = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
        let target = Self::connected(serde_json::from_slice(&text)?, WEBHOOK_SECRET).await?;
        target.simulate_providers().await?;
        target.ready().await
    }

    /// They serve as long as the process lives.
    async fn simulate_providers(&self) -> Result<(), Failure> {
        let simulators = Simulators::start(simulators::Config {
            clock: self.clock.clone(),
            database: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        })
        .await?;
        let (product, tenant) = (self.url.as_str(), self.tenant.as_str());
        let connection = Connection { product, tenant, account: "load", secret: WEBHOOK_SECRET };
        for (provider, settings) in simulators.connect(&connection)? {
            let path = format!("/admin/integrations/{provider}");
            self.ask(Method::PUT, &path, Some(settings), StatusCode::OK).await?;
        }
        Ok(())
    }

    async fn connected(stack: Stack, webhook_secret: &str) -> Result<Self, Failure> {
        let url = stack.url.trim_end_matches('/');
        let host = Url::parse(url)?.host_str().unwrap_or_default().to_owned();
        if !["127.0.0.1", "localhost", "[::1]"].contains(&host.as_str()) {
            return Err(format!("{host} is not this machine: load is for loopback only").into());
        }
        let client = provider::client(RootCertStore::empty()).timeout(PATIENCE).build()?;
        let mut target = Self {
            client,
            url: url.to_owned(),
            key: stack.owner_key,
            tenant: stack.tenant,
            webhook_secret: webhook_secret.into(),
            clock: Clock::default(),
            run: 0,
            made: AtomicU32::new(0),
            emulator: stack.pid,
        };
        let health = target.ask(Method::GET, "/health", None, StatusCode::OK).await?;
        let here = target.clock.now();
        // A stack goes by the world's clock, and does not tell it.
        if let Some(now) = health["now"].as_str() {
            let now: Timestamp = now.parse()?;
            target.clock = Clock::shifted(now.as_millisecond() - here.as_millisecond());
        }
        target.run = u32::try_from(here.as_second().rem_euclid(1_000))?;
        Ok(target)
    }

    /// The same, with a key that may be used often enough, and an agent if there is none.
    async fn ready(mut self) -> Result<Self, Failure> {
        let target = &mut self;
        let agents = target.ask(Method::GET, "/agents?limit=1", None, StatusCode::OK).await?;
        if agents.as_array().is_none_or(Vec::is_empty) {
            let maya = json!({"name": "Maya", "system_prompt": "You qualify leads.",
                "first_message": "Hello {{first_name}}!"});
            target.ask(Method::POST, "/agents", Some(maya), StatusCode::CREATED).await?;
        }
        let key = json!({"name": "load", "role": "member", "per_second": 10_000, "burst": 10_000});
        let made = target.ask(Method::POST, "/admin/api-keys", Some(key), StatusCode::CREATED).await?;
        made["api_key"].as_str().ok_or("there is no key in the answer")?.clone_into(&mut target.key);
        Ok(self)
    }

    /// Does something about the client's `lead`, by its id; a new one takes its place.
    pub(super) async fn perform(&self, kind: Kind, lead: &mut String) -> Result<(), Failure> {
        let path = format!("/leads/{lead}");
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let (method, path, body, expected) = match kind {
            Kind::GetLead => (Method::GET, path.as_str(), None, StatusCode::OK),
            Kind::ListLeads => (Method::GET, "/leads?limit=20", None, StatusCode::OK),
            Kind::ListCalls => (Method::GET, "/calls?limit=20", None, StatusCode::OK),
            Kind::BuildContext => {
                let about = json!({"lead_id": lead, "objective": "Say hello"});
                (Method::POST, "/context", Some(about), StatusCode::OK)
            }
            Kind::CreateLead => (Method::POST, "/leads", Some(self.person(number)), StatusCode::CREATED),
            Kind::ChangeLead => {
                let change = json!({"company": format!("Company {number}")});
                (Method::PATCH, path.as_str(), Some(change), StatusCode::OK)
            }
            Kind::CreateCall => {
                (Method::POST, "/calls", Some(json!({"lead_id": lead})), StatusCode::ACCEPTED)
            }
            Kind::SendEvent => return self.send_event(lead, number).await,
        };
        let answer = self.ask(method, path, body, expected).await?;
        if kind == Kind::CreateLead {
            answer["id"].as_str().ok_or("there is no id in the answer")?.clone_into(lead);
        }
        Ok(())
    }

    /// Somebody whose number nobody else has.
    fn person(&self, number: u32) -> Value {
        let number = u64::from(self.run) * 100_000 + u64::from(number % 100_000);
        json!({"first_name": "Asha", "last_name": format!("Rao {number}"), "phone": format!("+9191{number:08}"),
            "source": "load", "consent": {"voice": {"granted": true, "basis": "opt_in"}}})
    }

    /// Tells, as ElevenLabs does, that the lead called and what was said.
    async fn send_event(&self, lead: &str, number: u32) -> Result<(), Failure> {
        let now = self.clock.now();
        let mut event: Value = serde_json::from_str(TALK)?;
        event["event_timestamp"] = now.as_second().into();
        let talk = &mut event["data"];
        talk["conversation_id"] = format!("conv_load_{}_{number}", self.run).into();
        talk["user_id"] = lead.into();
        talk["conversation_initiation_client_data"]["user_id"] = lead.into();
        talk["metadata"]["start_time_unix_secs"] = (now.as_second() - 90).into();
        talk["metadata"]["phone_call"]["direction"] = "inbound".into();
        let (body, path) = (event.to_string(), format!("/webhooks/elevenlabs/{}", self.tenant));
        let signed = signature::sign(&self.webhook_secret, body.as_bytes(), now);
        let request = self.client.post(format!("{}{path}", self.url)).header(signature::HEADER, signed);
        let request = request.header("content-type", "application/json").body(body);
        answered(request, "an event", StatusCode::OK).await.map(drop)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        expected: StatusCode,
    ) -> Result<Value, Failure> {
        let what = format!("{method} {path}");
        let mut request =
            self.client.request(method, format!("{}{path}", self.url)).header("x-api-key", &self.key);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        answered(request, &what, expected).await
    }
}

/// The body of the answer, if that is what was expected.
async fn answered(request: RequestBuilder, what: &str, expected: StatusCode) -> Result<Value, Failure> {
    let answer = request.send().await.map_err(|error| format!("{what}: {error:?}"))?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| format!("{what}: {error:?}"))?;
    if status != expected {
        return Err(format!("{what}: {status} {text}").into());
    }
    Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
}
