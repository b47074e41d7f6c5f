//! Seats: where the two parts of a balance transaction are booked, its gross amount and what it
//! charges.
//!
//! Belongs here: which account a payment lands in, which deposit or journal carries it on, and how
//! the payouts around a movement decide that. Does not belong here: the lines themselves (`deposit`,
//! `day`), or what a movement is (`balance_transaction`).
//!
//! The seat follows from facts that never change: the movement, the policy, and the payouts before
//! and after it. So a night and a backfill book the same movement in the same place.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::accounting::balance_transaction::Class;
use crate::accounting::chart::Role;
use crate::accounting::policy::{Grain, ManualPayouts, Policy, Settlement};
use crate::calendar::UnixTime;
use crate::ids::BalanceTransactionId;
use crate::money::Currency;
use crate::stripe::objects::{BalanceTransaction, Charge, Dispute, Payout, Refund};

/// The account that a payment or refund moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cash {
    UndepositedFunds,
    /// The account that stands for the Stripe balance in the settlement currency.
    StripeBalance,
}

/// How the gross amount of a movement with a record leaves undeposited funds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaves {
    /// With its payout's deposit.
    ByPayout,
    /// With the day's sweep into the Stripe balance account.
    BySweep,
    /// It never was there.
    WasNever,
}

/// Which record carries what a movement charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charged {
    /// Its payout's deposit.
    OnDeposit,
    /// The day's journal against the Stripe balance account.
    OnDay,
    /// A journal per payout against the Stripe balance account.
    OnPayoutJournal,
}

/// Where both parts of a movement are booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    pub leaves: Leaves,
    pub charged: Charged,
}

/// The payouts of one currency, oldest first, as far as they decide about seats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    marks: Vec<Mark>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    created: UnixTime,
    /// Stripe can say what it is made of.
    automatic: bool,
    /// Asked for by hand at the usual speed: the account has no schedule, or had none then.
    by_hand: bool,
}

impl Schedule {
    /// The schedule that payouts of one currency make; their order does not matter.
    pub fn new<'a>(payouts: impl IntoIterator<Item = &'a Payout>) -> Self {
        let mut marks: Vec<Mark> = payouts
            .into_iter()
            .map(|payout| Mark {
                created: payout.created,
                automatic: payout.automatic,
                by_hand: !payout.automatic && payout.method != "instant",
            })
            .collect();
        marks.sort();
        Self { marks }
    }

    /// Whether some payout cannot be itemised, so that days must be looked at.
    pub fn has_unitemised(&self) -> bool {
        self.marks.iter().any(|mark| !mark.automatic)
    }

    /// Whether what moved at `instant` may be in a payout that Stripe cannot itemise: the next
    /// payout is such a one, or the account was without a schedule.
    pub fn sweeps(&self, instant: UnixTime) -> bool {
        let next = self.marks.partition_point(|mark| mark.created < instant);
        let before = next.checked_sub(1).and_then(|place| self.marks.get(place));
        self.marks.get(next).is_some_and(|mark| !mark.automatic)
            || before.is_some_and(|mark| mark.by_hand)
    }

    /// The instants between which seats depend on the payout made at `created`: from the payout
    /// before it, up to the one after it or for ever.
    pub fn reach(&self, created: UnixTime) -> (Option<UnixTime>, Option<UnixTime>) {
        let place = self.marks.partition_point(|mark| mark.created < created);
        let before = place.checked_sub(1).map(|place| self.marks[place].created);
        // Several may be made at one instant.
        let after = self.marks.partition_point(|mark| mark.created <= created);
        (before, self.marks.get(after).map(|mark| mark.created))
    }
}

impl Policy {
    /// The account that a payment or refund moves, from what was charged and what was settled.
    ///
    /// NetSuite takes a payment of any currency into undeposited funds and into a bank account in
    /// base currency, and into another bank account only one of that account's currency.
    pub fn cash(&self, presented: Currency, movement: &BalanceTransaction) -> Cash {
        let base = self.books.base_currency;
        let settled = movement.currency;
        let fits = settled == presented || settled == base;
        let clears = self.settlement_at(movement.created) == Settlement::Clearing;
        if fits && (clears || self.may_sum_up(presented, movement)) {
            Cash::StripeBalance
        } else {
            Cash::UndepositedFunds
        }
    }

