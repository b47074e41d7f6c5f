//! `tieout rehearse`: books from exported JSON without any key, nothing for the account, and two sets of
//! policies held against each other.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;

use serde_json::{Value, json};
use tieout::commands::rehearse::trial_balance;
use tieout::netsuite::readback::Reader;
use tieout::reconcile::trial_balance::{Measure, TrialBalance, sides};
use tieout::report::rehearsal::{Side, compared, trial};
use tieout::sandbox::company::CompanySpec;

use crate::close::{Collected, foots};
use crate::rehearsal::{Posted, post_under};
use crate::support::cli::Tieout;

const NOON: i64 = 1_772_366_400;

/// A guest's charge of 25.00, of which Stripe kept 1.00.
fn charge() -> String {
    let charge = json!({ "id": "ch_1", "object": "charge", "customer": null, "currency": "usd",
        "amount": 2_500, "amount_captured": 2_500, "captured": true, "created": NOON,
        "status": "succeeded", "balance_transaction": "txn_1", "metadata": {}, "livemode": true });
    let movement = json!({ "id": "txn_1", "object": "balance_transaction", "type": "charge",
        "reporting_category": "charge", "source": "ch_1", "amount": 2_500, "fee": 100,
        "net": 2_400, "currency": "usd", "created": NOON, "status": "available",
        "available_on": NOON, "fee_details": [{ "amount": 100, "currency": "usd",
            "type": "stripe_fee", "description": "Stripe processing fees" }] });
    format!("{charge}\n{movement}\n")
}

/// The configuration that `init` writes, with a NetSuite that is this test.
fn configured(folder: &Path) -> (Tieout, TcpListener) {
    let tieout = Tieout::new(folder);
    assert_eq!(tieout.run(&["init"]).code, 0);
    let netsuite = TcpListener::bind("127.0.0.1:0").unwrap();
    netsuite.set_nonblocking(true).unwrap();
    let address = format!("base_url = \"http://{}\"", netsuite.local_addr().unwrap());
    let text = std::fs::read_to_string(folder.join("tieout.toml")).unwrap();
    let text = text.replacen("[netsuite]\n", &format!("[netsuite]\n{address}\n"), 1);
    std::fs::write(folder.join("tieout.toml"), text).unwrap();
    std::fs::write(folder.join("export.jsonl"), charge()).unwrap();
    (tieout, netsuite)
}

fn balances(report: &Value) -> BTreeMap<String, i64> {
    let sections = report["sections"].as_array().unwrap();
    let books = sections.iter().find(|own| own["key"] == "trial-books-USD").unwrap();
    let rows = books["rows"].as_array().unwrap().iter().filter(|row| row["row"] == "item");
    let minor = |row: &Value, side: &str| row[side]["minor"].as_i64().unwrap_or(0);
    rows.map(|row| {
        let account = row["account"].as_str().unwrap().to_owned();
        (account, minor(row, "debit") - minor(row, "credit"))
    })
    .collect()
}

