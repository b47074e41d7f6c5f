//! What keeps a run from acting on half a truth: stale plans, pulls that broke off, exceptions that
//! stop a record, output that went nowhere; the limits of a push, its destination and its lock; and the
//! log that tells of all of it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::support::cli::{Ran, Sandbox, Tieout};

const ALL: [&str; 3] = ["pull", "--since", "2026-06-01"];

fn status(folder: &Path) -> Value {
    let ran = Tieout::new(folder).run(&["status", "--output", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.stdout).expect("JSON")
}

#[test]
fn a_plan_from_before_the_last_pull_is_refused() {
    // An invoice that was voided since would be posted as it was.
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let early = tieout.run(&["pull", "--since", "2026-06-01", "--until", "2026-08-01"]);
    assert_eq!(early.code, 0, "{early:?}");
    let planned = tieout.run(&["plan", "--out", "early.json"]);
    assert!(planned.stderr.contains("Wrote early.json"), "{planned:?}");
    let rest = tieout.run(&["pull", "--since", "2026-08-01", "--until", "2026-10-01"]);
    assert_eq!(rest.code, 0, "{rest:?}");
    let refused = tieout.run(&["push", "early.json"]);
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(refused.stderr.contains("stale") && refused.stderr.contains("nothing was sent"));
    // Pulling the same again changes nothing, and the plan made now still holds.
    let planned = tieout.run(&["plan", "--out", "now.json"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    let again = tieout.run(&["pull", "--since", "2026-08-01", "--until", "2026-10-01"]);
    assert!(again.stderr.contains("0 new, 0 changed"), "{}", again.stderr);
    let pushed = tieout.run(&["push", "now.json"]);
    assert_eq!(pushed.code, 0, "{pushed:?}");
}

#[test]
fn a_pull_that_broke_off_is_completed_before_anything_is_planned() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start_with(folder.path(), &["--latency-ms", "40"]);
    let tieout = Tieout::new(folder.path());
    let mut pull = tieout.start(&ALL);
    let path = folder.path().join("tieout.db");
    // Stop it as soon as something is stored: the rest of the window is missing then.
    for _ in 0..600 {
        sleep(Duration::from_millis(20));
        if path.exists() && !status(folder.path())["objects"].as_object().unwrap().is_empty() {
            break;
        }
    }
    let sent = Command::new("kill").args(["-TERM", &pull.id().to_string()]).status();
    assert!(sent.is_ok(), "no signal was sent");
    assert_eq!(pull.wait().expect("the pull ends").code(), Some(143));
    for command in [&["plan"][..], &["push"]] {
        let refused = tieout.run(command);
        assert_eq!(refused.code, 7, "{refused:?}");
        assert!(refused.stderr.contains("broke off"), "{}", refused.stderr);
        assert!(refused.stderr.contains("2026-06-01"), "{}", refused.stderr);
    }
    let fix = status(folder.path())["unfinished"]["fix"].to_string();
    assert!(fix.contains("`tieout pull` goes on with it"), "{fix}");
    let completed = tieout.run(&["pull"]);
    assert_eq!(completed.code, 0, "{completed:?}");
    assert!(status(folder.path())["unfinished"].is_null());
    assert!(completed.stderr.contains("from 2026-06-01"), "{}", completed.stderr);
    let planned = tieout.run(&["plan"]);
    assert!(planned.stdout.contains("616 to create"), "{planned:?}");
}

#[test]
fn an_export_that_breaks_off_is_read_again_before_anything_is_planned() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let export = folder.path().join("export");
    std::fs::create_dir(&export).expect("a folder");
    let customer =
        |id: &str| format!(r#"{{"id":"{id}","object":"customer","created":1,"livemode":true}}"#);
    // Nothing could be read: no ledger is made, least of all one of the wrong mode.
    std::fs::write(export.join("a.json"), "{").expect("a file");
    assert_eq!(tieout.run(&["pull", "--from", "export"]).code, 1);
    assert!(!folder.path().join("tieout.db").exists());
    // The second file is of the other mode, which is only seen when the first is stored.
    std::fs::write(export.join("a.json"), customer("cus_1")).expect("a file");
    let test = customer("cus_2").replace("true", "false");
    std::fs::write(export.join("b.json"), test).expect("a file");
    assert_eq!(tieout.run(&["pull", "--from", "export"]).code, 7);
    let refused = tieout.run(&["plan"]);
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(refused.stderr.contains("the export export"), "{}", refused.stderr);
    std::fs::write(export.join("b.json"), customer("cus_2")).expect("a file");
    assert_eq!(tieout.run(&["pull", "--from", "export"]).code, 0);
    assert_eq!(tieout.run(&["plan"]).code, 0);
}

#[test]
fn an_object_that_cannot_be_read_stops_its_own_customer_and_nobody_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let charge = |number: u8, amount: &str| {
        format!(
            r#"{{"id":"ch_{number}","object":"charge","created":1782921600,"livemode":false,
            "amount":{amount},"amount_captured":100,"currency":"usd","captured":true,
            "status":"succeeded","customer":"cus_{number}","balance_transaction":"txn_{number}"}}
            {{"id":"txn_{number}","object":"balance_transaction","created":1782921600,
            "available_on":1782921600,"amount":100,"fee":0,"net":100,"currency":"usd",
            "type":"charge","reporting_category":"charge","source":"ch_{number}"}}"#
        )
    };
    let pull = |amount: &str| {
        let both = [charge(1, amount), charge(2, "100")].join("\n");
        std::fs::write(folder.path().join("two.json"), both).expect("a file");
        let pulled = tieout.run(&["pull", "--from", "two.json"]);
        assert_eq!(pulled.code, 0, "{pulled:?}");
    };
    pull("\"abc\"");
    let planned = tieout.run(&["plan"]);
    assert_eq!(planned.code, 3, "{planned:?}");
    assert!(planned.stdout.contains("ch_1") && planned.stdout.contains("cannot be read"));
    let pushed = tieout.run(&["push"]);
    // The other customer and its payment.
    assert!(pushed.stderr.contains("2 created"), "{pushed:?}");
    pull("100");
    let pushed = tieout.run(&["push"]);
    assert_eq!(pushed.code, 0, "{pushed:?}");
    assert!(pushed.stderr.contains("2 created"), "{pushed:?}");
}

