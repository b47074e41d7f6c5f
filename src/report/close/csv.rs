//! A report as one CSV: a row for each row, under the columns of all its sections. Amounts are in major
//! units with a point, dates as ISO 8601 has them.

use std::io;

use crate::calendar::push_date;
use crate::reconcile::close::sheet::{Cell, Column, Head, Row, Sink, Weight};
use crate::report::spreadsheet::harmless;

/// Bytes that are handed on at once.
const BUFFER: usize = 64 * 1024;

pub(super) struct Csv<'a> {
    writer: csv::Writer<&'a mut dyn io::Write>,
    columns: Vec<Column>,
    /// Whether rows say which section they are of, and what they are to it: programs that import a
    /// file want items and nothing else.
    is_report: bool,
    /// The section's key and the currency of its amounts.
    section: [String; 2],
    /// Which of the section's cells is under each column.
    places: Vec<Option<usize>>,
    /// One cell, before it is handed on.
    cell: String,
    failed: Option<csv::Error>,
}

impl<'a> Csv<'a> {
    pub(super) fn new(to: &'a mut dyn io::Write, columns: &[Column], is_report: bool) -> Self {
        let mut writer = csv::WriterBuilder::new().buffer_capacity(BUFFER).from_writer(to);
        let names = columns.iter().map(|column| column.key);
        let own: &[&str] = if is_report { &["section", "row", "currency_of_amounts"] } else { &[] };
        let failed = writer.write_record(own.iter().copied().chain(names)).err();
        let columns = columns.to_vec();
        Self {
            writer,
            columns,
            is_report,
            section: <[String; 2]>::default(),
            places: Vec::new(),
            cell: String::new(),
            failed,
        }
    }

    fn write(&mut self, row: &Row) -> csv::Result<()> {
        if self.is_report {
            let [section, currency] = &self.section;
            for own in [section, row.weight.word(), currency] {
                self.writer.write_field(own)?;
            }
        }
        for place in &self.places {
            let cell = place.map_or(&Cell::Empty, |place| &row.cells[place]);
            match cell {
                Cell::Empty => self.writer.write_field([])?,
                Cell::Text(text) | Cell::Id(text) => {
                    self.writer.write_field(harmless(text).as_bytes())?;
                }
                Cell::Count(count) => {
                    self.writer.write_field(itoa::Buffer::new().format(*count))?;
                }
                Cell::Date(date) => {
                    self.cell.clear();
                    push_date(&mut self.cell, *date);
                    self.writer.write_field(&self.cell)?;
                }
                Cell::Amount(amount) => {
                    self.cell.clear();
                    amount.push_decimal(&mut self.cell);
                    self.writer.write_field(&self.cell)?;
                }
            }
        }
        self.writer.write_record(None::<&[u8]>)
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
        let place = |column: &Column| head.columns.iter().position(|own| own.key == column.key);
        self.places = self.columns.iter().map(place).collect();
        let currency = head.currency.map(|currency| currency.to_string()).unwrap_or_default();
        self.section = [head.key.clone(), currency];
    }

    fn row(&mut self, row: &Row) {
        if self.failed.is_some() || (!self.is_report && row.weight != Weight::Item) {
            return;
        }
        self.failed = self.write(row).err();
    }

    fn end(&mut self, _: usize) {}
}
