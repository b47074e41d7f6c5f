//! Posting periods: which one a record falls into, and whether it takes postings.

use chrono::NaiveDate;

use super::error::Refusal;
use super::schema::Kind;
use super::store::{Books, Period};

/// The period a record posts to: the one it names, else that of its date, else, when that one is
/// closed, the first open one after it (NetSuite's preference, set to "first open period").
pub(super) fn choose(
    books: &Books<'_>,
    kind: Kind,
    named: Option<i64>,
    date: NaiveDate,
) -> Result<i64, Refusal> {
    let periods = books.periods()?;
    if let Some(id) = named {
        let period = periods.iter().find(|period| period.id == id);
        let period = period.ok_or_else(|| {
            Refusal::invalid_value(&id.to_string(), "postingPeriod", "postingPeriod")
        })?;
        ensure_open(period, kind)?;
        return Ok(id);
    }
    let by_date = periods.iter().position(|p| p.first_day <= date && date <= p.last_day);
    let Some(index) = by_date else {
        return Err(Refusal::user(format!("There is no accounting period for the date {date}.")));
    };
    if !periods[index].closed {
        ensure_open(&periods[index], kind)?;
        return Ok(periods[index].id);
    }
    let open = periods[index..].iter().find(|period| ensure_open(period, kind).is_ok());
    open.map(|period| period.id).ok_or_else(|| closed(&periods[index]))
}

/// Refuses a change of the general ledger in a period that is closed or locked.
pub(super) fn ensure_open_id(books: &Books<'_>, kind: Kind, id: i64) -> Result<(), Refusal> {
    match books.periods()?.iter().find(|period| period.id == id) {
        Some(period) => ensure_open(period, kind),
        None => Ok(()),
    }
}

/// The period of a record that the system itself makes: the later of two, or the first open after.
pub(super) fn for_system(books: &Books<'_>, one: i64, other: i64) -> Result<i64, Refusal> {
    let periods = books.periods()?;
    let place = |id| periods.iter().position(|period| period.id == id).unwrap_or(0);
    let later = place(one).max(place(other));
    let open = periods[later..].iter().find(|period| !period.closed);
    open.map(|period| period.id).ok_or_else(|| closed(&periods[later]))
}

fn ensure_open(period: &Period, kind: Kind) -> Result<(), Refusal> {
    if period.closed {
        return Err(closed(period));
    }
    if period.all_locked || (period.ar_locked && kind.is_receivable()) {
        let name = &period.name;
        return Err(Refusal::user(format!(
            "The posting period {name} is locked. Your role cannot post to a locked period."
        ))
        .at("postingPeriod"));
    }
    Ok(())
}

fn closed(period: &Period) -> Refusal {
    Refusal::user(format!(
        "The posting period {} is closed. You cannot make changes that affect the general ledger.",
        period.name
    ))
    .at("postingPeriod")
}
