//! Which documents are open on receivables at the end of a day, by the records that were posted.
//!
//! There may be a million documents, and nearly all are closed: so they are held by a number of eight
//! bytes, and only those that are open are looked up.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::ids::ExternalId;
use crate::money::Amount;

/// Documents on their way.
#[derive(Default)]
pub struct Documents {
    open: HashMap<u64, Amount>,
    /// What pays what, as the target is debited by it: moved from one to the other, once both are
    /// known.
    applied: Vec<(u64, u64, Amount)>,
}

impl Documents {
    /// A record with what it debits (positive) or credits on receivables, and what it pays.
    pub fn enter<'a>(
        &mut self,
        id: &ExternalId,
        posted: Amount,
        pays: impl Iterator<Item = (&'a ExternalId, Amount)>,
    ) {
        let own = key(id.as_str());
        self.open.insert(own, posted);
        // A refund is a debit and pays a credit; everything else is a credit and pays a debit.
        let toward = |amount: Amount| if posted.is_positive() { amount } else { -amount };
        self.applied
            .extend(pays.map(|(target, amount)| (own, key(target.as_str()), toward(amount))));
    }

    /// What each document is open by, debits positive; closed ones are left out.
    pub fn end(mut self) -> HashMap<u64, Amount> {
        for (payer, target, toward) in self.applied {
            // What a later record pays, or somebody else's document: both stay open by it.
            let (Some(one), Some(other)) = (self.open.get(&payer), self.open.get(&target)) else {
                continue;
            };
            let (one, other) = (*one - toward, *other + toward);
            self.open.insert(payer, one);
            self.open.insert(target, other);
        }
        self.open.retain(|_, open| !open.is_zero());
        self.open
    }
}

/// A number for an id.
pub fn key(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn usd(minor: i64) -> Amount {
        Amount::new(minor, Currency::USD)
    }

    /// An invoice that is paid in part, and a refund of a memo: what is left must be on the right one.
    #[test]
    fn what_pays_a_document_is_taken_off_both() {
        let id = |text: &str| ExternalId::new(text).unwrap();
        let (invoice, payment) = (id("in_1"), id("ch_1"));
        let (memo, refund, other) = (id("re_1-memo"), id("re_1"), id("in_9"));
        let mut documents = Documents::default();
        // In whatever order they come.
        documents.enter(&payment, usd(-7_000), [(&invoice, usd(6_000))].into_iter());
        documents.enter(&invoice, usd(10_000), std::iter::empty());
        documents.enter(&refund, usd(500), [(&memo, usd(500))].into_iter());
        documents.enter(&memo, usd(-500), [(&other, usd(0))].into_iter());
        let open = documents.end();
        let expected = [(key(invoice.as_str()), usd(4_000)), (key(payment.as_str()), usd(-1_000))];
        assert_eq!(open, HashMap::from(expected));
    }
}