    /// Whether what moved may be in a summary of sales, which goes by the Stripe balance account.
    /// Sales in foreign currency stay in detail: only an application lets NetSuite book the realized
    /// gain or loss.
    fn may_sum_up(&self, presented: Currency, movement: &BalanceTransaction) -> bool {
        let base = self.books.base_currency;
        let granularity = self.options.granularity;
        let date = movement.created.date_in(self.zone);
        granularity.sales != Grain::Detail
            && granularity.since.is_none_or(|since| date >= since)
            && presented == base
            && movement.currency == base
    }

    /// Whether what moves at `instant` is booked by the day, whatever the payouts are.
    pub fn keeps_days_at(&self, instant: UnixTime) -> bool {
        self.settlement_at(instant) == Settlement::Clearing
            || self.fee_grain_at(instant) == Grain::Daily
    }

    /// Whether anything may be booked by the day, whatever the payouts are.
    pub fn may_keep_days(&self) -> bool {
        self.options.settlement == Settlement::Clearing
            || self.options.settlement_since.is_some()
            || self.options.granularity.fees == Some(Grain::Daily)
    }

    /// Where a movement is booked; `presented` is the currency of the object behind it.
    pub fn seat(
        &self,
        movement: &BalanceTransaction,
        presented: Currency,
        schedule: &Schedule,
    ) -> Seat {
        let clears = self.settlement_at(movement.created) == Settlement::Clearing;
        let sweeps = self.options.manual_payouts == ManualPayouts::Sweep
            && schedule.sweeps(movement.created);
        let leaves = match self.cash(presented, movement) {
            Cash::StripeBalance => Leaves::WasNever,
            Cash::UndepositedFunds if clears || sweeps => Leaves::BySweep,
            Cash::UndepositedFunds => Leaves::ByPayout,
        };
        let charged = match self.fee_grain_at(movement.created) {
            Grain::Payout if clears && !sweeps => Charged::OnPayoutJournal,
            Grain::Daily => Charged::OnDay,
            _ if clears || sweeps => Charged::OnDay,
            _ => Charged::OnDeposit,
        };
        Seat { leaves, charged }
    }
}

/// The objects that movements belong to, where a movement's own `source` does not say it: a charge
/// by its failure movement, a refund by its failure movement, a dispute by its movements.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    charges: Vec<Charge>,
    refunds: Vec<Refund>,
    disputes: Vec<Dispute>,
    /// By movement, because a payout may be made of tens of thousands.
    behind: HashMap<BalanceTransactionId, Behind>,
    /// Movements that go back to something older than the books and are on the opening account, in
    /// words.
    pub straddling: BTreeMap<BalanceTransactionId, String>,
    /// Movements older than the books whose record is in NetSuite all the same.
    pub kept: BTreeSet<BalanceTransactionId>,
}

/// What a movement belongs to, by its place in its list.
#[derive(Debug, Clone, Copy)]
enum Behind {
    Charge(usize),
    Refund(usize),
    Dispute(usize),
}

impl Sources {
    /// Of the objects in the ledger. A movement belongs to one object only; should several claim it, a
    /// charge goes before a refund and that before a dispute.
    pub fn new(charges: Vec<Charge>, refunds: Vec<Refund>, disputes: Vec<Dispute>) -> Self {
        let mut behind = HashMap::with_capacity(charges.len() + refunds.len() + disputes.len());
        let mut claim = |movement: &BalanceTransactionId, by: Behind| {
            behind.entry(movement.clone()).or_insert(by);
        };
        for (place, charge) in charges.iter().enumerate() {
            let movements = [&charge.balance_transaction, &charge.failure_balance_transaction];
            movements.into_iter().flatten().for_each(|id| claim(id, Behind::Charge(place)));
        }
        for (place, refund) in refunds.iter().enumerate() {
            let movements = [&refund.balance_transaction, &refund.failure_balance_transaction];
            movements.into_iter().flatten().for_each(|id| claim(id, Behind::Refund(place)));
        }
        for (place, dispute) in disputes.iter().enumerate() {
            let movements = dispute.balance_transactions.iter();
            movements.for_each(|movement| claim(&movement.id, Behind::Dispute(place)));
        }
        Self { charges, refunds, disputes, behind, ..Self::default() }
    }

