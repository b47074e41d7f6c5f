//! The customer's credit balance: in NetSuite it is that customer's open credits, and using it
//! applies them to an invoice, oldest first.
//!
//! What a customer owes on the balance is no document in Stripe, and none here: it is a line of the
//! invoice that bills it. How a credit is booked, and what its use makes, is in [`super::credit`].

use std::collections::{BTreeMap, BTreeSet};

use crate::accounting::context::external_id;
use crate::accounting::credit::{Credit, Origin, Settled};
use crate::accounting::desk::Desk;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::policy::{CustomerBalance, NegativeInvoices};
use crate::calendar::UnixTime;
use crate::ids::InvoiceId;
use crate::money::{Amount, Currency};
use crate::stripe::objects::{CustomerBalanceTransaction, Invoice, InvoiceStatus};

/// The balance on its way through the changes.
#[derive(Default)]
pub(super) struct Balance {
    pub(super) credits: Vec<Credit>,
    /// What the customer owes, by currency.
    pub(super) owed: BTreeMap<Currency, Amount>,
    /// What the balance did to invoices that needs a memo of its own.
    pub(super) settled: BTreeMap<InvoiceId, Settled>,
}

/// What a change of the balance is about.
enum Subject {
    /// No invoice: it was made by hand.
    Nothing,
    /// An invoice that makes no record, because it was voided before it was ever posted: it used
    /// nothing and billed nothing.
    VoidBefore,
    Invoice(Box<Invoice>),
}

impl Balance {
    pub(super) fn owed(&mut self, currency: Currency) -> &mut Amount {
        self.owed.entry(currency).or_insert(Amount::zero(currency))
    }

    pub(super) fn settled(&mut self, invoice: &Invoice, at: UnixTime) -> &mut Settled {
        let none = Settled::none(invoice.currency, at);
        self.settled.entry(invoice.id.clone()).or_insert(none)
    }
}

