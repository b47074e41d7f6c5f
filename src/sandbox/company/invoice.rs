//! An invoice while it is being made: its lines, what discounts and taxes do to them, its totals.

use std::rc::Rc;

use super::catalogue::{Coupon, ShippingRate, TaxRate, Worth};
use super::price::Price;
use super::round::{share, spread};

/// A coupon in use.
#[derive(Debug, Clone)]
pub struct Discount {
    pub id: String,
    pub coupon: Rc<Coupon>,
}

/// Tax at one rate.
#[derive(Debug, Clone)]
pub struct Tax {
    pub rate: Rc<TaxRate>,
    pub amount: i64,
    pub taxable: i64,
}

impl Tax {
    /// The taxes on `amount`, which contains those of inclusive rates already. All rates of a line
    /// are inclusive, or none is.
    pub fn on(amount: i64, rates: &[Rc<TaxRate>]) -> Vec<Self> {
        const WHOLE: i64 = 100_000; // thousandths of a percent
        let included: Vec<i64> =
            rates.iter().filter(|rate| rate.inclusive).map(|rate| rate.thousandths).collect();
        let net = share(amount, WHOLE, WHOLE + included.iter().sum::<i64>());
        // Rounded together, so that the parts are what the price contains.
        let mut parts = spread(amount - net, &included).into_iter();
        let tax = |rate: &Rc<TaxRate>| {
            let (tax, taxable) = if rate.inclusive {
                (parts.next().unwrap_or_default(), net)
            } else {
                (share(amount, rate.thousandths, WHOLE), amount)
            };
            Self { rate: Rc::clone(rate), amount: tax, taxable }
        };
        rates.iter().map(tax).collect()
    }

    pub fn reason(&self) -> &'static str {
        if self.rate.thousandths == 0 { "zero_rated" } else { "standard_rated" }
    }

    /// What it adds on top of the amount it was computed from.
    pub fn added(&self) -> i64 {
        if self.rate.inclusive { 0 } else { self.amount }
    }

    pub fn included(&self) -> i64 {
        self.amount - self.added()
    }
}

/// Where a line comes from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A one-off invoice item.
    Item {
        invoice_item: String,
    },
    Subscription {
        subscription: String,
        item: String,
    },
    /// A change in the middle of a period; what it credits is an earlier invoice and its line.
    Proration {
        subscription: String,
        item: String,
        invoice_item: String,
        credited: Option<(String, String)>,
    },
}

#[derive(Debug, Clone)]
pub struct Line {
    pub id: String,
    pub price: Rc<Price>,
    pub description: String,
    pub quantity: i64,
    /// Before discounts; with inclusive and without exclusive tax. Negative when it credits.
    pub amount: i64,
    pub period: (i64, i64),
    pub origin: Origin,
    /// Discounts on this line alone.
    pub own_discounts: Vec<Discount>,
    /// What each discount takes off, those of the invoice included.
    pub discount_amounts: Vec<(String, i64)>,
    pub taxes: Vec<Tax>,
}

impl Line {
    pub fn discounted(&self) -> i64 {
        self.amount - self.discount_total()
    }

    pub fn discount_total(&self) -> i64 {
        self.discount_amounts.iter().map(|(_, amount)| amount).sum()
    }

    /// What the line adds to the invoice's total.
    pub fn total(&self) -> i64 {
        self.discounted() + self.taxes.iter().map(Tax::added).sum::<i64>()
    }

    fn take_off(&mut self, discount: &Discount, amount: i64) {
        if amount != 0 {
            self.discount_amounts.push((discount.id.clone(), amount));
        }
    }
}

#[derive(Debug, Clone)]
pub struct Shipping {
    pub rate: Rc<ShippingRate>,
    pub taxes: Vec<Tax>,
}

impl Shipping {
    pub fn tax_amount(&self) -> i64 {
        self.taxes.iter().map(|tax| tax.amount).sum()
    }

    /// Before any tax.
    pub fn subtotal(&self) -> i64 {
        self.rate.amount - self.taxes.iter().map(Tax::included).sum::<i64>()
    }

    pub fn total(&self) -> i64 {
        self.subtotal() + self.tax_amount()
    }
}

