//! Cases: which ones changed. What belongs to one is read in `load`.

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;
use rusqlite::params;

use super::objects::unpacked;
use super::payouts::PayoutIndex;
use super::put::{OWN, key_of};
use super::{Keys, Ledger, LedgerError};
use crate::accounting::policy::Grain;
use crate::accounting::summary::Summary;
use crate::accounting::{DayCase, OpeningCase, Policy, SummaryCase};
use crate::money::Currency;
use crate::stripe::links::{Link, Rel, scan};
use crate::stripe::objects::Charge;

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
    /// What one currency's balance held when the books began.
    Opening(Currency),
}

impl fmt::Display for CaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer(id) | Self::Guest(id) | Self::Payout(id) => f.pad(id),
            Self::Day(date, currency) => f.pad(&DayCase::key(*currency, *date)),
            Self::Summary(summary) => f.pad(&SummaryCase::key(summary)),
            Self::Opening(currency) => f.pad(&OpeningCase::key(*currency)),
        }
    }
}

impl Ledger {
    /// How many objects changed since their cases were last derived.
    pub fn dirty_count(&self) -> Result<u64, LedgerError> {
        self.connection
            .query_row("SELECT count(*) FROM dirty", [], |row| row.get(0))
            .map(i64::unsigned_abs)
            .map_err(|error| self.fail(error))
    }

    /// The cases with a fact that changed since they were last derived, in the order in which they
    /// depend on one another. Calls `looked` for each object that changed.
    pub fn dirty_cases(
        &mut self,
        payouts: &PayoutIndex,
        policy: &Policy,
        looked: &mut dyn FnMut(),
    ) -> Result<Keys, LedgerError> {
        self.link_all()?;
        let mut keys = Keys::default();
        // Movements whose object changed: the day they are on may change with it.
        let mut moved: BTreeSet<String> = BTreeSet::new();
        let keeps_days = policy.may_keep_days() || payouts.have_unitemised();
        self.for_each_changed(|id, kind, links| {
            looked();
            let object = Named { id, kind: Some(kind), links };
            if keeps_days && matches!(kind, "charge" | "refund" | "dispute") {
                for movement in object.movements() {
                    // One that changed itself is looked at anyway.
                    if !self.is_dirty(movement)? {
                        moved.insert(movement.to_owned());
                    }
                }
            }
            self.add_cases(&object, HOPS_MAX, &mut Search { keys: &mut keys, skips_changed: true })
        })?;
        self.look_around_payouts(&mut keys, payouts, policy)?;
        payouts.add_those_after_negative_ones(&mut keys);
        if policy.options.granularity.sales == Grain::Payout {
            self.add_customers_of_payouts(&mut keys)?;
        }
        self.leave_out_unknown_payouts(&mut keys)?;
        self.note_dirty_days(&moved, payouts, policy)?;
        keys.extend(self.days_to_derive(policy)?);
        keys.extend(self.openings(payouts, policy)?);
        Ok(keys)
    }

    /// What a payout is made of may be known before the payout itself: it is a case once that came.
    fn leave_out_unknown_payouts(&self, keys: &mut Keys) -> Result<(), LedgerError> {
        let mut unknown = Vec::new();
        for id in keys.payouts() {
            if self.kind_of(id)?.is_none() {
                unknown.push(id.to_owned());
            }
        }
        for id in unknown {
            keys.remove_payout(id);
        }
        Ok(())
    }

    /// A charge that was unknown when its refund came is a case of its own; once it came and has a
    /// customer, that case ends.
    fn add_guest_that_was(&self, id: &str, search: &mut Search) -> Result<(), LedgerError> {
        let wanted = self.texts(
            "SELECT case_key FROM record_case WHERE case_key = ?1
             UNION SELECT case_key FROM exception WHERE case_key = ?1 AND resolved IS NULL",
            id,
        )?;
        search.keys.extend(wanted.into_iter().map(CaseKey::Guest));
        Ok(())
    }

