//! The one HTTP client for outside services.

use crate::{Answer, ProviderError};
use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response, Url};
use rustls::{ClientConfig, RootCertStore};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const MAX_BODY: usize = 8 * 1024 * 1024;

/// The HTTP client that all providers of a process share. Clones are cheap and share it; it is built when
/// the first request is, so that a function that calls nobody does not pay for it at start-up.
///
/// It never repeats a request, never follows a redirect and never uses a proxy. Each request has its own
/// connection: a function is frozen between invocations, and a request written into a connection that died
/// meanwhile would leave its effect unknown. A handshake costs less than a call that a person must look into.
#[derive(Debug, Clone, Default)]
pub struct Http {
    client: Arc<OnceLock<Client>>,
}

/// How long an answer may take, and how large it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the first byte sent to the last one read.
    pub timeout: Duration,
    /// Of the answer's body.
    pub bytes: usize,
}

impl Limits {
    /// This long, and as large as an answer in JSON may be: 8 MiB.
    pub fn of(timeout: Duration) -> Self {
        Self { timeout, bytes: MAX_BODY }
    }
}

impl Http {
    /// A client that is built on first use.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a request; [`Http::send_json`] sends it.
    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.get_or_init(build).request(method, url)
    }

    /// Begins a `GET`.
    pub fn get(&self, url: Url) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// Begins a `POST`.
    pub fn post(&self, url: Url) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// Begins a `PATCH`.
    pub fn patch(&self, url: Url) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// Begins a `DELETE`.
    pub fn delete(&self, url: Url) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// Sends one request and reads the whole answer, at most 8 MiB, within `timeout`. An answer of any
    /// status is `Ok`: only the provider's crate can read its errors.
    ///
    /// Each request is one event with the target `metric`: `provider` and `operation` as given here,
    /// `outcome` (`ok` or the reason code of the error), `duration_ms`.
    pub async fn send_json(
        &self,
        service: &'static str,
        operation: &'static str,
        request: RequestBuilder,
        timeout: Duration,
    ) -> Result<Answer, ProviderError> {
        self.send(service, operation, request, Limits::of(timeout)).await
    }

    /// The same within other limits, for an answer that is no JSON.
    pub async fn send(
        &self,
        service: &'static str,
        operation: &'static str,
        request: RequestBuilder,
        limits: Limits,
    ) -> Result<Answer, ProviderError> {
        let start = Instant::now();
        let result = exchange(request.timeout(limits.timeout), limits.bytes).await;
        let outcome = match &result {
            Ok(answer) if answer.status.is_success() => "ok",
            Ok(answer) => answer.error(None, "").reason(),
            Err(error) => error.reason(),
        };
        let duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(target: "metric", provider = service, operation, outcome, duration_ms, "provider call");
        result
    }
}

/// `base` and the segments behind it, each escaped, so that an id cannot leave its place in the path.
pub fn url(base: &str, segments: &[&str]) -> Result<Url, ProviderError> {
    let invalid = || ProviderError::unsent("invalid_url");
    let mut url = Url::parse(base).map_err(|_| invalid())?;
    url.path_segments_mut().map_err(|()| invalid())?.pop_if_empty().extend(segments);
    Ok(url)
}

/// Begins a client that speaks HTTP/1 and trusts `roots` alone; nothing of the machine's is read. It follows no
/// redirect, uses no proxy and gives up connecting after three seconds.
#[expect(clippy::expect_used, reason = "ring's cipher suites are a constant")]
pub fn client(roots: RootCertStore) -> ClientBuilder {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring serves the default TLS versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
}

#[expect(clippy::expect_used, reason = "the settings are constants")]
fn build() -> Client {
    client(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
        .pool_max_idle_per_host(0)
        .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
        .build()
        .expect("a preconfigured client builds")
}

async fn exchange(request: RequestBuilder, most: usize) -> Result<Answer, ProviderError> {
    let response = sent(request).await.map_err(|error| classify(&error))?;
    let (status, headers) = (response.status(), response.headers().clone());
    Ok(Answer { status, headers, bytes: read(response, most).await? })
}

/// Boxed here, the client's machinery is compiled once, and not anew into every function that awaits it.
fn sent(request: RequestBuilder) -> BoxFuture<'static, reqwest::Result<Response>> {
    Box::pin(request.send())
}

