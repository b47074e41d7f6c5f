//! Where a roll-forward begins: at nothing, with the account itself, or at an opening balance that was
//! worked out once, when the first pull ended, and then stays.
//!
//! Working it out again from every balance would make every roll-forward tie, whatever is missing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calendar::{UnixTime, Zone};
use crate::money::{Amount, Currency};
use crate::reconcile::movement::{self, Movement};
use crate::reconcile::statement::Item;

/// Stripe's balance as the last pull read it, and what moved since the window it pulled had ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub as_of: UnixTime,
    /// The end of the pulled window.
    pub until: UnixTime,
    /// Movements from there up to the reading. Not facts of the ledger yet.
    pub after: Vec<Later>,
}

/// A movement that was seen but not pulled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Later {
    pub created: UnixTime,
    pub item: Item,
}

/// The balance at the beginning of the first pull's window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The beginning of the window.
    pub since: UnixTime,
    /// When Stripe's balance was read from which it was worked out.
    pub as_of: UnixTime,
    /// The end of the window that was pulled then: two balances may be read within one second.
    #[serde(default)]
    pub until: Option<UnixTime>,
    pub amounts: BTreeMap<Currency, Amount>,
}

/// The first line of a roll-forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    pub label: String,
    pub amount: Amount,
    pub unproven: Option<String>,
}

impl Start {
    /// The books reach back to the beginning of the account, which had nothing then.
    pub fn nothing(currency: Currency) -> Self {
        let label = "Opening balance".into();
        Self { label, amount: Amount::zero(currency), unproven: None }
    }
}

impl Opening {
    /// Works the opening out: what Stripe reports, less everything that moved since.
    pub fn derive(
        since: UnixTime,
        reading: &Reading,
        reported: impl Fn(Currency) -> Amount,
        movements: impl Iterator<Item = (UnixTime, Amount)>,
        currencies: impl Iterator<Item = Currency>,
    ) -> Self {
        let mut amounts: BTreeMap<Currency, Amount> =
            currencies.map(|currency| (currency, reported(currency))).collect();
        let later = reading.after.iter().map(|later| (later.created, later.item.amount));
        for (created, net) in movements.chain(later) {
            if created >= since {
                let currency = net.currency();
                *amounts.entry(currency).or_insert_with(|| reported(currency)) -= net;
            }
        }
        Self { since, as_of: reading.as_of, until: Some(reading.until), amounts }
    }

    /// The opening balance before the first of `movements`: what was pulled from before the opening
    /// is taken off it. `reading` is the latest balance.
    pub fn start(
        &self,
        currency: Currency,
        movements: &[Movement],
        reading: Option<&Reading>,
        zone: Zone,
    ) -> Start {
        let zero = Amount::zero(currency);
        let moved = movement::of(movements, currency)
            .filter(|movement| movement.created < self.since)
            .fold(zero, |sum, movement| sum - movement.net);
        self.start_from(currency, moved, reading, zone)
    }

    /// The same, where what is older was taken off already.
    pub fn start_from(
        &self,
        currency: Currency,
        older: Amount,
        reading: Option<&Reading>,
        zone: Zone,
    ) -> Start {
        let known = self.amounts.get(&currency).copied().unwrap_or(Amount::zero(currency));
        let amount = known + older;
        let day = self.as_of.minute_in(zone);
        let is_same = reading.is_some_and(|reading| {
            reading.as_of == self.as_of && self.until.is_none_or(|until| until == reading.until)
        });
        Start {
            label: format!("Opening balance, worked out from Stripe's balance of {day}"),
            amount,
            unproven: is_same.then(|| {
                "The opening balance was worked out from the same balance: the next pull is the \
                 first to prove it."
                    .to_owned()
            }),
        }
    }
}

impl Reading {
    /// What moved after the ledger's own end, in one currency: a pull since may know some of it.
    pub fn later_than_pulled(&self, currency: Currency, movements: &[Movement]) -> Vec<Item> {
        let known: std::collections::BTreeSet<&str> =
            movement::of(movements, currency).map(|movement| movement.id.as_str()).collect();
        self.after
            .iter()
            .map(|later| &later.item)
            .filter(|item| item.amount.currency() == currency && !known.contains(item.id.as_str()))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::movement::Held;

    fn usd(minor: i64) -> Amount {
        Amount::new(minor, Currency::USD)
    }

    fn moved(id: &str, created: i64, minor: i64) -> Movement {
        let net = usd(minor);
        Movement {
            id: id.into(),
            created: UnixTime(created),
            date: UnixTime(created).utc_date(),
            category: "charge".into(),
            gross: net,
            fee: usd(0),
            net,
            charged: usd(0),
            held: Held::Cleared,
            is_charged: true,
            past: None,
        }
    }

    fn later(id: &str, created: i64, minor: i64) -> Later {
        let item = Item {
            date: UnixTime(created).utc_date(),
            id: id.into(),
            label: "charge".into(),
            amount: usd(minor),
        };
        Later { created: UnixTime(created), item }
    }

    fn opening() -> (Opening, Reading) {
        let reading = Reading {
            as_of: UnixTime(300),
            until: UnixTime(200),
            after: vec![later("txn_3", 250, 7)],
        };
        let movements = [moved("txn_1", 100, 50), moved("txn_2", 150, -20)];
        let each = movements.iter().map(|movement| (movement.created, movement.net));
        let opening = Opening::derive(
            UnixTime(100),
            &reading,
            |_| usd(1_000),
            each,
            [Currency::USD].into_iter(),
        );
        (opening, reading)
    }

    #[test]
    fn an_opening_is_worked_out_once_and_does_not_hide_what_is_missing_later() {
        let (opening, reading) = opening();
        assert_eq!(opening.amounts[&Currency::USD], usd(963));
        let zone = crate::calendar::Zone::UTC;
        let pulled = [moved("txn_1", 100, 50), moved("txn_2", 150, -20)];
        let first = opening.start(Currency::USD, &pulled, Some(&reading), zone);
        assert_eq!(first.amount, usd(963));
        assert!(first.unproven.is_some(), "the balance proves what was made of it");
        // A later balance is another witness: what is not pulled shows as a difference.
        let next = Reading { as_of: UnixTime(900), until: UnixTime(800), after: Vec::new() };
        let second = opening.start(Currency::USD, &pulled, Some(&next), zone);
        assert_eq!((second.amount, second.unproven), (usd(963), None));
    }

    #[test]
    fn pulling_from_before_the_opening_moves_it_back() {
        let (opening, reading) = opening();
        let pulled = [moved("txn_0", 10, 900), moved("txn_1", 100, 50)];
        let start =
            opening.start(Currency::USD, &pulled, Some(&reading), crate::calendar::Zone::UTC);
        assert_eq!(start.amount, usd(63));
    }

    #[test]
    fn what_came_after_the_window_is_told_until_it_is_pulled() {
        let (_, reading) = opening();
        let later =
            |movements: &[Movement]| reading.later_than_pulled(Currency::USD, movements).len();
        assert_eq!(later(&[]), 1);
        assert_eq!(later(&[moved("txn_3", 250, 7)]), 0);
    }
}
