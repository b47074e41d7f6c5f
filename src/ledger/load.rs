//! Everything that belongs to a case, read from the facts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use memchr::memmem::find;
use rusqlite::params;
use serde::de::DeserializeOwned;

use super::objects::unpacked;
use super::payouts::PayoutIndex;
use super::put::{key_of, rel_code};
use super::{CaseKey, Ledger, LedgerError};
use crate::accounting::deposit::record_of;
use crate::accounting::policy::{Grain, Unreconciled};
use crate::accounting::question::Known;
use crate::accounting::seat::Sources;
use crate::accounting::{Case, Catalog, CustomerCase, DayCase, PayoutCase, Policy};
use crate::ids::{BalanceTransactionId, CustomerId, PayoutId};
use crate::money::Currency;
use crate::stripe::links::Rel;
use crate::stripe::objects::{
    BalanceTransaction, Charge, CreditNoteLine, Dispute, Invoice, InvoiceLine, Payout, Refund, read,
};

impl Ledger {
    /// Everything that belongs to a case.
    pub fn load_case(
        &self,
        key: &CaseKey,
        payouts: &PayoutIndex,
        policy: &Policy,
    ) -> Result<Case, LedgerError> {
        match key {
            CaseKey::Customer(id) => {
                let mut case = CustomerCase {
                    customer: self.view(id)?,
                    customer_id: Some(CustomerId::new(id.as_str())),
                    invoices: self.linked("invoice", &[id], Rel::Customer)?,
                    payment_intents: self.linked("payment_intent", &[id], Rel::Customer)?,
                    charges: self.linked("charge", &[id], Rel::Customer)?,
                    credit_notes: self.linked("credit_note", &[id], Rel::Customer)?,
                    customer_balance: self.linked(
                        "customer_balance_transaction",
                        &[id],
                        Rel::Customer,
                    )?,
                    ..CustomerCase::default()
                };
                self.complete(&mut case, key, policy)?;
                Ok(Case::Customer(Box::new(case)))
            }
            CaseKey::Guest(id) if self.is_of_customer(id) => {
                // It was a guest's while nobody knew whose it was.
                Ok(Case::Customer(Box::default()))
            }
            CaseKey::Guest(id) => {
                let charge: Option<Charge> = self.view(id)?;
                let mut case =
                    CustomerCase { charges: charge.into_iter().collect(), ..Default::default() };
                if case.charges.is_empty() {
                    case.refunds = self.linked("refund", &[id], Rel::Charge)?;
                    case.disputes = self.linked("dispute", &[id], Rel::Charge)?;
                }
                self.complete(&mut case, key, policy)?;
                Ok(Case::Customer(Box::new(case)))
            }
            CaseKey::Payout(id) => {
                let case = self.load_payout(id, payouts, policy)?;
                Ok(Case::Payout(Box::new(case)))
            }
            CaseKey::Day(date, currency) => {
                let case = self.load_day(*date, *currency, payouts, policy)?;
                Ok(Case::Day(Box::new(case)))
            }
            CaseKey::Opening(currency) => {
                let case = self.load_opening(*currency, payouts, policy)?;
                Ok(Case::Opening(Box::new(case)))
            }
            CaseKey::Summary(summary) => {
                let case = self.load_summary(summary, payouts, policy)?;
                Ok(Case::Summary(Box::new(case)))
            }
        }
    }

