//! Invoices paid outside Stripe, by transfer or cheque: a customer payment into the account that the
//! company names for it. Without such an account the invoice stays open, for a person to settle.

use std::collections::BTreeMap;

use crate::accounting::chart::Role;
use crate::accounting::context::external_id;
use crate::accounting::desk::Desk;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::facts::Outside;
use crate::accounting::record::{Record, Rule};
use crate::calendar::UnixTime;
use crate::ids::{ExternalId, InvoiceId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::{Body, CustomerPayment};
use crate::stripe::objects::Invoice;

/// Money that came in elsewhere.
struct Payment {
    amount: Amount,
    at: UnixTime,
    /// What it paid.
    parts: Vec<(InvoiceId, Amount)>,
}

impl Outside {
    /// Of the customer payment that stands for it.
    pub(super) fn external_id(&self, invoice: &Invoice) -> Result<ExternalId, Exception> {
        match &self.record {
            Some(record) => external_id(record),
            None => Ok(external_id(&invoice.id)?.with_suffix("outside")),
        }
    }
}

impl Desk<'_> {
    /// Makes a payment of each payment record, and one of each invoice that was marked as paid.
    pub(super) fn post_outside_payments(&mut self) {
        let case = self.case;
        let mut invoices: Vec<&Invoice> =
            case.invoices.iter().filter(|i| self.invoices.contains_key(&i.id)).collect();
        invoices.sort_by_key(|invoice| invoice.id.clone());
        let is_booked = self.context.policy.chart.account(Role::OutOfBand).is_ok();
        let mut payments: BTreeMap<ExternalId, Payment> = BTreeMap::new();
        for invoice in invoices {
            if !is_booked {
                self.note_outside_payment(invoice);
                continue;
            }
            if let Err(exception) = self.gather(invoice, &mut payments) {
                self.except(exception);
            }
        }
        for (id, payment) in payments {
            if let Err(exception) = self.post_outside_payment(&id, &payment) {
                self.except(exception);
            }
        }
    }

    fn gather(
        &self,
        invoice: &Invoice,
        payments: &mut BTreeMap<ExternalId, Payment>,
    ) -> Result<(), Exception> {
        for outside in self.facts.outside(invoice) {
            let id = outside.external_id(invoice)?;
            let at = outside.at.unwrap_or(invoice.created);
            let zero = Amount::zero(outside.amount.currency());
            let payment =
                payments.entry(id).or_insert(Payment { amount: zero, at, parts: Vec::new() });
            payment.at = payment.at.min(at);
            payment.amount += outside.amount;
            payment.parts.push((invoice.id.clone(), outside.amount));
        }
        Ok(())
    }

    fn post_outside_payment(
        &mut self,
        id: &ExternalId,
        payment: &Payment,
    ) -> Result<(), Exception> {
        let block = |exception: Exception| exception.blocking(id);
        let invoices = payment.parts.iter().map(|(invoice, _)| invoice.as_str());
        let invoices: Vec<&str> = invoices.collect();
        let memo = format!("{}, paid outside Stripe", invoices.join(", "));
        let date = self.context.date(payment.at);
        let currency = payment.amount.currency();
        let body = Body::CustomerPayment(CustomerPayment {
            header: self.context.header(id, &memo, date, currency, None)?,
            customer: self.customer.clone(),
            ar_account: self
                .context
                .account(Role::AccountsReceivable, id.as_str())
                .map_err(block)?,
            account: self.context.account(Role::OutOfBand, id.as_str()).map_err(block)?,
            payment: payment.amount,
            apply: Vec::new(),
        });
        let sources = invoices.into_iter().map(ObjectId::new).collect();
        self.add(Record { body, rule: Rule::PaidOutsideStripe, sources, settles: None });
        for (invoice, part) in &payment.parts {
            self.apply(id, invoice, *part);
        }
        Ok(())
    }

    fn note_outside_payment(&mut self, invoice: &Invoice) {
        let zero = Amount::zero(invoice.currency);
        let outside = self.facts.outside(invoice);
        let paid = outside.iter().fold(zero, |sum, outside| sum + outside.amount);
        if paid.is_positive() {
            self.except(
                Exception::new(
                    ExceptionClass::Policy,
                    "paid_out_of_band",
                    &invoice.id,
                    format!("{paid} was paid outside Stripe; the invoice stays open in NetSuite."),
                    "Record the payment in NetSuite against the bank account it reached, or set \
                     `accounts.out_of_band`.",
                )
                .of(paid),
            );
        }
    }
}
