//! What the documentation takes from the code. `TIEOUT_REWRITE=1` writes it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tieout::accounting::balance_transaction::{BY_CATEGORY, BY_TYPE, Class};
use tieout::commands::exit;
use tieout::report::night::finding::{Cause, Finding};

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

/// The rows of a section's table, cell by cell, without its head.
fn rows(page: &str, section: &str) -> Vec<Vec<String>> {
    let (_, rest) = page.split_once(section).expect("the section");
    let own = rest.split("\n## ").next().expect("its text");
    let rows = own.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cells =
        |row: &str| row.split(" | ").map(|cell| cell.trim_matches('`').to_owned()).collect();
    rows.skip(2).map(cells).collect()
}

/// Whoever looks up a code at night must find it, and what the program means by it.
#[test]
fn every_exit_code_is_in_troubleshooting_as_the_program_means_it() {
    let rows = rows(include_str!("../../docs/troubleshooting.md"), "## By exit code");
    let told: BTreeMap<String, String> =
        rows.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let mut known: BTreeMap<String, String> =
        exit::ALL.map(|code| (code.to_string(), exit::meaning(code).to_owned())).into();
    let stopped = exit::STOPPED.map(|code| code.to_string()).join(", ");
    known.insert(stopped, exit::meaning(exit::STOPPED[0]).to_owned());
    assert_eq!(told, known);
    // A code that somebody adds is in the list that this test goes by.
    let source = include_str!("../../src/commands/exit.rs");
    let constants = source.lines().filter(|line| line.starts_with("pub const "));
    let codes = constants.filter(|line| line.contains(": u8 = ")).count();
    assert_eq!(codes, exit::ALL.len() + 1, "all but the one that signals are added to");
}

/// A finding that the page does not know, or gives to the other route, wakes somebody who cannot help.
#[test]
fn every_finding_of_a_night_is_in_troubleshooting_on_its_route() {
    let rows = rows(include_str!("../../docs/troubleshooting.md"), "## By finding of a night");
    let told: BTreeMap<String, String> =
        rows.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let causes =
        Cause::ALL.map(|cause| (cause.word().to_owned(), cause.route().as_str().to_owned()));
    let mut known = BTreeMap::from(causes);
    let run = format!("{}…", Finding::RUN_PREFIX);
    known.insert(run, Finding::OF_RUN.as_str().to_owned());
    known.insert("any other".into(), "by class".into());
    assert_eq!(told, known);
}
