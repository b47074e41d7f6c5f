//! Invoices that will not be paid: voided, or marked uncollectible, and perhaps paid after all.

use crate::accounting::desk::Desk;
use crate::accounting::exception::Exception;
use crate::accounting::invoice::Memo;
use crate::accounting::item::Global;
use crate::accounting::policy::Uncollectible;
use crate::accounting::record::Rule;
use crate::calendar::UnixTime;
use crate::ids::{ExternalId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::ItemLine;
use crate::stripe::objects::{Invoice, InvoiceStatus};

impl Desk<'_> {
    /// Closes what is still open on voided and uncollectible invoices. Runs when everything that
    /// pays invoices has been applied.
    pub(super) fn write_off(&mut self) {
        let case = self.case;
        let mut invoices: Vec<&Invoice> = case.invoices.iter().collect();
        invoices.sort_by_key(|invoice| invoice.id.clone());
        for invoice in invoices {
            let done = if invoice.status == InvoiceStatus::Void {
                self.void(invoice)
            } else if let Some(marked) = invoice.status_transitions.marked_uncollectible_at {
                self.uncollectible(invoice, marked)
            } else {
                Ok(())
            };
            if let Err(exception) = done {
                self.except(exception);
            }
        }
    }

    fn void(&mut self, invoice: &Invoice) -> Result<(), Exception> {
        let Some(target) = self.invoices.get_mut(&invoice.id) else { return Ok(()) };
        let (open, id) = (target.open, target.external_id.with_suffix("void"));
        if !open.is_positive() {
            return Ok(());
        }
        let lines = target.take(open).map_err(|exception| exception.blocking(&id))?;
        let voided = invoice.status_transitions.voided_at.unwrap_or(invoice.created);
        let memo = Memo {
            id: id.clone(),
            text: format!("{}, voided", invoice.id),
            date: self.context.date(voided),
            lines,
            rule: Rule::InvoiceVoided,
            sources: vec![ObjectId::new(invoice.id.as_str())],
        };
        let record = self.credit_memo(memo, open)?;
        self.add(record);
        self.apply(&id, &invoice.id, open);
        Ok(())
    }

    /// What was open when the invoice was given up: what still is, and what was paid later. The
    /// part that was paid later is taken back by a recovery invoice, so that the payment can close
    /// the original.
    fn uncollectible(&mut self, invoice: &Invoice, marked: UnixTime) -> Result<(), Exception> {
        let policy = self.context.policy.options.uncollectible;
        let Some(target) = self.invoices.get(&invoice.id) else { return Ok(()) };
        if policy == Uncollectible::KeepOpen {
            return Ok(());
        }
        let (open, own) = (target.open, target.external_id.clone());
        let recovered = self.facts.paid_since(invoice, marked);
        let given_up = open + recovered;
        if !given_up.is_positive() {
            return Ok(());
        }
        let id = own.with_suffix("uncollectible");
        let lines = self.loss_lines(invoice, given_up, policy, &id)?;
        let memo = Memo {
            id: id.clone(),
            text: format!("{}, uncollectible", invoice.id),
            date: self.context.date(marked),
            lines,
            rule: Rule::InvoiceUncollectible,
            sources: vec![ObjectId::new(invoice.id.as_str())],
        };
        let record = self.credit_memo(memo, given_up)?;
        self.add(record);
        if open.is_positive() {
            self.apply(&id, &invoice.id, open);
            if policy == Uncollectible::CreditMemo {
                self.consume(invoice, open);
            }
        }
        if recovered.is_positive() {
            self.recover(invoice, &own, &id, recovered, policy)?;
        }
        Ok(())
    }

    fn recover(
        &mut self,
        invoice: &Invoice,
        own: &ExternalId,
        memo: &ExternalId,
        recovered: Amount,
        policy: Uncollectible,
    ) -> Result<(), Exception> {
        let id = own.with_suffix("recovery");
        let lines = self.loss_lines(invoice, recovered, policy, &id)?;
        let paid = invoice.status_transitions.paid_at.unwrap_or(invoice.created);
        let counter = Memo {
            id: id.clone(),
            text: format!("{}, paid after it was given up", invoice.id),
            date: self.context.date(paid),
            lines,
            rule: Rule::InvoiceRecovered,
            sources: vec![ObjectId::new(invoice.id.as_str())],
        };
        let record = self.counter_invoice(counter, recovered)?;
        self.add(record);
        self.push_application(memo, &id, recovered);
        Ok(())
    }

    /// The invoice's own lines in proportion, or one bad-debt line.
    fn loss_lines(
        &mut self,
        invoice: &Invoice,
        amount: Amount,
        policy: Uncollectible,
        id: &ExternalId,
    ) -> Result<Vec<ItemLine>, Exception> {
        if policy == Uncollectible::BadDebt {
            let item = self.global_item(Global::BadDebt).map_err(|e| e.blocking(id))?;
            let text = format!("Bad debt: {}", invoice.id);
            return Ok(vec![super::invoice_lines::single(item, &text, amount)]);
        }
        let target = self.invoices.get(&invoice.id);
        Ok(target.map(|target| target.prorate(amount)).unwrap_or_default())
    }

    /// Takes a reversed amount off what later memos may reverse; an amount beyond that is left to
    /// the rule that meets it.
    pub(super) fn consume(&mut self, invoice: &Invoice, amount: Amount) {
        if let Some(target) = self.invoices.get_mut(&invoice.id) {
            let amount = amount.min(target.reversible());
            if amount.is_positive() {
                let _lines = target.take(amount);
            }
        }
    }
}
