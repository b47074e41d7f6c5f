//! Stories of money: how an invoice is paid, what is paid without one, what goes back.

use super::super::aftermath::{Bounce, RefundEnd};
use super::super::billing::DEBIT_SECS;
use super::super::catalogue::Item;
use super::super::customer::Thread;
use super::super::days::DAY;
use super::super::disputes::DisputeEnd;
use super::super::invoice::Invoice;
use super::super::market::Market;
use super::super::pay::{Charge, Method};
use super::super::round::share;
use super::super::subscriptions::Plan;

impl Thread<'_> {
    /// The first invoice of a subscription, paid. Some have a discount.
    pub fn paid_invoice(&mut self) -> (Invoice, Charge) {
        let plan = self.draw_plan("month");
        let mut invoice = self.first_invoice(&plan);
        if self.rng.percent(40) {
            self.discount_invoice(&mut invoice, self.catalogue.percent_coupon(0));
        }
        let charge = self.bill(&mut invoice).expect("a first invoice is charged at once");
        (invoice, charge)
    }

    fn store_paid(&mut self, invoice: &Invoice, charge: &Charge) {
        self.store_charge(charge);
        self.store_invoice(invoice);
    }

    pub fn two_payments(&mut self) {
        let (mut invoice, finalized) = self.sent_invoice();
        let percent = self.rng.between(20, 80);
        let part = share(invoice.amount_remaining(), percent, 100);
        let first = self.later(finalized, DAY, 9 * DAY);
        let second = self.later(first, DAY, 15 * DAY);
        for (amount, at) in [(part, first), (invoice.amount_remaining() - part, second)] {
            let charge = self.pay_part(&mut invoice, amount, at);
            self.note_payment(&mut invoice, &charge, at);
            self.store_charge(&charge);
        }
        self.account.note(&invoice.id, "invoice paid in two payments");
        self.store_invoice(&invoice);
    }

    pub fn bank_debit(&mut self, sepa: bool) {
        self.customer.method = if sepa { Method::Sepa } else { Method::Ach };
        let plan = self.draw_plan("month");
        let mut invoice = self.first_invoice(&plan);
        if let Some(charge) = self.bill(&mut invoice) {
            self.account.note(&charge.id, "invoice paid by bank debit");
            self.store_charge(&charge);
        }
        self.store_invoice(&invoice);
        self.carry_on();
    }

    pub fn debit_refunded(&mut self) {
        let sepa = self.customer.market == Market::Germany;
        self.customer.method = if sepa { Method::Sepa } else { Method::Ach };
        let plan = self.draw_plan("month");
        let mut invoice = self.first_invoice(&plan);
        if let Some(mut charge) = self.bill(&mut invoice) {
            let known = charge.created + DEBIT_SECS;
            let at = self.later(known, DAY, 12 * DAY);
            let amount = share(charge.amount, 50, 100).max(1);
            let id = self.refund(&mut charge, amount, at, RefundEnd::Succeeds);
            self.account.note(&id, "refund of a bank debit");
            self.store_charge(&charge);
        }
        self.store_invoice(&invoice);
        self.carry_on();
    }

    pub fn bounced_debit(&mut self, then_paid: bool) {
        self.customer.method = Method::Ach;
        let plan = self.draw_plan("month");
        let mut invoice = self.first_invoice(&plan);
        invoice.price();
        let finalized = invoice.created + 2;
        self.finalize(&mut invoice, finalized);
        let amount = invoice.amount_remaining();
        let mut debit = self.pay_part(&mut invoice, amount, finalized + 3);
        let known = self.bounce(&mut debit, Bounce::Early);
        self.account.note(&debit.id, "bank debit that failed days after it was made");
        if then_paid {
            self.customer.method = Method::Card;
            self.store_earlier_charge(&debit);
            let at = self.later(known, DAY, 6 * DAY);
            let mut charge = self.pay_part(&mut invoice, amount, at);
            charge.payment_intent.clone_from(&debit.payment_intent);
            charge.intent_created = debit.intent_created;
            self.note_payment(&mut invoice, &charge, at);
            self.account.note(&charge.id, "card payment that made good for a failed debit");
            self.store_charge(&charge);
        } else {
            self.note_payment(&mut invoice, &debit, known);
            self.store_charge(&debit);
            self.customer.delinquent = true;
            if let Some(subscription) = &mut self.subscription {
                subscription.status = "past_due";
            }
        }
        self.store_invoice(&invoice);
    }

    pub fn paid_elsewhere(&mut self) {
        let (mut invoice, finalized) = self.sent_invoice();
        let paid = self.later(finalized, 2 * DAY, 20 * DAY);
        invoice.amount_paid = invoice.amount_due();
        invoice.amount_paid_off_stripe = invoice.amount_paid;
        invoice.settle_if_nothing_is_due(paid);
        self.account.note_exception(&invoice.id, "invoice marked as paid outside Stripe");
        self.store_invoice(&invoice);
    }

    /// A charge that belongs to no invoice.
    fn lone_charge(&mut self) -> Charge {
        let amount = self.rng.between(900, 48_000);
        let at = self.draw_any_time();
        self.charge(amount, at, "Workshop ticket")
    }

    pub fn charge_alone(&mut self, refunded: bool) {
        let mut charge = self.lone_charge();
        self.account.note(&charge.id, "charge without an invoice");
        if refunded {
            let at = self.later(charge.created, DAY, 12 * DAY);
            let amount = charge.amount;
            let id = self.refund(&mut charge, amount, at, RefundEnd::Succeeds);
            self.account.note(&id, "refund of a charge without an invoice");
        }
        self.store_charge(&charge);
    }

    pub fn charge_of_nobody(&mut self) {
        let mut charge = self.lone_charge();
        charge.payer.customer = None;
        self.account.note(&charge.id, "charge without invoice or customer");
        self.store_charge(&charge);
    }

    pub fn partial_refund(&mut self) {
        let (invoice, mut charge) = self.paid_invoice();
        let percent = self.rng.between(5, 60);
        let amount = share(charge.amount, percent, 100).max(1);
        let at = self.later(charge.created, DAY, 20 * DAY);
        let id = self.refund(&mut charge, amount, at, RefundEnd::Succeeds);
        let abroad = self.customer.market == Market::Britain;
        let what = if abroad {
            "partial refund at another day's exchange rate"
        } else {
            "partial refund without a credit note"
        };
        self.account.note(&id, what);
        self.store_paid(&invoice, &charge);
        self.carry_on();
    }

    /// All of a taxed, discounted invoice of several lines goes back.
    pub fn full_refund(&mut self) {
        let plan = Plan::of(Item::Business, "month").and(Item::Seats, 5);
        let mut invoice = self.first_invoice(&plan);
        self.discount_invoice(&mut invoice, self.catalogue.percent_coupon(1));
        let Some(mut charge) = self.bill(&mut invoice) else {
            return self.store_invoice(&invoice);
        };
        let at = self.later(charge.created, DAY, 20 * DAY);
        let amount = charge.amount;
        let id = self.refund(&mut charge, amount, at, RefundEnd::Succeeds);
        self.account.note(&id, "full refund of an invoice with several lines, discount and tax");
        self.store_paid(&invoice, &charge);
    }

    pub fn pending_refund(&mut self) {
        let (invoice, mut charge) = self.paid_invoice();
        let at = self.later(charge.created, 9 * DAY, 40 * DAY);
        let amount = charge.amount;
        let id = self.refund(&mut charge, amount, at, RefundEnd::Waits);
        self.account.note(&id, "refund that still waits for balance");
        self.store_paid(&invoice, &charge);
        self.carry_on();
    }

    pub fn failed_refund(&mut self) {
        let (invoice, mut charge) = self.paid_invoice();
        let at = self.later(charge.created, 2 * DAY, 20 * DAY);
        let amount = share(charge.amount, 50, 100).max(1);
        let id = self.refund(&mut charge, amount, at, RefundEnd::Fails);
        self.account.note(&id, "refund that the customer's bank sent back");
        self.store_paid(&invoice, &charge);
        self.carry_on();
    }

    pub fn dispute_lost(&mut self) {
        self.disputed(DisputeEnd::Lost, "dispute that was lost");
    }

    pub fn dispute_won(&mut self) {
        self.disputed(DisputeEnd::Won, "dispute that was won");
    }

    pub fn inquiry(&mut self) {
        self.disputed(DisputeEnd::Inquiry, "inquiry: a dispute that moved no money");
    }

    fn disputed(&mut self, end: DisputeEnd, what: &str) {
        let (invoice, mut charge) = self.paid_invoice();
        let at = self.later(charge.created, 3 * DAY, 25 * DAY);
        let amount = charge.amount;
        let id = self.dispute(&mut charge, amount, at, end);
        self.account.note(&id, what);
        self.store_paid(&invoice, &charge);
        self.carry_on();
    }
}
