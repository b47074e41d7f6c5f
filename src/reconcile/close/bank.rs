//! Stripe, NetSuite and the bank: each payout with its deposit and the line of the bank statement, and
//! lines of Stripe's that are of no payout.

use std::collections::BTreeMap;

use super::facts::{Facts, Payout};
use super::payouts::expected;
use super::sheet::{Cell, Column, Head, STATEMENT, Term, Writer};
use crate::money::{Amount, Currency};
use crate::reconcile::bank::{BankSide, Part, Row, Sent, State, rows};

const COLUMNS: [Column; 8] = [
    Column::id("payout", "Payout"),
    Column::date("day", "Due"),
    Column::text("state", "State"),
    Column::date("bank_date", "Bank date"),
    Column::amount("stripe", "Stripe"),
    Column::amount("netsuite", "NetSuite"),
    Column::amount("bank", "Bank"),
    Column::amount("difference", "Differs"),
];

/// What is behind each row: the line, why it is the payout's, and the deposit.
const BEHIND: [Column; 8] = [
    Column::id("payout", "Payout"),
    Column::date("day", "Due"),
    Column::text("line", "Line"),
    Column::text("found_by", "Found by"),
    Column::date("booked", "Deposited"),
    Column::text("posting_period", "Posting period"),
    Column::amount("deposit_difference", "Deposit differs by"),
    Column::amount("expected", "Should be there"),
];

const STATES: [Column; 6] = [
    Column::text("state", "State"),
    Column::count("count", "Count"),
    Column::amount("stripe", "Stripe"),
    Column::amount("netsuite", "NetSuite"),
    Column::amount("bank", "Bank"),
    Column::amount("difference", "Bank differs by"),
];

const STATEMENTS: [Column; 4] = [
    Column::text("account", "Account"),
    Column::text("currency", "Currency"),
    Column::date("first_day", "From"),
    Column::date("last_day", "To"),
];

pub(super) fn bank(facts: &Facts, out: &mut Writer) {
    let Some(side) = &facts.bank else {
        let text = "No bank statement was imported, so payouts are compared with NetSuite alone. \
                    `tieout bank import` reads one.";
        let columns = [Column::text("what", "Bank statements")];
        out.list(&Head::new("bank-none", "Bank statements", &columns), [vec![Cell::text(text)]]);
        return;
    };
    let sent = facts.sent();
    let rows = rows(&sent, side, &facts.in_period());
    for of_currency in rows.chunk_by(|one, other| one.currency == other.currency) {
        let currency = of_currency[0].currency;
        let (old, now): (Vec<&Row>, Vec<&Row>) = of_currency.iter().partition(|row| row.is_old);
        proof(&now, currency, out);
        by_state(facts, &now, currency, out);
        let title = format!("Payouts, deposits and bank statement, {currency}");
        let head = Head::new(format!("bank-rows-{currency}"), title, &COLUMNS).of(currency);
        out.list(&head.noted(facts.unread()), now.iter().map(|row| cells(facts, side, row)));
        let title = format!("Missing in the bank since before the period, {currency}");
        let head = Head::new(format!("bank-old-{currency}"), title, &COLUMNS).of(currency);
        out.list(&head, old.iter().map(|row| cells(facts, side, row)));
        let title = format!("Lines and deposits behind them, {currency}");
        let head = Head::new(format!("bank-behind-{currency}"), title, &BEHIND).of(currency);
        out.list(&head.detail(), now.iter().map(|row| behind(facts, side, row)));
    }
    let stretches = side.accounts.iter().flat_map(|account| {
        account.stretches.iter().map(|(first, last)| {
            let (name, currency) = (account.name.as_str(), account.currency.code());
            vec![Cell::text(name), Cell::text(currency), Cell::Date(*first), Cell::Date(*last)]
        })
    });
    out.list(&Head::new("bank-statements", "Days that statements have", &STATEMENTS), stretches);
}

/// What Stripe says should be in the bank, against Stripe's lines on the statements.
fn proof(rows: &[&Row], currency: Currency, out: &mut Writer) {
    let zero = Amount::zero(currency);
    let mut terms = Vec::new();
    for part in Part::ALL {
        let own = rows.iter().flat_map(|row| &row.parts).filter(|(own, _)| *own == part);
        let (count, sum) =
            own.fold((0, zero), |(count, sum), (_, amount)| (count + 1, sum + *amount));
        if count > 0 || part == Part::Arrived {
            terms.push(Term::new(part.label(), count, sum).behind(format!("bank-rows-{currency}")));
        }
    }
    let observed = rows.iter().fold(zero, |sum, row| sum + row.in_bank);
    let unread = rows.iter().filter(|row| row.state == State::NoStatement).count();
    let note = match unread {
        0 => None,
        1 => Some("One of these is due on a day that no statement has: it is not compared.".into()),
        many => Some(format!(
            "{many} of these are due on days that no statement has: they are not compared."
        )),
    };
    let title = format!("Payouts against the bank statement, {currency}");
    let head = Head::new(format!("bank-{currency}"), title, &STATEMENT).of(currency).noted(note);
    let observed = Some(("Stripe's lines on the bank statement", observed));
    out.proof(&head, terms, "Should be in the bank", observed);
}

