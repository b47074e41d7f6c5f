//! What a plan moves in the general ledger: a small trial balance.

use std::collections::BTreeMap;

use crate::accounting::posting::Posting;
use crate::ids::InternalId;
use crate::money::{Amount, Currency};

/// Debits and credits of one account in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement {
    pub debit: Amount,
    /// Positive.
    pub credit: Amount,
}

impl Movement {
    /// Debit less credit.
    pub fn net(self) -> Amount {
        self.debit - self.credit
    }
}

/// Sums postings by currency and account.
pub fn effect<'a>(
    postings: impl IntoIterator<Item = &'a Posting>,
) -> BTreeMap<(Currency, InternalId), Movement> {
    let mut sums = BTreeMap::new();
    for posting in postings {
        let currency = posting.amount.currency();
        let zero = Amount::zero(currency);
        let movement = sums
            .entry((currency, posting.account.clone()))
            .or_insert(Movement { debit: zero, credit: zero });
        if posting.amount.is_negative() {
            movement.credit -= posting.amount;
        } else {
            movement.debit += posting.amount;
        }
    }
    sums
}
