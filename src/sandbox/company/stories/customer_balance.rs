//! Rare stories of the balance that Stripe keeps for a customer.

use super::super::catalogue::Item;
use super::super::customer::{BalanceChange, Thread};
use super::super::days::{DAY, HOUR};
use super::super::invoice::Invoice;
use super::super::subscriptions::Plan;

impl Thread<'_> {
    /// An invoice of one thing sold once, billed by the usual timetable and stored.
    fn bill_once(&mut self, item: Item, quantity: i64, at: i64) -> Invoice {
        let lines = vec![self.item_line(item, quantity, at)];
        let mut invoice = self.new_invoice("manual", at, lines);
        if let Some(charge) = self.bill(&mut invoice) {
            self.store_charge(&charge);
        }
        self.store_invoice(&invoice);
        invoice
    }

    fn adjust(&mut self, amount: i64, created: i64, description: &'static str) -> String {
        let description = Some(description);
        let rest = BalanceChange::default();
        let kind = "adjustment";
        self.change_balance(BalanceChange { amount, kind, created, description, ..rest })
    }

    pub fn below_minimum(&mut self) {
        let at = self.draw_start();
        let small = self.bill_once(Item::Sticker, 1, at);
        self.account.note(&small.id, "invoice too small to charge, carried to the next");
        let next = self.later(at, 2 * DAY, 12 * DAY);
        let billed = self.bill_once(Item::Onboarding, 1, next);
        self.account.note(&billed.id, "invoice that bills what was carried");
    }

    pub fn debit_by_hand(&mut self) {
        let start = self.draw_start();
        let amount = self.rng.between(500, 2_500);
        let id = self.adjust(amount, start, "Balance of an old contract");
        self.account.note(&id, "debit put on a customer by hand; the next invoice bills it");
        let next = self.later(start, HOUR, 4 * DAY);
        let plan = Plan::of(Item::Team, "month");
        self.subscribe(&plan, next);
        self.carry_on();
    }

    pub fn credit_for_months(&mut self) {
        let start = self.draw_start();
        let amount = -self.rng.between(8_000, 18_000);
        let id = self.adjust(amount, start, "Compensation");
        self.account.note(&id, "credit by hand that pays several invoices");
        let next = self.later(start, HOUR, 2 * DAY);
        self.subscribe(&Plan::of(Item::Team, "month"), next);
        self.carry_on();
    }

    /// An invoice by hand that credits more than it bills; the credit pays the one after it.
    pub fn negative_invoice(&mut self) {
        let at = self.draw_start();
        let mut credit = self.item_line(Item::Onboarding, 1, at);
        credit.amount = -credit.amount;
        "Onboarding that was not needed".clone_into(&mut credit.description);
        let lines = vec![credit, self.item_line(Item::Scanner, 1, at)];
        let mut invoice = self.new_invoice("manual", at, lines);
        let charge = self.bill(&mut invoice);
        assert!(charge.is_none(), "an onboarding costs more than a scanner");
        self.account.note(&invoice.id, "invoice below zero, made by hand");
        self.store_invoice(&invoice);
        let next = self.later(at, 3 * DAY, 20 * DAY);
        let next = self.bill_once(Item::Onboarding, 1, next);
        self.account.note(&next.id, "invoice paid in part by an earlier one below zero");
    }

    pub fn voided_with_credit(&mut self) {
        let start = self.draw_start();
        let amount = -self.rng.between(1_000, 5_000);
        self.adjust(amount, start, "Goodwill credit");
        let (mut invoice, finalized) = self.sent_invoice_after(start);
        let voided = self.later(finalized, DAY, 8 * DAY);
        invoice.voided_at = Some(voided);
        invoice.status = "void";
        let used = invoice.starting_balance - self.customer.balance;
        let id = self.change_balance(BalanceChange {
            amount: used,
            kind: "unapplied_from_invoice",
            created: voided,
            invoice: Some(invoice.id.clone()),
            ..BalanceChange::default()
        });
        self.account.note(&invoice.id, "voided invoice that had used credit");
        self.account.note(&id, "credit that came back from a voided invoice");
        self.store_invoice(&invoice);
        let next = self.later(voided, DAY, 10 * DAY);
        self.bill_once(Item::Onboarding, 1, next);
    }

    /// Editing a finalized invoice voids it and makes another.
    pub fn edited(&mut self) {
        let (mut invoice, finalized) = self.sent_invoice();
        let at = self.later(finalized, DAY, 8 * DAY);
        let mut lines = invoice.lines.clone();
        for line in &mut lines {
            line.id = self.id("il");
            line.discount_amounts.clear();
        }
        lines.push(self.item_line(Item::Onboarding, 1, at));
        let mut revision = self.new_invoice("manual", at, lines);
        revision.due_date = Some(at + 30 * DAY);
        revision.shipping.clone_from(&invoice.shipping);
        revision.revises = Some(invoice.id.clone());
        revision.price();
        let finalized = self.later(at, 1, 5);
        invoice.voided_at = Some(finalized);
        invoice.status = "void";
        invoice.latest_revision = Some(revision.id.clone());
        self.finalize(&mut revision, finalized);
        self.account.note(&invoice.id, "invoice that was edited: void, and replaced");
        self.account.note(&revision.id, "invoice that replaces an edited one");
        self.store_invoice(&invoice);
        self.pay_the_rest(revision, finalized);
    }

    /// More than was due arrives; the rest becomes the customer's credit.
    pub fn overpaid(&mut self) {
        let (mut invoice, finalized) = self.sent_invoice();
        let paid = self.later(finalized, DAY, 10 * DAY);
        let excess = self.rng.between(500, 4_000);
        let due = invoice.amount_remaining();
        let charge = self.pay_part(&mut invoice, due + excess, paid);
        self.note_part(&mut invoice, &charge, due, paid);
        invoice.amount_overpaid = excess;
        let id = self.change_balance(BalanceChange {
            amount: -excess,
            kind: "invoice_overpaid",
            created: paid,
            invoice: Some(invoice.id.clone()),
            ..BalanceChange::default()
        });
        self.account.note(&invoice.id, "invoice that was overpaid");
        self.account.note(&id, "credit of an invoice that was overpaid");
        self.store_charge(&charge);
        self.store_invoice(&invoice);
        let next = self.later(paid, DAY, 15 * DAY);
        self.bill_once(Item::Onboarding, 1, next);
    }
}
