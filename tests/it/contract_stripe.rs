//! Real and published Stripe objects can be read: every one of a kind that the books need, in every
//! shape from 2013 on. Skipped without `TIEOUT_CONTRACT_DATA`.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tieout::stripe::links::scan;
use tieout::stripe::objects::{self, Head, ObjectError, read};

/// Kinds that no rule asks for.
const NOT_NEEDED: [&str; 21] = [
    "application_fee",
    "balance_settings",
    "bank_account",
    "card",
    "cash_balance",
    "customer_cash_balance_transaction",
    "event",
    "exchange_rate",
    "fee_refund",
    "invoiceitem",
    "payment_method",
    "payment_record",
    "plan",
    "promotion_code",
    "reporting.report_run",
    "reporting.report_type",
    "shipping_rate",
    "source",
    "subscription",
    "subscription_item",
    "tax_id",
];

/// Files that hold something else: recipes for requests; dumps of another program, with amounts as
/// texts; an example whose currency is the word "currency".
const NO_OBJECTS: [&str; 4] = [
    "stripe-cli-triggers",
    "dj-stripe/payout_custom_",
    "dj-stripe/dispute_ch_fakefakefakefake01",
    "fixtures3-by-resource/invoice_payment",
];

/// Reads an object with its view; `None` when there is none for its kind.
fn view(kind: &str, raw: &[u8]) -> Option<Result<(), ObjectError>> {
    fn with<T: serde::de::DeserializeOwned>(raw: &[u8]) -> Result<(), ObjectError> {
        read::<T>(raw).map(drop)
    }
    Some(match kind {
        "account" => with::<objects::Account>(raw),
        "balance" => with::<objects::Balance>(raw),
        "balance_transaction" => with::<objects::BalanceTransaction>(raw),
        "charge" => with::<objects::Charge>(raw),
        "coupon" => with::<objects::Coupon>(raw),
        "credit_note" => with::<objects::CreditNote>(raw),
        "credit_note_line_item" => with::<objects::CreditNoteLine>(raw),
        "customer" => with::<objects::Customer>(raw),
        "customer_balance_transaction" => with::<objects::CustomerBalanceTransaction>(raw),
        "discount" => with::<objects::Discount>(raw),
        "dispute" => with::<objects::Dispute>(raw),
        "invoice" => with::<objects::Invoice>(raw),
        "invoice_payment" => with::<objects::InvoicePayment>(raw),
        "line_item" => with::<objects::InvoiceLine>(raw),
        "payment_intent" => with::<objects::PaymentIntent>(raw),
        "payout" => with::<objects::Payout>(raw),
        "price" => with::<objects::Price>(raw),
        "product" => with::<objects::Product>(raw),
        "refund" => with::<objects::Refund>(raw),
        "tax_rate" => with::<objects::TaxRate>(raw),
        _ => return None,
    })
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}

/// Every value with an `object` and an `id`, wherever it stands.
fn stripe_objects<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| stripe_objects(item, found)),
        Value::Object(fields) => {
            if fields.get("object").is_some_and(Value::is_string) && fields.contains_key("id") {
                found.push(value);
            }
            fields.values().for_each(|value| stripe_objects(value, found));
        }
        _ => {}
    }
}

#[test]
fn every_published_object_can_be_read() {
    let Some(data) = std::env::var_os("TIEOUT_CONTRACT_DATA") else { return };
    let data = PathBuf::from(data);
    let mut paths = Vec::new();
    files(&data.join("stripe/fixtures3-by-resource"), &mut paths);
    files(&data.join("samples"), &mut paths);
    paths.sort();
    let (mut count, mut refused, mut unknown) = (0, Vec::new(), Vec::new());
    for path in paths {
        let name = path.display().to_string();
        if NO_OBJECTS.iter().any(|part| name.contains(part)) {
            continue;
        }
        let value: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let mut found = Vec::new();
        stripe_objects(&value, &mut found);
        for object in found {
            let raw = object.to_string();
            let head = Head::read(raw.as_bytes()).unwrap();
            if let Err(error) = scan(raw.as_bytes()) {
                refused.push(format!("{name}: {error}"));
            }
            match view(&head.object, raw.as_bytes()) {
                Some(Ok(())) => count += 1,
                Some(Err(error)) => refused.push(format!("{name}: {error}")),
                None if NOT_NEEDED.contains(&head.object.as_str()) => {}
                None => unknown.push(format!("{name}: {}", head.object)),
            }
        }
    }
    assert!(refused.is_empty(), "{} refused: {refused:#?}", refused.len());
    unknown.sort();
    assert!(count > 100, "only {count} objects were read; of other kinds: {unknown:#?}");
}
