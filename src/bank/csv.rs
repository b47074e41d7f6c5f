//! CSV, which every bank writes in its own way: read by a mapping that says what its columns mean.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Wrong;
use super::amount::shown;
use super::date::DatePattern;
use super::statement::{Entry, Parsed};
use crate::money::{Amount, Currency};

/// What the columns of one account's files mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvMapping {
    /// The account that the file is of.
    pub account: String,
    pub currency: Currency,
    /// Lines above the one with the names of the columns.
    pub skip_lines: usize,
    pub separator: u8,
    pub date: String,
    pub date_format: DatePattern,
    pub value_date: Option<String>,
    pub amounts: Amounts,
    /// `.` or `,`.
    pub decimal: char,
    /// A column with the currency; a line in another one is refused.
    pub currency_column: Option<String>,
    /// A column with the account's number; a line of another one is refused.
    pub account_column: Option<String>,
    /// A column with the balance after each line, which proves the amounts.
    pub balance: Option<String>,
    /// A column with the bank's own id of each line.
    pub id: Option<String>,
    pub references: Vec<String>,
    pub text: Vec<String>,
}

/// How the file says what a line is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Amounts {
    /// One column with a sign; `reversed` where money that leaves is positive.
    Signed { column: String, reversed: bool },
    /// One column without a sign, and another that says which way.
    Directed { column: String, direction: Direction },
    /// A column for money that leaves and one for money that comes.
    Split { debit: String, credit: String },
}

/// A column that says which way the money goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Direction {
    pub column: String,
    pub debit: Vec<String>,
    pub credit: Vec<String>,
}

const FIX: &str = "look at this account's csv mapping in bank.accounts of the configuration";

/// One row by the names of its columns.
struct Row<'a> {
    line: usize,
    cells: BTreeMap<&'a str, &'a str>,
}

impl Row<'_> {
    fn cell(&self, column: &str) -> &str {
        self.cells.get(column).copied().unwrap_or_default()
    }

    fn wrong(&self, column: &str, why: impl std::fmt::Display) -> Wrong {
        Wrong::value(self.line, column, self.cell(column), why, FIX)
    }

    fn amount(&self, column: &str, mapping: &CsvMapping) -> Result<Amount, Wrong> {
        shown(self.cell(column), mapping.decimal, mapping.currency)
            .map_err(|error| self.wrong(column, error))
    }
}

impl CsvMapping {
    /// Every column that must be there.
    fn columns(&self) -> Vec<&str> {
        let mut columns = vec![self.date.as_str()];
        match &self.amounts {
            Amounts::Signed { column, .. } => columns.push(column),
            Amounts::Directed { column, direction } => {
                columns.extend([column, &direction.column].map(String::as_str));
            }
            Amounts::Split { debit, credit } => columns.extend([debit, credit].map(String::as_str)),
        }
        let others = [
            &self.value_date,
            &self.currency_column,
            &self.account_column,
            &self.balance,
            &self.id,
        ];
        columns.extend(others.into_iter().flatten().map(String::as_str));
        columns.extend(self.references.iter().chain(&self.text).map(String::as_str));
        columns
    }
}

/// The one statement of a file.
pub(super) fn parse(text: &str, mapping: &CsvMapping) -> Result<Parsed, Wrong> {
    let above: usize = text.split_inclusive('\n').take(mapping.skip_lines).map(str::len).sum();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(mapping.separator)
        .flexible(true)
        .from_reader(&text.as_bytes()[above..]);
    let header = reader.headers().map_err(|error| no_csv(mapping, &error))?.clone();
    let names: Vec<&str> = header.iter().map(str::trim).collect();
    for column in mapping.columns() {
        match names.iter().filter(|name| **name == column).count() {
            1 => {}
            0 => {
                let known = names.iter().take(20).copied().collect::<Vec<_>>().join("`, `");
                let cause = format!("there is no column `{column}`, but `{known}`");
                return Err(Wrong::at(mapping.skip_lines + 1, cause, FIX));
            }
            _ => {
                let cause = format!("there are several columns `{column}`");
                return Err(Wrong::at(mapping.skip_lines + 1, cause, FIX));
            }
        }
    }
    let mut parsed = Parsed::new(&mapping.account, mapping.currency);
    let mut balances: Vec<(usize, Amount)> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| no_csv(mapping, &error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let line = mapping.skip_lines + usize::try_from(line).unwrap_or_default();
        let cells: BTreeMap<&str, &str> =
            names.iter().copied().zip(record.iter().map(str::trim)).collect();
        if cells.values().all(|cell| cell.is_empty()) {
            continue;
        }
        let row = Row { line, cells };
        if let Some(column) = &mapping.balance {
            balances.push((line, row.amount(column, mapping)?));
        }
        parsed.entries.push(entry(&row, mapping)?);
    }
    if !balances.is_empty() {
        let (opening, closing) = running(&parsed.entries, &balances)?;
        (parsed.opening, parsed.closing) = (Some(opening), Some(closing));
    }
    Ok(parsed)
}

