//! Exceptions from the first night to the last: found, looked after, accepted, changed, resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::cli::{Ran, Sandbox, Tieout};
use crate::support::page::assert_section;

const DAY_1: i64 = 1_782_921_600;
const ID: &str = "invoice_lines_do_not_add_up:in_1";

/// An open invoice of 50.00 with one line of `line`.
fn invoice(line: i64) -> Value {
    json!({"id": "in_1", "object": "invoice", "created": DAY_1, "livemode": false,
        "currency": "usd", "customer": "cus_1", "status": "paid", "total": 5_000,
        "amount_due": 5_000, "amount_paid": 5_000, "amount_remaining": 0,
        "starting_balance": 0, "ending_balance": 0, "status_transitions": {"finalized_at": DAY_1},
        "lines": {"object": "list", "has_more": false, "data": [{"id": "il_1",
            "object": "line_item", "amount": line, "currency": "usd", "quantity": 1,
            "description": "Team plan",
            "pricing": {"type": "price_details", "price_details": {"price": "price_1"}}}]}})
}

fn others() -> Vec<Value> {
    vec![
        json!({"id": "cus_1", "object": "customer", "created": DAY_1, "livemode": false,
            "name": "Ask & Co", "currency": "usd", "balance": 0}),
        json!({"id": "py_1", "object": "charge", "created": DAY_1, "livemode": false,
            "amount": 5_000, "amount_captured": 5_000, "amount_refunded": 0, "currency": "usd",
            "captured": true, "customer": "cus_1", "payment_intent": "pi_1",
            "status": "succeeded", "balance_transaction": "txn_1"}),
        json!({"id": "txn_1", "object": "balance_transaction", "created": DAY_1,
            "available_on": DAY_1, "amount": 5_000, "fee": 0, "fee_details": [], "net": 5_000,
            "currency": "usd", "type": "payment", "reporting_category": "charge",
            "source": "py_1", "status": "available"}),
        json!({"id": "inpay_1", "object": "invoice_payment", "created": DAY_1,
            "livemode": false, "invoice": "in_1", "amount_paid": 5_000,
            "amount_requested": 5_000, "currency": "usd", "status": "paid",
            "payment": {"type": "payment_intent", "payment_intent": "pi_1"},
            "status_transitions": {"paid_at": DAY_1}}),
    ]
}

/// Pulls and plans a night.
fn night(folder: &Path, objects: &[Value]) -> Ran {
    let lines: Vec<String> = objects.iter().map(Value::to_string).collect();
    std::fs::write(folder.join("night.jsonl"), lines.join("\n")).expect("a file");
    let tieout = Tieout::new(folder);
    let pulled = tieout.run(&["pull", "--from", "night.jsonl"]);
    assert_eq!(pulled.code, 0, "{pulled:?}");
    tieout.run(&["plan"])
}

fn days_from_now(days: i64) -> String {
    (chrono::Utc::now() + chrono::Duration::days(days)).date_naive().to_string()
}

fn listed(tieout: &Tieout, more: &[&str]) -> Value {
    let ran = tieout.run(&[&["exceptions", "--output", "json"], more].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.stdout).expect("JSON")
}

