//! The receivables account: its balance in NetSuite, and the open documents that it is made of.
//!
//! Open invoices alone would not show a credit memo or a payment that nobody applied.

use crate::money::{Amount, Currency};
use crate::reconcile::statement::{BY_OTHERS, Item, Line, Statement};

/// What stands open on the account in one currency, and the account's own balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDocuments {
    pub invoices: Vec<Item>,
    /// Credit memos that are not used up, as positive amounts.
    pub credits: Vec<Item>,
    /// What payments still have to pay for, as positive amounts.
    pub payments: Vec<Item>,
    /// Gains and losses on rates that NetSuite booked by itself, debits positive.
    pub revaluations: Vec<Item>,
    /// Records on the account that this ledger did not make, debits positive.
    pub by_others: Vec<Item>,
    /// The account's balance, by whomever it was posted.
    pub balance: Amount,
}

/// Holds the account's balance against the documents that are open on it.
pub fn receivables_account(currency: Currency, open: OpenDocuments) -> Statement {
    let terms = vec![
        Line::itemised("Open invoices", currency, open.invoices),
        Line::without("Credit memos not used up", currency, open.credits),
        Line::without("Payments not applied", currency, open.payments),
        Line::itemised("Revaluations that NetSuite made by itself", currency, open.revaluations),
        Line::itemised(BY_OTHERS, currency, open.by_others),
    ];
    Statement::new(
        "receivables_account",
        format!("Receivables account, {currency}"),
        currency,
        terms,
        "Should be on the account",
        Some(("Receivables account, by NetSuite", open.balance)),
    )
}
