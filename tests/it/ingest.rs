//! Ingest from outside: a backfill that is killed, an export that goes round, reports against the
//! ledger, and the file as another program reads it.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::support::cli::{Ran, Sandbox, Tieout};

const SINCE: &str = "2026-06-01";
const UNTIL: &str = "2026-10-01";

fn ok(ran: Ran) -> Ran {
    assert_eq!(ran.code, 0, "{ran:?}");
    ran
}

/// The digest of the facts.
fn digest(tieout: &Tieout, more: &[&str]) -> String {
    let arguments: Vec<&str> =
        ["ledger", "stats", "--output", "json"].into_iter().chain(more.iter().copied()).collect();
    let ran = ok(tieout.run(&arguments));
    let stats: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert!(stats["objects"].as_u64().expect("a count") > 500, "{stats}");
    stats["digest"].as_str().expect("a digest").to_owned()
}

/// A backfill that loses what it had, or that ends with less than a pull at once, would leave holes
/// in the books that nobody sees.
#[test]
fn a_backfill_that_is_killed_again_and_again_ends_as_a_pull_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start_with(folder.path(), &["--latency-ms", "25"]);
    let tieout = Tieout::new(folder.path());
    ok(tieout.run(&["pull", "--since", SINCE, "--until", UNTIL, "--ledger", "whole.db"]));
    let arguments = ["backfill", "--since", SINCE, "--until", UNTIL];
    let planned = ok(tieout.run(&[&arguments[..], &["--dry-run"]].concat()));
    assert!(planned.stdout.contains("4 chunks (America/New_York)"), "{planned:?}");
    assert_eq!(planned.stdout.matches("to be read").count(), 4, "{planned:?}");
    for round in 1..=5 {
        let mut child = tieout.start(&arguments);
        std::thread::sleep(Duration::from_millis(120 * round));
        let _ended_already = child.kill();
        child.wait().expect("it ends");
    }
    ok(tieout.run(&arguments));
    let again = ok(tieout.run(&arguments));
    assert_eq!(again.stdout.matches("complete").count(), 4, "{again:?}");
    assert_eq!(digest(&tieout, &[]), digest(&tieout, &["--ledger", "whole.db"]));
    let checked = ok(tieout.run(&["ledger", "check"]));
    assert!(checked.stdout.contains("each is as it was written"), "{checked:?}");
}

#[test]
fn a_backfill_posts_chunk_by_chunk() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let ran = tieout.run(&["backfill", "--since", SINCE, "--until", UNTIL, "--push"]);
    assert!(matches!(ran.code, 0 | 3), "{ran:?}");
    assert_eq!(ran.stderr.matches("Chunk ").count(), 4, "{ran:?}");
    let plan = tieout.run(&["plan"]);
    assert!(plan.stdout.contains("Nothing to post"), "{plan:?}");
}

fn pulled(folder: &Path) -> (Sandbox, Tieout) {
    let sandbox = Sandbox::start(folder);
    let tieout = Tieout::new(folder);
    ok(tieout.run(&["pull", "--since", SINCE, "--until", UNTIL]));
    (sandbox, tieout)
}

#[test]
fn what_is_exported_is_read_back_byte_for_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_sandbox, tieout) = pulled(folder.path());
    ok(tieout.run(&["ledger", "export", "facts"]));
    ok(tieout.run(&["pull", "--from", "facts", "--ledger", "again.db"]));
    assert_eq!(digest(&tieout, &[]), digest(&tieout, &["--ledger", "again.db"]));
    let mut flat = csv::Reader::from_path(folder.path().join("facts/charge.csv")).expect("a file");
    let header = flat.headers().expect("a header").clone();
    assert_eq!((&header[0], &header[1]), ("id", "created"));
    assert!(header.iter().any(|name| name == "amount"));
    assert!(flat.records().count() > 50);
    ok(tieout.run(&["ledger", "backup", "copy.db"]));
    assert_eq!(digest(&tieout, &[]), digest(&tieout, &["--ledger", "copy.db"]));
    ok(tieout.run(&["ledger", "compact"]));
    assert_eq!(digest(&tieout, &[]), digest(&tieout, &["--ledger", "copy.db"]));
}

