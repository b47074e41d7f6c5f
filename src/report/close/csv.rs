//! A report as one CSV: a row for each row, under the columns of all its sections. Amounts are in major
//! units with a point, dates as ISO 8601 has them.

use std::io;

use crate::reconcile::close::sheet::{Cell, Column, Head, Row, Sink, Weight};
use crate::report::spreadsheet::words;

pub(super) struct Csv<'a> {
    writer: csv::Writer<&'a mut dyn io::Write>,
    columns: Vec<Column>,
    /// Whether rows say which section they are of, and what they are to it: programs that import a
    /// file want items and nothing else.
    is_report: bool,
    section: Option<Head>,
    /// Where each cell of the section goes.
    places: Vec<usize>,
    failed: Option<csv::Error>,
}

impl<'a> Csv<'a> {
    pub(super) fn new(to: &'a mut dyn io::Write, columns: &[Column], is_report: bool) -> Self {
        let mut writer = csv::Writer::from_writer(to);
        let names = columns.iter().map(|column| column.key);
        let own: &[&str] = if is_report { &["section", "row", "currency_of_amounts"] } else { &[] };
        let failed = writer.write_record(own.iter().copied().chain(names)).err();
        let columns = columns.to_vec();
        Self { writer, columns, is_report, section: None, places: Vec::new(), failed }
    }

    pub(super) fn end_of_file(mut self) -> io::Result<()> {
        match self.failed.take() {
            Some(error) => Err(io::Error::other(error)),
            None => self.writer.flush(),
        }
    }
}

impl Sink for Csv<'_> {
    fn begin(&mut self, head: &Head) {
        let place = |column: &Column| self.columns.iter().position(|known| known.key == column.key);
        self.places = head.columns.iter().filter_map(place).collect();
        self.section = Some(head.clone());
    }

    fn row(&mut self, row: Row) {
        let Some(head) = &self.section else { return };
        if self.failed.is_some() || (!self.is_report && row.weight != Weight::Item) {
            return;
        }
        let mut cells = vec![String::new(); self.columns.len()];
        for (place, cell) in self.places.iter().zip(&row.cells) {
            cells[*place] = text(cell);
        }
        let currency = head.currency.map(|currency| currency.to_string()).unwrap_or_default();
        let own = [head.key.clone(), row.weight.word().to_owned(), currency];
        let own = own.into_iter().filter(|_| self.is_report);
        self.failed = self.writer.write_record(own.chain(cells)).err();
    }

    fn end(&mut self, _: usize) {
        self.section = None;
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) | Cell::Id(text) => words(text),
        Cell::Date(date) => date.to_string(),
        Cell::Count(count) => count.to_string(),
        Cell::Amount(amount) => amount.to_decimal(),
    }
}
