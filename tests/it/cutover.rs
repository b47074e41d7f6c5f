//! Books that begin in the middle of a company's life, pulled from its start date over the API: what
//! reaches across is booked as policy says, and every total ties.

use std::path::Path;

use serde_json::Value;

use crate::support::cli::{Sandbox, Tieout};

/// In the middle of the demo company's quarter.
const START: &str = "2026-08-10";

/// The sandbox's configuration with a start and a policy.
fn begin(folder: &Path, policy: &str) -> Sandbox {
    let sandbox = Sandbox::start(folder);
    let path = folder.join("tieout.toml");
    let text = std::fs::read_to_string(&path).expect("a configuration");
    let text = text
        .replacen("[stripe]\n", &format!("[stripe]\nstart_date = \"{START}\"\n"), 1)
        .replacen("[accounts]\n", "[accounts]\nopening = \"3900\"\n", 1);
    std::fs::write(&path, format!("{text}\n[policy]\n{policy}\n")).expect("it is written");
    sandbox
}

fn cutover(tieout: &Tieout) -> Value {
    let ran = tieout.run(&["report", "cutover", "--output", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.stdout).expect("JSON")
}

/// Were a straddling refund or an older payout left out or booked twice, the bank, the bridge or the
/// receivables would not tie; were the second run not empty, every night would post something.
#[test]
fn books_that_begin_in_the_middle_tie_whatever_policy_says_of_what_is_older() {
    for before_start in ["account", "opening_balance"] {
        for settlement in ["deposit", "clearing"] {
            let policy =
                format!("before_start = \"{before_start}\"\nsettlement = \"{settlement}\"");
            let folder = tempfile::tempdir().expect("a folder");
            let _sandbox = begin(folder.path(), &policy);
            let tieout = Tieout::new(folder.path());
            let ran = tieout.run(&["run"]);
            assert_eq!(ran.code, 0, "{policy}: {ran:?}");
            let again = tieout.run(&["plan", "--detailed-exitcode"]);
            assert_eq!(again.code, 0, "{policy}: {again:?}");
            let report = tieout.run(&["report", "tieout"]);
            assert_eq!(report.code, 0, "{policy}: {}", report.stdout);
            let cutover = cutover(&tieout);
            let straddlers = cutover["straddlers"].as_array().expect("a list");
            let crosses = |word: &str| straddlers.iter().any(|one| one["crossing"] == word);
            assert!(crosses("refunded") && crosses("paid_out"), "{policy}: {straddlers:#?}");
            let opens = !cutover["openings"].as_array().expect("a list").is_empty();
            assert_eq!(opens, before_start == "opening_balance", "{policy}");
        }
    }
}

/// A start that moved under posted records would post the time between twice, or not at all.
#[test]
fn the_start_cannot_move_under_posted_records() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = begin(folder.path(), "before_start = \"exception\"");
    let tieout = Tieout::new(folder.path());
    let ran = tieout.run(&["run"]);
    assert_eq!(ran.code, 3, "what reaches across waits, the rest is posted: {ran:?}");
    let path = folder.path().join("tieout.toml");
    let text = std::fs::read_to_string(&path).expect("a configuration");
    std::fs::write(&path, text.replace(START, "2026-07-20")).expect("it is written");
    let moved = tieout.run(&["plan"]);
    assert_eq!(moved.code, 7, "{moved:?}");
    assert!(moved.stderr.contains("stripe.start_date"), "{moved:?}");
}
