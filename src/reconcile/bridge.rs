//! The bridge: what the general ledger holds for Stripe, and the items that lead from there to
//! Stripe's own balance.

use std::collections::BTreeMap;

use crate::money::{Amount, Currency};
use crate::reconcile::movement::{self, Held, Movement, NotYet, Past};
use crate::reconcile::statement::{BY_OTHERS, Item, Line, Statement};

/// What NetSuite holds in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerBalances {
    /// By whomever it was posted, like the Stripe balance account.
    pub undeposited_funds: Amount,
    pub stripe_balance: Amount,
    /// What of both this ledger did not post.
    pub by_others: Vec<Item>,
}

/// The Stripe balance with which the books begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    pub balance: Amount,
    /// The opening journal has it in the Stripe balance account. Until then, or without one, it is
    /// in other books.
    pub is_booked: bool,
    /// Payouts that had left the balance and have not reached the bank yet, as negative amounts.
    pub on_their_way: Vec<Item>,
}

/// Leads from undeposited funds and the Stripe balance account to the Stripe balance.
pub fn bridge(
    currency: Currency,
    movements: &[Movement],
    books: LedgerBalances,
    beginning: Beginning,
) -> Statement {
    let mut stripe = beginning.balance;
    let mut outside = beginning.balance;
    let mut fees = Vec::new();
    let mut waiting: BTreeMap<NotYet, Vec<Item>> = BTreeMap::new();
    for movement in movement::of(movements, currency) {
        match movement.past {
            None => stripe += movement.net,
            Some(Past::InOpening) => {}
            Some(Past::PaidOut) => outside -= movement.net,
        }
        match &movement.held {
            Held::Cleared => {}
            Held::InBooks(amount) => {
                if !(movement.net - *amount).is_zero() {
                    fees.push(item(movement, movement.net - *amount));
                }
            }
            Held::NotYet(why, amount) => {
                if !amount.is_zero() {
                    waiting.entry(*why).or_default().push(item(movement, *amount));
                }
            }
        }
    }
    let mut terms = vec![
        Line::term("Undeposited funds, by NetSuite", books.undeposited_funds, 0),
        Line::term("Stripe balance account, by NetSuite", books.stripe_balance, 0),
        Line::without(BY_OTHERS, currency, books.by_others),
        Line::itemised("Fees on payments that are not deposited yet", currency, fees),
    ];
    if beginning.is_booked {
        if !beginning.on_their_way.is_empty() {
            let label = "Payouts that had left before the start and are not booked yet";
            terms.push(Line::itemised(label, currency, beginning.on_their_way));
        }
    } else if !outside.is_zero() {
        terms.push(Line::term("From before the start, not in these books", outside, 0));
    }
    for why in [NotYet::WaitsForDeposit, NotYet::PayoutInTransit, NotYet::NotPosted] {
        let items = waiting.remove(&why).unwrap_or_default();
        terms.push(Line::itemised(why.label(), currency, items));
    }
    Statement::new(
        "bridge",
        format!("From the general ledger to the Stripe balance, {currency}"),
        currency,
        terms,
        "Stripe balance, from the books",
        Some(("Stripe balance, from its movements", stripe)),
    )
}

fn item(movement: &Movement, amount: Amount) -> Item {
    Item { date: movement.date, id: movement.id.clone(), label: movement.category.clone(), amount }
}
