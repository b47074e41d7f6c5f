//! The main job as a stranger runs it: the binary, on the embedded systems.

use std::os::unix::fs::PermissionsExt;
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
    for entry in std::fs::read_dir(folder.path()).expect("the folder") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("its mode").permissions().mode();
        // Customers' names, amounts and a key: nobody else on the machine may read them.
        assert_eq!(mode & 0o077, 0, "{} is open to others", entry.path().display());
    }
    let second = demo(folder.path(), &[]);
    assert!(second.contains("Nothing to post"), "{second}");
    assert!(second.contains("Everything ties out"), "{second}");
}

#[test]
fn generated_companies_tie_out_in_a_netsuite_that_keeps_its_own_books() {
    for seed in ["11", "12"] {
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

#[test]
fn a_folder_with_files_of_ones_own_is_left_as_it_is() {
    // A controller who types `tieout demo --dir .` beside the real configuration would lose it.
    for own in ["tieout.toml", "stripe.key", "report.html", "tieout.db"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(own);
        std::fs::write(&path, "mine").expect("a file");
        for command in ["demo", "sandbox"] {
            let ran = Tieout::new(folder.path()).run(&[command, "--dir", "."]);
            assert_eq!(ran.code, 7, "{ran:?}");
            assert!(ran.stderr.contains(own) && ran.stderr.contains("--dir"), "{}", ran.stderr);
        }
        assert_eq!(std::fs::read_to_string(&path).expect("the file"), "mine");
        let count = std::fs::read_dir(folder.path()).expect("the folder").count();
        assert_eq!(count, 1, "something was written beside {own}");
    }
}

#[test]
fn a_demo_folder_keeps_its_company() {
    let folder = tempfile::tempdir().expect("a folder");
    demo(folder.path(), &["--charges", "20"]);
    let config = folder.path().join("tieout.toml");
    let before = std::fs::read_to_string(&config).expect("the configuration");
    let dir = folder.path().to_str().expect("a path of text");
    let ran = Tieout::new(folder.path()).run(&["demo", "--dir", dir, "--charges", "30"]);
    assert_eq!(ran.code, 7, "{ran:?}");
    assert!(ran.stderr.contains("about 20 charges"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(&config).expect("the configuration"), before);
    // A company without a charge proves nothing, and says so before it starts.
    let none = Tieout::new(folder.path()).run(&["demo", "--charges", "0"]);
    assert_eq!(none.code, 64, "{none:?}");
}
