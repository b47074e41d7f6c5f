//! Payouts against deposits: every payout that reached the bank is one deposit of the same amount.

use chrono::NaiveDate;
use serde::Serialize;

use crate::ids::ExternalId;
use crate::money::{Amount, Currency};
use crate::reconcile::statement::{Item, Line, Statement};

/// One payout and what the bank account shows for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PayoutLeg {
    pub external_id: ExternalId,
    pub arrival: NaiveDate,
    /// What Stripe says reached the bank; after a failure, zero.
    pub expected: Amount,
    /// What NetSuite's bank account shows, from the deposit and the journals of this payout.
    pub banked: Amount,
    /// Not in the bank yet, by Stripe's own status.
    pub in_transit: bool,
}

/// Holds the bank account's entries against the payouts. Payouts that differ are itemised.
pub fn payouts(currency: Currency, legs: &[PayoutLeg]) -> Statement {
    let own: Vec<&PayoutLeg> =
        legs.iter().filter(|leg| leg.expected.currency() == currency).collect();
    let zero = Amount::zero(currency);
    let arrived = own.iter().filter(|leg| !leg.in_transit);
    let expected = arrived.clone().fold(zero, |sum, leg| sum + leg.expected);
    let banked = own.iter().fold(zero, |sum, leg| sum + leg.banked);
    let differing = own
        .iter()
        .filter(|leg| !leg.in_transit && leg.expected != leg.banked)
        .map(|leg| Item {
            date: leg.arrival,
            id: leg.external_id.to_string(),
            label: format!("payout {}, banked {}", leg.expected, leg.banked),
            amount: leg.banked - leg.expected,
        })
        .collect();
    let mut arrived_line = Line::term("Payouts that arrived, by Stripe", expected, arrived.count());
    arrived_line.items = differing;
    arrived_line.items.sort();
    Statement::new(
        "payouts",
        format!("Payouts against deposits, {currency}"),
        currency,
        vec![arrived_line],
        "Should be in the bank",
        Some(("Deposits of these payouts in the bank account", banked)),
    )
}
