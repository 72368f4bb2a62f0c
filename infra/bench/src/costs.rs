//! What the product costs on AWS: consumption measured here, prices of `infra/bench/prices.json`, and assumptions that
//! are printed beside.
//!
//! Something new that costs is measured by a function in `measured` and one more entry in [`run`].

mod bill;
mod consumption;
mod logs;
mod measured;
mod price;
mod size;
mod template;
mod traffic;

pub(crate) use traffic::Traffic;

use crate::Failure;
use bill::Bill;
use consumption::{Consumption, assumptions, idle};
use logs::Logs;
use measured::{Measured, tick};
use price::{Item, Prices, Quantity};
use size::Stored;
use template::Template;

/// How many of a thing a table is about.
const THOUSAND: u64 = 1_000;
/// How many leads are measured to know about one.
const LEADS: u64 = 20;
/// What is done with a contact in a month: about a read a day, and a change.
const READS: u64 = 30;
const CHANGES: u64 = 1;
/// How many rows of a file are looked at for what they store.
const FEW_ROWS: u32 = 40;

/// Measures, and prints a table for each thing.
pub(crate) async fn run() -> Result<(), Failure> {
    let (prices, template, logs) = (Prices::read()?, Template::read()?, Logs::heard());

    let (call, metrics) = Measured::start(&logs).await?.call().await?;
    let message = Measured::start(&logs).await?.message().await?;
    let contacts = Measured::start(&logs).await?;
    let (made, leads) = contacts.leads(LEADS).await?;
    let (mut read, changed) = (contacts.reads(&leads).await?, contacts.changes(&leads).await?);
    // Nothing but the count of the key's requests, which ends soon.
    read.stored = Stored::default();
    let imported = Measured::start(&logs).await?.import(1_000).await?;
    let few = Measured::start(&logs).await?.import(FEW_ROWS).await?;
    let (ticked, ticked_log) = tick(&logs).await?;

    let of_one = |consumption: &Consumption| -> Result<Bill, Failure> {
        Ok(consumption.bill(&template)?.times(THOUSAND / LEADS))
    };
    let mut kept = Bill::default();
    let month = Consumption { stored: made.stored, ..Consumption::default() };
    kept.add_all(&of_one(&month)?, 1);
    kept.add_all(&of_one(&read)?, READS);
    kept.add_all(&of_one(&changed)?, CHANGES);
    let once = Consumption { stored: Stored::default(), ..made.clone() };
    let mut rows = imported.bill(&template)?;
    let stored = Consumption { stored: few.stored, ..Consumption::default() };
    rows.add_all(&stored.bill(&template)?, THOUSAND / u64::from(FEW_ROWS));
    let mut heard = Bill::default();
    heard.add(Item::CustomMetric, Quantity::whole(metrics.len() as u64));

    println!("USD, {}, prices of {}; no free tier taken off.\n", prices.region, prices.dated);
    let tables = [
        (
            "1,000 calls, from `POST /calls` to what follows, and stored for a month",
            call.bill(&template)?.times(THOUSAND),
        ),
        (
            "1,000 WhatsApp messages of theirs, each answered, and stored for a month",
            message.bill(&template)?.times(THOUSAND),
        ),
        ("1,000 contacts kept for a month", kept),
        ("1,000 contacts made by `POST /leads`", of_one(&once)?),
        ("1,000 leads imported in a file, and stored for a month", rows),
        ("a month in which nothing happens", idle(&template, ticked, ticked_log)?),
        ("a month with calls in each of its hours, besides", heard),
    ];
    for (title, bill) in &tables {
        println!("{}", bill.table(title, &prices)?);
    }
    println!("| | USD |\n|---|---:|");
    for (title, bill) in &tables {
        println!("| {title} | {} |", bill.sum(&prices)?);
    }

    println!("\nMeasured:");
    tell("a call", &call, 1)?;
    tell("a message and its answer", &message, 1)?;
    tell("a contact, made", &made, LEADS)?;
    tell("a contact, read", &read, LEADS)?;
    tell("a contact, changed", &changed, LEADS)?;
    tell("1,000 rows imported", &imported, 1)?;
    tell("40 rows imported", &few, 1)?;
    println!("- a tick: {} requests, {} read units, {ticked_log} bytes of log", ticked.requests, ticked.read);
    println!("- metrics of a call: {}", metrics.len());
    println!(
        "- in the template: {} alarms on {} metrics, {} polled queues",
        template.alarms(),
        template.alarm_metrics(),
        template.polled_queues()
    );
    println!("- of a contact kept for a month: reads {READS}, changes {CHANGES}");

    println!("\nAssumed:");
    for assumption in assumptions() {
        println!("- {assumption}");
    }
    println!("\nPrices:");
    for line in prices.notes.iter().cloned().chain(prices.seen()) {
        println!("- {line}");
    }
    println!("\nFree each month for every account, and not taken off:");
    for (unit, free) in prices.free() {
        println!("- {unit}: {free}");
    }
    println!(
        "\nNot in it: ElevenLabs, the model, the carrier, WhatsApp's fee for templates, e-mail of alarms, a domain's zone, taxes; nor Lambda's reading of the stream, which is free."
    );
    Ok(())
}

/// Says what was counted for each of so many things.
fn tell(what: &str, consumption: &Consumption, among: u64) -> Result<(), Failure> {
    let functions: Vec<_> = consumption
        .invocations()?
        .into_iter()
        .map(|(function, count)| format!("{function} {}", Quantity::ratio(count, among)))
        .collect();
    let ratio = |count| Quantity::ratio(count, among);
    println!(
        "- {what}: table {} read and {} write units in {} requests; {} items, {} bytes stored; log {} bytes; {}",
        Quantity::units(consumption.units.read)?.among(among),
        Quantity::units(consumption.units.write)?.among(among),
        Quantity::units(consumption.units.requests)?.among(among),
        ratio(consumption.stored.items),
        ratio(consumption.stored.bytes),
        ratio(consumption.logged),
        functions.join(", "),
    );
    Ok(())
}
