//! Deriving what changed: each case read, derived by the pure core, and stored, in the order in
//! which cases depend on one another.

use std::collections::{BTreeSet, VecDeque};

use super::{CaseKey, Ledger, LedgerError, Pages, PayoutIndex};
use crate::accounting::policy::Unreconciled;
use crate::accounting::{Case, Derived, Policy, derive};

/// Customers in memory at once: enough for one look-up in NetSuite to serve many of them.
const CUSTOMERS_AT_ONCE: usize = 64;

/// Payouts or days in memory at once: one may be made of tens of thousands of movements.
const PAYOUTS_AT_ONCE: usize = 1;

/// Records of customers that wait to be stored together. The trees that find them are in the order of ids,
/// which is no order: the more are stored at once, the fewer pages are written for each.
const RECORDS_UNSAVED_MAX: usize = 5_000;

/// A case that was derived, and how many there are in all.
pub struct Done<'a> {
    pub key: &'a CaseKey,
    pub derived: &'a Derived,
    pub case_count: usize,
}

/// The cases that changed.
pub struct Work {
    payouts: PayoutIndex,
    /// Customers and guests first: what payouts hold depends on what those made.
    parties: VecDeque<CaseKey>,
    rest: Vec<CaseKey>,
    /// How many of the rest were given out.
    given_count: usize,
    case_count: usize,
}

impl Work {
    /// The keys of the next few cases. Those of parties are gone then: a large company has a million, and
    /// the movements of a payout want their memory.
    pub fn next_keys(&mut self) -> Option<Vec<CaseKey>> {
        if !self.parties.is_empty() {
            let count = self.parties.len().min(CUSTOMERS_AT_ONCE);
            return Some(self.parties.drain(..count).collect());
        }
        self.parties = VecDeque::new();
        let count = (self.rest.len() - self.given_count).min(PAYOUTS_AT_ONCE);
        let keys = self.rest[self.given_count..self.given_count + count].to_vec();
        self.given_count += count;
        (count > 0).then_some(keys)
    }
}

impl Ledger {
    /// The cases with a changed fact, and those with a link that did not hold. Calls `looked` for each
    /// object that changed.
    pub fn changed(
        &mut self,
        policy: &Policy,
        looked: &mut dyn FnMut(),
    ) -> Result<Work, LedgerError> {
        // Of a derivation that failed.
        self.unsaved.clear();
        let payouts = self.payout_index()?;
        let mut keys = self.dirty_cases(&payouts, policy, looked)?;
        keys.extend(self.cases_with_open_links()?);
        let case_count = keys.len();
        let (parties, rest): (VecDeque<_>, VecDeque<_>) =
            keys.into_iter().partition(CaseKey::is_party);
        Ok(Work { payouts, parties, rest: rest.into(), given_count: 0, case_count })
    }

    /// Reads cases. One with an object that cannot be read becomes an exception, and the rest goes
    /// on.
    pub fn load_all(
        &mut self,
        work: &Work,
        keys: &[CaseKey],
        policy: &Policy,
    ) -> Result<Vec<(CaseKey, Case)>, LedgerError> {
        if !keys.iter().all(CaseKey::is_party) {
            self.save_unsaved()?;
            // What a large one is made of needs the memory more.
            self.keep_pages(Pages::Few)?;
        }
        let mut cases = Vec::with_capacity(keys.len());
        for key in keys {
            match self.load_case(key, &work.payouts, policy) {
                Ok(case) => cases.push((key.clone(), case)),
                Err(LedgerError::Object(error)) => {
                    self.save_unreadable(key, &error)?;
                }
                Err(cause) => {
                    let source = Box::new(cause);
                    return Err(LedgerError::Case { key: key.to_string(), source });
                }
            }
        }
        Ok(cases)
    }

    /// Derives cases and stores what they want, at the latest before something that depends on it is
    /// read; tells `done` of each. Takes them over, because one may be a payout of tens of thousands of
    /// movements, of which the record alone is needed while it is stored.
    pub fn save_all(
        &mut self,
        work: &Work,
        cases: Vec<(CaseKey, Case)>,
        policy: &Policy,
        done: &mut dyn FnMut(&Done),
    ) -> Result<(), LedgerError> {
        for (key, case) in cases {
            let derived = derive(&case, policy);
            self.touch(&case, policy);
            done(&Done { key: &key, derived: &derived, case_count: work.case_count });
            self.unsaved.push((key, derived));
        }
        let unsaved_count: usize = self.unsaved.iter().map(|(_, one)| one.records.len()).sum();
        if unsaved_count < RECORDS_UNSAVED_MAX && self.records_are_trained() {
            return Ok(());
        }
        self.save_unsaved()
    }

    /// Stores what derived cases want, in one transaction.
    fn save_unsaved(&mut self) -> Result<(), LedgerError> {
        let unsaved = std::mem::take(&mut self.unsaved);
        self.save_derived_all(&unsaved)?;
        self.train_on_records()
    }

    /// Where a member without a record waits on suspense, a payout depends on what became of the
    /// records of its members, though none of its own facts has changed (arrival, seed 31260).
    fn touch(&mut self, case: &Case, policy: &Policy) {
        if policy.options.unreconciled == Unreconciled::Suspense
            && let Case::Customer(own) = case
        {
            let ids = own.balance_transactions.iter().map(|movement| movement.id.to_string());
            self.touched.extend(ids);
        }
    }

    /// The payouts of those movements that are not among the work anyway.
    fn payouts_of_touched(&mut self, work: &Work) -> Result<BTreeSet<CaseKey>, LedgerError> {
        let mut keys = BTreeSet::new();
        for id in std::mem::take(&mut self.touched) {
            keys.extend(self.payout_cases_of(&id, &work.payouts)?);
        }
        work.payouts.add_those_after_negative_ones(&mut keys);
        work.rest.iter().for_each(|key| {
            keys.remove(key);
        });
        Ok(keys)
    }

    /// The summaries, which come last because they sum what the others want; then nothing is
    /// changed any more.
    pub fn sum_up(
        &mut self,
        work: &Work,
        policy: &Policy,
        done: &mut dyn FnMut(&Done),
    ) -> Result<(), LedgerError> {
        self.save_unsaved()?;
        let keys = self.payouts_of_touched(work)?;
        self.derive_some(work, keys, policy, done)?;
        let keys = self.cases_of_crossed(&work.payouts, policy)?;
        self.derive_some(work, keys, policy, done)?;
        let keys = self.dirty_summaries(policy)?;
        self.derive_some(work, keys, policy, done)?;
        self.keep_pages(Pages::Many)?;
        self.clear_dirty()
    }

    /// Derives a few cases one by one, and stores what they want.
    fn derive_some(
        &mut self,
        work: &Work,
        keys: impl IntoIterator<Item = CaseKey>,
        policy: &Policy,
        done: &mut dyn FnMut(&Done),
    ) -> Result<(), LedgerError> {
        for key in keys {
            let cases = self.load_all(work, &[key], policy)?;
            self.save_all(work, cases, policy, done)?;
        }
        self.save_unsaved()
    }

    /// Derives every case with a changed fact, by what is known of NetSuite already.
    pub fn derive_changed(
        &mut self,
        policy: &Policy,
        mut done: impl FnMut(&Done),
    ) -> Result<(), LedgerError> {
        let mut work = self.changed(policy, &mut || {})?;
        while let Some(keys) = work.next_keys() {
            let cases = self.load_all(&work, &keys, policy)?;
            self.save_all(&work, cases, policy, &mut done)?;
        }
        self.sum_up(&work, policy, &mut done)
    }
}
