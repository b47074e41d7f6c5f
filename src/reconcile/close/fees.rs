//! Fees of a period: what Stripe charged by kind, and what of it the fee accounts have.

use std::collections::BTreeMap;

use super::deviations::{self, RECORDS};
use super::facts::{Balance, Facts, Movement};
use super::others::Others;
use super::sheet::{Cell, Column, Head, STATEMENT, Term, Writer};
use crate::accounting::chart::Role;
use crate::money::{Amount, Currency};

const KINDS: [Column; 4] = [
    Column::text("kind", "Kind of fee"),
    Column::text("account", "Account"),
    Column::count("count", "Count"),
    Column::amount("charged", "Charged"),
];

const ITEMS: [Column; 5] = [
    Column::date("date", "Date"),
    Column::id("item", "Balance transaction"),
    Column::id("source_id", "Of"),
    Column::date("booked", "Booked"),
    Column::amount("amount", "Charged"),
];

const INVOICE: [Column; 3] = [
    Column::text("period", "Month of UTC"),
    Column::count("count", "Count"),
    Column::amount("charged", "Charged"),
];

pub(super) fn fees(facts: &Facts, out: &mut Writer) {
    for currency in facts.currencies() {
        let kinds = by_kind(facts, currency);
        let account = |role: Role| {
            let found = facts.chart.iter().find(|(known, _)| *known == role);
            found.map_or(String::new(), |(_, account)| facts.account(account).to_owned())
        };
        let rows = kinds.iter().map(|(role, (count, charged))| {
            let name = Cell::text(role.to_string());
            vec![name, Cell::text(account(*role)), Cell::count(*count), Cell::Amount(*charged)]
        });
        let title = format!("What Stripe charged, {currency}");
        out.list(&Head::new(format!("fees-kinds-{currency}"), title, &KINDS).of(currency), rows);
        against_accounts(facts, currency, out);
        by_utc(facts, currency, out);
        details(facts, currency, &kinds, out);
    }
}

fn by_kind(facts: &Facts, currency: Currency) -> BTreeMap<Role, (usize, Amount)> {
    let mut kinds: BTreeMap<Role, (usize, Amount)> = BTreeMap::new();
    for movement in facts.moved(currency) {
        for (role, minor) in movement.charges.iter().filter(|(role, _)| role.is_fee()) {
            let kind = kinds.entry(*role).or_insert((0, Amount::zero(currency)));
            kind.0 += 1;
            kind.1 += Amount::new(*minor, currency);
        }
    }
    kinds
}

/// Charged before the period and not booked when it began.
fn open_at_start(facts: &Facts, currency: Currency) -> impl Iterator<Item = &Movement> {
    let is_late = |movement: &Movement| {
        facts.charged_on(movement).is_none_or(|day| day >= facts.period.first_day)
    };
    facts.older(currency).filter(move |movement| !movement.fees().is_zero() && is_late(movement))
}

fn open_at_end(facts: &Facts, currency: Currency) -> impl Iterator<Item = &Movement> {
    let is_late = |movement: &Movement| {
        facts.charged_on(movement).is_none_or(|day| day > facts.period.last_day)
    };
    facts.known(currency).filter(move |movement| !movement.fees().is_zero() && is_late(movement))
}

fn against_accounts(facts: &Facts, currency: Currency, out: &mut Writer) {
    let accounts = facts.fee_accounts();
    let (count, charged) = sum(currency, facts.moved(currency));
    let (start_count, start) = sum(currency, open_at_start(facts, currency));
    let (end_count, end) = sum(currency, open_at_end(facts, currency));
    let others = Others::new(facts, accounts.clone(), currency, facts.in_period());
    let booked = facts.on(&accounts, currency, |own: &Balance| own.observed[1]) + others.sum();
    if count == 0 && start_count == 0 && end_count == 0 && booked.is_zero() {
        return;
    }
    let key = |part: &str| format!("fees-{part}-{currency}");
    let mut terms = vec![
        Term::new("Not booked when the period began", start_count, start).behind(key("start")),
        Term::new("Charged in the period", count, charged).behind(key("kinds")),
        Term::new("Not booked at its end", end_count, -end).behind(key("end")),
    ];
    terms.extend(others.terms().into_iter().map(|term| term.behind(key("others"))));
    let head = Head::new(
        format!("fees-{currency}"),
        format!("Fees against the fee accounts, {currency}"),
        &STATEMENT,
    );
    out.proof(
        &head.of(currency).noted(facts.unread()),
        terms,
        "Should have been booked in the period",
        Some(("Fee accounts in the period, by NetSuite", booked)),
    );
}

