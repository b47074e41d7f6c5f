//! Names under a month: whose signature holds, and what makes it void.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::cli::{Sandbox, Tieout};

const CLOSE: [&str; 6] = ["report", "close", "--period", "2026-09", "--out", "september"];

fn sign(tieout: &Tieout, role: &str, by: &str) -> i32 {
    tieout.run(&["period", "sign", "2026-09", "--as", role, "--by", by]).code
}

/// Role, name and whether it is void, of each signature that stands last in its role.
fn signed(tieout: &Tieout) -> Vec<(String, String, bool)> {
    let ran = tieout.run(&["period", "list", "--output", "json"]);
    let list: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let months = list["months"].as_array().expect("months").clone();
    let own = months.iter().find(|month| month["month"] == "2026-09");
    let signed = own.map(|own| own["signed"].as_array().expect("signatures").clone());
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let told = |own: &Value| (text(&own["role"]), text(&own["by"]), !own["void_since"].is_null());
    signed.unwrap_or_default().iter().map(told).collect()
}

fn row(role: &str, by: &str, is_void: bool) -> (String, String, bool) {
    (role.into(), by.into(), is_void)
}

/// A fee of September that Stripe tells late.
fn late_fee(folder: &Path) {
    let at = 1_789_000_000;
    let fee = json!({ "id": "txn_late", "object": "balance_transaction", "type": "stripe_fee",
        "reporting_category": "fee", "source": null, "amount": -1_234, "fee": 0, "net": -1_234,
        "currency": "usd", "created": at, "available_on": at, "fee_details": [],
        "status": "available", "description": "Late" });
    std::fs::create_dir_all(folder.join("late")).expect("a folder");
    std::fs::write(folder.join("late/facts.jsonl"), fee.to_string()).expect("a file");
}

/// A signature that stands under other figures than were seen is a forgery; one that falls for nothing
/// is ignored the next time.
#[test]
fn a_signature_holds_as_long_as_the_figures_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let ran = tieout.run(&["run", "--since", "2026-06-01"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(sign(&tieout, "preparer", "Ada"), 7, "there is nothing to sign yet");

    assert_eq!(tieout.run(&CLOSE).code, 0);
    assert_eq!(sign(&tieout, "reviewer", "Grace"), 7, "nobody has prepared it");
    assert_eq!(tieout.run(&["period", "sign", "2026-09", "--as", "preparer"]).code, 64, "no name");
    let ran = tieout.run(&["period", "sign", "2026-09", "--as", "preparer", "--by", "Ada"]);
    assert!(ran.code == 0 && ran.stderr.contains("is not locked"), "{ran:?}");
    assert_eq!(sign(&tieout, "reviewer", "ADA"), 7, "nobody reviews herself");
    assert_eq!(sign(&tieout, "reviewer", "Grace"), 0);

    // The same figures once more, and a note on nothing that counts.
    assert_eq!(tieout.run(&CLOSE).code, 0);
    let both = [row("preparer", "Ada", false), row("reviewer", "Grace", false)];
    assert_eq!(signed(&tieout), both);

    late_fee(folder.path());
    assert_eq!(tieout.run(&["pull", "--from", "late"]).code, 0);
    let ran = tieout.run(&CLOSE);
    assert!(ran.stderr.contains("What Ada signed as preparer is void"), "{ran:?}");
    let both = [row("preparer", "Ada", true), row("reviewer", "Grace", true)];
    assert_eq!(signed(&tieout), both);
    assert_eq!(sign(&tieout, "reviewer", "Grace"), 7, "what Ada saw is no more");
    assert_eq!(sign(&tieout, "preparer", "Ada"), 0);
    assert_eq!(signed(&tieout), [row("preparer", "Ada", false), row("reviewer", "Grace", true)]);

    let shown = tieout.run_with(&["period", "show", "2026-09"], "COLUMNS", "80").stdout;
    assert!(shown.contains("signed as reviewer (reading 1) by Grace"), "{shown}");
    assert!(shown.contains("what Grace signed is void"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    assert_eq!(tieout.run(&["ledger", "check"]).code, 0, "each act is a row of the journal");
}
