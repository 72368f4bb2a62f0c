//! A table in memory, with faults in front of it.

use crate::faults::Faults;
use aws_sdk_dynamodb::config::{Credentials, SharedHttpClient};
use domain::Clock;
use embedded::Embedded;
use store::Store;

/// A table in memory, reached through the faults.
#[derive(Debug, Clone)]
pub struct Database {
    /// The engine.
    pub engine: Embedded,
    /// What goes wrong on the way to it.
    pub faults: Faults,
    endpoint: String,
}

impl Database {
    /// A new, empty database with the table in it.
    pub async fn start() -> Self {
        let engine = Embedded::start(None).expect("the engine starts");
        let faults = Faults::default();
        let endpoint = faults.serve(engine.endpoint()).await;
        let database = Self { engine, faults, endpoint };
        database.store().create_table().await.expect("the table is made");
        database
    }

    /// Where the table is reached, faults included.
    pub fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    /// A store on the table, by the machine's clock.
    pub fn store(&self) -> Store {
        self.store_by(Clock::default())
    }

    /// A store on the table, by this clock.
    pub fn store_by(&self, clock: Clock) -> Store {
        self.engine.store_at(self.endpoint(), clock)
    }

    /// Credentials for an AWS service.
    pub fn credentials(&self) -> Credentials {
        self.engine.credentials()
    }

    /// The HTTP client for AWS services.
    pub fn http(&self) -> SharedHttpClient {
        self.engine.http()
    }
}
