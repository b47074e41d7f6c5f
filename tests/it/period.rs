//! A month that is locked: what comes for it afterwards, from the facts to the list.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::cli::{Ran, Sandbox, Tieout};

/// 2025-07-01 16:00 UTC: over, whenever this is run.
const JULY: i64 = 1_751_385_600;
const DAY_S: i64 = 24 * 3600;

fn invoice(number: u8, created: i64) -> Value {
    json!({"id": format!("in_{number}"), "object": "invoice", "created": created,
        "livemode": false, "currency": "usd", "customer": "cus_1", "status": "open",
        "total": 5_000, "amount_due": 5_000, "amount_paid": 0, "amount_remaining": 5_000,
        "starting_balance": 0, "ending_balance": 0, "status_transitions": {"finalized_at": created},
        "lines": {"object": "list", "has_more": false, "data": [{"id": format!("il_{number}"),
            "object": "line_item", "amount": 5_000, "currency": "usd", "quantity": 1,
            "description": "Team plan",
            "pricing": {"type": "price_details", "price_details": {"price": "price_1"}}}]}})
}

fn customer() -> Value {
    json!({"id": "cus_1", "object": "customer", "created": JULY, "livemode": false,
        "name": "Ask & Co", "currency": "usd", "balance": 0})
}

/// Pulls and plans; gives the plan's file.
fn pull(folder: &Path, objects: &[Value]) -> Ran {
    let lines: Vec<String> = objects.iter().map(Value::to_string).collect();
    std::fs::write(folder.join("night.jsonl"), lines.join("\n")).expect("a file");
    let tieout = Tieout::new(folder);
    let pulled = tieout.run(&["pull", "--from", "night.jsonl"]);
    assert_eq!(pulled.code, 0, "{pulled:?}");
    tieout.run(&["plan", "--out", "night.plan.json"])
}

fn shown(tieout: &Tieout) -> Value {
    let ran = tieout.run(&["period", "show", "2025-07", "--output", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.stdout).expect("JSON")
}

fn became(shown: &Value) -> Vec<(&str, &str)> {
    let late = shown["late"].as_array().expect("a list");
    late.iter()
        .map(|one| (one["record"].as_str().unwrap(), one["became"].as_str().unwrap()))
        .collect()
}

/// Were a locked month still posted to, what was reported for it would not be what the books say; were
/// what came later not listed, nobody could explain the next month.
#[test]
fn what_comes_for_a_locked_month_goes_to_the_next_and_is_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    pull(folder.path(), &[customer(), invoice(1, JULY)]);
    assert_eq!(tieout.run(&["push"]).code, 0);
    // Planned before the month was locked, and refused afterwards: nothing moves unseen.
    let planned = pull(folder.path(), &[invoice(2, JULY + DAY_S)]);
    assert!(planned.stdout.contains("1 to create"), "{planned:?}");
    let locked = tieout.run(&["period", "lock", "2025-07", "--by", "Ada"]);
    assert_eq!(locked.code, 0, "{locked:?}");
    assert!(locked.stderr.contains("1 record of 2025-07 not posted yet"), "{}", locked.stderr);
    assert_eq!(tieout.run(&["period", "lock", "2025-07"]).code, 64, "it is locked already");
    let refused = tieout.run(&["push", "night.plan.json"]);
    assert!(refused.code == 7 && refused.stderr.contains("locked in these books"), "{refused:?}");
    assert_eq!(became(&shown(&tieout)), [("in_2", "to_come")]);

    let due = json!({"due_date": JULY + 40 * DAY_S});
    let mut changed = invoice(1, JULY);
    changed.as_object_mut().unwrap().extend(due.as_object().unwrap().clone());
    pull(folder.path(), &[changed]);
    let pushed = tieout.run(&["push"]);
    assert_eq!(pushed.code, 0, "{pushed:?}");
    assert!(pushed.stderr.contains("1 created, 0 updated"), "{}", pushed.stderr);
    let after = shown(&tieout);
    assert_eq!(became(&after), [("in_2", "adjusted"), ("in_1", "left")]);
    assert_eq!(after["late"][0]["belongs_to"], "2025-07-02");
    assert_eq!(after["late"][0]["posted_on"], "2025-08-01");
    assert!(after["late"][1]["different"][0].as_str().unwrap().starts_with("dueDate"), "{after}");
    assert_eq!(after["acts"][0]["by"], "Ada");
    let verified = tieout.run(&["verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");

    let listed = tieout.run(&["period", "list", "--output", "csv"]);
    assert!(listed.stdout.contains("2025-07,"), "{listed:?}");
    let csv = tieout.run(&["period", "show", "2025-07", "--output", "csv"]).stdout;
    assert!(csv.contains("adjusted,2025-07-02,2025-08-01,"), "{csv}");
    let text = tieout.run_with(&["period", "show", "2025-07"], "COLUMNS", "80").stdout;
    assert!(text.contains("Adjusted in a later period: 1 record"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");

    // Opened again, the month takes what was left.
    assert_eq!(tieout.run(&["period", "unlock", "2025-07", "--reason", " "]).code, 64);
    let unlock = ["period", "unlock", "2025-07", "--reason", "A due date.", "--by", "Bea"];
    assert_eq!(tieout.run(&unlock).code, 0);
    assert_eq!(tieout.run(&unlock).code, 64, "it is not locked");
    let pushed = tieout.run(&["push"]);
    assert!(pushed.stderr.contains("0 created, 1 updated"), "{}", pushed.stderr);
    assert_eq!(became(&shown(&tieout)), [("in_2", "adjusted")]);
    assert_eq!(tieout.run(&["ledger", "check"]).code, 0, "each act is a row of the journal");
}

/// Were the running month locked by mistake, everything of today would be booked in the next.
#[test]
fn a_month_that_is_not_over_cannot_be_locked() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    pull(folder.path(), &[customer()]);
    let now = chrono::Utc::now().date_naive().format("%Y-%m").to_string();
    assert_eq!(tieout.run(&["period", "lock", &now]).code, 7);
    assert_eq!(tieout.run(&["period", "lock", "2025-13"]).code, 64);
    assert!(tieout.run(&["period", "list"]).stdout.contains("No month is locked or signed"));
}