/// Whoever has no key yet must get a trial balance out of an export alone; and a rehearsal that asked
/// the account anything, or left a record in its ledger, would not be one.
#[test]
fn an_export_gives_a_trial_balance_without_any_key_and_the_account_hears_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (tieout, netsuite) = configured(path);
    let rehearsed = tieout.run(&["rehearse", "--from", "export.jsonl", "--output", "json"]);
    assert_eq!(rehearsed.code, 0, "{rehearsed:?}");
    let report: Value = serde_json::from_str(&rehearsed.stdout).unwrap();
    assert_eq!(report["netsuite_account"], "REHEARSAL_1234567SB1");
    let expected = [("1100 accounts receivable", -2_500), ("1200 undeposited funds", 2_500)];
    let expected = expected.map(|(account, minor)| (account.to_owned(), minor));
    assert_eq!(balances(&report), BTreeMap::from(expected));
    assert!(rehearsed.stderr.contains("REHEARSAL"), "{rehearsed:?}");
    assert!(rehearsed.stderr.contains("Assumed: The books are kept in USD"), "{rehearsed:?}");
    let left = |name: &str| path.join("rehearsal").join(name).exists();
    assert!(left("trial-balance.csv") && left("tieout.html") && left("close-2026-03/close.html"));
    assert!(!left("tieout.db") && !left("netsuite.db") && !left("netsuite.pem"), "thrown away");
    assert!(!path.join("tieout.db").exists(), "the real ledger was never made");

    // From a ledger that was pulled: it is read, and stays as it is byte for byte.
    assert_eq!(tieout.run(&["pull", "--from", "export.jsonl"]).code, 0);
    let before = std::fs::read(path.join("tieout.db")).unwrap();
    let kept = tieout.run(&["rehearse", "--keep", "--output", "csv"]);
    assert_eq!(kept.code, 0, "{kept:?}");
    assert_eq!(std::fs::read(path.join("tieout.db")).unwrap(), before);
    let again = tieout.run(&["rehearse"]);
    assert_eq!(again.code, 7, "a rehearsal that was kept is not overwritten: {again:?}");

    // What was kept goes on as the target, and is never taken for the account's own books.
    let foreign = tieout.run(&["plan", "--ledger", "rehearsal/tieout.db"]);
    assert_eq!(foreign.code, 7, "{foreign:?}");
    let text = std::fs::read_to_string(path.join("tieout.toml")).unwrap();
    let text = text.replacen("# target = \"rehearsal\"", "target = \"rehearsal\"", 1);
    std::fs::write(path.join("tieout.toml"), text).unwrap();
    let planned = tieout.run(&["plan", "--detailed-exitcode"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(planned.stderr.contains("REHEARSAL"), "{planned:?}");
    let verified = tieout.run(&["verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    assert!(netsuite.accept().is_err(), "somebody called the account");
}

/// The comparison must name what the policy moves, and be about nothing else.
#[test]
fn another_policy_is_shown_as_a_difference_of_trial_balances() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (tieout, _netsuite) = configured(path);
    std::fs::write(path.join("other.toml"), "[policy]\nstandalone_charges = \"invoice\"\n")
        .unwrap();
    std::fs::write(
        path.join("accounts.csv"),
        "number,name,type,currency\n1100,Debtors,Accounts Receivable,\n\
         1200,Undeposited,Other Current Asset,\n4000,Sales,Income,\n1000,Cash,Bank,USD\n",
    )
    .unwrap();
    let made = tieout.run(&["rehearse", "chart", "--from", "accounts.csv"]);
    assert_eq!(made.code, 0, "{made:?}");
    let arguments = ["rehearse", "--from", "export.jsonl", "--policy", "other.toml"];
    let compared = tieout.run(&[&arguments[..], &["--output", "csv"]].concat());
    assert_eq!(compared.code, 0, "{compared:?}");
    let has = |words: &[&str]| {
        compared.stdout.lines().any(|line| words.iter().all(|word| line.contains(word)))
    };
    assert!(has(&["difference-books-USD", "1100 Debtors", "-25.00"]), "{}", compared.stdout);
    assert!(has(&["difference-books-USD", "4000 Sales", "-25.00"]), "{}", compared.stdout);
    assert!(!has(&["difference-books-USD", "1200"]), "{}", compared.stdout);
    assert!(has(&["records", "Invoice", ",0,1,0,0"]), "{}", compared.stdout);
}

async fn balance(posted: &Posted) -> TrialBalance {
    let house = &posted.house;
    let base_currency = house.policy.books.base_currency;
    let reader = Reader { client: &house.client, references: &house.references, base_currency };
    trial_balance(&reader).await.expect("a trial balance")
}

/// A trial balance that does not foot, or a difference that does not, would be signed by nobody; and what
/// is read must be what NetSuite itself says of its books.
#[test]
fn debits_are_credits_on_either_side_and_in_the_difference() {
    for seed in 1..=2 {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().start_paused(true).build().expect("a runtime");
        runtime.block_on(async {
            let spec = CompanySpec::everything(8, seed);
            let mut sides_of = Vec::new();
            for draw in [seed, seed + 100] {
                let posted =
                    post_under(&spec, draw).await.unwrap_or_else(|e| panic!("seed {seed}: {e}"));
                let own = balance(&posted).await;
                as_netsuite_says(seed, &own, &posted);
                let rows = posted.house.ledger.records().expect("records").into_iter();
                let bodies: BTreeMap<_, _> =
                    rows.filter_map(|row| Some((row.external_id, row.posted?))).collect();
                sides_of.push((own, bodies));
            }
            let [one, other] = [0, 1].map(|place| {
                let (trial, posted) = &sides_of[place];
                Side { trial, posted, waiting: [0, 0] }
            });
            let mut report = Collected::default();
            let proofs =
                [compared(one, other, &mut report), trial(one.trial, &mut report)].concat();
            assert!(proofs.iter().all(|own| own.difference.is_zero()), "seed {seed}: {proofs:?}");
            foots(&report);
            let mut same = Collected::default();
            compared(one, one, &mut same);
            let differs = |key: &str| key.starts_with("difference") || key.starts_with("months");
            assert!(!same.sections.iter().any(|(head, _)| differs(&head.key)), "seed {seed}");
        });
    }
}

fn as_netsuite_says(seed: u64, own: &TrialBalance, posted: &Posted) {
    let books = Measure::Books(own.base);
    let (debits, credits) = sides(own.by_account(books).into_values(), own.base);
    let lines = posted.netsuite.trial_balance().expect("a trial balance");
    let theirs = lines.iter().fold((0, 0), |sum, line| (sum.0 + line.debit, sum.1 + line.credit));
    assert_eq!((debits.minor(), credits.minor()), theirs, "seed {seed}");
}
