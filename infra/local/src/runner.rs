//! Putting the parts together.

use crate::control::{self, Control};
use crate::folder::Folder;
use crate::links;
use crate::pump::Pump;
use crate::settings::Settings;
use api::Api;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use domain::{Ids, TenantId};
use embedded::Embedded;
use files::Files;
use operations::integrations::{self, Provider};
use operations::{Account, Context, Platform, tenants};
use provider::Http;
use serde_json::Value;
use simulators::{Connection, Simulators};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use utoipa::openapi::OpenApi;
use vault::Vault;

/// The tenant that the local run begins with.
const DEMO: &str = "demo";
/// The simulated account's key.
const SIMULATED_KEY: &str = "simulated";

/// The product, ready to serve.
#[derive(Debug, Clone)]
pub struct Runner {
    /// What operations stand on.
    pub platform: Platform,
    /// The stand-ins for providers.
    pub simulators: Simulators,
    /// What keeps things moving.
    pub pump: Pump,
    /// The embedded database.
    pub database: Embedded,
    /// Where the product is served.
    pub address: SocketAddr,
    /// The providers of `demo` that are real.
    pub real: Vec<&'static str>,
    folder: Folder,
    files: files::Folder,
}

/// Why the local run cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data folder cannot be used.
    #[error("the data folder cannot be used: {0}")]
    Folder(#[source] std::io::Error),
    /// A file in the data folder is not what this version wrote.
    #[error("{0} in the data folder cannot be read")]
    Damaged(&'static str),
    /// The address is taken or not ours.
    #[error("the address cannot be served: {0}")]
    Listen(#[source] std::io::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] embedded::Error),
    /// The simulators.
    #[error(transparent)]
    Simulators(#[from] simulators::Error),
    /// The product.
    #[error(transparent)]
    Product(#[from] operations::Error),
    /// The table.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A moved clock and a live provider refuse each other.
    #[error("the clock is shifted, and live providers must not be: unset {0} or use another FRONTDESK_DATA")]
    ShiftedAndLive(String),
}

impl Runner {
    /// Starts the parts on this listener's address. Nothing is served yet.
    pub async fn start(settings: &Settings, listener: &TcpListener) -> Result<Self, Error> {
        let folder = Folder::open(settings.data.clone())?;
        let database = Embedded::start(folder.file("table.db").as_deref())?;
        let endpoint = database.endpoint();
        Self::start_on(settings, listener, database, endpoint).await
    }

    /// The same, on a database of the caller's, reached at `endpoint`.
    pub async fn start_on(
        settings: &Settings,
        listener: &TcpListener,
        database: Embedded,
        endpoint: String,
    ) -> Result<Self, Error> {
        let folder = Folder::open(settings.data.clone())?;
        let ids = Ids::default();
        let clock = folder.clock(settings.now)?;
        let secrets = folder.secrets(&ids)?;
        let address = listener.local_addr().map_err(Error::Listen)?;
        let store = database.store_at(endpoint, clock.clone());
        store.create_table().await?;
        database.drop_stream()?;
        let simulators = Simulators::start(simulators::Config {
            clock: clock.clone(),
            database: folder.file("simulators.db"),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        })
        .await?;
        let files = files::Folder::new(
            folder.file("files"),
            &format!("http://{address}{}", links::PATH),
            secrets.master_key,
            clock.clone(),
        );
        let kept = Files::folder(files.clone(), clock.clone());
        let platform = Platform::new(store, ids, Vault::local(secrets.master_key), Http::new(), kept)
            .in_account(stand_in())
            .with_loopback_providers();
        let runner = Self {
            pump: Pump::new(platform.clone(), Some(simulators.clone())),
            real: settings.providers.keys().copied().collect(),
            platform,
            simulators,
            database,
            address,
            folder,
            files,
        };
        runner.set_up_demo(settings, &secrets.webhook_secret).await?;
        if clock.is_shifted() && integrations::any_live(&runner.platform).await? {
            return Err(Error::ShiftedAndLive(runner.real.join(", ")));
        }
        Ok(runner)
    }

    /// The product's routes and the local ones, with what surrounds them.
    pub fn router(&self) -> Router {
        let control = Control { runner: self.clone() };
        let nudged = from_fn_with_state(self.pump.clone(), nudge);
        api::finish(routes(), self.platform.clone())
            .layer(nudged)
            .merge(control::router(control))
            .merge(links::router(self.files.clone()))
    }

    /// Keeps how far the clock was moved.
    pub(crate) fn keep_clock(&self) -> Result<(), Error> {
        self.folder.keep_clock(self.platform.store.clock())
    }

    /// Gives a tenant accounts of its own at the simulated providers.
    pub async fn simulate_providers(&self, tenant: &TenantId, webhook_secret: &str) -> Result<(), Error> {
        let account = format!("{SIMULATED_KEY}-{tenant}");
        self.simulate(tenant, &account, webhook_secret, |_| true).await
    }

    async fn set_up_demo(&self, settings: &Settings, webhook_secret: &str) -> Result<(), Error> {
        let demo: TenantId = DEMO.parse().map_err(operations::Error::from)?;
        tenants::ensure_local(&self.platform, &demo, "Demo", &settings.api_key).await?;
        for provider in Provider::ALL {
            if let Some(real) = settings.providers.get(provider.as_str()) {
                self.set_integration(&demo, provider, real.clone()).await?;
            }
        }
        let is_real = |name: &str| settings.providers.contains_key(name);
        let has_model = is_real("openai") || is_real("anthropic");
        let wanted = |name: &str| !(is_real(name) || name == "openai" && has_model);
        self.simulate(&demo, SIMULATED_KEY, webhook_secret, wanted).await
    }

    async fn simulate(
        &self,
        tenant: &TenantId,
        account: &str,
        secret: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(), Error> {
        let product = format!("http://{}", self.address);
        let connection = Connection { product: &product, tenant: tenant.as_str(), account, secret };
        let settings = self.simulators.connect(&connection)?;
        for provider in Provider::ALL {
            if let Some(settings) = settings.get(provider.as_str()).filter(|_| wanted(provider.as_str())) {
                self.set_integration(tenant, provider, settings.clone()).await?;
            }
        }
        Ok(())
    }

    async fn set_integration(
        &self,
        tenant: &TenantId,
        provider: Provider,
        settings: Value,
    ) -> Result<(), Error> {
        let ctx = Context::of_system(self.platform.clone(), tenant.clone(), "local");
        Ok(integrations::set(&ctx, provider, settings).await.map(drop)?)
    }
}

/// The account of which the stand-ins for services of AWS are.
fn stand_in() -> Account {
    let (access_key, secret_key) = (SIMULATED_KEY.to_owned(), SIMULATED_KEY.into());
    let credentials = sigv4::Credentials { access_key, secret_key, session_token: None };
    Account { region: "local".to_owned(), credentials }
}

/// The routes of every function.
pub fn routes() -> Router<Api> {
    [
        admin::routes,
        agent_create::routes,
        agent_delete::routes,
        agent_query::routes,
        agent_update::routes,
        analytics::routes,
        api_docs::routes,
        business_config::routes,
        call_initiate::routes,
        calls::routes,
        campaigns::routes,
        changes::routes,
        clients::routes,
        context_builder::routes,
        context_templates::routes,
        conversation_save::routes,
        crm_settings::routes,
        customer_context::routes,
        deals_tasks::routes,
        duplicates::routes,
        elevenlabs_webhook::routes,
        imports::routes,
        inbox::routes,
        interactions::routes,
        lead_actions::routes,
        leads::routes,
        renewals::routes,
        review::routes,
        privacy::routes,
        practices::routes,
        shared_memory::routes,
        whatsapp_webhook::routes,
    ]
    .into_iter()
    .fold(Router::new(), |router, routes| router.merge(routes()))
}

/// What the routes of each function take and answer, by function.
pub fn describe() -> Vec<(&'static str, OpenApi)> {
    vec![
        ("admin", admin::describe()),
        ("agent-create", agent_create::describe()),
        ("agent-delete", agent_delete::describe()),
        ("agent-query", agent_query::describe()),
        ("agent-update", agent_update::describe()),
        ("analytics", analytics::describe()),
        ("api-docs", api_docs::describe()),
        ("business-config", business_config::describe()),
        ("call-initiate", call_initiate::describe()),
        ("calls", calls::describe()),
        ("campaigns", campaigns::describe()),
        ("changes", changes::describe()),
        ("clients", clients::describe()),
        ("context-builder", context_builder::describe()),
        ("context-templates", context_templates::describe()),
        ("conversation-save", conversation_save::describe()),
        ("crm-settings", crm_settings::describe()),
        ("customer-context", customer_context::describe()),
        ("deals-tasks", deals_tasks::describe()),
        ("duplicates", duplicates::describe()),
        ("elevenlabs-webhook", elevenlabs_webhook::describe()),
        ("imports", imports::describe()),
        ("inbox", inbox::describe()),
        ("interactions", interactions::describe()),
        ("lead-actions", lead_actions::describe()),
        ("leads", leads::describe()),
        ("renewals", renewals::describe()),
        ("review", review::describe()),
        ("privacy", privacy::describe()),
        ("practices", practices::describe()),
        ("shared-memory", shared_memory::describe()),
        ("whatsapp-webhook", whatsapp_webhook::describe()),
    ]
}

/// Whatever changes something may have set off jobs.
async fn nudge(State(pump): State<Pump>, request: Request, next: Next) -> Response {
    let changes = !request.method().is_safe();
    let response = next.run(request).await;
    if changes {
        pump.nudge();
    }
    response
}
