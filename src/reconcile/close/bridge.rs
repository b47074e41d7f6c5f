//! The bridge of a period: what the general ledger holds for Stripe at its end, the timing items that
//! lead from there to Stripe's balance, and apart from them the records that are not as posted.

use std::collections::BTreeMap;

use super::deviations::{self, RECORDS};
use super::facts::{Deviation, Facts, Movement, What};
use super::others::Others;
use super::sheet::{Cell, Column, Head, STATEMENT, Term, Writer};
use super::stand::Why;
use crate::accounting::chart::Role;
use crate::money::{Amount, Currency};

const ITEMS: [Column; 6] = [
    Column::date("date", "Date"),
    Column::id("item", "Balance transaction"),
    Column::id("source_id", "Of"),
    Column::text("category", "Category"),
    Column::id("payout", "Payout"),
    Column::amount("amount", "Amount"),
];

pub(super) fn bridge(facts: &Facts, out: &mut Writer) {
    for currency in facts.currencies() {
        let difference = lead(facts, currency, out);
        explain(facts, currency, difference, out);
        details(facts, currency, out);
    }
}

/// Everything open at the period's end, of one currency.
pub(super) fn open(
    facts: &Facts,
    currency: Currency,
) -> impl Iterator<Item = (&Movement, Why, Amount)> {
    facts.known(currency).filter_map(|movement| {
        let (why, amount) = facts.open(movement, facts.end())?;
        Some((movement, why, amount))
    })
}

/// The Stripe balance at the period's end, from its movements.
pub(super) fn stripe_balance(facts: &Facts, currency: Currency) -> Amount {
    let zero = Amount::zero(currency);
    let opening = facts.stripe.get(&currency).map_or(zero, |side| side.opening);
    facts.moved(currency).fold(opening, |sum, movement| sum + movement.net())
}

/// What records that are not as posted put too much on the accounts for the Stripe balance, one by one.
pub(super) fn deviations(
    facts: &Facts,
    currency: Currency,
) -> impl Iterator<Item = (&Deviation, Amount)> {
    deviations::at_end(facts, currency, facts.money())
}

fn lead(facts: &Facts, currency: Currency, out: &mut Writer) -> Amount {
    let zero = Amount::zero(currency);
    let on = |is_one: &dyn Fn(Role) -> bool| {
        let accounts = facts.accounts_of(is_one);
        let own = facts.on(&accounts, currency, super::facts::Balance::observed_at_end);
        own + Others::new(facts, accounts, currency, facts.up_to_end()).sum()
    };
    let funds = on(&|role| role == Role::UndepositedFunds);
    let balance = on(&|role| matches!(role, Role::StripeBalance(_)));
    let mut terms = vec![
        Term::new("Undeposited funds, by NetSuite", 0, funds),
        Term::new("Stripe balance account, by NetSuite", 0, balance),
    ];
    let others = Others::new(facts, facts.money(), currency, facts.up_to_end()).terms();
    terms.extend(others.into_iter().map(|term| {
        let term = Term { amount: -term.amount, ..term };
        term.behind(format!("bridge-{currency}-others"))
    }));
    if let Some(side) = facts.stripe.get(&currency) {
        if !side.on_their_way.is_empty() {
            let sum = side.on_their_way.iter().fold(zero, |sum, item| sum + item.amount);
            let label = "Payouts that had left before the start and are not booked yet";
            terms.push(Term::new(label, side.on_their_way.len(), sum));
        }
        if !side.outside.is_zero() {
            terms.push(Term::new("From before the start, not in these books", 0, side.outside));
        }
    }
    let mut timing: BTreeMap<Why, (usize, Amount)> = BTreeMap::new();
    for (_, why, amount) in open(facts, currency) {
        let entry = timing.entry(why).or_insert((0, zero));
        entry.0 += 1;
        entry.1 += amount;
    }
    for (why, (count, amount)) in timing {
        terms.push(Term::new(why.label(), count, amount).behind(timing_key(currency, why)));
    }
    let head = Head::new(
        format!("bridge-{currency}"),
        format!("General ledger to Stripe balance, {currency}"),
        &STATEMENT,
    );
    out.proof(
        &head.of(currency).noted(facts.unread()),
        terms,
        "Stripe balance, from the books",
        Some(("Stripe balance, from its movements", stripe_balance(facts, currency))),
    )
}

/// The difference, by what explains it; what nothing explains is left.
fn explain(facts: &Facts, currency: Currency, difference: Amount, out: &mut Writer) {
    let mut errors: BTreeMap<What, (usize, Amount)> = BTreeMap::new();
    for (deviation, by) in deviations(facts, currency) {
        let entry = errors.entry(deviation.what).or_insert((0, Amount::zero(currency)));
        entry.0 += 1;
        entry.1 -= by;
    }
    if errors.is_empty() && difference.is_zero() {
        return;
    }
    let section = format!("bridge-{currency}-records");
    let terms = errors.into_iter().map(|(what, (count, amount))| {
        Term::new(format!("Records {}", what.words()), count, amount).behind(section.clone())
    });
    let head = Head::new(
        format!("bridge-{currency}-difference"),
        format!("What the difference is made of, {currency}"),
        &STATEMENT,
    );
    out.proof(
        &head.of(currency),
        terms.collect(),
        "Explained",
        Some(("Difference of the bridge", difference)),
    );
}

fn details(facts: &Facts, currency: Currency, out: &mut Writer) {
    let head = Head::new(format!("bridge-{currency}-records"), deviations::TITLE, &RECORDS);
    let rows = deviations(facts, currency).map(|(own, by)| deviations::row(facts, own, by));
    out.list(&head.of(currency), rows);
    for why in Why::ALL {
        let rows = open(facts, currency).filter(|(_, own, _)| *own == why);
        let head = Head::new(timing_key(currency, why), why.label(), &ITEMS).of(currency).detail();
        out.list(&head, rows.map(|(movement, _, amount)| item(facts, movement, amount)));
    }
    let others = Others::new(facts, facts.money(), currency, facts.up_to_end());
    others.list(format!("bridge-{currency}-others"), out);
}

fn item<'a>(facts: &'a Facts, movement: &'a Movement, amount: Amount) -> Vec<Cell<'a>> {
    vec![
        Cell::Date(facts.date(movement.created)),
        Cell::id(&*movement.id),
        Cell::or_empty(movement.source.as_deref(), Cell::id),
        Cell::text(facts.category(movement)),
        Cell::or_empty(facts.payout(movement.payout), |payout| Cell::id(&payout.id)),
        Cell::Amount(amount),
    ]
}

fn timing_key(currency: Currency, why: Why) -> String {
    format!("bridge-{currency}-{}", why.word())
}
