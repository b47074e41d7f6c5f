//! Reversal: after it the general ledger is as it was before the run, to the cent and per account.

use std::path::Path;

use tieout::ledger::Ledger;
use tieout::netsuite::record::Body;

use crate::support::cli::{Sandbox, Tieout};

/// Balances that are not zero: by account and currency of the records, and by account in base
/// currency, in minor units.
fn balances(folder: &Path) -> (Vec<String>, Vec<(String, i64)>) {
    let db = rusqlite::Connection::open(folder.join("netsuite.db")).unwrap();
    let own = "SELECT a.number || ' ' || t.currency || ' ' || SUM(l.foreign_amount) FROM ns_line l
        JOIN ns_tran t ON t.id = l.tran AND t.posting = 'T' JOIN ns_account a ON a.id = l.account
        GROUP BY a.id, t.currency HAVING SUM(l.foreign_amount) <> 0 ORDER BY a.number";
    let base = "SELECT a.number, SUM(l.base_amount) FROM ns_line l
        JOIN ns_tran t ON t.id = l.tran AND t.posting = 'T' JOIN ns_account a ON a.id = l.account
        GROUP BY a.id HAVING SUM(l.base_amount) <> 0 ORDER BY a.number";
    let mut statement = db.prepare(own).unwrap();
    let own = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut statement = db.prepare(base).unwrap();
    let base = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    (own, base.map(Result::unwrap).collect())
}

/// What customers still owe or are owed: open documents of either kind.
fn open_documents(folder: &Path) -> i64 {
    let db = rusqlite::Connection::open(folder.join("netsuite.db")).unwrap();
    let sql = "SELECT COUNT(*) FROM ns_tran WHERE applied < total
        AND kind IN ('invoice', 'creditMemo', 'customerPayment')";
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Were an account or a customer left with anything, somebody would have to clear it by hand.
#[test]
fn a_whole_run_is_taken_back_and_the_general_ledger_is_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let pulled = tieout.run(&["pull", "--since", "2026-06-01", "--until", "2026-10-01"]);
    assert_eq!(pulled.code, 0, "{pulled:?}");
    let planned = tieout.run(&["plan", "--out", "all.plan.json"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    let pushed = tieout.run(&["push", "all.plan.json"]);
    assert_eq!(pushed.code, 0, "{pushed:?}");
    assert!(!balances(folder.path()).0.is_empty());

    // One record that others stand on cannot go alone.
    let rows = {
        let clock = std::sync::Arc::new(tieout::calendar::SystemClock);
        Ledger::open_existing(&folder.path().join("tieout.db"), clock).unwrap().records().unwrap()
    };
    let needed = rows.iter().filter_map(|row| row.posted.as_ref()).flat_map(Body::needs);
    let needed: Vec<String> = needed.map(|id| id.to_string()).collect();
    let paid = needed.iter().find(|id| id.starts_with("in_")).unwrap();
    let alone = tieout.run(&["reverse", paid]);
    assert_eq!(alone.code, 3, "{alone:?}");
    assert!(alone.stdout.contains("stands on it"), "{}", alone.stdout);

    let reversed = tieout.run(&["reverse", "--of", "all.plan.json", "--out", "undo.plan.json"]);
    assert_eq!(reversed.code, 0, "{reversed:?}");
    let undone = tieout.run(&["push", "undo.plan.json"]);
    assert_eq!(undone.code, 0, "{}\n{}", undone.stdout, undone.stderr);
    let (own, base) = balances(folder.path());
    assert_eq!(own, Vec::<String>::new(), "in the currency of each record");
    // NetSuite rounds each line of a foreign journal to base currency by itself, where the deposit
    // it takes back was rounded as a whole: cents, between these three accounts alone.
    for (account, cents) in &base {
        assert!(["1200", "7010", "7020"].contains(&account.as_str()), "{base:?}");
        assert!(cents.abs() < 20, "{base:?}");
    }
    assert_eq!(open_documents(folder.path()), 0);
    let verified = tieout.run(&["verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    // Nothing comes back by itself, and nothing is taken back twice.
    let plan = tieout.run(&["plan"]);
    assert!(plan.stdout.contains("Nothing to post"), "{}", plan.stdout);
    let again = tieout.run(&["reverse", "--of", "all.plan.json"]);
    assert!(again.stdout.contains("Nothing to post"), "{}", again.stdout);
    drop(sandbox);
}
