//! The main job as a stranger runs it: the binary, on the embedded systems.

use std::path::Path;

use crate::support::cli::{Sandbox, Tieout};

/// Runs the demo in `folder`; gives what it printed on standard output.
fn demo(folder: &Path, more: &[&str]) -> String {
    let dir = folder.to_str().expect("a path of text");
    let ran = Tieout::new(folder).run(&[&["demo", "--dir", dir], more].concat());
    assert_eq!(ran.code, 0, "{more:?}\n{}\n{}", ran.stdout, ran.stderr);
    ran.stdout
}

#[test]
fn the_demo_ties_out_to_the_cent_and_a_second_run_plans_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = demo(folder.path(), &[]);
    assert!(first.contains("0 blocked, 4 exceptions"), "{first}");
    assert!(first.contains("each as it was posted"), "{first}");
    assert!(first.contains("Everything ties out"), "{first}");
    for file in ["tieout.db", "plan.json", "report.html", "tieout.toml"] {
        assert!(folder.path().join(file).exists(), "{file} is missing");
    }
    let second = demo(folder.path(), &[]);
    assert!(second.contains("Nothing to post"), "{second}");
    assert!(second.contains("Everything ties out"), "{second}");
}

#[test]
fn generated_companies_tie_out_in_a_netsuite_that_keeps_its_own_books() {
    for seed in ["11", "12", "13", "14"] {
        let folder = tempfile::tempdir().expect("a folder");
        let more = ["--charges", "120", "--seed", seed];
        let first = demo(folder.path(), &more);
        assert!(first.contains("each as it was posted"), "seed {seed}: {first}");
        assert!(first.contains("Everything ties out"), "seed {seed}: {first}");
        let second = demo(folder.path(), &more);
        assert!(second.contains("Nothing to post"), "seed {seed}: {second}");
    }
}

/// The connector's figures, SuiteTax and ARM: NetSuite must take every record and compute the same.
const OTHER: &str = r#"
[policy]
negative_invoices = "zero_lines"
customer_balance = "on_use"
credit_notes = "after_payment"
partial_refunds = "single_item"
dispute_items = "single"
disputes_won = "reversal_line"
discounts = "posting"
uncollectible = "bad_debt"
unpaid_on_cancel = "bad_debt"
standalone_charges = "invoice"
tax = "suitetax"
revenue_recognition = "arm"

[suitetax.usual]
tax_type = "1"
tax_code = "11"
"#;

/// What the connector cannot do: held disputes, and refunds on an item of their own.
const HELD: &str = r#"
[policy]
refund_items = "single"
disputes_opened = "hold"
uncollectible = "keep_open"
"#;

#[test]
fn every_record_of_the_other_policies_is_taken_and_ties_out() {
    for policy in [OTHER, HELD] {
        let folder = tempfile::tempdir().expect("a folder");
        let _sandbox = Sandbox::start(folder.path());
        let path = folder.path().join("tieout.toml");
        let usual = std::fs::read_to_string(&path).expect("the sandbox writes it");
        let outside = "out_of_band = \"1270\"\nprocessing_fees";
        let text = usual.replace("processing_fees", outside) + policy;
        std::fs::write(&path, text).expect("a file");
        let tieout = Tieout::new(folder.path());
        for command in
            [&["pull", "--since", "2026-06-01"][..], &["push"], &["verify"], &["report", "tieout"]]
        {
            let ran = tieout.run(command);
            assert_eq!(ran.code, 0, "{command:?} {policy}\n{}\n{}", ran.stdout, ran.stderr);
        }
    }
}
