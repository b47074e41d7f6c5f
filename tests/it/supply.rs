//! What the program is made of and how it is handed on: licences, banned crates, the manual, the self-test.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::support::cli::{Sandbox, Tieout};

/// The packages that are built on this machine, each with its licence.
fn packages() -> BTreeMap<String, String> {
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--format-version", "1", "--filter-platform", &host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo is here: it runs this test");
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let packages = metadata["packages"].as_array().expect("packages").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    packages.map(|package| (text(&package["name"]), text(&package["license"]))).collect()
}

/// Whether one of the licences that are offered is allowed, and every one that is asked for besides.
fn is_allowed(license: &str, allowed: &BTreeSet<&str>) -> bool {
    let license = license.replace('/', " OR ").replace(['(', ')'], "");
    let all_of = |part: &str| part.split(" AND ").all(|one| allowed.contains(one.trim()));
    license.split(" OR ").any(all_of)
        || license
            .split(" AND ")
            .all(|part| part.split(" OR ").any(|one| allowed.contains(one.trim())))
}

/// A licence that nobody looked at could forbid giving the binary away.
#[cfg(target_os = "linux")]
#[test]
fn every_crate_may_be_given_away_and_none_is_banned() {
    let deny: Value = toml::from_str(include_str!("../../deny.toml")).expect("TOML");
    let allowed = deny["licenses"]["allow"].as_array().expect("a list");
    let allowed: BTreeSet<&str> = allowed.iter().filter_map(Value::as_str).collect();
    let packages = packages();
    assert!(packages.len() > 100, "{} packages", packages.len());
    for (name, license) in &packages {
        assert!(is_allowed(license, &allowed), "{name} is under `{license}`");
    }
    for banned in deny["bans"]["deny"].as_array().expect("a list") {
        let name = banned["crate"].as_str().expect("a name");
        assert!(!packages.contains_key(name), "{name} is banned, and in the tree");
    }
}

/// A package that lacks the page of a command would be found out by its first user.
#[test]
fn the_manual_and_the_completions_know_every_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let tieout = Tieout::new(folder.path());
    let ran = tieout.run(&["man", "--out", "man"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let page = std::fs::read_to_string(folder.path().join("man/tieout-check.1")).expect("a page");
    assert!(page.contains("\\-\\-offline"), "{page}");
    for shell in ["bash", "zsh", "fish"] {
        let script = tieout.run(&["completions", shell]).stdout;
        assert!(script.contains("self-test") && script.contains("evidence"), "{shell}");
    }
}

#[test]
fn the_self_test_proves_the_program_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().to_str().expect("text");
    let ran = Tieout::new(folder.path()).run_with(&["self-test"], "TMPDIR", place);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.stdout.lines().filter(|line| line.starts_with("ok  ")).count(), 6, "{ran:?}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0);
}

/// A core file would hold every key that the process had.
#[cfg(target_os = "linux")]
#[test]
fn a_crash_leaves_no_core() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", sandbox.id())).expect("limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a line");
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
}
