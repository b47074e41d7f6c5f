//! Stories across the day on which the books begin: something older is paid, refunded, disputed,
//! credited, voided or fails after it. In a company without a history they all happen after it.

use super::super::aftermath::{Bounce, RefundEnd};
use super::super::catalogue::Item;
use super::super::customer::{BalanceChange, Thread};
use super::super::days::{DAY, HOUR};
use super::super::disputes::DisputeEnd;
use super::super::invoice::Invoice;
use super::super::pay::{Charge, Method};
use super::super::round::share;

impl Thread<'_> {
    /// An instant in the last days before the books begin; in a company without a history, soon
    /// after it began.
    fn before_the_books(&mut self) -> i64 {
        let (first, start) = (self.account.span.first, self.account.span.start);
        let earliest = first.max(start - 9 * DAY);
        earliest + self.rng.between(HOUR, (start - earliest - 6 * HOUR).max(2 * HOUR))
    }

    /// An instant in the books, after `instant`.
    fn in_the_books(&mut self, instant: i64) -> i64 {
        let from = instant.max(self.account.span.start);
        self.later(from, HOUR, 9 * DAY)
    }

    fn invoice_of_old(&mut self) -> Invoice {
        let at = self.before_the_books();
        let quantity = self.rng.between(1, 3);
        let lines = vec![self.item_line(Item::Onboarding, quantity, at)];
        let mut invoice = self.new_invoice("manual", at, lines);
        invoice.due_date = Some(at + 30 * DAY);
        invoice.price();
        self.finalize(&mut invoice, at + 60);
        invoice
    }

    fn paid_of_old(&mut self) -> (Invoice, Charge) {
        let mut invoice = self.invoice_of_old();
        let paid = invoice.created + HOUR;
        let due = invoice.amount_remaining();
        let charge = self.pay_part(&mut invoice, due, paid);
        self.note_payment(&mut invoice, &charge, paid);
        (invoice, charge)
    }

    pub fn paid_across(&mut self) {
        let mut invoice = self.invoice_of_old();
        let paid = self.in_the_books(invoice.created + HOUR);
        let due = invoice.amount_remaining();
        let charge = self.pay_part(&mut invoice, due, paid);
        self.note_payment(&mut invoice, &charge, paid);
        self.account.note(&charge.id, "payment of an invoice older than the books");
        self.store_charge(&charge);
        self.store_invoice(&invoice);
    }

    pub fn refunded_across(&mut self) {
        let (invoice, mut charge) = self.paid_of_old();
        let at = self.in_the_books(charge.created);
        let amount = share(charge.amount, self.rng.between(10, 100), 100);
        let id = self.refund(&mut charge, amount, at, RefundEnd::Succeeds);
        self.account.note(&id, "refund of a payment older than the books");
        self.store_charge(&charge);
        self.store_invoice(&invoice);
    }

    pub fn disputed_across(&mut self) {
        let (invoice, mut charge) = self.paid_of_old();
        let at = self.in_the_books(charge.created);
        let end = *self.rng.pick(&[DisputeEnd::Won, DisputeEnd::Lost]);
        let amount = charge.amount;
        let id = self.dispute(&mut charge, amount, at, end);
        self.account.note(&id, "dispute of a payment older than the books");
        self.store_charge(&charge);
        self.store_invoice(&invoice);
    }

    pub fn credited_across(&mut self) {
        let (mut invoice, mut charge) = self.paid_of_old();
        let at = self.in_the_books(charge.created);
        let mut note = self.credit_part(&invoice, 50, at);
        let amount = note.total();
        let refund = self.refund(&mut charge, amount, at, RefundEnd::Succeeds);
        note.refunds.push((refund, amount));
        self.issue(&note, &mut invoice);
        self.account.note(&note.id, "credit note on an invoice older than the books");
        self.store_charge(&charge);
        self.store_invoice(&invoice);
    }

    pub fn voided_across(&mut self) {
        let mut invoice = self.invoice_of_old();
        invoice.voided_at = Some(self.in_the_books(invoice.created + HOUR));
        invoice.status = "void";
        self.account.note(&invoice.id, "invoice older than the books, voided in them");
        self.store_invoice(&invoice);
    }

    pub fn bounced_across(&mut self) {
        self.customer.method = Method::Ach;
        let mut invoice = self.invoice_of_old();
        let due = invoice.amount_remaining();
        let at = invoice.created + HOUR;
        let mut debit = self.pay_part(&mut invoice, due, at);
        let known = self.bounce(&mut debit, Bounce::Late);
        self.account.note(&debit.id, "bank debit older than the books that fails in them");
        self.note_payment(&mut invoice, &debit, known);
        self.store_charge(&debit);
        self.store_invoice(&invoice);
    }

    pub fn credit_used_across(&mut self) {
        let created = self.before_the_books();
        let amount = -self.rng.between(1_000, 9_000);
        let id = self.change_balance(BalanceChange {
            amount,
            kind: "adjustment",
            created,
            description: Some("Goodwill credit"),
            ..BalanceChange::default()
        });
        self.account.note(&id, "credit older than the books, used in them");
        let at = self.in_the_books(created);
        let lines = vec![self.item_line(Item::Scanner, 1, at)];
        let mut invoice = self.new_invoice("manual", at, lines);
        if let Some(charge) = self.bill(&mut invoice) {
            self.store_charge(&charge);
        }
        self.store_invoice(&invoice);
    }
}
