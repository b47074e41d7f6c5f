//! What was imported of bank statements, and what is kept of them.

use chrono::NaiveDate;
use serde::Serialize;

use crate::bank::Format;
use crate::money::{Amount, Currency};
use crate::report::plan::counted;
use crate::report::pretty;
use crate::report::spreadsheet;
use crate::report::table::{Align, render};

/// The version of the JSON's shape.
const SCHEMA_VERSION: u32 = 1;

/// A statement, as it was read or as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    pub statement: i64,
    pub file: String,
    pub format: Format,
    /// As the configuration calls it, or else as the statement does.
    pub account: String,
    pub currency: Currency,
    pub number: Option<String>,
    pub first_day: NaiveDate,
    pub last_day: NaiveDate,
    pub opening: Option<Amount>,
    pub closing: Option<Amount>,
    pub lines: usize,
    /// Lines that were not known before; absent where statements are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_lines: Option<usize>,
    /// What does not fit the statement of the same account before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<String>,
}

/// A line, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownLine {
    pub id: String,
    pub account: String,
    pub booked: NaiveDate,
    pub value: Option<NaiveDate>,
    pub amount: Amount,
    pub references: Vec<String>,
    pub text: String,
}

/// What an import did, for people.
pub fn imported_text(imported: &[Shown], columns: u16) -> String {
    let rows: Vec<Vec<String>> = imported
        .iter()
        .map(|one| {
            let new = one.new_lines.unwrap_or_default();
            vec![
                one.statement.to_string(),
                format!("{} ({})", one.file, one.format.title()),
                one.account.clone(),
                one.first_day.to_string(),
                one.last_day.to_string(),
                one.lines.to_string(),
                new.to_string(),
            ]
        })
        .collect();
    let header = [
        ("No.", Align::Right),
        ("File", Align::Left),
        ("Account", Align::Left),
        ("From", Align::Whole),
        ("To", Align::Whole),
        ("Lines", Align::Right),
        ("New", Align::Right),
    ];
    let new: usize = imported.iter().filter_map(|one| one.new_lines).sum();
    let sum =
        format!("{} of {} added.\n", counted(new, "line"), counted(imported.len(), "statement"));
    render(&header, &rows, columns) + &sum
}

/// What an import did, for programs.
pub fn imported_json(imported: &[Shown]) -> String {
    #[derive(Serialize)]
    struct List<'a> {
        schema_version: u32,
        imported: &'a [Shown],
    }
    pretty(&List { schema_version: SCHEMA_VERSION, imported })
}

/// The statements for people.
pub fn statements_text(statements: &[Shown], columns: u16) -> String {
    if statements.is_empty() {
        return "No bank statement was imported.\n".into();
    }
    let rows: Vec<Vec<String>> = statements
        .iter()
        .map(|one| {
            let amount = |amount: Option<Amount>| {
                amount.map_or_else(|| "not said".into(), |amount| amount.to_string())
            };
            vec![
                one.statement.to_string(),
                one.account.clone(),
                one.first_day.to_string(),
                one.last_day.to_string(),
                amount(one.opening),
                amount(one.closing),
                one.lines.to_string(),
                one.gap.clone().unwrap_or_else(|| one.file.clone()),
            ]
        })
        .collect();
    let header = [
        ("No.", Align::Right),
        ("Account", Align::Left),
        ("From", Align::Whole),
        ("To", Align::Whole),
        ("Opening", Align::Right),
        ("Closing", Align::Right),
        ("Lines", Align::Right),
        ("File", Align::Left),
    ];
    render(&header, &rows, columns)
}

/// The statements for programs.
pub fn statements_json(statements: &[Shown]) -> String {
    #[derive(Serialize)]
    struct List<'a> {
        schema_version: u32,
        statements: &'a [Shown],
    }
    pretty(&List { schema_version: SCHEMA_VERSION, statements })
}

/// The statements for a spreadsheet.
///
/// # Errors
/// None that the rows here can cause.
pub fn statements_csv(statements: &[Shown]) -> Result<String, csv::Error> {
    let amount = |amount: Option<Amount>| amount.map(Amount::to_decimal).unwrap_or_default();
    let rows: Vec<Vec<String>> = statements
        .iter()
        .map(|one| {
            vec![
                one.statement.to_string(),
                spreadsheet::words(&one.file),
                one.format.word().into(),
                spreadsheet::words(&one.account),
                one.currency.code().into(),
                spreadsheet::words(one.number.as_deref().unwrap_or_default()),
                one.first_day.to_string(),
                one.last_day.to_string(),
                amount(one.opening),
                amount(one.closing),
                one.lines.to_string(),
                spreadsheet::words(one.gap.as_deref().unwrap_or_default()),
            ]
        })
        .collect();
    let header = [
        "statement",
        "file",
        "format",
        "account",
        "currency",
        "number",
        "first_day",
        "last_day",
        "opening",
        "closing",
        "lines",
        "gap",
    ];
    spreadsheet::csv(&header, &rows)
}

/// The lines for people.
pub fn lines_text(lines: &[ShownLine], columns: u16) -> String {
    if lines.is_empty() {
        return "No line of a bank statement was booked then.\n".into();
    }
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let words = [line.references.join(" "), line.text.clone()].join(" ");
            vec![
                line.booked.to_string(),
                line.id.clone(),
                line.account.clone(),
                line.amount.to_string(),
                words.trim().to_owned(),
            ]
        })
        .collect();
    let header = [
        ("Booked", Align::Whole),
        ("Line", Align::Whole),
        ("Account", Align::Left),
        ("Amount", Align::Right),
        ("Text", Align::Left),
    ];
    render(&header, &rows, columns)
}

/// The lines for programs.
pub fn lines_json(lines: &[ShownLine]) -> String {
    #[derive(Serialize)]
    struct List<'a> {
        schema_version: u32,
        lines: &'a [ShownLine],
    }
    pretty(&List { schema_version: SCHEMA_VERSION, lines })
}

/// The lines for a spreadsheet.
///
/// # Errors
/// None that the rows here can cause.
pub fn lines_csv(lines: &[ShownLine]) -> Result<String, csv::Error> {
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            vec![
                line.id.clone(),
                spreadsheet::words(&line.account),
                line.booked.to_string(),
                line.value.map(|day| day.to_string()).unwrap_or_default(),
                line.amount.to_decimal(),
                line.amount.currency().code().into(),
                spreadsheet::words(&line.references.join(" ")),
                spreadsheet::words(&line.text),
            ]
        })
        .collect();
    let header =
        ["line", "account", "booked", "value_date", "amount", "currency", "references", "text"];
    spreadsheet::csv(&header, &rows)
}
