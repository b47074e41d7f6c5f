//! The full JSON of each kind of object, at API version 2026-10-28.
//!
//! Belongs here: field names and the values nobody asks about. What the interesting values are is
//! decided elsewhere and handed in.

pub mod account;
pub mod balance_transaction;
pub mod catalogue;
pub mod charge;
pub mod connect;
pub mod credit_note;
pub mod customer;
pub mod dispute;
pub mod invoice;
pub mod invoice_payment;
pub mod movements;
pub mod payout;
pub mod refund;
pub mod subscription;

use serde_json::{Number, Value, json};

/// A list inside an object, complete.
fn list(url: &str, data: Vec<Value>) -> Value {
    let mut list = json!({"object": "list", "url": url, "has_more": false});
    list["data"] = Value::Array(data);
    list
}

/// A JSON number from a count of `10^-places`, exactly: no float is ever computed with.
fn decimal(units: i64, places: u32) -> Value {
    let scale = 10_i64.pow(places);
    let width = usize::try_from(places).expect("a handful of places");
    let text = format!("{}.{:0width$}", units / scale, units % scale);
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

/// One object of the fields of several.
fn joined<const N: usize>(parts: [Value; N]) -> Value {
    let mut whole = serde_json::Map::new();
    for part in parts {
        if let Value::Object(fields) = part {
            whole.extend(fields);
        }
    }
    Value::Object(whole)
}
