//! Invoices that will not be paid: voided, marked uncollectible, or left open by a subscription that
//! ended, and perhaps paid after all.

use crate::accounting::context::external_id;
use crate::accounting::desk::Desk;
use crate::accounting::exception::Exception;
use crate::accounting::facts::last_failed_attempt;
use crate::accounting::invoice::{Memo, issued};
use crate::accounting::item::Global;
use crate::accounting::policy::{Uncollectible, UnpaidOnCancel};
use crate::accounting::record::Rule;
use crate::calendar::UnixTime;
use crate::ids::{ExternalId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::ItemLine;
use crate::stripe::objects::{Invoice, InvoiceStatus};

/// How an invoice that will not be paid leaves the receivables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    CreditMemo,
    BadDebt,
}

/// An invoice given up.
struct Loss {
    means: Means,
    at: UnixTime,
    rule: Rule,
}

impl Desk<'_> {
    /// Closes what is still open on voided, uncollectible and abandoned invoices. Runs when
    /// everything that pays invoices has been applied.
    pub(super) fn write_off(&mut self) {
        let case = self.case;
        let mut invoices: Vec<&Invoice> = case.invoices.iter().collect();
        invoices.sort_by_key(|invoice| invoice.id.clone());
        for invoice in invoices {
            let done = if invoice.status == InvoiceStatus::Void {
                self.void(invoice)
            } else if let Some(loss) = self.loss(invoice) {
                self.give_up(invoice, &loss)
            } else {
                Ok(())
            };
            if let Err(exception) = done {
                self.except(exception);
            }
        }
    }

    /// How and when the invoice was given up, if it was and policy closes it.
    fn loss(&self, invoice: &Invoice) -> Option<Loss> {
        let options = self.context.policy.options;
        let when_ended = match options.unpaid_on_cancel {
            UnpaidOnCancel::KeepOpen => None,
            UnpaidOnCancel::CreditMemo => Some(Means::CreditMemo),
            UnpaidOnCancel::BadDebt => Some(Means::BadDebt),
        };
        if let Some(at) = invoice.status_transitions.marked_uncollectible_at {
            let own = match options.uncollectible {
                Uncollectible::CreditMemo => Some(Means::CreditMemo),
                Uncollectible::BadDebt => Some(Means::BadDebt),
                Uncollectible::KeepOpen => None,
            };
            let ended = when_ended.filter(|_| invoice.ended_with_its_subscription());
            let means = ended.or(own)?;
            return Some(Loss { means, at, rule: Rule::InvoiceUncollectible });
        }
        // Once posted, the memo stays: a payment that comes after all is recovered.
        let id = self.invoices.get(&invoice.id)?.external_id.with_suffix("uncollectible");
        let is_abandoned = invoice.is_no_longer_collected() || self.is_posted(&id);
        let means = when_ended.filter(|_| is_abandoned)?;
        let at = last_failed_attempt(invoice, self.case).or(invoice.due_date);
        let at = at.unwrap_or_else(|| issued(invoice));
        Some(Loss { means, at, rule: Rule::SubscriptionEnded })
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
            text: match &invoice.latest_revision {
                Some(revision) => format!("{}, replaced by {revision}", invoice.id),
                None => format!("{}, voided", invoice.id),
            },
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
    fn give_up(&mut self, invoice: &Invoice, loss: &Loss) -> Result<(), Exception> {
        let Some(target) = self.invoices.get(&invoice.id) else { return Ok(()) };
        let (open, own) = (target.open, target.external_id.clone());
        let recovered = self.paid_since(invoice, loss.at);
        let given_up = open + recovered;
        if !given_up.is_positive() {
            return Ok(());
        }
        let id = own.with_suffix("uncollectible");
        let lines = self.loss_lines(invoice, given_up, loss.means, &id)?;
        let why = match loss.rule {
            Rule::SubscriptionEnded => "not collected after its subscription ended",
            _ => "uncollectible",
        };
        let memo = Memo {
            id: id.clone(),
            text: format!("{}, {why}", invoice.id),
            date: self.context.date(loss.at),
            lines,
            rule: loss.rule,
            sources: vec![ObjectId::new(invoice.id.as_str())],
        };
        let record = self.credit_memo(memo, given_up)?;
        self.add(record);
        if open.is_positive() {
            self.apply(&id, &invoice.id, open);
            if loss.means == Means::CreditMemo {
                self.consume(invoice, open);
            }
        }
        if recovered.is_positive() {
            self.recover(invoice, &own, &id, recovered, loss.means)?;
        }
        Ok(())
    }

    /// What payments made since then are applied to the invoice.
    fn paid_since(&self, invoice: &Invoice, since: UnixTime) -> Amount {
        let zero = Amount::zero(invoice.currency);
        let applied = |payment: &ExternalId| {
            let parts = self.applied_by(payment).into_iter();
            parts.filter(|(id, _)| *id == invoice.id).fold(zero, |sum, (_, part)| sum + part)
        };
        let charges = self
            .facts
            .payers_of(invoice)
            .filter(|charge| self.facts.paid_at(charge, &invoice.id).is_some_and(|at| at >= since))
            .filter_map(|charge| external_id(charge).ok());
        let outside = self
            .facts
            .outside(invoice)
            .into_iter()
            .filter(|outside| outside.at.is_some_and(|at| at >= since))
            .filter_map(|outside| outside.external_id(invoice).ok());
        charges.chain(outside).fold(zero, |sum, payment| sum + applied(&payment))
    }

    fn recover(
        &mut self,
        invoice: &Invoice,
        own: &ExternalId,
        memo: &ExternalId,
        recovered: Amount,
        means: Means,
    ) -> Result<(), Exception> {
        let id = own.with_suffix("recovery");
        let lines = self.loss_lines(invoice, recovered, means, &id)?;
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
        means: Means,
        id: &ExternalId,
    ) -> Result<Vec<ItemLine>, Exception> {
        if means == Means::BadDebt {
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
