//! The reports of a period in every format: each format takes the same sections, row by row.

mod csv;
mod html;
mod json;
mod svg;
mod table;
#[cfg(test)]
mod tests;
#[cfg(feature = "xlsx")]
mod xlsx;

use std::io;

use crate::reconcile::close::sheet::{Cell, Column, Head, Proof, Row, Sink};
use crate::reconcile::close::{Facts, Report};

pub use html::{Detail, html};
#[cfg(feature = "xlsx")]
pub use xlsx::xlsx;

/// Writes a report as CSV, every row of it.
pub fn csv(facts: &Facts, report: Report, to: &mut dyn io::Write) -> io::Result<Vec<Proof>> {
    let columns = columns(facts, report);
    let mut sink = csv::Csv::new(to, &columns, !report.is_export());
    let proofs = report.write(facts, &mut sink);
    sink.end_of_file()?;
    Ok(proofs)
}

/// Writes a report as JSON, every row of it.
pub fn json(facts: &Facts, report: Report, to: &mut dyn io::Write) -> io::Result<Vec<Proof>> {
    let mut sink = json::Json::new(to, facts, report);
    let proofs = report.write(facts, &mut sink);
    sink.end_of_file(&proofs)?;
    Ok(proofs)
}

/// A report as text within `columns`: long lists are counted, and say so.
pub fn text(facts: &Facts, report: Report, columns: u16) -> (String, Vec<Proof>) {
    let mut sink = table::Text::new(facts, report, columns);
    let proofs = report.write(facts, &mut sink);
    (sink.end_of_text(&proofs), proofs)
}

/// Every column of a report, each once, in the order of their first section.
fn columns(facts: &Facts, report: Report) -> Vec<Column> {
    struct Columns(Vec<Column>);
    impl Sink for Columns {
        fn begin(&mut self, head: &Head) {
            for column in &head.columns {
                if !self.0.iter().any(|known| known.key == column.key) {
                    self.0.push(*column);
                }
            }
        }
        fn row(&mut self, _: Row) {}
        fn end(&mut self, _: usize) {}
    }
    let mut found = Columns(Vec::new());
    report.write(facts, &mut found);
    found.0
}

/// A cell as a person reads it.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) | Cell::Id(text) => text.clone(),
        Cell::Date(date) => date.to_string(),
        Cell::Count(count) if *count >= 0 => {
            crate::report::plan::number(usize::try_from(*count).unwrap_or_default())
        }
        Cell::Count(count) => count.to_string(),
        Cell::Amount(amount) => amount.to_string(),
    }
}
