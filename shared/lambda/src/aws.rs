//! Reaching AWS.

use crate::env::Environment;
use aws::http_client;
use aws_sdk_dynamodb::config::SharedHttpClient;
use domain::{Clock, Ids};
use files::{Bucket, Files};
use operations::Platform;
use queues::Queues;
use store::Store;
use vault::Vault;

/// AWS as the environment says that it is reached.
pub(crate) struct Aws<'a> {
    environment: &'a Environment,
    http: SharedHttpClient,
}

impl<'a> Aws<'a> {
    pub(crate) fn new(environment: &'a Environment) -> Self {
        Self { environment, http: http_client() }
    }

    /// What operations need. Nothing is sent yet.
    pub(crate) fn platform(&self) -> Platform {
        let environment = self.environment;
        let connection = store::Connection {
            table: environment.table.clone(),
            region: environment.region.clone(),
            endpoint: environment.endpoint.clone(),
            credentials: environment.credentials.clone(),
            http: self.http.clone(),
        };
        let key = vault::Kms {
            key_id: environment.kms_key.clone(),
            region: environment.region.clone(),
            endpoint: environment.endpoint.clone(),
            credentials: environment.credentials.clone(),
            http: self.http.clone(),
        };
        let credentials = &environment.credentials;
        let bucket = Bucket {
            name: environment.files_bucket.clone(),
            region: environment.region.clone(),
            endpoint: environment.endpoint.clone(),
            access_key: credentials.access_key_id().to_owned(),
            secret_key: credentials.secret_access_key().into(),
            session_token: credentials.session_token().map(str::to_owned),
        };
        let (http, clock) = (provider::Http::new(), Clock::default());
        let files = Files::bucket(bucket, http.clone(), clock.clone());
        let platform =
            Platform::new(Store::connect(connection, clock), Ids::default(), Vault::kms(key), http, files);
        // Beside an emulator of AWS, the providers are stand-ins on this machine as well.
        if environment.endpoint.is_some() { platform.with_loopback_providers() } else { platform }
    }

    /// The queues. Nothing is sent yet.
    pub(crate) fn queues(&self) -> Queues {
        let environment = self.environment;
        let connection = queues::Connection {
            region: environment.region.clone(),
            endpoint: environment.endpoint.clone(),
            credentials: environment.credentials.clone(),
            http: self.http.clone(),
        };
        Queues::new(environment.queue_urls.clone(), connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    fn environment(endpoint: &str) -> Environment {
        Environment::read(false, |name| {
            let value = match name {
                "AWS_ENDPOINT_URL" => endpoint,
                "AWS_REGION" => "eu-west-1",
                "LOG_LEVEL" => "",
                other => other,
            };
            Some(value.to_owned())
        })
        .unwrap()
    }

    #[tokio::test]
    async fn an_emulator_is_reached_over_plain_http() {
        let table = standins::Table::start().await;
        let environment = environment(&table.endpoint());
        let platform = Aws::new(&environment).platform();
        platform.store.create_table().await.unwrap();
        assert!(platform.store.next_timer().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn an_https_address_is_spoken_to_in_tls() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("https://{}", listener.local_addr().unwrap());
        let environment = environment(&endpoint);
        let store = Aws::new(&environment).platform().store;
        let first_byte = async { listener.accept().await?.0.read_u8().await };
        let first = tokio::select! {
            first = first_byte => first,
            answer = store.next_timer() => panic!("{answer:?} without a word"),
        };
        // A record of the type "handshake".
        assert_eq!(first.unwrap(), 0x16);
    }
}
