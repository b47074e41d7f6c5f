//! What of a payout a bank shows: the money when it arrives, and again when it goes back.

use chrono::NaiveDate;

use super::squeezed;
use crate::money::{Amount, Currency};

/// A shorter reference stands in words by chance.
const REFERENCE_CHARS_MIN: usize = 8;

/// A payout as Stripe tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub id: String,
    pub amount: Amount,
    pub arrival: NaiveDate,
    /// Stripe's own word.
    pub status: String,
    /// The day on which it was in the Stripe balance again.
    pub returned: Option<NaiveDate>,
    /// Under which banks find it.
    pub trace: Option<String>,
    /// What the bank statement was asked to say.
    pub descriptor: Option<String>,
}

/// One movement that the bank should show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// Among the payouts it was made from.
    pub payout: usize,
    pub is_back: bool,
    pub amount: Amount,
    /// When the bank should book it.
    pub due: NaiveDate,
    /// Nobody says whether a payout that failed had reached the bank before: both legs are there or none.
    pub is_optional: bool,
}

impl Leg {
    pub const fn currency(&self) -> Currency {
        self.amount.currency()
    }
}

impl Sent {
    /// What names this payout in words that are squeezed.
    pub(super) fn names(&self) -> Vec<String> {
        let names = [Some(self.id.as_str()), self.trace.as_deref()];
        let names = names.into_iter().flatten().map(squeezed);
        names.filter(|name| name.len() >= REFERENCE_CHARS_MIN).collect()
    }

    /// Whether a line says what this payout's statement was asked to say.
    pub(super) fn is_described_in(&self, words: &str) -> bool {
        let asked = self.descriptor.as_deref().map(squeezed).filter(|asked| !asked.is_empty());
        asked.is_some_and(|asked| words.contains(asked.as_str()))
    }
}

/// The legs of payouts, in an order that depends on them alone.
pub fn legs(sent: &[Sent]) -> Vec<Leg> {
    let mut legs = Vec::with_capacity(sent.len());
    for (payout, one) in sent.iter().enumerate() {
        // A cancelled payout never left.
        if one.amount.is_zero() || one.status == "canceled" {
            continue;
        }
        let failed = one.status == "failed";
        let leg = |is_back: bool, amount: Amount, due: NaiveDate| Leg {
            payout,
            is_back,
            amount,
            due,
            is_optional: failed,
        };
        legs.push(leg(false, one.amount, one.arrival));
        if failed {
            legs.push(leg(true, -one.amount, one.returned.unwrap_or(one.arrival)));
        }
    }
    legs.sort_by(|one, other| {
        let key = |leg: &Leg| (leg.due, leg.is_back);
        (key(one), &sent[one.payout].id).cmp(&(key(other), &sent[other.payout].id))
    });
    legs
}
