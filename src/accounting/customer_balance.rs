//! The customer's credit balance: in NetSuite it is that customer's open credits, and using it
//! applies them to an invoice, oldest first.

use std::collections::BTreeSet;

use crate::accounting::context::external_id;
use crate::accounting::desk::Desk;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::invoice::Memo;
use crate::accounting::invoice_lines::single;
use crate::accounting::item::Global;
use crate::accounting::record::Rule;
use crate::ids::{ExternalId, InvoiceId, ObjectId};
use crate::money::Amount;
use crate::stripe::objects::{CustomerBalanceTransaction, Invoice, InvoiceStatus};

/// A credit that can still be used.
struct Credit {
    source: ExternalId,
    left: Amount,
}

impl Desk<'_> {
    /// Follows the customer's balance from its first change to its last.
    pub(super) fn follow_customer_balance(&mut self) {
        let mut changes: Vec<&CustomerBalanceTransaction> =
            self.case.customer_balance.iter().collect();
        changes.sort_by_key(|change| (change.created, change.id.clone()));
        let mut credits: Vec<Credit> = Vec::new();
        for change in changes {
            let amount = change.amount();
            let done = if amount.is_negative() {
                self.credit(change, -amount, &mut credits)
            } else if amount.is_positive() {
                self.debit(change, amount, &mut credits)
            } else {
                Ok(())
            };
            if let Err(exception) = done {
                self.except(exception);
            }
        }
        self.miss_unexplained_use();
    }

    /// The balance moved in the customer's favour.
    fn credit(
        &mut self,
        change: &CustomerBalanceTransaction,
        amount: Amount,
        credits: &mut Vec<Credit>,
    ) -> Result<(), Exception> {
        if let Some(note) = &change.credit_note {
            credits.push(Credit { source: external_id(note)?, left: amount });
            return Ok(());
        }
        let case = self.case;
        let invoice = case.invoices.iter().find(|i| Some(&i.id) == change.invoice.as_ref());
        match (change.kind.as_str(), invoice) {
            ("unapplied_from_invoice", Some(invoice)) => {
                self.give_back(&invoice.id, credits);
                Ok(())
            }
            (_, Some(invoice)) if invoice.total().is_negative() => {
                credits.push(Credit { source: external_id(&invoice.id)?, left: amount });
                Ok(())
            }
            ("invoice_overpaid", Some(invoice)) => {
                self.credit_overpayment(invoice, amount, credits);
                Ok(())
            }
            // What the customer owed from before is billed by a line of that invoice.
            (_, Some(_)) => Ok(()),
            (_, None) => self.adjust(change, amount, credits),
        }
    }

    /// The balance was used up, or the customer owes more.
    fn debit(
        &mut self,
        change: &CustomerBalanceTransaction,
        amount: Amount,
        credits: &mut [Credit],
    ) -> Result<(), Exception> {
        let case = self.case;
        let invoice = case.invoices.iter().find(|i| Some(&i.id) == change.invoice.as_ref());
        let Some(invoice) = invoice else {
            return Err(Exception::new(
                ExceptionClass::Policy,
                "customer_balance_debited_by_hand",
                &change.id,
                format!("The customer's balance was debited by {amount} without an invoice."),
                "Book the debit in NetSuite, or void the adjustment in Stripe.",
            )
            .of(amount));
        };
        // An invoice that makes no record (voided before it was posted) used nothing.
        if invoice.status == InvoiceStatus::Void && !self.invoices.contains_key(&invoice.id) {
            return Ok(());
        }
        let mut left = amount;
        for credit in credits.iter_mut().filter(|c| c.left.currency() == amount.currency()) {
            let part = left.min(credit.left);
            let applied = self.apply(&credit.source, &invoice.id, part);
            credit.left -= applied;
            left -= applied;
        }
        if left.is_zero() {
            return Ok(());
        }
        if change.kind == "invoice_too_small" || invoice.amount_due().is_zero() {
            return self.carry_over(invoice, left);
        }
        Err(Exception::new(
            ExceptionClass::Data,
            "customer_balance_without_credit",
            &invoice.id,
            format!("{amount} of customer balance was used, but {left} of it has no open credit."),
            "Pull from an earlier date, so that the credit's origin is known.",
        )
        .of(left))
    }

    /// An invoice below the minimum charge: its amount is carried to the next one.
    fn carry_over(&mut self, invoice: &Invoice, amount: Amount) -> Result<(), Exception> {
        let id = external_id(&invoice.id)?.with_suffix("balance");
        let item = self.global_item(Global::BalanceDebit).map_err(|e| e.blocking(&id))?;
        let memo = Memo {
            id: id.clone(),
            text: format!("{}, carried to the next invoice", invoice.id),
            date: self.invoice_date(invoice),
            lines: vec![single(item, "Carried to the next invoice", amount)],
            rule: Rule::BalanceAdjusted,
            sources: vec![ObjectId::new(invoice.id.as_str())],
        };
        let record = self.credit_memo(memo, amount)?;
        self.add(record);
        self.apply(&id, &invoice.id, amount);
        Ok(())
    }

    /// A credit given by hand is a memo of its own.
    fn adjust(
        &mut self,
        change: &CustomerBalanceTransaction,
        amount: Amount,
        credits: &mut Vec<Credit>,
    ) -> Result<(), Exception> {
        let id = external_id(&change.id)?;
        let item = self.global_item(Global::BalanceCredit).map_err(|e| e.blocking(&id))?;
        let text = change.description.as_deref().unwrap_or("Customer balance adjustment");
        let memo = Memo {
            id: id.clone(),
            text: format!("{}, customer balance", change.id),
            date: self.context.date(change.created),
            lines: vec![single(item, text, amount)],
            rule: Rule::BalanceAdjusted,
            sources: vec![ObjectId::new(change.id.as_str())],
        };
        let record = self.credit_memo(memo, amount)?;
        self.add(record);
        credits.push(Credit { source: id, left: amount });
        Ok(())
    }

    /// What was paid too much is the unapplied part of the payments.
    fn credit_overpayment(&mut self, invoice: &Invoice, amount: Amount, credits: &mut Vec<Credit>) {
        let payers: Vec<_> = self.facts.payers_of(invoice).cloned().collect();
        let mut left = amount;
        for source in payers.iter().filter_map(|charge| external_id(charge).ok()) {
            let unapplied = self.unapplied(&source).filter(|u| u.currency() == left.currency());
            let part = unapplied.map_or(Amount::zero(left.currency()), |u| left.min(u));
            if part.is_positive() {
                credits.push(Credit { source, left: part });
                left -= part;
            }
        }
    }

    /// A voided invoice gives back the credit that had paid it.
    fn give_back(&mut self, invoice: &InvoiceId, credits: &mut [Credit]) {
        for credit in credits {
            if let Some(amount) = self.unapply(&credit.source, invoice) {
                credit.left += amount;
            }
        }
    }

    /// Invoices say that balance was used; if no change of the balance says so too, the changes
    /// were not pulled.
    fn miss_unexplained_use(&mut self) {
        let explained: BTreeSet<&InvoiceId> = self
            .case
            .customer_balance
            .iter()
            .filter_map(|change| change.invoice.as_ref())
            .collect();
        let missing: Vec<Exception> = self
            .case
            .invoices
            .iter()
            .filter(|invoice| invoice.is_finalized() && !explained.contains(&invoice.id))
            .filter(|invoice| invoice.starting_balance() != invoice.ending_balance())
            .map(|invoice| {
                let moved = invoice.ending_balance() - invoice.starting_balance();
                Exception::new(
                    ExceptionClass::Data,
                    "customer_balance_not_pulled",
                    &invoice.id,
                    format!("The invoice moved the customer's balance by {moved}, and the change itself is not in the ledger."),
                    "Pull the customer's balance transactions (`tieout pull` does, exports need them).",
                )
                .of(moved)
            })
            .collect();
        for exception in missing {
            self.except(exception);
        }
    }
}
