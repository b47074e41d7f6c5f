//! The guards of a push: what is refused, with which exit code, and that nothing was sent.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::cli::{Ran, Sandbox, Tieout};

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
    refused(&tieout.run(&["push", "--confirm-account", "999"]), "--confirm-account names 999");
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
