//! Measures how fast every function starts and how large its package is.
//!
//! ```text
//! infra/startup/run [--near]
//! ```
//!
//! Building all functions takes half an hour on two cores: each is optimised as a whole. With `--near` only those are built and
//! measured that the README's table shows near a bar, or does not show ([`near_a_bar`]).
//!
//! A start is the time from `exec` to the first `GET /next` on a Runtime API of our own on loopback; nothing of
//! AWS is reached. What counts is not the time but its ratio to that of the function `empty`, which has a
//! handler and nothing else: the two take turns, so that a busy machine slows both. A function that is over the
//! bar is measured up to three times more, and the best result counts.
//!
//! The bars: [`MAX_RATIO`] times the empty function, [`MAX_ZIP`] bytes zipped. The exit code is 1 if a function
//! is over one.
//!
//! A start has all that a function does by itself. Before it asks for an event it also opens the connection to the
//! table, and how long that takes is the network's affair: here AWS refuses connections at once. What an open
//! connection costs and brings is measured apart ([`FirstCalls`]), with a table [`ROUND_TRIP`] away and the sample
//! event of `events/` that comes first:
//!
//! ```text
//! cargo run -p startup -- --profile <target>/deploy --first-call [<function> ...]
//! ```
//!
//! The stand-in speaks plain HTTP, because functions trust Amazon's roots alone: TLS counts as a round trip, and what
//! it costs the processor does not show. The table is empty, so that a caller is refused after one read.

mod first_call;
mod measure;
mod zip;

pub use first_call::{FirstCall, FirstCalls, ROUND_TRIP};
pub use measure::{Bench, Measured};
pub use zip::zipped_size;

use std::collections::BTreeMap;
use std::fmt::Write;

/// How many times the start of an empty function one of ours may take.
pub const MAX_RATIO: f64 = 2.0;
/// How many bytes a function's zip may have.
pub const MAX_ZIP: u64 = 3_500_000;

/// From where on a function is near a bar.
const NEAR_RATIO: f64 = 1.8;
const NEAR_ZIP: u64 = 3_430_000;

/// A function, measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub function: String,
    /// Its starts beside the empty function's.
    pub measured: Measured,
    /// The size of its binary, in bytes.
    pub size: u64,
    /// The size of its zip, in bytes.
    pub zip: u64,
}

impl Row {
    /// Whether it starts too slowly.
    pub fn is_slow(&self) -> bool {
        self.measured.ratio() > MAX_RATIO
    }

    /// Whether its zip is too large.
    pub fn is_large(&self) -> bool {
        self.zip > MAX_ZIP
    }
}

/// The rows as a Markdown table, with what is over a bar in bold.
pub fn table(rows: &[Row]) -> String {
    let mut text =
        String::from("| function | start, ms | × empty | size, kB | zip, kB |\n|---|---:|---:|---:|---:|\n");
    for row in rows {
        let ratio = marked(row.is_slow(), &format!("{:.2}", row.measured.ratio()));
        let zip = marked(row.is_large(), &(row.zip / 1000).to_string());
        let (ms, kb) = (row.measured.function_ms, row.size / 1000);
        let _ = writeln!(text, "| {} | {ms:.2} | {ratio} | {kb} | {zip} |", row.function);
    }
    text
}

/// Those of `functions` that are worth a look at every change, by the table in the README: those near a bar, and those that it
/// does not show.
pub fn near_a_bar(functions: Vec<String>, readme: &str) -> Vec<String> {
    let cells =
        |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let rows = readme.lines().filter(|line| line.starts_with('|')).map(cells);
    let measured: BTreeMap<String, (f64, u64)> = rows
        .filter_map(|row| {
            let [function, ratio, zip] = <[String; 3]>::try_from(row).ok()?;
            Some((function, (ratio.parse().ok()?, zip.replace(',', "").parse::<u64>().ok()? * 1000)))
        })
        .collect();
    let is_far = |(ratio, zip): &(f64, u64)| *ratio < NEAR_RATIO && *zip < NEAR_ZIP;
    functions.into_iter().filter(|function| !measured.get(function).is_some_and(is_far)).collect()
}

/// Inits and first calls by function, as a Markdown table.
pub fn first_calls(rows: &[(String, FirstCall)]) -> String {
    let mut text = "| function | init, ms | connected | first call, ms | not connected |\n\
                    |---|---:|---:|---:|---:|\n"
        .to_owned();
    for (function, row) in rows {
        let (init, connected) = (row.init_ms, row.connected_init_ms);
        let (call, unconnected) = (row.call_ms, row.unconnected_call_ms);
        let _ = writeln!(text, "| {function} | {init:.2} | {connected:.2} | {call:.2} | {unconnected:.2} |");
    }
    text
}

fn marked(mark: bool, text: &str) -> String {
    if mark { format!("**{text}**") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(function_ms: f64, zip: u64) -> Row {
        Row {
            function: "leads".to_owned(),
            measured: Measured { function_ms, empty_ms: 1.25 },
            size: 5_200_400,
            zip,
        }
    }

    #[test]
    fn a_table_marks_what_is_over_a_bar() {
        let at = MAX_ZIP / 1000;
        let text = table(&[row(2.5, MAX_ZIP), row(2.6, MAX_ZIP + 1000)]);
        let lines: Vec<_> = text.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                format!("| leads | 2.50 | 2.00 | 5200 | {at} |"),
                format!("| leads | 2.60 | **2.08** | 5200 | **{}** |", at + 1)
            ]
        );
        assert!(!row(2.5, MAX_ZIP).is_slow() && row(2.6, 0).is_slow());
    }
}
