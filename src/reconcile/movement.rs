//! A movement of the Stripe balance and what the books hold of it right now.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::calendar::UnixTime;
use crate::money::{Amount, Currency};

/// One balance transaction as the proofs see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    pub id: String,
    pub created: UnixTime,
    /// In the account's zone.
    pub date: NaiveDate,
    /// Stripe's reporting category, or its type where it has none.
    pub category: String,
    pub gross: Amount,
    pub fee: Amount,
    pub net: Amount,
    /// What Stripe charges with it: its fee, and the whole of it when it is a fee itself. Positive.
    pub charged: Amount,
    pub held: Held,
    /// Whether what it charges is in the books.
    pub is_charged: bool,
    /// Set on what is older than the books.
    pub past: Option<Past>,
}

/// What became of a movement that is older than the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    /// It is in the balance with which the books begin, or has left it before.
    InOpening,
    /// A payout of these books has paid it out since.
    PaidOut,
}

/// What undeposited funds and the Stripe balance account hold because of a movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// Its payout is in the bank: movement and payout cancel out on both sides.
    Cleared,
    /// A record is posted and not yet deposited: this much is in the books.
    InBooks(Amount),
    /// This much is not in the books yet.
    NotYet(NotYet, Amount),
}

/// Why the books do not hold a movement, or hold no more of it than what it charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotYet {
    /// Fees and the like are booked with the deposit of their payout.
    WaitsForDeposit,
    /// The payout left Stripe and has not reached the bank.
    PayoutInTransit,
    /// Its record is not posted: planned, blocked or an exception.
    NotPosted,
}

impl NotYet {
    pub const fn label(self) -> &'static str {
        match self {
            Self::WaitsForDeposit => "Fees and adjustments, booked with their payout's deposit",
            Self::PayoutInTransit => "Payouts that left Stripe and are not deposited yet",
            Self::NotPosted => "Movements whose record is not posted",
        }
    }
}

/// Every currency among the movements, in order.
pub fn currencies(movements: &[Movement]) -> BTreeSet<Currency> {
    movements.iter().map(|movement| movement.net.currency()).collect()
}

/// The movements of one currency.
pub fn of(movements: &[Movement], currency: Currency) -> impl Iterator<Item = &Movement> {
    movements.iter().filter(move |movement| movement.net.currency() == currency)
}
