//! The plan as a report: every change once, its figures those of its postings and of NetSuite's own ledger,
//! and what differs between two plans.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::cli::{Sandbox, Tieout};
use crate::support::page::assert_file;

/// The items of a section of a plan's CSV, each by the names of its columns.
fn section(csv: &str, wanted: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(Result::unwrap);
    let own = rows.filter(|row| row[0].starts_with(wanted) && &row[1] == "item");
    own.map(|row| names.iter().cloned().zip(row.iter().map(str::to_owned)).collect()).collect()
}

/// Cents, of text with a point and two places or none.
fn cents(text: &str) -> i64 {
    let (units, parts) = text.split_once('.').unwrap_or((text, ""));
    format!("{units}{parts}").parse().unwrap_or(0)
}

/// Net per currency and account, of rows with debits and credits.
fn nets(rows: &[BTreeMap<String, String>]) -> BTreeMap<(String, String), i64> {
    let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
    for row in rows {
        let key = (row["currency_of_amounts"].clone(), row["account"].clone());
        *sums.entry(key).or_default() += cents(&row["debit"]) - cents(&row["credit"]);
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

/// An accountant signs what the report shows: a change that is not in it, or twice, or a trial balance
/// that is not the sum of its records, would be signed unseen.
#[test]
fn a_plan_shows_every_change_once_and_a_trial_balance_of_just_those() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    assert_eq!(tieout.run(&["pull", "--since", "2026-06-01"]).code, 0);
    let made = tieout.run(&["plan", "--out", "a.json", "--html", "a.html", "--xlsx", "a.xlsx"]);
    assert_eq!(made.code, 0, "{made:?}");
    let shown = tieout.run(&["plan", "show", "a.json", "--output", "csv"]);
    assert_eq!(shown.code, 0, "{shown:?}");

    let plan: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("a.json")).unwrap()).unwrap();
    let changes = plan["changes"].as_array().unwrap();
    let ids: BTreeSet<&str> = changes.iter().map(|c| c["external_id"].as_str().unwrap()).collect();
    let told = section(&shown.stdout, "changes");
    assert_eq!(told.len(), changes.len());
    assert_eq!(told.iter().map(|row| row["item"].as_str()).collect::<BTreeSet<_>>(), ids);
    assert!(told.iter().all(|row| !row["why"].is_empty() && !row["group"].is_empty()));

    is_as_the_schema_says(&plan);

    // A payout stands with what it is made of, and after it.
    let group = &told.iter().find(|row| row["kind"] == "Deposit").unwrap()["group"];
    let own: Vec<&str> =
        told.iter().filter(|row| row["group"] == *group).map(|row| row["kind"].as_str()).collect();
    assert_eq!(own.last(), Some(&"Deposit"), "{own:?}");
    assert!(own.contains(&"Customer payment") && own.contains(&"Invoice"), "{own:?}");

    // What it moves, by period, is what its records move, one by one.
    let effect = section(&shown.stdout, "effect-");
    assert_eq!(nets(&effect), nets(&section(&shown.stdout, "postings-")));
    for currency in ["USD", "EUR", "JPY"] {
        let own = effect.iter().filter(|row| row["currency_of_amounts"] == currency);
        let sum: i64 = own.map(|row| cents(&row["debit"]) - cents(&row["credit"])).sum();
        assert_eq!(sum, 0, "{currency}: debits are credits");
    }
    // Every field that is sent.
    let fields = section(&shown.stdout, "fields");
    let invoice = told.iter().find(|row| row["kind"] == "Invoice").unwrap();
    let own = fields.iter().filter(|row| row["item"] == invoice["item"]);
    let named: BTreeSet<&str> = own.map(|row| row["field"].as_str()).collect();
    assert!(named.contains("tranDate") && named.contains("externalId"), "{named:?}");

    let page = std::fs::read_to_string(folder.path().join("a.html")).unwrap();
    assert!(page.len() < 5_000_000 && page.contains("Needs a person"), "{}", page.len());
    assert!(
        !page.contains("http://") && !page.contains("<link"),
        "it needs nothing from elsewhere"
    );
    let narrow = tieout.run_with(&["plan", "show", "a.json"], "COLUMNS", "80").stdout;
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
    assert!(narrow.contains("It can still be sent"), "{narrow}");

    two_plans(&tieout);
}

