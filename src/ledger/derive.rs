//! Deriving what changed: each case read, derived by the pure core, and stored, in the order in
//! which cases depend on one another.

use std::sync::Arc;

use super::ahead::{Ahead, Read, Source};
use super::wishes::Wishes;
use super::{CaseKey, Keys, Ledger, LedgerError, Pages, PayoutIndex};
use crate::accounting::policy::Unreconciled;
use crate::accounting::{Case, Derived, Policy, derive};

/// What customers want waits to be stored together, up to so many bytes: some forty thousand records. The
/// trees that find them are in the order of ids, which is no order: the more are stored at once, the fewer
/// pages are written for each.
const UNSAVED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A case that was derived, and how many there are in all.
pub struct Done<'a> {
    pub key: &'a CaseKey,
    pub derived: &'a Derived,
    pub case_count: usize,
}

/// The cases that changed.
pub struct Work {
    payouts: Arc<PayoutIndex>,
    /// Customers and guests come first: what payouts hold depends on what those made.
    parties: Source,
    rest: Vec<CaseKey>,
    /// How many of the rest were given out; absent while parties are.
    given_count: Option<usize>,
    case_count: usize,
}

impl Work {
    /// How many cases there are.
    pub fn case_count(&self) -> usize {
        self.case_count
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
        self.derivation = Some(self.now());
        let payouts = Arc::new(self.payout_index()?);
        let mut keys = self.dirty_cases(&payouts, policy, looked)?;
        keys.extend(self.cases_with_open_links()?);
        let case_count = keys.len();
        let (parties, rest) = keys.into_parts();
        Ok(Work { payouts, parties: Source::Here(parties), rest, given_count: None, case_count })
    }

    /// Has the cases of parties read on a thread of its own from now on, and what is stored copied into the
    /// file by another: worth it where there are many.
    pub fn read_ahead(&mut self, work: &mut Work, policy: &Policy) -> Result<(), LedgerError> {
        let Source::Here(parties) = &mut work.parties else { return Ok(()) };
        self.copy_beside()?;
        let (parties, payouts) = (std::mem::take(parties), Arc::clone(&work.payouts));
        work.parties =
            Source::Ahead(Ahead::start(self.beside()?, parties, payouts, policy.clone()));
        Ok(())
    }

    /// The next few cases: many of parties, or one of the others, which may be made of tens of thousands of
    /// movements; `None` once all were given out. One with an object that cannot be read becomes an
    /// exception, and the rest goes on.
    pub fn next_cases(
        &mut self,
        work: &mut Work,
        policy: &Policy,
    ) -> Result<Option<Vec<(CaseKey, Case)>>, LedgerError> {
        let read = work.parties.next(self, &work.payouts, policy);
        if !read.is_empty() {
            return self.readable(read).map(Some);
        }
        if work.given_count.is_none() {
            self.save_unsaved()?;
            // What a large one is made of needs the memory more.
            self.keep_pages(Pages::Few)?;
        }
        let given_count = work.given_count.get_or_insert(0);
        let Some(key) = work.rest.get(*given_count).cloned() else { return Ok(None) };
        *given_count += 1;
        self.one_case(key, &work.payouts, policy).map(Some)
    }

    fn one_case(
        &mut self,
        key: CaseKey,
        payouts: &PayoutIndex,
        policy: &Policy,
    ) -> Result<Vec<(CaseKey, Case)>, LedgerError> {
        // It depends on what the cases before it made.
        self.save_unsaved()?;
        let read = self.read_cases(vec![key], payouts, policy);
        self.readable(read)
    }

    /// The cases that could be read.
    fn readable(&mut self, read: Vec<Read>) -> Result<Vec<(CaseKey, Case)>, LedgerError> {
        let mut cases = Vec::with_capacity(read.len());
        for (key, case) in read {
            match case {
                Ok(case) => cases.push((key, case)),
                Err(LedgerError::Object(error)) => {
                    self.save_unreadable(&key, &error)?;
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
            self.unsaved.push(Wishes::new(key, derived, &self.packer));
        }
        let bytes: usize = self.unsaved.iter().map(|wishes| wishes.bytes).sum();
        if bytes < UNSAVED_BYTES_MAX && self.records_are_trained() {
            return Ok(());
        }
        self.save_unsaved()
    }

    /// When what is derived now was first seen: what one derivation finds is of one moment, however long it
    /// takes, so a report lists it in the same order on a slow machine.
    pub(super) fn derived_at(&self) -> i64 {
        self.derivation.unwrap_or_else(|| self.now())
    }

    /// Stores what derived cases want, in one transaction.
    fn save_unsaved(&mut self) -> Result<(), LedgerError> {
        let unsaved = std::mem::take(&mut self.unsaved);
        self.save_wishes(&unsaved)?;
        drop(unsaved);
        self.copy_now();
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
    fn payouts_of_touched(&mut self, work: &Work) -> Result<Vec<CaseKey>, LedgerError> {
        let mut keys = Keys::default();
        for id in std::mem::take(&mut self.touched) {
            keys.extend(self.payout_cases_of(&id, &work.payouts)?);
        }
        work.payouts.add_those_after_negative_ones(&mut keys);
        // The rest is in order.
        let is_new = |key: &CaseKey| work.rest.binary_search(key).is_err();
        Ok(keys.into_iter().filter(is_new).collect())
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
        self.derivation = None;
        self.clear_dirty()?;
        self.copy_here()
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
            let cases = self.one_case(key, &work.payouts, policy)?;
            self.save_all(work, cases, policy, done)?;
        }
        self.save_unsaved()
    }

    /// Derives every case with a changed fact, by what is known of NetSuite already.
    pub fn derive_changed(
        &mut self,
        policy: &Policy,
        done: impl FnMut(&Done),
    ) -> Result<(), LedgerError> {
        let work = self.changed(policy, &mut || {})?;
        self.derive_work(work, policy, done)
    }

    /// Derives the cases of `work` in the same way.
    pub fn derive_work(
        &mut self,
        mut work: Work,
        policy: &Policy,
        mut done: impl FnMut(&Done),
    ) -> Result<(), LedgerError> {
        while let Some(cases) = self.next_cases(&mut work, policy)? {
            self.save_all(&work, cases, policy, &mut done)?;
        }
        self.sum_up(&work, policy, &mut done)
    }
}
