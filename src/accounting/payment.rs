//! Payments: each charge that reached the Stripe balance is a customer payment, gross, in the
//! currency the customer paid in, applied to the invoices it paid.

use crate::accounting::chart::Role;
use crate::accounting::context::external_id;
use crate::accounting::desk::{Desk, OpenInvoice};
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::fx;
use crate::accounting::invoice::Memo;
use crate::accounting::invoice_lines::single;
use crate::accounting::item::Global;
use crate::accounting::metadata;
use crate::accounting::policy::{DuplicatePayments, StandaloneCharges};
use crate::accounting::record::{Record, Rule};
use crate::accounting::seat::Cash;
use crate::ids::{BalanceTransactionId, ExternalId, InternalId, InvoiceId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::{Apply, Body, CustomerPayment, CustomerRefund, Decimal};
use crate::stripe::objects::{BalanceTransaction, Charge};

impl<'a> Desk<'a> {
    /// Makes the payments of every charge of the case, oldest first.
    pub(super) fn post_payments(&mut self) {
        let mut charges: Vec<&Charge> = self
            .case
            .charges
            .iter()
            .filter(|charge| charge.balance_transaction.is_some() && charge.captured)
            .collect();
        charges.sort_by_key(|charge| (charge.created, charge.id.clone()));
        for charge in charges {
            if let Err(exception) = self.post_payment(charge) {
                self.except(exception);
            }
        }
    }

    fn post_payment(&mut self, charge: &Charge) -> Result<(), Exception> {
        let id = external_id(&charge.id)?;
        let block = |exception: Exception| exception.blocking(&id);
        let movement = self
            .movement(charge.balance_transaction.as_ref(), charge.id.as_str())
            .map_err(block)?;
        let amount = charge.amount_captured();
        if !amount.is_positive() {
            return Ok(());
        }
        let duplicate = self.duplicate_of(charge);
        if let Some(invoice) = &duplicate
            && self.context.policy.options.duplicate_payments == DuplicatePayments::Hold
            && charge.metadata.get("netsuite_allow_duplicate").is_none_or(|word| word != "true")
        {
            return Err(held(charge, invoice).blocking(&id));
        }
        let mut sources =
            vec![ObjectId::new(charge.id.as_str()), ObjectId::new(movement.id.as_str())];
        let mut settles = movement.amount();
        for released in self.released(charge) {
            settles += released.amount();
            sources.push(ObjectId::new(released.id.as_str()));
        }
        let memo = match duplicate {
            Some(invoice) => format!("{}, for {invoice}, which was already paid", charge.id),
            None => memo(charge, self.facts.applications_of(charge).is_empty()),
        };
        let received = Received {
            id: id.clone(),
            memo,
            amount,
            settles,
            rule: Rule::ChargeSucceeded,
            sources,
        };
        let record = self.payment(received, movement).map_err(block)?;
        self.add(record);
        if charge.failure_balance_transaction.is_some() {
            // The invoice is open again, so nothing of this payment is applied to it.
            return self.fail(charge, &id, amount);
        }
        let applications = self.facts.applications_of(charge).to_vec();
        let names_invoice = metadata::get(&charge.metadata, metadata::INVOICE).is_some();
        let bills = names_invoice
            || self.context.policy.options.standalone_charges == StandaloneCharges::Invoice;
        if names_invoice && !applications.is_empty() {
            self.except(two_invoices(charge));
        }
        if applications.is_empty() && bills {
            return self.bill(charge, &id, movement);
        }
        for (invoice, part) in applications {
            self.apply(&id, &invoice, part);
            if !self.case.invoices.iter().any(|known| known.id == invoice) {
                self.except(unknown_invoice(charge, &invoice, part));
            }
        }
        Ok(())
    }

    /// The invoice that the charge was to pay, when it was already paid. What Stripe itself counts
    /// as paid too much is no duplicate: it is on the customer's balance.
    fn duplicate_of(&self, charge: &Charge) -> Option<InvoiceId> {
        let applications = self.facts.applications_of(charge);
        let (first, _) = applications.first()?;
        let is_paid = |invoice: &InvoiceId| {
            self.invoices.get(invoice).is_some_and(|target| !target.open.is_positive())
        };
        let is_credited = self.case.customer_balance.iter().any(|change| {
            change.kind == "invoice_overpaid" && change.invoice.as_ref() == Some(first)
        });
        let all_paid = applications.iter().all(|(invoice, _)| is_paid(invoice));
        (all_paid && !is_credited).then(|| first.clone())
    }

    /// The movements that gave back what was authorised and not captured.
    fn released(&self, charge: &Charge) -> Vec<&'a BalanceTransaction> {
        let case = self.case;
        let own = case.refunds.iter().filter(|refund| refund.charge.as_ref() == Some(&charge.id));
        let mut released: Vec<_> = own
            .filter_map(|r| self.facts.balance_transaction(r.balance_transaction.as_ref()))
            .filter(|movement| movement.reporting_category == "partial_capture_reversal")
            .collect();
        released.sort_by_key(|movement| movement.id.clone());
        released
    }

    /// An invoice for what a charge without one paid for, so that the income is in the books.
    fn bill(
        &mut self,
        charge: &Charge,
        payment: &ExternalId,
        movement: &BalanceTransaction,
    ) -> Result<(), Exception> {
        let id = payment.with_suffix("invoice");
        let amount = charge.amount_captured();
        let item = self.global_item(Global::Generic).map_err(|e| e.blocking(&id))?;
        let text = charge.description.as_deref().unwrap_or("Payment");
        let lines = vec![single(item, text, amount)];
        let bill = Memo {
            id: id.clone(),
            text: memo(charge, true),
            date: self.context.date(movement.created),
            lines: lines.clone(),
            rule: Rule::ChargeBilled,
            sources: vec![ObjectId::new(charge.id.as_str())],
        };
        let record = self.counter_invoice(bill, amount)?;
        self.add(record);
        // Refunds and disputes reverse it as they do any invoice.
        let key = InvoiceId::new(id.as_str());
        self.invoices.insert(key.clone(), OpenInvoice::new(id, lines, amount));
        self.apply(payment, &key, amount);
        Ok(())
    }

    /// The payment failed after it had been booked: it is refunded, unapplied as it is.
    fn fail(
        &mut self,
        charge: &Charge,
        payment: &ExternalId,
        amount: Amount,
    ) -> Result<(), Exception> {
        let id = payment.with_suffix("failed");
        let movement = self
            .movement(charge.failure_balance_transaction.as_ref(), charge.id.as_str())
            .map_err(|exception| exception.blocking(&id))?;
        let why = charge.failure_message.as_deref().unwrap_or("the payment failed");
        let paid = PaidBack {
            memo: format!("{}, {why}", charge.id),
            id,
            apply: vec![Apply { doc: payment.clone().into(), amount }],
            rule: Rule::ChargeFailedLater,
            sources: vec![ObjectId::new(charge.id.as_str()), ObjectId::new(movement.id.as_str())],
        };
        let record = self.refund(paid, movement)?;
        self.add(record);
        Ok(())
    }

    /// A payment into undeposited funds, not applied to anything yet.
    pub(super) fn payment(
        &self,
        received: Received,
        movement: &BalanceTransaction,
    ) -> Result<Record, Exception> {
        let Received { id, memo, amount, settles, rule, sources } = received;
        let date = self.context.date(movement.created);
        let rate = self.rate(amount, settles, &id)?;
        let body = Body::CustomerPayment(CustomerPayment {
            header: self.context.header(&id, &memo, date, amount.currency(), rate)?,
            customer: self.customer.clone(),
            ar_account: self.context.account(Role::AccountsReceivable, id.as_str())?,
            account: self.cash(amount, movement, &id)?,
            payment: amount,
            apply: Vec::new(),
        });
        Ok(Record { body, rule, sources, settles: Some(settles) })
    }

    /// A refund out of undeposited funds.
    pub(super) fn refund(
        &self,
        paid: PaidBack,
        movement: &BalanceTransaction,
    ) -> Result<Record, Exception> {
        let PaidBack { id, memo, apply, rule, sources } = paid;
        let block = |exception: Exception| exception.blocking(&id);
        let total: Amount = apply.iter().map(|apply| apply.amount).sum();
        let date = self.context.date(movement.created);
        let rate = self.rate(total, movement.amount(), &id).map_err(block)?;
        let body = Body::CustomerRefund(CustomerRefund {
            header: self.context.header(&id, &memo, date, total.currency(), rate)?,
            customer: self.customer.clone(),
            ar_account: self
                .context
                .account(Role::AccountsReceivable, id.as_str())
                .map_err(block)?,
            account: self.cash(total, movement, &id).map_err(block)?,
            apply,
        });
        Ok(Record { body, rule, sources, settles: Some(movement.amount()) })
    }

    /// The balance transaction of an object, which the books cannot do without.
    pub(super) fn movement(
        &self,
        id: Option<&BalanceTransactionId>,
        subject: &str,
    ) -> Result<&'a BalanceTransaction, Exception> {
        self.facts.balance_transaction(id).ok_or_else(|| {
            let named = id.map_or_else(|| "its balance transaction".into(), ToString::to_string);
            Exception::new(
                ExceptionClass::Data,
                "balance_transaction_not_pulled",
                subject,
                format!("{named} is not in the ledger, so date and settled amount are not known."),
                "Pull a window that holds it.",
            )
        })
    }

    /// The account that money of `presented` lands in, or leaves from, as it is settled.
    fn cash(
        &self,
        presented: Amount,
        movement: &BalanceTransaction,
        id: &ExternalId,
    ) -> Result<InternalId, Exception> {
        let role = match self.context.policy.cash(presented.currency(), movement) {
            Cash::UndepositedFunds => Role::UndepositedFunds,
            Cash::StripeBalance => Role::StripeBalance(movement.currency),
        };
        self.context.account(role, id.as_str())
    }

    fn rate(
        &self,
        presented: Amount,
        settled: Amount,
        id: &ExternalId,
    ) -> Result<Option<Decimal>, Exception> {
        let base = self.context.policy.books.base_currency;
        fx::rate(presented, settled, base).map_err(|fx::NotExact| {
            Exception::new(
                ExceptionClass::Fx,
                "no_exchange_rate",
                id,
                format!("No exchange rate turns {presented} into {settled} exactly."),
                "Post this record by hand.",
            )
            .of(presented)
            .blocking(id)
        })
    }
}

