//! Cases: which ones changed. What belongs to one is read in `load`.

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;

use super::payouts::PayoutIndex;
use super::{Ledger, LedgerError};
use crate::accounting::policy::Grain;
use crate::accounting::summary::Summary;
use crate::accounting::{DayCase, Policy, SummaryCase};
use crate::money::Currency;

/// Links are followed at most this far: refund → charge → customer is the longest real chain.
pub(super) const HOPS_MAX: u8 = 4;

/// Names a case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseKey {
    Customer(String),
    /// A charge that has no customer.
    Guest(String),
    Payout(String),
    /// What moved one currency on one day.
    Day(NaiveDate, Currency),
    /// The records that one summary stands for.
    Summary(Summary),
}

impl fmt::Display for CaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer(id) | Self::Guest(id) | Self::Payout(id) => f.pad(id),
            Self::Day(date, currency) => f.pad(&DayCase::key(*currency, *date)),
            Self::Summary(summary) => f.pad(&SummaryCase::key(summary)),
        }
    }
}

impl Ledger {
    /// The cases with a fact that changed since they were last derived, in the order in which they
    /// depend on one another.
    pub fn dirty_cases(
        &mut self,
        payouts: &PayoutIndex,
        policy: &Policy,
    ) -> Result<Vec<CaseKey>, LedgerError> {
        let dirty = self.texts(
            "SELECT o.id FROM dirty JOIN object o USING (seq) WHERE ?1 <> '' ORDER BY o.seq",
            "all",
        )?;
        let mut keys = BTreeSet::new();
        for id in &dirty {
            self.find_cases(id, HOPS_MAX, &mut keys)?;
        }
        payouts.add_those_after_negative_ones(&mut keys);
        if policy.options.granularity.sales == Grain::Payout {
            self.add_customers_of_payouts(&mut keys)?;
        }
        self.note_dirty_days(&keys, payouts, policy)?;
        keys.extend(self.days_to_derive(policy)?);
        Ok(keys.into_iter().collect())
    }

    /// Marks everything as changed: the policy did.
    pub fn mark_all_dirty(&mut self) -> Result<(), LedgerError> {
        self.connection
            .execute("INSERT OR IGNORE INTO dirty (seq) SELECT seq FROM object", [])
            .map_err(|error| self.fail(error))?;
        Ok(())
    }

    /// Ids that objects name by `rel` and that were never read, in order.
    pub fn missing(&self, rel: &str) -> Result<Vec<String>, LedgerError> {
        self.texts(
            "SELECT DISTINCT l.target FROM link l WHERE l.rel = ?1
             AND l.target NOT IN (SELECT id FROM object) ORDER BY l.target",
            rel,
        )
    }

    /// Forgets what changed, once every dirty case was derived.
    pub fn clear_dirty(&mut self) -> Result<(), LedgerError> {
        self.connection.execute("DELETE FROM dirty", []).map_err(|error| self.fail(error))?;
        Ok(())
    }

    /// Adds the cases that an object belongs to.
    pub(super) fn find_cases(
        &self,
        id: &str,
        hops: u8,
        keys: &mut BTreeSet<CaseKey>,
    ) -> Result<(), LedgerError> {
        let kind = self.kind_of(id)?;
        let follow = |rel: &str, keys: &mut BTreeSet<CaseKey>| -> Result<bool, LedgerError> {
            let targets = self.targets(id, rel)?;
            if hops > 0 {
                for target in &targets {
                    self.find_cases(target, hops - 1, keys)?;
                }
            }
            Ok(!targets.is_empty())
        };
        match kind.as_deref() {
            Some("customer") => {
                keys.insert(CaseKey::Customer(id.into()));
            }
            Some("payout") => {
                keys.insert(CaseKey::Payout(id.into()));
            }
            Some("refund" | "dispute") => {
                if !follow("charge", keys)? {
                    follow("payment_intent", keys)?;
                }
                self.add_payouts_of_movements(id, keys)?;
            }
            Some("invoice_payment" | "line_item" | "credit_note_line_item") => {
                follow("invoice", keys)?;
                follow("parent", keys)?;
            }
            Some("balance_transaction") => {
                follow("source", keys)?;
                let payouts = self
                    .texts("SELECT payout FROM payout_member WHERE balance_transaction = ?1", id)?;
                keys.extend(payouts.into_iter().map(CaseKey::Payout));
            }
            Some(kind) => {
                let customers = self.targets(id, "customer")?;
                if customers.is_empty() && kind == "charge" {
                    keys.insert(CaseKey::Guest(id.into()));
                } else if customers.is_empty() && kind == "payment_intent" {
                    follow("charge", keys)?;
                }
                keys.extend(customers.into_iter().map(CaseKey::Customer));
                if kind == "charge" {
                    self.add_payouts_of_movements(id, keys)?;
                }
            }
            // A charge that a refund names and that is not known: a case that will say so.
            None if id.starts_with("ch_") || id.starts_with("py_") => {
                keys.insert(CaseKey::Guest(id.into()));
            }
            // A customer that was never read: its id is all the case needs.
            None if id.starts_with("cus_") => {
                keys.insert(CaseKey::Customer(id.into()));
            }
            None => {}
        }
        Ok(())
    }

    /// Where sales are summed up by payout, a customer's records depend on the payouts.
    fn add_customers_of_payouts(&self, keys: &mut BTreeSet<CaseKey>) -> Result<(), LedgerError> {
        for key in keys.clone() {
            let CaseKey::Payout(payout) = key else { continue };
            let members = self.texts(
                "SELECT balance_transaction FROM payout_member WHERE payout = ?1",
                &payout,
            )?;
            for member in members {
                self.find_cases(&member, HOPS_MAX, keys)?;
            }
        }
        Ok(())
    }

    /// A deposit depends on the objects behind its members.
    fn add_payouts_of_movements(
        &self,
        id: &str,
        keys: &mut BTreeSet<CaseKey>,
    ) -> Result<(), LedgerError> {
        let payouts = self.texts(
            "SELECT m.payout FROM object o JOIN link l USING (seq)
             JOIN payout_member m ON m.balance_transaction = l.target
             WHERE o.id = ?1 AND l.rel IN ('balance_transaction', 'failure_balance_transaction')",
            id,
        )?;
        keys.extend(payouts.into_iter().map(CaseKey::Payout));
        Ok(())
    }

    pub(super) fn kind_of(&self, id: &str) -> Result<Option<String>, LedgerError> {
        Ok(self.texts("SELECT kind FROM object WHERE id = ?1", id)?.into_iter().next())
    }

    fn targets(&self, id: &str, rel: &str) -> Result<Vec<String>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<String>> {
            self.connection
                .prepare_cached(
                    "SELECT l.target FROM object o JOIN link l USING (seq)
                     WHERE o.id = ?1 AND l.rel = ?2",
                )?
                .query_map([id, rel], |row| row.get(0))?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }
}
