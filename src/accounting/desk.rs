//! The desk on which a customer case is worked: the records made so far, the invoices still open,
//! and what of each invoice has not been reversed.

use std::collections::BTreeMap;

use crate::accounting::case::CustomerCase;
use crate::accounting::context::Context;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::facts::Facts;
use crate::accounting::line_parts::{weights, with_parts};
use crate::accounting::links::Links;
use crate::accounting::policy::Policy;
use crate::accounting::record::{Derived, Record};
use crate::ids::{ExternalId, InvoiceId};
use crate::money::Amount;
use crate::netsuite::record::{Apply, Body, ItemLine, Ref};

/// Everything a rule may read or add to.
pub(super) struct Desk<'a> {
    pub(super) case: &'a CustomerCase,
    pub(super) context: Context<'a>,
    pub(super) facts: Facts<'a>,
    pub(super) links: &'a Links,
    /// The NetSuite customer of every record.
    pub(super) customer: Ref,
    /// Posted invoices, by Stripe id.
    pub(super) invoices: BTreeMap<InvoiceId, OpenInvoice>,
    records: BTreeMap<ExternalId, Record>,
    exceptions: Vec<Exception>,
}

/// An invoice that has a NetSuite invoice.
#[derive(Debug, Clone)]
pub(super) struct OpenInvoice {
    pub(super) external_id: ExternalId,
    pub(super) lines: Vec<ItemLine>,
    /// What NetSuite will show as unpaid.
    pub(super) open: Amount,
    /// Minor units of each part of a line that no memo has reversed yet.
    unreversed: Vec<i64>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(
        case: &'a CustomerCase,
        policy: &'a Policy,
        customer: ExternalId,
        links: &'a Links,
    ) -> Self {
        Self {
            case,
            links,
            context: Context { policy },
            facts: Facts::new(case),
            customer: Ref::External(customer),
            invoices: BTreeMap::new(),
            records: BTreeMap::new(),
            exceptions: Vec::new(),
        }
    }

    /// Adds a record. The same item may be added by many lines; it is kept once.
    pub(super) fn add(&mut self, record: Record) {
        self.records.insert(record.external_id().clone(), record);
    }

    pub(super) fn except(&mut self, exception: Exception) {
        self.exceptions.push(exception);
    }

    /// Everything made so far, in the order of external ids.
    pub(super) fn made(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }

    /// Changes what was made as a whole: what is older than the books is taken out again.
    pub(super) fn edit(&mut self, edit: impl FnOnce(&mut BTreeMap<ExternalId, Record>)) {
        edit(&mut self.records);
    }

    pub(super) fn drop_exceptions(&mut self, is_dropped: impl Fn(&Exception) -> bool) {
        self.exceptions.retain(|exception| !is_dropped(exception));
    }

    pub(super) fn has(&self, id: &ExternalId) -> bool {
        self.records.contains_key(id)
    }

    /// Whether the record is in NetSuite already.
    pub(super) fn is_posted(&self, id: &ExternalId) -> bool {
        self.case.posted.contains(id)
    }

    /// Applies a credit memo or a payment to an invoice, as far as it is open; gives what was
    /// applied.
    pub(super) fn apply(
        &mut self,
        source: &ExternalId,
        invoice: &InvoiceId,
        amount: Amount,
    ) -> Amount {
        let nothing = Amount::zero(amount.currency());
        let Some(target) = self.invoices.get_mut(invoice) else { return nothing };
        if target.open.currency() != amount.currency() {
            return nothing;
        }
        let applied = amount.min(target.open);
        if !applied.is_positive() {
            return nothing;
        }
        let doc = target.external_id.clone();
        if self.push_application(source, &doc, applied) {
            let target = self.invoices.get_mut(invoice).expect("found above");
            target.open -= applied;
            return applied;
        }
        nothing
    }

    /// Adds an application to a record without asking what is open; `false` when the record was not
    /// made or cannot be applied.
    pub(super) fn push_application(
        &mut self,
        source: &ExternalId,
        doc: &ExternalId,
        amount: Amount,
    ) -> bool {
        let Some(record) = self.records.get_mut(source) else { return false };
        let list = match &mut record.body {
            Body::CreditMemo(memo) => &mut memo.apply,
            Body::CustomerPayment(payment) => &mut payment.apply,
            _ => return false,
        };
        let doc = Ref::External(doc.clone());
        match list.iter_mut().find(|apply| apply.doc == doc) {
            Some(apply) => apply.amount += amount,
            None => list.push(Apply { doc, amount }),
        }
        true
    }

