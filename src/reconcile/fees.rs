//! Fees: what Stripe charged against what the fee accounts show.

use crate::money::{Amount, Currency};
use crate::reconcile::movement::{self, Movement};
use crate::reconcile::statement::{BY_OTHERS, Item, Line, Statement};

/// Holds the fee accounts against Stripe's charges. What is not deposited yet is itemised, and so
/// is what on those accounts this ledger did not post: `booked` is the whole balance.
pub fn fees(
    currency: Currency,
    movements: &[Movement],
    booked: Amount,
    by_others: Vec<Item>,
) -> Statement {
    let charged: Vec<&Movement> =
        movement::of(movements, currency).filter(|movement| !movement.charged.is_zero()).collect();
    let total = charged.iter().fold(Amount::zero(currency), |sum, movement| sum + movement.charged);
    let waiting = charged
        .iter()
        .filter(|movement| !movement.is_charged)
        .map(|movement| Item {
            date: movement.date,
            id: movement.id.clone(),
            label: movement.category.clone(),
            amount: -movement.charged,
        })
        .collect();
    let terms = vec![
        Line::term("Fees that Stripe charged", total, charged.len()),
        Line::itemised("Not deposited yet", currency, waiting),
        Line::itemised(BY_OTHERS, currency, by_others),
    ];
    Statement::new(
        "fees",
        format!("Fees, {currency}"),
        currency,
        terms,
        "Should be in the fee accounts",
        Some(("Fee accounts, by NetSuite", booked)),
    )
}
