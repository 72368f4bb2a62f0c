//! What the table is asked for by each thing that the product does: requests, read and write units.

use crate::Failure;
use crate::import::upload;
use crate::meter::Units;
use crate::product::Product;
use http::Method;
use serde_json::{Value, json};

/// How many leads there are: enough that lists fill a page.
const LEADS: u32 = 200;

/// Prints a row for each thing.
pub(crate) async fn run() -> Result<(), Failure> {
    let product = Product::start_metered("2027-01-11T06:00:00Z").await?;
    let post =
        async |path: &str, body: Value| product.ask(Method::POST, path, Some(body.to_string().into())).await;
    let settle = async || post("/local/settle", json!({})).await;
    post(
        "/agents",
        json!({"name": "Maya", "system_prompt": "You qualify leads.", "first_message": "Hello!"}),
    )
    .await?;
    settle().await?;
    let mut rows: Vec<(&str, Units)> = Vec::new();

    let before = product.units();
    upload(&product, 0, LEADS).await?;
    let imported = product.units() - before;
    rows.push(("a row of an import of 200", imported / f64::from(LEADS)));

    let person = json!({"first_name": "Asha", "last_name": "Rao", "phone": "+919876543210", "source": "fair",
        "email": "asha@example.com", "consent": {"voice": {"granted": true, "basis": "opt_in"}}});
    let before = product.units();
    let lead = post("/leads", person).await?;
    rows.push(("POST /leads", product.units() - before));
    let id = lead["id"].as_str().unwrap_or_default();

    for (name, path) in [
        ("GET /leads/{id}", format!("/leads/{id}")),
        ("GET /leads, 50", "/leads".to_owned()),
        ("GET /leads?search= a name, 50", "/leads?search=bianchi".to_owned()),
        ("GET /leads?search= a number", "/leads?search=%2B919876543210".to_owned()),
        ("GET /leads/pipeline", "/leads/pipeline".to_owned()),
        ("GET /analytics/calls", "/analytics/calls".to_owned()),
        ("GET /changes", "/changes".to_owned()),
    ] {
        let before = product.units();
        product.ask(Method::GET, &path, None).await?;
        rows.push((name, product.units() - before));
    }
    let before = product.units();
    post("/context", json!({"lead_id": id, "objective": "Say hello"})).await?;
    rows.push(("POST /context", product.units() - before));

    let before = product.units();
    let call = post("/calls", json!({"lead_id": id})).await?;
    rows.push(("POST /calls", product.units() - before));
    let before = product.units();
    settle().await?;
    rows.push(("… planned and dialed", product.units() - before));
    let before = product.units();
    post("/local/clock", json!({"advance_seconds": 600})).await?;
    rows.push(("… told, taken in, read, followed up", product.units() - before));
    let path = format!("/calls/{}", call["id"].as_str().unwrap_or_default());
    let done = product.ask(Method::GET, &path, None).await?;
    if done["status"] != "completed" {
        return Err(format!("the call did not complete: {done:#}").into());
    }
    let before = product.units();
    product.ask(Method::GET, &path, None).await?;
    rows.push(("GET /calls/{id}", product.units() - before));

    println!("{:<38} {:>8} {:>8} {:>8}", "", "requests", "read", "write");
    for (name, units) in rows {
        println!("{name:<38} {units}");
    }
    Ok(())
}
