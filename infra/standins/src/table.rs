//! A real DynamoDB engine, in memory.

use crate::{credentials, http, http_client};
use domain::Clock;
use dynoxide::Database;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::thread;
use store::{Connection, Store};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// A table of its own, and a store on it. It ends when it is dropped.
#[derive(Debug)]
pub struct Table {
    /// The store; its clock runs with the machine's.
    pub store: Store,
    pub(crate) address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Table {
    /// Its name.
    pub const NAME: &str = "frontdesk";

    /// An empty table. The engine has a thread of its own, because its calls block.
    pub async fn start() -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel();
        thread::spawn(move || {
            Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let serving = dynoxide::server::serve_on(listener, Database::memory().unwrap());
                tokio::select! {
                    () = serving => {}
                    _ = stopped => {}
                }
            });
        });
        let address = told.await.unwrap();
        let connection = Connection {
            table: Self::NAME.to_owned(),
            region: "eu-west-1".to_owned(),
            endpoint: Some(format!("http://{address}")),
            credentials: credentials(),
            http: http_client(),
        };
        let store = Store::connect(connection, Clock::default());
        store.create_table().await.unwrap();
        Self { store, address, _stop: stop }
    }

    /// The engine's address, as `AWS_ENDPOINT_URL` has it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The raw items whose partition begins with `prefix`, in DynamoDB's JSON.
    pub async fn items(&self, prefix: &str) -> Vec<Value> {
        let request = json!({"TableName": Self::NAME}).to_string();
        let (_, answer) = http::post(self.address, "DynamoDB_20120810.Scan", &request).await;
        let items = answer["Items"].as_array().cloned().unwrap_or_default();
        let begins = |item: &Value| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with(prefix));
        items.into_iter().filter(begins).collect()
    }
}
