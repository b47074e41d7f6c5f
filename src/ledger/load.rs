//! Everything that belongs to a case, read from the facts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rusqlite::Transaction;
use serde::de::DeserializeOwned;

use super::linked::Found;
use super::payouts::PayoutIndex;
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
    BalanceTransaction, Charge, CreditNoteLine, Invoice, InvoiceLine, Payout, read,
};

/// Prices and products that are kept at hand; a company with more has them read again.
const SHELF_MAX: usize = 4_000;

impl Ledger {
    /// As long as this is kept, everything is read as the file is at one moment: otherwise each query locks
    /// and unlocks the file, which takes longer than finding one object.
    pub fn one_moment(&self) -> Result<Option<Transaction<'_>>, LedgerError> {
        let reading =
            self.connection.is_autocommit().then(|| self.connection.unchecked_transaction());
        reading.transpose().map_err(|error| self.fail(error))
    }

    /// Everything that belongs to a case, as the file is at one moment.
    pub fn load_case(
        &self,
        key: &CaseKey,
        payouts: &PayoutIndex,
        policy: &Policy,
    ) -> Result<Case, LedgerError> {
        let _moment = self.one_moment()?;
        match key {
            CaseKey::Customer(id) => {
                let mut case = self.of_customer(id)?;
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
                    self.add_taken_back(&mut case, std::slice::from_ref(id))?;
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

    /// What names a customer.
    fn of_customer(&self, id: &str) -> Result<CustomerCase, LedgerError> {
        let mut case = CustomerCase {
            customer: self.view(id)?,
            customer_id: Some(CustomerId::new(id)),
            ..CustomerCase::default()
        };
        let kinds =
            ["invoice", "payment_intent", "charge", "credit_note", "customer_balance_transaction"];
        self.for_each_naming(id, Rel::Customer, &kinds, |one| {
            match one.kind {
                "invoice" => case.invoices.push(one.read()?),
                "payment_intent" => case.payment_intents.push(one.read()?),
                "charge" => case.charges.push(one.read()?),
                "credit_note" => case.credit_notes.push(one.read()?),
                _ => case.customer_balance.push(one.read()?),
            }
            Ok(())
        })?;
        Ok(case)
    }

    /// Adds the refunds and disputes of charges.
    fn add_taken_back(
        &self,
        case: &mut CustomerCase,
        charges: &[String],
    ) -> Result<(), LedgerError> {
        let (mut refunds, mut disputes) = (Found::default(), Found::default());
        for charge in charges {
            self.for_each_naming(charge, Rel::Charge, &["refund", "dispute"], |one| {
                if one.kind == "refund" { refunds.add(&one) } else { disputes.add(&one) }
            })?;
        }
        case.refunds.extend(refunds.in_order());
        case.disputes.extend(disputes.in_order());
        Ok(())
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
        self.add_taken_back(case, &charges)?;
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

    /// What the invoices mention, and nothing else. What is sold is mentioned by many: it is read once.
    fn catalog(&self, invoices: &[Invoice]) -> Result<Catalog, LedgerError> {
        let mut shelf = self.shelf.borrow_mut();
        if shelf.prices.len() + shelf.products.len() > SHELF_MAX {
            *shelf = Catalog::default();
        }
        let mut catalog = Catalog::default();
        for invoice in invoices {
            for discount in invoice.discounts() {
                if let Some(coupon) = discount.coupon() {
                    catalog.discounts.insert(discount.id.clone(), coupon.clone());
                }
            }
            for line in &invoice.lines.data {
                self.fetch(line.price(), &mut catalog.prices, &mut shelf.prices)?;
                self.fetch(line.product(), &mut catalog.products, &mut shelf.products)?;
                for tax in line.taxes() {
                    let rate = tax.rate.as_ref();
                    self.fetch(rate, &mut catalog.tax_rates, &mut shelf.tax_rates)?;
                }
            }
            for tax in invoice.total_taxes() {
                self.fetch(tax.rate.as_ref(), &mut catalog.tax_rates, &mut shelf.tax_rates)?;
            }
        }
        let products: Vec<_> =
            catalog.prices.values().filter_map(|price| price.product.clone()).collect();
        for product in &products {
            self.fetch(Some(product), &mut catalog.products, &mut shelf.products)?;
        }
        for coupon in catalog.discounts.values().cloned().collect::<BTreeSet<_>>() {
            self.fetch(Some(&coupon), &mut catalog.coupons, &mut shelf.coupons)?;
        }
        Ok(catalog)
    }

    /// Adds to `known` what `id` stands for, from the shelf or else from the file.
    fn fetch<K: Ord + Clone + AsRef<str>, V: Clone + DeserializeOwned>(
        &self,
        id: Option<&K>,
        known: &mut BTreeMap<K, V>,
        shelf: &mut BTreeMap<K, V>,
    ) -> Result<(), LedgerError> {
        let Some(id) = id.filter(|id| !known.contains_key(id)) else { return Ok(()) };
        if !shelf.contains_key(id)
            && let Some(found) = self.view(id.as_ref())?
        {
            shelf.insert(id.clone(), found);
        }
        known.extend(shelf.get(id).map(|found| (id.clone(), found.clone())));
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
        let (mut charges, mut refunds, mut disputes) =
            (Found::default(), Found::default(), Found::default());
        let kinds = ["charge", "refund", "dispute"];
        for movement in movements {
            self.for_each_behind(movement.id.as_str(), &kinds, |one| match one.kind {
                "charge" => charges.add(&one),
                "refund" => refunds.add(&one),
                _ => disputes.add(&one),
            })?;
        }
        Ok(Sources::new(charges.in_order(), refunds.in_order(), disputes.in_order()))
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
}
