//! The fingerprint of every figure of a period: what a person who signs has seen.
//!
//! Ids, days, counts and amounts are in it, in their sections and their order. Words are not: a note on
//! an exception, or a title that a later version words better, changes no figure.

use std::fmt::{Display, Write};

use super::sheet::{Cell, Head, Row, Sink};
use super::{Facts, Report};
use crate::digest::Sha256;

/// The same for the same figures, whoever gathers them and whenever.
pub fn fingerprint(facts: &Facts) -> String {
    let mut sink = Fingerprint::default();
    // What the cover tells is how fresh the facts were, and what posted them says nothing of the sums.
    for report in Report::ALL {
        // A close without statements has the figures that it had before there were any.
        let is_absent = report == Report::Bank && facts.bank.is_none();
        if !is_absent && !matches!(report, Report::Cover | Report::Changes) {
            report.write(facts, &mut sink);
        }
    }
    sink.digest.hex()
}

#[derive(Default)]
struct Fingerprint {
    digest: Sha256,
    /// One row, before it is digested.
    line: String,
}

impl Sink for Fingerprint {
    fn begin(&mut self, head: &Head) {
        self.digest.update(format!("section {}\n", head.key).as_bytes());
    }

    fn row(&mut self, row: &Row) {
        let line = &mut self.line;
        line.clear();
        line.push_str(row.weight.word());
        for cell in &row.cells {
            let figure: &dyn Display = match cell {
                Cell::Empty | Cell::Text(_) => continue,
                Cell::Id(id) => id,
                Cell::Date(date) => date,
                Cell::Count(count) => count,
                Cell::Amount(amount) => amount,
            };
            write!(line, "\t{figure}").expect("writing to a string cannot fail");
        }
        line.push('\n');
        self.digest.update(line.as_bytes());
    }

    fn end(&mut self, count: usize) {
        self.digest.update(format!("end {count}\n").as_bytes());
    }
}
