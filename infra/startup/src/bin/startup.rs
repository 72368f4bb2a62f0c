//! See the crate's documentation.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is the output")]

use startup::{Bench, MAX_RATIO, MAX_ZIP, Row, table, zipped_size};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

/// How often a function that is over the bar is measured again; the best result counts.
const AGAIN: usize = 3;
/// How often each function is started.
const STARTS: usize = 30;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let (profile, named) = arguments(env::args().skip(1).collect())?;
    let binaries = binaries(&profile)?;
    let bench = Bench::new(binaries.join("empty"))?;
    let mut rows = Vec::new();
    for function in if named.is_empty() { functions()? } else { named } {
        let binary = binaries.join(&function);
        if !binary.exists() {
            return Err(format!("{} is not built", binary.display()).into());
        }
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

/// `--profile <name>`, or `<target>/<name>` of what was built for a target, `deploy` if nothing is said; and the
/// functions to measure, all if none is named.
fn arguments(mut arguments: Vec<String>) -> Result<(String, Vec<String>), Box<dyn Error>> {
    if arguments.first().is_none_or(|first| first != "--profile") {
        return Ok(("deploy".to_owned(), arguments));
    }
    if arguments.len() < 2 {
        return Err("usage: startup [--profile <name>] [<function> ...]".into());
    }
    let named = arguments.split_off(2);
    Ok((arguments.remove(1), named))
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
