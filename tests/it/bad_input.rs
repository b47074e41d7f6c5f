//! What goes wrong outside gets one clear message, the right exit code, and leaves nothing half
//! written.

use std::path::Path;

use crate::support::cli::{Ran, Sandbox, Tieout};

const WINDOW: [&str; 4] = ["--since", "2026-06-01", "--until", "2026-10-01"];

fn pull(folder: &Path) -> Ran {
    Tieout::new(folder).run(&[&["pull"], WINDOW.as_slice()].concat())
}

/// Replaces a piece of the sandbox's configuration.
fn change(folder: &Path, from: &str, to: &str) {
    let path = folder.join("tieout.toml");
    let text = std::fs::read_to_string(&path).expect("the configuration");
    assert!(text.contains(from), "{from} is not in the configuration");
    std::fs::write(&path, text.replace(from, to)).expect("the configuration is written");
}

fn assert_says(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, code, "{ran:?}");
    for word in words {
        assert!(ran.stderr.contains(word), "`{word}` is not in: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
}

#[test]
fn a_missing_configuration_is_a_matter_of_usage() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = Tieout::new(folder.path()).run(&["plan"]);
    assert_says(&ran, 64, &["tieout.toml", "tieout init"]);
}

#[test]
fn init_writes_a_configuration_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let tieout = Tieout::new(folder.path());
    assert_says(&tieout.run(&["init"]), 0, &["Wrote tieout.toml"]);
    assert_says(&tieout.run(&["init"]), 1, &["exists already", "--force"]);
    // The key is not in the environment: the message says where it should be.
    let ran = tieout.run(&["pull", "--since", "2026-06-01"]);
    assert_says(&ran, 64, &["Stripe API key", "STRIPE_API_KEY"]);
}

#[test]
fn a_window_that_ends_before_it_starts_pulls_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let ran = tieout.run(&["pull", "--since", "2026-09-01", "--until", "2026-08-01"]);
    assert_says(&ran, 64, &["ends", "before it starts"]);
    assert_says(&tieout.run(&["pull", "--since", "soon"]), 64, &["soon"]);
    assert_says(&tieout.run(&["pull"]), 64, &["--since", "start_date"]);
}

#[test]
fn an_unknown_key_and_an_unreachable_stripe_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    std::fs::write(folder.path().join("stripe.key"), "rk_live_wrong").expect("a key");
    assert_says(&pull(folder.path()), 4, &["does not accept the key", "hint"]);
    std::fs::write(folder.path().join("stripe.key"), "pk_test_x").expect("a key");
    assert_says(&pull(folder.path()), 64, &["publishable"]);
    std::fs::write(folder.path().join("stripe.key"), "rk_test_x").expect("a key");
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = format!("http://{}", free.local_addr().expect("an address"));
    drop(free);
    change(folder.path(), &sandbox.stripe_url, &nobody);
    assert_says(&pull(folder.path()), 5, &["could not reach"]);
}

#[test]
fn the_wrong_account_is_refused_before_anything_is_stored() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let text = std::fs::read_to_string(folder.path().join("tieout.toml")).expect("a file");
    let account = text.split("account = \"").nth(1).and_then(|rest| rest.split('"').next());
    let account = account.expect("an account").to_owned();
    change(folder.path(), &account, "acct_other");
    assert_says(&pull(folder.path()), 7, &["acct_other", &account]);
    assert!(!folder.path().join("tieout.db").exists(), "a ledger was made for the wrong account");
    change(folder.path(), "acct_other", &account);
    assert_says(&pull(folder.path()), 0, &["new"]);
    // The ledger is bound to its accounts now.
    change(folder.path(), "TSTDRV_DEMO", "TSTDRV_OTHER");
    assert_says(&pull(folder.path()), 7, &["TSTDRV_OTHER", "--ledger"]);
}

#[test]
fn no_command_touches_a_ledger_of_another_account() {
    // One company's invoices would be posted into another company's books.
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    assert_says(&pull(folder.path()), 0, &["new"]);
    assert_says(&tieout.run(&["plan", "--out", "plan.json"]), 0, &["Wrote"]);
    let sound = std::fs::read_to_string(folder.path().join("tieout.toml")).expect("a file");
    let own = sound.split("account = \"").nth(1).and_then(|rest| rest.split('"').next());
    for (from, to) in [(own.expect("an account"), "acct_other"), ("TSTDRV_DEMO", "TSTDRV_OTHER")] {
        std::fs::write(folder.path().join("tieout.toml"), sound.replace(from, to)).expect("a file");
        for command in [
            &["plan"][..],
            &["push"],
            &["push", "plan.json"],
            &["run", "--since", "2026-06-01"],
            &["verify"],
            &["report", "tieout"],
            &["status"],
            &["pull", "--from", "plan.json"],
        ] {
            let ran = tieout.run(command);
            assert_says(&ran, 7, &[from, to]);
            assert!(ran.stdout.is_empty(), "{command:?} went on: {}", ran.stdout);
        }
    }
}

#[test]
fn a_ledger_that_cannot_be_there_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    assert_says(&tieout.run(&["status"]), 1, &["there is no ledger at tieout.db", "tieout pull"]);
    let nowhere = tieout.run(&["plan", "--ledger", "no/such/place.db"]);
    assert_says(&nowhere, 1, &["no folder no/such", "--ledger"]);
    std::fs::write(folder.path().join("tieout.db"), "not a database").expect("a file");
    let damaged = tieout.run(&["status"]);
    assert_says(&damaged, 1, &["is damaged or not a ledger"]);
    assert!(!damaged.stderr.contains("there is no ledger"), "{}", damaged.stderr);
}

