//! A running product, wherever it runs.

use crate::Callee;
use domain::{Clock, Ids};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use simulators::{Connection, Simulators};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use testkit::{Answer, Client, TestApp};

/// How long a deployed stack may take for what follows at once, and how often it is looked at. What the relay could not
/// send, the tick sends after two to three minutes.
const PATIENCE: Duration = Duration::from_mins(4);
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Longer than any simulated talk, and less than a signature may be ahead of its receiver's clock.
const TALK: SignedDuration = SignedDuration::from_mins(4);
/// How many times a local run is settled for what follows at once.
const ROUNDS: u32 = 10;

/// A deployed stack, as `tests/cloud/stack.py` describes it.
#[derive(Debug, Clone, Deserialize)]
pub struct Stack {
    /// The process id of the emulator, whose children the functions are.
    pub pid: u32,
    /// The API.
    pub url: String,
    /// Where every AWS service is.
    pub aws_endpoint: String,
    /// The region.
    pub region: String,
    /// The account's root.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
    /// The table's name.
    pub table: String,
    /// From where pages may ask.
    pub origins: Vec<String>,
    /// The queues, by kind of job.
    pub queues: BTreeMap<String, Queue>,
    /// The names of the functions, by their ids in the template.
    pub functions: BTreeMap<String, String>,
    /// The key of whoever runs the installation.
    pub owner_key: String,
}

/// The queue of a kind of job.
#[derive(Debug, Clone, Deserialize)]
pub struct Queue {
    /// Its URL.
    pub url: String,
    /// The URL of what failed too often.
    pub dead_letters: String,
}

/// The product, and the stand-ins for its providers.
#[derive(Debug)]
pub struct Stage {
    place: Place,
    simulators: Simulators,
    /// Who runs the installation.
    pub owner: Client,
    /// Whom one may call at this hour.
    pub callee: Callee,
}

#[derive(Debug)]
enum Place {
    Local(Box<TestApp>),
    Deployed(Box<Stack>),
}

/// A tenant with an account at each simulated provider.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its name in paths and keys.
    pub id: String,
    /// Its owner.
    pub owner: Client,
    /// Its key at ElevenLabs.
    pub account: String,
}

impl Stage {
    /// The product in this process, at this hour.
    pub async fn local() -> Self {
        let now = Clock::default().now();
        let app = TestApp::start_at(&now.to_string()).await;
        Self {
            simulators: app.simulators().clone(),
            owner: app.owner.clone(),
            callee: Callee::of_the_day(now),
            place: Place::Local(Box::new(app)),
        }
    }

    /// The stack that the file `FRONTDESK_STACK` describes, beside simulated providers of this process's.
    #[expect(clippy::disallowed_methods, reason = "the test's own setting")]
    pub async fn deployed() -> Self {
        let file =
            std::env::var("FRONTDESK_STACK").expect("FRONTDESK_STACK names a stack; see tests/cloud/run");
        let text = std::fs::read_to_string(&file).expect("a description of the stack");
        let stack: Stack = serde_json::from_str(&text).unwrap();
        let clock = Clock::default();
        let simulators = Simulators::start(simulators::Config {
            clock: clock.clone(),
            database: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        })
        .await
        .unwrap();
        Self {
            simulators,
            owner: Client::new(&stack.url, Some(&stack.owner_key)),
            callee: Callee::of_the_day(clock.now()),
            place: Place::Deployed(Box::new(stack)),
        }
    }

    /// The stack, if it is one.
    pub fn stack(&self) -> &Stack {
        match &self.place {
            Place::Deployed(stack) => stack,
            Place::Local(_) => panic!("the local run is no stack"),
        }
    }

    /// Where the API is.
    pub fn url(&self) -> &str {
        match &self.place {
            Place::Local(app) => &app.url,
            Place::Deployed(stack) => &stack.url,
        }
    }

    /// The stand-ins for providers.
    pub fn simulators(&self) -> &Simulators {
        &self.simulators
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        match &self.place {
            Place::Local(app) => app.now(),
            Place::Deployed(_) => Clock::default().now(),
        }
    }

    /// Somebody with this key, or with none.
    pub fn client(&self, key: Option<&str>) -> Client {
        Client::new(self.url(), key)
    }

    /// A new tenant without providers.
    pub async fn bare_tenant(&self, name: &str) -> Tenant {
        let id = format!("{name}-{:08x}", u32::from_be_bytes(Ids::default().bytes()));
        let made = self.owner.post("/admin/tenants", json!({"id": id, "name": name})).await.expect(201);
        let owner = self.client(made["api_key"].as_str());
        Tenant { account: format!("simulated-{id}"), id, owner }
    }

    /// A new tenant with simulated providers, in the country of those who are called.
    pub async fn tenant(&self, name: &str) -> Tenant {
        let tenant = self.bare_tenant(name).await;
        let (product, secret) = (self.url(), format!("wsec_{}", tenant.id));
        let connection =
            Connection { product, tenant: &tenant.id, account: &tenant.account, secret: &secret };
        for (provider, settings) in self.simulators.connect(&connection).unwrap() {
            tenant.owner.put(&format!("/admin/integrations/{provider}"), settings).await.expect(200);
        }
        let business = json!({
            "name": "Acme Homes", "default_country": self.callee.country, "timezone": self.callee.zone,
        });
        tenant.owner.put("/business-config", business).await.expect(200);
        tenant
    }

    /// Lets everything follow that is due now, until `check` finds what it looks for.
    pub async fn until<T>(&self, what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
        match &self.place {
            Place::Local(app) => {
                for _ in 0..ROUNDS {
                    assert_eq!(app.settle().await, Vec::<String>::new(), "while waiting for {what}");
                    if let Some(found) = check().await {
                        return found;
                    }
                }
            }
            Place::Deployed(_) => {
                let until = tokio::time::Instant::now() + PATIENCE;
                while tokio::time::Instant::now() < until {
                    if let Some(found) = check().await {
                        return found;
                    }
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
        }
        panic!("{what}: not in time");
    }

    /// Lets every talk that goes on come to its end. Where the clock is the world's, that of the providers alone
    /// runs ahead for a moment.
    pub async fn talks_end(&self) {
        match &self.place {
            Place::Local(app) => assert_eq!(app.advance(TALK).await, Vec::<String>::new()),
            Place::Deployed(_) => {
                self.simulators.run_due(self.now() + TALK).await;
            }
        }
    }

    /// Lets time pass.
    pub async fn pass(&self, time: SignedDuration) {
        match &self.place {
            Place::Local(app) => assert_eq!(app.advance(time).await, Vec::<String>::new()),
            Place::Deployed(_) => tokio::time::sleep(time.unsigned_abs()).await,
        }
    }
}

/// Asks a link that the API gave, without any key.
pub(crate) async fn ask_link(method: Method, link: &str, body: Option<&str>) -> Answer {
    let (origin, path) = link.split_at(link.match_indices('/').nth(2).expect("a path").0);
    Client::new(origin, None).send(method, path, &[], body.map(|body| body.as_bytes().to_vec())).await
}
