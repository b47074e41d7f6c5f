//! The movements of a period, in the order in which reports look through them.

use serde::{Deserialize, Serialize};

use super::movement::Movement;
use crate::calendar::Window;
use crate::money::Currency;

/// By currency, and in each by instant: every list is of one currency, so it reads one piece of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Movement>")]
pub struct Movements(Vec<Movement>);

impl From<Vec<Movement>> for Movements {
    fn from(mut all: Vec<Movement>) -> Self {
        // Ids are unique; a stable sort would take half as much room again.
        all.sort_unstable_by(|one, other| {
            let order = one.currency.cmp(&other.currency).then(one.created.cmp(&other.created));
            order.then_with(|| one.id.cmp(&other.id))
        });
        Self(all)
    }
}

impl Movements {
    /// All of them.
    pub fn all(&self) -> &[Movement] {
        &self.0
    }

    /// All of one currency, by instant.
    pub fn of(&self, currency: Currency) -> &[Movement] {
        let from = self.0.partition_point(|movement| movement.currency < currency);
        let rest = &self.0[from..];
        &rest[..rest.partition_point(|movement| movement.currency == currency)]
    }

    /// Those of one currency in a window, by instant.
    pub fn of_in(&self, currency: Currency, window: Window) -> &[Movement] {
        let own = self.of(currency);
        let from = own.partition_point(|movement| movement.created < window.since);
        let rest = &own[from..];
        &rest[..rest.partition_point(|movement| movement.created < window.until)]
    }

    /// The currencies that moved, in order.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> {
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || {
            let currency = rest.first()?.currency;
            rest = &rest[rest.partition_point(|movement| movement.currency == currency)..];
            Some(currency)
        })
    }

    /// Keeps those that are needed, where they stand.
    pub fn retain(&mut self, is_needed: impl FnMut(&Movement) -> bool) {
        self.0.retain(is_needed);
        self.0.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::accounting::balance_transaction::Class;
    use crate::calendar::UnixTime;

    fn movement(place: usize, (currency, created): (usize, i64)) -> Movement {
        Movement {
            id: format!("txn_{place}").as_str().into(),
            created: UnixTime(created),
            available_on: UnixTime(created),
            currency: ["EUR", "JPY", "USD"][currency].parse().unwrap(),
            category: 0,
            class: Class::Charge,
            gross: 1,
            fee: 0,
            net: 1,
            charges: Vec::new().into(),
            source: None,
            payout: None,
            moves: None,
            recorded: None,
            charged: None,
        }
    }

    proptest! {
        /// A movement that stood outside the piece of its currency or its time would be in no report.
        #[test]
        fn each_is_found_once(of in prop::collection::vec((0_usize..3, 0_i64..9), 0..40)) {
            let all = of.into_iter().enumerate().map(|(place, own)| movement(place, own));
            let all: Vec<Movement> = all.collect();
            let movements = Movements::from(all.clone());
            let window = Window { since: UnixTime(3), until: UnixTime(6) };
            let mut found = 0;
            for currency in movements.currencies() {
                let own = movements.of(currency);
                prop_assert!(own.is_sorted_by_key(|movement| movement.created));
                found += own.len();
                let within = all.iter().filter(|m| m.currency == currency && window.contains(m.created));
                prop_assert_eq!(movements.of_in(currency, window).len(), within.count());
            }
            prop_assert_eq!(found, all.len());
        }
    }
}