/// Were accepted exceptions to vanish, to count, or to stay accepted after they changed, the list
/// would not be what a controller signs.
#[test]
fn an_accepted_exception_no_longer_counts_until_it_says_something_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let planned = night(folder.path(), &[vec![invoice(4_000)], others()].concat());
    assert_eq!(planned.code, 3, "{planned:?}");
    let until = days_from_now(30);
    let accept = |until: &str| {
        tieout.run(&["exceptions", "accept", ID, "--until", until, "--reason", "Known bug."])
    };
    assert_eq!(accept(&days_from_now(-2)).code, 64);
    assert_eq!(accept(&days_from_now(380)).code, 64, "nothing is accepted for ever");
    assert_eq!(accept(&until).code, 0);
    // The payment stands behind the invoice, and is excused with it.
    let planned = tieout.run(&["plan"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(planned.stdout.contains("Accepted for now: 1 exception"), "{}", planned.stdout);
    let status = tieout.run(&["status"]).stdout;
    assert!(status.contains("0 open exceptions, and 1 accepted for now"), "{status}");
    let list = listed(&tieout, &[]);
    assert_eq!((&list["open"], &list["accepted"]), (&json!(0), &json!(1)), "{list}");
    let text = tieout.run(&["exceptions"]).stdout;
    assert!(text.contains("Accepted until: 1 exception") && text.contains("Known bug."), "{text}");

    let planned = night(folder.path(), &[invoice(4_100)]);
    assert_eq!(planned.code, 3, "{planned:?}");
    assert_eq!(listed(&tieout, &[])["exceptions"][0]["state"], "changed since it was accepted");
    assert_eq!(tieout.run(&["exceptions", "reopen", ID]).code, 0);
    assert_eq!(listed(&tieout, &[])["exceptions"][0]["state"], "open");
    assert_eq!(tieout.run(&["exceptions", "reopen", ID]).code, 64, "there is nothing to take back");
}

/// Were the list of a night no longer that of the next one, nobody could follow anything up.
#[test]
fn an_exception_keeps_its_id_owner_and_first_day_when_it_goes_and_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    night(folder.path(), &[vec![invoice(4_000)], others()].concat());
    let before = listed(&tieout, &[]);
    assert_eq!(before["exceptions"][0]["id"], ID);
    assert_eq!(before["exceptions"][0]["class"], "data");
    let assign = ["exceptions", "assign", ID, "--to", "Ada", "--due", "2026-12-24", "--by", "Bea"];
    assert_eq!(tieout.run(&assign).code, 0);
    assert_eq!(tieout.run(&["exceptions", "note", ID, "=1+1 asked", "--by", "Bea"]).code, 0);
    assert_eq!(night(folder.path(), &[invoice(5_000)]).code, 0);
    assert_eq!(listed(&tieout, &[])["exceptions"], json!([]));
    assert_eq!(listed(&tieout, &["--all"])["exceptions"][0]["state"], "resolved");
    let accept = ["exceptions", "accept", ID, "--until", &days_from_now(3), "--reason", "x"];
    assert_eq!(tieout.run(&accept).code, 64, "what no longer occurs cannot be accepted");
    night(folder.path(), &[invoice(4_000)]);
    let back = &listed(&tieout, &["--owner", "Ada", "--class", "data"])["exceptions"][0];
    assert_eq!(back["first_seen"], before["exceptions"][0]["first_seen"]);
    assert_eq!((&back["due"], &back["notes"][0]["by"]), (&json!("2026-12-24"), &json!("Bea")));
    assert_eq!(listed(&tieout, &["--owner", "Bea"])["exceptions"], json!([]));
    let csv = tieout.run(&["exceptions", "--output", "csv"]).stdout;
    assert!(csv.contains("'=1+1 asked"), "{csv}");
    let narrow = tieout.run_with(&["exceptions"], "COLUMNS", "80").stdout;
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
    assert!(narrow.contains("Ada, due 2026-12-24"), "{narrow}");
    let wrong = tieout.run(&["exceptions", "note", "in_1", "x"]);
    assert!(wrong.code == 64 && wrong.stderr.contains(ID), "{wrong:?}");
    let checked = tieout.run(&["ledger", "check"]);
    assert_eq!(checked.code, 0, "{checked:?}");
}

/// Every rule names the class of what it cannot place; were one cause of two classes, nobody could
/// say whose it is.
#[test]
fn every_cause_of_an_exception_has_one_class_and_is_on_the_page() {
    let mut classes: BTreeMap<String, String> = BTreeMap::new();
    for text in sources(&["src/accounting", "src/ledger"]) {
        let text = text.split("#[cfg(test)]").next().expect("a part");
        let parts: Vec<&str> = text.split("ExceptionClass::").skip(1).collect();
        for part in parts {
            let class: String = part.chars().take_while(char::is_ascii_alphabetic).collect();
            let rest = part[class.len()..].trim_start_matches(',').trim_start();
            let Some(code) = rest.trim_start_matches("&format!(").strip_prefix('"') else {
                continue;
            };
            let code = &code[..code.find('"').expect("the end of a word")];
            let code = code.replace("{}", "…").replace("{what}", "…");
            let known = classes.entry(code.clone()).or_insert_with(|| class.clone());
            assert_eq!(*known, class, "{code} has two classes");
        }
    }
    assert!(classes.len() > 50, "the sources are read: {classes:?}");
    let mut table = String::from("| class | causes |\n| --- | --- |\n");
    for (class, word) in [
        ("Timing", "timing"),
        ("Data", "data"),
        ("Policy", "policy"),
        ("Fx", "FX"),
        ("Configuration", "configuration"),
    ] {
        let own = classes.iter().filter(|(_, of)| *of == class);
        let causes: Vec<String> = own.map(|(code, _)| format!("`{code}`")).collect();
        assert!(!causes.is_empty(), "{word} has no cause");
        writeln!(table, "| {word} | {} |", causes.join(", ")).expect("a string");
    }
    assert_section("docs/exceptions.md", "classes", &table);
    let help = include_str!("../../docs/troubleshooting.md");
    let (_, by_exception) = help.split_once("## By exception").expect("a section");
    let rows = by_exception.lines().filter_map(|line| line.strip_prefix("| `"));
    let words = rows.flat_map(|row| row.split(" |").next().unwrap_or_default().split(", "));
    let told: BTreeSet<String> = words.map(|word| word.trim_matches('`').to_owned()).collect();
    let causes: BTreeSet<String> = classes.into_keys().collect();
    assert_eq!(told, causes, "docs/troubleshooting.md says of each what to do");
}

fn sources(folders: &[&str]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    for folder in folders {
        let mut paths: Vec<_> = std::fs::read_dir(root.join(folder))
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .collect();
        paths.sort();
        texts.extend(paths.iter().map(|path| std::fs::read_to_string(path).expect("text")));
    }
    texts
}