fn by_state(facts: &Facts, rows: &[&Row], currency: Currency, out: &mut Writer) {
    let zero = Amount::zero(currency);
    let mut sums: BTreeMap<&str, (usize, [Amount; 4])> = BTreeMap::new();
    for row in rows {
        let deposit = deposit(facts, row);
        let (count, amounts) = sums.entry(word(facts, row)).or_insert((0, [zero; 4]));
        *count += 1;
        let own = [
            row.amount,
            deposit.map_or(zero, |payout| payout.banked),
            row.in_bank,
            row.difference(),
        ];
        for (sum, amount) in amounts.iter_mut().zip(own) {
            *sum += amount;
        }
    }
    let title = format!("By state, {currency}");
    let head = Head::new(format!("bank-states-{currency}"), title, &STATES).of(currency);
    let cells = sums.into_iter().map(|(word, (count, amounts))| {
        [vec![Cell::text(word), Cell::count(count)], amounts.map(Cell::Amount).to_vec()].concat()
    });
    out.list(&head, cells);
}

/// The payout whose deposit belongs beside a row: not beside its way back, which has none of its own.
fn deposit<'a>(facts: &'a Facts, row: &Row) -> Option<&'a Payout> {
    let payout = row.payout.filter(|_| !row.is_back).map(|payout| &facts.payouts[payout]);
    payout.filter(|payout| !payout.is_older)
}

/// What NetSuite's bank account has too much of a payout.
fn netsuite_differs_by(facts: &Facts, row: &Row) -> Option<Amount> {
    deposit(facts, row).map(|payout| payout.banked - expected(facts, payout))
}

fn word(facts: &Facts, row: &Row) -> &'static str {
    let is_off = netsuite_differs_by(facts, row).is_some_and(|amount| !amount.is_zero());
    if row.state != State::Ties || !is_off {
        return row.state.word();
    }
    let is_booked = deposit(facts, row).is_some_and(|own| own.is_booked(facts.period.last_day));
    if is_booked { "deposit differs" } else { "not in NetSuite yet" }
}

fn cells<'a>(facts: &'a Facts, side: &'a BankSide, row: &'a Row) -> Vec<Cell<'a>> {
    let payout = row.payout.map(|payout| &facts.payouts[payout]);
    let line = row.line.map(|line| &side.lines[line]);
    let state = word(facts, row);
    vec![
        Cell::or_empty(payout, |own| Cell::id(&own.id)),
        Cell::Date(row.day),
        Cell::text(if row.is_back { format!("{state}, the way back") } else { state.to_owned() }),
        Cell::or_empty(line, |line| Cell::Date(line.booked)),
        Cell::Amount(row.amount),
        Cell::or_empty(deposit(facts, row), |own| Cell::Amount(own.banked)),
        Cell::Amount(row.in_bank),
        Cell::Amount(row.difference()),
    ]
}

fn behind<'a>(facts: &'a Facts, side: &'a BankSide, row: &'a Row) -> Vec<Cell<'a>> {
    let payout = row.payout.map(|payout| &facts.payouts[payout]);
    let deposit = deposit(facts, row);
    let booked = deposit.and_then(|own| own.booked).filter(|day| *day <= facts.period.last_day);
    let period = deposit.and_then(|own| own.period.as_deref()).filter(|_| booked.is_some());
    let line = match row.line.map(|line| &side.lines[line]) {
        Some(line) if row.state == State::Elsewhere => format!("{} {}", line.id, line.amount),
        Some(line) => line.id.clone(),
        None => {
            let ids = row.candidates.iter().map(|line| side.lines[*line].id.as_str());
            ids.collect::<Vec<_>>().join(" or ")
        }
    };
    vec![
        Cell::or_empty(payout, |own| Cell::id(&own.id)),
        Cell::Date(row.day),
        Cell::text(line),
        Cell::or_empty(row.how, |how| Cell::text(how.word())),
        Cell::or_empty(booked, Cell::Date),
        Cell::or_empty(period, Cell::text),
        Cell::or_empty(netsuite_differs_by(facts, row), Cell::Amount),
        Cell::Amount(row.expected()),
    ]
}

impl Facts {
    /// Payouts as the bank may show them, in their own order.
    pub fn sent(&self) -> Vec<Sent> {
        let sent = |payout: &Payout| Sent {
            id: payout.id.clone(),
            amount: payout.amount,
            arrival: payout.arrival,
            status: payout.status.clone(),
            returned: payout.returned.map(|instant| self.date(instant)),
            trace: payout.trace.clone(),
            descriptor: payout.descriptor.clone(),
        };
        self.payouts.iter().map(sent).collect()
    }
}
