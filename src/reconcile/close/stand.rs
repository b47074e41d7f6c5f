//! Where a movement stood at the end of a day: what undeposited funds and the Stripe balance account
//! held because of it, by what was posted.

use chrono::NaiveDate;

use super::facts::{Facts, Movement, Payout};
use crate::accounting::balance_transaction::Class;
use crate::calendar::{UnixTime, day_before};
use crate::money::Amount;

/// The end of a day: the day by which records count, and the instant by which movements do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub day: NaiveDate,
    pub until: UnixTime,
}

/// Why the books and Stripe's balance differ by a movement: a timing difference that will resolve,
/// or a record that is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// The fee of a payment in the books goes with its payout's deposit.
    FeeBeforeDeposit,
    /// Fees and the like are booked with the deposit of their payout.
    WaitsForDeposit,
    /// The payout left Stripe and is deposited later.
    PayoutInTransit,
    /// Its record has a later day: its own period was closed.
    BookedLater,
    /// The deposit has an earlier day than the payout left Stripe, by the account's zone.
    BookedBefore,
    /// Its record is not posted: planned, blocked or an exception.
    NotPosted,
}

impl Why {
    pub const ALL: [Self; 6] = [
        Self::FeeBeforeDeposit,
        Self::WaitsForDeposit,
        Self::PayoutInTransit,
        Self::BookedLater,
        Self::BookedBefore,
        Self::NotPosted,
    ];

    pub const fn label(self) -> &'static str {
        match self {
            Self::FeeBeforeDeposit => "Fees on payments that are not deposited yet",
            Self::WaitsForDeposit => "Fees and adjustments, booked with their payout's deposit",
            Self::PayoutInTransit => "Payouts that left Stripe and are not deposited yet",
            Self::BookedLater => "Movements whose record is dated after the period",
            Self::BookedBefore => "Deposits dated before their payout left Stripe",
            Self::NotPosted => "Movements whose record is not posted",
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::FeeBeforeDeposit => "fee_before_deposit",
            Self::WaitsForDeposit => "waits_for_deposit",
            Self::PayoutInTransit => "payout_in_transit",
            Self::BookedLater => "booked_later",
            Self::BookedBefore => "booked_before",
            Self::NotPosted => "not_posted",
        }
    }
}

impl Payout {
    /// Whether a deposit or journal has it, at the end of `day`.
    pub fn is_booked(&self, day: NaiveDate) -> bool {
        self.booked.is_some_and(|booked| booked <= day)
    }

    /// The day on which what it is made of left undeposited funds and the Stripe balance account.
    pub fn deposited(&self) -> Option<NaiveDate> {
        if self.amount.is_negative() {
            return self.taken_over;
        }
        self.booked.filter(|_| !self.is_journal)
    }

    fn is_deposited(&self, day: NaiveDate) -> bool {
        self.deposited().is_some_and(|deposited| deposited <= day)
    }
}

impl Facts {
    /// The day on which the books have what a movement charges.
    pub fn charged_on(&self, movement: &Movement) -> Option<NaiveDate> {
        let deposited = self.payout(movement.payout).and_then(Payout::deposited);
        match (movement.charged, deposited) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    pub fn payout(&self, place: Option<u32>) -> Option<&Payout> {
        self.payouts.get(usize::try_from(place?).ok()?)
    }

    /// The end of the period.
    pub fn end(&self) -> Moment {
        Moment { day: self.period.last_day, until: self.period.window.until }
    }

    /// The end of the day before the period.
    pub fn start(&self) -> Moment {
        Moment { day: day_before(self.period.first_day), until: self.period.window.since }
    }

    /// By how much Stripe's balance was more than the books at `moment`, because of one movement of
    /// the time up to then; `None` where both had it.
    pub fn open(&self, movement: &Movement, moment: Moment) -> Option<(Why, Amount)> {
        let Moment { day, until } = moment;
        if movement.created >= until {
            return None;
        }
        let cleared_by = match movement.class {
            // Its own row names the payout as its source.
            Class::Payout => movement.moves,
            _ => movement.payout,
        };
        if let Some(payout) = self.payout(cleared_by).filter(|payout| payout.is_deposited(day)) {
            let has_left = payout.created < until;
            let is_back = payout.returned.is_some_and(|back| back < until);
            if movement.class == Class::Payout && payout.is_to_balance && !is_back {
                // The books have it back already.
                return Some((Why::PayoutInTransit, movement.net()));
            }
            if !has_left {
                return Some((Why::BookedBefore, movement.net()));
            }
            // The deposit took what its own record brings later.
            let is_late = movement.recorded.is_some_and(|recorded| recorded > day);
            return is_late.then_some((Why::BookedLater, movement.gross()));
        }
        let is_charged = self.charged_on(movement).is_some_and(|charged| charged <= day);
        let charges = if is_charged { movement.gross - movement.net } else { 0 };
        let in_books = Amount::new(movement.gross - charges, movement.currency);
        let held = match movement.class {
            Class::Payout | Class::PayoutReturned => match self.payout(movement.moves) {
                Some(payout) if payout.is_booked(day) => Ok(in_books),
                // Left and came back without the books: the two rows cancel out.
                Some(payout) if payout.returned.is_some_and(|back| back < until) => return None,
                _ if movement.class == Class::Payout => Err(Why::PayoutInTransit),
                _ => Err(Why::NotPosted),
            },
            Class::Line(_) | Class::Unknown if is_charged => Ok(movement.net()),
            Class::Line(_) | Class::Unknown => Err(Why::WaitsForDeposit),
            _ => match movement.recorded {
                Some(recorded) if recorded <= day => Ok(in_books),
                Some(_) => Err(Why::BookedLater),
                None => Err(Why::NotPosted),
            },
        };
        let (why, amount) = match held {
            Ok(held) => (Why::FeeBeforeDeposit, movement.net() - held),
            // What it charges may be booked before it is.
            Err(why) => (why, movement.net() + Amount::new(charges, movement.currency)),
        };
        (!amount.is_zero()).then_some((why, amount))
    }
}
