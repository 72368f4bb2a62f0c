//! Reaching AWS.

use crate::env::Environment;
use aws::Connections;
use domain::{Clock, Ids};
use files::{Bucket, Files};
use operations::{Account, Platform};
use queues::Queues;
use std::error::Error;
use std::time::Duration;
use store::Store;
use tracing::warn;
use vault::Vault;

/// How long a function's first question for an event waits for the table.
const OPENING: Duration = Duration::from_millis(500);

/// AWS as the environment says that it is reached.
pub(crate) struct Aws<'a> {
    environment: &'a Environment,
    connections: Connections,
}

impl<'a> Aws<'a> {
    pub(crate) fn new(environment: &'a Environment) -> Self {
        Self { environment, connections: Connections::to_aws() }
    }

    /// What operations need. Nothing is sent yet.
    pub(crate) fn platform(&self) -> Platform {
        let environment = self.environment;
        let (http, clock) = (provider::Http::new(), Clock::default());
        let key = vault::Kms {
            key_id: environment.kms_key.clone(),
            region: environment.region.clone(),
            endpoint: environment.endpoint.clone(),
            credentials: self.credentials(),
            http: http.clone(),
        };
        let bucket = Bucket {
            name: environment.files_bucket.clone(),
            region: environment.region.clone(),
            endpoint: environment.endpoint.clone(),
            credentials: self.credentials(),
        };
        let files = Files::bucket(bucket, http.clone(), clock.clone());
        let store = Store::connect(self.table(), clock);
        let account = Account { region: environment.region.clone(), credentials: self.credentials() };
        let platform = Platform::new(store, Ids::default(), Vault::kms(key), http, files).in_account(account);
        // Beside an emulator of AWS, the providers are stand-ins on this machine as well.
        if environment.endpoint.is_some() { platform.with_loopback_providers() } else { platform }
    }

    /// Opens the connection to the table that the first event will need.
    ///
    /// This comes before the first question for an event, because with that question a function's init is over:
    /// Lambda freezes it until an event is there, and gives it no longer a whole processor but its memory's share
    /// of one. A table that does not answer in half a second delays the function no further; the first event then
    /// opens the connection, as it does where the connection died meanwhile.
    pub(crate) async fn open_table(&self) {
        let Some(address) = self.table().address().await else { return };
        if let Err(error) = self.connections.open(&address, OPENING).await {
            warn!(error = &error as &(dyn Error + 'static), "the connection to the table is not open yet");
        }
    }

    /// As services need them that are called without their SDK.
    fn credentials(&self) -> sigv4::Credentials {
        let credentials = &self.environment.credentials;
        sigv4::Credentials {
            access_key: credentials.access_key_id().to_owned(),
            secret_key: credentials.secret_access_key().into(),
            session_token: credentials.session_token().map(Into::into),
        }
    }

    fn table(&self) -> store::Connection {
        let environment = self.environment;
        store::Connection {
            table: environment.table.clone(),
            region: environment.region.clone(),
            endpoint: environment.endpoint.clone(),
            credentials: environment.credentials.clone(),
            http: self.connections.http_client(),
        }
    }

    /// The queues. Nothing is sent yet.
    pub(crate) fn queues(&self) -> Queues {
        let environment = self.environment;
        let connection = queues::Connection {
            region: environment.region.clone(),
            endpoint: environment.endpoint.clone(),
            credentials: environment.credentials.clone(),
            http: self.connections.http_client(),
        };
        Queues::new(environment.queue_urls.clone(), connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

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

    #[tokio::test]
    async fn the_table_is_at_its_regions_address_or_at_the_one_that_is_given() {
        let cases = [
            ("eu-west-1", None, "https://dynamodb.eu-west-1.amazonaws.com"),
            ("cn-north-1", None, "https://dynamodb.cn-north-1.amazonaws.com.cn"),
            ("eu-west-1", Some("http://127.0.0.1:4566"), "http://127.0.0.1:4566"),
        ];
        for (region, endpoint, expected) in cases {
            let mut environment = environment("");
            (environment.region, environment.endpoint) = (region.to_owned(), endpoint.map(str::to_owned));
            assert_eq!(Aws::new(&environment).table().address().await.as_deref(), Some(expected));
        }
    }

    /// Reads a request, answers with an empty object, and tells the request's method.
    async fn serve(stream: &mut TcpStream) -> String {
        let mut request = [0; 8192];
        let length = stream.read(&mut request).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
        let request = String::from_utf8_lossy(&request[..length]);
        request.split(' ').next().unwrap().to_owned()
    }

    #[tokio::test]
    async fn the_first_read_comes_on_the_connection_that_init_opened() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let environment = environment(&format!("http://{}", listener.local_addr().unwrap()));
        let aws = Aws::new(&environment);
        let table = async {
            let (mut only, _) = listener.accept().await.unwrap();
            (serve(&mut only).await, serve(&mut only).await)
        };
        let function = async {
            let platform = aws.platform();
            aws.open_table().await;
            let key = store::credential_hash("fd_unknown");
            platform.store.credential(&key).await
        };
        let both = async { tokio::join!(table, function) };
        let (asked, found) = tokio::time::timeout(Duration::from_secs(5), both).await.unwrap();
        assert_eq!(asked, ("GET".to_owned(), "POST".to_owned()));
        assert!(found.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_table_that_is_not_there_or_silent_holds_up_nobody_for_long() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = silent.local_addr().unwrap();
        for endpoint in [format!("http://{address}"), format!("https://{address}"), "nonsense".to_owned()] {
            let environment = environment(&endpoint);
            let begun = Instant::now();
            Aws::new(&environment).open_table().await;
            assert!(begun.elapsed() < 4 * OPENING, "{endpoint}");
        }
        drop(silent);
        let environment = environment(&format!("http://{address}"));
        let begun = Instant::now();
        Aws::new(&environment).open_table().await;
        assert!(begun.elapsed() < OPENING);
    }
}