/// What `docs/schemas/plan.json` asks for is there, in the plan and in its parts.
fn is_as_the_schema_says(plan: &Value) {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/schemas/plan.json")).expect("JSON");
    let has_all = |schema: &Value, value: &Value| {
        for key in schema["required"].as_array().expect("names") {
            let key = key.as_str().expect("a name");
            assert!(value.get(key).is_some(), "{key} is missing in {value:.300}");
        }
    };
    has_all(&schema, plan);
    for name in ["changes", "exceptions"] {
        let parts = plan[name].as_array().expect("a list");
        assert!(!parts.is_empty(), "{name} of the demo company");
        let part_schema = &schema["properties"][name]["items"];
        for part in parts {
            has_all(part_schema, part);
        }
    }
}

/// What was posted in between is not in the second plan, and a plan differs from itself in nothing.
fn two_plans(tieout: &Tieout) {
    let same = ["plan", "diff", "a.json", "a.json", "--detailed-exitcode"];
    let ran = tieout.run(&same);
    assert!(ran.code == 0 && ran.stdout.contains("Both would send the same"), "{ran:?}");
    assert_eq!(tieout.run(&["push", "a.json"]).code, 0);
    tieout.run(&["plan", "--out", "b.json"]);
    let ran = tieout.run(&["plan", "diff", "a.json", "b.json", "--detailed-exitcode", "-o", "csv"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let records = section(&ran.stdout, "records");
    let first = tieout.run(&["plan", "show", "a.json", "--output", "csv"]).stdout;
    let first = section(&first, "changes");
    assert_eq!(records.len(), first.len());
    assert!(records.iter().all(|row| row["what"] == "not any more"));
    let moved = section(&ran.stdout, "effect-");
    for row in &moved {
        assert_eq!(cents(&row["after"]), 0, "{row:?}");
        assert_eq!(cents(&row["change"]), -cents(&row["before"]), "{row:?}");
    }
    let stale = tieout.run(&["plan", "show", "a.json"]).stdout;
    assert!(stale.contains("It would be refused: the plan is stale"), "{stale}");
    let elsewhere = tempfile::tempdir().expect("a folder");
    std::fs::write(elsewhere.path().join("a.json"), "{}").expect("a file");
    let ran = Tieout::new(elsewhere.path()).run(&["plan", "show", "a.json"]);
    assert!(ran.code == 64 && ran.stderr.contains("a.json cannot be used"), "{ran:?}");
}

/// What a person sees of a plan, kept to be read: were a word, a column or a total of it another, the
/// difference would be in a commit before it is in a report.
#[test]
fn a_plan_on_the_terminal_reads_as_the_one_that_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start_with(folder.path(), &["--charges", "12"]);
    let tieout = Tieout::new(folder.path());
    let pulled = tieout.run(&["pull", "--since", "2026-06-01", "--until", "2026-10-01"]);
    assert_eq!(pulled.code, 0, "{pulled:?}");
    let plan = tieout.run(&["plan", "--out", "plan.json"]);
    let shown = tieout.run(&["plan", "show", "plan.json"]);
    assert_eq!([plan.code, shown.code], [0, 0], "{plan:?}\n{shown:?}");
    // What is above the first empty line was made now, by this version.
    let (_, shown) = shown.stdout.split_once("\n\n").expect("a head");
    let text = format!(
        "$ tieout plan --out plan.json\n{}\n$ tieout plan show plan.json\n…\n\n{shown}",
        plan.stdout
    );
    assert_file("fixtures/plan.txt", &text);
}
