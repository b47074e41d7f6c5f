//! Reports as a workbook: a sheet for each section, numbers and dates that are ones, the header frozen.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io;
use std::sync::{Mutex, PoisonError};

use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{ExcelDateTime, Format, IntoExcelData, Workbook, Worksheet, XlsxError};

use super::Make;
use crate::calendar::UnixTime;
use crate::money::Currency;
use crate::reconcile::close::sheet::{Cell, Head, Kind, Row, Sink, Weight};
use crate::reconcile::close::{Facts, Report};
use crate::report::plan::number;

/// Rows of one report before the rest is counted: a spreadsheet slows long before it ends, and five long
/// reports are a workbook of 200,000 rows. One of more takes minutes to open.
const ROWS_MAX: usize = 40_000;
/// How hard the workbook is packed: half the time of the usual level, for a tenth more bytes.
const ZIP_LEVEL: u8 = 3;
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
    let book = Book::new()?;
    let sheets = reports.iter().map(|report| {
        let mut sheets = book.sheets();
        report.write(facts, &mut sheets);
        sheets.made()
    });
    let sheets = sheets.collect::<Result<Vec<_>, _>>()?;
    let mut bytes = Vec::new();
    book.end_of(facts, sheets, &mut bytes)?;
    Ok(bytes)
}

/// Any report as a workbook.
///
/// # Errors
/// Where the workbook cannot be put together.
pub fn xlsx_of(make: &Make, properties: &Properties) -> Result<Vec<u8>, XlsxError> {
    let book = Book::new()?;
    let mut sheets = book.sheets();
    make(&mut sheets);
    let sheets = sheets.made()?;
    let mut bytes = Vec::new();
    book.end(properties, vec![sheets], &mut bytes)?;
    Ok(bytes)
}

/// A workbook whose reports are made at the same time. Their rows wait in files of the system's folder
/// for them, not in memory.
pub(super) struct Book {
    workbook: Mutex<Workbook>,
    formats: Formats,
}

/// What takes one report for a workbook.
pub(super) struct Sheets<'a> {
    book: &'a Book,
    made: Vec<(String, Worksheet)>,
    sheet: Option<(Head, Worksheet)>,
    /// Where the next row of the sheet is.
    next: u32,
    /// Items of the report.
    written: usize,
    /// Items of the sheet that are not on it.
    skipped: usize,
    failed: Option<XlsxError>,
}

/// The sheets of one report, by the keys of their sections.
pub(super) struct Made(Vec<(String, Worksheet)>);

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

    /// What the items of a column have; `None` where that is nothing, or differs from item to item.
    fn of_column(&self, kind: Kind, currency: Option<Currency>) -> Option<&Format> {
        match kind {
            Kind::Text | Kind::Id => None,
            Kind::Date => Some(&self.date[0]),
            Kind::Count => Some(&self.count[0]),
            Kind::Amount => currency.map(|own| &self.amount[usize::from(own.exponent())][0]),
        }
    }

    fn of(&self, cell: &Cell, is_heavy: bool) -> &Format {
        let pair = match cell {
            Cell::Empty | Cell::Text(_) | Cell::Id(_) => &self.text,
            Cell::Date(_) => &self.date,
            Cell::Count(_) => &self.count,
            Cell::Amount(amount) => &self.amount[usize::from(amount.currency().exponent())],
        };
        &pair[usize::from(is_heavy)]
    }

    fn all(&self) -> impl Iterator<Item = &Format> {
        let Self { text, date, count, amount } = self;
        [text, date, count].into_iter().chain(amount).flatten()
    }
}

impl Book {
    pub(super) fn new() -> Result<Self, XlsxError> {
        let (mut workbook, formats) = (Workbook::new(), Formats::new());
        // Formats are numbered as they come: here, not when one of the reports is the first with it.
        let mut sheet = workbook.new_worksheet_with_constant_memory()?;
        for format in formats.all() {
            sheet.write_blank(0, 0, format)?;
        }
        Ok(Self { workbook: Mutex::new(workbook), formats })
    }

    /// What takes the next report.
    pub(super) fn sheets(&self) -> Sheets<'_> {
        Sheets {
            book: self,
            made: Vec::new(),
            sheet: None,
            next: 0,
            written: 0,
            skipped: 0,
            failed: None,
        }
    }

    fn sheet(&self) -> Result<Worksheet, XlsxError> {
        let mut workbook = self.workbook.lock().unwrap_or_else(PoisonError::into_inner);
        workbook.new_worksheet_with_constant_memory()
    }

    /// Writes the workbook of a period's reports.
    pub(super) fn end_of<W: io::Write + Send>(
        self,
        facts: &Facts,
        made: Vec<Made>,
        to: W,
    ) -> Result<(), XlsxError> {
        let properties = Properties {
            title: format!("Tie-out of {}", facts.period.name),
            author: &facts.made_by,
            made_at: facts.read_at,
        };
        self.end(&properties, made, to)
    }

    fn end<W: io::Write + Send>(
        self,
        properties: &Properties,
        made: Vec<Made>,
        to: W,
    ) -> Result<(), XlsxError> {
        let mut workbook = self.workbook.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut names = HashSet::new();
        for (key, mut sheet) in made.into_iter().flat_map(|Made(sheets)| sheets) {
            sheet.set_name(name(&mut names, &key))?;
            workbook.push_worksheet(sheet);
        }
        let made = properties.made_at.utc();
        let day = ExcelDateTime::from_timestamp(made.timestamp())?;
        let properties = rust_xlsxwriter::DocProperties::new()
            .set_title(&properties.title)
            .set_author(properties.author)
            .set_creation_datetime(&day);
        workbook.set_properties(&properties).set_zip_compression_level(ZIP_LEVEL);
        workbook.save_to_writer(to)
    }
}

