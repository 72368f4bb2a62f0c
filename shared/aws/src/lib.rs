//! The AWS SDK on the HTTP client that this product has anyway.
//!
//! The SDK's own client brings HTTP/2, which no service of ours needs, and a second HTTP/1: together a tenth of a
//! function's package.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
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
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The roots of AWS services' certificates. The machine's own list is neither read nor trusted.
const ROOTS: &str = include_str!("../certs/amazon-roots.pem");

/// How long a service may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The connections that all AWS services of a process share. They also speak plain HTTP, to an emulator, and are
/// kept: unlike a call to a provider, a request that a dead one swallowed may be sent again. Clones are the same
/// connections.
///
/// The client behind them is built when it is first needed: reading certificates takes its time. Connecting is
/// given up after two seconds, whatever a service's settings say; how long an answer may take is left to the SDK,
/// which times whole attempts.
#[derive(Debug, Clone)]
pub struct Connections {
    roots: &'static str,
    client: Arc<OnceLock<Client>>,
}

impl Connections {
    /// To AWS. None is open yet.
    pub fn to_aws() -> Self {
        Self { roots: ROOTS, client: Arc::default() }
    }

    /// To stand-ins on this machine: no certificate is trusted, so that nothing reaches the real services.
    pub fn to_standins() -> Self {
        Self { roots: "", client: Arc::default() }
    }

    /// The client for the configurations of services.
    pub fn http_client(&self) -> SharedHttpClient {
        let connections = self.clone();
        http_client_fn(move |_, _| SharedHttpConnector::new(Connector(connections.client().clone())))
    }

    /// Opens a connection to the service at `address`, such as `https://dynamodb.eu-west-1.amazonaws.com`, and
    /// leaves it to the first request that goes there; it waits for that for 90 seconds.
    ///
    /// What opens it is `GET /`, which needs neither signature nor grant. A service says there that it is well; any
    /// other answer within `limit` will do.
    pub async fn open(&self, address: &str, limit: Duration) -> Result<(), reqwest::Error> {
        let answer = self.client().get(address).timeout(limit).send().await?;
        // One whose answer was not read to its end cannot be used again.
        answer.bytes().await.map(drop)
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| build(self.roots))
    }
}

#[expect(clippy::expect_used, reason = "the inputs are constants: the settings and the embedded roots")]
fn build(pem: &str) -> Client {
    let client = provider::client(store(pem)).connect_timeout(CONNECT_TIMEOUT);
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

    /// Reads what is asked, answers that there are no tables, and tells what was asked.
    async fn serve(stream: &mut TcpStream) -> String {
        let mut request = [0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        assert!(length > 0);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"TableNames\":[]}";
        stream.write_all(answer).await.unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    }

    fn table(endpoint: &str, attempts: u32) -> Table {
        table_on(&Connections::to_standins(), endpoint, attempts)
    }

    fn table_on(connections: &Connections, endpoint: &str, attempts: u32) -> Table {
        let retries = RetryConfig::standard()
            .with_max_attempts(attempts)
            .with_initial_backoff(Duration::from_millis(1));
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
            .endpoint_url(endpoint)
            .http_client(connections.http_client())
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
    async fn the_first_request_comes_on_the_connection_that_was_opened() {
        let (listener, endpoint) = listening().await;
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(serve(&mut stream).await.starts_with("GET / HTTP/1.1\r\n"));
            assert!(serve(&mut stream).await.starts_with("POST / HTTP/1.1\r\n"));
        };
        let client = async {
            let connections = Connections::to_standins();
            connections.open(&endpoint, Duration::from_secs(1)).await.unwrap();
            table_on(&connections, &endpoint, 1).list_tables().send().await.unwrap();
        };
        let both = async { tokio::join!(client, server) };
        tokio::time::timeout(Duration::from_secs(5), both).await.unwrap();
    }

    #[tokio::test]
    async fn a_silent_service_holds_up_nobody() {
        let (_listener, endpoint) = listening().await;
        let opening = Connections::to_standins().open(&endpoint, Duration::from_millis(50)).await;
        assert!(opening.unwrap_err().is_timeout());
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
        let request = HttpRequest::get("/nowhere").unwrap();
        let error = Connector(build(ROOTS)).call(request).await.unwrap_err();
        assert!(error.is_user(), "{error:?}");
    }
}
