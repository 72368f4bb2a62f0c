//! `kill -9` of the runner at arbitrary moments: what was acknowledged is there, and every call comes to its end.

#![expect(clippy::unwrap_used, reason = "a test")]

use provider::{Http, Url};
use serde_json::{Value, json};
use std::collections::BTreeSet;
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
        self.done(http::Method::POST, path, body).await
    }

    async fn put(&self, path: &str, body: Value) -> Value {
        self.done(http::Method::PUT, path, body).await
    }

    async fn done(&self, method: http::Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.send(method, path, Some(body)).await;
        assert!(status < 300, "{path}: {status} {answer}");
        answer
    }

    fn kill(mut self) {
        // SIGKILL: nothing is flushed, nothing says goodbye.
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// How many rounds: `FRONTDESK_KILL_ROUNDS`, or five.
#[expect(clippy::disallowed_methods, reason = "a test's own setting")]
fn rounds() -> u64 {
    std::env::var("FRONTDESK_KILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(5)
}

/// A running campaign is killed at any moment: while leads arrive, are enrolled, planned and dialed, and while talks
/// are taken in. For more rounds: `tests/soak kills 1000`.
#[tokio::test]
async fn nothing_acknowledged_is_lost() {
    let data = tempfile::tempdir().unwrap();
    let mut process = Process::start(data.path());
    process.put("/business-config", json!({"calling": {"max_concurrent": 50}})).await;
    process.post("/agents", json!({"name": "Maya", "system_prompt": "Qualify."})).await;
    let campaign = process.post("/campaigns", json!({"name": "Web", "source": "web"})).await;
    let campaign = campaign["id"].as_str().unwrap().to_owned();
    process.post(&format!("/campaigns/{campaign}/start"), json!({})).await;
    let mut leads = Vec::new();
    for round in 0..rounds() {
        for n in 0..3 {
            // A last digit up to 5 picks up and is interested.
            let phone = format!("+91987{:06}0", round * 10 + n);
            let consent = json!({"voice": {"granted": true}});
            let lead =
                process.post("/leads", json!({"phone": phone, "consent": consent, "source": "web"})).await;
            leads.push(lead["id"].as_str().unwrap().to_owned());
        }
        // Some rounds die while the jobs run, some after the clock passed the end of the talks.
        if round % 2 == 0 {
            tokio::time::sleep(Duration::from_millis(round * 37 % 400)).await;
        } else {
            process.post("/local/clock", json!({"advance_seconds": 20})).await;
        }
        process.kill();
        process = Process::start(data.path());
    }
    let now = process.post("/local/clock", json!({"advance_seconds": 3600})).await;
    assert_eq!(now["stuck"], json!([]));
    for lead in &leads {
        let (status, calls) = process.send(http::Method::GET, &format!("/calls?lead_id={lead}"), None).await;
        assert_eq!(status, 200);
        let first: Vec<&Value> =
            calls.as_array().unwrap().iter().filter(|call| call["follows"].is_null()).collect();
        assert_eq!(first.len(), 1, "each lead is called once: {calls:#}");
        assert_eq!(first[0]["status"], "completed", "{calls:#}");
        let path = format!("/calls/{}", first[0]["id"].as_str().unwrap());
        let (_, call) = process.send(http::Method::GET, &path, None).await;
        assert!(call["analysis"].is_object(), "{call:#}");
    }
    process.kill();
    // What the provider was asked for, in its own words.
    let file = Some(data.path().join("simulators.db"));
    let address = ([127, 0, 0, 1], 0).into();
    let config = simulators::Config { clock: domain::Clock::default(), database: file, address };
    let dials = simulators::Simulators::start(config).await.unwrap().dials();
    let attempts: BTreeSet<_> = dials.iter().map(|dial| &dial.user_id).collect();
    assert_eq!(attempts.len(), dials.len(), "an attempt was dialed twice");
    assert!(dials.len() >= leads.len());
}

/// People write while the process is killed at any moment: between receipt, answer and status. Each is answered once; of
/// an answer that was on its way when the process died, and of which nothing is heard, a person is told instead.
#[tokio::test]
async fn every_message_is_answered_once() {
    let data = tempfile::tempdir().unwrap();
    let mut process = Process::start(data.path());
    let mut people = Vec::new();
    for round in 0..rounds() {
        for n in 0..3 {
            let from = format!("91987{:06}0", round * 10 + n);
            process
                .post("/local/whatsapp/inbound", json!({"from": from, "text": "Hello", "name": "Asha"}))
                .await;
            people.push(from);
        }
        if round % 2 == 0 {
            tokio::time::sleep(Duration::from_millis(round * 53 % 400)).await;
        } else {
            // Past the pause after which an answer is made: it is on its way somewhere.
            let advance =
                process.send(http::Method::POST, "/local/clock", Some(json!({"advance_seconds": 4})));
            let patience = Duration::from_millis(100 + round * 71 % 300);
            let _ = tokio::time::timeout(patience, advance).await;
        }
        process.kill();
        process = Process::start(data.path());
    }
    let now = process.post("/local/clock", json!({"advance_seconds": 3600})).await;
    assert_eq!(now["stuck"], json!([]));
    let (_, outbox) = process.send(http::Method::GET, "/local/outbox", None).await;
    let outbox = outbox.as_array().unwrap().clone();
    let (_, talks) = process.send(http::Method::GET, "/conversations?limit=100", None).await;
    let talks = talks.as_array().unwrap().clone();
    assert_eq!(talks.len(), people.len());
    for from in &people {
        let sent = outbox.iter().filter(|message| message["to"] == json!(from)).count();
        let talk = talks.iter().find(|talk| talk["phone"] == format!("+{from}")).unwrap();
        let path = format!("/conversations/{}", talk["id"].as_str().unwrap());
        let (_, talk) = process.send(http::Method::GET, &path, None).await;
        let messages = talk["messages"].as_array().unwrap();
        let of =
            |direction: &str| messages.iter().filter(|m| m["direction"] == direction).collect::<Vec<_>>();
        assert_eq!((of("inbound").len(), of("outbound").len()), (1, 1), "{talk:#}");
        let status = of("outbound")[0]["status"].clone();
        assert!(
            (sent, &status) == (1, &json!("read")) || (sent, &status) == (0, &json!("ambiguous")),
            "{talk:#}"
        );
    }
    process.kill();
}