fn sum<'a>(currency: Currency, movements: impl Iterator<Item = &'a Movement>) -> (usize, Amount) {
    let fees = movements.map(Movement::fees).filter(|fees| !fees.is_zero());
    fees.fold((0, Amount::zero(currency)), |(count, sum), fees| (count + 1, sum + fees))
}

fn by_utc(facts: &Facts, currency: Currency, out: &mut Writer) {
    let Some(side) = facts.stripe.get(&currency) else { return };
    let (count, charged) = side.charged_by_utc;
    if count == 0 {
        return;
    }
    let head = Head::new(
        format!("fees-invoice-{currency}"),
        format!("To hold against Stripe's tax invoice, {currency}"),
        &INVOICE,
    );
    let note =
        "Stripe's tax invoice counts by days of UTC, everything else here by those of the account.";
    let row = vec![Cell::text(&facts.period.name), Cell::count(count), Cell::Amount(charged)];
    out.list(&head.of(currency).noted(Some(note.into())), [row]);
}

fn details(
    facts: &Facts,
    currency: Currency,
    kinds: &BTreeMap<Role, (usize, Amount)>,
    out: &mut Writer,
) {
    deviations(facts, currency, out);
    let title = ["Charged before, not booked when the period began", "Not booked at its end"];
    let head = |part: &str, title: &str| {
        Head::new(format!("fees-{part}-{currency}"), title, &ITEMS).of(currency).detail()
    };
    let start = open_at_start(facts, currency);
    out.list(&head("start", title[0]), start.map(|own| item(facts, own, own.fees())));
    let end = open_at_end(facts, currency);
    out.list(&head("end", title[1]), end.map(|own| item(facts, own, own.fees())));
    let others = Others::new(facts, facts.fee_accounts(), currency, facts.in_period());
    others.list(format!("fees-others-{currency}"), out);
    for role in kinds.keys() {
        let charged = |movement: &Movement| {
            let own = movement.charges.iter().filter(|(known, _)| known == role);
            Amount::new(own.map(|(_, minor)| minor).sum(), currency)
        };
        let own =
            facts.moved(currency).filter(|m| m.charges.iter().any(|(known, _)| known == role));
        let title = format!("Charged: {role}");
        let part = role.setting().replace(['.', '_'], "-");
        let rows = own.map(|movement| item(facts, movement, charged(movement)));
        out.list(&head(&part, &title), rows);
    }
}

fn deviations(facts: &Facts, currency: Currency, out: &mut Writer) {
    let accounts = facts.fee_accounts();
    let own = deviations::in_period(facts, currency)
        .filter(|(own, by)| accounts.contains(&&own.account) && !by.is_zero());
    let rows = own.map(|(own, by)| deviations::row(facts, own, by));
    let head = Head::new(format!("fees-records-{currency}"), deviations::TITLE, &RECORDS);
    out.list(&head.of(currency), rows);
}

fn item<'a>(facts: &Facts, movement: &'a Movement, amount: Amount) -> Vec<Cell<'a>> {
    vec![
        Cell::Date(facts.date(movement.created)),
        Cell::id(&*movement.id),
        Cell::or_empty(movement.source.as_deref(), Cell::id),
        Cell::or_empty(facts.charged_on(movement), Cell::Date),
        Cell::Amount(amount),
    ]
}
