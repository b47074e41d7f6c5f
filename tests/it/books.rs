//! Derivation over generated companies: what must hold whatever happened to them.

use std::collections::BTreeSet;

use tieout::accounting::posting::postings;
use tieout::sandbox::company::{CompanySpec, generate};

use crate::support::{derive_all, ledger_of, policy};

#[test]
fn the_demo_company_has_no_exception_outside_its_story() {
    let company = generate(&CompanySpec::demo());
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = ledger_of(&company.world, folder.path());
    let policy = policy();
    let derived = derive_all(&mut ledger, &policy);
    let told: BTreeSet<&str> = company
        .stories
        .iter()
        .filter(|note| note.expected_exception)
        .map(|note| note.id.as_str())
        .collect();
    let mut surprises = Vec::new();
    for (key, derived) in &derived {
        for exception in &derived.exceptions {
            if !told.contains(exception.subject.as_str()) {
                surprises.push(format!("{key}: {exception:?}"));
            }
        }
        for record in &derived.records {
            let sum: i64 = postings(&record.body, &policy.chart)
                .unwrap()
                .iter()
                .map(|posting| posting.amount.minor())
                .sum();
            assert_eq!(sum, 0, "{} is not balanced", record.external_id());
        }
    }
    assert!(surprises.is_empty(), "{} surprises: {:#?}", surprises.len(), surprises);
}
