//! Locked months, and what came for one afterwards.

use chrono::NaiveDate;
use serde::Serialize;

use crate::calendar::{Month, UnixTime, Zone};
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

/// A month that is locked or signed.
#[derive(Debug, Clone, Serialize)]
pub struct Standing {
    pub month: Month,
    pub locked: Option<Locked>,
    /// The last in each role.
    pub signed: Vec<Signed>,
}

impl Standing {
    /// Of a month that nobody has touched yet.
    pub const fn of(month: Month) -> Self {
        Self { month, locked: None, signed: Vec::new() }
    }

    /// `Ada, 2026-11-02` of a role; nothing where nobody signed.
    fn signature(&self, role: &str, zone: Zone) -> String {
        let own = self.signed.iter().find(|own| own.role == role);
        own.map_or_else(String::new, |own| own.in_words(zone))
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct Locked {
    #[serde(serialize_with = "as_text")]
    pub at: UnixTime,
    pub by: Option<String>,
}

/// A name under the figures of a month.
#[derive(Debug, Clone, Serialize)]
pub struct Signed {
    pub role: &'static str,
    pub by: String,
    #[serde(serialize_with = "as_text")]
    pub at: UnixTime,
    pub reading: i64,
    pub figures: String,
    /// Since a close found other figures.
    #[serde(serialize_with = "as_text_or_null")]
    pub void_since: Option<UnixTime>,
}

impl Signed {
    fn in_words(&self, zone: Zone) -> String {
        let since = self.void_since.map(|at| format!(", void since {}", at.date_in(zone)));
        format!("{}, {}{}", self.by, self.at.date_in(zone), since.unwrap_or_default())
    }
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
    /// The last in each role.
    pub signed: Vec<Signed>,
    /// In order of time.
    pub acts: Vec<Act>,
    /// In order of what became of them, then of days.
    pub late: Vec<Late>,
}

impl Shown {
    pub fn new(
        month: Month,
        locked: bool,
        signed: Vec<Signed>,
        mut acts: Vec<Act>,
        mut late: Vec<Late>,
    ) -> Self {
        acts.sort_by_key(|act| act.at);
        late.sort();
        Self { schema_version: SCHEMA_VERSION, month, locked, signed, acts, late }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn as_text<S: serde::Serializer>(at: &UnixTime, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(at)
}

#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn as_text_or_null<S: serde::Serializer>(at: &Option<UnixTime>, to: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => to.collect_str(at),
        None => to.serialize_none(),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn title<S: serde::Serializer>(kind: &RecordKind, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(kind.title())
}

/// The months for people.
pub fn list_text(months: &[Standing], zone: Zone, columns: u16) -> String {
    if months.is_empty() {
        return "No month is locked or signed.\n".into();
    }
    let rows: Vec<Vec<String>> = months.iter().map(|one| row_of_month(one, zone)).collect();
    let header = [
        ("Month", Align::Whole),
        ("Locked", Align::Whole),
        ("By", Align::Left),
        ("Prepared", Align::Left),
        ("Reviewed", Align::Left),
    ];
    render(&header, &rows, columns)
}

fn row_of_month(one: &Standing, zone: Zone) -> Vec<String> {
    let (locked, by) = match &one.locked {
        Some(locked) => (locked.at.date_in(zone).to_string(), locked.by.clone()),
        None => (String::new(), None),
    };
    vec![
        one.month.to_string(),
        locked,
        by.unwrap_or_default(),
        one.signature("preparer", zone),
        one.signature("reviewer", zone),
    ]
}

/// The months for programs.
pub fn list_json(months: &[Standing]) -> String {
    #[derive(Serialize)]
    struct List<'a> {
        schema_version: u32,
        months: &'a [Standing],
    }
    pretty(&List { schema_version: SCHEMA_VERSION, months })
}

/// The months for a spreadsheet.
///
/// # Errors
/// None that the rows here can cause.
pub fn list_csv(months: &[Standing], zone: Zone) -> Result<String, csv::Error> {
    let words = |row: Vec<String>| row.iter().map(|cell| spreadsheet::words(cell)).collect();
    let rows: Vec<Vec<String>> = months.iter().map(|one| words(row_of_month(one, zone))).collect();
    spreadsheet::csv(&["month", "locked", "by", "prepared", "reviewed"], &rows)
}

/// A month for people.
pub fn text(shown: &Shown, zone: Zone, columns: u16) -> String {
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
