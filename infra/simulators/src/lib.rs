//! Stand-ins for the services that Frontdesk calls, on loopback, speaking their real wire formats.
//!
//! One server answers for ElevenLabs (`/elevenlabs`), `OpenAI` (`/openai/v1`), WhatsApp (`/whatsapp`), Amazon SES
//! (`/ses`) and AWS End User Messaging SMS (`/sms`). Nothing happens by itself: the clock is the caller's, and
//! whoever runs the simulators pumps them with [`Simulators::next_due`] and [`Simulators::run_due`]. What was
//! accepted is in SQLite before it is answered, so a `kill -9` loses nothing.

mod analysis;
mod aws;
mod connect;
mod elevenlabs;
mod lies;
mod openai;
mod outbox;
mod server;
mod ses;
mod sms;
mod storage;
mod webhooks;
mod whatsapp;

pub use connect::{Connection, phone_number_id};
pub use elevenlabs::script::Script;
pub use lies::{Lie, Lies};
pub use openai::ModelBehaviour;
pub use outbox::{Channel, Sent};
pub use whatsapp::{MessageScript, Person, TemplateCategory, WhatsAppNumber};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use domain::Clock;
use jiff::Timestamp;
use lies::Liar;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use storage::Storage;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the simulators need to start.
#[derive(Debug, Clone)]
pub struct Config {
    /// The only source of time.
    pub clock: Clock,
    /// The SQLite file; its folder is made. `None` keeps everything in memory.
    pub database: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one. Loopback only.
    pub address: SocketAddr,
}

