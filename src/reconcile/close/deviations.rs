//! Records that are not as they were posted, as every report lists them.

use super::facts::{Deviation, Facts, What};
use super::sheet::{Cell, Column};
use crate::calendar::day_before;
use crate::ids::InternalId;
use crate::money::{Amount, Currency};

pub(super) const TITLE: &str = "Records that are not as they were posted";

pub(super) const RECORDS: [Column; 8] = [
    Column::date("date", "Posted for"),
    Column::id("item", "Record"),
    Column::text("kind", "Kind"),
    Column::text("what", "What"),
    Column::text("account", "Account"),
    Column::amount("expected", "As posted"),
    Column::amount("observed", "In NetSuite"),
    Column::amount("amount", "Too much"),
];

/// What they put too much on some accounts up to the period's end, one by one.
pub(super) fn at_end<'a>(
    facts: &'a Facts,
    currency: Currency,
    accounts: Vec<&'a InternalId>,
) -> impl Iterator<Item = (&'a Deviation, Amount)> {
    of(facts, currency).filter_map(move |deviation| {
        let by = deviation.by(facts.period.last_day);
        (accounts.contains(&&deviation.account) && !by.is_zero()).then_some((deviation, by))
    })
}

/// What they put too much on any account in the period itself. A record on another day of the period
/// is among them, with nothing too much.
pub(super) fn in_period(
    facts: &Facts,
    currency: Currency,
) -> impl Iterator<Item = (&Deviation, Amount)> {
    let is_here = |day| day >= facts.period.first_day && day <= facts.period.last_day;
    of(facts, currency).filter_map(move |deviation| {
        let by =
            deviation.by(facts.period.last_day) - deviation.by(day_before(facts.period.first_day));
        let is_moved = deviation.expected_day != deviation.observed_day
            && (is_here(deviation.expected_day) || is_here(deviation.observed_day));
        (is_moved || !by.is_zero()).then_some((deviation, by))
    })
}

fn of(facts: &Facts, currency: Currency) -> impl Iterator<Item = &Deviation> {
    facts.deviations.iter().filter(move |deviation| deviation.expected.currency() == currency)
}

/// A line of [`RECORDS`].
pub(super) fn row<'a>(facts: &'a Facts, deviation: &'a Deviation, by: Amount) -> Vec<Cell<'a>> {
    vec![
        Cell::Date(deviation.expected_day),
        Cell::id(deviation.external_id.as_str()),
        Cell::text(deviation.kind.title()),
        Cell::text(what(deviation)),
        Cell::text(facts.account(&deviation.account)),
        Cell::Amount(deviation.expected),
        Cell::Amount(deviation.observed),
        Cell::Amount(by),
    ]
}

pub(super) fn what(deviation: &Deviation) -> String {
    match deviation.what {
        What::Date | What::Period => {
            format!("{}: {}", deviation.what.words(), deviation.observed_day)
        }
        what => what.words().to_owned(),
    }
}
