//! Credits on a customer's balance: how each is booked, and the records that its use needs.
//!
//! A credit is an open memo or the unapplied part of a payment, which use applies. Where policy books
//! a credit only when it is used, use makes a memo on the invoice it paid.

use std::collections::BTreeMap;

use crate::accounting::customer_balance::Balance;
use crate::accounting::desk::Desk;
use crate::accounting::exception::Exception;
use crate::accounting::invoice::Memo;
use crate::accounting::invoice_lines::single;
use crate::accounting::item::Global;
use crate::accounting::record::Rule;
use crate::calendar::UnixTime;
use crate::ids::{ExternalId, InvoiceId, ObjectId};
use crate::money::{Amount, Currency};
use crate::netsuite::record::ItemLine;
use crate::stripe::objects::{CustomerBalanceTransaction, Invoice, InvoiceStatus};

/// A credit that can still be used.
pub(super) struct Credit {
    pub(super) origin: Origin,
    pub(super) left: Amount,
    /// What each invoice took of it.
    used: BTreeMap<InvoiceId, Amount>,
}

/// Where a credit stands in the books.
pub(super) enum Origin {
    /// On an open memo, or on a payment that is not wholly applied.
    Booked(ExternalId),
    /// Nowhere, until it is used.
    Unbooked,
}

/// What the balance did to an invoice that no open credit shows.
pub(super) struct Settled {
    /// Paid with credit that is booked only now.
    pub(super) used: Amount,
    /// Not asked for, because it is too little or too much to charge: owed on the balance instead.
    pub(super) carried: Amount,
    at: UnixTime,
}

impl Credit {
    pub(super) fn take(&mut self, invoice: &InvoiceId, amount: Amount) {
        self.left -= amount;
        let zero = Amount::zero(amount.currency());
        *self.used.entry(invoice.clone()).or_insert(zero) += amount;
    }

    pub(super) fn give_back(&mut self, invoice: &InvoiceId) {
        if let Some(amount) = self.used.remove(invoice) {
            self.left += amount;
        }
    }
}

impl Settled {
    pub(super) fn none(currency: Currency, at: UnixTime) -> Self {
        let zero = Amount::zero(currency);
        Self { used: zero, carried: zero, at }
    }
}

