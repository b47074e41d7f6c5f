//! The payouts of a plan, each in one line with what it is made of.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::groups::Group;
use crate::money::{Amount, Currency};
use crate::netsuite::record::{Body, RecordKind};
use crate::reconcile::close::sheet::{Cell, Column, Head, Writer};

const PAYOUTS: [Column; 7] = [
    Column::date("date", "Date"),
    Column::text("group", "Payout"),
    Column::count("records", "Records"),
    Column::count("invoices", "Invoices"),
    Column::amount("paid", "Payments and refunds"),
    Column::amount("fees", "Fees and other lines"),
    Column::amount("amount", "Deposited"),
];

/// Payout by payout: what is deposited, and what of the plan it is made of.
pub(super) fn payouts(groups: &[Group], out: &mut Writer) {
    let all: Vec<Banked> = groups.iter().filter_map(Banked::of).collect();
    let currencies: BTreeSet<Currency> = all.iter().map(|own| own.amount.currency()).collect();
    for currency in currencies {
        let own = all.iter().filter(|own| own.amount.currency() == currency);
        let rows = own.map(|own| {
            vec![
                Cell::or_empty(own.date, Cell::Date),
                Cell::text(&own.name),
                Cell::count(own.records),
                Cell::count(own.invoices),
                Cell::Amount(own.paid),
                Cell::Amount(own.amount - own.paid),
                Cell::Amount(own.amount),
            ]
        });
        let title = format!("Payouts, {currency}");
        out.list(&Head::new(format!("payouts-{currency}"), title, &PAYOUTS).of(currency), rows);
    }
}

/// A payout of the plan in one line.
struct Banked {
    name: String,
    date: Option<NaiveDate>,
    records: usize,
    invoices: usize,
    /// What the deposit takes from undeposited funds.
    paid: Amount,
    amount: Amount,
}

impl Banked {
    fn of(group: &Group) -> Option<Self> {
        let last = group.changes.last().filter(|_| group.is_payout)?;
        let amount = banked(&last.record.body)?;
        let zero = Amount::zero(amount.currency());
        let paid = match &last.record.body {
            Body::Deposit(deposit) => deposit.payments.iter().map(|line| line.amount).collect(),
            _ => Vec::new(),
        };
        Some(Self {
            date: last.record.body.header().map(|header| header.tran_date),
            records: group.changes.len(),
            invoices: group.changes.iter().filter(|c| c.kind == RecordKind::Invoice).count(),
            paid: paid.into_iter().fold(zero, |sum, amount| sum + amount),
            amount,
            name: group.name.clone(),
        })
    }
}

/// What a deposit, or a journal of a payout, brings to the bank; its second line is the bank's.
fn banked(body: &Body) -> Option<Amount> {
    match body {
        Body::JournalEntry(journal) => journal.lines.get(1).map(|line| line.amount),
        other => other.total(),
    }
}
