//! The product, served on loopback with its data on disk.

use crate::Failure;
use crate::costs::Traffic;
use crate::meter::{Meter, Sums, Units};
use embedded::Embedded;
use http::Method;
use local::{Runner, Settings};
use provider::Http;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// The product, and its owner. Its data goes with it.
pub(crate) struct Product {
    pub(crate) runner: Runner,
    url: String,
    key: String,
    http: Http,
    meter: Option<Meter>,
    traffic: Traffic,
    data: TempDir,
}

impl Product {
    /// Starts it in an empty folder; its jobs run as they come.
    pub(crate) async fn start() -> Result<Self, Failure> {
        Self::begin(Settings::default(), false).await
    }

    /// The same, at this instant.
    pub(crate) async fn start_at(now: &str) -> Result<Self, Failure> {
        Self::begin(Settings { now: Some(now.parse()?), ..Settings::default() }, false).await
    }

    /// The same, with a meter between it and its table.
    pub(crate) async fn start_metered(now: &str) -> Result<Self, Failure> {
        Self::begin(Settings { now: Some(now.parse()?), ..Settings::default() }, true).await
    }

    async fn begin(settings: Settings, is_metered: bool) -> Result<Self, Failure> {
        let data = tempfile::tempdir()?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let settings = Settings { data: Some(data.path().to_owned()), ..settings };
        let database = Embedded::start(Some(&data.path().join("leads.db")))?;
        let (meter, endpoint) = if is_metered {
            let (meter, address) = Meter::start(database.endpoint()).await?;
            (Some(meter), address)
        } else {
            (None, database.endpoint())
        };
        let runner = Runner::start_on(&settings, &listener, database, endpoint).await?;
        let traffic = Traffic::default();
        let (url, router, pump) =
            (format!("http://{}", runner.address), traffic.counted(runner.router()), runner.pump.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        tokio::spawn(async move { pump.keep_going().await });
        Ok(Self { runner, url, key: settings.api_key, http: Http::new(), meter, traffic, data })
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Its owner's key.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// What the simulated ElevenLabs signs its events with.
    pub(crate) fn webhook_secret(&self) -> Result<String, Failure> {
        let secrets: Value = serde_json::from_slice(&std::fs::read(self.data.path().join("secrets.json"))?)?;
        Ok(secrets["webhook_secret"].as_str().ok_or("the data folder has no webhook secret")?.to_owned())
    }

    /// What its table was asked for so far, where there is a meter.
    pub(crate) fn units(&self) -> Units {
        self.meter.as_ref().map(Meter::units).unwrap_or_default()
    }

    /// All that its table was asked for so far, where there is a meter.
    pub(crate) fn sums(&self) -> Sums {
        self.meter.as_ref().map(Meter::sums).unwrap_or_default()
    }

    /// What it was asked for over HTTP so far.
    pub(crate) fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Asks for something below the product's address, as its owner; answers the body of a success.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Value, Failure> {
        self.ask_as(&self.key, method, path, body).await
    }

    /// The same, as the bearer of this key.
    pub(crate) async fn ask_as(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Value, Failure> {
        let is_file = path.starts_with("http");
        let url = if is_file { path.to_owned() } else { format!("{}{path}", self.url) };
        let mut request = self.http.request(method, url.parse()?).bearer_auth(key);
        if let Some(body) = body {
            let kind = if is_file { "text/csv" } else { "application/json" };
            request = request.header("content-type", kind).body(body);
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            return Err(format!("{path}: {status} {text}").into());
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

impl Product {
    /// Posts what somebody who has no key signs, below the product's address.
    pub(crate) async fn post(&self, path: &str, signed: (&str, &str), body: Vec<u8>) -> Result<(), Failure> {
        let request = self.http.request(Method::POST, format!("{}{path}", self.url).parse()?);
        let request =
            request.header(signed.0, signed.1).header("content-type", "application/json").body(body);
        let answer = request.send().await?;
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(format!("{path}: {status}").into()) }
    }
}

/// The most memory that the process has had so far, in MiB, where the system says so.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib / 1024)
}