impl Desk<'_> {
    /// The customer has a credit. What they owe on the balance is paid by it first: Stripe nets the
    /// two, so an invoice for the debt takes its part of the credit.
    pub(super) fn earn(
        &mut self,
        change: &CustomerBalanceTransaction,
        origin: Origin,
        amount: Amount,
        balance: &mut Balance,
    ) -> Result<(), Exception> {
        let owed = balance.owed(amount.currency());
        let netted = amount.min(*owed);
        *owed -= netted;
        if netted.is_positive()
            && let Origin::Booked(source) = &origin
        {
            let id = external_id(change)?.with_suffix("balance");
            let item = self.global_item(Global::BalanceDebit).map_err(|e| e.blocking(&id))?;
            let debt = Memo {
                id: id.clone(),
                text: format!("{}, owed on the customer's balance", change.id),
                date: self.context.date(change.created),
                lines: vec![single(item, "Owed on the customer's balance", netted)],
                rule: Rule::BalanceAdjusted,
                sources: vec![ObjectId::new(change.id.as_str())],
            };
            let record = self.counter_invoice(debt, netted)?;
            self.add(record);
            self.push_application(source, &id, netted);
        }
        balance.credits.push(Credit { origin, left: amount - netted, used: BTreeMap::new() });
        Ok(())
    }

    /// A credit given by hand is a memo of its own.
    pub(super) fn give_credit(
        &mut self,
        change: &CustomerBalanceTransaction,
        amount: Amount,
    ) -> Result<ExternalId, Exception> {
        let id = external_id(change)?;
        let memo = self.by_hand(change, &id, amount)?;
        let record = self.credit_memo(memo, amount)?;
        self.add(record);
        Ok(id)
    }

    /// A debit by hand takes back open credits by an invoice of its own; what they do not cover is
    /// owed, and billed by the next invoice.
    pub(super) fn take_by_hand(
        &mut self,
        change: &CustomerBalanceTransaction,
        amount: Amount,
        balance: &mut Balance,
    ) -> Result<(), Exception> {
        let id = external_id(change)?;
        let mut left = amount;
        let mut taken: Vec<(ExternalId, Amount)> = Vec::new();
        for credit in &mut balance.credits {
            if credit.left.currency() != amount.currency() {
                continue;
            }
            let part = left.min(credit.left);
            credit.left -= part;
            left -= part;
            if let Origin::Booked(source) = &credit.origin
                && part.is_positive()
            {
                taken.push((source.clone(), part));
            }
        }
        *balance.owed(amount.currency()) += left;
        let booked =
            taken.iter().fold(Amount::zero(amount.currency()), |sum, (_, part)| sum + *part);
        if booked.is_zero() {
            return Ok(());
        }
        let invoice = self.by_hand(change, &id, booked)?;
        let record = self.counter_invoice(invoice, booked)?;
        self.add(record);
        for (source, part) in taken {
            self.push_application(&source, &id, part);
        }
        Ok(())
    }

    /// What a change of the balance by hand says, on either side.
    fn by_hand(
        &mut self,
        change: &CustomerBalanceTransaction,
        id: &ExternalId,
        amount: Amount,
    ) -> Result<Memo, Exception> {
        let item = self.global_item(Global::BalanceCredit).map_err(|e| e.blocking(id))?;
        let text = change.description.as_deref().unwrap_or("Customer balance adjustment");
        Ok(Memo {
            id: id.clone(),
            text: format!("{}, customer balance", change.id),
            date: self.context.date(change.created),
            lines: vec![single(item, text, amount)],
            rule: Rule::BalanceAdjusted,
            sources: vec![ObjectId::new(change.id.as_str())],
        })
    }

    /// Makes the memo of each invoice that the balance settled without an open credit.
    pub(super) fn settle_invoices(&mut self, balance: &Balance) {
        let case = self.case;
        for (invoice, settled) in &balance.settled {
            let Some(invoice) = case.invoices.iter().find(|known| known.id == *invoice) else {
                continue;
            };
            if let Err(exception) = self.settle_invoice(invoice, settled) {
                self.except(exception);
            }
        }
    }

    fn settle_invoice(&mut self, invoice: &Invoice, settled: &Settled) -> Result<(), Exception> {
        let id = external_id_of(invoice)?.with_suffix("balance");
        // Credit is booked when it has paid the invoice: until then the invoice may be voided.
        let is_paid = invoice.status == InvoiceStatus::Paid;
        let zero = Amount::zero(invoice.currency);
        let used = if is_paid { settled.used } else { zero };
        let mut lines = Vec::new();
        if used.is_positive() {
            lines.extend(self.used_lines(invoice, used, &id)?);
        }
        if settled.carried.is_positive() {
            let item = self.global_item(Global::BalanceDebit).map_err(|e| e.blocking(&id))?;
            lines.push(single(item, "Carried to the next invoice", settled.carried));
        }
        let amount = used + settled.carried;
        if amount.is_zero() {
            return Ok(());
        }
        let (text, date) = if used.is_positive() {
            let paid = invoice.status_transitions.paid_at.unwrap_or(settled.at);
            let text = format!("{}, paid from the customer's balance", invoice.id);
            (text, self.context.date(paid))
        } else {
            let text = format!("{}, carried to the next invoice", invoice.id);
            (text, self.invoice_date(invoice))
        };
        let sources = vec![ObjectId::new(invoice.id.as_str())];
        let rule = if used.is_positive() { Rule::BalanceUsed } else { Rule::BalanceAdjusted };
        let memo = Memo { id: id.clone(), text, date, lines, rule, sources };
        let record = self.credit_memo(memo, amount)?;
        self.add(record);
        self.apply(&id, &invoice.id, amount);
        Ok(())
    }

    /// The invoice's own item if it has one line; of several lines nobody knows which one the
    /// credit paid.
    fn used_lines(
        &mut self,
        invoice: &Invoice,
        used: Amount,
        id: &ExternalId,
    ) -> Result<Vec<ItemLine>, Exception> {
        if let Some(target) = self.invoices.get(&invoice.id).filter(|it| it.lines.len() == 1) {
            let lines = target.prorate(used);
            self.consume(invoice, used);
            return Ok(lines);
        }
        let item = self.global_item(Global::BalanceCredit).map_err(|e| e.blocking(id))?;
        Ok(vec![single(item, "Paid from the customer's balance", used)])
    }
}

fn external_id(change: &CustomerBalanceTransaction) -> Result<ExternalId, Exception> {
    super::context::external_id(&change.id)
}

fn external_id_of(invoice: &Invoice) -> Result<ExternalId, Exception> {
    super::context::external_id(&invoice.id)
}
