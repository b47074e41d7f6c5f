//! The payouts of every currency in order: what decides where movements are booked, and which deposit
//! takes over what a negative payout was made of.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{CaseKey, Keys, Ledger, LedgerError};
use crate::accounting::Policy;
use crate::accounting::seat::Schedule;
use crate::money::Currency;
use crate::stripe::objects::Payout;

/// Every payout, by currency, in the order of arrival. Read once per run.
#[derive(Debug, Default)]
pub struct PayoutIndex {
    by_currency: BTreeMap<Currency, Payouts>,
}

#[derive(Debug, Default)]
struct Payouts {
    in_order: Vec<Payout>,
    schedule: Arc<Schedule>,
}

impl Ledger {
    /// Reads the payouts.
    pub fn payout_index(&self) -> Result<PayoutIndex, LedgerError> {
        let mut by_currency: BTreeMap<Currency, Payouts> = BTreeMap::new();
        self.for_each_view::<Payout, LedgerError>("payout", |payout| {
            by_currency.entry(payout.currency).or_default().in_order.push(payout);
            Ok(())
        })?;
        for payouts in by_currency.values_mut() {
            payouts.in_order.sort_by_key(|p| (p.arrival_date, p.created, p.id.clone()));
            payouts.schedule = Arc::new(Schedule::new(&payouts.in_order));
        }
        Ok(PayoutIndex { by_currency })
    }
}

impl PayoutIndex {
    /// How payouts of a currency follow one another.
    pub fn schedule(&self, currency: Currency) -> Arc<Schedule> {
        self.by_currency.get(&currency).map_or_else(Arc::default, |own| Arc::clone(&own.schedule))
    }

    /// Whether some payout of some currency cannot be itemised.
    pub(super) fn have_unitemised(&self) -> bool {
        self.by_currency.values().any(|own| own.schedule.has_unitemised())
    }

    pub(super) fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.by_currency.keys().copied()
    }

    /// The payouts that had left the balance when the books began and reached the bank later, or came
    /// back.
    pub(super) fn in_transit_at_start(
        &self,
        currency: Currency,
        policy: &Policy,
    ) -> impl Iterator<Item = &Payout> {
        self.in_order(currency).iter().filter(|payout| {
            policy.is_past(payout.created) && !policy.is_older(payout.arrival_date.utc_date())
        })
    }

    fn in_order(&self, currency: Currency) -> &[Payout] {
        self.by_currency.get(&currency).map_or(&[], |own| &own.in_order)
    }

    pub(super) fn find(&self, id: &str) -> Option<&Payout> {
        let all = self.by_currency.values().flat_map(|own| &own.in_order);
        all.into_iter().find(|payout| payout.id.as_str() == id)
    }

    /// The negative payouts whose members join the deposit of `payout`, oldest first.
    pub(super) fn carried_by(&self, payout: &Payout) -> Vec<&Payout> {
        let mut carried = Vec::new();
        if payout.amount().is_negative() || !makes_a_deposit(payout) {
            return carried;
        }
        let in_order = self.in_order(payout.currency);
        for other in in_order.iter().take_while(|other| other.id != payout.id) {
            if !makes_a_deposit(other) {
                continue;
            }
            if other.amount().is_negative() {
                carried.push(other);
            } else {
                carried.clear();
            }
        }
        carried
    }

    /// What a negative payout was made of joins the next deposit of its currency; a payout that came
    /// late may take it from the one after it.
    pub(super) fn add_those_after_negative_ones(&self, keys: &mut Keys) {
        for payouts in self.by_currency.values() {
            let dirty: Vec<bool> = payouts
                .in_order
                .iter()
                .map(|payout| keys.contains(&CaseKey::Payout(payout.id.to_string())))
                .collect();
            for place in (0..dirty.len()).filter(|place| dirty[*place]) {
                if !payouts.in_order[place].amount().is_negative()
                    && !takes_over(payouts, &dirty, place)
                {
                    continue;
                }
                let mut after = payouts.in_order[place + 1..].iter();
                let next = after.find(|p| makes_a_deposit(p) && !p.amount().is_negative());
                keys.extend(next.map(|next| CaseKey::Payout(next.id.to_string())));
            }
        }
    }
}

/// Whether a payout that came, perhaps with others before it, took over what a negative one was made
/// of.
fn takes_over(payouts: &Payouts, dirty: &[bool], place: usize) -> bool {
    let before = payouts.in_order[..place].iter().zip(dirty);
    let known = before.rev().find(|(payout, is_dirty)| {
        makes_a_deposit(payout) && (payout.amount().is_negative() || !**is_dirty)
    });
    known.is_some_and(|(payout, _)| payout.amount().is_negative())
}

/// Whether a payout is itemised and at its end.
fn makes_a_deposit(payout: &Payout) -> bool {
    payout.automatic && matches!(payout.status.as_str(), "paid" | "failed" | "canceled")
}
