//! Reports as a workbook: a sheet for each section, numbers and dates that are ones, the header frozen.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io;

use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::Make;
use crate::calendar::UnixTime;
use crate::reconcile::close::sheet::{Cell, Head, Kind, Row, Sink, Weight};
use crate::reconcile::close::{Facts, Report};
use crate::report::plan::number;

/// Rows on a sheet before the rest is counted: a spreadsheet ends at 1,048,576, and slows long before.
const ROWS_MAX: usize = 50_000;
/// Rows of all sheets: a workbook of more takes minutes to open.
const BOOK_ROWS_MAX: usize = 200_000;
/// Characters of a sheet's name, by Excel's own rule.
const NAME_MAX: usize = 31;
/// Characters of a cell, by Excel's own rule.
const CELL_CHARS_MAX: usize = 32_767;

/// What a workbook says of itself.
pub struct Properties<'a> {
    pub title: String,
    pub author: &'a str,
    /// Nothing of now gets into the file.
    pub made_at: UnixTime,
}

/// The workbook's bytes.
///
/// # Errors
/// Where the workbook cannot be put together.
pub fn xlsx(facts: &Facts, reports: &[Report]) -> Result<Vec<u8>, XlsxError> {
    let mut sink = Xlsx::new();
    for report in reports {
        report.write(facts, &mut sink);
    }
    let mut bytes = Vec::new();
    sink.end_of(facts, &mut bytes)?;
    Ok(bytes)
}

/// Any report as a workbook.
///
/// # Errors
/// Where the workbook cannot be put together.
pub fn xlsx_of(make: &Make, properties: &Properties) -> Result<Vec<u8>, XlsxError> {
    let mut sink = Xlsx::new();
    make(&mut sink);
    let mut bytes = Vec::new();
    sink.end(properties, &mut bytes)?;
    Ok(bytes)
}

/// What takes reports for a workbook. Rows wait in files of the system's folder for them, not in memory.
pub(super) struct Xlsx {
    workbook: Workbook,
    names: HashSet<String>,
    sheet: Option<(Head, Worksheet)>,
    next: u32,
    written: usize,
    written_before: usize,
    skipped: usize,
    failed: Option<XlsxError>,
    formats: Formats,
}

/// As an item has it, and as a figure that others lead to.
type Pair = [Format; 2];

struct Formats {
    text: Pair,
    date: Pair,
    count: Pair,
    /// By the decimals of the currency.
    amount: [Pair; 4],
}

impl Formats {
    fn new() -> Self {
        let pair = |format: Format| [format.clone(), format.set_bold()];
        let number = |format: &str| pair(Format::new().set_num_format(format));
        Self {
            text: pair(Format::new()),
            date: number("yyyy-mm-dd"),
            count: number("#,##0"),
            amount: ["#,##0", "#,##0.0", "#,##0.00", "#,##0.000"].map(number),
        }
    }
}

impl Xlsx {
    pub(super) fn new() -> Self {
        Self {
            workbook: Workbook::new(),
            names: HashSet::new(),
            sheet: None,
            next: 0,
            written: 0,
            written_before: 0,
            skipped: 0,
            failed: None,
            formats: Formats::new(),
        }
    }

    /// Writes the workbook of a period's reports.
    pub(super) fn end_of<W: io::Write + Send>(self, facts: &Facts, to: W) -> Result<(), XlsxError> {
        let properties = Properties {
            title: format!("Tie-out of {}", facts.period.name),
            author: &facts.made_by,
            made_at: facts.read_at,
        };
        self.end(&properties, to)
    }

    fn end<W: io::Write + Send>(mut self, properties: &Properties, to: W) -> Result<(), XlsxError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let made = properties.made_at.utc();
        let day = ExcelDateTime::from_timestamp(made.timestamp())?;
        let properties = rust_xlsxwriter::DocProperties::new()
            .set_title(&properties.title)
            .set_author(properties.author)
            .set_creation_datetime(&day);
        self.workbook.set_properties(&properties);
        self.workbook.save_to_writer(to)
    }

    fn keep<T>(&mut self, result: Result<T, XlsxError>) {
        if let Err(error) = result
            && self.failed.is_none()
        {
            self.failed = Some(error);
        }
    }

    /// Excel's names are short and unique, whatever their case.
    fn name(&mut self, key: &str) -> String {
        let short: String = key.chars().take(NAME_MAX).collect();
        let mut name = short.clone();
        let mut place = 2;
        while !self.names.insert(name.to_lowercase()) {
            let end = format!("~{place}");
            let start: String = short.chars().take(NAME_MAX - end.len()).collect();
            name = start + &end;
            place += 1;
        }
        name
    }
}

