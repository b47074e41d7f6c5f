//! Rare stories of how money comes in.

use super::super::aftermath::{Bounce, RefundEnd};
use super::super::customer::Thread;
use super::super::days::{DAY, HOUR, MINUTE, date_text, midnight};
use super::super::invoice::Invoice;
use super::super::pay::{Capture, Charge, FeePlan, Method};
use super::super::round::share;
use super::super::shapes::balance_transaction::Movement;

impl Thread<'_> {
    /// Two sent invoices paid by one charge, which is not stored yet.
    pub fn two_paid_by_one(&mut self) -> ([Invoice; 2], Charge) {
        let (mut first, finalized) = self.sent_invoice();
        let (mut second, later) = self.sent_invoice_after(finalized);
        let paid = self.later(later, DAY, 6 * DAY);
        let parts = [first.amount_remaining(), second.amount_remaining()];
        let charge = self.charge(parts[0] + parts[1], paid, "Payment for two invoices");
        for (invoice, part) in [(&mut first, parts[0]), (&mut second, parts[1])] {
            invoice.attempts += 1;
            self.note_part(invoice, &charge, part, paid);
        }
        ([first, second], charge)
    }

    pub fn one_payment_for_two(&mut self) {
        let (invoices, charge) = self.two_paid_by_one();
        self.account.note(&charge.id, "one payment for two invoices");
        self.store_charge(&charge);
        for invoice in &invoices {
            self.store_invoice(invoice);
        }
    }

    pub fn three_payments(&mut self) {
        let (mut invoice, mut at) = self.sent_invoice();
        let third = share(invoice.amount_remaining(), 1, 3);
        for _ in 0..3 {
            at = self.later(at, DAY, 7 * DAY);
            let left = invoice.amount_remaining();
            // The last of the three, or a part.
            let amount = if left < 2 * third { left } else { third };
            let charge = self.pay_part(&mut invoice, amount, at);
            self.note_payment(&mut invoice, &charge, at);
            self.store_charge(&charge);
        }
        self.account.note(&invoice.id, "invoice paid in three payments");
        self.store_invoice(&invoice);
    }

    /// A second payment arrives for an invoice that is paid: Stripe lets go of it.
    pub fn duplicate_payment(&mut self, refunded: bool) {
        let (mut invoice, finalized) = self.sent_invoice();
        let paid = self.later(finalized, DAY, 9 * DAY);
        let due = invoice.amount_remaining();
        let charge = self.pay_part(&mut invoice, due, paid);
        self.note_payment(&mut invoice, &charge, paid);
        let again = self.later(paid, MINUTE, DAY);
        let mut second = self.pay_part(&mut invoice, due, again);
        self.note_canceled(&invoice, &second, again);
        self.account.note(&second.id, "second payment of an invoice that was paid already");
        if refunded {
            let at = self.later(again, HOUR, 5 * DAY);
            let id = self.refund(&mut second, due, at, RefundEnd::Succeeds);
            self.account.note(&id, "refund of a second payment");
        }
        self.store_charge(&charge);
        self.store_charge(&second);
        self.store_invoice(&invoice);
    }

    pub fn payment_record(&mut self) {
        let (mut invoice, finalized) = self.sent_invoice();
        let paid = self.later(finalized, 2 * DAY, 20 * DAY);
        let due = invoice.amount_remaining();
        self.record_payment(&mut invoice, due, paid);
        self.account
            .note_exception(&invoice.id, "invoice paid outside Stripe, with a record of it");
        self.store_invoice(&invoice);
    }

    pub fn partly_elsewhere(&mut self) {
        let (mut invoice, finalized) = self.sent_invoice();
        let first = self.later(finalized, DAY, 9 * DAY);
        let part = share(invoice.amount_remaining(), 40, 100);
        self.record_payment(&mut invoice, part, first);
        let what = "invoice paid in part outside Stripe, in part by card";
        self.account.note_exception(&invoice.id, what);
        self.pay_the_rest(invoice, first);
    }

    /// The bank takes a debit back weeks after it was paid out.
    pub fn debit_reversed_late(&mut self, sepa: bool) {
        self.customer.method = if sepa { Method::Sepa } else { Method::Ach };
        let plan = self.draw_plan("month");
        let mut invoice = self.first_invoice(&plan);
        invoice.price();
        let finalized = invoice.created + 2;
        self.finalize(&mut invoice, finalized);
        let due = invoice.amount_remaining();
        let mut debit = self.pay_part(&mut invoice, due, finalized + 3);
        let known = self.bounce(&mut debit, Bounce::Late);
        self.account.note(&debit.id, "bank debit that the bank took back weeks later");
        self.note_payment(&mut invoice, &debit, known);
        self.store_charge(&debit);
        self.customer.delinquent = true;
        self.store_invoice(&invoice);
    }

    pub fn bounced_with_fee(&mut self) {
        self.customer.method = Method::Ach;
        let (mut invoice, finalized) = self.sent_invoice();
        let due = invoice.amount_remaining();
        let mut debit = self.pay_part(&mut invoice, due, finalized + HOUR);
        let known = self.bounce(&mut debit, Bounce::EarlyWithFee);
        self.account.note(&debit.id, "bank debit whose failure carries its own fee");
        self.note_payment(&mut invoice, &debit, known);
        self.store_charge(&debit);
        self.store_invoice(&invoice);
    }

    pub fn partly_captured(&mut self, in_two: bool) {
        let amount = self.rng.between(90, 4_800) * 10;
        let part = share(amount, self.rng.between(2, 9), 10);
        let at = self.draw_any_time();
        let capture = if in_two { Capture::PartInTwo(part) } else { Capture::PartInOne(part) };
        let charge = self.authorise(amount, capture, at, "Deposit for equipment");
        let what = if in_two {
            "part of an authorisation captured: the whole, and the rest back"
        } else {
            "part of an authorisation captured, in one movement"
        };
        self.account.note(&charge.id, what);
        self.store_charge(&charge);
    }

    pub fn uncaptured(&mut self) {
        let amount = self.rng.between(900, 48_000);
        let at = self.draw_any_time();
        let charge = self.authorise(amount, Capture::Nothing, at, "Deposit for equipment");
        self.account.note(&charge.id, "authorisation that was never captured");
        self.store_charge(&charge);
        self.pays_every("month");
    }

    /// Costs of the card network and of Stripe are billed the day after, in rows of their own.
    pub fn interchange_plus(&mut self) {
        self.customer.fee_plan = FeePlan::InterchangePlus;
        let (invoice, charge) = self.paid_invoice();
        let settled = self.account.settle(charge.amount, charge.currency, charge.created);
        let at = self.later(charge.created, DAY, 2 * DAY);
        let day = date_text(charge.created);
        let network = share(settled.amount, 17, 1_000);
        let (id, _) = self.account.book(&Movement {
            kind: "network_cost",
            category: "network_cost",
            amount: -network,
            fees: Vec::new(),
            currency: settled.currency,
            created: at,
            available_on: midnight(at),
            source: None,
            description: Some(format!("Card payments ({day}): Interchange and scheme fees")),
            rate_micro: None,
        });
        let own = format!("Card payments ({day}): Stripe processing fees");
        self.stripe_fee(share(settled.amount, 6, 1_000), settled.currency, at, own);
        self.account.note(&id, "network costs billed apart from the payment");
        self.store_charge(&charge);
        self.store_invoice(&invoice);
        self.customer.fee_plan = FeePlan::Usual;
        self.carry_on();
    }

    fn with_fees(&mut self, plan: FeePlan, what: &str) {
        self.customer.fee_plan = plan;
        let (invoice, charge) = self.paid_invoice();
        self.account.note(&charge.id, what);
        self.store_charge(&charge);
        self.store_invoice(&invoice);
        self.carry_on();
    }

    pub fn passed_through_fee(&mut self) {
        self.with_fees(FeePlan::PassedThrough, "payment with scheme fees passed through");
    }

    pub fn withheld_tax(&mut self) {
        self.with_fees(FeePlan::Withheld, "payment with tax withheld on its fee");
    }
}
