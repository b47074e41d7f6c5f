//! Rare stories of credit notes.

use super::super::aftermath::RefundEnd;
use super::super::customer::Thread;
use super::super::days::DAY;
use super::super::round::share;

impl Thread<'_> {
    /// Half is paid; the note credits what is open and some of what was paid.
    pub fn mixed_credit(&mut self) {
        let (mut invoice, finalized) = self.sent_invoice();
        let paid = self.later(finalized, DAY, 6 * DAY);
        let half = share(invoice.amount_remaining(), 1, 2);
        let mut charge = self.pay_part(&mut invoice, half, paid);
        self.note_payment(&mut invoice, &charge, paid);
        let at = self.later(paid, DAY, 6 * DAY);
        let mut note = self.credit_whole(&invoice, at);
        let back = note.after_payment();
        let refunded = if self.rng.percent(50) { back } else { share(back, 1, 2) };
        let id = self.refund(&mut charge, refunded, at, RefundEnd::Succeeds);
        note.refunds.push((id, refunded));
        if refunded < back {
            self.credit_to_balance(&mut note, back - refunded);
        }
        self.issue(&note, &mut invoice);
        self.account.note(&note.id, "credit note on what was open and on what was paid");
        self.store_charge(&charge);
        self.store_invoice(&invoice);
    }

    pub fn credit_three_ways(&mut self) {
        let (mut invoice, mut charge) = self.paid_invoice();
        let at = self.later(charge.created, DAY, 15 * DAY);
        let mut note = self.credit_part(&invoice, 60, at);
        let total = note.total();
        let third = share(total, 1, 3);
        let refund = self.refund(&mut charge, third, at, RefundEnd::Succeeds);
        note.refunds.push((refund, third));
        self.credit_to_balance(&mut note, third);
        note.out_of_band = total - 2 * third;
        self.issue(&note, &mut invoice);
        let what = "credit note given back by refund, as credit and outside Stripe";
        self.account.note_exception(&note.id, what);
        self.store_charge(&charge);
        self.store_invoice(&invoice);
        self.carry_on();
    }

    /// One before payment, one after it that two refunds give back.
    pub fn two_credit_notes(&mut self) {
        let (mut invoice, finalized) = self.sent_invoice();
        let at = self.later(finalized, DAY, 4 * DAY);
        let first = self.credit_part(&invoice, 20, at);
        self.issue(&first, &mut invoice);
        let paid = self.later(at, DAY, 6 * DAY);
        let due = invoice.amount_remaining();
        let mut charge = self.pay_part(&mut invoice, due, paid);
        self.note_payment(&mut invoice, &charge, paid);
        let at = self.later(paid, DAY, 9 * DAY);
        let mut second = self.credit_part(&invoice, 30, at);
        let total = second.total();
        let part = share(total, 2, 5);
        for amount in [part, total - part] {
            let id = self.refund(&mut charge, amount, at, RefundEnd::Succeeds);
            second.refunds.push((id, amount));
        }
        self.issue(&second, &mut invoice);
        self.account.note(&first.id, "first of two credit notes on one invoice");
        self.account.note(&second.id, "credit note given back by two refunds");
        self.store_charge(&charge);
        self.store_invoice(&invoice);
    }
}
