//! Products, prices, coupons, discounts, tax rates, shipping rates.

use serde_json::{Value, json};

use super::super::catalogue::{Coupon, Product, ShippingRate, TaxRate, Worth};
use super::super::price::{PACKAGE, Price, Scheme};
use super::decimal;

pub fn product(product: &Product, default_price: Option<&str>, created: i64) -> Value {
    json!({
        "id": product.id,
        "object": "product",
        "active": true,
        "created": created,
        "default_price": default_price,
        "description": null,
        "images": [],
        "livemode": false,
        "marketing_features": [],
        "metadata": {},
        "name": product.name,
        "package_dimensions": null,
        "shippable": product.shippable.then_some(true),
        "statement_descriptor": null,
        "tax_code": null,
        "tax_details": null,
        "type": if product.shippable { "good" } else { "service" },
        "unit_label": null,
        "updated": created,
        "url": null,
    })
}

pub fn price(price: &Price) -> Value {
    let recurring = price.interval.map(|interval| {
        json!({
            "interval": interval, "interval_count": 1, "meter": null, "trial_period_days": null,
            "usage_type": usage_type(price),
        })
    });
    json!({
        "id": price.id,
        "object": "price",
        "active": true,
        "billing_scheme": billing_scheme(price),
        "created": price.created,
        "currency": price.currency,
        "custom_unit_amount": null,
        "livemode": false,
        "lookup_key": null,
        "metadata": {},
        "nickname": null,
        "product": price.product,
        "recurring": recurring,
        "tax_behavior": "unspecified",
        "tiers_mode": price.tiers_mode(),
        "transform_quantity": transform(price),
        "type": if price.interval.is_some() { "recurring" } else { "one_time" },
        "unit_amount": price.shown_unit_amount(),
        "unit_amount_decimal": price.shown_decimal(),
    })
}

pub fn billing_scheme(price: &Price) -> &'static str {
    if price.is_tiered() { "tiered" } else { "per_unit" }
}

pub fn usage_type(price: &Price) -> &'static str {
    if price.is_counted() { "metered" } else { "licensed" }
}

/// How a quantity becomes the number of packages that are paid for.
pub fn transform(price: &Price) -> Option<Value> {
    let packages = price.scheme == Scheme::Package;
    packages.then(|| json!({"divide_by": PACKAGE, "round": "up"}))
}

pub fn coupon(coupon: &Coupon, created: i64) -> Value {
    let (percent, amount, currency) = match coupon.worth {
        Worth::Percent(tenths) => (Some(decimal(tenths, 1)), None, None),
        Worth::Amount(minor, currency) => (None, Some(minor), Some(currency)),
    };
    json!({
        "id": coupon.id,
        "object": "coupon",
        "amount_off": amount,
        "created": created,
        "currency": currency,
        "duration": "forever",
        "duration_in_months": null,
        "livemode": false,
        "max_redemptions": null,
        "metadata": {},
        "name": coupon.name,
        "percent_off": percent,
        "redeem_by": null,
        "times_redeemed": 0,
        "valid": true,
    })
}

/// A coupon in use; lists show only its id unless it is expanded.
pub fn discount(id: &str, coupon: &Coupon, customer: &str, place: &Place, start: i64) -> Value {
    json!({
        "id": id,
        "object": "discount",
        "checkout_session": null,
        "customer": customer,
        "customer_account": null,
        "end": null,
        "invoice": place.invoice,
        "invoice_item": place.invoice_item,
        "promotion_code": null,
        "source": {"coupon": coupon.id, "type": "coupon"},
        "start": start,
        "subscription": null,
        "subscription_item": null,
    })
}

/// What a discount was put on.
#[derive(Debug, Clone, Default)]
pub struct Place {
    pub invoice: Option<String>,
    pub invoice_item: Option<String>,
}

pub fn tax_rate(rate: &TaxRate) -> Value {
    json!({
        "id": rate.id,
        "object": "tax_rate",
        "active": true,
        "country": rate.country,
        "created": rate.created,
        "description": null,
        "display_name": rate.name,
        "effective_percentage": decimal(rate.thousandths, 3),
        "flat_amount": null,
        "inclusive": rate.inclusive,
        "jurisdiction": rate.state.unwrap_or(rate.country),
        "jurisdiction_level": if rate.state.is_some() { "state" } else { "country" },
        "livemode": false,
        "metadata": {},
        "percentage": decimal(rate.thousandths, 3),
        "rate_type": "percentage",
        "state": rate.state,
        "tax_type": rate.kind,
    })
}

pub fn shipping_rate(rate: &ShippingRate, created: i64) -> Value {
    json!({
        "id": rate.id,
        "object": "shipping_rate",
        "active": true,
        "created": created,
        "delivery_estimate": null,
        "display_name": "Parcel",
        "fixed_amount": {"amount": rate.amount, "currency": rate.currency},
        "livemode": false,
        "metadata": {},
        "tax_behavior": "unspecified",
        "tax_code": null,
        "type": "fixed_amount",
    })
}
