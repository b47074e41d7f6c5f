//! What cannot be written down must not be sent: a disk that is full, a ledger that may only be read.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::cli::{Sandbox, Tieout, quick_folder};

/// Enough that a push writes megabytes.
const COMPANY: [&str; 2] = ["--charges", "100"];

fn pulled(folder: &Path) -> (Sandbox, Tieout) {
    let sandbox = Sandbox::start_with(folder, &COMPANY);
    let tieout = Tieout::new(folder);
    let pulled = tieout.run(&["pull", "--since", "2026-01-01"]);
    assert_eq!(pulled.code, 0, "{pulled:?}");
    let planned = tieout.run(&["plan"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    (sandbox, tieout)
}

fn ids(file: &Path, query: &str) -> BTreeSet<String> {
    let db = rusqlite::Connection::open(file).unwrap();
    let mut statement = db.prepare(query).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Everything in NetSuite that has a name of ours.
fn in_netsuite(folder: &Path) -> BTreeSet<String> {
    let named = "SELECT external_id FROM ns_record WHERE external_id IS NOT NULL";
    ids(&folder.join("netsuite.db"), named)
}

/// Every request of which the ledger knows.
fn intended(folder: &Path) -> BTreeSet<String> {
    ids(&folder.join("tieout.db"), "SELECT external_id FROM attempt")
}

/// The files of the ledger cannot grow beyond a size, as on a full disk. Were a request sent whose
/// intent could not be written, the next run would not know of it.
#[test]
fn a_ledger_that_cannot_grow_stops_the_push_and_loses_nothing() {
    let folder = quick_folder();
    let (_sandbox, tieout) = pulled(folder.path());
    let size = std::fs::metadata(folder.path().join("tieout.db")).unwrap().len();
    // In blocks of 512 bytes; without the signal, writing more is an error as on a full disk.
    let limit = (size + 2_000_000) / 512;
    let stopped = tieout.run_by(
        &["sh", "-c", &format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"")],
        &["push"],
    );
    assert_eq!(stopped.code, 1, "{stopped:?}");
    assert!(stopped.stderr.contains("tieout.db"), "{stopped:?}");
    assert!(stopped.stderr.contains("free some space; nothing is lost"), "{stopped:?}");
    let (sent, known) = (in_netsuite(folder.path()), intended(folder.path()));
    assert!(sent.len() > 20, "it stopped before anything was sent");
    assert!(sent.is_subset(&known), "{:?}", sent.difference(&known).collect::<Vec<_>>());

    let rest = tieout.run(&["push"]);
    assert_eq!(rest.code, 0, "{rest:?}");
    assert_eq!(tieout.run(&["verify"]).code, 0);
    let plan = tieout.run(&["plan"]);
    assert!(plan.stdout.contains("Nothing to post"), "{plan:?}");
}

/// As above, for a ledger that may only be read. Root may write everywhere, unless that is taken away.
#[test]
fn a_ledger_that_may_only_be_read_sends_nothing() {
    let folder = quick_folder();
    let (_sandbox, tieout) = pulled(folder.path());
    let before = in_netsuite(folder.path());
    let ledger = folder.path().join("tieout.db");
    let may = |mode| std::fs::set_permissions(&ledger, PermissionsExt::from_mode(mode)).unwrap();
    may(0o400);
    let is_root = std::fs::OpenOptions::new().append(true).open(&ledger).is_ok();
    let as_others = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
    let refused = tieout.run_by(if is_root { &as_others } else { &["env"] }, &["push"]);
    may(0o600);
    if refused.stderr.contains("setpriv:") || refused.code == 127 {
        return; // Nothing takes root's rights away here.
    }
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("cannot be written"), "{refused:?}");
    assert!(refused.stderr.contains("check its permissions"), "{refused:?}");
    assert_eq!(in_netsuite(folder.path()), before, "something was sent");
    assert_eq!(tieout.run(&["push"]).code, 0);
}
