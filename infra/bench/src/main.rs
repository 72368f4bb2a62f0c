//! How fast the product does what it is asked for in quantity: the local run, served on loopback with its data on disk,
//! and asked over HTTP.
//!
//! ```text
//! cargo run --release -p bench -- import --rows 100000
//! ```

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark speaks to a person at a terminal"
)]

mod import;
mod product;

use std::process::ExitCode;

/// Why a benchmark came to nothing.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let run = match arguments.first().map(String::as_str) {
        Some("import") => number(&arguments, "--rows", 100_000).map(import::run),
        _ => Err("usage: bench import [--rows N]".into()),
    };
    let done =
        run.and_then(|run| tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// The number after `name`, or `default`.
fn number(arguments: &[String], name: &str, default: u32) -> Result<u32, Failure> {
    let Some(place) = arguments.iter().position(|argument| argument == name) else { return Ok(default) };
    let value = arguments.get(place + 1).ok_or_else(|| format!("{name} needs a number"))?;
    Ok(value.parse()?)
}
