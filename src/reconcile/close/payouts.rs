//! Payouts of a period: those that left the Stripe balance, those that reached the bank, and both by
//! day, each with what it is made of and what the books hold of it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::facts::{Facts, Payout, Source};
use super::sheet::{Cell, Column, Head, Picture, STATEMENT, Term, Writer};
use crate::accounting::balance_transaction::Class;
use crate::money::{Amount, Currency};

const COLUMNS: [Column; 15] = [
    Column::date("created", "Left"),
    Column::id("payout", "Payout"),
    Column::date("arrival", "Arrives"),
    Column::text("state", "State"),
    Column::count("members", "Members"),
    Column::amount("gross", "Gross"),
    Column::amount("fee", "Fee"),
    Column::amount("net", "Net"),
    Column::amount("amount", "Payout"),
    Column::id("deposit", "Record"),
    Column::date("booked", "Booked"),
    Column::text("posting_period", "Posting period"),
    Column::amount("banked", "In the bank"),
    Column::amount("difference", "Difference"),
    Column::text("bank_line", "Bank statement"),
];

const DAYS: [Column; 5] = [
    Column::date("date", "Day"),
    Column::count("payouts", "Payouts"),
    Column::amount("expected", "Payouts that arrived"),
    Column::amount("banked", "Deposits in the bank"),
    Column::amount("difference", "Difference"),
];

/// Where a payout stands at the period's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Deposited,
    InTransit,
    CameBack,
    NotDeposited,
    Differs,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Deposited => "deposited",
            Self::InTransit => "in transit",
            Self::CameBack => "came back",
            Self::NotDeposited => "not deposited",
            Self::Differs => "differs",
        }
    }
}

pub(super) fn payouts(facts: &Facts, out: &mut Writer) {
    for currency in facts.currencies() {
        let key = |part: &str| format!("payouts-{part}-{currency}");
        arrived_against_deposits(facts, currency, out);
        let by_day = by_day(facts, currency);
        let head = Head::new(key("by-day"), "Payouts and deposits by day", &DAYS);
        let rows = by_day.into_iter().map(|(day, (count, expected, banked))| {
            let amounts = [expected, banked, banked - expected].map(Cell::Amount);
            [vec![Cell::Date(day), Cell::count(count)], amounts.to_vec()].concat()
        });
        out.list(&head.of(currency).drawn(Picture::Days), rows);
        let title = format!("Payouts that reached the bank, {currency}");
        let head = Head::new(key("arrived"), title, &COLUMNS).of(currency).detail();
        out.list(&head, arrived(facts, currency).map(|payout| row(facts, payout)));
        let title = format!("Payouts that left the Stripe balance, {currency}");
        let head = Head::new(key("left"), title, &COLUMNS).of(currency).detail();
        out.list(&head, left(facts, currency).map(|payout| row(facts, payout)));
    }
}

/// What Stripe says is in the bank at the period's end.
pub(super) fn expected(facts: &Facts, payout: &Payout) -> Amount {
    let is_here = payout.arrival <= facts.period.last_day;
    let is_final = !matches!(payout.status.as_str(), "pending" | "in_transit");
    let came_back = payout.returned.is_some_and(|back| back < facts.period.window.until)
        || payout.status == "canceled"
        || payout.is_to_balance;
    if is_here && is_final && !came_back {
        payout.amount
    } else {
        Amount::zero(payout.amount.currency())
    }
}

fn state(facts: &Facts, payout: &Payout) -> State {
    let expected = expected(facts, payout);
    let came_back = payout.returned.is_some_and(|back| back < facts.period.window.until);
    match (payout.is_booked(facts.period.last_day), payout.banked == expected) {
        (_, true) if came_back => State::CameBack,
        (_, true) if expected.is_zero() => State::InTransit,
        (_, true) => State::Deposited,
        (false, false) if payout.banked.is_zero() => State::NotDeposited,
        _ => State::Differs,
    }
}

