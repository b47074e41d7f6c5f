//! How a run ended, as cron, a monitor and a log reader are told.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;
use tieout::ledger::Ledger;

use crate::support::cli::{Ran, Sandbox, Tieout};
use crate::support::schema::differences;

const FILES: [&str; 4] = ["--summary", "run.json", "--metrics", "tieout.prom"];

fn run(folder: &Path, more: &[&str]) -> Ran {
    Tieout::new(folder).run(&[&["run"], &FILES[..], more].concat())
}

/// The summary, which must be as its schema says.
fn summary(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("run.json")).expect("a summary");
    let summary: Value = serde_json::from_str(&text).expect("JSON");
    let schema = include_str!("../../docs/schemas/summary.json");
    let schema = serde_json::from_str(schema).expect("JSON");
    assert_eq!(differences(&schema, &summary), [""; 0], "{text}");
    summary
}

/// The value of one series.
fn metric(folder: &Path, series: &str) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("tieout.prom")).expect("metrics");
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{series} ")));
    line.map(str::to_owned)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

/// Whoever is told of a night by a program is told nothing, or what the night before was like.
#[test]
fn every_end_of_a_run_is_told_to_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let sandbox = Sandbox::start(folder);
    let tieout = Tieout::new(folder);
    let nowhere = tieout.run(&["run", "--summary", "nowhere/run.json"]);
    assert!(nowhere.code == 64 && nowhere.stderr.contains("there is no folder nowhere"));

    let window = ["--since", "2026-06-01", "--until", "2026-07-10"];
    let ran = run(folder, &[&window[..], &["--log-format", "json"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = summary(folder);
    let account = &told["accounts"][0];
    let posted = account["counts"]["posted"]["created"].as_u64().unwrap();
    assert!(posted > 0, "{told}");
    assert_eq!(account["standing"]["records"]["verified"], posted);
    assert_eq!((&account["counts"]["failed"], &account["ledger_run"]), (&0.into(), &1.into()));
    assert!(account["requests"]["netsuite"].as_u64() > Some(posted));
    assert!(account["requests"]["stripe"].as_u64() > Some(10));
    assert_eq!(account["window"]["since"], "2026-06-01T04:00:00Z");
    assert_eq!((mode(&folder.join("run.json")), mode(&folder.join("tieout.prom"))), (0o600, 0o644));
    let own = format!("{{account=\"{}\"", account["stripe_account"].as_str().unwrap());
    let of_run = format!("{own},command=\"run\"}}");
    let success = metric(folder, &format!("tieout_last_success_timestamp_seconds{of_run}"));
    assert!(success.is_some());
    assert_eq!(metric(folder, &format!("tieout_run_exit_code{of_run}")).as_deref(), Some("0"));
    are_lines_of_json(&ran.stderr, told["run_id"].as_str().unwrap());

    // Quiet, and nothing to do; every proof is made all the same.
    let again = run(folder, &["--quiet", "--until", "2026-07-10", "--tie-out"]);
    let told = summary(folder);
    let proofs = told["accounts"][0]["differences"].as_array().expect("proofs");
    assert!(proofs.iter().any(|proof| proof["statement"] == "bridge"), "{proofs:?}");
    let differs = proofs.iter().any(|proof| proof["difference"]["minor"] != 0);
    assert_eq!(again.code, if differs { 6 } else { 0 }, "{again:?}");
    assert_eq!(again.stderr.is_empty(), !differs, "{again:?}");

    locked_out(folder);
    not_even_begun(folder, &success.unwrap());
    drop(sandbox);
}

/// Each is an entry that a collector takes, of this run, and the last says how it ended.
fn are_lines_of_json(stderr: &str, run_id: &str) {
    let schema = serde_json::from_str(include_str!("../../docs/schemas/log.json")).expect("JSON");
    let mut last = Value::Null;
    for line in stderr.lines() {
        last = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(differences(&schema, &last), [""; 0], "{line}");
        assert_eq!(last["run"], run_id, "{line}");
    }
    let text = last["message"].as_str().expect("a message");
    assert!(text.starts_with("`tieout run` ended with 0 (done"), "{text}");
    assert!(text.contains(" posted, 0 failed, 0 blocked, 0 in doubt"), "{text}");
}

/// The run that holds the lock would be said to have failed.
fn locked_out(folder: &Path) {
    let before = std::fs::read(folder.join("tieout.prom")).expect("metrics");
    let held = Ledger::lock(&folder.join("tieout.db"), "`tieout run` (process 1)").expect("free");
    let refused = run(folder, &["--quiet", "--lock-timeout", "1"]);
    drop(held);
    assert_eq!(refused.code, 11, "{refused:?}");
    let told = summary(folder);
    assert_eq!((&told["exit_code"], &told["accounts"][0]["exit_code"]), (&11.into(), &11.into()));
    assert_eq!(told["findings"]["technical"]["listed"][0]["id"], "exit_11");
    assert_eq!(std::fs::read(folder.join("tieout.prom")).expect("metrics"), before);
}

/// A night that cannot read its configuration is a night all the same, and yesterday's success stays.
fn not_even_begun(folder: &Path, success: &str) {
    let config = folder.join("tieout.toml");
    let sound = std::fs::read_to_string(&config).expect("a configuration");
    std::fs::write(&config, sound.replace("timezone", "timezon")).expect("written");
    let ran = run(folder, &["--quiet"]);
    assert_eq!(ran.code, 64, "{ran:?}");
    assert_eq!(ran.stderr.matches("error:").count(), 1, "said once: {ran:?}");
    let told = summary(folder);
    assert_eq!(told["exit_code"], 64);
    assert!(told["accounts"][0]["standing"].is_null(), "nothing is known: {told}");
    assert!(told["findings"]["technical"]["listed"][0]["message"].to_string().contains("timezon"));
    std::fs::write(&config, sound).expect("written");
    let refused = run(folder, &["--quiet", "--since", "2026-07-01", "--max-changes", "0"]);
    assert_eq!(refused.code, 7, "{refused:?}");
    let told = summary(folder);
    let stripe = told["accounts"][0]["stripe_account"].as_str().unwrap().to_owned();
    let of_run = format!("{{account=\"{stripe}\",command=\"run\"}}");
    assert_eq!(metric(folder, &format!("tieout_run_exit_code{of_run}")).as_deref(), Some("7"));
    let kept = metric(folder, &format!("tieout_last_success_timestamp_seconds{of_run}"));
    assert!(kept.is_some_and(|kept| kept.as_str() >= success));
}
