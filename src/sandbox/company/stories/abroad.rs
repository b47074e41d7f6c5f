//! Rare stories in currencies that an ordinary company does not bill in.

use super::super::aftermath::RefundEnd;
use super::super::catalogue::Item;
use super::super::customer::Thread;
use super::super::days::DAY;
use super::super::market::Market;
use super::super::subscriptions::Plan;

impl Thread<'_> {
    pub fn kuwaiti_invoices(&mut self) {
        let start = self.draw_start();
        let seats = self.rng.between(1, 9);
        self.subscribe(&Plan::of(Item::Business, "month").and(Item::Seats, seats), start);
        let id = self.subscription.as_ref().map_or_else(String::new, |s| s.id.clone());
        self.account.note(&id, "subscription in a currency of three decimals");
        self.carry_on();
    }

    pub fn kuwaiti_refund(&mut self) {
        let mut invoice = self.first_invoice(&Plan::of(Item::Team, "month"));
        let Some(mut charge) = self.bill(&mut invoice) else {
            return self.store_invoice(&invoice);
        };
        let at = self.later(charge.created, DAY, 20 * DAY);
        // Stripe rounds dinars to ten fils.
        let amount = self.rng.between(1, charge.amount / 10) * 10;
        let id = self.refund(&mut charge, amount, at, RefundEnd::Succeeds);
        self.account.note(&id, "refund in a currency of three decimals");
        self.store_charge(&charge);
        self.store_invoice(&invoice);
        self.carry_on();
    }

    /// A customer of one currency buys once in another.
    pub fn two_currencies(&mut self) {
        let home = self.customer.market;
        let (invoice, charge) = self.paid_invoice();
        self.store_charge(&charge);
        self.store_invoice(&invoice);
        self.carry_on();
        let abroad =
            if home == Market::Switzerland { Market::Britain } else { Market::Switzerland };
        self.customer.market = abroad;
        let at = self.draw_any_time();
        let charge = self.charge(12_500, at, "Workshop ticket");
        self.account.note(&charge.id, "payment of a customer in a second currency");
        self.store_charge(&charge);
        self.customer.market = home;
    }
}
