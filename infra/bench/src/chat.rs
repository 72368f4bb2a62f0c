//! How long WhatsApp waits for its answer, and a person for theirs.

use crate::Failure;
use crate::import::upload;
use crate::product::Product;
use crate::reads::Percentiles;
use jiff::SignedDuration;
use provider::Secret;
use serde_json::{Value, json};
use simulators::phone_number_id;
use std::time::{Duration, Instant};
use whatsapp::signature;

/// How long the answers are waited for.
const PATIENCE: Duration = Duration::from_mins(10);

/// Has `people` write a message each, one after another, among `leads` leads; times the webhook's answers and the
/// replies.
pub(crate) async fn run(people: u32, leads: u32) -> Result<(), Failure> {
    let product = Product::start().await?;
    upload(&product, 0, leads).await?;
    let mut took = Vec::new();
    let began = Instant::now();
    for n in 0..people {
        // Every second one is one of the leads.
        let phone = if n.is_multiple_of(2) { format!("9191{:08}", n / 2) } else { format!("9192{n:08}") };
        let body = message(&phone, n, product.runner.platform.now().as_second());
        took.push(tell(&product, &body).await?);
    }
    let taken_in = began.elapsed();
    while product.runner.simulators.sent().len() < usize::try_from(people)? {
        if began.elapsed() > PATIENCE {
            return Err(
                format!("{} of {people} got an answer", product.runner.simulators.sent().len()).into()
            );
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let acknowledged = Percentiles::of(took);
    println!("{people} people write among {leads} leads; half of them are leads");
    println!("webhook answered, p50 and p99 in ms   {acknowledged}");
    println!("all webhooks taken after              {:.1} s", taken_in.as_secs_f64());
    println!("all replies sent after                {:.1} s", began.elapsed().as_secs_f64());
    let pause = domain::chat::PAUSE;
    println!("of which everybody is waited for      {:.1} s", SignedDuration::as_secs_f64(&pause));
    Ok(())
}

/// Posts an event as WhatsApp signs it; answers how long the answer took.
pub(crate) async fn tell(product: &Product, event: &Value) -> Result<Duration, Failure> {
    let body = event.to_string();
    let header = signature::sign(&Secret::new(product.webhook_secret()?), body.as_bytes());
    let sent = Instant::now();
    product.post("/webhooks/whatsapp/demo", (signature::HEADER, &header), body.into_bytes()).await?;
    Ok(sent.elapsed())
}

/// The event of somebody's `n`th message.
pub(crate) fn message(phone: &str, n: u32, now: i64) -> Value {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550001111", "phone_number_id": phone_number_id("demo")},
        "contacts": [{"profile": {"name": "Asha Rao"}, "wa_id": phone}],
        "messages": [{"from": phone, "id": format!("wamid.bench.{n}"), "timestamp": now.to_string(), "type": "text",
            "text": {"body": "What is the price?"}}]}}]}]})
}
