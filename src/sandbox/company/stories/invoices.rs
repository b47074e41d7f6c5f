//! Stories told by the invoice itself: discounts, shipping, changes of plan, and bills nobody pays.

use super::super::catalogue::Item;
use super::super::customer::Thread;
use super::super::days::DAY;
use super::super::invoice::{Invoice, Origin};
use super::super::round::share;
use super::super::subscriptions::{Plan, SubscriptionItem};

impl Thread<'_> {
    /// The first invoice of a subscription with two lines.
    fn two_line_invoice(&mut self) -> Invoice {
        let seats = self.rng.between(2, 12);
        self.first_invoice(&Plan::of(Item::Business, "month").and(Item::Seats, seats))
    }

    /// Bills `invoice`, then whatever comes after it.
    pub fn bill_and_carry_on(&mut self, mut invoice: Invoice, what: &str) {
        if let Some(charge) = self.bill(&mut invoice) {
            self.store_charge(&charge);
        }
        self.account.note(&invoice.id, what);
        self.store_invoice(&invoice);
        self.carry_on();
    }

    pub fn percent_coupon(&mut self) {
        let mut invoice = self.two_line_invoice();
        let which = self.rng.below(2);
        self.discount_invoice(&mut invoice, self.catalogue.percent_coupon(which));
        self.bill_and_carry_on(invoice, "invoice with a percentage off the whole");
    }

    pub fn amount_coupon(&mut self) {
        let mut invoice = self.two_line_invoice();
        let coupon = self.catalogue.amount_coupon(invoice.currency);
        self.discount_invoice(&mut invoice, coupon);
        self.bill_and_carry_on(invoice, "invoice with an amount off the whole");
    }

    pub fn line_coupon(&mut self) {
        let mut invoice = self.two_line_invoice();
        self.discount_line(&mut invoice, 1, self.catalogue.percent_coupon(0));
        self.bill_and_carry_on(invoice, "invoice with a discount on one line only");
    }

    pub fn stacked_coupons(&mut self) {
        let mut invoice = self.two_line_invoice();
        self.discount_line(&mut invoice, 0, self.catalogue.percent_coupon(1));
        let amount = self.catalogue.amount_coupon(invoice.currency);
        self.discount_invoice(&mut invoice, amount);
        self.discount_invoice(&mut invoice, self.catalogue.percent_coupon(0));
        self.bill_and_carry_on(invoice, "invoice with three discounts on top of each other");
    }

    pub fn shipping(&mut self) {
        let at = self.draw_start();
        let quantity = self.rng.between(1, 3);
        let lines = vec![self.item_line(Item::Scanner, quantity, at)];
        let mut invoice = self.new_invoice("manual", at, lines);
        self.ship(&mut invoice);
        self.bill_and_carry_on(invoice, "invoice with goods and taxed shipping");
    }

    pub fn upgrade(&mut self) {
        let invoice = self.first_invoice(&Plan::of(Item::Team, "month"));
        let change = self.change_plan(invoice, Item::Business);
        self.bill_and_carry_on(change, "upgrade in the middle of a month: two proration lines");
    }

    pub fn downgrade(&mut self) {
        let invoice = self.first_invoice(&Plan::of(Item::Business, "month"));
        let change = self.change_plan(invoice, Item::Team);
        let what = "downgrade: an invoice below zero, whose credit pays later invoices";
        self.bill_and_carry_on(change, what);
    }

    /// Bills `first`, and moves its subscription to `item` some days later; returns the invoice
    /// of the change: the rest of the old plan is credited, that of the new one billed.
    fn change_plan(&mut self, mut first: Invoice, item: Item) -> Invoice {
        if let Some(charge) = self.bill(&mut first) {
            self.store_charge(&charge);
        }
        self.store_invoice(&first);
        let at = self.later(first.created, 4 * DAY, 20 * DAY);
        let price = self.catalogue.price(item, first.currency, Some("month"));
        let (start, end) = first.lines[0].period;
        let rest = |amount| share(amount, end - at, end - start);
        let subscription = self.subscription.as_mut().expect("`first` came from a subscription");
        let old = subscription.items[0].clone();
        let new = SubscriptionItem { price, ..old.clone() };
        subscription.items[0] = new.clone();
        let credited = Some((first.id.clone(), first.lines[0].id.clone()));
        let lines = vec![
            self.proration((&old, -rest(old.price.unit_amount)), (at, end), credited),
            self.proration((&new, rest(new.price.unit_amount)), (at, end), None),
        ];
        let mut invoice = self.new_invoice("subscription_update", at, lines);
        invoice.subscription.clone_from(&first.subscription);
        invoice
    }

    pub fn trial(&mut self) {
        let start = self.draw_start();
        let end = self.later(start, 14 * DAY, 14 * DAY);
        self.subscribe(&Plan::of(Item::Team, "month"), end);
        let Some(subscription) = &mut self.subscription else { return };
        subscription.trial = Some((start, end));
        subscription.created = start;
        let (id, item) = (subscription.id.clone(), subscription.items[0].clone());
        let origin = Origin::Subscription { subscription: id.clone(), item: item.id };
        let description = format!("Trial period for {}", item.price.product_name);
        let lines = vec![self.line(&item.price, 1, 0, (start, end), origin, description)];
        let mut invoice = self.new_invoice("subscription_create", start, lines);
        invoice.subscription = Some(id);
        self.bill_and_carry_on(invoice, "trial: an invoice of nothing");
    }

    pub fn voided(&mut self) {
        let (mut invoice, finalized) = self.sent_invoice();
        invoice.voided_at = Some(self.later(finalized, DAY, 12 * DAY));
        invoice.status = "void";
        self.account.note(&invoice.id, "invoice voided before it was paid");
        self.store_invoice(&invoice);
    }

    pub fn uncollectible(&mut self) {
        let (mut invoice, tried) = self.declined_invoice();
        let given_up = self.later(tried, 14 * DAY, 28 * DAY);
        invoice.uncollectible_at = Some(given_up);
        invoice.status = "uncollectible";
        self.customer.delinquent = true;
        self.cancel_subscription(given_up);
        self.account.note(&invoice.id, "invoice given up as uncollectible");
        self.store_invoice(&invoice);
    }

    pub fn unpaid(&mut self) {
        let (invoice, _) = self.sent_invoice();
        self.account.note(&invoice.id, "invoice still open at the end");
        self.store_invoice(&invoice);
    }

    pub fn draft(&mut self) {
        let invoice = self.manual_draft();
        self.account.note(&invoice.id, "invoice that nobody finalized");
        self.store_invoice(&invoice);
    }
}
