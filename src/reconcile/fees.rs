//! Fees: what Stripe charged against what the fee accounts show.

use crate::money::{Amount, Currency};
use crate::reconcile::movement::{self, Movement};
use crate::reconcile::statement::{Item, Line, Statement};

/// Holds the fee accounts against Stripe's charges. What is not deposited yet is itemised.
pub fn fees(currency: Currency, movements: &[Movement], booked: Amount) -> Statement {
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
