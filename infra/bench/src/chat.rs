//! How long WhatsApp waits for its answer, and a person for theirs.

use crate::Failure;
use crate::import::upload;
use crate::product::Product;
use crate::reads::Percentiles;
use jiff::SignedDuration;
use provider::Secret;
use serde_json::json;
use simulators::{Person, phone_number_id};
use std::time::{Duration, Instant};
use whatsapp::signature;

/// How long the answers are waited for.
const PATIENCE: Duration = Duration::from_mins(10);

/// Has `people` write a message each, one after another, among `leads` leads; times the webhook's answers and the
/// replies.
pub(crate) async fn run(people: u32, leads: u32) -> Result<(), Failure> {
    let product = Product::start().await?;
    upload(&product, 0, leads).await?;
    let secret = Secret::new(product.webhook_secret()?);
    let mut took = Vec::new();
    let began = Instant::now();
    for n in 0..people {
        // Every second one is one of the leads.
        let phone = if n.is_multiple_of(2) { format!("9191{:08}", n / 2) } else { format!("9192{n:08}") };
        let person = Person { phone: Some(phone), name: Some("Asha Rao".to_owned()), user_id: None };
        let words = json!({"type": "text", "text": {"body": "Hello, I have a question"}});
        let event = product.runner.simulators.whatsapp_event(&phone_number_id("demo"), &person, words)?;
        let body = event.to_string();
        let header = signature::sign(&secret, body.as_bytes());
        let sent = Instant::now();
        product.post("/webhooks/whatsapp/demo", (signature::HEADER, &header), body.into_bytes()).await?;
        took.push(sent.elapsed());
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