/// Money that came in.
pub(super) struct Received {
    pub(super) id: ExternalId,
    /// Behind `Stripe: `.
    pub(super) memo: String,
    /// In the currency the customer paid in.
    pub(super) amount: Amount,
    /// In the currency of the Stripe balance.
    pub(super) settles: Amount,
    pub(super) rule: Rule,
    pub(super) sources: Vec<ObjectId>,
}

/// Money that went back, and what it settles.
pub(super) struct PaidBack {
    pub(super) id: ExternalId,
    pub(super) memo: String,
    /// Never empty, all of one currency.
    pub(super) apply: Vec<Apply>,
    pub(super) rule: Rule,
    pub(super) sources: Vec<ObjectId>,
}

fn held(charge: &Charge, invoice: &InvoiceId) -> Exception {
    let amount = charge.amount_captured();
    Exception::new(
        ExceptionClass::Policy,
        "duplicate_payment",
        &charge.id,
        format!("{amount} was to pay {invoice}, which was already paid: the payment is held."),
        "Refund it and set the charge's metadata `netsuite_allow_duplicate` to `true`, so that its \
         payout can be deposited; `policy.duplicate_payments = \"unapplied\"` does so for all.",
    )
    .of(amount)
}

/// The payment is posted, so that its payout is whole; what it paid is for a person to see.
fn unknown_invoice(charge: &Charge, invoice: &InvoiceId, part: Amount) -> Exception {
    Exception::new(
        ExceptionClass::Data,
        "invoice_not_pulled",
        &charge.id,
        format!(
            "{part} of this payment paid {invoice}, which is not in the ledger: it stays unapplied."
        ),
        "Pull from an earlier date, so that the invoice is known.",
    )
    .of(part)
}

/// Stripe's own application stands; the other one is for a person to sort out.
fn two_invoices(charge: &Charge) -> Exception {
    let key = metadata::INVOICE;
    Exception::new(
        ExceptionClass::Data,
        "link_beside_invoice",
        &charge.id,
        format!(
            "{key} names an invoice, but the charge paid one in Stripe: the payment is applied to that."
        ),
        format!("Remove {key} from the charge, or put it on the Stripe invoice."),
    )
}

fn memo(charge: &Charge, stands_alone: bool) -> String {
    match charge.description.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(description) if stands_alone => format!("{} – {description}", charge.id),
        _ => charge.id.to_string(),
    }
}