    /// Adds to invoices and charges what hangs on them.
    fn complete(
        &self,
        case: &mut CustomerCase,
        key: &CaseKey,
        policy: &Policy,
    ) -> Result<(), LedgerError> {
        let invoices: Vec<String> = case.invoices.iter().map(|i| i.id.to_string()).collect();
        let charges: Vec<String> = case.charges.iter().map(|c| c.id.to_string()).collect();
        case.invoice_payments = self.linked("invoice_payment", &invoices, Rel::Invoice)?;
        case.refunds.extend(self.linked::<Refund>("refund", &charges, Rel::Charge)?);
        case.disputes.extend(self.linked::<Dispute>("dispute", &charges, Rel::Charge)?);
        for invoice in &mut case.invoices {
            self.complete_lines(invoice)?;
        }
        for note in &mut case.credit_notes {
            let lines: Vec<CreditNoteLine> =
                self.linked("credit_note_line_item", &[note.id.as_str()], Rel::Parent)?;
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
        case.in_detail = self.posted_of_case(key)?;
        case.posted = self.summed_and_posted_of_case(key)?;
        case.posted.extend(case.in_detail.iter().cloned());
        if policy.options.granularity.sales == Grain::Payout {
            let of_disputes = case.disputes.iter().flat_map(|d| &d.balance_transactions);
            for movement in case.balance_transactions.iter().chain(of_disputes) {
                let payout = self.texts(
                    "SELECT payout FROM payout_member WHERE balance_transaction = ?1",
                    movement.id.as_str(),
                )?;
                let payout = payout.into_iter().next().map(PayoutId::new);
                case.payout_of.extend(payout.map(|payout| (movement.id.to_string(), payout)));
            }
        }
        Ok(())
    }

    /// An invoice is sent with its first lines; the rest were read from its own list.
    fn complete_lines(&self, invoice: &mut Invoice) -> Result<(), LedgerError> {
        if !invoice.lines.has_more {
            return Ok(());
        }
        let id = invoice.id.to_string();
        let mut lines: Vec<InvoiceLine> = self.linked("line_item", &[id.as_str()], Rel::Parent)?;
        if lines.is_empty() {
            lines = self.linked("line_item", &[id.as_str()], Rel::Invoice)?;
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

    fn load_payout(
        &self,
        id: &str,
        payouts: &PayoutIndex,
        policy: &Policy,
    ) -> Result<PayoutCase, LedgerError> {
        let Some(payout) = payouts.find(id).cloned() else {
            // Not among them because it cannot be read: this says why.
            self.view::<Payout>(id)?;
            return Err(self.fail(rusqlite::Error::QueryReturnedNoRows));
        };
        let mut carried: Vec<(Payout, Vec<BalanceTransaction>)> = Vec::new();
        for negative in payouts.carried_by(&payout) {
            carried.push((negative.clone(), self.members(negative)?));
        }
        let members = self.members(&payout)?;
        let all = members.iter().chain(carried.iter().flat_map(|(_, members)| members));
        let mut sources = self.sources_of(all.clone())?;
        self.tell_past(&mut sources, all, policy)?;
        let back = payout.failure_balance_transaction.as_ref();
        let back = back.map(|id| self.view::<BalanceTransaction>(id.as_str())).transpose()?;
        let mut case = PayoutCase {
            returned: back.flatten().map(|movement| movement.created),
            sources,
            schedule: payouts.schedule(payout.currency),
            deposited: self.is_in_bank(&payout.id, &policy.masters.naming)?,
            suspended: self.suspended(&payout.id, &policy.masters.naming)?,
            absent: BTreeSet::new(),
            known: Known::default(),
            payout,
            members,
            carried,
        };
        if policy.options.unreconciled == Unreconciled::Suspense {
            case.absent = self.absent(&case, policy)?;
        }
        Ok(case)
    }

    /// Members whose record no case wants. One that is older than the books needs none.
    fn absent(
        &self,
        case: &PayoutCase,
        policy: &Policy,
    ) -> Result<BTreeSet<BalanceTransactionId>, LedgerError> {
        let carried = case.carried.iter().flat_map(|(_, members)| members);
        let mut absent = BTreeSet::new();
        for movement in case.members.iter().chain(carried) {
            let class = case.sources.class(movement, policy);
            if class.has_record()
                && !case.sources.is_past(movement, policy)
                && let Ok(record) = record_of(class, movement, &case.sources)
                && !self.is_wanted(&policy.masters.naming.outside(&record))?
            {
                absent.insert(movement.id.clone());
            }
        }
        Ok(absent)
    }

    fn load_day(
        &self,
        date: NaiveDate,
        currency: Currency,
        payouts: &PayoutIndex,
        policy: &Policy,
    ) -> Result<DayCase, LedgerError> {
        let mut movements = self.movements_of(date, policy.zone)?;
        movements.retain(|movement| movement.currency == currency);
        let mut sources = self.sources_of(movements.iter())?;
        self.tell_past(&mut sources, movements.iter(), policy)?;
        Ok(DayCase {
            currency,
            date,
            sources,
            schedule: payouts.schedule(currency),
            taken: self.taken(policy, currency, date)?,
            known: Known::default(),
            movements,
        })
    }

    /// The objects that movements belong to.
    fn sources_of<'a>(
        &self,
        movements: impl Iterator<Item = &'a BalanceTransaction>,
    ) -> Result<Sources, LedgerError> {
        let all: Vec<&str> = movements.map(|movement| movement.id.as_str()).collect();
        let by = |kind: &str| -> Result<Vec<Vec<u8>>, LedgerError> {
            let mut raws = self.linked_raw(kind, &all, Rel::BalanceTransaction)?;
            raws.extend(self.linked_raw(kind, &all, Rel::FailureBalanceTransaction)?);
            Ok(raws)
        };
        Ok(Sources {
            charges: views(&by("charge")?)?,
            refunds: views(&by("refund")?)?,
            disputes: views(&by("dispute")?)?,
            ..Sources::default()
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

    /// The views of every object of a kind that can be read, oldest first. One that cannot is left
    /// out here, because its own case is an exception that names it.
    pub fn for_each_view<T: DeserializeOwned, E: From<LedgerError>>(
        &self,
        kind: &str,
        mut visit: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        self.for_each_object(kind, |raw| read(raw).map_or(Ok(()), &mut visit))
    }

    /// The view of one object.
    pub fn view<T: DeserializeOwned>(&self, id: &str) -> Result<Option<T>, LedgerError> {
        let found = self.object(id)?;
        found.map(|raw| read(&raw).map_err(LedgerError::from)).transpose()
    }

    /// The views of every object of `kind` that names one of `targets`, oldest first.
    pub(super) fn linked<T: DeserializeOwned>(
        &self,
        kind: &str,
        targets: &[impl AsRef<str>],
        rel: Rel,
    ) -> Result<Vec<T>, LedgerError> {
        views(&self.linked_raw(kind, targets, rel)?)
    }

    fn linked_raw(
        &self,
        kind: &str,
        targets: &[impl AsRef<str>],
        rel: Rel,
    ) -> Result<Vec<Vec<u8>>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<Vec<u8>>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT o.seq, o.raw FROM link l JOIN object o USING (seq)
                 WHERE l.target = ?1 AND l.rel = ?2 AND o.kind = ?3 ORDER BY o.seq",
            )?;
            let mut found: BTreeMap<i64, Vec<u8>> = BTreeMap::new();
            for target in targets {
                let target = target.as_ref();
                let mut rows = statement.query(params![key_of(target), rel_code(rel), kind])?;
                while let Some(row) = rows.next()? {
                    let raw = unpacked(&self.packer, row, 1)?;
                    // Two ids may share a key; a parent is not named inside.
                    if rel == Rel::Parent || find(&raw, target.as_bytes()).is_some() {
                        found.insert(row.get(0)?, raw);
                    }
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
