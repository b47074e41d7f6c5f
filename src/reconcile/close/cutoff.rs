//! Cut-off: what moved in the period and is booked in another, and what is booked in it and moved
//! before; together they lead from one period's movements to the ledger's activity.

use std::collections::BTreeSet;

use super::deviations::{self, RECORDS};
use super::facts::{Balance, Facts, Movement};
use super::others::Others;
use super::sheet::{Cell, Column, Head, STATEMENT, Term, Writer};
use super::stand::Why;
use crate::accounting::balance_transaction::Class;
use crate::money::{Amount, Currency};

const ITEMS: [Column; 6] = [
    Column::date("date", "Moved"),
    Column::id("item", "Balance transaction"),
    Column::id("source_id", "Of"),
    Column::text("why", "Why"),
    Column::date("booked", "Booked"),
    Column::amount("amount", "Amount"),
];

pub(super) fn cutoff(facts: &Facts, out: &mut Writer) {
    for currency in facts.currencies() {
        against_ledger(facts, currency, out);
        let head = |part: &str, title: &str| {
            Head::new(format!("cutoff-{part}-{currency}"), title, &ITEMS).of(currency).detail()
        };
        let row = |open| row(facts, open);
        let later_head = head("later", "Moved in the period, booked after it or not yet");
        out.list(&later_head, later(facts, currency).map(row));
        let earlier_head = head("earlier", "Moved before the period, booked in it");
        out.list(&earlier_head, earlier(facts, currency).map(row));
        let open_head = head("open", "Moved before the period, still not booked");
        out.list(&open_head, still_open(facts, currency).map(row));
    }
    records(facts, out);
}

fn row<'a>(facts: &Facts, (movement, why, amount): Open<'a>) -> Vec<Cell<'a>> {
    vec![
        Cell::Date(facts.date(movement.created)),
        Cell::id(&*movement.id),
        Cell::or_empty(movement.source.as_deref(), Cell::id),
        Cell::text(why.label()),
        Cell::or_empty(booked(facts, movement, why), Cell::Date),
        Cell::Amount(amount),
    ]
}

/// What is on another day or another amount, on whatever account: income may be in the wrong month
/// though the balances at its end are right.
fn records(facts: &Facts, out: &mut Writer) {
    let currencies: BTreeSet<Currency> =
        facts.deviations.iter().map(|own| own.expected.currency()).collect();
    for currency in currencies {
        let rows = deviations::in_period(facts, currency);
        let head = Head::new(format!("cutoff-records-{currency}"), deviations::TITLE, &RECORDS);
        let rows = rows.map(|(own, by)| deviations::row(facts, own, by));
        out.list(&head.of(currency), rows);
    }
}

type Open<'a> = (&'a Movement, Why, Amount);

/// What Stripe had and the books did not, at the period's end, of what moved in it.
fn later(facts: &Facts, currency: Currency) -> impl Iterator<Item = Open<'_>> {
    let moved = facts.moved(currency);
    let open = |movement| facts.open(movement, facts.end()).map(|(why, by)| (movement, why, by));
    moved.filter_map(open)
}

/// What the books got in the period of what was open when it began.
fn earlier(facts: &Facts, currency: Currency) -> impl Iterator<Item = Open<'_>> {
    before(facts, currency).filter_map(move |(movement, why, at_start)| {
        let at_end = facts.open(movement, facts.end());
        let rest = at_end.map_or(Amount::zero(currency), |(_, amount)| amount);
        let booked = at_start - rest;
        (!booked.is_zero()).then_some((movement, why, booked))
    })
}

fn still_open(facts: &Facts, currency: Currency) -> impl Iterator<Item = Open<'_>> {
    let older = facts.older(currency);
    let open = |movement| facts.open(movement, facts.end()).map(|(why, by)| (movement, why, by));
    older.filter_map(open)
}

fn before(facts: &Facts, currency: Currency) -> impl Iterator<Item = Open<'_>> {
    facts.older(currency).filter_map(|movement| {
        let (why, amount) = facts.open(movement, facts.start())?;
        Some((movement, why, amount))
    })
}

fn booked(facts: &Facts, movement: &Movement, why: Why) -> Option<chrono::NaiveDate> {
    match why {
        Why::FeeBeforeDeposit | Why::WaitsForDeposit => facts.charged_on(movement),
        Why::PayoutInTransit | Why::BookedBefore => facts.payout(movement.moves)?.booked,
        Why::BookedLater | Why::NotPosted => match movement.class {
            Class::Payout | Class::PayoutReturned => facts.payout(movement.moves)?.booked,
            _ => movement.recorded,
        },
    }
}

fn against_ledger(facts: &Facts, currency: Currency, out: &mut Writer) {
    let zero = Amount::zero(currency);
    let moved = facts.moved(currency);
    let (count, moved) = (moved.len(), moved.fold(zero, |sum, movement| sum + movement.net()));
    let (earlier_count, earlier) = total(currency, earlier(facts, currency));
    let (later_count, later) = total(currency, later(facts, currency));
    let money = facts.money();
    let others = Others::new(facts, money.clone(), currency, facts.in_period());
    let booked = facts.on(&money, currency, |own: &Balance| own.observed[1]) + others.sum();
    let opened = opening_journal(facts, currency);
    if count == 0 && earlier_count == 0 && booked.is_zero() {
        return;
    }
    let key = |part: &str| format!("cutoff-{part}-{currency}");
    let mut terms = vec![
        Term::new("Moved in the period, by Stripe", count, moved),
        Term::new("Booked in it, moved before", earlier_count, earlier).behind(key("earlier")),
        Term::new("Moved in it, booked after it or not yet", later_count, -later)
            .behind(key("later")),
    ];
    if !opened.is_zero() {
        terms.push(Term::new("The start of the books", 0, opened));
    }
    terms.extend(others.terms());
    let head = Head::new(
        format!("cutoff-{currency}"),
        format!("Movements against the ledger's activity, {currency}"),
        &STATEMENT,
    );
    out.proof(
        &head.of(currency).noted(facts.unread()),
        terms,
        "Should have been booked in the period",
        Some(("Undeposited funds and Stripe balance account in the period, by NetSuite", booked)),
    );
}

fn total<'a>(currency: Currency, items: impl Iterator<Item = Open<'a>>) -> (usize, Amount) {
    items.fold((0, Amount::zero(currency)), |(count, sum), (_, _, by)| (count + 1, sum + by))
}

/// What the books got in the period of the time before they begin: with the opening journal, or with
/// the payouts that brought it to the bank.
fn opening_journal(facts: &Facts, currency: Currency) -> Amount {
    let zero = Amount::zero(currency);
    facts.stripe.get(&currency).map_or(zero, |side| side.from_before)
}
