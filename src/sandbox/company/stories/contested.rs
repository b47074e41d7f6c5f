//! Rare stories of disputes.

use super::super::aftermath::RefundEnd;
use super::super::customer::Thread;
use super::super::days::DAY;
use super::super::disputes::DisputeEnd;
use super::super::round::share;

impl Thread<'_> {
    /// A paid invoice some percent of which is disputed, and the months after it.
    fn contested(&mut self, percent: i64, end: DisputeEnd, what: &str) {
        let (invoice, mut charge) = self.paid_invoice();
        let at = self.later(charge.created, 3 * DAY, 20 * DAY);
        let amount = share(charge.amount, percent, 100).max(1);
        let id = self.dispute(&mut charge, amount, at, end);
        self.account.note(&id, what);
        self.store_charge(&charge);
        self.store_invoice(&invoice);
        self.carry_on();
    }

    fn won_or_lost(&mut self) -> DisputeEnd {
        *self.rng.pick(&[DisputeEnd::Won, DisputeEnd::Lost])
    }

    pub fn dispute_partial(&mut self) {
        let percent = self.rng.between(20, 80);
        let end = self.won_or_lost();
        self.contested(percent, end, "dispute of a part of a payment");
    }

    pub fn dispute_countered(&mut self) {
        let what = "dispute that was won, with the fee for countering it returned";
        self.contested(100, DisputeEnd::WonCountered, what);
    }

    pub fn dispute_old_rule(&mut self) {
        let what = "dispute that was won, with the fee for receiving it returned";
        self.contested(100, DisputeEnd::WonOldRule, what);
    }

    pub fn dispute_won_late(&mut self) {
        self.contested(100, DisputeEnd::WonLate, "dispute that was lost, and won months later");
    }

    pub fn dispute_abroad(&mut self) {
        let what = "dispute whose money left at one rate and came back at another";
        self.contested(100, DisputeEnd::Won, what);
    }

    pub fn dispute_open(&mut self) {
        self.contested(100, DisputeEnd::Open, "dispute that is not decided yet");
    }

    pub fn dispute_prevented(&mut self) {
        self.contested(100, DisputeEnd::Prevented, "dispute prevented before money moved");
    }

    pub fn dispute_fee_apart(&mut self) {
        self.contested(100, DisputeEnd::LostFeeApart, "dispute with its fee in a row of its own");
    }

    pub fn inquiry_escalated(&mut self) {
        self.contested(100, DisputeEnd::Escalated, "inquiry that became a dispute, and was lost");
    }

    /// Some was refunded before the bank disputed the whole, or only what was left.
    pub fn dispute_after_refund(&mut self, whole: bool) {
        let (invoice, mut charge) = self.paid_invoice();
        let at = self.later(charge.created, DAY, 9 * DAY);
        let part = share(charge.amount, 30, 100).max(1);
        self.refund(&mut charge, part, at, RefundEnd::Succeeds);
        let at = self.later(at, 2 * DAY, 12 * DAY);
        let amount = if whole { charge.amount } else { charge.refundable() };
        let end = self.won_or_lost();
        let id = self.dispute(&mut charge, amount, at, end);
        let what = if whole {
            "dispute larger than what a refund had left of the payment"
        } else {
            "dispute of what a refund had left of the payment"
        };
        self.account.note(&id, what);
        self.store_charge(&charge);
        self.store_invoice(&invoice);
        self.carry_on();
    }

    pub fn dispute_of_two_invoices(&mut self) {
        let (invoices, mut charge) = self.two_paid_by_one();
        let at = self.later(charge.created, 3 * DAY, 20 * DAY);
        let (amount, end) = (charge.amount, self.won_or_lost());
        let id = self.dispute(&mut charge, amount, at, end);
        self.account.note(&id, "dispute of a payment for two invoices");
        self.store_charge(&charge);
        for invoice in &invoices {
            self.store_invoice(invoice);
        }
    }
}