impl Sink for Xlsx {
    fn begin(&mut self, head: &Head) {
        let name = self.name(&head.key);
        let mut sheet = match self.workbook.new_worksheet_with_constant_memory() {
            Ok(sheet) => sheet,
            Err(error) => return self.keep(Err::<(), _>(error)),
        };
        let [_, bold] = &self.formats.text;
        let mut result = sheet.set_name(name).map(|_| ());
        result = result.and(sheet.write_with_format(0, 0, &head.title, bold).map(|_| ()));
        for (place, column) in (0_u16..).zip(&head.columns) {
            let width = match column.kind {
                Kind::Text => 28.0,
                Kind::Id => 30.0,
                Kind::Date => 12.0,
                Kind::Count => 10.0,
                Kind::Amount => 16.0,
            };
            result = result
                .and(sheet.write_with_format(1, place, column.title, bold).map(|_| ()))
                .and(sheet.set_column_width(place, width).map(|_| ()));
        }
        result = result.and(sheet.set_freeze_panes(2, 0).map(|_| ()));
        self.keep(result);
        self.sheet = Some((head.clone(), sheet));
        (self.next, self.written, self.skipped) = (2, 0, 0);
    }

    fn row(&mut self, row: &Row) {
        let Some((head, mut sheet)) = self.sheet.take() else { return };
        let is_full =
            self.written >= ROWS_MAX || self.written_before + self.written >= BOOK_ROWS_MAX;
        if row.weight == Weight::Item && is_full {
            self.skipped += 1;
        } else {
            let is_heavy = !matches!(row.weight, Weight::Item | Weight::Term);
            for (place, cell) in (0_u16..).zip(&row.cells) {
                let result = write(&mut sheet, (self.next, place), cell, &self.formats, is_heavy);
                self.keep(result);
            }
            self.next += 1;
            self.written += usize::from(row.weight == Weight::Item);
        }
        self.sheet = Some((head, sheet));
    }

    fn end(&mut self, _: usize) {
        let Some((head, mut sheet)) = self.sheet.take() else { return };
        let mut lines: Vec<String> = head.note.into_iter().collect();
        if self.skipped > 0 {
            let rest = number(self.skipped);
            lines.push(format!("{rest} more rows are in the CSV; the totals have them."));
        }
        for text in lines {
            let result = sheet.write_string(self.next, 0, text).map(|_| ());
            self.keep(result);
            self.next += 1;
        }
        self.written_before += self.written;
        self.workbook.push_worksheet(sheet);
    }
}

fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    formats: &Formats,
    is_heavy: bool,
) -> Result<(), XlsxError> {
    let written = match cell {
        Cell::Empty => return Ok(()),
        // A string is never taken for a formula.
        Cell::Text(text) | Cell::Id(text) => {
            let format = &formats.text[usize::from(is_heavy)];
            sheet.write_string_with_format(row, column, fitting(text), format)
        }
        Cell::Date(date) => {
            let format = &formats.date[usize::from(is_heavy)];
            sheet.write_datetime_with_format(row, column, day_of(*date)?, format)
        }
        Cell::Count(count) => {
            let format = &formats.count[usize::from(is_heavy)];
            sheet.write_number_with_format(row, column, number_of(&count.to_string()), format)
        }
        Cell::Amount(amount) => {
            let decimals = usize::from(amount.currency().exponent());
            let format = &formats.amount[decimals][usize::from(is_heavy)];
            sheet.write_number_with_format(row, column, number_of(&amount.to_decimal()), format)
        }
    };
    written.map(|_| ())
}

/// A year that Excel does not know is an error of the writer.
fn day_of(date: NaiveDate) -> Result<ExcelDateTime, XlsxError> {
    let year = u16::try_from(date.year()).unwrap_or_default();
    let small = |number: u32| u8::try_from(number).expect("months and days are below 256");
    ExcelDateTime::from_ymd(year, small(date.month()), small(date.day()))
}

/// A text as a cell takes it: the CSV has all of a longer one.
fn fitting(text: &str) -> Cow<'_, str> {
    if text.chars().nth(CELL_CHARS_MAX).is_none() {
        return text.into();
    }
    text.chars().take(CELL_CHARS_MAX - 1).chain(['…']).collect::<String>().into()
}

/// A spreadsheet's numbers are floats: this is where exact digits become one, for showing only.
fn number_of(digits: &str) -> f64 {
    digits.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::close::sheet::Column;

    /// A workbook of a large month would take minutes to open; a row that is missing without a word
    /// would be a silent gap.
    #[test]
    fn a_workbook_ends_and_says_where_the_rest_is() {
        let mut book = Xlsx::new();
        book.written_before = BOOK_ROWS_MAX - 1;
        book.begin(&Head::new("items", "Items", &[Column::id("item", "Item")]));
        for id in ["txn_1", "txn_2", "txn_3"] {
            book.row(&Row { weight: Weight::Item, cells: vec![Cell::id(id)], link: None });
        }
        let total = Row { weight: Weight::Total, cells: vec![Cell::text("Total")], link: None };
        book.row(&total);
        // The total and the sentence come below what fitted.
        assert_eq!((book.written, book.skipped, book.next), (1, 2, 4));
        Sink::end(&mut book, 3);
        assert_eq!(book.next, 5);
    }
}
