//! The reports of a period in every format: each format takes the same sections, row by row.

mod csv;
mod folder;
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

pub use folder::{CLOSE, Folder, Written, folder, of_page};
pub use html::{Detail, html, page};
#[cfg(feature = "xlsx")]
pub use xlsx::{Properties, xlsx, xlsx_of};

/// Makes a report: hands its sections to a sink, and gives what it proves. The same every time.
pub type Make<'a> = dyn Fn(&mut dyn Sink) -> Vec<Proof> + 'a;

/// Writes a report of a period as CSV, every row of it.
pub fn csv(report: Report, make: &Make, to: &mut dyn io::Write) -> io::Result<Vec<Proof>> {
    csv_of(make, !report.is_export(), to)
}

/// Writes any report as CSV. Rows of one say which section they are of and what they are to it, unless
/// it is an export for other programs.
pub fn csv_of(make: &Make, is_report: bool, to: &mut dyn io::Write) -> io::Result<Vec<Proof>> {
    let columns = columns(make);
    let mut sink = csv::Csv::new(to, &columns, is_report);
    let proofs = make(&mut sink);
    sink.end_of_file()?;
    Ok(proofs)
}

/// Writes a report of a period as JSON, every row of it.
pub fn json(
    facts: &Facts,
    report: Report,
    make: &Make,
    to: &mut dyn io::Write,
) -> io::Result<Vec<Proof>> {
    json_of(make, &json::head(facts, report), to)
}

/// Any report as JSON; `head` is an object that says what it is.
pub fn json_of(
    make: &Make,
    head: &serde_json::Value,
    to: &mut dyn io::Write,
) -> io::Result<Vec<Proof>> {
    let mut sink = json::Json::new(to, head);
    let proofs = make(&mut sink);
    sink.end_of_file(&proofs)?;
    Ok(proofs)
}

/// A report of a period as text within `columns`: long lists are counted, and say so.
pub fn text(facts: &Facts, report: Report, make: &Make, columns: u16) -> (String, Vec<Proof>) {
    text_of(make, &table::head(facts, report), columns)
}

/// Any report as text below `head`.
pub fn text_of(make: &Make, head: &str, columns: u16) -> (String, Vec<Proof>) {
    let mut sink = table::Text::new(head, columns);
    let proofs = make(&mut sink);
    (sink.end_of_text(&proofs), proofs)
}

/// Every column of a report, each once, in the order of their first section.
fn columns(make: &Make) -> Vec<Column> {
    struct Columns(Vec<Column>);
    impl Sink for Columns {
        fn wants_items(&self) -> bool {
            false
        }
        fn begin(&mut self, head: &Head) {
            for column in &head.columns {
                if !self.0.iter().any(|known| known.key == column.key) {
                    self.0.push(*column);
                }
            }
        }
        fn row(&mut self, _: &Row) {}
        fn end(&mut self, _: usize) {}
    }
    let mut found = Columns(Vec::new());
    make(&mut found);
    found.0
}

/// A cell as a person reads it.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) | Cell::Id(text) => text.clone().into_owned(),
        Cell::Date(date) => date.to_string(),
        Cell::Count(count) if *count >= 0 => {
            crate::report::plan::number(usize::try_from(*count).unwrap_or_default())
        }
        Cell::Count(count) => count.to_string(),
        Cell::Amount(amount) => amount.to_string(),
    }
}
