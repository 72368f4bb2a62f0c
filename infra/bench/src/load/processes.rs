//! The memory of the processes that an emulator runs functions in.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often it is looked.
const PERIOD: Duration = Duration::from_millis(500);

/// The most that was seen so far, in KiB.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Peak {
    processes: usize,
    together: u64,
    largest: u64,
}

impl fmt::Display for Peak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (together, largest) = (self.together / 1024, self.largest / 1024);
        write!(
            f,
            "functions: {} processes, {together} MiB together, the largest {largest} MiB",
            self.processes
        )
    }
}

/// Looks until it is stopped.
pub(super) struct Watch {
    looking: JoinHandle<()>,
    peak: Arc<Mutex<Peak>>,
}

impl Watch {
    /// Watches the functions below this process.
    pub(super) fn start(emulator: u32) -> Self {
        let peak: Arc<Mutex<Peak>> = Arc::default();
        let seen = Arc::clone(&peak);
        let looking = tokio::spawn(async move {
            loop {
                let sizes = sizes(emulator);
                {
                    let mut peak = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    peak.processes = peak.processes.max(sizes.len());
                    peak.together = peak.together.max(sizes.iter().sum());
                    peak.largest = peak.largest.max(sizes.into_iter().max().unwrap_or_default());
                }
                tokio::time::sleep(PERIOD).await;
            }
        });
        Self { looking, peak }
    }

    /// Ends it; answers the most that was seen.
    pub(super) fn stop(self) -> Peak {
        self.looking.abort();
        *self.peak.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The resident sizes, in KiB, of all descendants of a process that run another program than it does.
fn sizes(emulator: u32) -> Vec<u64> {
    let parents = parents();
    let is_below = |pid: u32| {
        let ancestors = std::iter::successors(parents.get(&pid), |parent| parents.get(parent));
        ancestors.take(parents.len()).any(|ancestor| *ancestor == emulator)
    };
    let own = program(emulator);
    let functions = parents.keys().filter(|pid| is_below(**pid) && program(**pid) != own);
    functions.filter_map(|pid| resident(*pid)).collect()
}

/// The parent of every process.
fn parents() -> BTreeMap<u32, u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return BTreeMap::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: u32| Some((pid, status(pid, "PPid:")?.parse().ok()?))).collect()
}

fn program(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/exe")).ok()
}

fn resident(pid: u32) -> Option<u64> {
    status(pid, "VmRSS:")?.split_whitespace().next()?.parse().ok()
}

fn status(pid: u32, name: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
}
