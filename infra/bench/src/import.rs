//! How many rows of a file become leads in a minute, and in how much memory.

use crate::Failure;
use crate::product::{Product, peak_memory};
use http::Method;
use serde_json::json;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Imports a file of so many new leads, and takes the import back.
pub(crate) async fn run(rows: u32) -> Result<(), Failure> {
    let product = Product::start().await?;
    let id = sent(&product, 0, rows).await?;
    let before = peak_memory();

    let began = Instant::now();
    product.ask(Method::POST, &format!("/imports/{id}/start"), None).await?;
    let report = until(&product, &id, "completed").await?;
    tell("import", rows, began.elapsed());
    for name in ["created", "updated", "unchanged", "failed"] {
        println!("  {name} {}", report[name]);
    }
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        println!(
            "  peak memory {after} MiB, {before} MiB before it began; the database is in the same process"
        );
    }
    if report["created"] != json!(rows) {
        return Err("not every row became a lead".into());
    }

    let began = Instant::now();
    product.ask(Method::POST, &format!("/imports/{id}/undo"), None).await?;
    until(&product, &id, "undone").await?;
    tell("undo", rows, began.elapsed());
    let pipeline = product.ask(Method::GET, "/leads/pipeline", None).await?;
    if pipeline["total"] != 0 {
        return Err("not every lead is gone again".into());
    }
    Ok(())
}

/// Brings the leads from number `from` up to number `to` in by a file.
pub(crate) async fn upload(product: &Product, from: u32, to: u32) -> Result<(), Failure> {
    let id = sent(product, from, to).await?;
    product.ask(Method::POST, &format!("/imports/{id}/start"), None).await?;
    until(product, &id, "completed").await.map(drop)
}

/// Sends a file; answers the import's id.
async fn sent(product: &Product, from: u32, to: u32) -> Result<String, Failure> {
    let upload = product.ask(Method::POST, "/imports", Some(b"{}".to_vec())).await?;
    let text = |name: &str| upload[name].as_str().unwrap_or_default().to_owned();
    let file = file(from, to)?;
    println!("{} rows, {} KiB", to - from, file.len() / 1024);
    product.ask(Method::PUT, &text("upload_url"), Some(file.into_bytes())).await?;
    Ok(text("id"))
}

/// How often an import is asked about, five times a second, before it counts as stuck: for two hours.
const LOOKS: usize = 36_000;

/// Waits until the import has this status; answers its report.
pub(crate) async fn until(product: &Product, id: &str, status: &str) -> Result<serde_json::Value, Failure> {
    for _ in 0..LOOKS {
        let report = product.ask(Method::GET, &format!("/imports/{id}"), None).await?;
        if report["status"] == status {
            return Ok(report);
        }
        if report["status"] == "failed" {
            return Err(format!("{report:#}").into());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Err("the import does not end".into())
}

fn tell(what: &str, rows: u32, took: Duration) {
    let seconds = took.as_secs_f64();
    println!("{what}: {seconds:.1} s, {:.0} rows a minute", f64::from(rows) / seconds * 60.0);
}

/// What people of three countries are called.
pub(crate) const NAMES: [(&str, &str); 4] = [
    ("Asha", "Rao"),
    ("Giulia", "Bianchi"),
    ("\u{9b0}\u{9b9}\u{9bf}\u{9ae}\u{9be}", "\u{996}\u{9be}\u{9a4}\u{9c1}\u{9a8}"),
    ("John", "Smith"),
];

/// Such people, each with all that a lead usually has.
pub(crate) fn file(from: u32, to: u32) -> Result<String, Failure> {
    let mut file =
        "first_name,last_name,phone,email,company,source,tags,consent_voice,consent_voice_basis\n".to_owned();
    for (n, (first, last)) in (from..to).zip(NAMES.into_iter().cycle()) {
        writeln!(
            file,
            "{first},{last} {n},+919{:09},lead{n}@example.com,Company {},fair,\"batch {}\",yes,opt_in",
            100_000_000 + n,
            n % 1_000,
            n % 10
        )?;
    }
    Ok(file)
}