async fn read(mut response: Response, most: usize) -> Result<Bytes, ProviderError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        if body.len() + chunk.len() > most {
            let detail = format!("the answer is larger than {most} bytes");
            return Err(ProviderError::Unexpected { status: Some(response.status().as_u16()), detail });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// A timeout while connecting is `Unreachable`, so the order of the questions matters. The URL stays out
/// of `detail`: it can name a person.
fn classify(error: &reqwest::Error) -> ProviderError {
    if error.is_builder() {
        ProviderError::unsent("invalid_request")
    } else if error.is_connect() {
        ProviderError::Unreachable
    } else if error.is_timeout() {
        ProviderError::Timeout
    } else {
        ProviderError::Unexpected {
            status: None,
            detail: "the connection broke before the answer was complete".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::Mutex;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use wiremock::matchers::{method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    const SECOND: Duration = Duration::from_secs(1);

    async fn get(base: &str, timeout: Duration) -> Result<Answer, ProviderError> {
        let http = Http::new();
        let request = http.get(url(base, &["thing"]).unwrap());
        http.send_json("test", "get_thing", request, timeout).await
    }

    async fn serving(response: ResponseTemplate) -> MockServer {
        let server = MockServer::start().await;
        Mock::given(method("GET")).and(path("/thing")).respond_with(response).expect(1).mount(&server).await;
        server
    }

    /// A server that answers one connection with these bytes and closes it.
    async fn raw(bytes: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            stream.write_all(bytes).await.unwrap();
        });
        base
    }

    #[test]
    fn an_id_cannot_leave_its_place_in_the_path() {
        let join = |base, id| url(base, &["v1", "agents", id]).map(String::from);
        assert_eq!(join("http://host", "a/b?c#d"), Ok("http://host/v1/agents/a%2Fb%3Fc%23d".to_owned()));
        assert_eq!(join("http://host/api/", "x"), Ok("http://host/api/v1/agents/x".to_owned()));
        assert_eq!(join("nonsense", "x"), Err(ProviderError::unsent("invalid_url")));
        assert_eq!(join("mailto:a@b.test", "x"), Err(ProviderError::unsent("invalid_url")));
    }

    #[tokio::test]
    async fn an_answer_of_any_status_is_an_answer() {
        for status in [200, 302, 404, 500] {
            let server = serving(ResponseTemplate::new(status).set_body_string("body")).await;
            let answer = get(&server.uri(), SECOND).await.unwrap();
            assert_eq!((answer.status.as_u16(), &answer.bytes[..]), (status, &b"body"[..]));
        }
    }

    #[tokio::test]
    async fn a_slow_answer_is_a_timeout() {
        let server = serving(ResponseTemplate::new(200).set_delay(5 * SECOND)).await;
        assert_eq!(get(&server.uri(), Duration::from_millis(100)).await.unwrap_err(), ProviderError::Timeout);
    }

    #[tokio::test]
    async fn a_closed_port_is_unreachable() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        assert_eq!(get(&base, SECOND).await.unwrap_err(), ProviderError::Unreachable);
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_leaves_the_effect_unknown() {
        for bytes in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{\"a\""] {
            let error = get(&raw(bytes).await, SECOND).await.unwrap_err();
            assert!(matches!(error, ProviderError::Unexpected { status: None, .. }), "{error:?}");
            assert!(error.effect_unknown());
        }
    }

    #[tokio::test]
    async fn an_answer_is_read_up_to_its_limit() {
        let server = serving(ResponseTemplate::new(200).set_body_bytes(vec![b'x'; MAX_BODY + 1])).await;
        let error = get(&server.uri(), 10 * SECOND).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unexpected { status: Some(200), .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_request_that_cannot_be_formed_is_not_sent() {
        let http = Http::new();
        let request = http.get(url("http://127.0.0.1:9", &[]).unwrap()).header("x-key", "a\nb");
        let error = http.send_json("test", "get_thing", request, SECOND).await.unwrap_err();
        assert_eq!(error, ProviderError::unsent("invalid_request"));
    }

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn each_request_is_one_metric_event() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
        let guard = tracing::subscriber::set_default(subscriber);
        let server = serving(ResponseTemplate::new(429)).await;
        get(&server.uri(), SECOND).await.unwrap();
        drop(guard);

        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let events: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|event: &serde_json::Value| event["target"] == "metric")
            .collect();
        let [event] = &events[..] else { panic!("{text}") };
        let fields = &event["fields"];
        assert_eq!(fields["message"], "provider call");
        assert_eq!((&fields["provider"], &fields["operation"]), (&"test".into(), &"get_thing".into()));
        assert_eq!(fields["outcome"], "rate_limited");
        assert!(fields["duration_ms"].is_u64());
    }
}