    /// With what is known of movements that go back to something older than the books.
    #[must_use]
    pub fn with_straddling(self, straddling: BTreeMap<BalanceTransactionId, String>) -> Self {
        Self { straddling, ..self }
    }

    /// The charges that made or unmade a movement.
    pub(super) fn charges(&self) -> &[Charge] {
        &self.charges
    }

    /// The refunds that made or unmade a movement.
    pub(super) fn refunds(&self) -> &[Refund] {
        &self.refunds
    }

    /// The disputes that made a movement.
    pub(super) fn disputes(&self) -> &[Dispute] {
        &self.disputes
    }

    /// The charge that a movement belongs to.
    pub(super) fn charge(&self, movement: &BalanceTransaction) -> Option<&Charge> {
        match self.behind.get(&movement.id)? {
            Behind::Charge(place) => self.charges.get(*place),
            _ => None,
        }
    }

    /// The refund that a movement belongs to.
    pub(super) fn refund(&self, movement: &BalanceTransaction) -> Option<&Refund> {
        match self.behind.get(&movement.id)? {
            Behind::Refund(place) => self.refunds.get(*place),
            _ => None,
        }
    }

    /// The dispute that a movement belongs to.
    pub(super) fn dispute(&self, movement: &BalanceTransaction) -> Option<&Dispute> {
        match self.behind.get(&movement.id)? {
            Behind::Dispute(place) => self.disputes.get(*place),
            _ => None,
        }
    }

    /// What a movement is to these books.
    pub fn class(&self, movement: &BalanceTransaction, policy: &Policy) -> Class {
        if self.straddling.contains_key(&movement.id) {
            return Class::Line(Role::Opening);
        }
        policy.class(movement)
    }

    /// Whether a movement is older than the books, and nothing in them stands for it.
    pub fn is_past(&self, movement: &BalanceTransaction, policy: &Policy) -> bool {
        policy.is_past(movement.created) && !self.kept.contains(&movement.id)
    }

    /// The currency of the object behind a movement: what the customer paid or got back in.
    pub fn presented(&self, movement: &BalanceTransaction) -> Currency {
        let charge = self.charge(movement).map(|charge| charge.currency);
        charge
            .or_else(|| self.refund(movement).map(|refund| refund.currency))
            .or_else(|| self.dispute(movement).map(|dispute| dispute.currency))
            .unwrap_or(movement.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(marks: &[(i64, bool, &str)]) -> Schedule {
        let payouts: Vec<Payout> = marks
            .iter()
            .map(|(created, automatic, method)| {
                let json = format!(
                    r#"{{"id":"po_{created}","amount":1,"currency":"usd","created":{created},
                    "arrival_date":{created},"automatic":{automatic},"method":"{method}"}}"#
                );
                crate::stripe::objects::read(json.as_bytes()).unwrap()
            })
            .collect();
        Schedule::new(&payouts)
    }

    #[test]
    fn with_automatic_payouts_alone_nothing_is_swept() {
        let automatic = schedule(&[(10, true, "standard"), (20, true, "standard")]);
        assert!(!automatic.has_unitemised());
        assert!([5, 15, 25].into_iter().all(|instant| !automatic.sweeps(UnixTime(instant))));
    }

    #[test]
    fn what_an_instant_payout_may_hold_is_swept_and_what_comes_after_it_is_not() {
        let mixed =
            schedule(&[(10, true, "standard"), (20, false, "instant"), (30, true, "standard")]);
        assert!(!mixed.sweeps(UnixTime(5)));
        assert!(mixed.sweeps(UnixTime(15)) && mixed.sweeps(UnixTime(20)));
        assert!(!mixed.sweeps(UnixTime(25)), "the next automatic payout itemises it");
    }

    #[test]
    fn an_account_without_a_schedule_is_swept_without_waiting_for_the_next_payout() {
        let by_hand = schedule(&[(20, false, "standard")]);
        assert!(by_hand.sweeps(UnixTime(15)) && by_hand.sweeps(UnixTime(25)));
        assert_eq!(by_hand.reach(UnixTime(20)), (None, None));
    }
}
