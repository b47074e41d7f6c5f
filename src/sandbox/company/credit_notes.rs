//! Credit notes: on open invoices, and after payment to a refund, to the balance, or elsewhere.

use std::rc::Rc;

use super::customer::{BalanceChange, Thread};
use super::invoice::{Invoice, Line, Shipping, Tax};
use super::round::share;
use super::shapes::credit_note as shape;

#[derive(Debug, Clone)]
pub struct CreditLine {
    pub id: String,
    pub invoice_line: String,
    pub description: String,
    pub quantity: Option<i64>,
    pub amount: i64,
    pub discount_amounts: Vec<(String, i64)>,
    pub taxes: Vec<Tax>,
}

impl CreditLine {
    fn total(&self) -> i64 {
        let discounts: i64 = self.discount_amounts.iter().map(|(_, amount)| amount).sum();
        self.amount - discounts + self.taxes.iter().map(Tax::added).sum::<i64>()
    }
}

/// A credit note as it stands at the end of the company's span.
#[derive(Debug, Clone)]
pub struct CreditNote {
    pub id: String,
    pub number: String,
    pub currency: &'static str,
    pub created: i64,
    pub customer: String,
    pub invoice: String,
    pub lines: Vec<CreditLine>,
    pub shipping: Option<Shipping>,
    /// What it takes off an amount that is still to be paid; the rest was paid already.
    pub before_payment: i64,
    /// Refunds, and how much of each this note covers.
    pub refunds: Vec<(String, i64)>,
    pub customer_balance_transaction: Option<String>,
    pub out_of_band: i64,
    pub voided_at: Option<i64>,
}

impl CreditNote {
    /// What is still to be paid is credited first.
    fn measure(&mut self, invoice: &Invoice) {
        let open = if invoice.status == "open" { invoice.amount_remaining() } else { 0 };
        self.before_payment = self.total().min(open);
    }

    pub fn after_payment(&self) -> i64 {
        self.total() - self.before_payment
    }

    pub fn taxes(&self) -> impl Iterator<Item = &Tax> {
        let shipping = self.shipping.iter().flat_map(|shipping| &shipping.taxes);
        self.lines.iter().flat_map(|line| &line.taxes).chain(shipping)
    }

    pub fn total(&self) -> i64 {
        let shipping = self.shipping.as_ref().map_or(0, Shipping::total);
        self.lines.iter().map(CreditLine::total).sum::<i64>() + shipping
    }
}

impl Thread<'_> {
    /// A credit note over all of `invoice`, not yet issued.
    pub fn credit_whole(&mut self, invoice: &Invoice, at: i64) -> CreditNote {
        let lines = invoice.lines.clone();
        let lines = lines.iter().map(|line| self.credit_line(line, 100)).collect();
        let mut note = self.blank_note(invoice, at, lines);
        note.shipping.clone_from(&invoice.shipping);
        note.measure(invoice);
        note
    }

    /// A credit note over some percent of the first line of `invoice`, not yet issued.
    pub fn credit_part(&mut self, invoice: &Invoice, percent: i64, at: i64) -> CreditNote {
        let line = self.credit_line(&invoice.lines[0], percent);
        self.blank_note(invoice, at, vec![line])
    }

    fn blank_note(&mut self, invoice: &Invoice, at: i64, lines: Vec<CreditLine>) -> CreditNote {
        let number = invoice.number.clone().unwrap_or_default();
        let mut note = CreditNote {
            id: self.id("cn"),
            number: format!("{number}-CN-{:02}", invoice.credit_notes + 1),
            currency: invoice.currency,
            created: at,
            customer: self.customer.id.clone(),
            invoice: invoice.id.clone(),
            lines,
            shipping: None,
            before_payment: 0,
            refunds: Vec::new(),
            customer_balance_transaction: None,
            out_of_band: 0,
            voided_at: None,
        };
        note.measure(invoice);
        note
    }

    fn credit_line(&mut self, line: &Line, percent: i64) -> CreditLine {
        let part = |amount| share(amount, percent, 100);
        let amount = part(line.amount);
        let discount_amounts: Vec<(String, i64)> =
            line.discount_amounts.iter().map(|(id, taken)| (id.clone(), part(*taken))).collect();
        let discounted = amount - discount_amounts.iter().map(|(_, taken)| taken).sum::<i64>();
        let rates: Vec<_> = line.taxes.iter().map(|tax| Rc::clone(&tax.rate)).collect();
        CreditLine {
            id: self.id("cnli"),
            invoice_line: line.id.clone(),
            description: line.description.clone(),
            quantity: (percent == 100).then_some(line.quantity),
            amount,
            discount_amounts,
            taxes: Tax::on(discounted, &rates),
        }
    }

    /// Puts `amount` of the note on the customer's credit balance.
    pub fn credit_to_balance(&mut self, note: &mut CreditNote, amount: i64) {
        note.customer_balance_transaction = Some(self.change_balance(BalanceChange {
            amount: -amount,
            kind: "credit_note",
            created: note.created,
            invoice: Some(note.invoice.clone()),
            credit_note: Some(note.id.clone()),
            description: None,
        }));
    }

    /// Issues the note: the invoice carries its amount from now on.
    pub fn issue(&mut self, note: &CreditNote, invoice: &mut Invoice) {
        invoice.credit_notes += 1;
        if note.voided_at.is_none() {
            invoice.post_payment_credit += note.after_payment();
            invoice.pre_payment_credit += note.before_payment;
            invoice.settle_if_nothing_is_due(note.created);
        }
        self.account.world.insert(&shape::credit_note(note));
    }
}
