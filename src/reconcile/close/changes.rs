//! What was posted into the period: by which run, from which plan, in which records.

use std::collections::BTreeSet;

use super::facts::Facts;
use super::sheet::{Cell, Column, Head, Writer};
use crate::money::Currency;

const COLUMNS: [Column; 8] = [
    Column::number("run", "Run"),
    Column::date("started", "Started"),
    Column::text("command", "Command"),
    Column::text("parameters", "From"),
    Column::text("kind", "Records"),
    Column::text("outcome", "Outcome"),
    Column::count("count", "Count"),
    Column::amount("total", "Their totals"),
];

pub(super) fn changes(facts: &Facts, out: &mut Writer) {
    let currencies: BTreeSet<Currency> =
        facts.runs.iter().map(|run| run.total.currency()).collect();
    for currency in currencies {
        let own = facts.runs.iter().filter(|run| run.total.currency() == currency);
        let rows = own.map(|run| {
            vec![
                Cell::Count(run.run),
                Cell::Date(facts.date(run.started)),
                Cell::text(&run.command),
                Cell::text(&run.parameters),
                Cell::text(run.kind.title()),
                Cell::text(&run.outcome),
                Cell::count(run.count),
                Cell::Amount(run.total),
            ]
        });
        let title = format!("Posted into the period, in {currency}");
        out.list(&Head::new(format!("changes-{currency}"), title, &COLUMNS).of(currency), rows);
    }
}
