//! Subscriptions and the invoices they give rise to.

use std::rc::Rc;

use super::catalogue::Item;
use super::customer::Thread;
use super::days::{self, DAY, HOUR};
use super::invoice::{Invoice, Line, Origin};
use super::price::Price;

#[derive(Debug, Clone)]
pub struct SubscriptionItem {
    pub id: String,
    pub price: Rc<Price>,
    pub quantity: i64,
}

#[derive(Debug, Clone)]
pub struct Subscription {
    pub id: String,
    pub currency: &'static str,
    pub items: Vec<SubscriptionItem>,
    pub created: i64,
    pub anchor: i64,
    months_in_period: u32,
    /// How many periods have been billed.
    billed: u32,
    pub trial: Option<(i64, i64)>,
    pub status: &'static str,
    pub canceled_at: Option<i64>,
    pub latest_invoice: Option<String>,
}

impl Subscription {
    /// The `index`th period: always counted from the anchor, so that the 31st comes back.
    fn period(&self, index: u32) -> (i64, i64) {
        let start = |index| days::months_after(self.anchor, index * self.months_in_period);
        (start(index), start(index + 1))
    }

    /// Bills by the month from `at` on.
    pub fn restart_monthly(&mut self, at: i64) {
        (self.anchor, self.months_in_period, self.billed) = (at, 1, 0);
    }

    /// The period billed last.
    pub fn current_period(&self) -> (i64, i64) {
        match self.trial {
            Some(trial) if self.billed == 0 => trial,
            _ => self.period(self.billed.saturating_sub(1)),
        }
    }
}

/// What a customer signs up for.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Items with their quantities.
    pub items: Vec<(Item, i64)>,
    /// `month` or `year`.
    pub interval: &'static str,
}

impl Plan {
    pub fn of(item: Item, interval: &'static str) -> Self {
        Self { items: vec![(item, 1)], interval }
    }

    #[must_use]
    pub fn and(mut self, item: Item, quantity: i64) -> Self {
        self.items.push((item, quantity));
        self
    }
}

impl Thread<'_> {
    /// Any time in the first month of the span, so that there is room for what follows.
    pub fn draw_start(&mut self) -> i64 {
        let length = self.account.span.now - self.account.span.first;
        self.account.span.first + self.rng.between(HOUR, (length - DAY).min(31 * DAY))
    }

    /// Any time in the span.
    pub fn draw_any_time(&mut self) -> i64 {
        let length = self.account.span.now - self.account.span.first;
        self.account.span.first + self.rng.between(HOUR, length - HOUR)
    }

    /// Something anyone might sign up for.
    pub fn draw_plan(&mut self, interval: &'static str) -> Plan {
        let item = if self.rng.percent(35) { Item::Business } else { Item::Team };
        let mut plan = Plan::of(item, interval);
        if self.rng.percent(30) {
            plan = plan.and(Item::Seats, self.rng.between(1, 19));
        }
        // Calls are counted by the month.
        if interval == "month" && self.rng.percent(15) {
            plan = plan.and(Item::Usage, 1);
        }
        plan
    }

    pub fn subscribe(&mut self, plan: &Plan, anchor: i64) {
        let currency = self.customer.market.currency();
        let mut items = Vec::new();
        for (item, quantity) in &plan.items {
            let price = self.catalogue.price(*item, currency, Some(plan.interval));
            items.push(SubscriptionItem { id: self.id("si"), price, quantity: *quantity });
        }
        self.subscription = Some(Subscription {
            id: self.id("sub"),
            currency,
            items,
            created: anchor,
            anchor,
            months_in_period: if plan.interval == "year" { 12 } else { 1 },
            billed: 0,
            trial: None,
            status: "active",
            canceled_at: None,
            latest_invoice: None,
        });
    }

    /// The invoice of the next period, as a draft; `None` when that period lies beyond the span.
    pub fn next_invoice(&mut self) -> Option<Invoice> {
        let subscription = self.subscription.as_ref()?;
        let period = subscription.period(subscription.billed);
        let previous = subscription.current_period();
        if period.0 >= self.account.span.now || subscription.canceled_at.is_some() {
            return None;
        }
        let first = subscription.billed == 0 && subscription.trial.is_none();
        let (id, items) = (subscription.id.clone(), subscription.items.clone());
        let mut lines = Vec::new();
        for item in items {
            let price = &item.price;
            // What is counted is billed when its period is over, all else before.
            let (quantity, period) = match price.is_counted() {
                true if first => continue,
                true => (self.rng.between(0, 40_000), previous),
                false => (item.quantity, period),
            };
            for part in price.parts(quantity) {
                let description = format!("{} ({})", part.what, per(price));
                let (subscription, item) = (id.clone(), item.id.clone());
                let origin = Origin::Subscription { subscription, item };
                lines.push(self.line(
                    price,
                    part.quantity,
                    part.amount,
                    period,
                    origin,
                    description,
                ));
            }
        }
        let reason = if first { "subscription_create" } else { "subscription_cycle" };
        let mut invoice = self.new_invoice(reason, period.0, lines);
        invoice.subscription = Some(id);
        invoice.period = (previous.0, period.0);
        if let Some(subscription) = &mut self.subscription {
            subscription.billed += 1;
            subscription.latest_invoice = Some(invoice.id.clone());
        }
        Some(invoice)
    }

    /// The first invoice of a new subscription.
    pub fn first_invoice(&mut self, plan: &Plan) -> Invoice {
        let start = self.draw_start();
        self.subscribe(plan, start);
        self.next_invoice().expect("a subscription starts inside the span")
    }

    /// A line that credits (negative) or bills an item for what is left of a period; what it
    /// credits is an earlier invoice and its line.
    pub fn proration(
        &mut self,
        of: (&SubscriptionItem, i64),
        part: (i64, i64),
        credited: Option<(String, String)>,
    ) -> Line {
        let (item, amount) = of;
        let verb = if amount < 0 { "Unused" } else { "Remaining" };
        let description =
            format!("{verb} time on {} after {}", item.price.product_name, days::words(part.0));
        let origin = Origin::Proration {
            subscription: self.subscription.as_ref().map_or_else(String::new, |s| s.id.clone()),
            item: item.id.clone(),
            invoice_item: self.id("ii"),
            credited,
        };
        self.line(&item.price, item.quantity, amount, part, origin, description)
    }

    /// Draws the bill of every period that is left, and has each paid by the customer's method.
    pub fn carry_on(&mut self) {
        while let Some(mut invoice) = self.next_invoice() {
            if let Some(charge) = self.bill(&mut invoice) {
                self.store_charge(&charge);
            }
            self.store_invoice(&invoice);
        }
    }
}

fn per(price: &Price) -> String {
    price.interval.map_or_else(|| "once".to_owned(), |interval| format!("per {interval}"))
}
