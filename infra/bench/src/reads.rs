//! How long a read takes, and whether it takes longer where there are more leads.

use crate::Failure;
use crate::loading::Loader;
use crate::product::Product;
use http::Method;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// How often each read is timed.
const TIMES: u32 = 300;

/// Times reads among each of these numbers of leads, in one run.
pub(crate) async fn run(sizes: &[u32]) -> Result<(), Failure> {
    let product = Product::start().await?;
    let mut loader = Loader::new(&product)?;
    let agent = json!({"name": "Maya", "system_prompt": "You qualify leads.", "first_message": "Hello {{first_name}}!"});
    product.ask(Method::POST, "/agents", Some(agent.to_string().into())).await?;
    let mut runs = Vec::new();
    for leads in sizes {
        let began = Instant::now();
        loader.fill(&product, *leads)?;
        println!("{leads} leads, written in {:.0} s", began.elapsed().as_secs_f64());
        runs.push(timed(&product).await?);
    }
    println!("{TIMES} times each, one after another; p50 and p99 in ms, and p50 as a multiple of the first");
    let Some((first, others)) = runs.split_first() else { return Ok(()) };
    for (row, (name, small)) in first.iter().enumerate() {
        let mut line = format!("{name:<34} {small}");
        for (_, large) in others.iter().filter_map(|run| run.get(row)) {
            let ratio = large.p50.as_secs_f64() / small.p50.as_secs_f64();
            let _ = write!(line, " {large} {ratio:>5.2}");
        }
        println!("{line}");
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
        ("GET /leads?search= two words", "/leads?search=bianchi%200000141"),
        ("GET /leads?search= a number", "/leads?search=%2B919100000007"),
        ("GET /leads/pipeline", "/leads/pipeline"),
        ("GET /api/customer-context/{phone}", "/api/customer-context/919100000007"),
        ("GET /api/customer-context, unknown", "/api/customer-context/919999999999"),
    ] {
        rows.push((name, measured(product, Method::GET, path, None).await?));
    }
    rows.extend(of_office(product, &id).await?);
    Ok(rows)
}

/// What an office asks of clients, of one who has practices and of whom there is something to tell.
async fn of_office(product: &Product, client: &str) -> Result<Vec<(&'static str, Percentiles)>, Failure> {
    for code in ["KITAS", "PT_PMA", "NPWP"] {
        let practice =
            json!({"client_id": client, "practice_type_code": code, "assigned_to": "antonello@balizero.com"});
        product.ask(Method::POST, "/crm/practices", Some(practice.to_string().into())).await?;
    }
    for n in 0..30 {
        let said = json!({"client_id": client, "interaction_type": "call", "summary": format!("Talk {n}")});
        product.ask(Method::POST, "/crm/interactions", Some(said.to_string().into())).await?;
    }
    let active = "/crm/practices/active?assigned_to=antonello@balizero.com";
    let mut rows = Vec::new();
    for (name, path) in [
        ("GET /crm/clients, 50", "/crm/clients".to_owned()),
        ("GET /crm/clients?status=, 50", "/crm/clients?status=prospect".to_owned()),
        ("GET /crm/clients?search= a name", "/crm/clients?search=bianchi".to_owned()),
        ("GET /crm/clients/by-email/{email}", "/crm/clients/by-email/lead141@example.com".to_owned()),
        ("GET /crm/clients/{id}/summary", format!("/crm/clients/{client}/summary")),
        ("GET /crm/clients/stats/overview", "/crm/clients/stats/overview".to_owned()),
        ("GET /crm/duplicates", "/crm/duplicates".to_owned()),
        ("GET /crm/practices, 50", "/crm/practices".to_owned()),
        ("GET …/active?assigned_to=, 5", format!("{active}&limit=5")),
        ("GET …/renewals/upcoming, 20", "/crm/practices/renewals/upcoming?days=60&limit=20".to_owned()),
        ("GET /crm/practices/stats/overview", "/crm/practices/stats/overview".to_owned()),
        ("GET /crm/interactions, 50", "/crm/interactions".to_owned()),
        ("GET /crm/interactions/stats/overview", "/crm/interactions/stats/overview".to_owned()),
        ("GET …/client/{id}/timeline, 50", format!("/crm/interactions/client/{client}/timeline")),
        ("GET …/client/{id}/full-context", format!("/crm/shared-memory/client/{client}/full-context")),
        (
            "GET …/search?q= a colleague's",
            "/crm/shared-memory/search?q=active+practices+antonello&limit=5".to_owned(),
        ),
        ("GET …/search?q= a name", "/crm/shared-memory/search?q=practices+of+bianchi+0000141".to_owned()),
        ("GET …/team-overview", "/crm/shared-memory/team-overview".to_owned()),
    ] {
        rows.push((name, measured(product, Method::GET, &path, None).await?));
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
