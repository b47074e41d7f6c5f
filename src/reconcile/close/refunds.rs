//! Refunds of the period, payments that failed later among them, and whether what is given back was
//! paid in an earlier period.

use std::collections::BTreeMap;

use super::facts::{Facts, Movement, RefundFact};
use super::sheet::{Cell, Column, Head, Writer};
use crate::accounting::balance_transaction::Class;

const COLUMNS: [Column; 11] = [
    Column::date("date", "Date"),
    Column::id("item", "Refund"),
    Column::text("what", "What"),
    Column::text("status", "Status when read"),
    Column::text("reason", "Reason"),
    Column::id("charge", "Charge"),
    Column::date("charged", "Charged"),
    Column::text("prior_period", "Of an earlier period"),
    Column::date("booked", "Booked"),
    Column::amount("gross", "Gross"),
    Column::amount("fee", "Fee given back or charged"),
];

pub(super) fn refunds(facts: &Facts, out: &mut Writer) {
    let known: BTreeMap<&str, &RefundFact> =
        facts.refunds.iter().map(|refund| (&*refund.id, refund)).collect();
    for currency in facts.currencies() {
        let own = facts.moved(currency).filter_map(|movement| Some((movement, what(movement)?)));
        let rows = own.map(|(movement, what)| {
            let refund = movement.source.as_deref().and_then(|id| known.get(id).copied());
            row(facts, movement, what, refund)
        });
        let head =
            Head::new(format!("refunds-{currency}"), format!("Refunds, {currency}"), &COLUMNS);
        out.list(&head.of(currency), rows);
    }
}

/// What a movement is to refunds; `None` where it is none.
pub(super) fn what(movement: &Movement) -> Option<&'static str> {
    match movement.class {
        Class::Refund => Some("refund"),
        Class::RefundFailure => Some("refund that failed"),
        Class::ChargeFailure => Some("payment that failed later"),
        _ => None,
    }
}

fn row<'a>(
    facts: &Facts,
    movement: &'a Movement,
    what: &'a str,
    refund: Option<&'a RefundFact>,
) -> Vec<Cell<'a>> {
    let charged = refund.and_then(|refund| refund.charged);
    let is_prior = charged.map(|day| day < facts.period.first_day);
    vec![
        Cell::Date(facts.date(movement.created)),
        Cell::id(movement.source.as_deref().unwrap_or(&movement.id)),
        Cell::text(what),
        Cell::or_empty(refund, |refund| Cell::text(&*refund.status)),
        Cell::or_empty(refund, |refund| Cell::text(&*refund.reason)),
        Cell::or_empty(refund.and_then(|refund| refund.charge.as_deref()), Cell::id),
        Cell::or_empty(charged, Cell::Date),
        Cell::or_empty(is_prior, |is_prior| Cell::text(if is_prior { "yes" } else { "no" })),
        Cell::or_empty(movement.recorded, Cell::Date),
        Cell::Amount(movement.gross()),
        Cell::Amount(movement.fee()),
    ]
}
