//! The tie-out proves what it says: what others posted is seen, and what is missing is not plugged.

use std::path::Path;

use serde_json::Value;
use tieout::sandbox::netsuite::{Kind, NetSuite, Setup};

use crate::support::cli::{Sandbox, Tieout};

fn report(folder: &Path) -> (i32, Value) {
    let ran = Tieout::new(folder).run(&["report", "tieout", "--output", "json"]);
    (ran.code, serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}")))
}

/// The statement of this name in US dollars.
fn statement<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut all = report["statements"].as_array().unwrap().iter();
    all.find(|s| s["name"] == name && s["currency"] == "USD").expect("the statement")
}

/// Count and amount of the line whose label contains `words`, in minor units.
fn line(statement: &Value, words: &str) -> Option<(u64, i64)> {
    let lines = statement["lines"].as_array().unwrap();
    let found = lines.iter().find(|line| line["label"].as_str().unwrap().contains(words))?;
    Some((found["count"].as_u64().unwrap(), found["amount"]["minor"].as_i64().unwrap()))
}

fn difference(statement: &Value) -> i64 {
    statement["difference"]["minor"].as_i64().unwrap()
}

#[test]
fn what_others_posted_on_our_accounts_is_seen_and_itemised() {
    // A journal by hand in undeposited funds would stay there for years, and every report would say
    // that the account ties.
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let ran = tieout.run(&["run", "--since", "2026-06-01"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let (_, before) = report(folder.path());
    drop(sandbox);

    let setup = Setup::demo();
    let books = NetSuite::open(Some(&folder.path().join("netsuite.db")), &setup).unwrap();
    let by_hand = |debit: &str, amount: &str| {
        let account = |number| setup.account(number).unwrap();
        let body = format!(
            r#"{{"tranDate":"2026-09-15","currency":{{"id":"1"}},"memo":"by hand","approved":true,
            "line":{{"items":[{{"account":{{"id":"{}"}},"debit":{amount}}},
            {{"account":{{"id":"{}"}},"credit":{amount}}}]}}}}"#,
            account(debit),
            account("4000"),
        );
        books.create(Kind::JournalEntry, &body).unwrap();
    };
    by_hand("1200", "777.00");
    by_hand("6000", "5.00");
    drop(books);

    let _sandbox = Sandbox::start(folder.path());
    let (code, after) = report(folder.path());
    assert_eq!(code, 0, "what is itemised is explained");
    for (name, observed, amount) in [
        ("bridge", "Undeposited funds, by NetSuite", 77_700),
        ("fees", "Fee accounts, by NetSuite", 500),
    ] {
        let (before, after) = (statement(&before, name), statement(&after, name));
        let moved = line(after, observed).unwrap().1 - line(before, observed).unwrap().1;
        assert_eq!(moved, amount, "{name}: NetSuite's own balance");
        let (count, sum) = line(after, "did not make").unwrap();
        assert_eq!((count, sum.abs()), (1, amount), "{name}");
        assert_eq!(difference(after), 0, "{name}");
        assert_eq!(line(before, "did not make").unwrap(), (0, 0), "{name}");
    }
    let item = &statement(&after, "fees")["lines"];
    assert!(item.to_string().contains("by hand"), "{item}");
}

#[test]
fn the_receivables_account_is_made_of_its_open_documents() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let ran = tieout.run(&["run", "--since", "2026-06-01"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let (_, report) = report(folder.path());
    let account = statement(&report, "receivables_account");
    assert_eq!(difference(account), 0);
    // Credits that customers keep, and money that nobody asked for, are on the account too.
    for words in ["Open invoices", "Credit memos not used up", "Payments not applied"] {
        assert!(line(account, words).unwrap().0 > 0, "{words}: {account}");
    }
}

#[test]
fn a_pull_that_ends_early_is_not_held_against_a_later_balance() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let early = ["pull", "--since", "2026-06-01", "--until", "2026-09-01"];
    assert_eq!(tieout.run(&early).code, 0);
    let (_, early) = report(folder.path());
    let rollforward = statement(&early, "rollforward");
    assert!(line(rollforward, "later than the books").unwrap().0 > 10, "{rollforward}");
    assert_eq!(difference(rollforward), 0);
    let rest = ["pull", "--since", "2026-09-01", "--until", "2026-10-01"];
    assert_eq!(tieout.run(&rest).code, 0);
    let (_, whole) = report(folder.path());
    let rollforward = statement(&whole, "rollforward");
    assert_eq!(line(rollforward, "later than the books"), None, "{rollforward}");
    assert_eq!(difference(rollforward), 0);
}

#[test]
fn an_opening_balance_hides_nothing_that_is_missing_after_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let path = folder.path().join("tieout.toml");
    let text = std::fs::read_to_string(&path).expect("the configuration");
    let text = text.replace("[stripe]\n", "[stripe]\nstart_date = \"2026-08-01\"\n");
    std::fs::write(&path, text).expect("the configuration is written");
    let tieout = Tieout::new(folder.path());
    assert_eq!(tieout.run(&["pull", "--until", "2026-09-01"]).code, 0);
    let (_, first) = report(folder.path());
    let rollforward = statement(&first, "rollforward");
    let opening = line(rollforward, "Opening balance, worked out").unwrap().1;
    assert_eq!(difference(rollforward), 0);
    // Both sides come from one balance: that is no proof, and is not counted as one.
    assert!(rollforward["unproven"].is_string(), "{rollforward}");
    let text = tieout.run(&["report", "tieout"]).stdout;
    assert!(text.contains("the next pull is the first to prove it"), "{text}");

    // Two weeks are left out: the opening stays, and the difference shows.
    let late = ["pull", "--since", "2026-09-15", "--until", "2026-10-01"];
    assert_eq!(tieout.run(&late).code, 0);
    let (code, gap) = report(folder.path());
    let rollforward = statement(&gap, "rollforward");
    assert_eq!(line(rollforward, "Opening balance").unwrap().1, opening);
    assert_ne!(difference(rollforward), 0, "{rollforward}");
    assert_eq!((code, rollforward.get("unproven")), (6, None));

    // With everything from the start on it ties for good. What is older, pulled or not, is in the
    // balance with which the books begin.
    for since in ["2026-08-01", "2026-06-01"] {
        assert_eq!(tieout.run(&["pull", "--since", since, "--until", "2026-10-01"]).code, 0);
        let (_, whole) = report(folder.path());
        assert_eq!(difference(statement(&whole, "rollforward")), 0, "from {since}");
    }
    let (_, whole) = report(folder.path());
    assert_eq!(line(statement(&whole, "rollforward"), "Opening balance").unwrap().1, opening);
}
