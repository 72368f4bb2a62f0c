//! How fast the product does what it is asked for in quantity: the local run, served on loopback with its data on disk,
//! and asked over HTTP.
//!
//! ```text
//! cargo run --release -p bench -- import --rows 100000
//! cargo run --release -p bench -- reads --few 1000 --many 100000 --most 1000000
//! cargo run --release -p bench -- chat --people 200 --leads 100000
//! cargo run --release -p bench -- planning --calls 10000
//! cargo run --release -p bench -- units
//! cargo run -p bench -- costs
//! cargo run --release -p bench -- load --clients 50 --seconds 60 [--stack FILE]
//! ```

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark speaks to a person at a terminal"
)]

mod chat;
mod costs;
mod import;
mod load;
mod loading;
mod meter;
mod planning;
mod product;
mod reads;
mod units;

use std::process::ExitCode;

/// Why a benchmark came to nothing.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(run(&arguments)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[String]) -> Result<(), Failure> {
    let number = |name, default| number(arguments, name, default);
    match arguments.first().map(String::as_str) {
        Some("import") => import::run(number("--rows", 100_000)?).await,
        Some("reads") => {
            let sizes = [number("--few", 1_000)?, number("--many", 100_000)?, number("--most", 0)?];
            reads::run(&sizes.into_iter().filter(|leads| *leads > 0).collect::<Vec<_>>()).await
        }
        Some("chat") => chat::run(number("--people", 200)?, number("--leads", 100_000)?).await,
        Some("planning") => planning::run(number("--calls", 10_000)?).await,
        Some("units") => units::run().await,
        Some("costs") => costs::run().await,
        Some("load") => load::run(arguments).await,
        _ => {
            Err("usage: bench import [--rows N] | reads [--few N] [--many N] [--most N] | chat [--people N] [--leads N] | planning [--calls N] | units | costs \
                 | load [--clients N] [--seconds N] [--stack FILE]"
                .into())
        }
    }
}

/// The number after `name`, or `default`.
fn number(arguments: &[String], name: &str, default: u32) -> Result<u32, Failure> {
    let Some(place) = arguments.iter().position(|argument| argument == name) else { return Ok(default) };
    let value = arguments.get(place + 1).ok_or_else(|| format!("{name} needs a number"))?;
    Ok(value.parse()?)
}
