//! Cases: which ones changed, and everything that belongs to one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::DeserializeOwned;

use super::objects::{raw, unpack};
use super::{Ledger, LedgerError};
use crate::accounting::{Case, Catalog, CustomerCase, PayoutCase};
use crate::ids::{CustomerId, ExternalId};
use crate::stripe::objects::{
    BalanceTransaction, Charge, CreditNoteLine, Dispute, Invoice, InvoiceLine, Payout, Refund, read,
};

/// Links are followed at most this far: refund → charge → customer is the longest real chain.
const HOPS_MAX: u8 = 4;

/// Names a case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseKey {
    Customer(String),
    /// A charge that has no customer.
    Guest(String),
    Payout(String),
}

impl fmt::Display for CaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Customer(id) | Self::Guest(id) | Self::Payout(id)) = self;
        f.pad(id)
    }
}

impl Ledger {
    /// The cases with a fact that changed since they were last derived, in order.
    pub fn dirty_cases(&self) -> Result<Vec<CaseKey>, LedgerError> {
        let dirty = self.texts(
            "SELECT o.id FROM dirty JOIN object o USING (seq) WHERE ?1 <> '' ORDER BY o.seq",
            "all",
        )?;
        let mut keys = BTreeSet::new();
        for id in &dirty {
            self.find_cases(id, HOPS_MAX, &mut keys)?;
        }
        self.add_payouts_after_negative_ones(&mut keys)?;
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

    fn find_cases(
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

    /// What a negative payout was made of joins the next deposit of its currency.
    fn add_payouts_after_negative_ones(
        &self,
        keys: &mut BTreeSet<CaseKey>,
    ) -> Result<(), LedgerError> {
        if !keys.iter().any(|key| matches!(key, CaseKey::Payout(_))) {
            return Ok(());
        }
        let payouts = self.payouts_in_order()?;
        for (place, payout) in payouts.iter().enumerate() {
            let is_dirty = keys.contains(&CaseKey::Payout(payout.id.to_string()));
            if is_dirty && payout.amount().is_negative() {
                let next = payouts[place + 1..].iter().find(|next| takes_over(next, payout));
                keys.extend(next.map(|next| CaseKey::Payout(next.id.to_string())));
            }
        }
        Ok(())
    }

    fn payouts_in_order(&self) -> Result<Vec<Payout>, LedgerError> {
        let mut payouts: Vec<Payout> = Vec::new();
        self.for_each_object("payout", |raw| {
            payouts.push(read(raw)?);
            Ok::<(), LedgerError>(())
        })?;
        payouts.sort_by_key(|payout| (payout.arrival_date, payout.created, payout.id.clone()));
        Ok(payouts)
    }

    /// Everything that belongs to a case.
    pub fn load_case(&self, key: &CaseKey) -> Result<Case, LedgerError> {
        match key {
            CaseKey::Customer(id) => {
                let mut case = CustomerCase {
                    customer: self.view(id)?,
                    customer_id: Some(CustomerId::new(id.as_str())),
                    invoices: self.linked("invoice", &[id], "customer")?,
                    payment_intents: self.linked("payment_intent", &[id], "customer")?,
                    charges: self.linked("charge", &[id], "customer")?,
                    credit_notes: self.linked("credit_note", &[id], "customer")?,
                    customer_balance: self.linked(
                        "customer_balance_transaction",
                        &[id],
                        "customer",
                    )?,
                    ..CustomerCase::default()
                };
                self.complete(&mut case, key)?;
                Ok(Case::Customer(Box::new(case)))
            }
            CaseKey::Guest(id) => {
                let charge: Option<Charge> = self.view(id)?;
                let mut case =
                    CustomerCase { charges: charge.into_iter().collect(), ..Default::default() };
                if case.charges.is_empty() {
                    case.refunds = self.linked("refund", &[id], "charge")?;
                    case.disputes = self.linked("dispute", &[id], "charge")?;
                }
                self.complete(&mut case, key)?;
                Ok(Case::Customer(Box::new(case)))
            }
            CaseKey::Payout(id) => self.load_payout(id).map(|case| Case::Payout(Box::new(case))),
        }
    }

    /// Adds to invoices and charges what hangs on them.
    fn complete(&self, case: &mut CustomerCase, key: &CaseKey) -> Result<(), LedgerError> {
        let invoices: Vec<String> = case.invoices.iter().map(|i| i.id.to_string()).collect();
        let charges: Vec<String> = case.charges.iter().map(|c| c.id.to_string()).collect();
        case.invoice_payments = self.linked("invoice_payment", &invoices, "invoice")?;
        case.refunds.extend(self.linked::<Refund>("refund", &charges, "charge")?);
        case.disputes.extend(self.linked::<Dispute>("dispute", &charges, "charge")?);
        for invoice in &mut case.invoices {
            self.complete_lines(invoice)?;
        }
        for note in &mut case.credit_notes {
            let lines: Vec<CreditNoteLine> =
                self.linked("credit_note_line_item", &[note.id.as_str()], "parent")?;
            let known: BTreeSet<_> = note.lines.data.iter().map(|line| line.id.clone()).collect();
            note.lines.data.extend(lines.into_iter().filter(|line| !known.contains(&line.id)));
        }
        let movements = case
            .charges
            .iter()
            .flat_map(|c| [&c.balance_transaction, &c.failure_balance_transaction])
            .chain(
                case.refunds
                    .iter()
                    .flat_map(|r| [&r.balance_transaction, &r.failure_balance_transaction]),
            )
            .flatten();
        let mut found: Vec<BalanceTransaction> = Vec::new();
        for id in movements {
            found.extend(self.view::<BalanceTransaction>(id.as_str())?);
        }
        case.balance_transactions = found;
        case.catalog = self.catalog(&case.invoices)?;
        case.posted = self.posted_of_case(key)?;
        Ok(())
    }

    /// An invoice is sent with its first lines; the rest were read from its own list.
    fn complete_lines(&self, invoice: &mut Invoice) -> Result<(), LedgerError> {
        if !invoice.lines.has_more {
            return Ok(());
        }
        let id = invoice.id.to_string();
        let mut lines: Vec<InvoiceLine> = self.linked("line_item", &[id.as_str()], "parent")?;
        if lines.is_empty() {
            lines = self.linked("line_item", &[id.as_str()], "invoice")?;
        }
        let known: BTreeSet<_> = invoice.lines.data.iter().map(|line| line.id.clone()).collect();
        invoice.lines.data.extend(lines.into_iter().filter(|line| !known.contains(&line.id)));
        Ok(())
    }

    /// What the invoices mention, and nothing else.
    fn catalog(&self, invoices: &[Invoice]) -> Result<Catalog, LedgerError> {
        let mut catalog = Catalog::default();
        for invoice in invoices {
            for discount in invoice.discounts() {
                if let Some(coupon) = discount.coupon() {
                    catalog.discounts.insert(discount.id.clone(), coupon.clone());
                }
            }
            for line in &invoice.lines.data {
                self.fetch(line.price(), &mut catalog.prices)?;
                self.fetch(line.product(), &mut catalog.products)?;
                for tax in line.taxes() {
                    self.fetch(tax.rate.as_ref(), &mut catalog.tax_rates)?;
                }
            }
            for tax in invoice.total_taxes() {
                self.fetch(tax.rate.as_ref(), &mut catalog.tax_rates)?;
            }
        }
        let products: Vec<_> =
            catalog.prices.values().filter_map(|price| price.product.clone()).collect();
        for product in &products {
            self.fetch(Some(product), &mut catalog.products)?;
        }
        for coupon in catalog.discounts.values().cloned().collect::<BTreeSet<_>>() {
            self.fetch(Some(&coupon), &mut catalog.coupons)?;
        }
        Ok(catalog)
    }

    fn fetch<K: Ord + Clone + AsRef<str>, V: DeserializeOwned>(
        &self,
        id: Option<&K>,
        known: &mut BTreeMap<K, V>,
    ) -> Result<(), LedgerError> {
        if let Some(id) = id
            && !known.contains_key(id)
            && let Some(found) = self.view(id.as_ref())?
        {
            known.insert(id.clone(), found);
        }
        Ok(())
    }

    fn load_payout(&self, id: &str) -> Result<PayoutCase, LedgerError> {
        let Some(payout) = self.view::<Payout>(id)? else {
            let cause = rusqlite::Error::QueryReturnedNoRows;
            return Err(self.fail(cause));
        };
        let payouts = self.payouts_in_order()?;
        let before = payouts.iter().take_while(|other| other.id != payout.id);
        let mut carried: Vec<(Payout, Vec<BalanceTransaction>)> = Vec::new();
        if !payout.amount().is_negative() && makes_a_deposit(&payout) {
            for other in before.filter(|other| other.currency == payout.currency) {
                if other.amount().is_negative() && other.status == "paid" {
                    carried.push((other.clone(), self.members(other)?));
                } else if takes_over(other, other) {
                    carried.clear();
                }
            }
        }
        let members = self.members(&payout)?;
        let all: Vec<String> = members
            .iter()
            .chain(carried.iter().flat_map(|(_, members)| members))
            .map(|movement| movement.id.to_string())
            .collect();
        let by = |kind: &str| -> Result<Vec<Vec<u8>>, LedgerError> {
            let mut raws = self.linked_raw(kind, &all, "balance_transaction")?;
            raws.extend(self.linked_raw(kind, &all, "failure_balance_transaction")?);
            Ok(raws)
        };
        let key = ExternalId::new(payout.id.as_str()).ok();
        let deposited = match &key {
            Some(key) => self.deposited_in_bank(key)?,
            None => false,
        };
        Ok(PayoutCase {
            charges: views(&by("charge")?)?,
            refunds: views(&by("refund")?)?,
            disputes: views(&by("dispute")?)?,
            payout,
            members,
            carried,
            deposited,
        })
    }

    /// A payout's balance transactions, its own excluded.
    fn members(&self, payout: &Payout) -> Result<Vec<BalanceTransaction>, LedgerError> {
        let ids = self.texts(
            "SELECT balance_transaction FROM payout_member WHERE payout = ?1
             ORDER BY balance_transaction",
            payout.id.as_str(),
        )?;
        let own = payout.balance_transaction.as_ref().map(AsRef::as_ref);
        let mut members = Vec::with_capacity(ids.len());
        for id in ids.iter().filter(|id| Some(id.as_str()) != own) {
            members.extend(self.view::<BalanceTransaction>(id)?);
        }
        Ok(members)
    }

    fn kind_of(&self, id: &str) -> Result<Option<String>, LedgerError> {
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

    /// The view of one object.
    pub fn view<T: DeserializeOwned>(&self, id: &str) -> Result<Option<T>, LedgerError> {
        let found = raw(&self.connection, id).map_err(|error| self.fail(error))?;
        found.map(|raw| read(&raw).map_err(LedgerError::from)).transpose()
    }

    /// The views of every object of `kind` that names one of `targets`, oldest first.
    fn linked<T: DeserializeOwned>(
        &self,
        kind: &str,
        targets: &[impl AsRef<str>],
        rel: &str,
    ) -> Result<Vec<T>, LedgerError> {
        views(&self.linked_raw(kind, targets, rel)?)
    }

    fn linked_raw(
        &self,
        kind: &str,
        targets: &[impl AsRef<str>],
        rel: &str,
    ) -> Result<Vec<Vec<u8>>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<Vec<u8>>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT o.seq, b.raw FROM link l JOIN object o USING (seq) JOIN body b USING (seq)
                 WHERE l.target = ?1 AND l.rel = ?2 AND o.kind = ?3 ORDER BY o.seq",
            )?;
            let mut found: BTreeMap<i64, Vec<u8>> = BTreeMap::new();
            for target in targets {
                let mut rows = statement.query([target.as_ref(), rel, kind])?;
                while let Some(row) = rows.next()? {
                    let packed: Vec<u8> = row.get(1)?;
                    found.insert(row.get(0)?, unpack(&packed)?);
                }
            }
            Ok(found.into_values().collect())
        };
        run().map_err(|error| self.fail(error))
    }
}

fn views<T: DeserializeOwned>(raws: &[Vec<u8>]) -> Result<Vec<T>, LedgerError> {
    raws.iter().map(|raw| read(raw).map_err(LedgerError::from)).collect()
}

/// Whether `next` is the deposit that what `negative` was made of joins.
fn takes_over(next: &Payout, negative: &Payout) -> bool {
    next.currency == negative.currency && !next.amount().is_negative() && makes_a_deposit(next)
}

fn makes_a_deposit(payout: &Payout) -> bool {
    payout.automatic && matches!(payout.status.as_str(), "paid" | "failed" | "canceled")
}
