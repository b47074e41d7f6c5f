//! `tieout init` with keys: what it finds on the embedded systems, asked for and asking, is a configuration that
//! `check` has nothing to say about and that plans the company's records.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::cli::{Ran, Sandbox, Tieout};

const START: &str = "2026-07-01";

/// The flags that say where both systems are, and what opens them.
fn flags(sandbox: &Sandbox, systems: &Path) -> Vec<String> {
    let config = std::fs::read_to_string(systems.join("tieout.toml")).expect("the sandbox's");
    let of = |name: &str| {
        let line = config.lines().find(|line| line.starts_with(name)).expect("a line");
        line.split('"').nth(1).expect("a text").to_owned()
    };
    let words = [
        ("--stripe-key", "file:stripe.key".to_owned()),
        ("--netsuite-account", "TSTDRV_DEMO".to_owned()),
        ("--client-id", of("client_id")),
        ("--certificate-id", of("certificate_id")),
        ("--private-key", "file:netsuite.pem".to_owned()),
        ("--stripe-base-url", sandbox.stripe_url.clone()),
        ("--netsuite-base-url", sandbox.netsuite_url.clone()),
    ];
    words.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]).collect()
}

/// A folder of somebody who has the two keys and nothing else.
fn newcomer(systems: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for key in ["stripe.key", "netsuite.pem"] {
        std::fs::copy(systems.join(key), folder.path().join(key)).expect("a key");
    }
    folder
}

fn run(folder: &Path, arguments: &[&str], more: &[String]) -> Ran {
    let more = more.iter().map(String::as_str);
    Tieout::new(folder).run(&arguments.iter().copied().chain(more).collect::<Vec<_>>())
}

/// A proposal that is wrong is worse than none: everybody trusts what a program has filled in.
#[test]
fn what_init_finds_is_checked_and_planned_without_another_word() {
    let systems = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(systems.path());
    let flags = flags(&sandbox, systems.path());
    let folder = newcomer(systems.path());
    let folder = folder.path();
    let written = run(folder, &["init", "--start-date", START], &flags);
    assert_eq!(written.code, 0, "{written:?}");
    let config = folder.join("tieout.toml");
    let text = std::fs::read_to_string(&config).expect("a configuration");
    for line in [
        "# Undeposited Funds: NetSuite's own account for it (UndepFunds).\nundeposited_funds = \"1200\"",
        "# Subscription Revenue: the only account of type Income or OthIncome whose name says `subscription`.\nrevenue = \"4000\"",
        "# Checking USD: the only account of type Bank in USD.\nUSD = \"1000\"",
        "# instant_payout_fees = \"…\"",
        "timezone = \"America/New_York\"",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let mode = std::fs::metadata(&config).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let checked = run(folder, &["check"], &[]);
    assert_eq!(checked.code, 0, "{checked:?}");
    assert!(checked.stdout.contains("0 problems"), "{}", checked.stdout);
    let planned = run(folder, &["run", "--dry-run"], &[]);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(planned.stdout.contains("Invoice"), "{}", planned.stdout);
    let again = run(folder, &["init"], &flags);
    assert_eq!(again.code, 1, "{again:?}");

    // The same, asked for one by one.
    let other = newcomer(systems.path());
    let words = [&["init", "--interactive"].map(str::to_owned)[..], &flags[10..]].concat();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let value = |at: usize| flags[at].as_str();
    let answers = [value(1), "rk_test_typed_here", value(3), "", value(5), value(7), value(9)];
    let asked =
        answer(other.path(), &words, &[&answers[1..2], &answers[..1], &answers[2..]].concat());
    assert_eq!(asked.code, 64, "the day is not answered: {asked:?}");
    assert!(asked.stderr.contains("nobody answers") && !asked.stderr.contains("typed_here"));
    assert!(asked.stderr.contains("This must be answered."), "{asked:?}");
    let whole = [&answers[..1], &answers[2..3], &answers[4..], &["soon", START]].concat();
    let asked = answer(other.path(), &words, &whole);
    assert_eq!(asked.code, 0, "{asked:?}");
    let typed = std::fs::read_to_string(other.path().join("tieout.toml")).expect("written");
    assert_eq!(typed.replace("As it was answered.", "As it was asked for."), text);
}

/// Half of the keys ask nobody: it is said which is missing, and nothing is written.
#[test]
fn init_says_what_is_missing_and_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let tieout = Tieout::new(folder.path());
    let ran = tieout.run(&["init", "--stripe-key", "env:KEY"]);
    assert!(ran.code == 64 && ran.stderr.contains("--netsuite-account is missing"), "{ran:?}");
    let ran = tieout.run(&["init", "--stripe-key", "rk_live_secret"]);
    assert!(ran.code == 64 && !ran.stderr.contains("rk_live_secret"), "{ran:?}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0);
    assert_eq!(tieout.run(&["init"]).code, 0);
    let template = folder.path().join("tieout.toml");
    let mode = std::fs::metadata(&template).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Runs the binary with these lines on standard input.
fn answer(folder: &Path, arguments: &[&str], lines: &[&str]) -> Ran {
    let mut process = Tieout::new(folder).start_to_answer(arguments);
    let mut stdin = process.stdin.take().expect("piped");
    // A process that ended early reads no more.
    let _gone = stdin.write_all((lines.join("\n") + "\n").as_bytes());
    drop(stdin);
    let output = process.wait_with_output().expect("it ends");
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
