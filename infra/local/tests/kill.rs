//! `kill -9` of the runner at arbitrary moments: what was acknowledged is there, and every call comes to its end.

#![expect(clippy::unwrap_used, reason = "a test")]

use provider::{Http, Url};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

struct Process {
    child: Child,
    url: String,
    http: Http,
}

impl Process {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
            .env("FRONTDESK_DATA", data)
            .env("FRONTDESK_ADDR", "127.0.0.1:0")
            .env("FRONTDESK_NOW", "2027-01-11T05:00:00Z")
            .env("FRONTDESK_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let greeting = lines.next().unwrap().unwrap();
        let url = greeting.split(" at ").nth(1).unwrap().to_owned();
        // The rest is read on, so that the process never waits for its reader.
        std::thread::spawn(move || lines.count());
        Self { child, url, http: Http::new() }
    }

    async fn send(&self, method: http::Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let url: Url = format!("{}{path}", self.url).parse().unwrap();
        let mut request = self.http.request(method, url).header("x-api-key", "fd_local_owner");
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.send(http::Method::POST, path, Some(body)).await;
        assert!(status < 300, "{path}: {status} {answer}");
        answer
    }

    fn kill(mut self) {
        // SIGKILL: nothing is flushed, nothing says goodbye.
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test]
async fn nothing_acknowledged_is_lost() {
    let data = tempfile::tempdir().unwrap();
    let mut process = Process::start(data.path());
    process.post("/agents", json!({"name": "Maya", "system_prompt": "Qualify."})).await;
    let mut calls = Vec::new();
    for round in 0..4_u64 {
        for n in 0..3 {
            // A last digit up to 5 picks up and is interested.
            let phone = format!("+9198765{round}{n}000");
            let consent = json!({"voice": {"granted": true}});
            let lead = process.post("/leads", json!({"phone": phone, "consent": consent})).await;
            let call = process.post("/calls", json!({"lead_id": lead["id"]})).await;
            calls.push(call["id"].as_str().unwrap().to_owned());
        }
        // Some rounds die while the jobs run, some after the clock passed the end of the talks.
        if round % 2 == 0 {
            tokio::time::sleep(Duration::from_millis(20 * round)).await;
        } else {
            process.post("/local/clock", json!({"advance_seconds": 20})).await;
        }
        process.kill();
        process = Process::start(data.path());
    }
    let now = process.post("/local/clock", json!({"advance_seconds": 3600})).await;
    assert_eq!(now["stuck"], json!([]));
    for id in &calls {
        let (status, call) = process.send(http::Method::GET, &format!("/calls/{id}"), None).await;
        assert_eq!(status, 200, "an acknowledged call is gone");
        assert_eq!(call["status"], "completed", "{call:#}");
        assert!(call["analysis"].is_object(), "{call:#}");
    }
    process.kill();
}
