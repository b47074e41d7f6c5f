//! Stories of credit: credit notes before and after payment, and credit given by hand.

use super::super::aftermath::RefundEnd;
use super::super::customer::{BalanceChange, Thread};
use super::super::days::{DAY, HOUR};
use super::super::invoice::Invoice;

impl Thread<'_> {
    /// The rest of an invoice that was open, paid some days after `at`.
    pub fn pay_the_rest(&mut self, mut invoice: Invoice, at: i64) {
        let paid = self.later(at, DAY, 8 * DAY);
        if invoice.status == "open"
            && let Some(charge) = self.collect(&mut invoice, paid)
        {
            self.store_charge(&charge);
        }
        self.store_invoice(&invoice);
    }

    pub fn credit_before_payment(&mut self) {
        let (mut invoice, finalized) = self.sent_invoice();
        let at = self.later(finalized, DAY, 6 * DAY);
        let note = if self.rng.percent(20) {
            self.credit_whole(&invoice, at)
        } else {
            self.credit_part(&invoice, 30, at)
        };
        self.issue(&note, &mut invoice);
        self.account.note(&note.id, "credit note on an open invoice");
        self.pay_the_rest(invoice, at);
    }

    pub fn credit_voided(&mut self) {
        let (mut invoice, finalized) = self.sent_invoice();
        let at = self.later(finalized, DAY, 4 * DAY);
        let mut note = self.credit_part(&invoice, 50, at);
        let voided = self.later(at, HOUR, 3 * DAY);
        note.voided_at = Some(voided);
        self.issue(&note, &mut invoice);
        self.account.note(&note.id, "credit note that was voided again");
        self.pay_the_rest(invoice, voided);
    }

    pub fn credit_refunded(&mut self) {
        let (mut invoice, mut charge) = self.paid_invoice();
        let at = self.later(charge.created, DAY, 15 * DAY);
        let mut note = if self.rng.percent(40) {
            self.credit_whole(&invoice, at)
        } else {
            self.credit_part(&invoice, 25, at)
        };
        let amount = note.total().min(charge.refundable());
        let refund = self.refund(&mut charge, amount, at, RefundEnd::Succeeds);
        note.refunds.push((refund, amount));
        self.issue(&note, &mut invoice);
        self.account.note(&note.id, "credit note after payment, refunded");
        self.store_charge(&charge);
        self.store_invoice(&invoice);
        self.carry_on();
    }

    pub fn credit_on_balance(&mut self) {
        let (mut invoice, charge) = self.paid_invoice();
        let at = self.later(charge.created, DAY, 15 * DAY);
        let mut note = self.credit_part(&invoice, 40, at);
        let amount = note.total();
        self.credit_to_balance(&mut note, amount);
        self.issue(&note, &mut invoice);
        self.account.note(&note.id, "credit note after payment, kept as the customer's credit");
        self.store_charge(&charge);
        self.store_invoice(&invoice);
        self.carry_on();
    }

    pub fn credit_elsewhere(&mut self) {
        let (mut invoice, charge) = self.paid_invoice();
        let at = self.later(charge.created, DAY, 15 * DAY);
        let mut note = self.credit_part(&invoice, 50, at);
        note.out_of_band = note.total();
        self.issue(&note, &mut invoice);
        self.account.note_exception(&note.id, "credit note given back outside Stripe");
        self.store_charge(&charge);
        self.store_invoice(&invoice);
        self.carry_on();
    }

    pub fn manual_credit(&mut self) {
        let (invoice, charge) = self.paid_invoice();
        let created = self.later(charge.created, DAY, 20 * DAY);
        let amount = -self.rng.between(500, 3_000);
        let id = self.change_balance(BalanceChange {
            amount,
            kind: "adjustment",
            created,
            description: Some("Goodwill credit"),
            ..BalanceChange::default()
        });
        self.account.note(&id, "credit given to a customer by hand");
        self.store_charge(&charge);
        self.store_invoice(&invoice);
        self.carry_on();
    }
}
