//! What must still be read: ids that the objects of a pull name, and that no list brought.
//!
//! Belongs here: finding out, once the lists are read. What a pull remembers of the ids that it met (`met`)
//! leaves few to be looked for in the file. Does not belong here: asking Stripe for it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension, Transaction, params};

use super::met::Met;
use super::put::{OWN, key_of};
use super::{Ledger, LedgerError, PullWindow};
use crate::calendar::Window;
use crate::ids::{ChargeId, InvoiceId};
use crate::stripe::links::Rel;
use crate::stripe::objects::{Charge, Invoice, InvoicePayment, Refund};

impl Ledger {
    /// What must still be read of a resource: ids, in order.
    pub fn wanted(&self, resource: &str) -> Result<Vec<String>, LedgerError> {
        self.texts("SELECT id FROM wanted WHERE resource = ?1 ORDER BY id", resource)
    }

    /// Whether something must still be read.
    pub fn is_wanted_still(&self, resource: &str, id: &str) -> Result<bool, LedgerError> {
        self.connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM wanted WHERE resource = ?1 AND id = ?2)")
            .and_then(|mut statement| statement.query_row([resource, id], |row| row.get(0)))
            .map_err(|error| self.fail(error))
    }

    /// Like [`Ledger::wanted`], without what the lists of the window hold anyway.
    pub fn wanted_outside(
        &self,
        resource: &str,
        window: Window,
    ) -> Result<Vec<String>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<String>> {
            self.connection
                .prepare_cached(
                    "SELECT DISTINCT w.id FROM wanted w
                     LEFT JOIN link l ON l.target = key_of(w.id) AND l.rel = 0
                     LEFT JOIN object o ON o.seq = l.seq AND o.id = w.id
                     WHERE w.resource = ?1
                     AND (o.seq IS NULL OR NOT (o.created >= ?2 AND o.created < ?3)) ORDER BY w.id",
                )?
                .query_map(params![resource, window.since.0, window.until.0], |row| row.get(0))?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }

    /// The sources of balance transactions that came with this pull since it was last looked at, where the
    /// source itself did not: what moved money changed, however old it is. Each with its kind where it is known.
    pub fn moved_sources(
        &self,
        pull: PullWindow,
    ) -> Result<BTreeMap<String, Option<String>>, LedgerError> {
        let run = || -> rusqlite::Result<BTreeMap<String, Option<String>>> {
            let mut look = self.connection.prepare_cached(
                "SELECT o.kind, o.seq > ?4 OR (o.created >= ?5 AND o.created < ?6)
                 FROM link l JOIN object o USING (seq)
                 WHERE l.target = ?1 AND l.rel = ?2 AND o.id = ?3",
            )?;
            let mut statement = self.connection.prepare_cached(
                "SELECT source FROM movement WHERE seq > ?1 AND source IS NOT NULL",
            )?;
            let (mut rows, mut moved) = (statement.query([pull.looked])?, BTreeMap::new());
            while let Some(row) = rows.next()? {
                let id = row.get_ref(0)?.as_str()?;
                let key = key_of(id);
                if moved.contains_key(id) || !self.recent.met.may_be_missing(key) {
                    continue;
                }
                let Window { since, until } = pull.window;
                let by = params![key, OWN, id, pull.mark, since.0, until.0];
                let found: Option<(String, bool)> =
                    look.query_row(by, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
                match found {
                    // It came, or the window's lists show it.
                    Some((_, true)) => {}
                    Some((kind, false)) => drop(moved.insert(id.to_owned(), Some(kind))),
                    None => drop(moved.insert(id.to_owned(), None)),
                }
            }
            Ok(moved)
        };
        run().map_err(|error| self.fail(error))
    }

    /// The balance transactions of older charges that came with this pull since it was last looked at, and that
    /// no list of its window holds.
    pub fn older_movements(&self, pull: PullWindow) -> Result<Vec<String>, LedgerError> {
        // By `seq`, of which few are new: the index by date holds every older charge. Of a first pull all are.
        let by = if pull.looked == 0 { "" } else { "NOT INDEXED" };
        let older = format!(
            "SELECT id FROM object {by} WHERE kind = 'charge' AND seq > ?1 AND created < ?2 ORDER BY seq"
        );
        let run = || -> rusqlite::Result<Vec<String>> {
            self.connection
                .prepare_cached(&older)?
                .query_map([pull.looked, pull.window.since.0], |row| row.get(0))?
                .collect()
        };
        let charges = run().map_err(|error| self.fail(error))?;
        let mut ids = Vec::new();
        for id in charges {
            let charge: Option<Charge> = self.view(&id)?;
            let Some(id) = charge.and_then(|charge| charge.balance_transaction) else { continue };
            if self.kind_of(id.as_str())?.is_none() {
                ids.push(id.to_string());
            }
        }
        Ok(ids)
    }

    /// The sources of movements of this pull, since it was last looked at, that say that a payment failed after
    /// all.
    pub fn failed_sources(&self, pull: PullWindow) -> Result<Vec<String>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<String>> {
            self.connection
                .prepare_cached(
                    "SELECT DISTINCT source FROM movement WHERE seq > ?1 AND source IS NOT NULL
                     AND (category = 'charge_failure'
                          OR type IN ('payment_failure_refund', 'payment_reversal'))",
                )?
                .query_map([pull.looked], |row| row.get(0))?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }

    /// Invoices outside of the window that were paid by something that failed later: they are open again, and
    /// nothing else would show them. Takes out of `failed` what is known to the end.
    pub fn reopened_invoices(
        &self,
        failed: &mut BTreeSet<String>,
        window: Window,
    ) -> Result<Vec<String>, LedgerError> {
        let mut reopened = Vec::new();
        for source in std::mem::take(failed) {
            let paid = self.paid_by(&source)?;
            let mut is_known = !paid.is_empty();
            for id in paid {
                match self.view::<Invoice>(id.as_str())? {
                    Some(invoice) if window.contains(invoice.created) => {}
                    Some(_) => reopened.push(id.to_string()),
                    None => is_known = false,
                }
            }
            if !is_known {
                failed.insert(source);
            }
        }
        Ok(reopened)
    }

    /// The invoices that a charge paid, or the one that a refund gave back.
    fn paid_by(&self, source: &str) -> Result<Vec<InvoiceId>, LedgerError> {
        // Stripe names the charge, or the refund that it makes of the failure.
        let charge = match self.kind_of(source)?.as_deref() {
            Some("refund") => self.view::<Refund>(source)?.and_then(|refund| refund.charge),
            _ => Some(ChargeId::new(source)),
        };
        let Some(charge) = charge else { return Ok(Vec::new()) };
        let found: Option<Charge> = self.view(charge.as_str())?;
        let intent = found.and_then(|charge| charge.payment_intent);
        let mut payments: Vec<InvoicePayment> =
            self.linked("invoice_payment", &[charge.as_str()], Rel::Charge)?;
        payments.extend(self.linked::<InvoicePayment>(
            "invoice_payment",
            intent.as_slice(),
            Rel::PaymentIntent,
        )?);
        Ok(payments.iter().filter_map(InvoicePayment::invoice).cloned().collect())
    }

    /// What was named and is not there is wanted from now on. Comes once the lists are read.
    pub fn want_what_is_named(&mut self) -> Result<(), LedgerError> {
        self.link_all()?;
        let mut recent = std::mem::take(&mut self.recent);
        let wanted = self.in_transaction(|tx| want_named(tx, &recent.met));
        recent.met.more_is_wanted();
        self.recent = recent;
        wanted
    }

    /// What an export names and holds is not read again.
    pub fn forget_wanted_that_is_known(&mut self) -> Result<(), LedgerError> {
        self.want_what_is_named()?;
        self.in_transaction(forget_known)
    }
}