#[test]
fn exported_json_is_read_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let export = folder.path().join("export");
    std::fs::create_dir(&export).expect("a folder");
    let tieout = Tieout::new(folder.path());
    let from = |content: &str| {
        std::fs::write(export.join("charges.json"), content).expect("a file");
        tieout.run(&["pull", "--from", "export"])
    };
    let good = r#"{"id":"ch_1","object":"charge","amount":100,"currency":"usd","created":1,"livemode":false}"#;
    assert_says(&from(&format!("{good}\n{}", &good[..40])), 1, &["charges.json", "breaks off"]);
    assert_says(&from("<!DOCTYPE html><html></html>"), 1, &["web page", "charges.json"]);
    let status = tieout.run(&["status", "--output", "json"]);
    assert!(status.code != 0 || !status.stdout.contains("charge"), "{status:?}");
    assert_says(&from(good), 0, &["1 new"]);
    assert_says(&from(good), 0, &["1 unchanged"]);
    let live = good.replace("false", "true");
    assert_says(&from(&live), 7, &["live"]);
}

#[test]
fn a_plan_is_sent_as_read_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    assert_says(&pull(folder.path()), 0, &["new"]);
    assert_says(&tieout.run(&["plan", "--out", "a.json"]), 0, &["Wrote a.json"]);
    let detailed = tieout.run(&["plan", "--detailed-exitcode"]);
    assert_eq!(detailed.code, 2, "{detailed:?}");

    let path = folder.path().join("a.json");
    let text = std::fs::read_to_string(&path).expect("the plan");
    std::fs::write(folder.path().join("b.json"), text.replacen("Stripe: in_", "Stripe: xx_", 1))
        .expect("a changed plan");
    assert_says(&tieout.run(&["push", "b.json"]), 64, &["changed after it was made"]);
    let newer = text.replacen("\"schema_version\": 1", "\"schema_version\": 9", 1);
    std::fs::write(folder.path().join("c.json"), newer).expect("a newer plan");
    assert_says(&tieout.run(&["push", "c.json"]), 64, &["version 9"]);

    assert_says(&tieout.run(&["push", "a.json"]), 0, &["616 created", "0 failed"]);
    // What it was made against has moved: the same plan again would post twice.
    assert_says(&tieout.run(&["push", "a.json"]), 7, &["stale"]);
    assert_says(&tieout.run(&["push"]), 0, &["0 created"]);

    change(folder.path(), "processing_fees = \"6000\"", "processing_fees = \"6010\"");
    let conflicting = tieout.run(&["plan"]);
    assert_eq!(conflicting.code, 3, "{conflicting:?}");
    assert!(conflicting.stdout.contains("never edited"), "{}", conflicting.stdout);
}

#[test]
fn a_switch_is_read_from_the_environment_as_people_write_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let tieout = Tieout::new(folder.path());
    assert_says(&tieout.run(&["init"]), 0, &["Wrote"]);
    for (value, code) in [("1", 0), ("yes", 0), ("TRUE", 0), ("0", 1), ("", 1), ("off", 1)] {
        let ran = tieout.run_with(&["init"], "TIEOUT_FORCE", value);
        assert_eq!(ran.code, code, "TIEOUT_FORCE={value}: {ran:?}");
    }
    let ran = tieout.run_with(&["init"], "TIEOUT_FORCE", "perhaps");
    assert_says(&ran, 64, &["true or false"]);
    let quiet = tieout.run_with(&["init", "--force"], "TIEOUT_QUIET", "1");
    assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""));
}

#[test]
fn a_window_is_judged_before_anybody_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(Sandbox::start(folder.path()));
    // Nobody answers now; the mistake is the caller's all the same.
    let tieout = Tieout::new(folder.path());
    for command in ["pull", "run"] {
        let bad = |window: &[&str]| tieout.run(&[&[command], window].concat());
        assert_says(&bad(&["--since", "x"]), 64, &["`x`"]);
        let turned = bad(&["--since", "2026-09-01", "--until", "2026-08-01"]);
        assert_says(&turned, 64, &["before it starts"]);
        let empty = bad(&["--since", "2026-09-01", "--until", "2026-09-01"]);
        assert_says(&empty, 64, &["ends where it starts"]);
        let future = bad(&["--since", "2099-01-01"]);
        assert_says(&future, 64, &["an earlier --since"]);
        assert_says(&bad(&["--since", "2026-06-01"]), 5, &["could not reach"]);
    }
    // `check` tells an outage from a mistake.
    let checked = tieout.run(&["check"]);
    assert_eq!(checked.code, 5, "{checked:?}");
}

#[test]
fn exports_from_windows_are_read_or_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let json = r#"{"id":"cus_1","object":"customer","created":1,"livemode":false}"#;
    std::fs::write(folder.path().join("mark.json"), format!("\u{feff}{json}")).expect("a file");
    assert_says(&tieout.run(&["pull", "--from", "mark.json"]), 0, &["1 new"]);
    let wide: Vec<u8> = json.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(folder.path().join("wide.json"), [b"\xff\xfe", wide.as_slice()].concat())
        .expect("a file");
    assert_says(&tieout.run(&["pull", "--from", "wide.json"]), 1, &["UTF-16", "-Encoding utf8"]);
}

#[test]
fn a_second_run_at_the_same_time_is_refused_and_names_the_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let _held = tieout::ledger::Ledger::lock(
        &folder.path().join("tieout.db"),
        "`tieout run` (process 4711)",
    )
    .expect("the lock");
    assert_says(&pull(folder.path()), 11, &["process 4711"]);
}
