//! Objects in the shape of Stripe's API, and parts of them.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tieout::ids::TaxRateId;
use tieout::stripe::objects::{TaxRate, read};

/// An invoice line of one piece, `il_<price>`.
pub(super) fn line(price: &str, amount: i64) -> Value {
    line_with(price, amount, &json!({}))
}

/// Like [`line`], with some fields changed.
pub(super) fn line_with(price: &str, amount: i64, fields: &Value) -> Value {
    let line = json!({
        "id": format!("il_{price}"), "object": "line_item", "amount": amount, "quantity": 1,
        "description": price, "discount_amounts": [], "pretax_credit_amounts": [], "taxes": [],
        "pricing": { "type": "price_details", "price_details": { "price": price, "product": null } },
        "parent": null,
    });
    with(line, fields)
}

/// A tax of 10% in a line's or an invoice's list of taxes; `behavior` is `inclusive` or `exclusive`.
pub(super) fn tax(amount: i64, behavior: &str) -> Value {
    tax_at("txr_10", amount, behavior)
}

/// A tax at a rate of its own.
pub(super) fn tax_at(rate: &str, amount: i64, behavior: &str) -> Value {
    json!({
        "amount": amount, "tax_behavior": behavior, "type": "tax_rate_details",
        "tax_rate_details": { "tax_rate": rate },
    })
}

/// The tax rates there are.
const RATES: [(&str, &str); 4] =
    [("txr_10", "10"), ("txr_ny", "4"), ("txr_nyc", "4.5"), ("txr_zero", "0")];

pub(super) fn rates() -> BTreeMap<TaxRateId, TaxRate> {
    RATES.iter().map(|(id, percentage)| rate(id, percentage)).collect()
}

fn rate(id: &str, percentage: &str) -> (TaxRateId, TaxRate) {
    let rate = json!({
        "id": id, "object": "tax_rate", "display_name": "Tax", "percentage": percentage,
        "inclusive": false,
    });
    (TaxRateId::new(id), parse(&rate))
}

/// A balance transaction `txn_<source>`; positive fees are charged, negative ones given back.
pub(super) fn movement(
    kind: &str,
    category: &str,
    source: &str,
    (amount, currency): (i64, &str),
    fee: i64,
) -> Value {
    json!({
        "id": txn(source), "object": "balance_transaction", "type": kind,
        "reporting_category": category, "source": source, "amount": amount, "fee": fee,
        "net": amount - fee, "currency": currency, "fee_details": [], "description": null,
        "exchange_rate": null, "status": "available",
    })
}

/// The object with some fields replaced.
pub(super) fn with(mut object: Value, fields: &Value) -> Value {
    let own = object.as_object_mut().expect("an object");
    let fields = fields.as_object().expect("an object").clone();
    own.extend(fields);
    object
}

pub(super) fn txn(source: &str) -> String {
    format!("txn_{source}")
}

pub(super) fn intent_of(charge: &str) -> String {
    format!("pi_{charge}")
}

pub(super) fn parse<T: DeserializeOwned>(object: &Value) -> T {
    read(object.to_string().as_bytes()).unwrap()
}
