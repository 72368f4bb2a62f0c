//! How long a read takes, and whether it takes longer where there are more leads.

use crate::Failure;
use crate::import::upload;
use crate::product::Product;
use http::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How often each read is timed.
const TIMES: u32 = 300;

/// Times reads among `few` leads and then among `many`, in one run.
pub(crate) async fn run(few: u32, many: u32) -> Result<(), Failure> {
    let product = Product::start().await?;
    let agent = json!({"name": "Maya", "system_prompt": "You qualify leads.", "first_message": "Hello {{first_name}}!"});
    product.ask(Method::POST, "/agents", Some(agent.to_string().into())).await?;
    upload(&product, 0, few).await?;
    let before = timed(&product).await?;
    upload(&product, few, many).await?;
    let after = timed(&product).await?;
    println!("{TIMES} times each, one after another; p50 and p99 in ms");
    println!("{:<34} {few:>9} leads {many:>9} leads   p50 ×", "");
    for ((name, small), (_, large)) in before.iter().zip(&after) {
        let ratio = large.p50.as_secs_f64() / small.p50.as_secs_f64();
        println!("{name:<34} {small} {large}   {ratio:.2}");
    }
    Ok(())
}

async fn timed(product: &Product) -> Result<Vec<(&'static str, Percentiles)>, Failure> {
    let newest = product.ask(Method::GET, "/leads?limit=1", None).await?;
    let id = newest[0]["id"].as_str().unwrap_or_default().to_owned();
    let lead = format!("/leads/{id}");
    let context = json!({"lead_id": id, "objective": "Say hello"});
    let mut rows = vec![
        ("GET /leads/{id}", measured(product, Method::GET, &lead, None).await?),
        ("POST /context", measured(product, Method::POST, "/context", Some(context)).await?),
    ];
    for (name, path) in [
        ("GET /leads, 50", "/leads"),
        ("GET /leads?tag=, 50", "/leads?tag=batch%203"),
        ("GET /leads?search= a name, 50", "/leads?search=bianchi"),
        ("GET /leads?search= two words", "/leads?search=bianchi%20137"),
        ("GET /leads?search= a number", "/leads?search=%2B919100000007"),
        ("GET /leads/pipeline", "/leads/pipeline"),
        ("GET /api/customer-context/{phone}", "/api/customer-context/919100000007"),
        ("GET /api/customer-context, unknown", "/api/customer-context/919999999999"),
    ] {
        rows.push((name, measured(product, Method::GET, path, None).await?));
    }
    Ok(rows)
}

async fn measured(
    product: &Product,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Result<Percentiles, Failure> {
    let body = body.map(|body| body.to_string().into_bytes());
    let mut took = Vec::new();
    for _ in 0..TIMES {
        let began = Instant::now();
        product.ask(method.clone(), path, body.clone()).await?;
        took.push(began.elapsed());
    }
    Ok(Percentiles::of(took))
}

/// How long something took that was done many times.
pub(crate) struct Percentiles {
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) max: Duration,
}

impl Percentiles {
    pub(crate) fn of(mut took: Vec<Duration>) -> Self {
        took.sort();
        let at = |percent: usize| took.get(took.len() * percent / 100).copied().unwrap_or_default();
        Self { p50: at(50), p99: at(99), max: took.last().copied().unwrap_or_default() }
    }
}

impl std::fmt::Display for Percentiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |took: Duration| took.as_secs_f64() * 1_000.0;
        write!(f, "{:>7.2} {:>7.2}", ms(self.p50), ms(self.p99))
    }
}
