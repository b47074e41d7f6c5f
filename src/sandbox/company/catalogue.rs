//! What the company sells and how prices are changed: products, prices, coupons, tax rates.

use std::rc::Rc;

use super::price::{Price, Scheme};
use super::rng::Ids;
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
    // Rare.
    Storage,
    Messages,
    Labels,
    Minutes,
    Sticker,
}

/// What a product costs in dollars, euro, pounds and yen, in minor units, each month or once, or as
/// its scheme reads it.
type Row = (Item, &'static str, Scheme, bool, [i64; 4]);

const ITEMS: [Row; 6] = [
    (Item::Team, "Saltmarsh Team", Scheme::PerUnit, true, [4_900, 4_500, 3_900, 7_200]),
    (Item::Business, "Saltmarsh Business", Scheme::PerUnit, true, [14_950, 13_900, 11_900, 21_800]),
    (Item::Seats, "Extra seats", Scheme::PerUnit, true, [1_215, 1_099, 990, 1_480]),
    (Item::Usage, "API calls", Scheme::Calls, true, [12, 11, 9, 15]),
    (Item::Scanner, "Barcode scanner", Scheme::PerUnit, false, [21_999, 20_499, 17_995, 32_500]),
    (
        Item::Onboarding,
        "Onboarding session",
        Scheme::PerUnit,
        false,
        [35_000, 32_000, 28_000, 52_000],
    ),
];
/// What only companies that sell everything have.
const RARE_ITEMS: [Row; 5] = [
    (Item::Storage, "Storage", Scheme::Graduated, true, [390, 350, 310, 580]),
    (Item::Messages, "Messages", Scheme::Volume, true, [20, 18, 16, 30]),
    (Item::Labels, "Shipping labels", Scheme::Package, true, [1_990, 1_850, 1_590, 2_980]),
    (Item::Minutes, "Processing minutes", Scheme::Fraction, true, [35, 31, 27, 52]),
    (Item::Sticker, "Sticker", Scheme::PerUnit, false, [20, 20, 10, 20]),
];
const CURRENCIES: [&str; 4] = ["usd", "eur", "gbp", "jpy"];
/// Canadian dollars, Swiss francs, Kuwaiti dinars. Stripe rounds dinars to ten fils.
const RARE_CURRENCIES: [&str; 3] = ["cad", "chf", "kwd"];
const RARE_PRICES: [(Item, [i64; 3]); 6] = [
    (Item::Team, [6_500, 4_700, 15_250]),
    (Item::Business, [19_900, 14_200, 46_500]),
    (Item::Seats, [1_650, 1_150, 3_780]),
    (Item::Usage, [16, 11, 40]),
    (Item::Scanner, [29_900, 21_050, 68_400]),
    (Item::Onboarding, [47_500, 33_000, 108_990]),
];
/// A year costs ten months.
const MONTHS_IN_YEARLY_PRICE: i64 = 10;

#[derive(Debug)]
pub struct Product {
    pub id: String,
    pub name: &'static str,
    pub shippable: bool,
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
    /// The usual catalogue, or all that any company sells and in every currency.
    pub fn new(ids: &mut Ids, created: i64, is_whole: bool) -> Self {
        let mut catalogue = Self {
            products: Vec::new(),
            prices: Vec::new(),
            tax_rates: Vec::new(),
            coupons: coupons(),
            shipping_rates: Vec::new(),
            created,
        };
        for row in ITEMS {
            catalogue.sell(ids, row);
        }
        for (currency, amount) in CURRENCIES.into_iter().zip([1_250, 1_190, 995, 1_800]) {
            catalogue.ship_for(ids, amount, currency);
        }
        catalogue.tax_rates = tax_rates(ids, created, &USUAL_TAXES);
        if is_whole {
            catalogue.add_the_rare(ids);
        }
        catalogue
    }

    fn add_the_rare(&mut self, ids: &mut Ids) {
        for row in RARE_ITEMS {
            self.sell(ids, row);
        }
        for (item, amounts) in RARE_PRICES {
            let usual = self.prices.iter().find(|price| price.item == item);
            let usual = Rc::clone(usual.expect("what is sold abroad is sold at home"));
            for (currency, amount) in RARE_CURRENCIES.into_iter().zip(amounts) {
                self.offer(ids, &usual, currency, amount);
            }
        }
        for (currency, amount) in RARE_CURRENCIES.into_iter().zip([1_700, 1_150, 3_850]) {
            self.ship_for(ids, amount, currency);
        }
        self.tax_rates.extend(tax_rates(ids, self.created, &RARE_TAXES));
    }

    fn sell(&mut self, ids: &mut Ids, (item, name, scheme, recurring, amounts): Row) {
        let id = ids.next("prod");
        for (currency, amount) in CURRENCIES.into_iter().zip(amounts) {
            let like = Price {
                id: String::new(),
                item,
                scheme,
                product: id.clone(),
                product_name: name,
                currency,
                interval: recurring.then_some("month"),
                unit_amount: amount,
                created: self.created,
            };
            self.offer(ids, &like, currency, amount);
        }
        self.products.push(Product { id, name, shippable: item == Item::Scanner });
    }

    /// Prices what `like` prices, by the month and the year or once, in `currency`.
    fn offer(&mut self, ids: &mut Ids, like: &Price, currency: &'static str, amount: i64) {
        let intervals: &[(Option<&'static str>, i64)] = match like.interval {
            Some(_) => &[(Some("month"), 1), (Some("year"), MONTHS_IN_YEARLY_PRICE)],
            None => &[(None, 1)],
        };
        for &(interval, times) in intervals {
            self.prices.push(Rc::new(Price {
                id: ids.next("price"),
                product: like.product.clone(),
                currency,
                interval,
                unit_amount: amount * times,
                ..*like
            }));
        }
    }

    fn ship_for(&mut self, ids: &mut Ids, amount: i64, currency: &'static str) {
        self.shipping_rates.push(Rc::new(ShippingRate { id: ids.next("shr"), amount, currency }));
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

/// Key, name, thousandths of a percent, whether the price contains it, country, state, kind.
type Tax =
    (&'static str, &'static str, i64, bool, &'static str, Option<&'static str>, &'static str);

const USUAL_TAXES: [Tax; 4] = [
    ("NY", "Sales tax", 8_875, false, "US", Some("NY"), "sales_tax"),
    ("DE", "MwSt.", 19_000, true, "DE", None, "vat"),
    ("GB", "VAT", 20_000, true, "GB", None, "vat"),
    ("JP", "JCT", 10_000, false, "JP", None, "jct"),
];
const RARE_TAXES: [Tax; 5] = [
    ("GST", "GST", 5_000, false, "CA", None, "gst"),
    ("QST", "QST", 9_975, false, "CA", Some("QC"), "qst"),
    ("CH", "MWST", 8_100, true, "CH", None, "vat"),
    ("ZERO", "VAT", 0, false, "IE", None, "vat"),
    ("LEVY", "City levy", 2_000, true, "DE", Some("HH"), "tourism_tax"),
];

fn tax_rates(ids: &mut Ids, created: i64, taxes: &[Tax]) -> Vec<Rc<TaxRate>> {
    taxes
        .iter()
        .map(|&(key, name, thousandths, inclusive, country, state, kind)| {
            let id = ids.next("txr");
            let rate =
                TaxRate { id, key, name, thousandths, inclusive, country, state, kind, created };
            Rc::new(rate)
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