fn no_csv(mapping: &CsvMapping, error: &csv::Error) -> Wrong {
    let cause = format!("the file is no CSV: {error}");
    match error.position().and_then(|position| usize::try_from(position.line()).ok()) {
        Some(line) => Wrong::at(mapping.skip_lines + line, cause, FIX),
        None => Wrong::file(cause, FIX),
    }
}

fn entry(row: &Row, mapping: &CsvMapping) -> Result<Entry, Wrong> {
    let date = |column: &str| -> Result<NaiveDate, Wrong> {
        let why = || row.wrong(column, format!("it is no date as {}", mapping.date_format));
        mapping.date_format.read(row.cell(column)).ok_or_else(why)
    };
    if let Some(column) = &mapping.currency_column
        && !row.cell(column).eq_ignore_ascii_case(mapping.currency.code())
    {
        return Err(row.wrong(column, format!("the account is kept in {}", mapping.currency)));
    }
    if let Some(column) = &mapping.account_column {
        let own = super::statement::canonical(row.cell(column));
        if own != super::statement::canonical(&mapping.account) {
            return Err(row.wrong(column, format!("the mapping is of {}", mapping.account)));
        }
    }
    let value = match &mapping.value_date {
        Some(column) if !row.cell(column).is_empty() => Some(date(column)?),
        _ => None,
    };
    let cells = |columns: &[String]| -> Vec<String> {
        let filled = columns.iter().map(|column| row.cell(column)).filter(|cell| !cell.is_empty());
        filled.map(str::to_owned).collect()
    };
    let id = mapping.id.as_ref().map(|column| row.cell(column)).filter(|id| !id.is_empty());
    Ok(Entry {
        place: row.line,
        booked: date(&mapping.date)?,
        value,
        amount: amount(row, mapping)?,
        bank_id: id.map(str::to_owned),
        references: cells(&mapping.references),
        text: cells(&mapping.text).join(" "),
    })
}

fn amount(row: &Row, mapping: &CsvMapping) -> Result<Amount, Wrong> {
    match &mapping.amounts {
        Amounts::Signed { column, reversed } => {
            let amount = row.amount(column, mapping)?;
            Ok(if *reversed { -amount } else { amount })
        }
        Amounts::Directed { column, direction } => {
            let amount = row.amount(column, mapping)?.abs();
            let mark = row.cell(&direction.column);
            let is = |marks: &[String]| marks.iter().any(|own| own.eq_ignore_ascii_case(mark));
            match (is(&direction.debit), is(&direction.credit)) {
                (true, false) => Ok(-amount),
                (false, true) => Ok(amount),
                _ => Err(row.wrong(&direction.column, "it is neither a debit nor a credit")),
            }
        }
        Amounts::Split { debit, credit } => match (row.cell(debit), row.cell(credit)) {
            ("", "") => Err(row.wrong(debit, format!("neither it nor {credit} has an amount"))),
            // Some banks write what leaves with a sign, and some without.
            (_, "") => Ok(-row.amount(debit, mapping)?.abs()),
            ("", _) => row.amount(credit, mapping),
            _ => both(row, mapping, debit, credit),
        },
    }
}

/// Banks that fill the empty one of the two columns with a zero.
fn both(row: &Row, mapping: &CsvMapping, debit: &str, credit: &str) -> Result<Amount, Wrong> {
    let (out, into) = (row.amount(debit, mapping)?, row.amount(credit, mapping)?);
    match (out.is_zero(), into.is_zero()) {
        (_, true) => Ok(-out.abs()),
        (true, false) => Ok(into),
        (false, false) => Err(row.wrong(debit, format!("{credit} has an amount as well"))),
    }
}

/// Holds the balances after each line against the amounts, in whichever order the lines stand; gives
/// what the account opened and closed with.
fn running(entries: &[Entry], balances: &[(usize, Amount)]) -> Result<(Amount, Amount), Wrong> {
    let minor = |place: usize| i128::from(balances[place].1.minor());
    let change = |place: usize| i128::from(entries[place].amount.minor());
    // A later line leads on from the one above it, or to it.
    let is_down = |place: &usize| minor(*place) == minor(place - 1) + change(*place);
    let is_up = |place: &usize| minor(place - 1) == minor(*place) + change(place - 1);
    let breaks = |holds: &dyn Fn(&usize) -> bool| (1..entries.len()).find(|place| !holds(place));
    let (down, up) = (breaks(&is_down), breaks(&is_up));
    let last = entries.len() - 1;
    let (first, closing) = match (down, up) {
        (None, _) => (0, balances[last].1),
        (_, None) => (last, balances[0].1),
        (Some(down), Some(up)) => {
            let (line, balance) = balances[down.max(up)];
            let cause = format!("the balance {balance} does not follow from the line beside it");
            return Err(Wrong::at(line, cause, FIX));
        }
    };
    let opening = minor(first) - change(first);
    let opening = i64::try_from(opening).expect("two bounded amounts");
    Ok((Amount::new(opening, closing.currency()), closing))
}
