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

/// One read, as each product is asked for it.
struct Read {
    name: &'static str,
    method: Method,
    path: String,
    body: Option<Value>,
}

/// Times reads in products that have each of these numbers of leads, in turns: what slows the machine down slows them all.
pub(crate) async fn run(sizes: &[u32]) -> Result<(), Failure> {
    let (mut products, mut reads) = (Vec::new(), Vec::new());
    for leads in sizes {
        let product = Product::start().await?;
        let began = Instant::now();
        Loader::new(&product)?.fill(&product, *leads)?;
        println!("{leads} leads, written in {:.0} s", began.elapsed().as_secs_f64());
        reads.push(reads_of(&product).await?);
        products.push(product);
    }
    println!("{TIMES} times each, in turns; p50 and p99 in ms, and p50 as a multiple of the first");
    for row in 0..reads.first().map_or(0, Vec::len) {
        let mut took = vec![Vec::new(); products.len()];
        for _ in 0..TIMES {
            for ((product, reads), took) in products.iter().zip(&reads).zip(&mut took) {
                took.push(reads[row].timed(product).await?);
            }
        }
        let took: Vec<Percentiles> = took.into_iter().map(Percentiles::of).collect();
        let Some((few, others)) = took.split_first() else { return Ok(()) };
        let mut line = format!("{:<34} {few}", reads[0][row].name);
        for many in others {
            let _ = write!(line, " {many} {:>5.2}", many.p50.as_secs_f64() / few.p50.as_secs_f64());
        }
        println!("{line}");
    }
    Ok(())
}

impl Read {
    async fn timed(&self, product: &Product) -> Result<Duration, Failure> {
        let body = self.body.as_ref().map(|body| body.to_string().into_bytes());
        let began = Instant::now();
        product.ask(self.method.clone(), &self.path, body).await?;
        Ok(began.elapsed())
    }
}

/// The reads, and the little that is asked of one client beside what all have: some practices and talks.
async fn reads_of(product: &Product) -> Result<Vec<Read>, Failure> {
    let agent = json!({"name": "Maya", "system_prompt": "You qualify leads.", "first_message": "Hello {{first_name}}!"});
    product.ask(Method::POST, "/agents", Some(agent.to_string().into())).await?;
    let newest = product.ask(Method::GET, "/leads?limit=1", None).await?;
    let id = newest[0]["id"].as_str().unwrap_or_default();
    for code in ["KITAS", "PT_PMA", "NPWP"] {
        let practice =
            json!({"client_id": id, "practice_type_code": code, "assigned_to": "dewi@balizero.com"});
        product.ask(Method::POST, "/crm/practices", Some(practice.to_string().into())).await?;
    }
    for n in 0..30 {
        let said = json!({"client_id": id, "interaction_type": "call", "summary": format!("Talk {n}")});
        product.ask(Method::POST, "/crm/interactions", Some(said.to_string().into())).await?;
    }
    let context = json!({"lead_id": id, "objective": "Say hello"});
    let asked_for = Read {
        name: "POST /context",
        method: Method::POST,
        path: "/context".to_owned(),
        body: Some(context),
    };
    let got = |(name, path): (&'static str, &str)| Read {
        name,
        method: Method::GET,
        path: path.replace("{id}", id),
        body: None,
    };
    Ok(std::iter::once(asked_for).chain(GOT.into_iter().map(got)).collect())
}

/// What is got, and where.
const GOT: [(&str, &str); 27] = [
    ("GET /leads/{id}", "/leads/{id}"),
    ("GET /leads, 50", "/leads"),
    ("GET /leads?tag=, 50", "/leads?tag=batch%203"),
    ("GET /leads?search= a name, 50", "/leads?search=bianchi"),
    ("GET /leads?search= two words", "/leads?search=bianchi%20aaaabeb"),
    ("GET /leads?search= a number", "/leads?search=%2B919100000007"),
    ("GET /leads/pipeline", "/leads/pipeline"),
    ("GET /api/customer-context/{phone}", "/api/customer-context/919100000007"),
    ("GET /api/customer-context, unknown", "/api/customer-context/919999999999"),
    ("GET /crm/clients, 50", "/crm/clients"),
    ("GET /crm/clients?status=, 50", "/crm/clients?status=prospect"),
    ("GET /crm/clients?search= a name, 50", "/crm/clients?search=bianchi"),
    ("GET /crm/clients/by-email/{email}", "/crm/clients/by-email/lead141@example.com"),
    ("GET /crm/clients/{id}/summary", "/crm/clients/{id}/summary"),
    ("GET /crm/clients/stats/overview", "/crm/clients/stats/overview"),
    ("GET /crm/duplicates", "/crm/duplicates"),
    ("GET /crm/practices, 50", "/crm/practices"),
    ("GET …/active?assigned_to=, 5", "/crm/practices/active?assigned_to=antonello@balizero.com&limit=5"),
    ("GET …/renewals/upcoming, 20", "/crm/practices/renewals/upcoming?days=60&limit=20"),
    ("GET /crm/practices/stats/overview", "/crm/practices/stats/overview"),
    ("GET /crm/interactions, 50", "/crm/interactions"),
    ("GET /crm/interactions/stats/overview", "/crm/interactions/stats/overview"),
    ("GET …/client/{id}/timeline, 50", "/crm/interactions/client/{id}/timeline"),
    ("GET …/client/{id}/full-context", "/crm/shared-memory/client/{id}/full-context"),
    ("GET …/search?q= a colleague's, 5", "/crm/shared-memory/search?q=active+practices+antonello&limit=5"),
    ("GET …/search?q= a name", "/crm/shared-memory/search?q=practices+of+bianchi+aaaabeb"),
    ("GET …/team-overview", "/crm/shared-memory/team-overview"),
];

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
