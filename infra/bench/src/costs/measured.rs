//! What the product does, measured: each thing as its users set it off.

use super::consumption::Consumption;
use super::logs::{Logs, Written, job_done};
use super::size::Stored;
use super::traffic::Requests;
use crate::Failure;
use crate::import;
use crate::meter::{Meter, Sums, Units};
use crate::product::Product;
use embedded::Embedded;
use http::Method;
use local::{Runner, Settings};
use queues::Queues;
use serde_json::{Value, json};
use simulators::{Person, phone_number_id};
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A Monday, 11:30 in Kolkata.
const NOW: &str = "2027-01-11T06:00:00Z";

/// The product with all that counts, and nothing in it but an agent.
pub(super) struct Measured<'a> {
    product: Product,
    logs: &'a Logs,
}

impl<'a> Measured<'a> {
    pub(super) async fn start(logs: &'a Logs) -> Result<Self, Failure> {
        let measured = Self { product: Product::start_metered(NOW).await?, logs };
        let agent = json!({"name": "Maya", "system_prompt": "You qualify leads.", "first_message": "Hello!"});
        measured.post("/agents", &agent).await?;
        measured.settle().await?;
        Ok(measured)
    }

    /// A call to somebody who wishes to be called back: from `POST /calls` to what follows of it. Also answers the metrics
    /// that it writes.
    pub(super) async fn call(&self) -> Result<(Consumption, BTreeSet<String>), Failure> {
        let lead = self.post("/leads", &person(16)).await?["id"].clone();
        self.settle().await?;
        let [key] = &self.keys(1).await?[..] else { return Err("there is no key".into()) };
        let (path, before) = ("/calls", self.now(true)?);
        let call = self.ask_as(key, Method::POST, path, Some(&json!({ "lead_id": lead }))).await?;
        self.settle().await?;
        self.post("/local/clock", &json!({"advance_seconds": 600})).await?;
        let (consumption, metrics) = self.since(&before, ("call-initiate", "elevenlabs-webhook"))?;

        let call = self.get(&format!("/calls/{}", text(&call, "id"))).await?;
        let actions = self.get(&format!("/leads/{}/actions", lead.as_str().unwrap_or_default())).await?;
        if call["status"] != "completed" || actions.as_array().is_none_or(Vec::is_empty) {
            return Err(format!("the call did not come to its end: {call:#} {actions:#}").into());
        }
        Ok((consumption, metrics))
    }

    /// A WhatsApp message of a lead who has written before, and its answer, until that is read.
    pub(super) async fn message(&self) -> Result<Consumption, Failure> {
        self.post("/leads", &person(16)).await?;
        self.write("Hello").await?;
        let before = self.now(true)?;
        self.write("I have a question").await?;
        let (consumption, _) = self.since(&before, ("inbox", "whatsapp-webhook"))?;

        let talks = self.get("/conversations").await?;
        let talk = self.get(&format!("/conversations/{}", text(&talks[0], "id"))).await?;
        if talk["messages"].as_array().is_none_or(|said| said.len() != 4 || said[0]["status"] != "read") {
            return Err(format!("the message was not answered: {talk:#}").into());
        }
        Ok(consumption)
    }

    /// Has that lead write, and lets everything follow.
    async fn write(&self, words: &str) -> Result<(), Failure> {
        let person =
            Person { phone: Some("919876540016".to_owned()), name: Some("Asha".to_owned()), user_id: None };
        let words = json!({"type": "text", "text": {"body": words}});
        self.product.runner.simulators.receive_whatsapp(&phone_number_id("demo"), &person, words)?;
        self.settle().await?;
        self.post("/local/clock", &json!({"advance_seconds": 60})).await.map(drop)
    }

    /// So many leads, made one by one.
    pub(super) async fn leads(&self, count: u64) -> Result<(Consumption, Vec<String>), Failure> {
        let keys = self.keys(count).await?;
        let before = self.now(true)?;
        let mut ids = Vec::new();
        for (key, number) in keys.iter().zip(100..) {
            ids.push(text(&self.ask_as(key, Method::POST, "/leads", Some(&person(number))).await?, "id"));
        }
        self.settle().await?;
        Ok((self.since(&before, ("leads", "elevenlabs-webhook"))?.0, ids))
    }

    /// Each of these leads, read once.
    pub(super) async fn reads(&self, leads: &[String]) -> Result<Consumption, Failure> {
        self.each(leads, Method::GET, None).await
    }

    /// Each of these leads, changed once.
    pub(super) async fn changes(&self, leads: &[String]) -> Result<Consumption, Failure> {
        self.each(leads, Method::PATCH, Some(&json!({"position": "Head of sales", "tags": ["fair", "met"]})))
            .await
    }

    async fn each(
        &self,
        leads: &[String],
        method: Method,
        body: Option<&Value>,
    ) -> Result<Consumption, Failure> {
        let keys = self.keys(leads.len() as u64).await?;
        let before = self.now(true)?;
        for (key, lead) in keys.iter().zip(leads) {
            self.ask_as(key, method.clone(), &format!("/leads/{lead}"), body).await?;
        }
        self.settle().await?;
        Ok(self.since(&before, ("leads", "elevenlabs-webhook"))?.0)
    }

