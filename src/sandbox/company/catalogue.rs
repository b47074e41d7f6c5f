//! What the company sells and how prices are changed: products, prices, coupons, tax rates.

use std::rc::Rc;

use super::rng::Ids;
use super::round::share;
use super::shapes::catalogue as shape;
use crate::sandbox::stripe::world::World;

/// Something the company sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    Team,
    Business,
    Seats,
    /// Calls of the API, counted: the first thousand of a month are free.
    Usage,
    Scanner,
    Onboarding,
}

/// What a product costs in dollars, euro, pounds and yen, in minor units, each month or once;
/// usage: in tenths of a minor unit for one call.
const ITEMS: [(Item, &str, bool, [i64; 4]); 6] = [
    (Item::Team, "Saltmarsh Team", true, [4_900, 4_500, 3_900, 7_200]),
    (Item::Business, "Saltmarsh Business", true, [14_950, 13_900, 11_900, 21_800]),
    (Item::Seats, "Extra seats", true, [1_215, 1_099, 990, 1_480]),
    (Item::Usage, "API calls", true, [12, 11, 9, 15]),
    (Item::Scanner, "Barcode scanner", false, [21_999, 20_499, 17_995, 32_500]),
    (Item::Onboarding, "Onboarding session", false, [35_000, 32_000, 28_000, 52_000]),
];
const CURRENCIES: [&str; 4] = ["usd", "eur", "gbp", "jpy"];
/// Calls that cost nothing.
const FREE_CALLS: i64 = 1_000;
/// A year costs ten months.
const MONTHS_IN_YEARLY_PRICE: i64 = 10;

#[derive(Debug)]
pub struct Product {
    pub id: String,
    pub name: &'static str,
    pub shippable: bool,
}

#[derive(Debug)]
pub struct Price {
    pub id: String,
    pub item: Item,
    pub product: String,
    pub product_name: &'static str,
    pub currency: &'static str,
    /// `month`, `year`, or once.
    pub interval: Option<&'static str>,
    pub unit_amount: i64,
    pub created: i64,
}

impl Price {
    pub fn is_tiered(&self) -> bool {
        self.item == Item::Usage
    }

    /// What `quantity` of it costs.
    pub fn amount(&self, quantity: i64) -> i64 {
        if self.is_tiered() {
            share((quantity - FREE_CALLS).max(0), self.unit_amount, 10)
        } else {
            quantity * self.unit_amount
        }
    }

    /// The unit amount as Stripe shows it: none where it depends on the quantity.
    pub fn shown_unit_amount(&self) -> Option<i64> {
        (!self.is_tiered()).then_some(self.unit_amount)
    }
}

#[derive(Debug)]
pub struct TaxRate {
    pub id: String,
    pub key: &'static str,
    pub name: &'static str,
    /// Thousandths of a percent: 8,875 is 8.875 %.
    pub thousandths: i64,
    pub inclusive: bool,
    pub country: &'static str,
    pub state: Option<&'static str>,
    pub kind: &'static str,
    pub created: i64,
}

#[derive(Debug)]
pub struct Coupon {
    pub id: &'static str,
    pub name: &'static str,
    pub worth: Worth,
}

#[derive(Debug, Clone, Copy)]
pub enum Worth {
    /// Tenths of a percent.
    Percent(i64),
    /// Minor units of a currency.
    Amount(i64, &'static str),
}

#[derive(Debug)]
pub struct ShippingRate {
    pub id: String,
    pub amount: i64,
    pub currency: &'static str,
}

/// Everything in the catalogue, shared by all customers.
#[derive(Debug)]
pub struct Catalogue {
    products: Vec<Product>,
    prices: Vec<Rc<Price>>,
    tax_rates: Vec<Rc<TaxRate>>,
    coupons: Vec<Rc<Coupon>>,
    shipping_rates: Vec<Rc<ShippingRate>>,
    created: i64,
}

impl Catalogue {
    pub fn new(ids: &mut Ids, created: i64) -> Self {
        let mut products = Vec::new();
        let mut prices = Vec::new();
        for (item, name, recurring, amounts) in ITEMS {
            let id = ids.next("prod");
            for (currency, amount) in CURRENCIES.into_iter().zip(amounts) {
                let mut offer = |interval, unit_amount| {
                    let (id, product) = (ids.next("price"), id.clone());
                    let product_name = name;
                    prices.push(Rc::new(Price {
                        id,
                        item,
                        product,
                        product_name,
                        currency,
                        interval,
                        unit_amount,
                        created,
                    }));
                };
                if recurring {
                    offer(Some("month"), amount);
                    offer(Some("year"), amount * MONTHS_IN_YEARLY_PRICE);
                } else {
                    offer(None, amount);
                }
            }
            products.push(Product { id, name, shippable: item == Item::Scanner });
        }
        let shipping_rates = CURRENCIES
            .into_iter()
            .zip([1_250, 1_190, 995, 1_800])
            .map(|(currency, amount)| {
                Rc::new(ShippingRate { id: ids.next("shr"), amount, currency })
            })
            .collect();
        let tax_rates = tax_rates(ids, created);
        Self { products, prices, tax_rates, coupons: coupons(), shipping_rates, created }
    }