    /// Takes back what `source` had applied to an invoice; gives how much that was.
    pub(super) fn unapply(&mut self, source: &ExternalId, invoice: &InvoiceId) -> Option<Amount> {
        let target = self.invoices.get_mut(invoice)?;
        let list = match &mut self.records.get_mut(source)?.body {
            Body::CreditMemo(memo) => &mut memo.apply,
            Body::CustomerPayment(payment) => &mut payment.apply,
            _ => return None,
        };
        let place = list.iter().position(|a| a.doc.external() == Some(&target.external_id))?;
        let amount = list.remove(place).amount;
        target.open += amount;
        Some(amount)
    }

    /// What of a payment is not applied to anything.
    pub(super) fn unapplied(&self, payment: &ExternalId) -> Option<Amount> {
        let Body::CustomerPayment(payment) = &self.records.get(payment)?.body else { return None };
        Some(payment.apply.iter().fold(payment.payment, |left, apply| left - apply.amount))
    }

    /// Which invoices a payment is applied to, and how much of each.
    pub(super) fn applied_by(&self, payment: &ExternalId) -> Vec<(InvoiceId, Amount)> {
        let Some(Body::CustomerPayment(payment)) = self.records.get(payment).map(|r| &r.body)
        else {
            return Vec::new();
        };
        let invoice_of = |apply: &Apply| {
            let doc = apply.doc.external()?;
            let (id, _) = self.invoices.iter().find(|(_, open)| open.external_id == *doc)?;
            Some((id.clone(), apply.amount))
        };
        payment.apply.iter().filter_map(invoice_of).collect()
    }

    /// The records in a stable order, and the exceptions.
    pub(super) fn finish(self) -> Derived {
        let mut records: Vec<Record> = self.records.into_values().collect();
        records.sort_by(|a, b| (a.kind(), a.external_id()).cmp(&(b.kind(), b.external_id())));
        let mut exceptions = self.exceptions;
        exceptions.sort();
        exceptions.dedup();
        Derived { records, exceptions, ..Derived::default() }
    }
}

impl OpenInvoice {
    pub(super) fn new(external_id: ExternalId, lines: Vec<ItemLine>, open: Amount) -> Self {
        let unreversed = weights(&lines);
        Self { external_id, lines, open, unreversed }
    }

    /// Adds lines that may be reversed.
    pub(super) fn extend(&mut self, lines: Vec<ItemLine>) {
        self.unreversed.extend(weights(&lines));
        self.lines.extend(lines);
    }

    /// What its lines come to.
    pub(super) fn billed(&self) -> Amount {
        self.lines.iter().fold(Amount::zero(self.open.currency()), |sum, line| sum + line.total())
    }

    /// What memos may still reverse.
    pub(super) fn reversible(&self) -> Amount {
        Amount::new(self.unreversed.iter().sum(), self.open.currency())
    }

    /// `amount` spread over what is left of each line by largest remainder, as memo lines.
    pub(super) fn prorate(&self, amount: Amount) -> Vec<ItemLine> {
        with_parts(&self.lines, &amount.split(&self.unreversed))
    }

    /// Like [`Self::prorate`], and takes the parts off what is left. The pieces of a full refund
    /// therefore reverse each line exactly.
    pub(super) fn take(&mut self, amount: Amount) -> Result<Vec<ItemLine>, Exception> {
        let left = self.reversible();
        if amount.minor() > left.minor() {
            return Err(Exception::new(
                ExceptionClass::Data,
                "more_reversed_than_billed",
                &self.external_id,
                format!("{amount} should be reversed, but only {left} of the invoice is left."),
                "Compare refunds, disputes and credit notes of this invoice in Stripe.",
            )
            .of(amount));
        }
        let lines = self.prorate(amount);
        let parts = amount.split(&self.unreversed);
        for (left, part) in self.unreversed.iter_mut().zip(parts) {
            *left -= part.minor();
        }
        Ok(lines)
    }
}