/// An invoice as it stands at the end of the company's span.
#[derive(Debug, Clone)]
pub struct Invoice {
    pub id: String,
    pub currency: &'static str,
    pub created: i64,
    pub number: Option<String>,
    pub billing_reason: &'static str,
    pub subscription: Option<String>,
    pub lines: Vec<Line>,
    pub discounts: Vec<Discount>,
    pub tax_rates: Vec<Rc<TaxRate>>,
    pub shipping: Option<Shipping>,
    /// The window in which items were gathered.
    pub period: (i64, i64),
    /// Sent to the customer to be paid by then, rather than charged.
    pub due_date: Option<i64>,
    /// `draft`, `open`, `paid`, `uncollectible`, `void`.
    pub status: &'static str,
    pub finalized_at: Option<i64>,
    pub paid_at: Option<i64>,
    pub voided_at: Option<i64>,
    pub uncollectible_at: Option<i64>,
    pub attempts: i64,
    pub starting_balance: i64,
    pub ending_balance: Option<i64>,
    pub pre_payment_credit: i64,
    pub post_payment_credit: i64,
    /// How many credit notes there are on it.
    pub credit_notes: usize,
    pub amount_paid: i64,
    pub amount_paid_off_stripe: i64,
    /// What was paid beyond the amount due; it became credit.
    pub amount_overpaid: i64,
    /// The invoice that this one replaces.
    pub revises: Option<String>,
    /// The invoice that replaced this one.
    pub latest_revision: Option<String>,
}

impl Invoice {
    /// Computes what discounts and tax do to each line. Discounts stack: a line's own come first,
    /// and each takes from what the ones before it left.
    pub fn price(&mut self) {
        for line in &mut self.lines {
            for discount in line.own_discounts.clone() {
                let amount = match discount.coupon.worth {
                    Worth::Percent(tenths) => share(line.discounted(), tenths, 1_000),
                    Worth::Amount(minor, _) => minor.min(line.discounted()),
                };
                line.take_off(&discount, amount);
            }
        }
        for discount in self.discounts.clone() {
            let left: Vec<i64> = self.lines.iter().map(|line| line.discounted().max(0)).collect();
            let parts = match discount.coupon.worth {
                Worth::Percent(tenths) => left.iter().map(|a| share(*a, tenths, 1_000)).collect(),
                Worth::Amount(minor, _) => spread(minor.min(left.iter().sum()), &left),
            };
            for (line, part) in self.lines.iter_mut().zip(parts) {
                line.take_off(&discount, part);
            }
        }
        for line in &mut self.lines {
            line.taxes = Tax::on(line.discounted(), &self.tax_rates);
        }
    }

    pub fn subtotal(&self) -> i64 {
        self.lines.iter().map(|line| line.amount).sum()
    }

    pub fn total(&self) -> i64 {
        let shipping = self.shipping.as_ref().map_or(0, Shipping::total);
        self.lines.iter().map(Line::total).sum::<i64>() + shipping
    }

    /// Every tax on the invoice, that on shipping included.
    pub fn taxes(&self) -> impl Iterator<Item = &Tax> {
        let shipping = self.shipping.iter().flat_map(|shipping| &shipping.taxes);
        self.lines.iter().flat_map(|line| &line.taxes).chain(shipping)
    }

    pub fn amount_due(&self) -> i64 {
        let balance = self.starting_balance - self.ending_balance.unwrap_or(self.starting_balance);
        (self.total() + balance - self.pre_payment_credit).max(0)
    }

    pub fn amount_remaining(&self) -> i64 {
        self.amount_due() - self.amount_paid
    }

    /// An open invoice with nothing left to pay is paid.
    pub fn settle_if_nothing_is_due(&mut self, at: i64) {
        if self.status == "open" && self.amount_remaining() == 0 {
            self.status = "paid";
            self.paid_at = Some(at);
        }
    }

    /// The discounts of the invoice and of its lines, each with what it takes off in all.
    pub fn discount_totals(&self) -> Vec<(String, i64)> {
        summed(self.lines.iter().flat_map(|line| line.discount_amounts.iter().cloned()))
    }
}

/// Sums the amounts of equal keys, in the order in which the keys first appear.
pub fn summed<K: PartialEq>(pairs: impl Iterator<Item = (K, i64)>) -> Vec<(K, i64)> {
    let mut sums: Vec<(K, i64)> = Vec::new();
    for (key, amount) in pairs {
        match sums.iter_mut().find(|(seen, _)| *seen == key) {
            Some((_, sum)) => *sum += amount,
            None => sums.push((key, amount)),
        }
    }
    sums
}
