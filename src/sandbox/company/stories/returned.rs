//! Rare stories of refunds.

use super::super::aftermath::RefundEnd;
use super::super::customer::Thread;
use super::super::days::DAY;
use super::super::market::Market;
use super::super::pay::Method;
use super::super::round::share;

impl Thread<'_> {
    /// A paid invoice some percent of which goes back, and the months after it.
    fn refunded(&mut self, percent: i64, end: RefundEnd, what: &str) {
        let (invoice, mut charge) = self.paid_invoice();
        let at = self.later(charge.created, 2 * DAY, 20 * DAY);
        let amount = share(charge.amount, percent, 100).max(1);
        let id = self.refund(&mut charge, amount, at, end);
        self.account.note(&id, what);
        self.store_charge(&charge);
        self.store_invoice(&invoice);
        self.carry_on();
    }

    pub fn refund_cancelled(&mut self, late: bool) {
        if late {
            let what = "refund cancelled after its money had left";
            self.refunded(70, RefundEnd::CancelledLate, what);
        } else {
            let what = "refund cancelled while it waited for balance";
            self.refunded(100, RefundEnd::Cancelled, what);
        }
    }

    pub fn refund_failed_old_style(&mut self) {
        let what = "refund that failed, booked as an adjustment";
        self.refunded(100, RefundEnd::FailsAsAdjustment, what);
    }

    pub fn refund_returns_fee(&mut self) {
        self.refunded(100, RefundEnd::ReturnsFee, "refund with some of the fee returned");
    }

    pub fn several_refunds(&mut self) {
        let (invoice, mut charge) = self.paid_invoice();
        let mut at = charge.created;
        for _ in 0..3 {
            at = self.later(at, DAY, 9 * DAY);
            let amount = share(charge.amount, self.rng.between(5, 30), 100).max(1);
            let id = self.refund(&mut charge, amount, at, RefundEnd::Succeeds);
            self.account.note(&id, "one of several refunds of one payment");
        }
        self.store_charge(&charge);
        self.store_invoice(&invoice);
        self.carry_on();
    }

    /// All of a payment for two invoices goes back, or so much that it is more than either.
    pub fn refund_of_two_invoices(&mut self) {
        let (invoices, mut charge) = self.two_paid_by_one();
        let at = self.later(charge.created, 2 * DAY, 15 * DAY);
        let whole = self.rng.percent(50);
        let amount = if whole { charge.amount } else { share(charge.amount, 80, 100) };
        let id = self.refund(&mut charge, amount, at, RefundEnd::Succeeds);
        self.account.note(&id, "refund of a payment for two invoices");
        self.store_charge(&charge);
        for invoice in &invoices {
            self.store_invoice(invoice);
        }
    }

    pub fn debit_refund_failed(&mut self) {
        let sepa = self.customer.market == Market::Germany;
        self.customer.method = if sepa { Method::Sepa } else { Method::Ach };
        let plan = self.draw_plan("month");
        let mut invoice = self.first_invoice(&plan);
        if let Some(mut charge) = self.bill(&mut invoice) {
            let at = self.later(charge.available_on, DAY, 12 * DAY);
            let amount = share(charge.amount, 50, 100).max(1);
            let id = self.refund(&mut charge, amount, at, RefundEnd::Fails);
            self.account.note(&id, "refund of a bank debit that came back");
            self.store_charge(&charge);
        }
        self.store_invoice(&invoice);
        self.carry_on();
    }
}