/// Why the simulators cannot start or remember.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not on loopback: what answers any key must not be reachable.
    #[error("the simulators listen on loopback only, not on {0}")]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("the simulators cannot listen")]
    Listen(#[source] std::io::Error),
    /// The database's folder cannot be made.
    #[error("the simulators' folder cannot be made")]
    Folder(#[source] std::io::Error),
    /// SQLite refused.
    #[error("the simulators' database failed")]
    Database(#[from] rusqlite::Error),
    /// A stored record is not what this version wrote.
    #[error("a record of the simulators cannot be read")]
    Record(#[from] serde_json::Error),
    /// The HTTP client for webhooks cannot be built.
    #[error("the simulators' HTTP client cannot be built")]
    Client(#[from] reqwest::Error),
    /// No protocol version is left to the TLS library.
    #[error("the simulators' TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// Nobody has registered this phone number id.
    #[error("there is no WhatsApp number with the id {0}")]
    UnknownNumber(String),
    /// What somebody is to write is no message.
    #[error("that is no WhatsApp message: {0}")]
    NotAMessage(&'static str),
}

/// Where an account's events are posted, and how they are signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Full URL of the receiver; `http` on loopback.
    pub url: String,
    /// The secret behind `ElevenLabs-Signature`.
    pub secret: String,
    /// The webhook's id in the workspace, as agents name it.
    pub webhook_id: String,
}

/// A call that was really placed, whatever the client was told about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dial {
    /// API key of the account.
    pub account: String,
    /// `conversation_initiation_client_data.user_id`.
    pub user_id: Option<String>,
    /// The number called.
    pub to_number: String,
    /// The agent that called.
    pub agent_id: String,
    /// The conversation that came of it.
    pub conversation_id: String,
    /// When it was placed.
    pub at: Timestamp,
    /// The request's body.
    pub body: Value,
}

/// A request that a client sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recorded {
    /// `elevenlabs`, `openai`, `whatsapp`, `ses` or `sms`.
    pub provider: &'static str,
    /// The HTTP method, in capitals.
    pub method: String,
    /// The path as the provider's `OpenAPI` document has it: `/v1/convai/agents/{agent_id}` for ElevenLabs,
    /// `/chat/completions` (without `/v1`) for `OpenAI`, `/{Version}/{Phone-Number-ID}/messages` for WhatsApp,
    /// `/v2/email/outbound-emails` for SES, `/` for SMS; the plain path where no route matched.
    pub path_template: String,
    /// The body; null where there was none or it was not JSON.
    pub body: Value,
}

/// The running simulators. Clones are the same simulators.
#[derive(Debug, Clone)]
pub struct Simulators {
    inner: Shared,
}

pub(crate) type Shared = Arc<Inner>;

/// What the handlers work with.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) clock: Clock,
    pub(crate) storage: Storage,
    /// Posts webhooks.
    pub(crate) http: reqwest::Client,
    /// Held while the due steps are performed.
    pub(crate) pump: tokio::sync::Mutex<()>,
    address: SocketAddr,
    liar: Mutex<Liar>,
    message_liar: Mutex<Liar>,
    behaviour: Mutex<ModelBehaviour>,
    slowness: Mutex<Duration>,
    requests: Mutex<VecDeque<Recorded>>,
    stop: watch::Sender<bool>,
    server: Mutex<Option<JoinHandle<()>>>,
}

impl Simulators {
    /// Opens the database and serves. Must be called inside a tokio runtime.
    pub async fn start(config: Config) -> Result<Self, Error> {
        if !config.address.ip().is_loopback() {
            return Err(Error::NotLoopback(config.address));
        }
        let storage = Storage::open(config.database.as_deref())?;
        let listener = TcpListener::bind(config.address).await.map_err(Error::Listen)?;
        let inner = Arc::new(Inner {
            clock: config.clock,
            storage,
            http: client()?,
            pump: tokio::sync::Mutex::default(),
            address: listener.local_addr().map_err(Error::Listen)?,
            liar: Mutex::default(),
            message_liar: Mutex::default(),
            behaviour: Mutex::default(),
            slowness: Mutex::new(Duration::from_secs(3)),
            requests: Mutex::default(),
            stop: watch::Sender::new(false),
            server: Mutex::default(),
        });
        let (router, stopping) = (server::router(inner.clone()), inner.clone());
        let server = tokio::spawn(async move {
            let served = axum::serve(listener, router)
                .with_graceful_shutdown(async move { stopping.stopped().await })
                .await;
            if let Err(error) = served {
                tracing::error!(%error, "the simulators' server failed");
            }
        });
        *locked(&inner.server) = Some(server);
        Ok(Self { inner })
    }

    /// Stops serving: held requests are closed without an answer, others are answered first.
    pub async fn stop(&self) {
        self.inner.stop.send_replace(true);
        let server = locked(&self.inner.server).take();
        if let Some(server) = server
            && let Err(error) = server.await
        {
            tracing::error!(%error, "the simulators' server did not end well");
        }
    }

    /// What to give an ElevenLabs client as its base URL: `http://127.0.0.1:<port>/elevenlabs`, without `/v1`.
    pub fn elevenlabs_base_url(&self) -> String {
        format!("http://{}{}", self.inner.address, elevenlabs::PREFIX)
    }

    /// What to give an `OpenAI` client as its base URL: `http://127.0.0.1:<port>/openai/v1`.
    pub fn openai_base_url(&self) -> String {
        format!("http://{}{}", self.inner.address, openai::PREFIX)
    }

    /// Makes an ElevenLabs API key known, or gives a known one another webhook.
    pub fn register_account(&self, api_key: &str, webhook: Webhook) -> Result<(), Error> {
        self.inner.storage.put_account(api_key, &webhook)
    }

    /// Chooses how the next calls to a number go, one script a call, in place of what was chosen before. An
    /// empty list leaves it to [`Script::of_number`] again.
    pub fn set_script(&self, to_number: &str, scripts: Vec<Script>) -> Result<(), Error> {
        self.inner.storage.push_scripts(to_number, &scripts)
    }

    /// Sets how often ElevenLabs lies, and starts its generator anew; messages have their own
    /// ([`Simulators::set_message_lies`]). Not kept over a restart.
    pub fn set_lies(&self, lies: Lies) {
        self.inner.liar().replace(lies);
    }

    /// Has the next dial, or the next webhook, whichever the lie is about, suffer exactly this lie. Several
    /// wait in line. Not kept over a restart.
    pub fn force_next(&self, lie: Lie) {
        self.inner.liar().force(lie);
    }

    /// Sets how the model behaves. Not kept over a restart.
    pub fn set_model_behaviour(&self, behaviour: ModelBehaviour) {
        *locked(&self.inner.behaviour) = behaviour;
    }

    /// Changes an account's agent as somebody in ElevenLabs' console would, behind the client's back: `change` is
    /// laid over it as the body of an update is. Answers whether there is such an agent.
    pub fn edit_agent(&self, api_key: &str, agent_id: &str, change: &Value) -> Result<bool, Error> {
        let now = self.inner.clock.now();
        elevenlabs::agents::edit(&self.inner.storage, api_key, agent_id, change, now)
    }

    /// Deletes an account's agent behind the client's back. Answers whether there was such an agent.
    pub fn lose_agent(&self, api_key: &str, agent_id: &str) -> Result<bool, Error> {
        self.inner.storage.delete_agent(api_key, agent_id)
    }

    /// ElevenLabs' ids of an account's agents, the newest first.
    pub fn agents(&self, api_key: &str) -> Result<Vec<String>, Error> {
        let agents = self.inner.storage.agents(api_key, i64::MAX)?;
        Ok(agents.into_iter().map(|(_, agent)| agent.agent_id).collect())
    }

    /// How long the machine's own time lets pass before a slow answer comes; 3 seconds by default.
    pub fn set_slowness(&self, slowness: Duration) {
        *locked(&self.inner.slowness) = slowness;
    }

    /// The earliest instant at which a call or a message changes its status or a webhook is to be posted.
    pub fn next_due(&self) -> Option<Timestamp> {
        match self.inner.storage.next_ms() {
            Ok(next) => next.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
            Err(error) => {
                tracing::error!(%error, "the simulators cannot tell what is due");
                None
            }
        }
    }

    /// Performs everything that is due at `now`, in order: status changes, then webhooks, each posted and its
    /// answer awaited. Answers the number of steps; a failure of the database ends it early and is logged.
    pub async fn run_due(&self, now: Timestamp) -> usize {
        self.inner.pump(now).await.unwrap_or_else(|error| {
            tracing::error!(%error, "the simulators cannot go on");
            0
        })
    }

    /// Every call ever placed, oldest first; those refused with 429 or 5xx before they were placed are not in.
    pub fn dials(&self) -> Vec<Dial> {
        let placed = self.inner.storage.placed().unwrap_or_else(|error| {
            tracing::error!(%error, "the simulators cannot tell whom they called");
            Vec::new()
        });
        let dials = placed.into_iter().map(|call| Dial {
            account: call.account,
            user_id: call.user_id,
            to_number: call.to_number,
            agent_id: call.agent_id,
            conversation_id: call.conversation_id,
            at: Timestamp::from_millisecond(call.started_ms).unwrap_or_default(),
            body: call.request,
        });
        dials.collect()
    }

    /// The last 1,000 requests since the start, oldest first, refused ones included.
    pub fn requests(&self) -> Vec<Recorded> {
        locked(&self.inner.requests).iter().cloned().collect()
    }
}

impl Inner {
    pub(crate) fn liar(&self) -> MutexGuard<'_, Liar> {
        locked(&self.liar)
    }

    /// The one for messages: with a generator of its own, so that the seeds of calls tell what they always told.
    pub(crate) fn message_liar(&self) -> MutexGuard<'_, Liar> {
        locked(&self.message_liar)
    }

    pub(crate) fn behaviour(&self) -> ModelBehaviour {
        *locked(&self.behaviour)
    }

    /// Comes back when the simulators stop.
    pub(crate) async fn stopped(&self) {
        let mut stop = self.stop.subscribe();
        // The sender lives as long as `self`.
        let _ = stop.wait_for(|stopped| *stopped).await;
    }

    /// Lets the time of a slow answer pass.
    pub(crate) async fn be_slow(&self) {
        let slowness = *locked(&self.slowness);
        tokio::select! {
            () = tokio::time::sleep(slowness) => {}
            () = self.stopped() => {}
        }
    }

    /// Answers a request that was accepted, or tells a lie about it; `failed` is the service's 500.
    pub(crate) async fn answer(&self, lie: Option<Lie>, honest: Response, failed: Response) -> Response {
        match lie {
            None => honest,
            Some(Lie::SuccessThen5xx) => failed,
            Some(Lie::SuccessThenClose) => closed_without_answer(),
            Some(Lie::SuccessThenTimeout) => {
                self.stopped().await;
                closed_without_answer()
            }
            Some(_) => {
                self.be_slow().await;
                honest
            }
        }
    }
}

/// An answer whose connection breaks before its first byte.
fn closed_without_answer() -> Response {
    // A body that fails at once: hyper drops the connection with the head still in its buffer.
    let broken = std::io::Error::other("the connection is closed on purpose");
    Body::from_stream(futures::stream::iter([Err::<bytes::Bytes, _>(broken)])).into_response()
}

/// `N` random bytes in hex.
pub(crate) fn random_hex<const N: usize>() -> String {
    let mut bytes = [0; N];
    // A machine without randomness gives equal ids; SQLite's unique columns then refuse the second.
    let _ = SystemRandom::new().fill(&mut bytes);
    hex::encode(bytes)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A client for loopback receivers: no proxy, and no authority whose certificate it trusts.
fn client() -> Result<reqwest::Client, Error> {
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(webhooks::PATIENCE)
        .tls_backend_preconfigured(tls)
        .build()?;
    Ok(client)
}