/// Wants of what is named only what is not there. Every link is in the file.
pub(super) fn want_named(tx: &Transaction, met: &Met) -> rusqlite::Result<()> {
    let mut want = tx.prepare(&format!(
        "INSERT OR IGNORE INTO wanted (resource, id)
         SELECT resource, id FROM (SELECT ?1 AS resource, ?2 AS id) AS w WHERE NOT {IS_THERE}"
    ))?;
    let mut statement = tx.prepare("SELECT resource, id FROM named")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id = row.get_ref(1)?.as_str()?;
        if met.may_be_missing(key_of(id)) {
            want.execute([row.get_ref(0)?.as_str()?, id])?;
        }
    }
    tx.execute("DELETE FROM named", [])?;
    Ok(())
}

/// Whether the ledger has the object that a row `w` names.
const IS_THERE: &str = "EXISTS (SELECT 1 FROM link l JOIN object o USING (seq)
    WHERE l.target = key_of(w.id) AND l.rel = 0 AND o.id = w.id)";

/// Leaves of what is wanted only what is not there; the credit lists of customers stay.
pub(super) fn forget_known(tx: &Transaction) -> rusqlite::Result<()> {
    tx.execute(
        &format!(
            "DELETE FROM wanted AS w
             WHERE resource IN ('charges', 'invoices', 'customers') AND {IS_THERE}"
        ),
        [],
    )?;
    Ok(())
}
