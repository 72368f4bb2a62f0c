//! What requests to the table consume, as the table itself tells: a stand-in between the product and its database that
//! asks it.

use crate::Failure;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use http::Method;
use provider::Http;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{AddAssign, Div, Sub};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;

/// Capacity units: what AWS charges for. A read unit is a strongly consistent read of 4 KB, a write unit a write of
/// 1 KB; in a transaction each counts twice.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Units {
    pub(crate) read: f64,
    pub(crate) write: f64,
    pub(crate) requests: f64,
}

impl AddAssign for Units {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.write += other.write;
        self.requests += other.requests;
    }
}

impl Sub for Units {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            read: self.read - earlier.read,
            write: self.write - earlier.write,
            requests: self.requests - earlier.requests,
        }
    }
}

impl Div<f64> for Units {
    type Output = Self;

    fn div(self, among: f64) -> Self {
        Self { read: self.read / among, write: self.write / among, requests: self.requests / among }
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8.1} {:>8.1} {:>8.1}", self.requests, self.read, self.write)
    }
}

/// The stand-in.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    table: String,
    http: Http,
    sums: Arc<Mutex<Sums>>,
}

/// What was asked of the table so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sums {
    /// By the product.
    pub(crate) units: Units,
    /// By whoever looks for work: here the local run's pump, on AWS the tick.
    pub(crate) looking: Units,
    /// How many jobs of each kind were put into the outbox.
    pub(crate) jobs: BTreeMap<String, u64>,
}

impl Meter {
    /// Serves the table at `endpoint` on loopback; answers the meter and its own address.
    pub(crate) async fn start(endpoint: String) -> Result<(Self, String), Failure> {
        let meter = Self { table: endpoint, http: Http::new(), sums: Arc::default() };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://{}", listener.local_addr()?);
        let router = Router::new().fallback(forward).with_state(meter.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((meter, address))
    }

    /// What was consumed so far.
    pub(crate) fn units(&self) -> Units {
        self.sums().units
    }

    /// All that was counted so far.
    pub(crate) fn sums(&self) -> Sums {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, asked: &Value, units: Units) {
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        *(if is_the_queues(asked) { &mut sums.looking } else { &mut sums.units }) += units;
        for job in jobs_in(asked) {
            *sums.jobs.entry(job).or_default() += 1;
        }
    }
}

async fn forward(State(meter): State<Meter>, headers: HeaderMap, body: Bytes) -> Response {
    match forwarded(&meter, headers, &body).await {
        Ok(answer) => answer,
        Err(failure) => (StatusCode::BAD_GATEWAY, failure.to_string()).into_response(),
    }
}

async fn forwarded(meter: &Meter, mut headers: HeaderMap, body: &[u8]) -> Result<Response, Failure> {
    let mut asked: Value = serde_json::from_slice(body)?;
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let is_write = match operation.as_str() {
        "GetItem" | "BatchGetItem" | "Query" => Some(false),
        "TransactWriteItems" | "PutItem" | "UpdateItem" | "DeleteItem" => Some(true),
        _ => None,
    };
    if is_write.is_some() {
        asked["ReturnConsumedCapacity"] = "TOTAL".into();
    }
    headers.remove("content-length");
    headers.remove("host");
    let request = meter.http.request(Method::POST, meter.table.parse()?).headers(headers);
    let answer = request.body(asked.to_string()).send().await?;
    let (status, answered) = (answer.status(), answer.bytes().await?);
    let told: Value = serde_json::from_slice(&answered).unwrap_or_default();
    if let Some(is_write) = is_write {
        let units = consumed(&told["ConsumedCapacity"]);
        let (read, write) = if is_write { (0.0, units) } else { (units, 0.0) };
        let done = if status.is_success() { asked } else { Value::Null };
        meter.count(&done, Units { read, write, requests: 1.0 });
    }
    Ok((status, [("content-type", "application/x-amz-json-1.0")], answered).into_response())
}

/// Whether the local run looks for work in the table; on AWS the table's stream, the queues and the timer bring it.
fn is_the_queues(asked: &Value) -> bool {
    asked["ExpressionAttributeValues"][":pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("sys#"))
}

/// The kinds of the jobs that a transaction puts into the outbox.
fn jobs_in(asked: &Value) -> impl Iterator<Item = String> {
    let puts = asked["TransactItems"].as_array().into_iter().flatten().map(|part| &part["Put"]["Item"]);
    let messages = puts.filter(|item| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("sys#out#")));
    messages.filter_map(|item| {
        let envelope: Value = serde_json::from_str(item["envelope"]["S"].as_str()?).ok()?;
        envelope["job"]["name"].as_str().map(str::to_owned)
    })
}

fn consumed(told: &Value) -> f64 {
    match told {
        Value::Array(tables) => tables.iter().map(consumed).sum(),
        table => table["CapacityUnits"].as_f64().unwrap_or_default(),
    }
}
