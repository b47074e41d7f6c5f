//! What the documentation takes from the code. `TIEOUT_REWRITE=1` writes it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tieout::accounting::balance_transaction::{BY_CATEGORY, BY_TYPE, Class};

use crate::support::page::assert_section;

/// An accountant who meets a type in an export must find what became of it.
#[test]
fn every_balance_transaction_is_in_the_table_of_the_books() {
    let mut table =
        String::from("| reporting category or type | what it becomes |\n| --- | --- |\n");
    for (class, names) in by_class() {
        let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
        writeln!(table, "| {} | {} |", names.join(", "), class.becomes()).expect("a string");
    }
    writeln!(table, "| any other | {} |", Class::Unknown.becomes()).expect("a string");
    assert_section("docs/accounting.md", "balance-transactions", &table);
}

/// Names with one answer share a row; a category says it before a type does.
fn by_class() -> Vec<(Class, Vec<&'static str>)> {
    let mut known: BTreeMap<&str, Class> = BTreeMap::new();
    let mut rows: Vec<(Class, Vec<&'static str>)> = Vec::new();
    for (name, class) in BY_CATEGORY.into_iter().chain(BY_TYPE) {
        if known.insert(name, class).is_some() {
            continue;
        }
        match rows.iter_mut().find(|(known, _)| *known == class) {
            Some((_, names)) => names.push(name),
            None => rows.push((class, vec![name])),
        }
    }
    rows
}
