//! `tieout check` against the embedded systems: sound, and with each thing wrong that it can see.

use std::path::Path;

use crate::support::cli::{Ran, Sandbox, Tieout};

fn check_with(folder: &Path, sound: &str, from: &str, to: &str) -> Ran {
    assert!(sound.contains(from), "{from}");
    std::fs::write(folder.join("tieout.toml"), sound.replace(from, to)).expect("a file");
    Tieout::new(folder).run(&["check"])
}

#[test]
fn each_thing_that_is_wrong_is_found_with_its_fix() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let sound = std::fs::read_to_string(folder.path().join("tieout.toml")).expect("a file");
    let check = |from: &str, to: &str| check_with(folder.path(), &sound, from, to);

    let ran = check("", "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("0 problems, 0 warnings"), "{}", ran.stdout);

    for (from, to, code, words) in [
        ("revenue = \"4000\"", "revenue = \"4001\"", 1, "netsuite.account-unknown"),
        ("revenue = \"4000\"", "revenue = \"6000\"", 1, "netsuite.account-type"),
        ("USD = \"1000\"", "USD = \"1010\"", 1, "netsuite.account-currency"),
        ("JPY = \"1030\"\n", "", 1, "config.bank-unset"),
        ("America/New_York", "Europe/Paris", 0, "stripe.zone"),
        ("acct_", "acct_x", 1, "stripe.account"),
        ("client_id = \"", "client_id = \"x", 4, "netsuite.sign-in"),
    ] {
        let ran = check(from, to);
        assert_eq!(ran.code, code, "{words}: {ran:?}");
        assert!(ran.stdout.contains(words) && ran.stdout.contains('→'), "{}", ran.stdout);
    }
    std::fs::write(folder.path().join("stripe.key"), "rk_live_wrong").expect("a key");
    let ran = check("", "");
    assert_eq!(ran.code, 4, "{ran:?}");
    let offline = Tieout::new(folder.path()).run(&["check", "--offline", "--output", "json"]);
    assert_eq!(offline.code, 0, "{offline:?}");
    assert!(offline.stdout.contains("\"schema_version\": 1"), "{}", offline.stdout);
}
