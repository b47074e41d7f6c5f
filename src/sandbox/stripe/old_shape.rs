//! Objects as API versions before 2025-03-31 and 2025-09-30 showed them, as far as a reader of
//! invoices and payments notices.

use serde_json::{Map, Value, json};

use super::index::Index;

/// Since then an invoice no longer names its payment, nor a charge its invoice.
const BASIL: &str = "2025-03-31";
/// Since then a discount names its coupon through `source`.
const CLOVER: &str = "2025-09-30";

/// Whether a version shows any object differently from the newest.
pub(super) fn is_old(version: &str) -> bool {
    date(version) < CLOVER
}

fn date(version: &str) -> &str {
    version.get(..10).unwrap_or(version)
}

/// Turns an object, and what is inside it, into the shape of `version`.
pub(super) fn reshape(object: &mut Value, version: &str, index: &Index) {
    match object {
        Value::Array(items) => items.iter_mut().for_each(|item| reshape(item, version, index)),
        Value::Object(fields) => {
            let kind = fields.get("object").and_then(Value::as_str).unwrap_or_default().to_owned();
            fields.values_mut().for_each(|value| reshape(value, version, index));
            if date(version) < BASIL {
                match kind.as_str() {
                    "invoice" => invoice(fields, index),
                    "line_item" => line(fields, index),
                    "charge" | "payment_intent" => names_invoice(fields, &kind, index),
                    "credit_note" => credit_note(fields),
                    "credit_note_line_item" => rename_taxes(fields, "taxes", "tax_amounts"),
                    _ => {}
                }
            }
            if kind == "discount" {
                let coupon = fields.remove("source").map(|source| source["coupon"].clone());
                let whole = coupon.as_ref().and_then(Value::as_str).and_then(|id| index.object(id));
                let whole = whole.and_then(|stored| serde_json::from_str(&stored.json).ok());
                fields.insert("coupon".into(), whole.or(coupon).unwrap_or(Value::Null));
            }
        }
        _ => {}
    }
}

fn invoice(fields: &mut Map<String, Value>, index: &Index) {
    let id = fields.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let payments = index.world.objects("invoice_payment");
    let paid: Vec<Value> = index
        .with("invoice_payment", "invoice", &id)
        .into_iter()
        .filter_map(|place| serde_json::from_str::<Value>(&payments[place].json).ok())
        .filter(|payment| payment["status"] == "paid")
        .collect();
    let mut intents = paid.iter().map(|payment| payment["payment"]["payment_intent"].clone());
    let intent = intents.find(|intent| !intent.is_null());
    let charge = intent
        .as_ref()
        .and_then(Value::as_str)
        .and_then(|id| index.object(id))
        .and_then(|stored| serde_json::from_str::<Value>(&stored.json).ok())
        .map(|intent| intent["latest_charge"].clone());
    let out_of_band = intent.is_none()
        && paid.iter().any(|payment| payment["payment"]["type"] == "payment_record");
    rename_taxes(fields, "total_taxes", "total_tax_amounts");
    let tax: i64 = fields
        .get("total_tax_amounts")
        .and_then(Value::as_array)
        .map(|taxes| taxes.iter().filter_map(|tax| tax["amount"].as_i64()).sum())
        .unwrap_or_default();
    let is_paid = fields.get("status") == Some(&json!("paid"));
    for name in ["parent", "payments", "amount_paid_off_stripe", "amount_overpaid"] {
        fields.remove(name);
    }
    fields.insert("charge".into(), charge.unwrap_or(Value::Null));
    fields.insert("payment_intent".into(), intent.unwrap_or(Value::Null));
    fields.insert("paid".into(), json!(is_paid));
    fields.insert("paid_out_of_band".into(), json!(out_of_band));
    fields.insert("tax".into(), json!(tax));
}

fn line(fields: &mut Map<String, Value>, index: &Index) {
    rename_taxes(fields, "taxes", "tax_amounts");
    let price = fields.remove("pricing").map(|pricing| pricing["price_details"]["price"].clone());
    let whole = price
        .as_ref()
        .and_then(Value::as_str)
        .and_then(|id| index.object(id))
        .and_then(|stored| serde_json::from_str::<Value>(&stored.json).ok());
    fields.insert("price".into(), whole.unwrap_or(Value::Null));
    let parent = fields.remove("parent").unwrap_or_default();
    let details = ["invoice_item_details", "subscription_item_details"]
        .into_iter()
        .find(|name| !parent[*name].is_null());
    let proration = details.is_some_and(|name| parent[name]["proration"] == true);
    let is_item = details == Some("invoice_item_details");
    fields.insert("proration".into(), json!(proration));
    fields.insert("type".into(), json!(if is_item { "invoiceitem" } else { "subscription" }));
    fields.remove("quantity_decimal");
}

/// A charge or payment intent named the one invoice it paid.
fn names_invoice(fields: &mut Map<String, Value>, kind: &str, index: &Index) {
    let name = if kind == "charge" { "payment_intent" } else { "id" };
    let intent = fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let payments = index.world.objects("invoice_payment");
    let invoice = index
        .with("invoice_payment", "payment.payment_intent", &intent)
        .into_iter()
        .filter_map(|place| serde_json::from_str::<Value>(&payments[place].json).ok())
        .find(|payment| payment["status"] == "paid")
        .map(|payment| payment["invoice"].clone());
    fields.insert("invoice".into(), invoice.unwrap_or(Value::Null));
}

fn credit_note(fields: &mut Map<String, Value>) {
    rename_taxes(fields, "total_taxes", "tax_amounts");
    let refund = fields
        .remove("refunds")
        .and_then(|refunds| refunds.as_array().and_then(|list| list.first().cloned()))
        .map(|first| first["refund"].clone());
    fields.insert("refund".into(), refund.unwrap_or(Value::Null));
    fields.remove("pre_payment_amount");
    fields.remove("post_payment_amount");
}

fn rename_taxes(fields: &mut Map<String, Value>, new: &str, old: &str) {
    let taxes = fields.remove(new).unwrap_or_default();
    let amounts: Vec<Value> = taxes
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .map(|tax| {
            json!({
                "amount": tax["amount"],
                "inclusive": tax["tax_behavior"] == "inclusive",
                "tax_rate": tax["tax_rate_details"]["tax_rate"],
                "taxability_reason": tax["taxability_reason"],
                "taxable_amount": tax["taxable_amount"],
            })
        })
        .collect();
    fields.insert(old.into(), json!(amounts));
}