/// Excel's names are short and unique, whatever their case.
fn name(names: &mut HashSet<String>, key: &str) -> String {
    let short: String = key.chars().take(NAME_MAX).collect();
    let mut name = short.clone();
    let mut place = 2;
    while !names.insert(name.to_lowercase()) {
        let end = format!("~{place}");
        let start: String = short.chars().take(NAME_MAX - end.len()).collect();
        name = start + &end;
        place += 1;
    }
    name
}

impl Sheets<'_> {
    /// The sheets, or why they are not whole.
    pub(super) fn made(self) -> Result<Made, XlsxError> {
        self.failed.map_or(Ok(Made(self.made)), Err)
    }

    fn keep<T>(&mut self, result: Result<T, XlsxError>) {
        if let Err(error) = result
            && self.failed.is_none()
        {
            self.failed = Some(error);
        }
    }
}

impl Sink for Sheets<'_> {
    fn begin(&mut self, head: &Head) {
        let mut sheet = match self.book.sheet() {
            Ok(sheet) => sheet,
            Err(error) => return self.keep(Err::<(), _>(error)),
        };
        let [_, bold] = &self.book.formats.text;
        let mut result = sheet.write_with_format(0, 0, &head.title, bold).map(|_| ());
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
            if let Some(format) = self.book.formats.of_column(column.kind, head.currency) {
                result = result.and(sheet.set_column_format(place, format).map(|_| ()));
            }
        }
        result = result.and(sheet.set_freeze_panes(2, 0).map(|_| ()));
        self.keep(result);
        self.sheet = Some((head.clone(), sheet));
        (self.next, self.skipped) = (2, 0);
    }

    fn row(&mut self, row: &Row) {
        let Some((head, mut sheet)) = self.sheet.take() else { return };
        if row.weight == Weight::Item && self.written >= ROWS_MAX {
            self.skipped += 1;
        } else {
            let is_heavy = !matches!(row.weight, Weight::Item | Weight::Term);
            for (place, cell) in (0_u16..).zip(&row.cells) {
                // Looking up a format for each cell would be most of what a cell costs.
                let has_own = is_heavy || !is_of(cell, head.currency);
                let format = has_own.then(|| self.book.formats.of(cell, is_heavy));
                let result = write(&mut sheet, (self.next, place), cell, format);
                self.keep(result);
            }
            self.next += 1;
            self.written += usize::from(row.weight == Weight::Item);
        }
        self.sheet = Some((head, sheet));
    }

    fn end(&mut self, _: usize) {
        let Some((head, mut sheet)) = self.sheet.take() else { return };
        let mut lines: Vec<String> = head.note.iter().cloned().collect();
        if self.skipped > 0 {
            let rest = number(self.skipped);
            lines.push(format!("{rest} more rows are in the CSV; the totals have them."));
        }
        for text in lines {
            let result = sheet.write_string(self.next, 0, text).map(|_| ());
            self.keep(result);
            self.next += 1;
        }
        self.made.push((head.key, sheet));
    }
}

/// Whether the format of its column is that of the cell, in a section of amounts in `currency`.
fn is_of(cell: &Cell, currency: Option<Currency>) -> bool {
    match cell {
        Cell::Amount(amount) => currency == Some(amount.currency()),
        Cell::Empty | Cell::Text(_) | Cell::Id(_) | Cell::Date(_) | Cell::Count(_) => true,
    }
}

/// Writes a cell, with a format of its own where it has one.
fn write(
    sheet: &mut Worksheet,
    at: (u32, u16),
    cell: &Cell,
    format: Option<&Format>,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => Ok(()),
        // A string is never taken for a formula.
        Cell::Text(text) | Cell::Id(text) => put(sheet, at, fitting(text), format),
        Cell::Date(date) => put(sheet, at, day_of(*date)?, format),
        Cell::Count(count) => put(sheet, at, number_of(&count.to_string()), format),
        Cell::Amount(amount) => put(sheet, at, number_of(&amount.to_decimal()), format),
    }
}

fn put(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    value: impl IntoExcelData,
    format: Option<&Format>,
) -> Result<(), XlsxError> {
    let written = match format {
        Some(format) => sheet.write_with_format(row, column, value, format),
        None => sheet.write(row, column, value),
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
        let book = Book::new().unwrap();
        let mut sheets = book.sheets();
        sheets.written = ROWS_MAX - 1;
        sheets.begin(&Head::new("items", "Items", &[Column::id("item", "Item")]));
        for id in ["txn_1", "txn_2", "txn_3"] {
            sheets.row(&Row { weight: Weight::Item, cells: vec![Cell::id(id)], link: None });
        }
        let total = Row { weight: Weight::Total, cells: vec![Cell::text("Total")], link: None };
        sheets.row(&total);
        // The total and the sentence come below what fitted.
        assert_eq!((sheets.written, sheets.skipped, sheets.next), (ROWS_MAX, 2, 4));
        sheets.end(3);
        assert_eq!(sheets.next, 5);
    }
}
