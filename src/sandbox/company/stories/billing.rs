//! Rare stories of what is billed: schemes of price, taxes, changes of interval, unpaid ends.

use super::super::catalogue::Item;
use super::super::customer::Thread;
use super::super::days::DAY;
use super::super::invoice::Invoice;
use super::super::round::share;
use super::super::subscriptions::{Plan, SubscriptionItem};

impl Thread<'_> {
    /// Months of a subscription to `item` next to a team plan.
    fn months_with(&mut self, item: Item, quantity: i64, what: &str) {
        let start = self.draw_start();
        self.subscribe(&Plan::of(Item::Team, "month").and(item, quantity), start);
        let id = self.subscription.as_ref().map_or_else(String::new, |s| s.id.clone());
        self.account.note(&id, what);
        self.carry_on();
    }

    pub fn tiered_price(&mut self) {
        let quantity = self.rng.between(1, 120);
        self.months_with(Item::Storage, quantity, "graduated price: a line for each tier");
    }

    pub fn volume_price(&mut self) {
        self.months_with(Item::Messages, 1, "volume price, counted");
    }

    pub fn package_price(&mut self) {
        let quantity = self.rng.between(1, 220);
        self.months_with(Item::Labels, quantity, "price of a package");
    }

    pub fn metered_price(&mut self) {
        self.months_with(Item::Minutes, 1, "counted price in fractions of a cent");
    }

    fn taxed_by(&mut self, keys: &[&str], what: &str) -> Invoice {
        let plan = Plan::of(Item::Business, "month").and(Item::Seats, 3);
        let mut invoice = self.first_invoice(&plan);
        invoice.tax_rates = keys.iter().map(|key| self.catalogue.tax_rate(key)).collect();
        self.account.note(&invoice.id, what);
        invoice
    }

    pub fn zero_rated(&mut self) {
        let invoice = self.taxed_by(&["ZERO"], "invoice with tax at a rate of zero");
        self.bill_and_carry_on(invoice, "invoice that a zero rate leaves untaxed");
    }

    pub fn two_tax_rates(&mut self) {
        let invoice = self.taxed_by(&["GST", "QST"], "invoice with two taxes on each line");
        self.bill_and_carry_on(invoice, "invoice with two taxes on top");
    }

    pub fn two_taxes_included(&mut self) {
        let invoice = self.taxed_by(&["DE", "LEVY"], "invoice with two taxes in each price");
        self.bill_and_carry_on(invoice, "invoice with two taxes inside");
    }

    pub fn discount_with_tax_included(&mut self) {
        let mut invoice = self.taxed_by(&["DE"], "discount on prices that contain tax");
        self.discount_line(&mut invoice, 1, self.catalogue.percent_coupon(1));
        let coupon = self.catalogue.amount_coupon(invoice.currency);
        self.discount_invoice(&mut invoice, coupon);
        self.bill_and_carry_on(invoice, "invoice with discounts and tax inside");
    }

    pub fn shipping_with_taxes(&mut self) {
        let at = self.draw_start();
        let lines = vec![self.item_line(Item::Scanner, 2, at)];
        let mut invoice = self.new_invoice("manual", at, lines);
        invoice.tax_rates = ["NY", "GST"].map(|key| self.catalogue.tax_rate(key)).to_vec();
        self.ship(&mut invoice);
        self.bill_and_carry_on(invoice, "invoice with two taxes on goods and on shipping");
    }

    /// The rest of a year is credited and a month billed: far below zero, and months are free.
    pub fn year_to_month(&mut self) {
        let mut first = self.first_invoice(&Plan::of(Item::Business, "year"));
        if let Some(charge) = self.bill(&mut first) {
            self.store_charge(&charge);
        }
        self.store_invoice(&first);
        let at = self.later(first.created, 10 * DAY, 40 * DAY);
        let price = self.catalogue.price(Item::Business, first.currency, Some("month"));
        let (start, end) = first.lines[0].period;
        let Some(subscription) = &mut self.subscription else { return };
        let old = subscription.items[0].clone();
        subscription.items[0] = SubscriptionItem { price, ..old.clone() };
        subscription.restart_monthly(at);
        let rest = -share(old.price.unit_amount, end - at, end - start);
        let credited = Some((first.id.clone(), first.lines[0].id.clone()));
        let credit = self.proration((&old, rest), (at, end), credited);
        let Some(mut invoice) = self.next_invoice() else { return };
        invoice.billing_reason = "subscription_update";
        invoice.lines.insert(0, credit);
        self.bill_and_carry_on(invoice, "change from a yearly to a monthly plan");
    }

    /// A declined first payment; returns the open invoice and when it was tried.
    pub fn declined_invoice(&mut self) -> (Invoice, i64) {
        let plan = self.draw_plan("month");
        let mut invoice = self.first_invoice(&plan);
        invoice.price();
        let finalized = self.later(invoice.created, 1, 3);
        self.finalize(&mut invoice, finalized);
        let tried = self.later(finalized, 3, 60);
        let charge = self.declined(invoice.amount_remaining(), tried, "Subscription creation");
        invoice.attempts = 4;
        self.note_payment(&mut invoice, &charge, tried);
        self.store_charge(&charge);
        (invoice, tried)
    }

    pub fn cancel_subscription(&mut self, at: i64) {
        if let Some(subscription) = &mut self.subscription {
            subscription.status = "canceled";
            subscription.canceled_at = Some(at);
        }
    }

    pub fn cancelled_unpaid(&mut self) {
        let (invoice, tried) = self.declined_invoice();
        let cancelled = self.later(tried, 10 * DAY, 20 * DAY);
        self.customer.delinquent = true;
        self.cancel_subscription(cancelled);
        self.account.note(&invoice.id, "open invoice of a subscription that was cancelled");
        self.store_invoice(&invoice);
    }

    pub fn recovered(&mut self) {
        let (mut invoice, tried) = self.declined_invoice();
        let given_up = self.later(tried, 10 * DAY, 16 * DAY);
        invoice.uncollectible_at = Some(given_up);
        self.cancel_subscription(given_up);
        let paid = self.later(given_up, DAY, 20 * DAY);
        if let Some(charge) = self.collect(&mut invoice, paid) {
            self.store_charge(&charge);
        } else {
            invoice.status = "uncollectible";
        }
        self.account.note(&invoice.id, "uncollectible invoice that was paid after all");
        self.store_invoice(&invoice);
    }
}
