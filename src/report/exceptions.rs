//! Exceptions with their history, as a person, a program and a spreadsheet read them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use crate::accounting::care::{Care, Standing};
use crate::accounting::{Exception, ExceptionClass};
use crate::calendar::{UnixTime, Zone};
use crate::ids::ExternalId;
use crate::report::lines::wrapped;
use crate::report::plan::counted;
use crate::report::pretty;
use crate::report::spreadsheet;
use crate::report::table::{Align, render};

/// The version of the JSON's shape.
const SCHEMA_VERSION: u32 = 1;

/// One exception of the list.
#[derive(Debug, Clone)]
pub struct Listed {
    pub exception: Exception,
    pub standing: Standing,
    pub first_seen: UnixTime,
    pub last_seen: UnixTime,
    pub resolved: Option<UnixTime>,
    pub age_days: i64,
    pub care: Care,
}

impl Listed {
    fn is_accepted(&self) -> bool {
        self.resolved.is_none() && self.standing == Standing::Accepted
    }

    fn state(&self) -> &'static str {
        if self.resolved.is_some() { "resolved" } else { self.standing.as_str() }
    }
}

/// For people: what asks for one first, then what may stand, then what no longer occurs.
pub fn text(listed: &[Listed], zone: Zone, columns: u16) -> String {
    let (resolved, open): (Vec<&Listed>, Vec<&Listed>) =
        listed.iter().partition(|one| one.resolved.is_some());
    let (accepted, open): (Vec<&Listed>, Vec<&Listed>) =
        open.into_iter().partition(|one| one.is_accepted());
    if open.is_empty() && accepted.is_empty() && resolved.is_empty() {
        return "Nothing needs a person.\n".into();
    }
    let mut text = String::new();
    if open.is_empty() {
        text.push_str("Nothing needs a person now.\n");
    } else {
        let count = counted(open.len(), "exception");
        text.push_str(&format!("Needs a person: {count}\n{}", by_class(&open, columns)));
    }
    let groups = [("", open), ("Accepted until", accepted), ("No longer occurs", resolved)];
    for (heading, group) in groups.into_iter().filter(|(_, group)| !group.is_empty()) {
        if !heading.is_empty() {
            text.push_str(&format!("\n{heading}: {}\n", counted(group.len(), "exception")));
        }
        for one in group {
            text.push('\n');
            text.push_str(&entry(one, zone, columns));
        }
    }
    text
}

/// How many of each class there are, and how old the oldest is.
fn by_class(open: &[&Listed], columns: u16) -> String {
    let mut classes: BTreeMap<ExceptionClass, (usize, i64)> = BTreeMap::new();
    for one in open {
        let (count, oldest) = classes.entry(one.exception.class).or_default();
        *count += 1;
        *oldest = (*oldest).max(one.age_days);
    }
    let rows: Vec<Vec<String>> = classes
        .into_iter()
        .map(|(class, (count, oldest))| vec![class.to_string(), count.to_string(), days(oldest)])
        .collect();
    let header = [("Class", Align::Left), ("Count", Align::Right), ("Oldest", Align::Right)];
    render(&header, &rows, columns)
}

fn entry(one: &Listed, zone: Zone, columns: u16) -> String {
    let exception = &one.exception;
    let amount = exception.amount.map(|amount| format!(" · {amount}")).unwrap_or_default();
    let mut text = wrapped(&format!("{}{amount}", exception.id()), 2, columns);
    let mut facts = format!(
        "{} · {} · since {}",
        exception.class,
        days(one.age_days),
        one.first_seen.date_in(zone)
    );
    if let Some(resolved) = one.resolved {
        facts.push_str(&format!(" · resolved {}", resolved.date_in(zone)));
    }
    match (&one.care.owner, one.care.due) {
        (Some(owner), Some(due)) => facts.push_str(&format!(" · {owner}, due {due}")),
        (Some(owner), None) => facts.push_str(&format!(" · {owner}")),
        (None, _) => {}
    }
    let mut line = |said: &str| text.push_str(&wrapped(said, 4, columns));
    line(&facts);
    line(&exception.message);
    line(&exception.fix);
    if let Some(accepted) = one.care.acceptance.as_ref().filter(|_| one.resolved.is_none()) {
        let by = by(accepted.by.as_deref());
        let state = match one.standing {
            Standing::Accepted | Standing::Open => "Accepted",
            Standing::Expired => "No longer accepted, because the day has passed: accepted",
            Standing::Changed => "No longer accepted, because it changed: accepted",
        };
        line(&format!("{state} until {}{by}: {}", accepted.until, accepted.reason));
    }
    for note in &one.care.notes {
        let by = by(note.by.as_deref());
        line(&format!("Note of {}{by}: {}", note.at.date_in(zone), note.text));
    }
    text
}

