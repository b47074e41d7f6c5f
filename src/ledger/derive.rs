//! Deriving what changed: each case read, derived by the pure core, and stored, in the order in
//! which cases depend on one another.

use super::{CaseKey, Ledger, LedgerError};
use crate::accounting::{Derived, Policy, derive};

/// A case that was derived, and how many there are in all.
pub struct Done<'a> {
    pub key: &'a CaseKey,
    pub derived: &'a Derived,
    pub case_count: usize,
}

impl Ledger {
    /// Derives every case with a changed fact and stores what it wants; tells `done` of each.
    /// Summaries come last, because they sum what the others want.
    pub fn derive_changed(
        &mut self,
        policy: &Policy,
        mut done: impl FnMut(&Done),
    ) -> Result<(), LedgerError> {
        let payouts = self.payout_index()?;
        let keys = self.dirty_cases(&payouts, policy)?;
        let case_count = keys.len();
        let mut one = |ledger: &mut Self, key: &CaseKey| -> Result<(), LedgerError> {
            let case = ledger.load_case(key, &payouts, policy).map_err(|cause| {
                LedgerError::Case { key: key.to_string(), source: Box::new(cause) }
            })?;
            let derived = derive(&case, policy);
            ledger.save_derived(key, &derived)?;
            done(&Done { key, derived: &derived, case_count });
            Ok(())
        };
        for key in &keys {
            one(self, key)?;
        }
        for key in &self.dirty_summaries(policy)? {
            one(self, key)?;
        }
        self.clear_dirty()
    }
}
