//! Faults between the store and the table, on the wire, so that the store's own client meets them.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use provider::{Http, Url};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// Something that goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Another transaction is at work on the same item.
    Conflict,
    /// The table has no capacity left.
    Throttle,
    /// The table's own failure, before anything happened.
    InternalError,
    /// The write happens, and the answer is lost.
    SuccessThenTimeout,
}

/// What goes wrong on the way to the table. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    plan: Arc<Mutex<Plan>>,
}

#[derive(Debug, Default)]
struct Plan {
    /// What happens to the next writes, in order.
    next: VecDeque<Fault>,
    /// After so many more writes the process counts as dead: nothing reaches the table any more.
    dies_after: Option<usize>,
    writes: usize,
    requests: Vec<String>,
}

impl Faults {
    /// Lets these happen to the next writes, one each.
    pub fn next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.plan.lock().unwrap().next.extend(faults);
    }

    /// Lets `writes` more writes through and then nothing at all, as if the process had died there.
    pub fn die_after(&self, writes: usize) {
        self.plan.lock().unwrap().dies_after = Some(writes);
    }

    /// Lets everything through again; answers whether anything had been held back.
    pub fn live(&self) -> bool {
        self.plan.lock().unwrap().dies_after.take() == Some(0)
    }

    /// The operations that were asked for since the last time, such as `Query`.
    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.plan.lock().unwrap().requests)
    }

    /// How many writes were asked for.
    pub fn writes(&self) -> usize {
        self.plan.lock().unwrap().writes
    }

    /// Serves the table at `endpoint` with these faults in front; answers where.
    pub(crate) async fn serve(&self, endpoint: String) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a loopback port");
        let address = listener.local_addr().expect("its address");
        let endpoint = endpoint.parse().expect("a URL");
        let proxy = Proxy { faults: self.clone(), endpoint, client: Http::new() };
        let router = Router::new().fallback(forward).with_state(proxy);
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    fn meets(&self, operation: &str) -> Meeting {
        let mut plan = self.plan.lock().unwrap();
        plan.requests.push(operation.to_owned());
        let is_write = matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems");
        plan.writes += usize::from(is_write);
        match &mut plan.dies_after {
            Some(0) => return Meeting::Dead,
            Some(left) if is_write => *left -= 1,
            _ => {}
        }
        if !is_write {
            return Meeting::Passes;
        }
        plan.next.pop_front().map_or(Meeting::Passes, Meeting::Fault)
    }
}

enum Meeting {
    Passes,
    Dead,
    Fault(Fault),
}

#[derive(Clone)]
struct Proxy {
    faults: Faults,
    endpoint: Url,
    client: Http,
}

async fn forward(State(proxy): State<Proxy>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, 32 * 1024 * 1024).await.expect("a body");
    let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default();
    match proxy.faults.meets(operation) {
        Meeting::Passes => proxy.pass(&parts.headers, bytes).await,
        Meeting::Dead => error(StatusCode::BAD_REQUEST, "ProcessDied", &json!({})),
        Meeting::Fault(fault) => proxy.fail(fault, operation, &parts.headers, bytes).await,
    }
}

impl Proxy {
    async fn pass(&self, headers: &HeaderMap, body: Bytes) -> Response {
        let mut request = self.client.post(self.endpoint.clone()).body(body);
        for (name, value) in headers.iter().filter(|(name, _)| *name != http::header::HOST) {
            request = request.header(name, value);
        }
        let answer = request.send().await.expect("the engine answers");
        let mut response = Response::new(Body::empty());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        *response.body_mut() = Body::from(answer.bytes().await.expect("its body"));
        response
    }

    async fn fail(&self, fault: Fault, operation: &str, headers: &HeaderMap, body: Bytes) -> Response {
        match fault {
            Fault::Conflict if operation == "TransactWriteItems" => {
                let asked: Value = serde_json::from_slice(&body).expect("a request");
                let count = asked["TransactItems"].as_array().map_or(1, Vec::len);
                let mut reasons = vec![json!({"Code": "None"}); count];
                reasons[0] =
                    json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"});
                error(
                    StatusCode::BAD_REQUEST,
                    "TransactionCanceledException",
                    &json!({"CancellationReasons": reasons}),
                )
            }
            Fault::Conflict => error(StatusCode::BAD_REQUEST, "TransactionConflictException", &json!({})),
            Fault::Throttle => {
                error(StatusCode::BAD_REQUEST, "ProvisionedThroughputExceededException", &json!({}))
            }
            Fault::InternalError => {
                error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", &json!({}))
            }
            Fault::SuccessThenTimeout => {
                self.pass(headers, body).await;
                error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", &json!({}))
            }
        }
    }
}

fn error(status: StatusCode, code: &str, more: &Value) -> Response {
    let mut body = json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": code});
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    (status, [("content-type", "application/x-amz-json-1.0")], body.to_string()).into_response()
}