impl Desk<'_> {
    /// Follows the customer's balance from its first change to its last.
    pub(super) fn follow_customer_balance(&mut self) {
        let mut changes: Vec<&CustomerBalanceTransaction> =
            self.case.customer_balance.iter().collect();
        changes.sort_by_key(|change| (change.created, change.id.clone()));
        let mut balance = Balance::default();
        for change in changes {
            let amount = change.amount();
            let done = if amount.is_negative() {
                self.credit(change, -amount, &mut balance)
            } else if amount.is_positive() {
                self.debit(change, amount, &mut balance)
            } else {
                Ok(())
            };
            if let Err(exception) = done {
                self.except(exception);
            }
        }
        self.settle_invoices(&balance);
        self.miss_unexplained_use();
    }

    /// What a change of the balance is about.
    fn subject(&self, change: &CustomerBalanceTransaction) -> Subject {
        let case = self.case;
        let invoice = case.invoices.iter().find(|i| Some(&i.id) == change.invoice.as_ref());
        let Some(invoice) = invoice else { return Subject::Nothing };
        let is_booked = self.invoices.contains_key(&invoice.id);
        if is_booked || invoice.status != InvoiceStatus::Void {
            Subject::Invoice(Box::new(invoice.clone()))
        } else {
            Subject::VoidBefore
        }
    }

    /// The balance moved in the customer's favour.
    fn credit(
        &mut self,
        change: &CustomerBalanceTransaction,
        amount: Amount,
        balance: &mut Balance,
    ) -> Result<(), Exception> {
        let options = self.context.policy.options;
        if let Some(note) = &change.credit_note {
            let origin = match options.customer_balance {
                CustomerBalance::OpenCredits => Origin::Booked(external_id(note)?),
                CustomerBalance::OnUse => Origin::Unbooked,
            };
            return self.earn(change, origin, amount, balance);
        }
        let invoice = match self.subject(change) {
            Subject::VoidBefore => return Ok(()),
            Subject::Invoice(invoice) => invoice,
            Subject::Nothing if options.customer_balance == CustomerBalance::OnUse => {
                return self.earn(change, Origin::Unbooked, amount, balance);
            }
            Subject::Nothing => {
                let id = self.give_credit(change, amount)?;
                return self.earn(change, Origin::Booked(id), amount, balance);
            }
        };
        if change.kind == "unapplied_from_invoice" {
            self.give_back(&invoice.id, balance);
            return Ok(());
        }
        if invoice.total().is_negative() {
            let origin = match options.negative_invoices {
                NegativeInvoices::CreditMemo => Origin::Booked(external_id(&invoice.id)?),
                NegativeInvoices::ZeroLines => Origin::Unbooked,
            };
            return self.earn(change, origin, amount, balance);
        }
        if change.kind == "invoice_overpaid" {
            return self.credit_overpayment(change, &invoice, amount, balance);
        }
        // What the customer owed from before is billed by a line of that invoice.
        let owed = balance.owed(amount.currency());
        *owed -= amount.min(*owed);
        Ok(())
    }

    /// The balance was used up, or the customer owes more.
    fn debit(
        &mut self,
        change: &CustomerBalanceTransaction,
        amount: Amount,
        balance: &mut Balance,
    ) -> Result<(), Exception> {
        let invoice = match self.subject(change) {
            Subject::VoidBefore => return Ok(()),
            Subject::Invoice(invoice) => invoice,
            Subject::Nothing => return self.take_by_hand(change, amount, balance),
        };
        // A debt that a voided invoice had billed is owed again; the void takes the line back.
        if change.kind == "unapplied_from_invoice" {
            *balance.owed(amount.currency()) += amount;
            return Ok(());
        }
        let left = self.use_credits(&invoice, amount, change.created, balance);
        if left.is_zero() {
            return Ok(());
        }
        let is_carried = matches!(change.kind.as_str(), "invoice_too_small" | "invoice_too_large");
        if is_carried || invoice.amount_due().is_zero() {
            balance.settled(&invoice, change.created).carried += left;
            *balance.owed(amount.currency()) += left;
            return Ok(());
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

    /// Takes `amount` from the credits, the oldest first, to pay the invoice; gives what they could
    /// not pay.
    fn use_credits(
        &mut self,
        invoice: &Invoice,
        amount: Amount,
        at: UnixTime,
        balance: &mut Balance,
    ) -> Amount {
        let mut left = amount;
        let mut unbooked = Amount::zero(amount.currency());
        for credit in &mut balance.credits {
            if credit.left.currency() != amount.currency() {
                continue;
            }
            let part = left.min(credit.left);
            let used = match &credit.origin {
                Origin::Booked(source) => self.apply(source, &invoice.id, part),
                Origin::Unbooked => {
                    unbooked += part;
                    part
                }
            };
            credit.take(&invoice.id, used);
            left -= used;
        }
        if unbooked.is_positive() {
            balance.settled(invoice, at).used += unbooked;
        }
        left
    }

    /// What was paid too much is the unapplied part of the payments.
    fn credit_overpayment(
        &mut self,
        change: &CustomerBalanceTransaction,
        invoice: &Invoice,
        amount: Amount,
        balance: &mut Balance,
    ) -> Result<(), Exception> {
        let payers: Vec<_> = self.facts.payers_of(invoice).cloned().collect();
        let mut left = amount;
        for source in payers.iter().filter_map(|charge| external_id(charge).ok()) {
            let unapplied = self.unapplied(&source).filter(|u| u.currency() == left.currency());
            let part = unapplied.map_or(Amount::zero(left.currency()), |u| left.min(u));
            if part.is_positive() {
                self.earn(change, Origin::Booked(source), part, balance)?;
                left -= part;
            }
        }
        if left.is_zero() {
            return Ok(());
        }
        Err(Exception::new(
            ExceptionClass::Data,
            "overpayment_without_payment",
            &invoice.id,
            format!("{amount} was paid too much, but {left} of it is in no payment."),
            "Pull again, so that every payment of this invoice is known.",
        )
        .of(left))
    }

    /// A voided invoice gives back the credit that had paid it.
    fn give_back(&mut self, invoice: &InvoiceId, balance: &mut Balance) {
        for credit in &mut balance.credits {
            match &credit.origin {
                Origin::Booked(source) => {
                    if let Some(amount) = self.unapply(source, invoice) {
                        credit.left += amount;
                    }
                }
                Origin::Unbooked => credit.give_back(invoice),
            }
        }
        balance.settled.remove(invoice);
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
