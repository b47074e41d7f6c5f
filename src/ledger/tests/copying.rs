//! The log of a long pull is copied into the file by another thread.

use super::*;
use crate::ledger::copying::OBJECTS_PER_COPY;

/// Were nothing copied beside, the log of a backfill would grow to half a gigabyte, and then the pull would stand
/// still each time a commit copies it.
#[test]
fn what_is_committed_reaches_the_file_while_the_ledger_is_open() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    let file_bytes = || std::fs::metadata(folder.path()).unwrap().len();
    let of = |number: usize| charge(5).replace("ch_1", &format!("ch_{number}"));
    pulled(&mut ledger, &(0..500).map(of).collect::<Vec<_>>());
    let before = file_bytes();
    ledger.copy_after(OBJECTS_PER_COPY - 500 - 1).unwrap();
    assert!(ledger.copying.is_none(), "a short pull needs no thread");
    ledger.copy_after(1).unwrap();
    // It is waited for, with what it copies.
    ledger.copy_here().unwrap();
    assert!(file_bytes() > before + 100_000, "{before} and {}", file_bytes());
    assert_eq!(ledger.ids("charge").unwrap().len(), 500);
}
