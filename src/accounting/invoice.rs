//! Invoices: one NetSuite invoice per finalized Stripe invoice; a negative one is credit that the
//! customer keeps.

use chrono::NaiveDate;

use crate::accounting::chart::Role;
use crate::accounting::context::external_id;
use crate::accounting::desk::{Desk, OpenInvoice};
use crate::accounting::exception::Exception;
use crate::accounting::item::Global;
use crate::accounting::line_parts::{emptied, turned};
use crate::accounting::policy::{NegativeInvoices, Trials};
use crate::accounting::record::{Record, Rule};
use crate::ids::{ExternalId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::{self, Body, CreditMemo, ItemLine};
use crate::stripe::objects::{Invoice, InvoiceStatus};

impl Desk<'_> {
    /// Makes the records of every invoice of the case.
    pub(super) fn post_invoices(&mut self) {
        let mut invoices: Vec<&Invoice> =
            self.case.invoices.iter().filter(|invoice| invoice.is_finalized()).collect();
        invoices.sort_by_key(|invoice| (issued(invoice), invoice.id.clone()));
        for invoice in invoices {
            if let Err(exception) = self.post_invoice(invoice) {
                self.except(exception);
            }
        }
    }

    fn post_invoice(&mut self, invoice: &Invoice) -> Result<(), Exception> {
        let id = external_id(&invoice.id)?;
        let block = |exception: Exception| exception.blocking(&id);
        if self.makes_nothing(invoice, &id) {
            return Ok(());
        }
        let mut lines = self.invoice_lines(invoice).map_err(block)?;
        self.say_unknown_coupons(invoice);
        let date = self.invoice_date(invoice);
        let is_negative = invoice.total().is_negative();
        let options = self.context.policy.options;
        if is_negative && options.negative_invoices == NegativeInvoices::CreditMemo {
            let lines = lines.into_iter().map(turned).collect();
            let memo = Memo {
                id: id.clone(),
                text: format!("{}, a negative invoice: credit of the customer", invoice.id),
                date,
                lines,
                rule: Rule::InvoiceNegative,
                sources: vec![ObjectId::new(invoice.id.as_str())],
            };
            let record = self.credit_memo(memo, -invoice.total()).map_err(block)?;
            self.add(record);
            return Ok(());
        }
        let mut total = invoice.total();
        if is_negative {
            // NetSuite refuses a negative invoice; the credit is booked when it is used.
            lines = lines.into_iter().map(emptied).collect();
            total = Amount::zero(invoice.currency);
        }
        let billed_debt = billed_debt(invoice);
        if billed_debt.is_positive() {
            let item = self.global_item(Global::BalanceDebit).map_err(block)?;
            let text = "Balance carried over from before";
            lines.push(super::invoice_lines::single(item, text, billed_debt));
        }
        let total = total + billed_debt;
        let memo = match invoice.replaces() {
            Some(original) => format!("{}, replaces {original}", invoice.id),
            None => invoice.id.to_string(),
        };
        let body = Body::Invoice(record::Invoice {
            header: self.context.header(&id, &memo, date, invoice.currency, None)?,
            entity: self.customer.clone(),
            account: self.context.account(Role::AccountsReceivable, id.as_str()).map_err(block)?,
            due_date: invoice.due_date.map(|due| self.context.date(due)),
            other_ref_num: invoice.number.clone(),
            lines: lines.clone(),
        });
        let sources = vec![ObjectId::new(invoice.id.as_str())];
        self.add(Record { body, rule: Rule::InvoiceFinalized, sources, settles: None });
        self.invoices.insert(invoice.id.clone(), OpenInvoice::new(id.clone(), lines, total));
        Ok(())
    }

    /// Voided before it was ever posted, or a trial that policy leaves out.
    fn makes_nothing(&self, invoice: &Invoice, id: &ExternalId) -> bool {
        // One that was open when the books began is void in them only.
        let voided = invoice.status_transitions.voided_at.unwrap_or(invoice.created);
        let was_open = self.is_past_invoice(invoice) && !self.context.policy.is_past(voided);
        let is_void = invoice.status == InvoiceStatus::Void && !self.is_posted(id) && !was_open;
        let is_trial = invoice.lines.data.iter().all(|line| line.amount().is_zero())
            && invoice.total().is_zero();
        is_void || (is_trial && self.context.policy.options.trials == Trials::Skip)
    }

    pub(super) fn invoice_date(&self, invoice: &Invoice) -> NaiveDate {
        self.context.date(issued(invoice))
    }

    /// A credit memo that is not applied to anything yet. `total` is what its lines must come to.
    pub(super) fn credit_memo(&self, memo: Memo, total: Amount) -> Result<Record, Exception> {
        let id = &memo.id;
        super::invoice_lines::adds_up(&memo.lines, total, "memo", id.as_str())
            .map_err(|exception| exception.blocking(id))?;
        let currency = total.currency();
        let body = Body::CreditMemo(CreditMemo {
            header: self.context.header(id, &memo.text, memo.date, currency, None)?,
            entity: self.customer.clone(),
            account: self
                .context
                .account(Role::AccountsReceivable, id.as_str())
                .map_err(|exception| exception.blocking(id))?,
            lines: memo.lines,
            apply: Vec::new(),
        });
        Ok(Record { body, rule: memo.rule, sources: memo.sources, settles: None })
    }

    /// An invoice that takes back an earlier credit memo: it stays applied to that memo, so it is
    /// not among the open ones.
    pub(super) fn counter_invoice(&self, memo: Memo, total: Amount) -> Result<Record, Exception> {
        let block = |exception: Exception| exception.blocking(&memo.id);
        let body = Body::Invoice(record::Invoice {
            header: self.context.header(&memo.id, &memo.text, memo.date, total.currency(), None)?,
            entity: self.customer.clone(),
            account: self
                .context
                .account(Role::AccountsReceivable, memo.id.as_str())
                .map_err(block)?,
            due_date: None,
            other_ref_num: None,
            lines: memo.lines,
        });
        Ok(Record { body, rule: memo.rule, sources: memo.sources, settles: None })
    }
}

/// What the invoice bills on top of its total, because the customer owed it from before.
fn billed_debt(invoice: &Invoice) -> Amount {
    let zero = Amount::zero(invoice.currency);
    if invoice.total().is_negative() {
        return zero;
    }
    let (before, after) = (invoice.starting_balance(), invoice.ending_balance());
    if before.is_positive() && after.minor() < before.minor() {
        before.min(before - after)
    } else {
        zero
    }
}

/// What a credit memo, or an invoice that takes one back, says.
pub(super) struct Memo {
    pub(super) id: ExternalId,
    /// Behind `Stripe: `.
    pub(super) text: String,
    pub(super) date: NaiveDate,
    pub(super) lines: Vec<ItemLine>,
    pub(super) rule: Rule,
    pub(super) sources: Vec<ObjectId>,
}

/// When an invoice took effect.
pub(super) fn issued(invoice: &Invoice) -> crate::calendar::UnixTime {
    invoice.effective_at.or(invoice.status_transitions.finalized_at).unwrap_or(invoice.created)
}
