//! The roll-forward: opening balance, activity by category, payouts, closing balance, held against
//! the balance that Stripe itself reports.

use std::collections::BTreeMap;

use crate::money::{Amount, Currency};
use crate::reconcile::movement::{self, Movement};
use crate::reconcile::opening::Start;
use crate::reconcile::statement::{Item, Line, Statement};

/// Rolls the Stripe balance of `currency` forward. `reported` is what Stripe's balance endpoint
/// said; `after` is what moved between the end of what was pulled and that answer.
pub fn rollforward(
    currency: Currency,
    movements: &[Movement],
    start: &Start,
    after: Vec<Item>,
    reported: Option<Amount>,
) -> Statement {
    let mut by_category: BTreeMap<&str, (usize, Amount)> = BTreeMap::new();
    for movement in movement::of(movements, currency) {
        let entry =
            by_category.entry(movement.category.as_str()).or_insert((0, Amount::zero(currency)));
        entry.0 += 1;
        entry.1 += movement.net;
    }
    let mut terms = vec![Line::term(start.label.clone(), start.amount, 0)];
    // Payouts last: activity first, then what left for the bank.
    let (payouts, activity): (Vec<_>, Vec<_>) =
        by_category.into_iter().partition(|(category, _)| category.starts_with("payout"));
    for (category, (count, net)) in activity.into_iter().chain(payouts) {
        terms.push(Line::term(label(category), net, count));
    }
    if !after.is_empty() {
        terms.push(Line::itemised("Moved later than the books were pulled", currency, after));
    }
    let statement = Statement::new(
        "rollforward",
        format!("Stripe balance roll-forward, {currency}"),
        currency,
        terms,
        "Closing balance",
        reported.map(|amount| ("Balance that Stripe reports", amount)),
    );
    Statement { unproven: start.unproven.clone(), ..statement }
}

/// `dispute_reversal` → `Dispute reversal, net of fees`.
pub(super) fn label(category: &str) -> String {
    let words = category.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    format!("{}{}, net of fees", first.map(String::from).unwrap_or_default(), letters.as_str())
}
