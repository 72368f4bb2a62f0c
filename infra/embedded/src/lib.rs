//! An embedded DynamoDB, served on loopback, so that the product always speaks the real protocol.
//!
//! The engine works in the thread that calls it, so it has threads of its own and never holds up the rest.

use aws_sdk_dynamodb::config::{Credentials, SharedHttpClient};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::Clock;
use dynoxide::{Database, ImportOptions};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use store::{Connection, Item, Store};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The table's name, here and in the tests.
pub const TABLE: &str = "frontdesk";

/// A running engine. It stops when the last clone is dropped.
#[derive(Clone)]
pub struct Embedded {
    engine: Arc<Engine>,
}

struct Engine {
    database: Database,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    http: SharedHttpClient,
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded").field("address", &self.engine.address).finish_non_exhaustive()
    }
}

/// Why the engine cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database file cannot be opened.
    #[error("the database cannot be opened: {0}")]
    Open(String),
    /// No loopback port could be had.
    #[error("the database cannot be served on loopback")]
    Listen(#[source] std::io::Error),
    /// The engine's maintenance failed.
    #[error("the database failed: {0}")]
    Maintenance(String),
}

impl Embedded {
    /// Serves the database in this file, or one in memory, on a free loopback port.
    pub fn start(file: Option<&Path>) -> Result<Self, Error> {
        let database = match file {
            Some(file) => Database::new(&file.to_string_lossy()),
            None => Database::memory(),
        };
        let database = database.map_err(|e| Error::Open(e.to_string()))?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::Listen)?;
        listener.set_nonblocking(true).map_err(Error::Listen)?;
        let address = listener.local_addr().map_err(Error::Listen)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("embedded-dynamodb")
            .enable_all()
            .build()
            .map_err(Error::Listen)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let served = database.clone();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                let stopped = async {
                    let _ = stopped.await;
                };
                // Its only failure is the listener's end, which is ours too.
                let _ = dynoxide::server::serve_with_shutdown(listener, served, stopped).await;
            });
        });
        let http = aws::Connections::to_standins().http_client();
        let engine = Engine { database, address, stop: Some(stop), thread: Some(thread), http };
        Ok(Self { engine: Arc::new(engine) })
    }

    /// Where the engine is served.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.engine.address)
    }

    /// Credentials, of which the engine asks only that they are there.
    pub fn credentials(&self) -> Credentials {
        Credentials::new("local", "local", None, None, "embedded")
    }

    /// The HTTP client that every AWS service of the process shares.
    pub fn http(&self) -> SharedHttpClient {
        self.engine.http.clone()
    }

    /// A store on the table at `endpoint`: this engine's own, or something in front of it.
    pub fn store_at(&self, endpoint: String, clock: Clock) -> Store {
        let connection = Connection {
            table: TABLE.to_owned(),
            region: "local".to_owned(),
            endpoint: Some(endpoint),
            credentials: self.credentials(),
            http: self.http(),
        };
        Store::connect(connection, clock)
    }

    /// A store on the table.
    pub fn store(&self, clock: Clock) -> Store {
        self.store_at(self.endpoint(), clock)
    }

    /// Every item of the table as DynamoDB JSON, for tests that look at all that is stored.
    pub fn dump(&self) -> Result<Vec<serde_json::Value>, Error> {
        let failed = |e: &dyn std::fmt::Display| Error::Maintenance(e.to_string());
        let request = serde_json::json!({ "TableName": TABLE });
        let request = serde_json::from_value(request).map_err(|e| failed(&e))?;
        let answer = self.engine.database.scan(request).map_err(|e| failed(&e))?;
        let answer = serde_json::to_value(answer).map_err(|e| failed(&e))?;
        let complete = answer["LastEvaluatedKey"].is_null();
        if !complete {
            return Err(Error::Maintenance("the table is too large to be looked at whole".to_owned()));
        }
        Ok(answer["Items"].as_array().cloned().unwrap_or_default())
    }

    /// Writes items past the protocol, many at a time: for a loader.
    pub fn load(&self, items: Vec<Item>) -> Result<(), Error> {
        let failed = |e: &dyn std::fmt::Display| Error::Maintenance(e.to_string());
        let items = items.into_iter().map(|item| item.into_iter().map(|(k, v)| (k, native(v))).collect());
        let loaded = self.engine.database.import_items(TABLE, items.collect(), ImportOptions::default());
        loaded.map(drop).map_err(|e| failed(&e))
    }

    /// Takes the table's stream away. Nobody reads it here, and for each item that is written the engine goes through all
    /// that it ever recorded.
    pub fn drop_stream(&self) -> Result<(), Error> {
        let failed = |e: &dyn std::fmt::Display| Error::Maintenance(e.to_string());
        let request = serde_json::json!({ "TableName": TABLE });
        let request = serde_json::from_value(request).map_err(|e| failed(&e))?;
        let table = self.engine.database.describe_table(request).map_err(|e| failed(&e))?;
        let table = serde_json::to_value(table).map_err(|e| failed(&e))?;
        if table["Table"]["StreamSpecification"]["StreamEnabled"] != true {
            return Ok(());
        }
        let request =
            serde_json::json!({ "TableName": TABLE, "StreamSpecification": { "StreamEnabled": false } });
        let request = serde_json::from_value(request).map_err(|e| failed(&e))?;
        self.engine.database.update_table(request).map(drop).map_err(|e| failed(&e))
    }

    /// Removes what has expired by the machine's clock; the engine does not do so by itself. Answers how many
    /// items went.
    pub fn sweep(&self) -> Result<usize, Error> {
        self.engine.database.sweep_ttl().map_err(|e| Error::Maintenance(e.to_string()))
    }
}

/// A value as the engine has it. Sets are not among those that records are made of.
fn native(value: AttributeValue) -> dynoxide::AttributeValue {
    use dynoxide::AttributeValue as Native;
    match value {
        AttributeValue::S(text) => Native::S(text),
        AttributeValue::N(number) => Native::N(number),
        AttributeValue::B(bytes) => Native::B(bytes.into_inner()),
        AttributeValue::Bool(yes) => Native::BOOL(yes),
        AttributeValue::L(items) => Native::L(items.into_iter().map(native).collect()),
        AttributeValue::M(fields) => Native::M(fields.into_iter().map(|(k, v)| (k, native(v))).collect()),
        _ => Native::NULL(true),
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        // Connections that a client keeps open would hold the server's end up, so the thread is left to end
        // by itself.
        drop(self.thread.take());
    }
}
