//! Disputes that moved money in the period or were opened in it: what was taken, what came back, what
//! it cost, and whether the charge was of an earlier period.

use std::collections::BTreeMap;

use super::facts::{DisputeFact, Facts};
use super::sheet::{Cell, Column, Head, Writer};
use crate::accounting::balance_transaction::Class;
use crate::accounting::chart::Role;
use crate::money::{Amount, Currency};

const COLUMNS: [Column; 11] = [
    Column::date("opened", "Opened"),
    Column::id("item", "Dispute"),
    Column::text("status", "Status when read"),
    Column::text("reason", "Reason"),
    Column::id("charge", "Charge"),
    Column::date("charged", "Charged"),
    Column::text("prior_period", "Of an earlier period"),
    Column::amount("taken", "Taken"),
    Column::amount("returned", "Returned"),
    Column::amount("fees", "Fees"),
    Column::amount("net", "Effect on the balance"),
];

#[derive(Clone, Copy)]
struct Sums {
    taken: Amount,
    returned: Amount,
    fees: Amount,
    net: Amount,
}

pub(super) fn disputes(facts: &Facts, out: &mut Writer) {
    for currency in facts.currencies() {
        let zero = Amount::zero(currency);
        let mut moved: BTreeMap<&str, Sums> = BTreeMap::new();
        for movement in facts.moved(currency) {
            if !matches!(movement.class, Class::DisputeWithdrawal | Class::DisputeReturn) {
                continue;
            }
            let id = movement.source.as_deref().unwrap_or(&movement.id);
            let none = Sums { taken: zero, returned: zero, fees: zero, net: zero };
            let sums = moved.entry(id).or_insert(none);
            match movement.class {
                Class::DisputeReturn => sums.returned += movement.gross(),
                _ => sums.taken += movement.gross(),
            }
            sums.fees += movement.fee();
            sums.net += movement.net();
        }
        let known: BTreeMap<&str, &DisputeFact> =
            facts.disputes.iter().map(|dispute| (dispute.id.as_str(), dispute)).collect();
        let rows = moved.into_iter().map(|(id, sums)| row(facts, id, known.get(id).copied(), sums));
        let head =
            Head::new(format!("disputes-{currency}"), format!("Disputes, {currency}"), &COLUMNS);
        out.list(&head.of(currency), rows);
        fees_alone(facts, currency, out);
    }
}

/// Fees for disputes that are movements of their own: for countering one, say.
fn fees_alone(facts: &Facts, currency: Currency, out: &mut Writer) {
    let own = facts.moved(currency);
    let own = own.filter(|movement| movement.class == Class::Line(Role::DisputeFees));
    let title = format!("Dispute fees that Stripe charged by themselves, {currency}");
    let columns = &super::rollforward::MOVEMENTS;
    let head = Head::new(format!("disputes-fees-{currency}"), title, columns).of(currency);
    out.list(&head, own.map(|movement| super::rollforward::row(facts, movement)));
}

fn row<'a>(
    facts: &Facts,
    id: &'a str,
    known: Option<&'a DisputeFact>,
    sums: Sums,
) -> Vec<Cell<'a>> {
    let is_prior =
        known.and_then(|dispute| dispute.charged).map(|day| day < facts.period.first_day);
    vec![
        Cell::or_empty(known, |dispute| Cell::Date(dispute.opened)),
        Cell::id(id),
        Cell::or_empty(known, |dispute| Cell::text(&dispute.status)),
        Cell::or_empty(known, |dispute| Cell::text(&dispute.reason)),
        Cell::or_empty(known.and_then(|dispute| dispute.charge.as_deref()), Cell::id),
        Cell::or_empty(known.and_then(|dispute| dispute.charged), Cell::Date),
        Cell::or_empty(is_prior, |is_prior| Cell::text(if is_prior { "yes" } else { "no" })),
        Cell::Amount(sums.taken),
        Cell::Amount(sums.returned),
        Cell::Amount(sums.fees),
        Cell::Amount(sums.net),
    ]
}