#[test]
fn an_exception_that_stops_a_record_is_told_by_the_exit_code() {
    // Cron would take a night without a single deposit for a good one.
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let charge = r#"{"id":"ch_1","object":"charge","created":1782921600,"livemode":false,
        "amount":100,"amount_captured":100,"currency":"usd","captured":true,"status":"succeeded",
        "balance_transaction":"txn_unknown"}"#;
    std::fs::write(folder.path().join("one.json"), charge).expect("a file");
    assert_eq!(tieout.run(&["pull", "--from", "one.json"]).code, 0);
    let planned = tieout.run(&["plan"]);
    assert_eq!(planned.code, 3, "{planned:?}");
    assert_eq!(tieout.run(&["push"]).code, 3);
    // Nothing was refused before, so there is nothing to retry: that is not a failure.
    assert_eq!(tieout.run(&["push", "--retry"]).code, 0);
}

#[test]
fn output_that_could_not_be_written_is_a_failure() {
    // `tieout report … > month-end.txt` on a full disk would leave an empty file and exit 0.
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    assert_eq!(tieout.run(&ALL).code, 0);
    for command in [&["plan"][..], &["status"], &["check", "--offline"], &["--help"]] {
        let ran = tieout.run_on_a_full_disk(command);
        assert_eq!(ran.code, 1, "{command:?}: {ran:?}");
    }
    let ran = tieout.run_on_a_full_disk(&["status"]);
    assert!(ran.stderr.contains("standard output cannot be written"), "{}", ran.stderr);
}

#[test]
fn the_run_log_names_every_command_and_how_it_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let run = ["run", "--since", "2026-06-01", "--until", "2026-10-01"];
    for command in [&[&run[..], &["--dry-run"]].concat()[..], &run, &["plan"], &["verify"]] {
        let ran = tieout.run(command);
        assert_eq!(ran.code, 0, "{command:?}: {ran:?}");
    }
    assert_eq!(tieout.run(&["push", "no-such-plan.json"]).code, 1);
    std::fs::write(folder.path().join("x.json"), "{").expect("a file");
    let status = status(folder.path());
    let runs: Vec<(&str, i64)> = status["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| (run["command"].as_str().unwrap(), run["exit_code"].as_i64().unwrap()))
        .collect();
    assert_eq!(runs, [("verify", 0), ("plan", 0), ("run", 0), ("run --dry-run", 0)]);
}

