//! A customer case, indexed: what belongs to what.
//!
//! Reads links in both shapes of Stripe's objects, before and after 2025-03-31. Order of arrival
//! never matters: everything is sorted by instant, then by id.

use std::collections::{BTreeMap, BTreeSet};

use crate::accounting::case::CustomerCase;
use crate::calendar::UnixTime;
use crate::ids::{
    BalanceTransactionId, ChargeId, CreditNoteId, InvoiceId, InvoicePaymentId, ObjectId,
    PaymentIntentId, RefundId,
};
use crate::money::Amount;
use crate::stripe::objects::{
    BalanceTransaction, Charge, Invoice, InvoicePayment, PaymentTarget, Refund,
};

/// The links inside one customer case.
pub(super) struct Facts<'a> {
    balance_transactions: BTreeMap<&'a BalanceTransactionId, &'a BalanceTransaction>,
    /// Which invoices a charge paid, and how much of each.
    applications: BTreeMap<ChargeId, Vec<(InvoiceId, Amount)>>,
    /// What was paid on an invoice with money that never touched Stripe.
    outside: BTreeMap<InvoiceId, Vec<Outside>>,
    /// When a charge paid an invoice.
    paid_at: BTreeMap<(ChargeId, InvoiceId), UnixTime>,
    /// Which credit notes cover a refund, and how much of it.
    covered: BTreeMap<RefundId, Vec<(CreditNoteId, Amount)>>,
    /// The paid invoice payments, in order.
    payments: Vec<&'a InvoicePayment>,
}

/// A payment on one invoice with money that never touched Stripe.
#[derive(Debug, Clone)]
pub(super) struct Outside {
    /// The payment record, where it was reported as one. It may pay several invoices.
    pub(super) record: Option<ObjectId>,
    pub(super) amount: Amount,
    pub(super) at: Option<UnixTime>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(case: &'a CustomerCase) -> Self {
        let mut facts = Self {
            balance_transactions: case.balance_transactions.iter().map(|bt| (&bt.id, bt)).collect(),
            applications: BTreeMap::new(),
            outside: BTreeMap::new(),
            paid_at: BTreeMap::new(),
            covered: BTreeMap::new(),
            payments: paid(case),
        };
        // A dispute carries its movements inline.
        for movement in case.disputes.iter().flat_map(|dispute| &dispute.balance_transactions) {
            facts.balance_transactions.entry(&movement.id).or_insert(movement);
        }
        facts.link_payments(case);
        facts.link_legacy(case);
        for note in &case.credit_notes {
            for (refund, amount) in note.refunds() {
                facts.covered.entry(refund).or_default().push((note.id.clone(), amount));
            }
        }
        facts.covered.values_mut().for_each(|notes| notes.sort());
        facts
    }

    fn link_payments(&mut self, case: &CustomerCase) {
        for payment in self.payments.clone() {
            let (Some(invoice), Some(amount)) = (payment.invoice(), payment.amount_paid()) else {
                continue;
            };
            let charge = match payment.target() {
                PaymentTarget::Charge(id) => Some(id),
                PaymentTarget::PaymentIntent(id) => charge_of(&id, case),
                PaymentTarget::PaymentRecord(record) => {
                    let at = payment.paid_at().or(Some(payment.created));
                    let outside = Outside { record: Some(record), amount, at };
                    self.outside.entry(invoice.clone()).or_default().push(outside);
                    None
                }
                PaymentTarget::Unknown => None,
            };
            if let Some(charge) = charge {
                let at = payment.paid_at().unwrap_or(payment.created);
                self.paid_at.insert((charge.clone(), invoice.clone()), at);
                self.applications.entry(charge).or_default().push((invoice.clone(), amount));
            }
        }
    }

    /// Before 2025-03-31 the invoice names its charge and the charge its invoice.
    fn link_legacy(&mut self, case: &CustomerCase) {
        let linked: BTreeSet<InvoiceId> =
            self.payments.iter().filter_map(|payment| payment.invoice().cloned()).collect();
        for invoice in case.invoices.iter().filter(|invoice| !linked.contains(&invoice.id)) {
            let paid_it = |charge: &&Charge| {
                charge.status == "succeeded"
                    && charge.currency == invoice.currency
                    && (charge.invoice.as_ref() == Some(&invoice.id)
                        || invoice.legacy_charge() == Some(&charge.id))
            };
            for charge in case.charges.iter().filter(paid_it) {
                let amount = charge.amount_captured().min(invoice.amount_due());
                let application = (invoice.id.clone(), amount);
                self.paid_at.insert((charge.id.clone(), invoice.id.clone()), charge.created);
                self.applications.entry(charge.id.clone()).or_default().push(application);
            }
            if invoice.paid_out_of_band() {
                let at = invoice.status_transitions.paid_at;
                let outside = Outside { record: None, amount: invoice.amount_due(), at };
                self.outside.insert(invoice.id.clone(), vec![outside]);
            }
        }
    }