/// The query of docs/performance.md, as any program with SQLite runs it.
#[test]
fn another_program_reads_the_ledger_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_sandbox, _tieout) = pulled(folder.path());
    let docs =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md"))
            .expect("the page");
    let query = docs
        .split("```sql\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("the page has a query");
    let ledger = Connection::open(folder.path().join("tieout.db")).expect("the ledger");
    let mut statement = ledger.prepare(query).expect("the query is SQL");
    let rows: Vec<(String, String, i64, i64)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .expect("it runs")
        .collect::<Result<_, _>>()
        .expect("rows");
    assert!(rows.iter().any(|row| row.1 == "charge" && row.2 > 50), "{rows:?}");
}

/// A report as Stripe would make it from the same movements, in major units.
fn reconciliation(folder: &Path) -> String {
    let ledger = Connection::open(folder.join("tieout.db")).expect("the ledger");
    let mut statement = ledger
        .prepare(
            "SELECT id, datetime(created, 'unixepoch'), currency, amount, fee, net, category, payout
             FROM stripe_balance_transaction WHERE payout IS NOT NULL AND category <> 'payout'
             ORDER BY id",
        )
        .expect("a query");
    let mut rows = statement.query([]).expect("it runs");
    let mut text = String::from(
        "automatic_payout_id,balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category\n",
    );
    while let Some(row) = rows.next().expect("a row") {
        let get = |column: usize| row.get::<_, String>(column).expect("text");
        let currency = get(2);
        let decimal = |column: usize| {
            let minor: i64 = row.get(column).expect("a number");
            if currency == "JPY" {
                return minor.to_string();
            }
            let sign = if minor < 0 { "-" } else { "" };
            format!("{sign}{}.{:02}", minor.abs() / 100, minor.abs() % 100)
        };
        text.push_str(&format!(
            "{},{},{},{},{},{},{},{}\n",
            get(7),
            get(0),
            get(1),
            currency.to_lowercase(),
            decimal(3),
            decimal(4),
            decimal(5),
            get(6)
        ));
    }
    text
}

#[test]
fn a_report_is_compared_row_by_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_sandbox, tieout) = pulled(folder.path());
    let report = reconciliation(folder.path());
    let path = folder.path().join("report.csv");
    std::fs::write(&path, &report).expect("a file");
    let same = ok(tieout.run(&["verify", "--report", "report.csv"]));
    assert!(same.stdout.contains("each as in the ledger"), "{same:?}");
    // A fee that is one cent off, a row that is missing, a row the ledger does not know.
    let mut lines: Vec<String> = report.lines().map(str::to_owned).collect();
    let dropped = lines.remove(5);
    let mut cells: Vec<String> = lines[1].split(',').map(str::to_owned).collect();
    cells[5] = "77.77".into();
    lines[1] = cells.join(",");
    lines.push("po_x,txn_unknown,2026-07-01 00:00:00,usd,1.00,0.00,1.00,charge".into());
    std::fs::write(&path, lines.join("\r\n")).expect("a file");
    let other = tieout.run(&["verify", "--report", "report.csv"]);
    assert_eq!(other.code, 6, "{other:?}");
    let id = dropped.split(',').nth(1).expect("an id");
    for part in ["3 differences", "77.77 USD", "txn_unknown"] {
        assert!(other.stdout.contains(part), "{part}: {}", other.stdout);
    }
    let json = tieout.run(&["verify", "--report", "report.csv", "--output", "json"]);
    assert!(json.stdout.contains(&format!(r#""id": "{id}""#)), "{id}: {}", json.stdout);
}

#[test]
fn a_report_alone_gives_what_it_can_and_says_what_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_sandbox, tieout) = pulled(folder.path());
    std::fs::write(folder.path().join("report.csv"), reconciliation(folder.path()))
        .expect("a file");
    let arguments = ["pull", "--from-report", "report.csv", "--ledger", "report.db"];
    let ran = ok(tieout.run(&arguments));
    assert!(ran.stderr.contains("holds no invoices"), "{ran:?}");
    let same = ok(tieout.run(&["verify", "--report", "report.csv", "--ledger", "report.db"]));
    assert!(same.stdout.contains("each as in the ledger"), "{same:?}");
}