    /// Puts every object of the catalogue into `world`.
    pub fn store(&self, world: &mut World) {
        let created = self.created;
        for product in &self.products {
            let price = self.prices.iter().find(|price| price.product == product.id);
            world.insert(&shape::product(product, price.map(|price| price.id.as_str()), created));
        }
        for price in &self.prices {
            world.insert(&shape::price(price));
        }
        for rate in &self.tax_rates {
            world.insert(&shape::tax_rate(rate));
        }
        for coupon in &self.coupons {
            world.insert(&shape::coupon(coupon, created));
        }
        for rate in &self.shipping_rates {
            world.insert(&shape::shipping_rate(rate, created));
        }
    }

    pub fn price(&self, item: Item, currency: &str, interval: Option<&str>) -> Rc<Price> {
        let found = self.prices.iter().find(|price| {
            price.item == item && price.currency == currency && price.interval == interval
        });
        Rc::clone(found.expect("every item is priced in every currency"))
    }

    pub fn tax_rate(&self, key: &str) -> Rc<TaxRate> {
        let found = self.tax_rates.iter().find(|rate| rate.key == key);
        Rc::clone(found.expect("every market names a rate of the catalogue"))
    }

    pub fn percent_coupon(&self, which: usize) -> Rc<Coupon> {
        let percent: Vec<_> =
            self.coupons.iter().filter(|c| matches!(c.worth, Worth::Percent(_))).collect();
        Rc::clone(percent[which % percent.len()])
    }

    pub fn amount_coupon(&self, currency: &str) -> Rc<Coupon> {
        let found = self.coupons.iter().find(|c| match c.worth {
            Worth::Amount(_, of) => of == currency,
            Worth::Percent(_) => false,
        });
        Rc::clone(found.expect("there is an amount coupon in every currency"))
    }

    pub fn shipping_rate(&self, currency: &str) -> Rc<ShippingRate> {
        let found = self.shipping_rates.iter().find(|rate| rate.currency == currency);
        Rc::clone(found.expect("there is a shipping rate in every currency"))
    }
}

fn tax_rates(ids: &mut Ids, created: i64) -> Vec<Rc<TaxRate>> {
    [
        ("NY", "Sales tax", 8_875, false, "US", Some("NY"), "sales_tax"),
        ("DE", "MwSt.", 19_000, true, "DE", None, "vat"),
        ("GB", "VAT", 20_000, true, "GB", None, "vat"),
        ("JP", "JCT", 10_000, false, "JP", None, "jct"),
    ]
    .into_iter()
    .map(|(key, name, thousandths, inclusive, country, state, kind)| {
        let id = ids.next("txr");
        Rc::new(TaxRate { id, key, name, thousandths, inclusive, country, state, kind, created })
    })
    .collect()
}

/// Coupon ids are chosen by people, so they look unlike all others.
fn coupons() -> Vec<Rc<Coupon>> {
    [
        ("WELCOME20", "20 % off", Worth::Percent(200)),
        ("NONPROFIT", "12.5 % off for non-profits", Worth::Percent(125)),
        ("TEN-USD", "$10 off", Worth::Amount(1_000, "usd")),
        ("TEN-EUR", "10 € off", Worth::Amount(1_000, "eur")),
        ("TEN-GBP", "£10 off", Worth::Amount(1_000, "gbp")),
        ("SEN-JPY", "¥1,000 off", Worth::Amount(1_000, "jpy")),
    ]
    .into_iter()
    .map(|(id, name, worth)| Rc::new(Coupon { id, name, worth }))
    .collect()
}
