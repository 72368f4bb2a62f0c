//! The whole product, served on loopback.

use crate::Database;
use domain::TenantId;
use http::{HeaderMap, Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use local::{Runner, Settings};
use provider::Http;
use serde_json::{Value, json};
use simulators::Simulators;
use store::Store;
use tokio::net::TcpListener;

/// How many pages a list has at most.
const PAGES: usize = 100;

/// The product, with the tenant `demo` and simulated providers. Nothing moves unless the test says so.
#[derive(Debug, Clone)]
pub struct TestApp {
    /// The running parts.
    pub runner: Runner,
    /// The table.
    pub database: Database,
    /// Where it is served.
    pub url: String,
    /// The owner of `demo`.
    pub owner: Client,
}

/// Somebody who asks, with their key.
#[derive(Debug, Clone)]
pub struct Client {
    url: String,
    key: Option<String>,
    http: Http,
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as JSON where it is JSON, else as text.
    pub body: Value,
}

impl TestApp {
    /// The product at 10:00 UTC of a Monday, when it is day in Europe and India.
    pub async fn start() -> Self {
        Self::start_at("2027-01-11T10:00:00Z").await
    }

    /// The product at this instant.
    pub async fn start_at(now: &str) -> Self {
        let database = Database::start().await;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a loopback port");
        let settings =
            Settings { data: None, now: Some(now.parse().expect("an instant")), ..Settings::default() };
        let runner = Runner::start_on(&settings, &listener, database.engine.clone(), database.endpoint())
            .await
            .expect("the product starts");
        let url = format!("http://{}", runner.address);
        let router = runner.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let owner = Client::new(&url, Some(&settings.api_key));
        Self { runner, database, url, owner }
    }

    /// Somebody with this key, or with none.
    pub fn client(&self, key: Option<&str>) -> Client {
        Client::new(&self.url, key)
    }

    /// The owner of a new tenant with simulated providers of its own.
    pub async fn tenant(&self, id: &str) -> Client {
        let made = self.owner.post("/admin/tenants", json!({"id": id, "name": id})).await;
        assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
        let tenant: TenantId = id.parse().unwrap();
        self.runner.simulate_providers(&tenant, &format!("wsec_{id}")).await.expect("simulated providers");
        self.client(made.body["api_key"].as_str())
    }

    /// Somebody of `demo` with this role.
    pub async fn member(&self, role: &str) -> Client {
        let made = self.owner.post("/admin/api-keys", json!({"name": role, "role": role})).await;
        assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
        self.client(made.body["api_key"].as_str())
    }

    /// The stand-ins for providers.
    pub fn simulators(&self) -> &Simulators {
        &self.runner.simulators
    }

    /// The table.
    pub fn store(&self) -> &Store {
        &self.runner.platform.store
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.runner.platform.now()
    }

    /// Runs all that is due now; answers the jobs that are stuck, as `kind: reason`.
    pub async fn settle(&self) -> Vec<String> {
        let settled = self.runner.pump.settle().await.expect("the pump runs");
        settled.stuck.into_iter().map(|stuck| format!("{}: {}", stuck.job, stuck.reason)).collect()
    }

    /// Moves the clock through all that is due on the way; answers the jobs that are stuck.
    pub async fn advance(&self, by: SignedDuration) -> Vec<String> {
        let settled = self.runner.pump.advance_to(self.now() + by).await.expect("the pump runs");
        settled.stuck.into_iter().map(|stuck| format!("{}: {}", stuck.job, stuck.reason)).collect()
    }
}

impl Client {
    /// Somebody with this key, or with none, who asks the API at this URL.
    pub fn new(url: &str, key: Option<&str>) -> Self {
        Self { url: url.to_owned(), key: key.map(str::to_owned), http: Http::new() }
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    /// What a list has, page after page. The path may say how long a page is.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let (mut all, mut path) = (Vec::new(), path.to_owned());
        for _ in 0..PAGES {
            let page = self.get(&path).await;
            let link = page.headers.get("link").and_then(|link| link.to_str().ok()?.split(['<', '>']).nth(1));
            let next = link.map(str::to_owned);
            match page.expect(200) {
                Value::Array(items) => all.extend(items),
                other => panic!("{path} is no list: {other:#}"),
            }
            match next {
                Some(next) => path = next,
                None => return all,
            }
        }
        panic!("{path} does not end");
    }

    /// `POST` of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &[], Some(body.to_string().into_bytes())).await
    }

    /// `PUT` of JSON.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, &[], Some(body.to_string().into_bytes())).await
    }

    /// `PATCH` of JSON.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, &[], Some(body.to_string().into_bytes())).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// Any request.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.url).parse().expect("a URL"));
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        let bytes = answer.bytes().await.expect("a body");
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Answer { status, headers, body }
    }
}

impl Answer {
    /// The body, if the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        self.body
    }

    /// The word that says what kind of problem this is, if the status is this one.
    #[track_caller]
    pub fn problem(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        let content_type = self.headers.get("content-type").and_then(|value| value.to_str().ok());
        assert_eq!(content_type, Some("application/problem+json"));
        let kind = self.body["type"].as_str().unwrap_or_default();
        kind.strip_prefix("urn:frontdesk:problem:").expect("a problem of ours").to_owned()
    }
}
