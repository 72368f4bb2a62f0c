//! The bench on the empty function itself.

use startup::{Bench, FirstCalls};
use std::path::{Path, PathBuf};

#[test]
fn a_start_is_measured_to_the_first_question() {
    let empty = PathBuf::from(env!("CARGO_BIN_EXE_empty"));
    let bench = Bench::new(empty.clone()).unwrap();
    let measured = bench.measure(&empty, 3).unwrap();
    assert!(measured.function_ms > 0.0 && measured.empty_ms > 0.0);
    assert!(bench.measure(Path::new("/nowhere"), 1).is_err());
}

#[test]
fn a_first_call_is_measured_to_its_answer() {
    let empty = PathBuf::from(env!("CARGO_BIN_EXE_empty"));
    let event = include_str!("../../../events/not-found/no-route.json");
    let measured = FirstCalls::new().unwrap().measure(&empty, event, 1).unwrap();
    // It knows no table.
    assert!(measured.call_ms > 0.0 && measured.connected_init_ms > 0.0, "{measured:?}");
}

#[test]
fn what_is_near_a_bar_or_not_measured_yet_is_looked_at() {
    let readme = "| function | × empty | zip, kB |\n|---|---:|---:|\n| far | 1.49 | 2,422 |\n| large | 1.20 | 3,457 |\n\
                  | slow | 1.90 | 2,000 |\n| `GET /far` | 1 | 2 | 3 |\n";
    let all = ["far", "large", "new", "slow"].map(str::to_owned).to_vec();
    assert_eq!(startup::near_a_bar(all, readme), ["large", "new", "slow"]);
}