    pub(super) fn balance_transaction(
        &self,
        id: Option<&BalanceTransactionId>,
    ) -> Option<&'a BalanceTransaction> {
        self.balance_transactions.get(id?).copied()
    }

    /// Which invoices a charge paid, and how much of each.
    pub(super) fn applications_of(&self, charge: &Charge) -> &[(InvoiceId, Amount)] {
        self.applications.get(&charge.id).map_or(&[], Vec::as_slice)
    }

    /// The charges that paid an invoice.
    pub(super) fn payers_of<'b>(
        &'b self,
        invoice: &'b Invoice,
    ) -> impl Iterator<Item = &'b ChargeId> {
        self.applications
            .iter()
            .filter(|(_, paid)| paid.iter().any(|(id, _)| *id == invoice.id))
            .map(|(charge, _)| charge)
    }

    /// What was paid outside Stripe.
    pub(super) fn outside(&self, invoice: &Invoice) -> Vec<Outside> {
        let recorded = self.outside.get(&invoice.id).cloned().unwrap_or_default();
        let unrecorded = invoice.amount_paid_off_stripe();
        if recorded.is_empty() && unrecorded.is_positive() {
            let at = invoice.status_transitions.paid_at;
            return vec![Outside { record: None, amount: unrecorded, at }];
        }
        recorded
    }

    /// Which credit notes cover a refund, and how much of it.
    pub(super) fn notes_of(&self, refund: &Refund) -> &[(CreditNoteId, Amount)] {
        self.covered.get(&refund.id).map_or(&[], Vec::as_slice)
    }

    /// When a charge paid an invoice.
    pub(super) fn paid_at(&self, charge: &ChargeId, invoice: &InvoiceId) -> Option<UnixTime> {
        self.paid_at.get(&(charge.clone(), invoice.clone())).copied()
    }
}

/// When Stripe last tried in vain to collect an invoice.
pub(super) fn last_failed_attempt(invoice: &Invoice, case: &CustomerCase) -> Option<UnixTime> {
    let inline = invoice.inline_payments().iter();
    let intents: BTreeSet<PaymentIntentId> = case
        .invoice_payments
        .iter()
        .chain(inline)
        .filter(|payment| payment.invoice() == Some(&invoice.id))
        .filter_map(|payment| match payment.target() {
            PaymentTarget::PaymentIntent(id) => Some(id),
            _ => None,
        })
        .chain(invoice.legacy_payment_intent().cloned())
        .collect();
    case.charges
        .iter()
        .filter(|charge| charge.status == "failed")
        .filter(|charge| {
            charge.invoice.as_ref() == Some(&invoice.id)
                || charge.payment_intent.as_ref().is_some_and(|id| intents.contains(id))
        })
        .map(|charge| charge.created)
        .max()
}

/// Every paid invoice payment, each once, wherever it was seen.
fn paid(case: &CustomerCase) -> Vec<&InvoicePayment> {
    let inline = case.invoices.iter().flat_map(Invoice::inline_payments);
    let by_id: BTreeMap<&InvoicePaymentId, &InvoicePayment> = case
        .invoice_payments
        .iter()
        .chain(inline)
        .filter(|payment| payment.is_paid())
        .map(|payment| (&payment.id, payment))
        .collect();
    let mut payments: Vec<&InvoicePayment> = by_id.into_values().collect();
    payments.sort_by_key(|payment| (payment.created, payment.id.clone()));
    payments
}

/// The charge by which a payment intent was paid: the one it names, else the last that succeeded.
fn charge_of(intent: &PaymentIntentId, case: &CustomerCase) -> Option<ChargeId> {
    let named = case
        .payment_intents
        .iter()
        .find(|found| found.id == *intent)
        .and_then(|found| found.latest_charge.clone())
        .filter(|id| case.charges.iter().any(|charge| charge.id == *id));
    named.or_else(|| {
        case.charges
            .iter()
            .filter(|charge| charge.payment_intent.as_ref() == Some(intent))
            .filter(|charge| charge.status != "failed" || charge.balance_transaction.is_some())
            .max_by_key(|charge| (charge.created, charge.id.clone()))
            .map(|charge| charge.id.clone())
    })
}