    /// Whether a charge is known and has a customer.
    pub(super) fn is_of_customer(&self, id: &str) -> bool {
        // One that cannot be read is an exception of its own case.
        let charge = self.view::<Charge>(id).ok().flatten();
        charge.is_some_and(|charge| charge.customer.is_some())
    }

    /// Marks everything as changed: the policy did.
    pub fn mark_all_dirty(&mut self) -> Result<(), LedgerError> {
        self.connection
            .execute("INSERT OR IGNORE INTO dirty (seq) SELECT seq FROM object", [])
            .map_err(|error| self.fail(error))?;
        Ok(())
    }

    /// Forgets what changed, once every dirty case was derived.
    pub fn clear_dirty(&mut self) -> Result<(), LedgerError> {
        self.connection.execute("DELETE FROM dirty", []).map_err(|error| self.fail(error))?;
        Ok(())
    }

    /// Every changed object with what it names, one at a time.
    fn for_each_changed(
        &self,
        mut visit: impl FnMut(&str, &str, &[Link]) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let wrap = |error| self.fail(error);
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT o.id, o.kind, o.raw FROM dirty JOIN object o USING (seq) ORDER BY o.seq",
            )
            .map_err(wrap)?;
        let mut rows = statement.query([]).map_err(wrap)?;
        while let Some(row) = rows.next().map_err(wrap)? {
            let raw = unpacked(&self.packer, row, 2).map_err(wrap)?;
            let text = |column| row.get_ref(column).and_then(|text| Ok(text.as_str()?));
            visit(text(0).map_err(wrap)?, text(1).map_err(wrap)?, &scan(&raw)?.links)?;
        }
        Ok(())
    }

    /// Adds the cases that an object belongs to.
    pub(super) fn find_cases(
        &self,
        id: &str,
        hops: u8,
        keys: &mut Keys,
    ) -> Result<(), LedgerError> {
        let known = self.kind_and_links(id)?;
        let object = Named {
            id,
            kind: known.as_ref().map(|(kind, _)| kind.as_str()),
            links: known.as_ref().map_or(&[], |(_, links)| links),
        };
        self.add_cases(&object, hops, &mut Search { keys, skips_changed: false })
    }

    /// The cases of an object that another one names. One that changed itself is
    /// looked at anyway when the changed ones are.
    fn follow(
        &self,
        object: &Named,
        rel: Rel,
        hops: u8,
        search: &mut Search,
    ) -> Result<bool, LedgerError> {
        let mut targets: Vec<String> = object.targets(rel).map(str::to_owned).collect();
        if rel == Rel::Parent {
            targets = self.parents(object.id)?;
        }
        for target in targets.iter().filter(|_| hops > 0) {
            if search.skips_changed && self.is_dirty(target)? {
                continue;
            }
            let links = self.kind_and_links(target)?;
            let named = Named {
                id: target,
                kind: links.as_ref().map(|(kind, _)| kind.as_str()),
                links: links.as_ref().map_or(&[], |(_, links)| links),
            };
            self.add_cases(&named, hops - 1, search)?;
        }
        Ok(!targets.is_empty())
    }

    /// What an object is and what it names; `None` when it was never read.
    fn kind_and_links(&self, id: &str) -> Result<Option<(String, Vec<Link>)>, LedgerError> {
        let found = self.of_object(id, "SELECT kind, raw FROM object WHERE seq = ?1", |row| {
            Ok((row.get(0)?, unpacked(&self.packer, row, 1)?))
        })?;
        found.map(|(kind, raw)| Ok((kind, scan(&raw)?.links))).transpose()
    }

    /// Whether an object changed since its cases were last derived.
    fn is_dirty(&self, id: &str) -> Result<bool, LedgerError> {
        self.connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM link l JOIN dirty d USING (seq)
                   JOIN object o USING (seq)
                 WHERE l.target = ?1 AND l.rel = ?2 AND o.id = ?3)",
            )
            .and_then(|mut statement| {
                statement.query_row(params![key_of(id), OWN, id], |row| row.get(0))
            })
            .map_err(|error| self.fail(error))
    }

    /// The parent of an object that does not name it: the list that it was read from did.
    fn parents(&self, id: &str) -> Result<Vec<String>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<String>> {
            let Some(seq) = self.seq_of(id)? else { return Ok(Vec::new()) };
            self.connection
                .prepare_cached("SELECT parent FROM parent WHERE seq = ?1")?
                .query_map([seq], |row| row.get(0))?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }

    fn add_cases(&self, object: &Named, hops: u8, search: &mut Search) -> Result<(), LedgerError> {
        let id = object.id;
        match object.kind {
            Some("customer") => {
                search.keys.insert_customer(id);
            }
            Some("payout") => {
                search.keys.insert(CaseKey::Payout(id.into()));
            }
            Some("refund" | "dispute") => {
                if !self.follow(object, Rel::Charge, hops, search)? {
                    self.follow(object, Rel::PaymentIntent, hops, search)?;
                }
                self.add_payouts_of_movements(object, search)?;
            }
            Some("invoice_payment" | "line_item" | "credit_note_line_item") => {
                self.follow(object, Rel::Invoice, hops, search)?;
                self.follow(object, Rel::Parent, hops, search)?;
            }
            Some("balance_transaction") => {
                self.follow(object, Rel::Source, hops, search)?;
                search.keys.extend(self.payouts_of_movement(id)?.into_iter().map(CaseKey::Payout));
            }
            Some(kind) => {
                let mut customers = object.targets(Rel::Customer).peekable();
                if customers.peek().is_none() && kind == "charge" {
                    search.keys.insert_guest(id);
                } else if customers.peek().is_none() && kind == "payment_intent" {
                    self.follow(object, Rel::Charge, hops, search)?;
                }
                customers.for_each(|id| search.keys.insert_customer(id));
                if kind == "charge" {
                    self.add_guest_that_was(id, search)?;
                    self.add_payouts_of_movements(object, search)?;
                }
            }
            // A charge that a refund names and that is not known: a case that will say so.
            None if id.starts_with("ch_") || id.starts_with("py_") => {
                search.keys.insert_guest(id);
            }
            // A customer that was never read: its id is all the case needs.
            None if id.starts_with("cus_") => {
                search.keys.insert_customer(id);
            }
            None => {}
        }
        Ok(())
    }

    /// Where sales are summed up by payout, a customer's records depend on the payouts.
    fn add_customers_of_payouts(&self, keys: &mut Keys) -> Result<(), LedgerError> {
        let payouts: Vec<String> = keys.payouts().map(str::to_owned).collect();
        for payout in payouts {
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
        object: &Named,
        search: &mut Search,
    ) -> Result<(), LedgerError> {
        for movement in object.movements() {
            search
                .keys
                .extend(self.payouts_of_movement(movement)?.into_iter().map(CaseKey::Payout));
        }
        Ok(())
    }

    pub(super) fn payouts_of_movement(&self, movement: &str) -> Result<Vec<String>, LedgerError> {
        self.texts("SELECT payout FROM payout_member WHERE balance_transaction = ?1", movement)
    }

    /// The kind of an object, when it is there.
    pub fn kind_of(&self, id: &str) -> Result<Option<String>, LedgerError> {
        self.of_object(id, "SELECT kind FROM object WHERE seq = ?1", |row| row.get(0))
    }
}

/// Cases that were found, and whether objects that changed themselves need not be followed.
struct Search<'a> {
    keys: &'a mut Keys,
    skips_changed: bool,
}

/// An object and what it names; without a kind when it was never read.
struct Named<'a> {
    id: &'a str,
    kind: Option<&'a str>,
    links: &'a [Link],
}

impl Named<'_> {
    fn targets(&self, rel: Rel) -> impl Iterator<Item = &str> {
        self.links.iter().filter(move |link| link.rel == rel).map(|link| link.target.as_str())
    }

    /// The balance transactions that it made.
    fn movements(&self) -> impl Iterator<Item = &str> {
        self.targets(Rel::BalanceTransaction).chain(self.targets(Rel::FailureBalanceTransaction))
    }
}