fn by(name: Option<&str>) -> String {
    name.map(|name| format!(" by {name}")).unwrap_or_default()
}

fn days(count: i64) -> String {
    if count == 1 { "1 day".into() } else { format!("{count} days") }
}

#[derive(Serialize)]
struct ListJson<'a> {
    schema_version: u32,
    as_of: NaiveDate,
    open: usize,
    accepted: usize,
    exceptions: Vec<EntryJson<'a>>,
}

#[derive(Serialize)]
struct EntryJson<'a> {
    id: String,
    state: &'static str,
    first_seen: String,
    last_seen: String,
    resolved: Option<String>,
    age_days: i64,
    owner: Option<&'a str>,
    due: Option<NaiveDate>,
    accepted: Option<AcceptedJson<'a>>,
    notes: Vec<NoteJson<'a>>,
    #[serde(flatten)]
    exception: &'a Exception,
}

#[derive(Serialize)]
struct AcceptedJson<'a> {
    until: NaiveDate,
    reason: &'a str,
    by: Option<&'a str>,
}

#[derive(Serialize)]
struct NoteJson<'a> {
    at: String,
    by: Option<&'a str>,
    text: &'a str,
}

/// For programs, with the counts that hold on the day `as_of`.
pub fn json(listed: &[Listed], as_of: NaiveDate) -> String {
    let entries = listed.iter().map(|one| EntryJson {
        id: one.exception.id(),
        state: one.state(),
        first_seen: one.first_seen.to_string(),
        last_seen: one.last_seen.to_string(),
        resolved: one.resolved.map(|resolved| resolved.to_string()),
        age_days: one.age_days,
        owner: one.care.owner.as_deref(),
        due: one.care.due,
        accepted: one.care.acceptance.as_ref().map(|accepted| AcceptedJson {
            until: accepted.until,
            reason: &accepted.reason,
            by: accepted.by.as_deref(),
        }),
        notes: one
            .care
            .notes
            .iter()
            .map(|note| NoteJson {
                at: note.at.to_string(),
                by: note.by.as_deref(),
                text: &note.text,
            })
            .collect(),
        exception: &one.exception,
    });
    let is_open = |one: &&Listed| one.resolved.is_none() && !one.is_accepted();
    let list = ListJson {
        schema_version: SCHEMA_VERSION,
        as_of,
        open: listed.iter().filter(is_open).count(),
        accepted: listed.iter().filter(|one| one.is_accepted()).count(),
        exceptions: entries.collect(),
    };
    pretty(&list)
}

const COLUMNS: [&str; 18] = [
    "id",
    "state",
    "class",
    "first_seen",
    "last_seen",
    "resolved",
    "age_days",
    "amount",
    "currency",
    "owner",
    "due",
    "accepted_until",
    "accepted_reason",
    "subject",
    "message",
    "fix",
    "blocks",
    "notes",
];

/// For spreadsheets; days are of `zone`.
///
/// # Errors
/// None that the rows here can cause.
pub fn csv(listed: &[Listed], zone: Zone) -> Result<String, csv::Error> {
    let rows: Vec<Vec<String>> = listed.iter().map(|one| row(one, zone)).collect();
    spreadsheet::csv(&COLUMNS, &rows)
}

fn row(one: &Listed, zone: Zone) -> Vec<String> {
    let (exception, care) = (&one.exception, &one.care);
    let amount = exception.amount;
    let accepted = care.acceptance.as_ref();
    let blocks: Vec<&str> = exception.blocks.iter().map(ExternalId::as_str).collect();
    let notes: Vec<&str> = care.notes.iter().map(|note| note.text.as_str()).collect();
    let day = |at: UnixTime| at.date_in(zone).to_string();
    vec![
        exception.id(),
        one.state().into(),
        exception.class.to_string(),
        day(one.first_seen),
        day(one.last_seen),
        one.resolved.map(day).unwrap_or_default(),
        one.age_days.to_string(),
        amount.map(crate::money::Amount::to_decimal).unwrap_or_default(),
        amount.map(|amount| amount.currency().code().to_owned()).unwrap_or_default(),
        spreadsheet::words(care.owner.as_deref().unwrap_or_default()),
        care.due.map(|due| due.to_string()).unwrap_or_default(),
        accepted.map(|accepted| accepted.until.to_string()).unwrap_or_default(),
        spreadsheet::words(accepted.map_or("", |accepted| &accepted.reason)),
        spreadsheet::words(&exception.subject),
        spreadsheet::words(&exception.message),
        spreadsheet::words(&exception.fix),
        blocks.join(" "),
        spreadsheet::words(&notes.join(" | ")),
    ]
}
