//! A record as one line of text, so that an expectation reads like the journal it stands for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tieout::accounting::Record;
use tieout::accounting::chart::Chart;
use tieout::accounting::posting::postings;
use tieout::money::{Amount, Currency};
use tieout::netsuite::record::{Apply, Body, ItemLine};

/// A record as a line of the table. Its postings must balance.
pub(super) fn row(record: &Record, chart: &Chart) -> String {
    let mut row = format!("{:?} {}", record.kind(), record.external_id());
    let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
    for posting in postings(&record.body, chart).unwrap() {
        *sums.entry(posting.amount.currency()).or_default() += posting.amount.minor();
        let side = if posting.amount.is_positive() { "Dr" } else { "Cr" };
        write!(row, " | {} {} {side}", posting.account, figure(posting.amount.abs())).unwrap();
    }
    assert!(sums.values().all(|sum| *sum == 0), "{row} does not balance: {sums:?}");
    let (lines, applied, taken) = parts(&record.body);
    if lines.len() > 1 {
        list(&mut row, "lines", lines.iter().map(|line| figure(line.amount)));
    }
    let named = |apply: &Apply| {
        let doc = apply.doc.external().expect("records of ours are named by external id");
        format!("{doc} {}", figure(apply.amount))
    };
    list(&mut row, "applied", applied.iter().map(named));
    list(&mut row, "of", taken.iter().map(named));
    let rate = record.body.header().and_then(|header| header.exchange_rate.as_ref());
    list(&mut row, "at", rate.iter().map(|rate| rate.0.clone()));
    row
}

/// Lines sold, what the record is applied to, and what it takes out of undeposited funds.
fn parts(body: &Body) -> (&[ItemLine], &[Apply], Vec<Apply>) {
    match body {
        Body::Invoice(record) => (&record.lines, &[], Vec::new()),
        Body::CreditMemo(record) => (&record.lines, &record.apply, Vec::new()),
        Body::CustomerPayment(record) => (&[], &record.apply, Vec::new()),
        Body::CustomerRefund(record) => (&[], &record.apply, Vec::new()),
        Body::Deposit(record) => {
            let taken = record.payments.iter();
            let taken = taken.map(|line| Apply { doc: line.record.clone(), amount: line.amount });
            (&[], &[], taken.collect())
        }
        _ => (&[], &[], Vec::new()),
    }
}

/// Adds ` | name a, b` unless there is nothing to add.
fn list(row: &mut String, name: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.collect();
    if !items.is_empty() {
        write!(row, " | {name} {}", items.join(", ")).unwrap();
    }
}

/// `100.00`; with the code unless it is the currency of the books.
pub(super) fn figure(amount: Amount) -> String {
    if amount.currency() == Currency::USD {
        return amount.to_decimal();
    }
    format!("{} {}", amount.to_decimal(), amount.currency())
}

/// Compares a table with the books. Runs of spaces count as one; a line that begins with `|` goes on
/// with the record above it.
#[track_caller]
pub(super) fn compare(expected: &str, books: &[String]) {
    let mut rows: Vec<String> = Vec::new();
    for line in expected.lines() {
        let tidy = line.split_whitespace().collect::<Vec<_>>().join(" ");
        match rows.last_mut() {
            Some(row) if tidy.starts_with('|') => *row += &format!(" {tidy}"),
            _ => rows.push(tidy),
        }
    }
    let (expected, books) = (rows.join("\n"), books.join("\n"));
    assert!(books == expected, "expected:\n{expected}\n\nbooks:\n{books}");
}
