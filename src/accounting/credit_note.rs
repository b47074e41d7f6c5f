//! Credit notes: a memo at issue, applied to the open invoice; what was given back after payment is
//! left for the refund, for the customer's balance, or for a person.

use crate::accounting::context::external_id;
use crate::accounting::desk::Desk;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::invoice::Memo;
use crate::accounting::invoice_lines::{adds_up, inclusive, priced};
use crate::accounting::item::Global;
use crate::accounting::line_parts::prorated;
use crate::accounting::policy::{CreditNotes, CustomerBalance};
use crate::accounting::record::Rule;
use crate::ids::{ExternalId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::ItemLine;
use crate::stripe::objects::{CreditNote, CreditNoteLine, Invoice, InvoiceLine, InvoiceStatus};

impl Desk<'_> {
    /// Makes the memo of every credit note, oldest first, and applies it to its open invoice.
    pub(super) fn post_credit_notes(&mut self) {
        let mut notes: Vec<&CreditNote> = self.case.credit_notes.iter().collect();
        notes.sort_by_key(|note| (note.created, note.id.clone()));
        for note in notes {
            if let Err(exception) = self.post_credit_note(note) {
                self.except(exception);
            }
        }
    }

    fn post_credit_note(&mut self, note: &CreditNote) -> Result<(), Exception> {
        let id = external_id(&note.id)?;
        let case = self.case;
        let invoice = case.invoices.iter().find(|i| Some(&i.id) == note.invoice());
        let Some(invoice) = invoice else {
            return Err(Exception::new(
                ExceptionClass::Data,
                "credit_note_without_invoice",
                &note.id,
                "The invoice of this credit note is not in the ledger.",
                "Pull from an earlier date, so that the invoice is known.",
            )
            .of(note.amount())
            .blocking(&id));
        };
        // Of an invoice that makes no record (voided before it was posted) there is nothing to
        // credit; a note voided before it was posted never happened.
        let never_posted = note.is_void() && !self.is_posted(&id);
        if never_posted || !self.invoices.contains_key(&invoice.id) {
            return Ok(());
        }
        let amount = self.booked_at_issue(note, invoice, &id);
        if amount.is_zero() {
            return Ok(());
        }
        let lines = self.note_lines(note, invoice).map_err(|e| e.blocking(&id))?;
        let lines = prorated(&lines, amount);
        let issued = note.effective_at.unwrap_or(note.created);
        let number = note.number.as_deref().map(|n| format!(", credit note {n}"));
        let memo = Memo {
            id: id.clone(),
            text: format!("{}{}", note.id, number.unwrap_or_default()),
            date: self.context.date(issued),
            lines: lines.clone(),
            rule: Rule::CreditNoteIssued,
            sources: vec![ObjectId::new(note.id.as_str()), ObjectId::new(invoice.id.as_str())],
        };
        let record = self.credit_memo(memo, amount)?;
        self.add(record);
        if note.is_void() {
            return self.void_credit_note(note, &id, lines, amount);
        }
        self.apply(&id, &invoice.id, note.pre_payment_amount());
        self.consume(invoice, amount);
        self.note_out_of_band_credit(note);
        Ok(())
    }

    /// How much of the note is booked by itself: all of it, unless policy waits for the invoice to
    /// be paid, or for the credit to be used.
    fn booked_at_issue(&self, note: &CreditNote, invoice: &Invoice, id: &ExternalId) -> Amount {
        let options = self.context.policy.options;
        let nothing = Amount::zero(note.currency);
        let waits = options.credit_notes == CreditNotes::AfterPayment
            && note.pre_payment_amount().is_positive()
            && invoice.status != InvoiceStatus::Paid
            && !self.is_posted(id);
        if waits {
            return nothing;
        }
        let kept = note.balance_amount();
        if options.customer_balance == CustomerBalance::OnUse && kept.is_positive() {
            return note.amount() - kept;
        }
        note.amount()
    }

    /// A note that was voided after it had been posted: an opposite invoice takes the memo up.
    fn void_credit_note(
        &mut self,
        note: &CreditNote,
        id: &ExternalId,
        lines: Vec<ItemLine>,
        amount: Amount,
    ) -> Result<(), Exception> {
        let counter = Memo {
            id: id.with_suffix("void"),
            text: format!("{}, voided", note.id),
            date: self.context.date(note.voided_at.unwrap_or(note.created)),
            lines,
            rule: Rule::CreditNoteVoided,
            sources: vec![ObjectId::new(note.id.as_str())],
        };
        let record = self.counter_invoice(counter, amount)?;
        let counter = record.external_id().clone();
        self.add(record);
        self.push_application(id, &counter, amount);
        Ok(())
    }

    fn note_out_of_band_credit(&mut self, note: &CreditNote) {
        let amount = note.out_of_band_amount();
        if amount.is_positive() {
            self.except(
                Exception::new(
                    ExceptionClass::Policy,
                    "credit_note_out_of_band",
                    &note.id,
                    format!("{amount} is to be given back outside Stripe; the memo stays open."),
                    "Record the refund in NetSuite against the bank account it left.",
                )
                .of(amount),
            );
        }
    }

    /// The note's own lines; for a note without lines, the invoice's in proportion.
    fn note_lines(
        &mut self,
        note: &CreditNote,
        invoice: &Invoice,
    ) -> Result<Vec<ItemLine>, Exception> {
        if note.lines.data.is_empty() {
            let target = self.invoices.get(&invoice.id);
            return Ok(target.map(|target| target.prorate(note.amount())).unwrap_or_default());
        }
        let mut lines = Vec::new();
        let mut taxes = Vec::new();
        for line in &note.lines.data {
            self.credited(note, line, invoice, &mut lines)?;
            taxes.extend(line.taxes(note.currency));
        }
        if let Some(shipping) = &note.shipping_cost {
            let own = shipping.taxes(note.currency);
            self.shipping(shipping, (&own, note.currency), &mut lines)?;
            taxes.extend(own);
        }
        self.taxes(&taxes, note.currency, &mut lines)?;
        adds_up(&lines, note.amount(), "credit_note", note.id.as_str())?;
        Ok(lines)
    }

    fn credited(
        &mut self,
        note: &CreditNote,
        line: &CreditNoteLine,
        invoice: &Invoice,
        lines: &mut Vec<ItemLine>,
    ) -> Result<(), Exception> {
        let billed: Option<&InvoiceLine> = invoice
            .lines
            .data
            .iter()
            .find(|billed| Some(&billed.id) == line.invoice_line_item.as_ref());
        let item = match billed {
            Some(billed) => self.price_item(billed.price(), billed.product())?,
            None => self.global_item(Global::CreditNoteLine)?,
        };
        let account = item.posts_to.clone();
        let inclusive = inclusive(&line.taxes(note.currency), note.currency);
        let text = line
            .description
            .as_deref()
            .or(billed.and_then(|billed| billed.description.as_deref()))
            .unwrap_or_default();
        let net = line.amount(note.currency) - inclusive;
        let mut own = priced(item, text, net, line.quantity.as_deref(), inclusive.is_zero());
        if let Some(billed) = billed {
            self.serve(&mut own, billed);
        }
        let discounts = line.discount_amounts(note.currency);
        let discounted = discounts.iter().fold(net, |sum, (amount, _)| sum - *amount);
        own.taxes = self.line_taxes(&line.taxes(note.currency), discounted)?;
        lines.push(own);
        for (amount, discount) in discounts {
            let coupon = discount.and_then(|id| self.coupon_of(id, invoice));
            lines.push(self.discount(coupon.as_ref(), &account, amount)?);
        }
        Ok(())
    }
}
