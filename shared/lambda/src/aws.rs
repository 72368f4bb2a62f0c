//! Reaching AWS.

use crate::env::Environment;
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{HttpClient, http_client_fn};
use domain::{Clock, Ids};
use operations::Platform;
use queues::Queues;
use std::sync::OnceLock;
use store::Store;
use vault::Vault;

/// The roots of AWS services' certificates. The machine's own list is neither read nor trusted.
const ROOTS: &str = include_str!("../certs/amazon-roots.pem");

/// The HTTP client that all AWS services of the process share. It also speaks plain HTTP, to an emulator.
///
/// It is built with the first request: the SDK would else have every service's client read the certificates
/// once at start-up, only to see whether they can be read.
fn http_client() -> SharedHttpClient {
    let client = OnceLock::new();
    http_client_fn(move |settings, components| {
        let client: &SharedHttpClient = client.get_or_init(build);
        client.http_connector(settings, components)
    })
}

#[expect(clippy::expect_used, reason = "the context has no settings that could be wrong")]
fn build() -> SharedHttpClient {
    let context = TlsContext::builder()
        .with_trust_store(TrustStore::empty().with_pem_certificate(ROOTS))
        .build()
        .expect("a trust store alone is a valid context");
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https()
}

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
        let store = Store::connect(connection, Clock::default());
        Platform::new(store, Ids::default(), Vault::kms(key), provider::Http::new())
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
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use ring::digest::{SHA256, digest};
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    /// SHA-256 of each root, as <https://www.amazontrust.com/repository/> lists them.
    const FINGERPRINTS: [&str; 5] = [
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    ];

    #[test]
    fn the_roots_are_amazons_five() {
        let found: Vec<_> = ROOTS
            .split("-----BEGIN CERTIFICATE-----")
            .skip(1)
            .map(|rest| {
                let (body, _) = rest.split_once("-----END CERTIFICATE-----").unwrap();
                let body: String = body.split_whitespace().collect();
                hex::encode(digest(&SHA256, &STANDARD.decode(body).unwrap()))
            })
            .collect();
        assert_eq!(found, FINGERPRINTS);
    }

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