    /// So many leads, in one file. How much they store is told where they are few.
    pub(super) async fn import(&self, rows: u32) -> Result<Consumption, Failure> {
        let [first, second] = &self.keys(2).await?[..] else { return Err("there are no keys".into()) };
        let before = self.now(rows <= 100)?;
        let upload = self.ask_as(first, Method::POST, "/imports", Some(&json!({}))).await?;
        let file = import::file(0, rows)?;
        self.product.ask(Method::PUT, &text(&upload, "upload_url"), Some(file.into_bytes())).await?;
        let id = text(&upload, "id");
        self.ask_as(second, Method::POST, &format!("/imports/{id}/start"), None).await?;
        self.settle().await?;
        let (mut consumption, _) = self.since(&before, ("imports", "elevenlabs-webhook"))?;
        consumption.rows = u64::from(rows);

        let report = import::until(&self.product, &id, "completed").await?;
        if report["created"] != json!(rows) {
            return Err(format!("not every row became a lead: {report:#}").into());
        }
        Ok(consumption)
    }

    /// Keys that no instance of a function remembers, and that are counted as every key is.
    async fn keys(&self, count: u64) -> Result<Vec<String>, Failure> {
        let mut keys = Vec::new();
        for number in 0..count {
            let wanted = json!({"name": format!("measured {number}"), "role": "owner"});
            keys.push(text(&self.post("/admin/api-keys", &wanted).await?, "api_key"));
        }
        self.settle().await?;
        Ok(keys)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.product.ask(Method::POST, path, Some(body.to_string().into())).await
    }

    async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.product.ask(Method::GET, path, None).await
    }

    async fn ask_as(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        self.product.ask_as(key, method, path, body.map(|body| body.to_string().into())).await
    }

    async fn settle(&self) -> Result<(), Failure> {
        self.post("/local/settle", &json!({})).await.map(drop)
    }

    /// How things stand.
    fn now(&self, with_stored: bool) -> Result<Standing, Failure> {
        self.logs.take();
        let stored = if with_stored { Some(self.stored()?) } else { None };
        Ok(Standing { sums: self.product.sums(), requests: self.product.traffic().so_far(), stored })
    }

    /// What was consumed since; all callers' requests were answered by one function, and all of providers' by another.
    fn since(
        &self,
        before: &Standing,
        (function, webhook): (&'static str, &'static str),
    ) -> Result<(Consumption, BTreeSet<String>), Failure> {
        let (sums, requests) = (self.product.sums(), self.product.traffic().so_far() - before.requests);
        let mut jobs = sums.jobs;
        for (job, count) in &mut jobs {
            *count -= before.sums.jobs.get(job).copied().unwrap_or_default();
        }
        jobs.retain(|_, count| *count > 0);
        for (job, count) in &jobs {
            (0..*count).for_each(|_| job_done(job));
        }
        let Written { bytes, metrics } = self.logs.take();
        let stored = match before.stored {
            Some(stored) => self.stored()? - stored,
            None => Stored::default(),
        };
        let answering = [(function, requests.callers), (webhook, requests.webhooks)];
        let consumption = Consumption {
            units: sums.units - before.sums.units,
            stored,
            answering: answering.into_iter().filter(|(_, count)| *count > 0).collect(),
            jobs,
            requests,
            logged: bytes,
            rows: 0,
        };
        Ok((consumption, metrics))
    }

    fn stored(&self) -> Result<Stored, Failure> {
        Ok(Stored::of(&self.product.runner.database.dump()?))
    }
}

/// How things stood.
struct Standing {
    sums: Sums,
    requests: Requests,
    stored: Option<Stored>,
}

/// What a tick consumes and logs that finds nothing to do.
pub(super) async fn tick(logs: &Logs) -> Result<(Units, u64), Failure> {
    let data = TempDir::new()?;
    let database = Embedded::start(Some(&data.path().join("table.db")))?;
    let (meter, endpoint) = Meter::start(database.endpoint()).await?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let settings = Settings { data: Some(data.path().to_owned()), ..Settings::default() };
    let runner = Runner::start_on(&settings, &listener, database.clone(), endpoint).await?;
    runner.pump.settle().await?;
    let connection = queues::Connection {
        region: "local".to_owned(),
        endpoint: None,
        credentials: database.credentials(),
        http: database.http(),
    };
    let before = meter.sums();
    logs.take();
    tick::handle(runner.platform.clone(), Queues::new(BTreeMap::new(), connection)).await?;
    let after = meter.sums();
    let mut units = after.looking - before.looking;
    units += after.units - before.units;
    Ok((units, logs.take().bytes))
}

/// Somebody with all that a lead usually has, who may be called.
fn person(number: u32) -> Value {
    json!({
        "first_name": "Asha", "last_name": format!("Rao {number}"), "phone": format!("+91987654{number:04}"),
        "email": format!("asha{number}@example.com"), "company": format!("Company {number}"), "source": "fair",
        "tags": ["fair"], "consent": {"voice": {"granted": true, "basis": "opt_in"}},
    })
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
