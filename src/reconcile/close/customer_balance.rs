//! Customers' credit: what Stripe keeps for each at the period's end, and the open credits that
//! NetSuite shows for them.

use std::collections::BTreeSet;

use super::facts::{CustomerCredit, Facts};
use super::sheet::{Cell, Column, Head, STATEMENT, Term, Writer};
use crate::money::{Amount, Currency};

const COLUMNS: [Column; 6] = [
    Column::id("item", "Customer"),
    Column::amount("stripe", "Credit in Stripe"),
    Column::amount("netsuite", "Open credits in NetSuite"),
    Column::amount("outside", "Given back outside Stripe"),
    Column::amount("taken_back", "Used on invoices voided since"),
    Column::amount("difference", "Difference"),
];

pub(super) fn customer_balance(facts: &Facts, out: &mut Writer) {
    let currencies: BTreeSet<Currency> =
        facts.credits.iter().map(|credit| credit.stripe.currency()).collect();
    for currency in currencies {
        let own = || facts.credits.iter().filter(move |c| c.stripe.currency() == currency);
        let sum = |side: fn(&CustomerCredit) -> Amount| {
            own().fold(Amount::zero(currency), |sum, credit| sum + side(credit))
        };
        let section = format!("customer-balance-items-{currency}");
        let count = own().filter(|credit| !credit.stripe.is_zero()).count();
        let mut terms = vec![
            Term::new("Credit that Stripe keeps for customers", count, sum(|c| c.stripe))
                .behind(section.clone()),
        ];
        let outside = sum(|credit| credit.outside);
        if !outside.is_zero() {
            terms.push(Term::new("Given back outside Stripe, open for a person", 0, outside));
        }
        let taken_back = sum(|credit| credit.taken_back);
        if !taken_back.is_zero() {
            let label = "Used on invoices that were voided after the period";
            terms.push(Term::new(label, 0, taken_back));
        }
        let observed = ("Open credits by what is posted", sum(|credit| credit.netsuite));
        let head = Head::new(
            format!("customer-balance-{currency}"),
            format!("Customers' credit, {currency}"),
            &STATEMENT,
        );
        let head = head.of(currency);
        if facts.books_credits {
            out.proof(&head, terms, "Should be open credits", Some(observed));
        } else {
            let note = "By policy credits are booked when they are used: the two are not equal.";
            out.proof(&head.noted(Some(note.into())), terms, "Credit in Stripe", None);
        }
        let rows = own().map(|credit| {
            vec![
                Cell::id(&credit.customer),
                Cell::Amount(credit.stripe),
                Cell::Amount(credit.netsuite),
                Cell::Amount(credit.outside),
                Cell::Amount(credit.taken_back),
                Cell::Amount(credit.netsuite - credit.outside - credit.taken_back - credit.stripe),
            ]
        });
        out.list(&Head::new(section, "Customer by customer", &COLUMNS).of(currency).detail(), rows);
    }
}