fn pulled(folder: &Path) -> Tieout {
    let tieout = Tieout::new(folder);
    let ran = tieout.run(&["pull", "--since", "2026-06-01", "--until", "2026-10-01"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    tieout
}

fn refused(ran: &Ran, words: &str) {
    assert_eq!(ran.code, 7, "{ran:?}");
    assert!(ran.stderr.contains(words) && ran.stderr.contains("nothing was sent"), "{ran:?}");
}

/// Were a limit not kept, a wrong policy could fill the books in one night.
#[test]
fn a_plan_above_its_limits_is_refused_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let _sandbox = Sandbox::start(folder.path());
    let tieout = pulled(folder.path());
    refused(&tieout.run(&["push", "--max-changes", "10"]), "more than the 10 that were allowed");
    refused(&tieout.run(&["push", "--max-amount", "12.34"]), "more than the 12.34");
    let unreadable = tieout.run(&["push", "--max-amount", "a lot"]);
    assert_eq!(unreadable.code, 64, "{unreadable:?}");
    let plan = tieout.run(&["plan", "--output", "json"]);
    assert!(plan.stdout.contains(r#""unchanged_count": 0"#), "something was sent");
    // Another account's id confirms nothing, even for a sandbox.
    refused(&tieout.run(&["push", "--confirm-account", "999"]), "`999` (--confirm-account)");
    let banner = tieout.run(&["push", "--max-changes", "10000"]);
    assert!(
        banner.stderr.contains("(test mode) into NetSuite TSTDRV_DEMO (sandbox)"),
        "{banner:?}"
    );
    assert_eq!(banner.code, 0, "{banner:?}");
}

/// Two writers would each send what the other has sent.
#[test]
fn a_second_run_is_refused_and_told_who_holds_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let _sandbox = Sandbox::start(folder.path());
    let tieout = pulled(folder.path());
    let mut first = tieout.start(&["push"]);
    let lock = folder.path().join("tieout.db.lock");
    let mut refused = None;
    for _ in 0..200 {
        std::thread::sleep(std::time::Duration::from_millis(10));
        let owner = std::fs::read_to_string(&lock).unwrap_or_default();
        if owner.contains(&format!("process {}", first.id())) {
            refused = Some(tieout.run(&["push"]));
            break;
        }
    }
    let refused = refused.expect("the first run takes the lock");
    let holder = format!("`tieout push` (process {}", first.id());
    assert_eq!(refused.code, 11, "{refused:?}");
    assert!(refused.stderr.contains(&holder), "{refused:?}");
    assert_eq!(first.wait().unwrap().code(), Some(0));
    assert_eq!(tieout.run(&["push"]).code, 0, "the lock ended with its process");
}

/// What cannot be written down must not be sent.
#[test]
fn a_ledger_that_cannot_be_written_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let _sandbox = Sandbox::start(folder.path());
    let tieout = pulled(folder.path());
    let ledger = folder.path().join("tieout.db");
    // A page in the middle is overwritten, as a failing disk would.
    let sound = std::fs::read(&ledger).unwrap();
    let mut broken = sound.clone();
    let middle = broken.len() / 8192 / 2 * 8192;
    broken[middle..middle + 8192].fill(0xAA);
    let first_page = 8192;
    broken[first_page..first_page + 8192].fill(0xAA);
    std::fs::write(&ledger, &broken).unwrap();
    let corrupt = tieout.run(&["push"]);
    assert_eq!(corrupt.code, 1, "{corrupt:?}");
    assert!(corrupt.stderr.contains("restore it from a backup"), "{corrupt:?}");

    std::fs::write(&ledger, &sound).unwrap();
    let mut permissions = std::fs::metadata(&ledger).unwrap().permissions();
    permissions.set_mode(0o400);
    std::fs::set_permissions(&ledger, permissions.clone()).unwrap();
    // Root may write anyway; then there is nothing to see here.
    if std::fs::OpenOptions::new().append(true).open(&ledger).is_err() {
        let read_only = tieout.run(&["push"]);
        assert_eq!(read_only.code, 1, "{read_only:?}");
        assert!(read_only.stderr.contains("cannot be written"), "{read_only:?}");
    }
    permissions.set_mode(0o600);
    std::fs::set_permissions(&ledger, permissions).unwrap();
    let sent = tieout.run(&["push"]);
    assert!(sent.stderr.contains("created, 0 updated, 0 failed"), "{sent:?}");
}