fn arrived(facts: &Facts, currency: Currency) -> impl Iterator<Item = &Payout> {
    facts.payouts.iter().filter(move |payout| {
        payout.amount.currency() == currency
            && !payout.is_older
            && facts.in_period().contains(&payout.arrival)
    })
}

/// Those whose own movement is in the period, so that they add up to the roll-forward's line.
fn left(facts: &Facts, currency: Currency) -> impl Iterator<Item = &Payout> {
    let moved = facts.moved(currency).filter(|movement| movement.class == Class::Payout);
    moved.filter_map(|movement| facts.payout(movement.moves))
}

fn arrived_against_deposits(facts: &Facts, currency: Currency, out: &mut Writer) {
    let zero = Amount::zero(currency);
    let sum = |amounts: &[Amount]| amounts.iter().fold(zero, |sum, amount| sum + *amount);
    let (mut here, mut waiting, mut banked) = (Vec::new(), Vec::new(), Vec::new());
    for payout in arrived(facts, currency) {
        let expected = expected(facts, payout);
        banked.push(payout.banked);
        if expected.is_zero() {
            continue;
        }
        here.push(expected);
        if !payout.is_booked(facts.period.last_day) && payout.banked.is_zero() {
            waiting.push(-expected);
        }
    }
    if here.is_empty() && sum(&banked).is_zero() {
        return;
    }
    let section = format!("payouts-arrived-{currency}");
    let mut terms = vec![
        Term::new("Payouts that arrived, by Stripe", here.len(), sum(&here))
            .behind(section.clone()),
    ];
    if !waiting.is_empty() {
        let label = "Not booked yet, or in a later period";
        terms.push(Term::new(label, waiting.len(), sum(&waiting)).behind(section));
    }
    let head = Head::new(
        format!("payouts-{currency}"),
        format!("Payouts against deposits, {currency}"),
        &STATEMENT,
    );
    let label = match facts.source {
        Source::NetSuite => "Deposits of these payouts in the bank account, by NetSuite",
        Source::Posted => "Deposits of these payouts, as posted",
    };
    let head = head.of(currency).noted(facts.unread());
    out.proof(&head, terms, "Should be in the bank", Some((label, sum(&banked))));
}

type Day = (usize, Amount, Amount);

fn by_day(facts: &Facts, currency: Currency) -> BTreeMap<NaiveDate, Day> {
    let zero = Amount::zero(currency);
    let mut days: BTreeMap<NaiveDate, Day> = BTreeMap::new();
    for payout in arrived(facts, currency) {
        let day = days.entry(payout.arrival).or_insert((0, zero, zero));
        day.0 += 1;
        day.1 += expected(facts, payout);
        day.2 += payout.banked;
    }
    days
}

fn row<'a>(facts: &Facts, payout: &'a Payout) -> Vec<Cell<'a>> {
    let currency = payout.amount.currency();
    let minor = |minor: i64| Cell::Amount(Amount::new(minor, currency));
    let booked = payout.booked.filter(|day| *day <= facts.period.last_day);
    vec![
        Cell::Date(facts.date(payout.created)),
        Cell::id(&payout.id),
        Cell::Date(payout.arrival),
        Cell::text(state(facts, payout).word()),
        Cell::count(payout.members.count),
        minor(payout.members.gross),
        minor(payout.members.fee),
        minor(payout.members.net),
        Cell::Amount(payout.amount),
        Cell::or_empty(booked.and(payout.external_id.as_ref()), |id| Cell::id(id.as_str())),
        Cell::or_empty(booked, Cell::Date),
        Cell::or_empty(booked.and(payout.period.as_deref()), Cell::text),
        Cell::Amount(payout.banked),
        Cell::Amount(payout.banked - expected(facts, payout)),
        Cell::text(payout.bank_line.as_deref().unwrap_or("no statement read")),
    ]
}
