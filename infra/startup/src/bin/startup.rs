//! See the crate's documentation.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is the output")]

use startup::{Bench, FirstCalls, MAX_RATIO, MAX_ZIP, Row, first_calls, near_a_bar, table, zipped_size};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

/// How often a function that is over the bar is measured again; the best result counts.
const AGAIN: usize = 3;
/// How often each function is started.
const STARTS: usize = 30;
/// How often each function's first call is made.
const FIRST_CALLS: usize = 10;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let named: Vec<String> = env::args().skip(1).collect();
    if named == ["--list-near"] {
        let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md"))?;
        println!("{}", near_a_bar(functions()?, &readme).join("\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let Arguments { profile, is_first_call, named } = arguments(named)?;
    let binaries = binaries(&profile)?;
    let mut built = Vec::new();
    for function in if named.is_empty() { functions()? } else { named } {
        let binary = binaries.join(&function);
        if !binary.exists() {
            return Err(format!("{} is not built", binary.display()).into());
        }
        built.push((function, binary));
    }
    if is_first_call { measure_first_calls(built) } else { measure_starts(&binaries, built) }
}

fn measure_first_calls(built: Vec<(String, PathBuf)>) -> Result<ExitCode, Box<dyn Error>> {
    let bench = FirstCalls::new()?;
    let mut rows = Vec::new();
    for (function, binary) in built {
        eprintln!("{function}");
        let measured = bench.measure(&binary, &event(&function)?, FIRST_CALLS)?;
        rows.push((function, measured));
    }
    println!("{}", first_calls(&rows));
    Ok(ExitCode::SUCCESS)
}

fn measure_starts(binaries: &Path, built: Vec<(String, PathBuf)>) -> Result<ExitCode, Box<dyn Error>> {
    let bench = Bench::new(binaries.join("empty"))?;
    let mut rows = Vec::new();
    for (function, binary) in built {
        eprintln!("{function}");
        rows.push(measured(&bench, function, &binary)?);
    }
    println!("{}", table(&rows));
    let over = rows.iter().filter(|row| row.is_slow() || row.is_large()).count();
    if over == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{over} over the bar of {MAX_RATIO:.1} × empty or {MAX_ZIP} bytes zipped");
    Ok(ExitCode::FAILURE)
}

fn measured(bench: &Bench, function: String, binary: &Path) -> Result<Row, Box<dyn Error>> {
    let mut row = Row {
        function,
        measured: bench.measure(binary, STARTS)?,
        size: fs::metadata(binary)?.len(),
        zip: zipped_size(binary)?,
    };
    for _ in 0..AGAIN {
        if !row.is_slow() {
            break;
        }
        let again = bench.measure(binary, STARTS)?;
        if again.ratio() < row.measured.ratio() {
            row.measured = again;
        }
    }
    Ok(row)
}

struct Arguments {
    /// `<name>`, or `<target>/<name>` of what was built for a target; `deploy` if nothing is said.
    profile: String,
    /// Whether first calls are measured, and not starts.
    is_first_call: bool,
    /// The functions to measure; all if none is named.
    named: Vec<String>,
}

fn arguments(mut named: Vec<String>) -> Result<Arguments, Box<dyn Error>> {
    let mut profile = "deploy".to_owned();
    if named.first().is_some_and(|first| first == "--profile") {
        if named.len() < 2 {
            return Err("usage: startup [--profile <name>] [--first-call] [<function> ...]".into());
        }
        profile = named.drain(..2).next_back().unwrap_or_default();
    }
    let is_first_call = named.first().is_some_and(|first| first == "--first-call");
    if is_first_call {
        named.remove(0);
    }
    Ok(Arguments { profile, is_first_call, named })
}

/// The first of a function's sample events.
fn event(function: &str) -> Result<String, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events").join(function);
    let mut files: Vec<_> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(fs::read_to_string(files.first().ok_or("a function has no sample event")?)?)
}

/// Where cargo puts the binaries of a profile: beside those of the profile that this program was built with.
fn binaries(profile: &str) -> Result<PathBuf, Box<dyn Error>> {
    let own = env::current_exe()?;
    let target = own.parent().and_then(Path::parent).ok_or("this program is in no target folder")?;
    Ok(target.join(if profile == "dev" { "debug" } else { profile }))
}

/// The names of all functions, in their order.
fn functions() -> Result<Vec<String>, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../functions");
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").exists() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
