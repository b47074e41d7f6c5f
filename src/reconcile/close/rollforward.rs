//! The roll-forward: the balance at the period's first instant, activity by reporting category,
//! payouts, the balance at its last, held against the one that Stripe reports.

use std::collections::BTreeMap;

use super::facts::{Facts, Movement};
use super::sheet::{Cell, Column, Head, Picture, STATEMENT, Term, Writer};
use crate::accounting::balance_transaction::Class;
use crate::money::{Amount, Currency};
use crate::reconcile::rollforward::label;

/// The columns of movements, one by one.
pub(super) const MOVEMENTS: [Column; 6] = [
    Column::date("created", "Date"),
    Column::id("balance_transaction_id", "Balance transaction"),
    Column::id("source_id", "Of"),
    Column::amount("gross", "Gross"),
    Column::amount("fee", "Fee"),
    Column::amount("net", "Net"),
];

pub(super) fn rollforward(facts: &Facts, out: &mut Writer) {
    for currency in facts.currencies() {
        let groups = by_category(facts, currency);
        let zero = Amount::zero(currency);
        let stripe = facts.stripe.get(&currency);
        let opening = stripe.map_or(zero, |side| side.opening);
        let mut terms = vec![Term::new("Opening balance", 0, opening)];
        for ((_, category), group) in &groups {
            let term = Term::new(label(category), group.count, group.net);
            terms.push(term.behind(detail_key(currency, category)));
        }
        let head = Head::new(
            format!("rollforward-{currency}"),
            format!("Stripe balance, {currency}"),
            &STATEMENT,
        );
        let observed = stripe.and_then(|side| side.reported);
        out.proof(
            &head
                .of(currency)
                .drawn(Picture::Waterfall)
                .noted(stripe.and_then(|side| side.unproven.clone())),
            terms,
            "Closing balance",
            observed.map(|amount| ("Balance that Stripe reports, rolled back to then", amount)),
        );
        for ((_, category), group) in &groups {
            let rows = facts.moved(currency).filter(|m| m.category == group.number);
            let head = Head::new(detail_key(currency, category), label(category), &MOVEMENTS);
            out.list(&head.of(currency).detail(), rows.map(|movement| row(facts, movement)));
        }
    }
}

/// Movements of one category.
struct Group {
    /// Of the category, among those of the facts.
    number: u16,
    count: usize,
    net: Amount,
}

/// Payouts last: activity first, then what left for the bank.
fn by_category(facts: &Facts, currency: Currency) -> BTreeMap<(bool, &str), Group> {
    let mut groups: BTreeMap<(bool, &str), Group> = BTreeMap::new();
    for movement in facts.moved(currency) {
        let is_payout = matches!(movement.class, Class::Payout | Class::PayoutReturned);
        let key = (is_payout, facts.category(movement));
        let (number, net) = (movement.category, Amount::zero(currency));
        let group = groups.entry(key).or_insert(Group { number, count: 0, net });
        group.count += 1;
        group.net += movement.net();
    }
    groups
}

fn detail_key(currency: Currency, category: &str) -> String {
    format!("rollforward-{currency}-{category}")
}

pub(super) fn row<'a>(facts: &Facts, movement: &'a Movement) -> Vec<Cell<'a>> {
    vec![
        Cell::Date(facts.date(movement.created)),
        Cell::id(&*movement.id),
        Cell::or_empty(movement.source.as_deref(), Cell::id),
        Cell::Amount(movement.gross()),
        Cell::Amount(movement.fee()),
        Cell::Amount(movement.net()),
    ]
}
