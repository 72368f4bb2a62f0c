//! The AWS SDK on the HTTP client that this product has anyway.
//!
//! The SDK's own client brings HTTP/2, which no service of ours needs, and a second HTTP/1: together a tenth of a
//! function's package.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::body::SdkBody;
use reqwest::{Body, Client, Request};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::error::Error;
use std::sync::OnceLock;

/// The roots of AWS services' certificates. The machine's own list is neither read nor trusted.
const ROOTS: &str = include_str!("../certs/amazon-roots.pem");

/// The HTTP client that all AWS services of a process share. It also speaks plain HTTP, to an emulator, and keeps
/// connections: unlike a call to a provider, a request that a dead one swallowed may be sent again.
///
/// It is built with the first request, so that start-up does not pay for reading certificates. The first service's
/// connect timeout is everyone's; how long an answer may take is left to the SDK, which times whole attempts.
pub fn http_client() -> SharedHttpClient {
    trusting(ROOTS)
}

/// One for stand-ins on this machine: it trusts no certificate, so that nothing reaches the real services.
pub fn plain_http_client() -> SharedHttpClient {
    trusting("")
}

fn trusting(roots: &'static str) -> SharedHttpClient {
    let client = OnceLock::new();
    http_client_fn(move |settings, _| {
        let client: &Client = client.get_or_init(|| build(roots, settings));
        SharedHttpConnector::new(Connector(client.clone()))
    })
}

#[expect(clippy::expect_used, reason = "the inputs are constants: the settings and the embedded roots")]
fn build(pem: &str, settings: &HttpConnectorSettings) -> Client {
    let mut client = provider::client(store(pem));
    if let Some(timeout) = settings.connect_timeout() {
        client = client.connect_timeout(timeout);
    }
    client.build().expect("a preconfigured client builds")
}

fn store(pem: &str) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(pem.as_bytes()).flatten());
    roots
}

#[derive(Debug)]
struct Connector(Client);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(exchange(self.0.clone(), request))
    }
}

/// Sends one request and reads the whole answer; the SDK reads these services' answers to their end anyway.
async fn exchange(client: Client, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = convert(request).map_err(ConnectorError::user)?;
    let response = client.execute(request).await.map_err(classify)?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut answer = http::Response::new(SdkBody::from(response.bytes().await.map_err(classify)?));
    (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
    Response::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
}

fn convert(request: HttpRequest) -> Result<Request, Box<dyn Error + Send + Sync>> {
    Ok(Request::try_from(request.try_into_http1x()?.map(Body::wrap))?)
}

/// What the SDK makes of it: it repeats what timed out and what a connection did, and nothing else.
fn classify(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_builder() {
        ConnectorError::user(error.into())
    } else if error.is_request() || error.is_body() || error.is_decode() {
        ConnectorError::io(error.into())
    } else {
        ConnectorError::other(error.into(), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::Client as Table;
    use aws_sdk_dynamodb::config::retry::RetryConfig;
    use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
    use aws_sdk_dynamodb::error::SdkError;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use ring::digest::{SHA256, digest};
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

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
        assert_eq!(store(ROOTS).len(), FINGERPRINTS.len());
    }

    async fn listening() -> (TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        (listener, endpoint)
    }

    /// Reads what was asked and answers that there are no tables.
    async fn serve(stream: &mut TcpStream) {
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"TableNames\":[]}";
        stream.write_all(answer).await.unwrap();
    }

    fn table(endpoint: &str, attempts: u32) -> Table {
        let retries = RetryConfig::standard()
            .with_max_attempts(attempts)
            .with_initial_backoff(Duration::from_millis(1));
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
            .endpoint_url(endpoint)
            .http_client(plain_http_client())
            .retry_config(retries);
        Table::from_conf(config.build())
    }

    #[tokio::test]
    async fn a_refused_connection_is_a_fault_of_the_connection() {
        let (listener, endpoint) = listening().await;
        drop(listener);
        let error = table(&endpoint, 1).list_tables().send().await.unwrap_err();
        let SdkError::DispatchFailure(failure) = &error else { panic!("{error:?}") };
        assert!(failure.is_io(), "{failure:?}");
    }

    #[tokio::test]
    async fn a_broken_connection_is_tried_again_where_the_sdk_may() {
        let (listener, endpoint) = listening().await;
        let server = async {
            drop(listener.accept().await.unwrap());
            serve(&mut listener.accept().await.unwrap().0).await;
        };
        let table = table(&endpoint, 2);
        let (answer, ()) = tokio::join!(table.list_tables().send(), server);
        assert!(answer.unwrap().table_names().is_empty());
    }

    #[tokio::test]
    async fn a_connection_serves_more_than_one_request() {
        let (listener, endpoint) = listening().await;
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            serve(&mut stream).await;
            serve(&mut stream).await;
        };
        let table = table(&endpoint, 1);
        let client = async {
            table.list_tables().send().await.unwrap();
            table.list_tables().send().await.unwrap();
        };
        let both = async { tokio::join!(client, server) };
        tokio::time::timeout(Duration::from_secs(5), both).await.unwrap();
    }

    #[tokio::test]
    async fn a_silent_server_is_a_timeout() {
        let client =
            provider::client(RootCertStore::empty()).timeout(Duration::from_millis(50)).build().unwrap();
        let (_listener, endpoint) = listening().await;
        let error = Connector(client).call(HttpRequest::get(endpoint).unwrap()).await.unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_not_tried_again() {
        let settings = HttpConnectorSettings::builder().build();
        let request = HttpRequest::get("/nowhere").unwrap();
        let error = Connector(build(ROOTS, &settings)).call(request).await.unwrap_err();
        assert!(error.is_user(), "{error:?}");
    }
}
