//! Locked months, and what came for one afterwards.

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::Serialize;

use crate::calendar::{Month, UnixTime};
use crate::ids::ExternalId;
use crate::money::Amount;
use crate::netsuite::record::RecordKind;
use crate::report::lines::wrapped;
use crate::report::plan::counted;
use crate::report::pretty;
use crate::report::spreadsheet;
use crate::report::table::{Align, render};

/// The version of the JSON's shape.
const SCHEMA_VERSION: u32 = 1;

/// A month that is locked.
#[derive(Debug, Clone, Serialize)]
pub struct Locked {
    pub month: Month,
    #[serde(serialize_with = "as_text")]
    pub locked: UnixTime,
    pub by: Option<String>,
}

/// What became of a record that belongs to the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// Posted in a later period.
    Adjusted,
    /// Not posted; the next plan places it in a later period, or says why it waits.
    ToCome,
    /// Posted in the month, and different now: it stays as it was posted.
    Left,
}

impl Became {
    const fn title(self) -> &'static str {
        match self {
            Self::Adjusted => "Adjusted in a later period",
            Self::ToCome => "Not posted yet",
            Self::Left => "Posted, and different now: left as it was posted",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Adjusted => "adjusted",
            Self::ToCome => "to come",
            Self::Left => "left",
        }
    }
}

/// One record that belongs to the month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Late {
    pub became: Became,
    /// The day it belongs to.
    pub belongs_to: NaiveDate,
    /// The day it was posted on.
    pub posted_on: Option<NaiveDate>,
    pub period: Option<String>,
    #[serde(serialize_with = "title")]
    pub kind: RecordKind,
    pub record: ExternalId,
    pub amount: Option<Amount>,
    /// The Stripe objects behind it: its case.
    pub sources: Vec<String>,
    /// What is different, where something was left.
    pub different: Vec<String>,
}

/// Something that was done to the month.
#[derive(Debug, Clone, Serialize)]
pub struct Act {
    #[serde(serialize_with = "as_text")]
    pub at: UnixTime,
    pub what: String,
    pub by: Option<String>,
    pub reason: Option<String>,
}

/// A month, as of now.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    pub schema_version: u32,
    pub month: Month,
    pub locked: bool,
    pub acts: Vec<Act>,
    /// In order of what became of them, then of days.
    pub late: Vec<Late>,
}

impl Shown {
    pub fn new(month: Month, locked: bool, acts: Vec<Act>, mut late: Vec<Late>) -> Self {
        late.sort();
        Self { schema_version: SCHEMA_VERSION, month, locked, acts, late }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn as_text<S: serde::Serializer>(at: &UnixTime, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(at)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn title<S: serde::Serializer>(kind: &RecordKind, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(kind.title())
}

/// The locked months for people.
pub fn list_text(locked: &[Locked], zone: Tz, columns: u16) -> String {
    if locked.is_empty() {
        return "No month is locked.\n".into();
    }
    let rows: Vec<Vec<String>> = locked
        .iter()
        .map(|one| {
            let by = one.by.clone().unwrap_or_default();
            vec![one.month.to_string(), one.locked.date_in(zone).to_string(), by]
        })
        .collect();
    let header = [("Month", Align::Whole), ("Locked", Align::Whole), ("By", Align::Left)];
    render(&header, &rows, columns)
}

/// The locked months for programs.
pub fn list_json(locked: &[Locked]) -> String {
    #[derive(Serialize)]
    struct List<'a> {
        schema_version: u32,
        locked: &'a [Locked],
    }
    pretty(&List { schema_version: SCHEMA_VERSION, locked })
}

/// The locked months for a spreadsheet.
///
/// # Errors
/// None that the rows here can cause.
pub fn list_csv(locked: &[Locked], zone: Tz) -> Result<String, csv::Error> {
    let rows: Vec<Vec<String>> = locked
        .iter()
        .map(|one| {
            let by = spreadsheet::words(one.by.as_deref().unwrap_or_default());
            vec![one.month.to_string(), one.locked.date_in(zone).to_string(), by]
        })
        .collect();
    spreadsheet::csv(&["month", "locked", "by"], &rows)
}

/// A month for people.
pub fn text(shown: &Shown, zone: Tz, columns: u16) -> String {
    let state = if shown.locked { "locked" } else { "not locked" };
    let mut text = format!("{} is {state}.\n", shown.month);
    for act in &shown.acts {
        let by = act.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let why = act.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let said = format!("{} {}{by}{why}", act.at.date_in(zone), act.what);
        text.push_str(&wrapped(&said, 2, columns));
    }
    if shown.late.is_empty() {
        text.push_str("Nothing came for it afterwards.\n");
    }
    for group in shown.late.chunk_by(|one, other| one.became == other.became) {
        let (title, count) = (group[0].became.title(), counted(group.len(), "record"));
        text.push_str(&format!("\n{title}: {count}\n"));
        let rows: Vec<Vec<String>> = group.iter().map(row_of).collect();
        let header = [
            ("Belongs to", Align::Whole),
            ("Posted on", Align::Whole),
            ("Record", Align::Left),
            ("Amount", Align::Right),
        ];
        text.push_str(&render(&header, &rows, columns));
    }
    text
}

fn row_of(late: &Late) -> Vec<String> {
    let posted = late.posted_on.map(|date| date.to_string()).unwrap_or_default();
    let mut record = format!("{} {}", late.kind.title(), late.record);
    if !late.different.is_empty() {
        record = format!("{record}: {}", late.different.join("; "));
    }
    vec![
        late.belongs_to.to_string(),
        posted,
        record,
        late.amount.map(|amount| amount.to_string()).unwrap_or_default(),
    ]
}

/// A month for programs.
pub fn json(shown: &Shown) -> String {
    pretty(shown)
}

/// What came for a month, for a spreadsheet.
///
/// # Errors
/// None that the rows here can cause.
pub fn csv(shown: &Shown) -> Result<String, csv::Error> {
    let rows: Vec<Vec<String>> = shown
        .late
        .iter()
        .map(|late| {
            vec![
                late.became.word().into(),
                late.belongs_to.to_string(),
                late.posted_on.map(|date| date.to_string()).unwrap_or_default(),
                spreadsheet::words(late.period.as_deref().unwrap_or_default()),
                late.kind.title().into(),
                late.record.to_string(),
                late.amount.map(Amount::to_decimal).unwrap_or_default(),
                late.amount.map(|amount| amount.currency().code().to_owned()).unwrap_or_default(),
                late.sources.join(" "),
                spreadsheet::words(&late.different.join("; ")),
            ]
        })
        .collect();
    let header = [
        "became",
        "belongs_to",
        "posted_on",
        "period",
        "kind",
        "record",
        "amount",
        "currency",
        "sources",
        "different",
    ];
    spreadsheet::csv(&header, &rows)
}
