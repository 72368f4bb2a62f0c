//! How long a large campaign takes to be planned, started, and put off when all its calls come due at once.

use crate::Failure;
use crate::import::upload;
use crate::product::Product;
use http::Method;
use serde_json::{Value, json};
use std::time::Instant;

/// A campaign of so many leads, begun at night: the plan, the calls that are made, and the morning on which all of
/// them are due at one instant and the window opens an hour later than it did when they were made.
pub(crate) async fn run(calls: u32) -> Result<(), Failure> {
    let product = Product::start_at("2027-01-10T20:00:00Z").await?;
    let post =
        async |path: &str, body: Value| product.ask(Method::POST, path, Some(body.to_string().into())).await;
    post("/agents", json!({"name": "Maya", "system_prompt": "You qualify leads."})).await?;
    upload(&product, 0, calls).await?;
    let made = post("/campaigns", json!({"name": "Fair", "source": "fair"})).await?;
    let campaign = format!("/campaigns/{}", made["id"].as_str().unwrap_or_default());

    let began = Instant::now();
    let plan = post(&format!("{campaign}/plan"), json!({})).await?;
    println!("plan of {} leads: {:.2} s", plan["planned"], began.elapsed().as_secs_f64());

    let began = Instant::now();
    post(&format!("{campaign}/start"), json!({})).await?;
    product.ask(Method::POST, "/local/settle", Some(b"{}".to_vec())).await?;
    tell("calls made", calls, began);
    let queued = product.ask(Method::GET, &campaign, None).await?["calls"]["queued"].clone();
    if queued != calls {
        return Err(format!("{queued} calls are queued, and not {calls}").into());
    }

    // 09:00 in Kolkata; the window now opens at 10:00.
    let later = json!({"calling": {"window": {"open": "10:00", "close": "20:00"}}});
    product.ask(Method::PUT, "/business-config", Some(later.to_string().into())).await?;
    let began = Instant::now();
    post("/local/clock", json!({"advance_seconds": 7 * 3_600 + 1_800 + 60})).await?;
    tell("due calls judged and put off", calls, began);
    let waits = product.ask(Method::GET, "/calls?status=queued&limit=1", None).await?;
    println!("  the first one now waits for {}", waits[0]["next_attempt_at"]);
    Ok(())
}

fn tell(what: &str, calls: u32, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    println!("{calls} {what}: {seconds:.1} s, {:.0} a second", f64::from(calls) / seconds);
}
