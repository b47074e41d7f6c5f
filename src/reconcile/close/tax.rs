//! Tax collected in the period, by rate, against the liability accounts.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Balance, Facts, TaxLine};
use super::sheet::{Cell, Column, Head, STATEMENT, Term, Writer};
use crate::ids::InternalId;
use crate::money::{Amount, Currency};

const RATES: [Column; 6] = [
    Column::id("rate", "Rate"),
    Column::count("invoices", "Lines of invoices"),
    Column::amount("invoiced", "Invoiced"),
    Column::count("memos", "Lines of credit memos"),
    Column::amount("credited", "Credited"),
    Column::amount("net", "Owed"),
];

pub(super) fn tax(facts: &Facts, out: &mut Writer) {
    let currencies: BTreeSet<Currency> =
        facts.taxes.iter().map(|tax| tax.invoiced.currency()).collect();
    for currency in currencies {
        let own = || facts.taxes.iter().filter(move |tax| tax.invoiced.currency() == currency);
        let accounts: BTreeSet<&InternalId> = own().map(|tax| &tax.account).collect();
        for account in accounts {
            against_account(facts, currency, account, out);
        }
        let mut rates: BTreeMap<&str, (usize, Amount, usize, Amount)> = BTreeMap::new();
        for tax in own() {
            let zero = Amount::zero(currency);
            let rate = rates.entry(&tax.rate).or_insert((0, zero, 0, zero));
            rate.0 += tax.invoice_count;
            rate.1 += tax.invoiced;
            rate.2 += tax.memo_count;
            rate.3 += tax.credited;
        }
        let rows = rates.into_iter().map(|(rate, (invoices, invoiced, memos, credited))| {
            vec![
                Cell::id(rate),
                Cell::count(invoices),
                Cell::Amount(invoiced),
                Cell::count(memos),
                Cell::Amount(credited),
                Cell::Amount(invoiced - credited),
            ]
        });
        let title = format!("Tax by rate, {currency}");
        out.list(&Head::new(format!("tax-rates-{currency}"), title, &RATES).of(currency), rows);
    }
}

fn against_account(facts: &Facts, currency: Currency, account: &InternalId, out: &mut Writer) {
    let zero = Amount::zero(currency);
    let own = facts
        .taxes
        .iter()
        .filter(|tax| tax.account == *account && tax.invoiced.currency() == currency);
    let add = |(count, sum), (more, amount): (usize, Amount)| (count + more, sum + amount);
    let invoiced = |tax: &TaxLine| (tax.invoice_count, tax.invoiced);
    let credited = |tax: &TaxLine| (tax.memo_count, -tax.credited);
    let (invoices, billed) = own.clone().map(invoiced).fold((0, zero), add);
    let (memos, given_back) = own.map(credited).fold((0, zero), add);
    let rates = format!("tax-rates-{currency}");
    let mut terms = vec![
        Term::new("Tax on invoices", invoices, billed).behind(rates.clone()),
        Term::new("Tax on credit memos", memos, given_back).behind(rates),
    ];
    let in_journals =
        -facts.on(&[account], currency, |own: &Balance| own.expected[1]) - billed - given_back;
    if !in_journals.is_zero() {
        terms.push(Term::new("In journals that sum many documents", 0, in_journals));
    }
    let observed = -facts.on(&[account], currency, |own: &Balance| own.observed[1]);
    let title = format!("{}, {currency}", facts.account(account));
    let head = Head::new(format!("tax-{account}-{currency}"), title, &STATEMENT).of(currency);
    out.proof(
        &head.noted(facts.unread()),
        terms,
        "Should have been booked in the period",
        Some(("Our records on the account in the period, by NetSuite", observed)),
    );
}
