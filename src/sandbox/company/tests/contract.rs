//! Holds generated objects against a table of Stripe's fields, where one is at hand.
//!
//! `TIEOUT_CONTRACT_DATA` names a folder with two files. `stripe/objects-2026-10-28.json` has for
//! each object type its fields, each with a type, and whether it may be absent or null;
//! `stripe/enums-2026-10-28.json` has the values of each enumeration. Both are made from the
//! declarations of Stripe's own SDK and are not part of the project.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::companies;
use crate::sandbox::stripe::world::World;

#[derive(Deserialize)]
struct Field {
    #[serde(rename = "type")]
    kind: String,
    optional: bool,
    nullable: bool,
}

#[derive(Deserialize)]
struct Enumeration {
    values: Vec<String>,
}

/// What Stripe documents.
#[derive(Deserialize)]
struct Table {
    #[serde(default)]
    objects: BTreeMap<String, BTreeMap<String, Field>>,
    #[serde(default)]
    enums: BTreeMap<String, Enumeration>,
}

impl Table {
    fn read(folder: &Path) -> Self {
        let part = |name: &str| -> Self {
            let file = folder.join("stripe").join(name);
            serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
        };
        Self { enums: part("enums-2026-10-28.json").enums, ..part("objects-2026-10-28.json") }
    }
}

/// The SDK's type for each kind of object.
const TYPES: [(&str, &str); 25] = [
    ("balance_transaction", "BalanceTransaction"),
    ("charge", "Charge"),
    ("coupon", "Coupon"),
    ("credit_note", "CreditNote"),
    ("customer", "Customer"),
    ("customer_balance_transaction", "CustomerBalanceTransaction"),
    ("discount", "Discount"),
    ("dispute", "Dispute"),
    ("invoice", "Invoice"),
    ("invoice_payment", "InvoicePayment"),
    ("payment_intent", "PaymentIntent"),
    ("payout", "Payout"),
    ("price", "Price"),
    ("product", "Product"),
    ("refund", "Refund"),
    ("shipping_rate", "ShippingRate"),
    ("subscription", "Subscription"),
    ("tax_rate", "TaxRate"),
    ("application_fee", "ApplicationFee"),
    ("payment_record", "PaymentRecord"),
    ("reserve_transaction", "ReserveTransaction"),
    ("topup", "Topup"),
    ("transfer", "Transfer"),
    ("account", "Account"),
    ("balance", "Balance"),
];

/// What is wrong with `value` as a `name`, with the path of each place.
fn compare(table: &Table, name: &str, value: &Value, path: &str, wrong: &mut Vec<String>) {
    let (Some(fields), Some(object)) = (table.objects.get(name), value.as_object()) else { return };
    for (field, rule) in fields {
        let path = format!("{path}.{field}");
        match object.get(field) {
            None if !rule.optional => wrong.push(format!("{path} is missing")),
            Some(Value::Null) if !rule.nullable => wrong.push(format!("{path} is null")),
            None | Some(Value::Null) => {}
            Some(value) => compare_field(table, name, &rule.kind, value, &path, wrong),
        }
    }
    for field in object.keys().filter(|field| !fields.contains_key(*field)) {
        wrong.push(format!("{path}.{field} is unknown"));
    }
}

fn compare_field(
    table: &Table,
    owner: &str,
    kind: &str,
    value: &Value,
    path: &str,
    wrong: &mut Vec<String>,
) {
    let inner = |wrapper: &str| kind.strip_prefix(wrapper)?.strip_suffix('>');
    if let Some(of) = inner("Array<") {
        let Some(items) = value.as_array() else {
            return wrong.push(format!("{path} is no array"));
        };
        return items.iter().for_each(|v| compare_field(table, owner, of, v, path, wrong));
    }
    if let Some(of) = inner("ApiList<") {
        let items = value["data"].as_array().into_iter().flatten();
        return items.for_each(|v| compare_field(table, owner, of, v, path, wrong));
    }
    let fits = kind.split(" | ").any(|kind| {
        // Nested types are named after their owner and their own last part.
        let nested = format!("{owner}.{}", kind.rsplit('.').next().unwrap_or(kind));
        match (kind, value) {
            ("string" | "Decimal", Value::String(_))
            | ("number", Value::Number(_))
            | ("boolean", Value::Bool(_)) => true,
            (literal, Value::String(text)) if literal.starts_with('\'') => {
                literal.trim_matches('\'') == text
            }
            (_, Value::String(text)) => match table.enums.get(&nested) {
                Some(known) => known.values.contains(text),
                None => !table.objects.contains_key(&nested) && kind.contains('.'),
            },
            (_, Value::Object(_)) => {
                let name = if table.objects.contains_key(&nested) { &nested } else { kind };
                compare(table, name, value, path, wrong);
                true
            }
            _ => false,
        }
    });
    if !fits {
        wrong.push(format!("{path} is no {kind}: {value}"));
    }
}

#[test]
fn every_object_has_the_fields_that_stripe_documents() {
    let Some(folder) = std::env::var_os("TIEOUT_CONTRACT_DATA") else { return };
    let table = Table::read(Path::new(&folder));
    let mut wrong = Vec::new();
    for (company, _) in companies() {
        check_world(&table, &company.world, &mut wrong);
    }
    wrong.retain(|line| !NEWER_OR_OLDER.iter().any(|value| line.ends_with(value)));
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Types of balance transactions outside the list: one that reports name, one of tomorrow.
const NEWER_OR_OLDER: [&str; 2] = ["\"network_cost\"", "\"moon_landing_fee\""];

fn check_world(table: &Table, world: &World, wrong: &mut Vec<String>) {
    let mut check = |kind: &str, text: &str| {
        let (_, name) = TYPES.iter().find(|(known, _)| *known == kind).unwrap();
        let value = serde_json::from_str(text).unwrap();
        compare(table, name, &value, kind, wrong);
    };
    for kind in world.kinds() {
        for stored in world.objects(kind) {
            check(kind, &stored.json);
        }
    }
    check("account", world.account());
    check("balance", world.balance());
}
